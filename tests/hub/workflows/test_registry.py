from datetime import date, datetime

import pytest

from crdt.sections import SECTIONS, Section
from hub.workflows import registry
from hub.workflows.entries import EntryCreate
from hub.workflows.huddles import HuddleDecide
from hub.workflows.readings import ReadingRecord
from hub.workflows.registry import COMMANDS, Faults, arguments, build
from hub.workflows.suggestions import SuggestionMake
from hub.workflows.tasks import TaskAccept, TaskReassign
from hub.workflows.transitions import TransitionRecord
from hub.workflows.visits import VisitPublish

NAMES = [
    "entry.create",
    "entry.retire",
    "entry.restore",
    "entry.move",
    "task.receive",
    "task.accept",
    "task.reject",
    "task.start",
    "task.hold",
    "task.resume",
    "task.complete",
    "task.fail",
    "task.cancel",
    "task.reassign",
    "referral.ask",
    "referral.send",
    "referral.receive",
    "referral.accept",
    "referral.reject",
    "referral.schedule",
    "referral.seen",
    "referral.no_show",
    "referral.report",
    "referral.close",
    "referral.cancel",
    "referral.recommend",
    "referral.decide_recommendation",
    "referral.record_need_met",
    "suggestion.make",
    "suggestion.accept",
    "suggestion.decline",
    "suggestion.keep",
    "comment.make",
    "comment.resolve",
    "comment.task",
    "medication.prepare",
    "medication.decide",
    "reading.record",
    "correction.ask",
    "medication.say_taken",
    "question.phone",
    "question.task",
    "reading.mark_error",
    "reading.acknowledge",
    "transition.record",
    "transition.contacted",
    "transition.visited",
    "transition.reconciled",
    "transition.attempt",
    "transition.take",
    "transition.follow",
    "handoff.write",
    "handoff.give",
    "handoff.accept",
    "transition.check",
    "transition.ask_result",
    "transition.expect_result",
    "transition.code_result",
    "transition.result",
    "goal.move",
    "social_need.record_met",
    "advance_care.sign",
    "team.accept",
    "team.steward",
    "huddle.decide",
    "huddle.read_back",
    "huddle.sign",
    "question.accept",
    "question.answer",
    "question.reply",
    "question.calm",
    "stay.confirm",
    "stay.known",
    "stay.deny",
    "visit.publish",
    "finding.set_aside",
]

FORM = {"section": Section.GOALS, "entry": "an-entry"}


def faults(name: str, form: dict[str, list[str]], **address: object) -> dict[str, str]:
    built = build(name, form, **{**FORM, **address})  # type: ignore[arg-type]
    assert isinstance(built, Faults), built
    return dict(built.messages)


def test_every_command_has_its_name() -> None:
    assert sorted(COMMANDS) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_form_is_told_exactly_what_is_required(name: str) -> None:
    built = build(name, {}, **FORM)  # type: ignore[arg-type]

    required = {each.name for each in arguments(name) if each.required and each.name != "values"}
    if name == "entry.create":
        required = {field.name for field in SECTIONS[Section.GOALS].fields if field.required}
    assert (set(built.messages) if isinstance(built, Faults) else set()) == required


@pytest.mark.parametrize("name", NAMES)
def test_every_argument_that_a_person_fills_has_a_label(name: str) -> None:
    for argument in arguments(name):
        if argument.name != "values":
            assert argument.asked is not None, argument.name
            assert argument.asked.label


def test_what_the_address_says_is_not_asked_again() -> None:
    assert build("task.accept", {}, section=Section.TASKS, entry="e") == TaskAccept(entry="e")


def test_a_field_that_was_shown_empty_is_not_a_field_that_was_not_shown() -> None:
    shown = build("suggestion.accept", {"key": ["k"], "seen": [""]}, section=Section.GOALS)
    not_shown = build("suggestion.accept", {"key": ["k"]}, section=Section.GOALS)

    assert (shown.seen, not_shown.seen) == ("", None)  # type: ignore[union-attr]


def test_dates_instants_and_numbers_are_read() -> None:
    assert build("task.reassign", {"owner": ["p"], "due": ["2026-12-01"]}, entry="e") == TaskReassign(
        entry="e", owner="p", due=date(2026, 12, 1)
    )
    assert build("reading.record", {"value": [" 71.2 "], "when": ["2026-11-20T08:00:00Z"]}, entry="e") == ReadingRecord(
        entry="e", value="71.2", when=datetime.fromisoformat("2026-11-20T08:00:00+00:00")
    )


@pytest.mark.parametrize(
    ("name", "form", "field"),
    [
        ("task.reassign", {"owner": ["p"], "due": ["soon"]}, "due"),
        ("reading.record", {"value": ["  "]}, "value"),
        ("reading.record", {"value": ["1"], "when": ["2026-11-20T08:00:00"]}, "when"),
        ("goal.move", {"to": ["heaven"]}, "to"),
        ("task.reject", {"reason": ["  "]}, "reason"),
        ("task.reject", {"reason": ["x" * 30_000]}, "reason"),
    ],
)
def test_what_cannot_be_read_is_told_beside_it(name: str, form: dict[str, list[str]], field: str) -> None:
    assert set(faults(name, form)) == {field}


def test_the_values_of_a_new_entry_are_its_fields() -> None:
    form = {
        "description": ["Walk"],
        "voice": ["0190aaaa-0000-7000-8000-000000000002"],
        "target_high": ["7.5"],
        "lifecycle": ["completed"],
        "unit": [""],
    }

    built = build("entry.create", form, section=Section.GOALS)

    assert isinstance(built, EntryCreate)
    assert built.values == {
        "description": "Walk",
        "voice": "0190aaaa-0000-7000-8000-000000000002",
        "target_high": 7.5,
    }


def test_a_set_is_sent_as_boxes_or_as_a_list_with_commas() -> None:
    form = {
        "kind": ["medicine"], "name": ["aspirin"], "dose": ["81 mg"], "frequency": ["daily"],
        "times": ["morning", "noon"], "ingredients": ["aspirin, caffeine"],
    }  # fmt: skip

    built = build("entry.create", form, section=Section.MEDICATIONS)

    assert isinstance(built, EntryCreate)
    assert built.values["times"] == {"morning": True, "noon": True}
    assert built.values["ingredients"] == {"aspirin": True, "caffeine": True}


def test_a_wrong_number_is_told_and_not_dropped() -> None:
    form = {"description": ["Walk"], "voice": ["0190aaaa-0000-7000-8000-000000000002"], "target_high": ["seven"]}

    assert set(faults("entry.create", form, entry="")) == {"target_high"}


def test_rows_are_numbered_and_empty_rows_are_none() -> None:
    form = {
        "topic": ["t"], "decision": ["d"],
        "steps.0.title": ["Call"], "steps.0.owner": ["p"], "steps.0.due": ["2026-12-01"],
        "steps.1.title": [""], "steps.1.owner": [" "],
        "steps.7.title": ["Weigh"], "steps.7.owner": ["q"],
        "attendees": ["p", "q"],
    }  # fmt: skip

    built = build("huddle.decide", form)

    assert isinstance(built, HuddleDecide)
    assert [(step.title, step.owner, step.due) for step in built.steps] == [
        ("Call", "p", date(2026, 12, 1)),
        ("Weigh", "q", None),
    ]
    assert built.attendees == ("p", "q")


def test_a_fault_in_a_row_names_the_row() -> None:
    form = {"answer": ["a"], "starts.2.medicine": ["aspirin"], "starts.2.dose": ["81 mg"], "steps.0.title": ["x"]}

    assert set(faults("visit.publish", form)) == {"starts.2.frequency", "starts.2.why", "steps.0.owner"}


def test_a_visit_update_is_built_whole() -> None:
    form = {
        "answer": ["Heart failure."], "nothing_to_tell": ["on"], "recommendations": ["Echo", "Rehab"],
        "alters.0.entry": ["m"], "alters.0.dose": ["80 mg"], "alters.0.why": ["weight"],
    }  # fmt: skip

    built = build("visit.publish", form, entry="r")

    assert isinstance(built, VisitPublish)
    assert built.nothing_to_tell
    assert built.recommendations == ("Echo", "Rehab")
    assert built.alters[0].dose == "80 mg"


def test_too_many_rows_are_refused_before_they_are_read() -> None:
    form = {"topic": ["t"], "decision": ["d"]} | {f"steps.{n}.title": ["x"] for n in range(41)}

    assert set(faults("huddle.decide", form)) == {"steps"}


def test_a_suggestion_for_a_field_needs_no_whole_entry() -> None:
    built = build("suggestion.make", {"field": ["description"], "value": ["Run"]}, section=Section.GOALS, entry="e")

    assert isinstance(built, SuggestionMake)
    assert (built.entry, built.field, built.value) == ("e", "description", "Run")


def test_a_stay_is_recorded_without_an_entry() -> None:
    form = {"event": ["admitted"], "facility": ["X"], "start": ["2026-11-20T08:00:00Z"]}

    assert isinstance(build("transition.record", form, section=Section.TRANSITIONS), TransitionRecord)


def test_an_unknown_command_is_no_command() -> None:
    with pytest.raises(KeyError):
        build("task.explode", {})
    assert registry.COMMANDS["task.accept"] is TaskAccept
