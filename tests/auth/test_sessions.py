"""Sessions end at their limits, whichever comes first; cookies say what the browser must hold to."""

from datetime import datetime, timedelta
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth.sessions import (
    ACTIVITY_WRITE_INTERVAL,
    FAMILY_IDLE_MAX,
    REAUTHENTICATION_AGE_MAX,
    SESSION_AGE_MAX,
    STAFF_IDLE_MAX,
    Idle,
    InsecureOriginError,
    Session,
    SessionState,
    activity_due,
    ended,
    expires,
    hash_token,
    is_live,
    is_loopback,
    is_token,
    reauthenticated,
    recently_authenticated,
    session_cookie,
    sign_in_cookie,
    state_of,
    token_matches,
    touched,
)
from tests.auth.builders import NOW

MOMENT = timedelta(microseconds=1)
TOKEN = "A" * 43


def a_session(*, idle: Idle = Idle.STAFF, active: datetime = NOW, authenticated: datetime = NOW) -> Session:
    return Session(
        session_id="s",
        person_id="me",
        token_hash=hash_token(TOKEN),
        idle=idle,
        began=NOW,
        active=active,
        authenticated=authenticated,
    )


@pytest.mark.parametrize(("idle", "limit"), [(Idle.STAFF, STAFF_IDLE_MAX), (Idle.FAMILY, FAMILY_IDLE_MAX)])
def test_an_idle_session_is_over_at_its_limit(idle: Idle, limit: timedelta) -> None:
    session = a_session(idle=idle)

    assert state_of(session, NOW + limit - MOMENT) is SessionState.LIVE
    assert state_of(session, NOW + limit) is SessionState.IDLE


def test_the_limits_are_the_designs() -> None:
    minutes = [each.total_seconds() / 60 for each in (STAFF_IDLE_MAX, FAMILY_IDLE_MAX, SESSION_AGE_MAX)]

    assert minutes == [15, 30, 720]
    assert timedelta(minutes=15) == REAUTHENTICATION_AGE_MAX


def test_the_busiest_session_is_over_after_twelve_hours() -> None:
    session = a_session(active=NOW + SESSION_AGE_MAX - MOMENT)

    assert expires(session) == NOW + SESSION_AGE_MAX
    assert is_live(session, NOW + SESSION_AGE_MAX - MOMENT)
    assert state_of(session, NOW + SESSION_AGE_MAX) is SessionState.AGED


@given(st.lists(st.integers(0, 24 * 60), max_size=30))
def test_no_activity_revives_a_session_or_outlives_its_age(minutes: list[int]) -> None:
    session, over = a_session(), False
    for minute in sorted(minutes):
        now = NOW + timedelta(minutes=minute)
        over = over or not is_live(session, now)
        session = touched(session, now)
        assert is_live(session, now) is not over
        assert expires(session) <= NOW + SESSION_AGE_MAX


def test_activity_never_moves_backwards() -> None:
    session = a_session(active=NOW + MOMENT)

    assert touched(session, NOW) == session


def test_activity_is_written_now_and_then_only() -> None:
    session = a_session()

    assert not activity_due(session, NOW + ACTIVITY_WRITE_INTERVAL - MOMENT)
    assert activity_due(session, NOW + ACTIVITY_WRITE_INTERVAL)
    assert not activity_due(session, NOW + STAFF_IDLE_MAX)


def test_the_first_end_counts_and_is_final() -> None:
    over = ended(a_session(), NOW)

    assert state_of(over, NOW) is SessionState.ENDED
    assert ended(over, NOW + MOMENT).ended == NOW
    assert touched(over, NOW + MOMENT) == over
    assert reauthenticated(over, NOW + MOMENT) == over
    assert not recently_authenticated(over, NOW)


def test_a_proof_of_who_one_is_grows_stale() -> None:
    session = touched(a_session(), NOW + timedelta(minutes=14))

    assert recently_authenticated(session, NOW + REAUTHENTICATION_AGE_MAX - MOMENT)
    assert not recently_authenticated(session, NOW + REAUTHENTICATION_AGE_MAX)
    again = reauthenticated(session, NOW + REAUTHENTICATION_AGE_MAX)
    assert recently_authenticated(again, NOW + REAUTHENTICATION_AGE_MAX)
    assert again.began == NOW, "a new proof does not lengthen the session"


def test_only_the_hash_of_a_token_is_kept() -> None:
    assert hash_token(TOKEN) == sha256(TOKEN.encode()).digest()
    assert token_matches(TOKEN, hash_token(TOKEN))
    assert not token_matches("B" * 43, hash_token(TOKEN))


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        (TOKEN, True),
        ("a-_9" * 10 + "abc", True),
        ("", False),
        ("A" * 42, False),
        ("A" * 44, False),
        ("A" * 42 + ";", False),
    ],
)
def test_what_can_be_no_token_is_not_looked_up(token: str, expected: bool) -> None:
    assert is_token(token) is expected


def test_over_https_the_cookie_is_bound_to_the_host() -> None:
    cookie = session_cookie("https", "plans.example")

    assert cookie.set(TOKEN) == (f"__Host-careplan={TOKEN}; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict; Secure")
    assert cookie.clear() == "__Host-careplan=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict; Secure"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1", "[::1]"])
def test_on_loopback_http_the_cookie_has_a_plain_name(host: str) -> None:
    assert session_cookie("http", host).set(TOKEN) == (
        f"careplan={TOKEN}; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict"
    )


def test_only_the_sign_in_under_way_may_come_from_another_site() -> None:
    assert sign_in_cookie("https", "plans.example").set(TOKEN).endswith("Max-Age=600; HttpOnly; SameSite=Lax; Secure")


@pytest.mark.parametrize(
    "origin", [("http", "plans.example"), ("http", "127.0.0.1.example"), ("ftp", "localhost"), ("", "")]
)
def test_no_cookie_is_set_over_a_line_that_others_read(origin: tuple[str, str]) -> None:
    with pytest.raises(InsecureOriginError):
        session_cookie(*origin)
    with pytest.raises(InsecureOriginError):
        sign_in_cookie(*origin)


def test_a_cookie_carries_nothing_but_a_token() -> None:
    with pytest.raises(AssertionError):
        session_cookie("https", "plans.example").set("x; Domain=example")


def test_loopback_is_this_machine_only() -> None:
    assert [is_loopback(each) for each in ("127.0.0.2", "::1", "10.0.0.1", "localhost.example")] == [
        True,
        True,
        False,
        False,
    ]
