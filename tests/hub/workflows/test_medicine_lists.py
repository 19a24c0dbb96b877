"""Two lists become one by a decision a line: nothing of either is dropped without one, whatever the lists hold."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdt.sections import Section
from hub.live.commands import Refusal
from hub.safety.weighing import weighed
from hub.workflows.contents import words
from hub.workflows.list_decisions import LineDecision, MedicinesSign, both_sources, sources_of
from hub.workflows.medicine_lists import LineGroup, ListedMedicine, ListKind, ListLine, MedicineList, lines_of
from hub.workflows.steps import Step
from tests.hub.workflows.plans import Bench, an_id

MEDICATIONS = Section.MEDICATIONS
NAMES = (
    "lisinopril 10 mg", "ZESTRIL 10 mg", "lisinopril-hydrochlorothiazide 10-12.5 mg", "atorvastatin 20 mg",
    "Lipitor 80 mg", "metformin 500 mg", "Glucophage 1000 mg", "foobarium 5 mg", "furosemide 40 mg",
    "levothyroxine 50 mcg",
)  # fmt: skip


def listed(name: str, dose: str = "1 tablet", frequency: str = "once daily", **more: Any) -> ListedMedicine:
    return ListedMedicine(name=name, dose=dose, frequency=frequency, **more)


def a_list(*medicines: ListedMedicine, kind: ListKind = ListKind.HOSPITAL, source: str = "Northside") -> MedicineList:
    return MedicineList(list_id=an_id(), kind=kind, source=source, written="2026-11-24", medicines=medicines)


def at_home(bench: Bench, name: str, dose: str = "10 mg", frequency: str = "once daily", **more: str) -> str:
    values = {"kind": "medicine", "name": name, "dose": dose, "frequency": frequency, "taking": "active",
              "reconciliation": "unreconciled", **more}  # fmt: skip
    return bench.put(MEDICATIONS, by=bench.doctor, **values)


def line_of(lines: tuple[ListLine, ...], name: str) -> ListLine:
    return next(each for each in lines if each.name == name)


def continued(lines: tuple[ListLine, ...]) -> dict[str, LineDecision]:
    return {each.key: LineDecision(decision="continue") for each in lines}


def test_the_lines_stand_in_four_groups_and_share_what_they_share(bench: Bench) -> None:
    at_home(bench, "lisinopril"), at_home(bench, "atorvastatin", "20 mg"), at_home(bench, "naproxen", "220 mg")
    hospital = a_list(
        listed("ZESTRIL 10 mg"), listed("Lipitor 80 mg"), listed("aspirin 81 mg"), listed("aspirin 325 mg", "1 tablet")
    )

    lines = lines_of(bench.plan, [hospital])

    assert [(each.name, each.group, each.differs) for each in lines] == [
        ("atorvastatin", LineGroup.DIFFERS, ("DOSE",)),
        ("naproxen", LineGroup.HOME, ()),
        ("aspirin 81 mg", LineGroup.OTHER, ()),
        ("aspirin 325 mg", LineGroup.OTHER, ()),
        ("lisinopril", LineGroup.SAME, ()),
    ]
    assert line_of(lines, "aspirin 81 mg").shares == ("aspirin 325 mg",)


def test_the_bottles_at_home_stand_on_the_left_once_a_hospital_has_sent_its_list(bench: Bench) -> None:
    entry = at_home(bench, "lisinopril")
    bottles = a_list(listed("lisinopril 20 mg"), listed("ibuprofen 200 mg"), kind=ListKind.HOME, source="The bottles")

    assert [each.group for each in lines_of(bench.plan, [bottles])] == [LineGroup.DIFFERS, LineGroup.OTHER]
    hospital = a_list(listed("lisinopril 10 mg"))
    lines = lines_of(bench.plan, [hospital, bottles])
    assert [each.group for each in lines] == [LineGroup.DIFFERS, LineGroup.HOME]
    assert [each.list_id for each in lines[0].items] == ["", bottles.list_id, hospital.list_id]
    assert lines[0].entry == entry


def test_a_line_is_another_one_as_soon_as_anything_on_it_changes(bench: Bench) -> None:
    entry, hospital = at_home(bench, "lisinopril"), a_list(listed("lisinopril 10 mg"))
    before = lines_of(bench.plan, [hospital])[0].key
    decided = {before: LineDecision(decision="continue")}

    assert lines_of(bench.plan, [hospital])[0].key == before
    at_home(bench, "metformin", "500 mg")
    assert line_of(lines_of(bench.plan, [hospital]), "lisinopril").key == before
    values = {**bench.entry(MEDICATIONS, entry).values, "dose": "40 mg"}
    bench.plan.sections[MEDICATIONS].entries[entry].values.update(values)  # type: ignore[attr-defined]

    refusal = bench.refused(bench.doctor, MedicinesSign(lists=(hospital,), decisions=decided))
    assert refusal.code == "open"
    assert "lisinopril" in refusal.reason


def test_the_signature_names_each_line_that_is_open_and_a_question_is_open(bench: Bench) -> None:
    at_home(bench, "lisinopril"), at_home(bench, "metformin", "500 mg")
    hospital = a_list(listed("lisinopril 10 mg"), listed("furosemide 40 mg"))
    lines = lines_of(bench.plan, [hospital])
    decided = continued(lines)
    del decided[line_of(lines, "metformin").key]
    decided[line_of(lines, "furosemide 40 mg").key] = LineDecision(decision="ask", asked=bench.specialist.person_id)

    refusal = bench.refused(bench.doctor, MedicinesSign(lists=(hospital,), decisions=decided))

    assert (refusal.code, refusal.reason) == ("open", "Decide first: metformin, furosemide 40 mg.")


def test_one_list_comes_out_with_what_was_changed_stopped_held_and_new(bench: Bench) -> None:
    same, changed = at_home(bench, "lisinopril"), at_home(bench, "atorvastatin", "20 mg")
    stopped, held = at_home(bench, "naproxen", "220 mg"), at_home(bench, "metformin", "500 mg")
    hospital = a_list(
        listed("ZESTRIL 10 mg"), listed("Lipitor 80 mg tablet", "80 mg"), listed("clopidogrel 75 mg"),
        listed("zolpidem 5 mg"),
    )  # fmt: skip
    lines = lines_of(bench.plan, [hospital])
    decided = continued(lines) | {
        line_of(lines, "atorvastatin").key: LineDecision(decision="change", which=1),
        line_of(lines, "naproxen").key: LineDecision(decision="stop", reason="It harms the kidneys."),
        line_of(lines, "metformin").key: LineDecision(decision="hold", until=date(2026, 12, 1), reason="Contrast."),
        line_of(lines, "clopidogrel 75 mg").key: LineDecision(decision="continue", family="Keeps the stent open."),
        line_of(lines, "zolpidem 5 mg").key: LineDecision(decision="stop", reason="She falls."),
    }
    steps = (Step(title="Take naproxen out of the house", owner=bench.daughter.person_id, due=date(2026, 11, 21)),)

    made = bench.perform(bench.doctor, MedicinesSign(lists=(hospital,), decisions=decided, steps=steps))

    def told(entry: str) -> tuple[Any, ...]:
        values = bench.entry(MEDICATIONS, entry).values
        return tuple(values.get(name) for name in ("name", "dose", "taking", "reconciliation"))

    assert told(same) == ("lisinopril", "10 mg", "active", "continue")
    assert told(changed) == ("atorvastatin", "80 mg", "active", "change")
    assert told(stopped) == ("naproxen", "220 mg", "stopped", "stop")
    assert told(held) == ("metformin", "500 mg", "on hold", "hold")
    assert bench.value(MEDICATIONS, held, "hold_until") == "2026-12-01"
    new, not_taken, task = made[:3]
    assert told(new) == ("clopidogrel 75 mg", "1 tablet", "active", "continue")
    assert bench.value(MEDICATIONS, new, "plain_words") == "Keeps the stent open."
    assert told(not_taken) == ("zolpidem 5 mg", "1 tablet", "stopped", "stop")
    assert bench.value(Section.TASKS, task, "owner") == bench.daughter.person_id
    remarks = {
        words(each, "entry"): words(each, "words") for each in bench.plan.sections[MEDICATIONS].comments.values()
    }
    assert remarks[stopped] == (
        "Decided to stop. It harms the kidneys. The plan: naproxen 220 mg once daily; Northside of 24-Nov-2026: "
        "not on it."
    )
    assert same not in remarks


def test_what_the_hospital_stopped_is_not_continued_by_mistake(bench: Bench) -> None:
    entry = at_home(bench, "lisinopril")
    hospital = a_list(listed("lisinopril 10 mg", stopped=True))
    line = lines_of(bench.plan, [hospital])[0]

    assert (line.group, line.differs) == (LineGroup.DIFFERS, ("USE",))
    theirs = {line.key: LineDecision(decision="change", which=1)}
    assert bench.refused(bench.doctor, MedicinesSign(lists=(hospital,), decisions=theirs)).field == "decision"
    bench.perform(bench.doctor, MedicinesSign(lists=(hospital,), decisions={line.key: LineDecision(decision="stop")}))
    assert bench.value(MEDICATIONS, entry, "taking") == "stopped"


@pytest.mark.parametrize(
    ("decision", "field"),
    [
        (LineDecision(decision="change"), "dose"),
        (LineDecision(decision="change", which=7), "which"),
        (LineDecision(decision="change", dose="5"), "dose"),
        (LineDecision(decision="hold"), "until"),
        (LineDecision(decision="hold", until=date(2026, 11, 20)), "until"),
        (LineDecision(decision="ponder"), "decision"),
    ],
)
def test_a_decision_that_says_too_little_is_refused_beside_its_field(
    bench: Bench, decision: LineDecision, field: str
) -> None:
    hospital = a_list(listed("lisinopril 10 mg"))
    line = lines_of(bench.plan, [hospital])[0]

    refusal = bench.refused(bench.doctor, MedicinesSign(lists=(hospital,), decisions={line.key: decision}))

    assert (refusal.field, refusal.entry) == (field, line.key)


def test_a_new_medicine_without_its_dose_is_asked_for(bench: Bench) -> None:
    hospital = a_list(listed("furosemide", "", ""))
    line = lines_of(bench.plan, [hospital])[0]

    assert bench.refused(bench.doctor, MedicinesSign(lists=(hospital,), decisions=continued((line,)))).field == "dose"
    typed = {line.key: LineDecision(decision="change", dose="40 mg", frequency="once daily")}
    bench.perform(bench.doctor, MedicinesSign(lists=(hospital,), decisions=typed))


def test_a_danger_of_the_list_that_comes_out_wants_a_reason_on_one_of_its_lines(bench: Bench) -> None:
    at_home(bench, "warfarin", "5 mg")
    hospital = a_list(listed("ibuprofen 400 mg"))
    lines = lines_of(bench.plan, [hospital])
    decided = continued(lines)

    refusal = bench.refused(bench.doctor, MedicinesSign(lists=(hospital,), decisions=decided))
    assert (refusal.code, refusal.field) == ("danger", "despite")

    pain = line_of(lines, "ibuprofen 400 mg").key
    stops = MedicinesSign(
        lists=(hospital,), decisions=decided | {pain: LineDecision(decision="stop", reason="Bleeds.")}
    )
    assert not isinstance(bench.judge(bench.doctor, stops), Refusal)
    answered = MedicinesSign(
        lists=(hospital,), decisions=decided | {pain: replace(decided[pain], despite="Three days, INR on Friday.")}
    )
    changes = bench.judge(bench.doctor, answered)
    assert not isinstance(changes, Refusal)
    kept = weighed(bench.plan, answered, changes, bench.doctor, bench.now, an_id)
    assert not isinstance(kept, Refusal)
    assert len(kept) > len(changes)


@pytest.mark.parametrize("who", ["nurse", "social", "patient", "daughter"])
def test_who_may_not_decide_on_medicines_signs_no_list(bench: Bench, who: str) -> None:
    at_home(bench, "lisinopril")
    hospital = a_list(listed("lisinopril 10 mg"))
    command = MedicinesSign(lists=(hospital,), decisions=continued(lines_of(bench.plan, [hospital])))

    with pytest.raises(AssertionError, match=r"read-only|not-yours|Refused"):
        bench.perform(getattr(bench, who), command)


medicines = st.builds(
    listed,
    st.sampled_from(NAMES),
    st.sampled_from(("1 tablet", "2 tablets", "")),
    st.sampled_from(("once daily", "twice daily", "as needed")),
    stopped=st.booleans(),
)
some_lists = st.lists(
    st.builds(
        lambda kind, some: a_list(*some, kind=kind),
        st.sampled_from(ListKind),
        st.lists(medicines, max_size=8),
    ),
    min_size=1,
    max_size=3,
)
choices = st.sampled_from((None, "continue", "change", "stop", "hold", "ask"))


@given(home=st.lists(st.sampled_from(NAMES), max_size=8), lists=some_lists, data=st.data())
def test_nothing_of_any_list_is_dropped_without_a_decision(
    home: list[str], lists: list[MedicineList], data: st.DataObject
) -> None:
    bench = Bench()
    entries = [at_home(bench, name, "1 tablet") for name in home]
    lines = lines_of(bench.plan, lists)

    shown = [(each.list_id, each.entry, each.medicine) for line in lines for each in line.items]
    expected = [("", entry) for entry in entries] + [(each.list_id, "") for each in lists for _ in each.medicines]
    assert sorted(told[:2] for told in shown) == sorted(expected)
    for each in lists:
        mine = [medicine for list_id, _, medicine in shown if list_id == each.list_id]
        assert sorted(map(repr, mine)) == sorted(map(repr, each.medicines))
    assert len({line.key for line in lines}) == len(lines)
    for line in lines:
        assert len({item.list_id for item in line.items}) == len(line.items)

    decided = {line.key: choice for line in lines if (choice := data.draw(choices)) is not None}
    decisions = {
        key: LineDecision(
            decision=choice, dose="5 mg" if choice == "change" else "", until=date(2027, 1, 1), asked=an_id(),
            despite="weighed",
        )
        for key, choice in decided.items()
    }  # fmt: skip
    changes = MedicinesSign(lists=tuple(lists), decisions=decisions).changes(bench.plan, bench.doctor, bench.now, an_id)
    still_open = any(decided.get(line.key) in (None, "ask") for line in lines)
    if still_open:
        assert isinstance(changes, Refusal)
        assert changes.code == "open"
    elif not isinstance(changes, Refusal):
        touched = {each.entry for each in changes if each.section is MEDICATIONS and hasattr(each, "entry")}
        assert len(touched) >= len(lines)
        assert set(entries) <= touched
    else:
        assert changes.code == "form"


def test_both_sources_are_told_of_every_line(bench: Bench) -> None:
    at_home(bench, "lisinopril")
    hospital = a_list(listed("furosemide 40 mg"))
    lines, sources = lines_of(bench.plan, [hospital]), sources_of([hospital])

    told = [both_sources(each, sources) for each in lines]

    assert told == [
        "The plan: lisinopril 10 mg once daily; Northside of 24-Nov-2026: not on it.",
        "The plan: not on it; Northside of 24-Nov-2026: furosemide 40 mg 1 tablet once daily.",
    ]
