"""A handoff in I-PASS: whole before it is given, accepted by who read it back and nobody else, kept with who."""

from datetime import timedelta

import pytest

from auth.roles import Role
from crdt.sections import Section
from hub.live.commands import Refusal
from hub.workflows.contents import records, stamp, words
from hub.workflows.handoffs import HandoffAccept, HandoffGive, HandoffWrite, actions_of, state_of_handoff
from hub.workflows.hospital_stays import TELL_STAY
from hub.workflows.steps import Step
from hub.workflows.waiting import WaitingKind, waiting_on
from tests.hub.workflows.plans import Bench, a_person

STAYS = Section.TRANSITIONS
WHOLE = {"severity": "watcher", "summary": "Hip repaired, day 4.", "actions": "- INR on Monday\n- Stitches out 4-Dec",
         "contingency": "Fever or a red wound: call the surgeon."}  # fmt: skip


def a_stay(bench: Bench) -> str:
    return bench.put(STAYS, event="admitted", setting="skilled nursing", facility="Rose House",
                     start=stamp(bench.now - timedelta(days=4)))  # fmt: skip


def test_a_facility_s_nurse_writes_hands_over_and_the_team_reads_back_and_takes_the_actions(bench: Bench) -> None:
    nora, stay = a_person(Role.FACILITY_NURSE, name="Nora"), a_stay(bench)
    bench.perform(nora, HandoffWrite(entry=stay, **WHOLE))
    give = HandoffGive(entry=stay)
    changes = give.changes(bench.plan, nora, bench.now, lambda: "0190dddd-0000-7000-8000-000000000003")
    assert not isinstance(changes, Refusal)
    [job] = give.follow_ups(bench.plan, changes, bench.now)
    assert (job.kind, job.payload["what"]) == (TELL_STAY, "handed-over")
    bench.perform(nora, give)
    for each in (bench.doctor, bench.nurse):
        assert [it.kind for it in waiting_on(bench.plan, each, bench.now)] == [WaitingKind.HANDOFF]
    assert bench.refused(nora, HandoffAccept(entry=stay, synthesis="I take it.")).code == "person"
    assert bench.refused(bench.nurse, HandoffAccept(entry=stay, synthesis=" ")).field == "synthesis"

    step = Step(title="INR on Monday", owner=bench.nurse.person_id, due=bench.now.date() + timedelta(days=3))
    bench.perform(bench.nurse, HandoffAccept(entry=stay, synthesis="INR is mine; I call on fever.", steps=(step,)))

    values = bench.entry(STAYS, stay).values
    assert [(words(each, "step"), words(each, "by")) for each in records(values, "handoffs").values()] == [
        ("written", nora.person_id), ("handed over", nora.person_id), ("accepted", bench.nurse.person_id),
    ]  # fmt: skip
    assert values["read_back"] == "INR is mine; I call on fever."
    [task] = bench.plan.entries(Section.TASKS).values()
    assert (task.values["title"], task.values["owner"], task.values["state"]) == (
        "INR on Monday", bench.nurse.person_id, "accepted",
    )  # fmt: skip
    assert task.values["supports"] == {stay: True}
    assert bench.refused(bench.doctor, HandoffAccept(entry=stay, synthesis="Me too.")).code == "state"


@pytest.mark.parametrize("lacking", sorted(WHOLE))
def test_nothing_is_handed_over_while_a_part_is_missing(bench: Bench, lacking: str) -> None:
    stay = a_stay(bench)
    bench.perform(bench.nurse, HandoffWrite(entry=stay, **{**WHOLE, lacking: ""}))

    assert bench.refused(bench.nurse, HandoffGive(entry=stay)).code == "state"
    assert bench.refused(bench.doctor, HandoffAccept(entry=stay, synthesis="I take it.")).code == "state"


def test_what_is_changed_after_it_was_handed_over_is_a_draft_again(bench: Bench) -> None:
    stay = a_stay(bench)
    bench.perform(bench.nurse, HandoffWrite(entry=stay, **WHOLE))
    assert bench.refused(bench.nurse, HandoffWrite(entry=stay, **WHOLE)).code == "state"
    bench.perform(bench.nurse, HandoffGive(entry=stay))
    assert bench.refused(bench.nurse, HandoffGive(entry=stay)).code == "state"

    bench.perform(bench.social, HandoffWrite(entry=stay, **{**WHOLE, "summary": "Hip repaired, day 5."}))

    assert state_of_handoff(bench.entry(STAYS, stay).values) == "written"
    assert bench.refused(bench.doctor, HandoffAccept(entry=stay, synthesis="I take it.")).code == "state"
    assert actions_of(bench.entry(STAYS, stay).values) == ("INR on Monday", "Stitches out 4-Dec")


@pytest.mark.parametrize("who", ["patient", "daughter"])
def test_the_family_neither_writes_nor_accepts_it(bench: Bench, who: str) -> None:
    stay = a_stay(bench)
    bench.perform(bench.nurse, HandoffWrite(entry=stay, **WHOLE))
    bench.perform(bench.nurse, HandoffGive(entry=stay))

    for command in (HandoffWrite(entry=stay, summary="x"), HandoffAccept(entry=stay, synthesis="x")):
        assert bench.refused(getattr(bench, who), command).code
