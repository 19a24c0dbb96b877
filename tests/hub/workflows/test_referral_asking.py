from dataclasses import replace
from typing import Any

import pytest

from auth.roles import Narrowing
from crdt.changes import Assign
from crdt.sections import Section
from hub.workflows.imagined import imagined
from hub.workflows.readings import ReadingRecord
from hub.workflows.referral_asking import ReferralAsk, ReferralTakeUp, results_offered
from hub.workflows.referrals import ReferralAccept, ReferralCancel
from tests.hub.workflows.plans import Bench

REFERRALS, MONITORING = Section.REFERRALS, Section.MONITORING


def a_question(bench: Bench, **more: Any) -> ReferralAsk:
    whole: dict[str, Any] = {
        "kind": "specialist", "to": "Cardiology", "question": "Why breathless at night?", "urgency": "urgent",
        "expected_by": (bench.now.date()), "recipient": bench.specialist.person_id, "send": True,
    }  # fmt: skip
    return ReferralAsk(**{**whole, **more})


def with_ldl(bench: Bench) -> None:
    entry = bench.put(
        MONITORING, measure="13457-7 LDL cholesterol", unit="mg/dL", repeat_days=42, responder=bench.nurse.person_id
    )
    bench.perform(bench.nurse, ReadingRecord(entry=entry, value="128"))


def test_it_is_asked_and_sent_in_one_act(bench: Bench) -> None:
    (entry,) = bench.perform(bench.doctor, a_question(bench))

    values = bench.entry(REFERRALS, entry).values
    assert (values["state"], values["asker"]) == ("requested", bench.doctor.person_id)
    bench.perform(bench.specialist, ReferralAccept(entry=entry))


def test_for_someone_outside_it_waits_as_a_draft(bench: Bench) -> None:
    (entry,) = bench.perform(bench.doctor, a_question(bench, recipient="", send=False))

    assert bench.value(REFERRALS, entry, "state") == "draft"


def test_a_repeat_within_the_interval_shows_the_earlier_result_and_wants_a_reason(bench: Bench) -> None:
    with_ldl(bench)

    refusal = bench.refused(bench.doctor, a_question(bench, tests_asked="ECG, ldl"))

    assert refusal.field == "repeat_why"
    assert "LDL cholesterol 128 mg/dL on 20-Nov-2026, again from 01-Jan-2027" in refusal.reason
    (entry,) = bench.perform(bench.doctor, a_question(bench, tests_asked="ldl", repeat_why="new dose"))
    assert "ldl (again because: new dose)" in bench.value(REFERRALS, entry, "question")


def test_results_are_offered_to_those_who_may_see_them(bench: Bench) -> None:
    with_ldl(bench)

    assert results_offered(bench.plan, bench.doctor, bench.now) == ("LDL cholesterol 128 mg/dL, 20-Nov-2026",)
    assert results_offered(bench.plan, bench.doctor, bench.now) == results_offered(
        bench.plan, bench.specialist, bench.now
    )


@pytest.mark.parametrize(("more", "field"), [({"question": " "}, "question"), ({"to": ""}, "to")])
def test_what_is_missing_is_said_beside_its_field(bench: Bench, more: dict[str, Any], field: str) -> None:
    assert bench.refused(bench.doctor, a_question(bench, **more)).field == field


def test_who_only_reads_referrals_asks_none(bench: Bench) -> None:
    for actor in (bench.pharmacist, bench.patient, bench.daughter):
        assert bench.refused(actor, a_question(bench))


def sent_to_nobody(bench: Bench) -> str:
    (entry,) = bench.perform(bench.doctor, a_question(bench, recipient=""))
    return entry


def test_whoever_comes_by_the_invitation_is_the_recipient_and_has_it(bench: Bench) -> None:
    entry = sent_to_nobody(bench)

    bench.perform(bench.specialist, ReferralTakeUp(entry=entry))

    assert bench.value(REFERRALS, entry, "recipient") == bench.specialist.person_id
    assert bench.value(REFERRALS, entry, "state") == "received"
    assert bench.value(REFERRALS, entry, "state_since") == bench.now.isoformat()


def test_a_referral_that_someone_has_or_that_is_over_is_nobodys_to_take_up(bench: Bench) -> None:
    named = sent_to_nobody(bench)
    bench.plan = imagined(bench.plan, [Assign(REFERRALS, named, "recipient", bench.pharmacist.person_id)], by=1)
    taken, cancelled = sent_to_nobody(bench), sent_to_nobody(bench)
    bench.perform(bench.specialist, ReferralTakeUp(entry=taken))
    bench.perform(bench.doctor, ReferralCancel(entry=cancelled, reason="She is well."))

    assert "Someone has this referral already." in bench.refused(bench.specialist, ReferralTakeUp(entry=named)).reason
    for entry in (taken, cancelled, "not-there"):
        assert bench.refused(bench.specialist, ReferralTakeUp(entry=entry))
    hidden = replace(bench.specialist, consents={REFERRALS: Narrowing("none")})
    assert bench.refused(hidden, ReferralTakeUp(entry=sent_to_nobody(bench)))
