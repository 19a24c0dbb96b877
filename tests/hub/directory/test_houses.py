"""By when an answer is promised: open hours of the plan's own house, over nights, weekends and holidays."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdt.sections import TOPICS
from hub.directory.houses import ANSWER_HOURS_MAX, House, house_of

CHICAGO = ZoneInfo("America/Chicago")
SATURDAYS = (("09:00", "17:00"),) * 5 + (("10:00", "12:00"), ("", ""))


@pytest.mark.parametrize(
    ("topic", "asked", "promised"),
    [
        ("worry", "2026-11-23T09:00", "2026-11-23T13:00"),
        ("worry", "2026-11-23T15:00", "2026-11-24T10:00"),
        ("worry", "2026-11-27T16:00", "2026-11-30T11:00"),  # Over the weekend.
        ("medicines", "2026-11-25T20:00", "2026-11-27T16:00"),  # Thanksgiving is closed.
        ("medicines", "2026-11-22T12:00", "2026-11-23T16:00"),
        ("forms", "2026-11-23T08:00", "2026-11-24T17:00"),
        ("a topic of the future", "2026-11-23T08:00", "2026-11-23T17:00"),
    ],
)
def test_an_answer_is_promised_after_so_many_open_hours(topic: str, asked: str, promised: str) -> None:
    when = datetime.fromisoformat(asked).replace(tzinfo=CHICAGO)

    assert House().promised(topic, when, CHICAGO) == datetime.fromisoformat(promised).replace(tzinfo=CHICAGO)


def test_a_house_has_its_own_hours_closed_days_and_times_by_topic() -> None:
    house = house_of(SATURDAYS, ["2026-11-23", "no day"], {"worry": 3, "forms": 0, "gossip": 5, "transport": "soon"})
    friday = datetime(2026, 11, 20, 16, 0, tzinfo=CHICAGO)

    assert house.promised("worry", friday, CHICAGO) == datetime(2026, 11, 21, 12, 0, tzinfo=CHICAGO)
    assert house.promised("medicines", friday, CHICAGO) == datetime(2026, 11, 24, 14, 0, tzinfo=CHICAGO)
    assert house.open_between(date(2026, 11, 23)) is None
    assert house.hours_for("forms") == House().hours_for("forms")
    assert house_of(SATURDAYS[:3], [], {}) == House()


@given(
    st.integers(0, 2 * 366 * 24 * 60),
    st.sampled_from(["America/Chicago", "Pacific/Auckland", "Asia/Kathmandu", "America/Phoenix"]),
    st.sampled_from(TOPICS),
)
def test_a_promise_lies_ahead_in_open_hours_and_more_hours_never_come_sooner(minutes: int, of: str, topic: str) -> None:
    asked, zone = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes), ZoneInfo(of)
    sooner, later = House(answer_hours={topic: 2}), House(answer_hours={topic: 11})

    until = sooner.promised(topic, asked, zone)
    hours = sooner.open_between(until.astimezone(zone).date())

    assert asked < until <= later.promised(topic, asked, zone)
    assert hours is not None
    assert hours[0] < until.astimezone(zone).time() <= hours[1]
    assert until - asked <= timedelta(days=7)


def test_a_house_that_never_opens_promises_all_the_same() -> None:
    closed = House(opening=(("", ""),) * 7, answer_hours={"worry": ANSWER_HOURS_MAX})
    asked = datetime(2026, 11, 20, tzinfo=UTC)

    assert closed.promised("worry", asked, UTC) > asked
