from typing import Any

import pytest

from crdt.sections import Section
from hub.workflows.monitoring import ReadingRecord
from hub.workflows.referral_asking import ReferralAsk, results_offered
from hub.workflows.referrals import ReferralAccept
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
    bench.perform(bench.nurse, ReadingRecord(entry=entry, value=128))


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
