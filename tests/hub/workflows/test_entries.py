import pytest

from crdt.fields import LINE_CHARACTERS_MAX, TEXT_CHARACTERS_MAX, Value
from crdt.sections import SECTIONS, Section
from hub.workflows.contents import active
from hub.workflows.entries import EntryCreate, EntryMove, EntryRestore, EntryRetire, faults_of
from tests.hub.workflows.plans import Bench, an_id

GOAL: dict[str, Value] = {"description": "Walk to the lake"}


def a_goal(bench: Bench, description: str = "Walk to the lake") -> str:
    values = {"description": description, "voice": bench.nurse.person_id}
    return bench.perform(bench.nurse, EntryCreate(section=Section.GOALS, values=values))[0]


def order(bench: Bench) -> list[object]:
    return [entry.values["description"] for entry in active(bench.plan, Section.GOALS)]


@pytest.mark.parametrize("section", list(Section))
def test_an_empty_form_names_every_required_field(section: Section) -> None:
    faults = faults_of(section, {})

    assert set(faults) == {field.name for field in SECTIONS[section].fields if field.required and not field.command}
    assert all(message.endswith(".") for message in faults.values())


def test_what_is_required_depends_on_the_kind() -> None:
    allergy = faults_of(Section.MEDICATIONS, {"kind": "allergy", "name": "Penicillin"})
    medicine = faults_of(Section.MEDICATIONS, {"kind": "medicine", "name": "aspirin"})

    assert allergy == {}
    assert set(medicine) == {"dose", "frequency"}


@pytest.mark.parametrize(
    ("section", "values", "field"),
    [
        (Section.GOALS, {"lifecycle": "active"}, "lifecycle"),
        (Section.GOALS, {"due": "tomorrow"}, "due"),
        (Section.GOALS, {"unknown": "x"}, "unknown"),
        (Section.GOALS, {"barriers": "x" * (TEXT_CHARACTERS_MAX + 1)}, "barriers"),
        (Section.GOALS, {"unit": "x" * (LINE_CHARACTERS_MAX + 1)}, "unit"),
        (Section.GOALS, {"addresses": {"not an id": True}}, "addresses"),
        (Section.MEDICATIONS, {"kind": "poison"}, "kind"),
        (Section.MONITORING, {"green": "high"}, "green"),
        (Section.CARE_TEAM, {"phone": "call me"}, "phone"),
    ],
)
def test_a_wrong_value_is_told_beside_its_field(section: Section, values: dict[str, Value], field: str) -> None:
    assert field in faults_of(section, values)


def test_a_new_entry_begins_in_its_first_state_at_the_end_of_the_list(bench: Bench) -> None:
    a_goal(bench, "first")
    second = a_goal(bench, "second")

    values = bench.entry(Section.GOALS, second).values
    assert (values["lifecycle"], values["status"], values["source"]) == ("proposed", "active", "person")
    assert order(bench) == ["first", "second"]


def test_a_medicine_begins_unreconciled(bench: Bench) -> None:
    values: dict[str, Value] = {"kind": "medicine", "name": "aspirin", "dose": "81 mg", "frequency": "once daily"}

    entry = bench.perform(bench.doctor, EntryCreate(section=Section.MEDICATIONS, values=values))[0]

    assert bench.value(Section.MEDICATIONS, entry, "reconciliation") == "unreconciled"


def test_an_entry_names_only_entries_of_the_plan(bench: Bench) -> None:
    values = {**GOAL, "voice": bench.nurse.person_id, "addresses": {an_id(): True}}

    refusal = bench.refused(bench.nurse, EntryCreate(section=Section.GOALS, values=values))

    assert (refusal.code, refusal.field) == ("form", "addresses")


def test_who_may_not_write_a_section_adds_nothing_to_it(bench: Bench) -> None:
    values: dict[str, Value] = {"kind": "medicine", "name": "aspirin", "dose": "81 mg", "frequency": "once daily"}

    for actor in (bench.nurse, bench.social, bench.patient, bench.daughter):
        assert bench.refused(actor, EntryCreate(section=Section.MEDICATIONS, values=values)).code != "form"


def test_what_matters_stands_once(bench: Bench) -> None:
    command = EntryCreate(section=Section.ABOUT_ME, values={"what_matters": "My garden"})
    bench.perform(bench.patient, command)

    assert bench.refused(bench.nurse, command).code == "state"


@pytest.mark.parametrize("section", [Section.HUDDLES, Section.TRANSITIONS])
def test_what_a_command_makes_is_not_made_by_a_form(bench: Bench, section: Section) -> None:
    assert bench.refused(bench.doctor, EntryCreate(section=section, values={})).code == "command"


def test_retiring_needs_a_reason_and_happens_once(bench: Bench) -> None:
    goal = a_goal(bench)
    assert bench.refused(bench.nurse, EntryRetire(section=Section.GOALS, entry=goal, reason="")).field == "reason"

    bench.perform(bench.nurse, EntryRetire(section=Section.GOALS, entry=goal, reason="entered twice"))

    again = bench.refused(bench.nurse, EntryRetire(section=Section.GOALS, entry=goal, reason="again"))
    assert "entered twice" in again.reason
    assert order(bench) == []


def test_a_retired_entry_is_restored_at_the_end(bench: Bench) -> None:
    first = a_goal(bench, "first")
    a_goal(bench, "second")
    assert bench.refused(bench.nurse, EntryRestore(section=Section.GOALS, entry=first)).code == "state"
    bench.perform(bench.nurse, EntryRetire(section=Section.GOALS, entry=first, reason="by mistake"))

    bench.perform(bench.nurse, EntryRestore(section=Section.GOALS, entry=first))

    assert order(bench) == ["second", "first"]


def test_an_open_task_is_not_swept_away(bench: Bench) -> None:
    task = bench.put(Section.TASKS, title="Call", owner=bench.social.person_id, due=bench.day(1), state="accepted")

    refusal = bench.refused(bench.nurse, EntryRetire(section=Section.TASKS, entry=task, reason="tidy"))

    assert "Complete or cancel it first" in refusal.reason


def test_an_entry_moves_up_and_down_and_stops_at_the_ends(bench: Bench) -> None:
    goals = [a_goal(bench, words) for words in ("a", "b", "c")]

    bench.perform(bench.nurse, EntryMove(section=Section.GOALS, entry=goals[2], direction="up"))
    assert order(bench) == ["a", "c", "b"]
    bench.perform(bench.nurse, EntryMove(section=Section.GOALS, entry=goals[0], direction="down"))
    assert order(bench) == ["c", "a", "b"]

    assert bench.refused(bench.nurse, EntryMove(section=Section.GOALS, entry=goals[2], direction="up")).code == "state"
    assert (
        bench.refused(bench.nurse, EntryMove(section=Section.GOALS, entry=goals[1], direction="down")).code == "state"
    )


def test_entries_that_share_a_place_can_still_be_moved(bench: Bench) -> None:
    for words in ("a", "b"):
        last = bench.put(Section.GOALS, description=words, voice=bench.nurse.person_id, position=1.0)

    bench.perform(bench.nurse, EntryMove(section=Section.GOALS, entry=last, direction="up"))

    assert order(bench) == ["b", "a"]


def test_nothing_is_done_to_what_is_not_there(bench: Bench) -> None:
    gone = an_id()

    assert bench.refused(bench.doctor, EntryRetire(section=Section.GOALS, entry=gone, reason="x")).code == "gone"
    assert bench.refused(bench.doctor, EntryMove(section=Section.GOALS, entry=gone, direction="up")).code == "gone"


@pytest.mark.parametrize(
    ("values", "name", "statement"),
    [
        ({"statement": "no known allergies"}, "no known allergies", "no known allergies"),
        ({"statement": "asked, unknown", "name": ""}, "asked, unknown", "asked, unknown"),
        ({"name": "NKDA"}, "NKDA", "no known allergies"),
        ({"name": "Unknown"}, "Unknown", "asked, unknown"),
        ({"name": "Penicillin"}, "Penicillin", None),
    ],
)
def test_what_is_said_of_allergies_is_a_choice_also_where_it_was_typed_as_a_name(
    bench: Bench, values: dict[str, Value], name: str, statement: str | None
) -> None:
    command = EntryCreate(section=Section.MEDICATIONS, values={"kind": "allergy", **values})
    [made] = bench.perform(bench.doctor, command)

    held = bench.entry(Section.MEDICATIONS, made).values
    assert (held["name"], held.get("statement") or None) == (name, statement)


def test_an_allergy_without_a_name_or_a_statement_is_not_made(bench: Bench) -> None:
    command = EntryCreate(section=Section.MEDICATIONS, values={"kind": "allergy"})

    assert bench.refused(bench.doctor, command).field == "name"
