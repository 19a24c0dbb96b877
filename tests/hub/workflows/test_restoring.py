"""What stood earlier stands again by a new edit with a reason; never what one may not write."""

from typing import Any

import pytest

from crdt.changes import Assign, Rewrite
from crdt.fields import Value
from crdt.sections import Section
from hub.workflows.entries import EntryCreate, EntryRetire
from hub.workflows.restoring import RestoreEntry, RestoreField, RestoreSection
from tests.hub.workflows.plans import Bench

MEDS = Section.MEDICATIONS


def a_medicine(bench: Bench, name: str = "furosemide", dose: str = "40 mg") -> str:
    values: dict[str, Value] = {"kind": "medicine", "name": name, "dose": dose, "frequency": "once daily"}
    return bench.perform(bench.doctor, EntryCreate(section=MEDS, values=values))[0]


def a_field(entry: str, was: Value = "40 mg", **more: Any) -> RestoreField:
    return RestoreField(
        **{"section": MEDS, "entry": entry, "field": "dose", "was": was, "version": 3, "reason": "wrong tablet", **more}
    )


def an_entry(bench: Bench, entry: str, **more: Any) -> RestoreEntry:
    was = bench.entry(MEDS, entry).values
    return RestoreEntry(**{"section": MEDS, "entry": entry, "was": was, "version": 3, "reason": "as it was", **more})


def test_a_field_says_again_what_it_said(bench: Bench) -> None:
    entry = a_medicine(bench, dose="80 mg")

    assert bench.judge(bench.doctor, a_field(entry)) == [Assign(MEDS, entry, "dose", "40 mg")]


def test_a_text_is_rewritten_not_replaced(bench: Bench) -> None:
    entry = a_medicine(bench)

    changes = bench.judge(bench.doctor, a_field(entry, "With food.", field="instructions"))

    assert changes == [Rewrite(MEDS, entry, "instructions", "With food.")]


@pytest.mark.parametrize("reason", ["", "  "])
def test_nothing_is_restored_without_a_reason(bench: Bench, reason: str) -> None:
    entry = a_medicine(bench, dose="80 mg")

    assert bench.refused(bench.doctor, a_field(entry, reason=reason)).field == "reason"
    assert bench.refused(bench.doctor, an_entry(bench, entry, reason=reason)).field == "reason"
    everything = RestoreSection(section=MEDS, was={}, version=3, reason=reason)
    assert bench.refused(bench.doctor, everything).field == "reason"


def test_what_one_may_not_write_one_may_not_restore(bench: Bench) -> None:
    entry = a_medicine(bench, dose="80 mg")
    was = {**bench.entry(MEDS, entry).values, "dose": "40 mg"}

    for actor in (bench.nurse, bench.patient, bench.daughter, bench.social):
        assert bench.refused(actor, a_field(entry))
        assert bench.refused(actor, an_entry(bench, entry, was=was))
        assert bench.refused(actor, RestoreSection(section=MEDS, was={entry: was}, version=3, reason="x"))
        assert bench.refused(actor, RestoreSection(section=MEDS, was={}, version=3, reason="x"))


def test_what_only_commands_change_is_never_restored(bench: Bench) -> None:
    entry = a_medicine(bench)

    refusal = bench.refused(bench.doctor, a_field(entry, "decided", field="reconciliation"))
    whole = bench.refused(bench.doctor, an_entry(bench, entry, was={
        **bench.entry(MEDS, entry).values, "reconciliation": "decided"}))  # fmt: skip

    assert refusal.code == "command"
    assert whole.code == "state"


def test_what_no_longer_fits_is_refused(bench: Bench) -> None:
    assert bench.refused(bench.doctor, a_field(a_medicine(bench), "poison", field="kind")).code == "form"


def test_an_entry_that_was_retired_since_stands_again_as_it_stood(bench: Bench) -> None:
    entry = a_medicine(bench)
    was = dict(bench.entry(MEDS, entry).values)
    bench.perform(bench.doctor, a_field(entry, "80 mg"))
    bench.perform(bench.doctor, EntryRetire(section=MEDS, entry=entry, reason="stopped"))

    bench.perform(bench.doctor, an_entry(bench, entry, was=was))

    now = bench.entry(MEDS, entry).values
    assert {name: now[name] for name in ("dose", "status", "retired_reason")} == {
        "dose": "40 mg", "status": "active", "retired_reason": "",
    }  # fmt: skip


def test_an_entry_is_not_restored_to_when_it_was_not_there(bench: Bench) -> None:
    assert bench.refused(bench.doctor, an_entry(bench, a_medicine(bench), was={})).code == "state"


def test_a_section_stands_again_as_it_stood_and_what_came_since_is_retired(bench: Bench) -> None:
    kept, gone = a_medicine(bench), a_medicine(bench, "digoxin")
    was = {entry: dict(it.values) for entry, it in bench.plan.entries(MEDS).items()}
    bench.perform(bench.doctor, a_field(kept, "80 mg"))
    bench.perform(bench.doctor, EntryRetire(section=MEDS, entry=gone, reason="stopped"))
    added = a_medicine(bench, "ramipril")

    bench.perform(bench.doctor, RestoreSection(section=MEDS, was=was, version=3, reason="import went wrong"))

    assert bench.value(MEDS, kept, "dose") == "40 mg"
    assert bench.value(MEDS, gone, "status") == "active"
    assert bench.value(MEDS, added, "status") == "retired"
    assert bench.value(MEDS, added, "retired_reason") == "import went wrong"
    again = RestoreSection(section=MEDS, was=was, version=3, reason="again")
    assert bench.refused(bench.doctor, again).code == "state"


def test_a_task_under_way_stays_when_its_section_is_restored(bench: Bench) -> None:
    values: dict[str, Value] = {"title": "Call", "owner": bench.nurse.person_id, "due": bench.day(3)}
    bench.perform(bench.nurse, EntryCreate(section=Section.TASKS, values=values))

    refusal = bench.refused(bench.nurse, RestoreSection(section=Section.TASKS, was={}, version=1, reason="x"))

    assert refusal.code == "state"
