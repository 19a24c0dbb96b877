"""What a huddle writes about a patient: into one decision, whoever begins."""

from datetime import timedelta

import pytest

from crdt.sections import Section
from hub.workflows.huddle_notes import BEYOND, HuddleAssign, HuddleNote, decision_of, tasks_in, unfinished
from hub.workflows.huddles import HuddleReadBack, HuddleSign, content_hash
from hub.workflows.tasks import TaskReject
from tests.hub.workflows.plans import NOW, Bench

HUDDLES, TASKS = Section.HUDDLES, Section.TASKS


def a_note(**said: object) -> HuddleNote:
    return HuddleNote(huddle="h", topic="Morning", **said)  # type: ignore[arg-type]


def decided(bench: Bench) -> str:
    found = decision_of(bench.plan, "h")
    assert found is not None
    return found.id


def test_every_line_of_a_huddle_is_in_one_decision_whoever_types_it(bench: Bench) -> None:
    bench.perform(bench.doctor, a_note(task="Call", owner=bench.social.person_id, due=NOW.date()))
    assert bench.value(HUDDLES, decided(bench), "decision") == BEYOND
    bench.perform(bench.nurse, a_note(decision="Double furosemide"))
    bench.perform(bench.doctor, a_note(decision="See her tomorrow", attendees=(bench.social.person_id,)))
    bench.perform(bench.nurse, a_note(contingency="Weight up: call"))

    values = bench.entry(HUDDLES, decided(bench)).values
    assert len(bench.plan.entries(HUDDLES)) == 1
    assert values["decision"] == "Double furosemide\nSee her tomorrow"
    assert values["contingency"] == "Weight up: call"
    assert set(values["attendees"]) == {each.person_id for each in (bench.doctor, bench.nurse, bench.social)}  # type: ignore[arg-type]
    assert len(tasks_in(bench.plan, decision_of(bench.plan, "h"))) == 1


def test_two_huddles_about_one_patient_do_not_mix(bench: Bench) -> None:
    bench.perform(bench.doctor, a_note(decision="One"))
    bench.perform(bench.doctor, HuddleNote(huddle="other", topic="Noon", decision="Two"))

    assert bench.value(HUDDLES, decided(bench), "decision") == "One"


def test_a_task_caught_without_owner_or_day_holds_the_huddle_until_it_is_one(bench: Bench) -> None:
    bench.perform(bench.doctor, a_note(catch="Scale delivered"))
    assert unfinished(bench.plan, "h") == ("Scale delivered",)
    assert bench.plan.entries(TASKS) == {}

    settled = a_note(task="Scale", owner=bench.nurse.person_id, due=NOW.date(), settles="Scale delivered")
    bench.perform(bench.doctor, settled)

    assert unfinished(bench.plan, "h") == ()
    assert bench.refused(bench.nurse, settled).code == "state"
    assert len(bench.plan.entries(TASKS)) == 1


def test_a_task_its_owner_turned_down_holds_it_too(bench: Bench) -> None:
    bench.perform(bench.doctor, a_note(task="Call", owner=bench.social.person_id, due=NOW.date()))
    (task,) = bench.plan.entries(TASKS)
    assert bench.refused(bench.doctor, HuddleAssign(entry=task, owner=bench.nurse.person_id)).code == "state"
    bench.perform(bench.social, TaskReject(entry=task, reason="On leave"))

    assert unfinished(bench.plan, "h") == ("Call",)
    assert bench.refused(bench.doctor, HuddleAssign(entry=task)).field == "owner"
    assert bench.refused(bench.doctor, HuddleAssign(entry=task, owner=bench.nurse.person_id,
                                                    due=NOW.date() - timedelta(1))).field == "due"  # fmt: skip
    bench.perform(bench.doctor, HuddleAssign(entry=task, owner=bench.nurse.person_id))
    assert unfinished(bench.plan, "h") == ()
    assert bench.value(TASKS, task, "state") == "requested"


@pytest.mark.parametrize("said", [
    {"decision": "x" * 501}, {"catch": "x" * 201}, {"task": "Call"}, {"task": "Call", "due": NOW.date()},
    {"task": "Call", "due": NOW.date() - timedelta(1)}, {"task": "Call", "settles": "never", "due": NOW.date()},
])  # fmt: skip
def test_what_cannot_be_written_is_refused_and_nothing_is(bench: Bench, said: dict[str, object]) -> None:
    bench.refused(bench.doctor, a_note(**said))
    assert bench.plan.entries(HUDDLES) == {}


def test_the_patients_side_writes_nothing_in_a_huddle(bench: Bench) -> None:
    assert bench.refused(bench.patient, a_note(decision="x")).reason
    assert bench.refused(bench.daughter, a_note(decision="x")).reason
    bench.perform(bench.doctor, a_note(decision="x"))
    assert bench.refused(bench.patient, a_note(decision="y")).reason
    assert bench.refused(bench.daughter, a_note(decision="y")).reason


def test_after_the_first_signature_no_line_is_added(bench: Bench) -> None:
    bench.perform(bench.doctor, a_note(decision="x", task="Call", owner=bench.doctor.person_id, due=NOW.date()))
    entry = decided(bench)
    bench.perform(bench.doctor, HuddleReadBack(entry=entry, words="I call"))
    bench.perform(bench.doctor, HuddleSign(entry=entry, seen=content_hash(bench.entry(HUDDLES, entry))))

    assert bench.refused(bench.doctor, a_note(decision="y")).code == "signed"
