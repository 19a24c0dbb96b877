"""The life of an invitation: opening grants nothing, one redemption, five wrong codes, one answer to strangers."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from auth.invitations import (
    ATTEMPTS_PER_ADDRESS_MAX,
    ATTEMPTS_WINDOW,
    CODE_ENDED,
    CODE_LASTS,
    CODES_SENT_MAX,
    INVITES,
    LINK_ENDED,
    LINK_LASTS,
    WRONG_CODES_MAX,
    Delivery,
    Invitation,
    InvitationRefusal,
    InvitationState,
    WrongCode,
    draft_refusal,
    open_link,
    redeem,
    revoke,
    state_of,
    too_many,
    with_spoken_code,
)
from auth.policy import MATRIX, Grant
from auth.roles import Participant, Role
from auth.sessions import hash_token
from crdt.sections import Section
from tests.auth.builders import HOUR, NOW, a_participant

SECRET, BROWSER, CODE = "S" * 43, "B" * 43, "123456"
MOMENT = timedelta(microseconds=1)
TASKS = frozenset({Section.TASKS})


def an_invitation() -> Invitation:
    return Invitation(
        invitation_id="i",
        plan_id="plan",
        inviter="inviter",
        role=Role.FAMILY,
        relation="daughter",
        sections=TASKS,
        access_ends=NOW + 24 * HOUR,
        made=NOW,
        secret_hash=hash_token(SECRET),
    )


def opened(*, now: datetime = NOW, browser: str = BROWSER, code: str = CODE) -> Invitation:
    answer = open_link(an_invitation(), secret=SECRET, browser=browser, code=code, now=now)
    assert isinstance(answer, Invitation)
    return answer


def redeemed(
    invitation: Invitation | None,
    code: str = CODE,
    *,
    browser: str = BROWSER,
    secret: str = SECRET,
    now: datetime = NOW,
) -> Invitation | WrongCode | InvitationRefusal:
    return redeem(invitation, secret=secret, browser=browser, code=code, person_id="daughter", now=now)


def test_opening_a_link_grants_nothing() -> None:
    invitation = opened()

    assert invitation.state is InvitationState.OPENED
    assert invitation.person_id == ""
    assert invitation.finished is None


def test_the_right_code_in_the_right_browser_redeems_once() -> None:
    first = redeemed(opened(), " 123 456 ")

    assert isinstance(first, Invitation)
    assert (first.state, first.person_id, first.finished) == (InvitationState.REDEEMED, "daughter", NOW)
    assert first.code_hash is None
    assert redeemed(first) == LINK_ENDED
    assert open_link(first, secret=SECRET, browser=BROWSER, code=CODE, now=NOW) == LINK_ENDED


def test_neither_secret_nor_code_is_kept() -> None:
    kept = repr(opened())

    assert SECRET not in kept
    assert CODE not in kept
    assert BROWSER not in kept


def test_a_code_serves_ten_minutes() -> None:
    assert isinstance(redeemed(opened(), now=NOW + CODE_LASTS - MOMENT), Invitation)
    assert redeemed(opened(), now=NOW + CODE_LASTS) == CODE_ENDED
    assert timedelta(minutes=10) == CODE_LASTS


def test_a_link_serves_seventy_two_hours() -> None:
    invitation = an_invitation()

    assert state_of(invitation, NOW + LINK_LASTS - MOMENT) is InvitationState.SENT
    assert state_of(invitation, NOW + LINK_LASTS) is InvitationState.EXPIRED
    assert open_link(invitation, secret=SECRET, browser=BROWSER, code=CODE, now=NOW + LINK_LASTS) == LINK_ENDED
    late = opened(now=NOW + LINK_LASTS - MOMENT)
    assert redeemed(late, now=NOW + LINK_LASTS) == LINK_ENDED
    assert late.code_expires == NOW + LINK_LASTS
    assert timedelta(hours=72) == LINK_LASTS


def test_five_wrong_codes_in_its_life_kill_it() -> None:
    invitation, left = an_invitation(), []
    for tries in range(WRONG_CODES_MAX):
        # A new code in between does not start the count anew.
        again = open_link(invitation, secret=SECRET, browser=BROWSER, code=CODE, now=NOW)
        assert isinstance(again, Invitation)
        answer = redeemed(again, f"99999{tries}")
        assert isinstance(answer, WrongCode)
        invitation = answer.invitation
        left.append(answer.tries_left)

    assert left == [4, 3, 2, 1, 0]
    assert invitation.state is InvitationState.KILLED
    assert redeemed(invitation) == LINK_ENDED


def test_what_is_no_code_counts_but_an_empty_field_does_not() -> None:
    assert isinstance(redeemed(opened(), "abc"), WrongCode)
    empty = redeemed(opened(), "  ")
    assert isinstance(empty, InvitationRefusal)
    assert empty.code == "code-empty"


def test_a_wrong_code_says_how_many_tries_are_left() -> None:
    answer = redeemed(opened(), "000000")

    assert isinstance(answer, WrongCode)
    assert answer.reason == "That code does not match. 4 tries left."
    assert WrongCode(opened(), 1).reason == "That code does not match. 1 try left."
    assert WrongCode(opened(), 0).reason == LINK_ENDED.reason


def test_a_code_is_of_no_use_in_another_browser_and_costs_no_try() -> None:
    assert redeemed(opened(), browser="X" * 43) == LINK_ENDED
    assert redeemed(an_invitation()) == LINK_ENDED, "nor before the link was opened"


def test_opening_elsewhere_moves_it_there_and_voids_the_code_before() -> None:
    first = opened()
    second = open_link(first, secret=SECRET, browser="C" * 43, code="654321", now=NOW + MOMENT)

    assert isinstance(second, Invitation)
    assert second.opened == first.opened
    assert redeemed(second) == LINK_ENDED
    assert isinstance(redeemed(second, CODE, browser="C" * 43), WrongCode)
    assert isinstance(redeemed(second, "654321", browser="C" * 43), Invitation)


def test_codes_are_sent_a_few_times_only() -> None:
    invitation = an_invitation()
    for _ in range(CODES_SENT_MAX):
        answer = open_link(invitation, secret=SECRET, browser=BROWSER, code=CODE, now=NOW)
        assert isinstance(answer, Invitation)
        invitation = answer

    assert open_link(invitation, secret=SECRET, browser=BROWSER, code=CODE, now=NOW) == LINK_ENDED
    assert isinstance(redeemed(invitation), Invitation), "the last code still serves"


def test_strangers_get_one_answer_for_everything_that_is_dead_unknown_or_not_theirs() -> None:
    revoked = revoke(opened(), NOW)
    killed = replace(opened(), state=InvitationState.KILLED)
    assert isinstance(revoked, Invitation)

    for invitation in (None, revoked, killed):
        assert redeemed(invitation) is LINK_ENDED
        assert open_link(invitation, secret=SECRET, browser=BROWSER, code=CODE, now=NOW) is LINK_ENDED
    assert redeemed(opened(), secret="T" * 43) is LINK_ENDED
    assert open_link(an_invitation(), secret="T" * 43, browser=BROWSER, code=CODE, now=NOW) is LINK_ENDED
    assert open_link(an_invitation(), secret="", browser=BROWSER, code=CODE, now=NOW) is LINK_ENDED


def test_a_spoken_code_serves_as_long_as_the_link_but_only_in_the_browser_that_opened() -> None:
    spoken = with_spoken_code(an_invitation(), secret=SECRET, code="1234 5678")
    waiting = open_link(spoken, secret=SECRET, browser=BROWSER, code="", now=NOW)

    assert spoken.delivery is Delivery.SPOKEN
    assert redeemed(spoken, "1234 5678") == LINK_ENDED
    assert isinstance(waiting, Invitation)
    assert isinstance(redeemed(waiting, "12345678", now=NOW + LINK_LASTS - MOMENT), Invitation)
    assert isinstance(redeemed(waiting, "87654321"), WrongCode)


def test_only_a_waiting_invitation_is_revoked() -> None:
    gone = revoke(an_invitation(), NOW)

    assert isinstance(gone, Invitation)
    assert gone.state is InvitationState.REVOKED
    assert isinstance(revoke(gone, NOW), InvitationRefusal)
    assert isinstance(revoke(an_invitation(), NOW + LINK_LASTS), InvitationRefusal)


def test_an_address_waits_after_twenty_tries_in_an_hour() -> None:
    tries = [NOW] * ATTEMPTS_PER_ADDRESS_MAX

    assert ATTEMPTS_PER_ADDRESS_MAX == 20
    assert not too_many(tries[1:], NOW)
    assert too_many(tries, NOW + ATTEMPTS_WINDOW - MOMENT)
    assert not too_many(tries, NOW + ATTEMPTS_WINDOW)


def a_draft(
    inviter: Participant,
    *,
    role: Role = Role.FAMILY,
    sections: frozenset[Section] = TASKS,
    withheld: frozenset[Section] = frozenset(),
    ends: datetime | None = NOW + HOUR,
    relation: str = "daughter",
    reauthenticated: bool = True,
) -> str:
    refusal = draft_refusal(
        inviter,
        reauthenticated=reauthenticated,
        role=role,
        relation=relation,
        sections=sections,
        withheld=withheld,
        access_ends=ends,
        now=NOW,
    )
    return refusal.code if refusal else ""


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("inviter", Role)
def test_whom_one_may_invite_is_listed_and_never_an_auditor_or_administrator(inviter: Role, role: Role) -> None:
    sections = frozenset(each for each in Section if MATRIX[role, each].grant is not Grant.NONE) & {
        each
        for each in Section
        if MATRIX[inviter, each].grant is not Grant.NONE and each is not Section.BEHAVIORAL_HEALTH
    }
    code = a_draft(a_participant(inviter), role=role, sections=sections - {Section.ADVANCE_CARE} or TASKS)

    assert code == ("" if role in INVITES.get(inviter, frozenset()) else "role")
    assert not (role in (Role.AUDITOR, Role.ADMIN) and code == "")


def test_a_draft_is_refused_for_what_is_wrong_with_it() -> None:
    patient, primary = a_participant(Role.PATIENT), a_participant(Role.PRIMARY_CARE)

    assert a_draft(patient) == ""
    assert a_draft(patient, reauthenticated=False) == "reauthenticate"
    assert a_draft(patient, relation=" ") == "relation"
    assert a_draft(patient, sections=frozenset()) == "sections"
    assert a_draft(patient, sections=frozenset({Section.STAFF_NOTES})) == "sections"
    assert a_draft(patient, withheld=TASKS) == "sections"
    assert a_draft(patient, ends=None) == "ends"
    assert a_draft(patient, ends=NOW) == "ends"
    assert a_draft(patient, ends=NOW + timedelta(days=367)) == "ends"
    assert a_draft(a_participant(Role.PATIENT, removed=True)) == "not-member"
    assert a_draft(a_participant(Role.PRIMARY_CARE, broke_glass_until=NOW + HOUR)) == "not-member"
    assert a_draft(primary, role=Role.SOCIAL_WORKER, sections=frozenset({Section.BEHAVIORAL_HEALTH})) == "sections"


class Life(RuleBasedStateMachine):
    """Any order of openings, codes, revocations and time: at most one redemption, at most five wrong codes."""

    @initialize()
    def made(self) -> None:
        self.invitation, self.now, self.redemptions, self.finished = an_invitation(), NOW, 0, False

    @rule(
        secret=st.sampled_from([SECRET, "T" * 43]),
        browser=st.sampled_from(["A", "B"]),
        code=st.sampled_from(["111111", "222222"]),
    )
    def open(self, secret: str, browser: str, code: str) -> None:
        answer = open_link(self.invitation, secret=secret, browser=browser, code=code, now=self.now)
        if isinstance(answer, Invitation):
            assert secret == SECRET
            assert not self.finished
            self.invitation = answer

    @rule(browser=st.sampled_from(["A", "B"]), code=st.sampled_from(["111111", "222222", "333333"]))
    def redeem(self, browser: str, code: str) -> None:
        answer = redeemed(self.invitation, code, browser=browser, now=self.now)
        if isinstance(answer, WrongCode):
            self.invitation = answer.invitation
        elif isinstance(answer, Invitation):
            assert not self.finished
            self.redemptions += 1
            self.invitation = answer
        self.finished = self.finished or self.invitation.finished is not None

    @rule()
    def revoke(self) -> None:
        answer = revoke(self.invitation, self.now)
        if isinstance(answer, Invitation):
            self.invitation, self.finished = answer, True

    @rule(minutes=st.sampled_from([1, 11, 1000, 5000]))
    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @invariant()
    def holds(self) -> None:
        if hasattr(self, "redemptions"):
            assert self.redemptions <= 1
            assert self.invitation.wrong_codes <= WRONG_CODES_MAX
            assert self.invitation.codes_sent <= CODES_SENT_MAX
            assert (self.invitation.state is InvitationState.REDEEMED) == (self.redemptions == 1)


TestLife = Life.TestCase


@given(st.text(max_size=12))
def test_nothing_but_the_code_redeems(code: str) -> None:
    answer = redeemed(opened(), code)

    digits = "".join(each for each in code if each.isdigit())
    assert not isinstance(answer, Invitation) or digits == CODE
