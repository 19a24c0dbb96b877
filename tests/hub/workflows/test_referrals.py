from datetime import timedelta

import pytest

from auth.roles import Participant
from crdt.sections import Section
from hub.live.commands import Command
from hub.workflows.recommendations import (
    ReferralDecideRecommendation,
    ReferralRecommend,
    ReferralRecordNeedMet,
)
from hub.workflows.referral_states import COMMUNITY_CLOSES_FROM, MACHINE, OPEN, Silence, silence
from hub.workflows.referrals import (
    ReferralAccept,
    ReferralCancel,
    ReferralClose,
    ReferralNoShow,
    ReferralReceive,
    ReferralReject,
    ReferralReport,
    ReferralSchedule,
    ReferralSeen,
    ReferralSend,
)
from tests.hub.workflows.plans import Bench

STATES = sorted(OPEN | {"draft", "closed", "cancelled"})
REFERRALS = Section.REFERRALS


def a_referral(bench: Bench, state: str = "draft", **values: object) -> str:
    whole = {
        "kind": "specialist",
        "to": "Cardiology",
        "recipient": bench.specialist.person_id,
        "asker": bench.doctor.person_id,
        "question": "Why breathless at night?",
        "urgency": "urgent",
        "expected_by": bench.day(7),
        "state": state,
        "state_since": (bench.now - timedelta(days=4)).isoformat(),
        **values,
    }
    return bench.put(REFERRALS, by=bench.doctor, **whole)


def command(bench: Bench, verb: str, entry: str) -> Command:
    made: dict[str, Command] = {
        "send": ReferralSend(entry=entry),
        "receive": ReferralReceive(entry=entry),
        "accept": ReferralAccept(entry=entry),
        "reject": ReferralReject(entry=entry, reason="no place before spring; try Lakeside"),
        "schedule": ReferralSchedule(entry=entry, appointment=bench.now + timedelta(days=3)),
        "seen": ReferralSeen(entry=entry),
        "no_show": ReferralNoShow(entry=entry, reason="no ride"),
        "report": ReferralReport(entry=entry, answer="Heart failure."),
        "close": ReferralClose(entry=entry),
        "cancel": ReferralCancel(entry=entry, reason="moved away"),
    }
    return made[verb]


def mover(bench: Bench, verb: str) -> Participant:
    return bench.doctor if verb in ("send", "close", "cancel", "schedule") else bench.specialist


LEGAL = [(verb, state) for verb, move in MACHINE.moves.items() for state in sorted(move.sources)]
ILLEGAL = [(verb, state) for verb, move in MACHINE.moves.items() for state in STATES if state not in move.sources]


@pytest.mark.parametrize(("verb", "state"), LEGAL)
def test_every_move_of_the_table_is_possible_and_starts_its_clock(bench: Bench, verb: str, state: str) -> None:
    entry = a_referral(bench, state)

    bench.perform(mover(bench, verb), command(bench, verb, entry))

    assert bench.value(REFERRALS, entry, "state") == MACHINE.moves[verb].target
    assert bench.value(REFERRALS, entry, "state_since") == bench.now.isoformat()


@pytest.mark.parametrize(("verb", "state"), ILLEGAL)
def test_every_other_move_is_refused_with_what_is_true_now(bench: Bench, verb: str, state: str) -> None:
    entry = a_referral(bench, state)

    refusal = bench.refused(mover(bench, verb), command(bench, verb, entry))

    assert refusal.code == "state"
    assert state in refusal.reason


@pytest.mark.parametrize("verb", ["receive", "accept", "reject", "report"])
def test_nobody_answers_for_the_one_who_was_asked(bench: Bench, verb: str) -> None:
    entry = a_referral(bench, sorted(MACHINE.moves[verb].sources)[0])

    for actor in bench.everyone:
        if actor is not bench.specialist:
            assert bench.refused(actor, command(bench, verb, entry)).code not in ("state", "form")


def test_the_care_manager_notes_what_a_place_outside_says(bench: Bench) -> None:
    entry = a_referral(bench, "requested", recipient="")

    bench.perform(bench.nurse, ReferralAccept(entry=entry))

    assert bench.value(REFERRALS, entry, "state") == "accepted"


def test_it_cannot_be_sent_without_a_question(bench: Bench) -> None:
    assert bench.refused(bench.doctor, ReferralSend(entry=a_referral(bench, question=" "))).field == "question"


@pytest.mark.parametrize("expected_by", ["", "2026-11-19"])
def test_it_cannot_be_sent_without_a_day_that_lies_ahead(bench: Bench, expected_by: str) -> None:
    refusal = bench.refused(bench.doctor, ReferralSend(entry=a_referral(bench, expected_by=expected_by)))

    assert refusal.field == "expected_by"


def test_a_rejection_needs_its_reason_and_can_be_sent_elsewhere(bench: Bench) -> None:
    entry = a_referral(bench, "requested")
    assert bench.refused(bench.specialist, ReferralReject(entry=entry, reason="")).field == "reason"

    bench.perform(bench.specialist, ReferralReject(entry=entry, reason="full; try Lakeside"))
    bench.perform(bench.doctor, ReferralSend(entry=entry))

    assert bench.value(REFERRALS, entry, "state") == "requested"


def test_the_loop_closes_only_with_every_recommendation_decided_by_the_asker(bench: Bench) -> None:
    entry = a_referral(bench, "reported")
    for said in ("Furosemide 80 mg", "Echo in 3 months"):
        bench.perform(bench.specialist, ReferralRecommend(entry=entry, recommendation=said))
    first, second = bench.value(REFERRALS, entry, "recommendations")
    assert "2 recommendations are" in bench.refused(bench.doctor, ReferralClose(entry=entry)).reason

    bench.perform(bench.doctor, ReferralDecideRecommendation(entry=entry, key=first, decision="accepted"))
    assert "1 recommendation is" in bench.refused(bench.doctor, ReferralClose(entry=entry)).reason
    no_reason = ReferralDecideRecommendation(entry=entry, key=second, decision="declined")
    assert bench.refused(bench.doctor, no_reason).field == "reason"
    decline = ReferralDecideRecommendation(entry=entry, key=second, decision="declined", reason="done last week")
    bench.perform(bench.doctor, decline)
    assert "declined already" in bench.refused(bench.doctor, decline).reason

    assert bench.refused(bench.specialist, ReferralClose(entry=entry)).code not in ("open", "state")
    bench.perform(bench.doctor, ReferralClose(entry=entry))
    assert bench.value(REFERRALS, entry, "state") == "closed"


def test_a_community_referral_ends_with_the_need_met_and_tells_the_need(bench: Bench) -> None:
    need = bench.put(Section.SOCIAL_NEEDS, domain="food", finding="skips meals", wants_help="yes")
    entry = a_referral(bench, "accepted", kind="community", recipient="", asker=bench.social.person_id, need=need)
    assert bench.refused(bench.social, ReferralClose(entry=entry)).field == "need_met"

    bench.perform(bench.social, ReferralRecordNeedMet(entry=entry, need_met="partly"))
    bench.perform(bench.social, ReferralClose(entry=entry))

    assert bench.value(Section.SOCIAL_NEEDS, need, "need_met") == "partly"
    assert bench.value(REFERRALS, entry, "state") == "closed"


def test_a_specialist_referral_has_no_need_to_meet(bench: Bench) -> None:
    entry = a_referral(bench, "reported")

    assert bench.refused(bench.doctor, ReferralRecordNeedMet(entry=entry, need_met="yes")).code == "state"


@pytest.mark.parametrize("state", sorted(set(STATES) - COMMUNITY_CLOSES_FROM))
def test_a_community_referral_does_not_close_before_anyone_took_it_on(bench: Bench, state: str) -> None:
    entry = a_referral(bench, state, kind="community", recipient="", asker=bench.social.person_id, need_met="yes")

    assert bench.refused(bench.social, ReferralClose(entry=entry)).code == "state"


def test_silence_is_counted_in_days(bench: Bench) -> None:
    waiting = bench.entry(REFERRALS, a_referral(bench, "requested", expected_by=bench.day(-2))).values
    closed = bench.entry(REFERRALS, a_referral(bench, "closed", expected_by=bench.day(-2))).values

    today = bench.now.date()
    assert silence(waiting, bench.now, today) == Silence(days=4, late=2)
    assert silence(closed, bench.now, today) == Silence(days=0, late=0)


def test_an_appointment_lies_ahead(bench: Bench) -> None:
    entry = a_referral(bench, "accepted")

    refusal = bench.refused(bench.doctor, ReferralSchedule(entry=entry, appointment=bench.now - timedelta(hours=1)))

    assert refusal.field == "appointment"
