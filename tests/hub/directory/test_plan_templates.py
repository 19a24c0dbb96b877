"""Templates of plans: every file fits the sections, names people by their part, and is put into a plan once."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from auth.roles import Participant, Role
from crdt.changes import Create
from crdt.sections import Section
from hub.directory.plan_templates import STEWARD, TemplateError, plan_templates, read_template
from hub.ids import new_id
from hub.live.authority import refused
from hub.live.commands import PlanContent, Refusal
from hub.workflows.imagined import imagined
from hub.workflows.plan_beginning import PlanBegin, lacking_of

PLAN = "0193e5a0-0000-7000-8000-000000000001"
NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
RUIZ, KIM = "0193e5a0-0000-7000-8000-00000000000a", "0193e5a0-0000-7000-8000-00000000000b"
TEAM = {STEWARD: KIM, "care manager": KIM, "primary care": RUIZ}


def begun(name: str, role: Role, person: str, plan: PlanContent) -> list[Create]:
    template = plan_templates()[name]
    chosen = frozenset(each.id_in(PLAN, name) for each in template.entries)
    command = PlanBegin(template=template, people=TEAM, chosen=chosen)
    actor = Participant(person, PLAN, "Somebody", role)
    made = command.changes(plan, actor, NOW, new_id)
    assert not isinstance(made, Refusal), made.reason
    assert refused(plan, actor, command, made, NOW) is None
    return [each for each in made if isinstance(each, Create)]


def test_there_are_templates_for_three_kinds_of_patients() -> None:
    assert set(plan_templates()) == {"after-hospital", "diabetes-kidney", "heart-failure"}


@pytest.mark.parametrize("name", ["after-hospital", "diabetes-kidney", "heart-failure"])
def test_a_template_holds_no_medicine_and_no_dose(name: str) -> None:
    assert {each.section for each in plan_templates()[name].entries}.isdisjoint({Section.MEDICATIONS})


@pytest.mark.parametrize("name", ["after-hospital", "diabetes-kidney", "heart-failure"])
def test_primary_care_puts_all_of_it_into_a_plan_and_only_once(name: str) -> None:
    empty = PlanContent(PLAN, {})
    first = begun(name, Role.PRIMARY_CARE, RUIZ, empty)

    after = imagined(empty, first, by=1)

    lacking = lacking_of(after, plan_templates()[name])
    assert {each.label for each in lacking} <= {"pharmacist"}  # Nobody of the team is one.
    tasks = {str(each.values["owner"]) for each in first if each.section is Section.TASKS}
    assert tasks == {KIM, RUIZ}


def test_a_care_manager_leaves_the_problems_to_primary_care() -> None:
    empty = PlanContent(PLAN, {})
    nurse = begun("heart-failure", Role.CARE_MANAGER, KIM, empty)
    after = imagined(empty, nurse, by=1)
    doctor = begun("heart-failure", Role.PRIMARY_CARE, RUIZ, after)

    assert {each.section for each in nurse} == {Section.CARE_TEAM, Section.GOALS, Section.MONITORING, Section.TASKS}
    assert {each.section for each in doctor} >= {Section.CONDITIONS}
    steward = next(each for each in nurse if each.section is Section.CARE_TEAM)
    assert (steward.values["person"], steward.values["steward"], steward.values["accepted"]) == (KIM, "yes", "yes")


def test_days_are_counted_from_the_day_it_is_put_into_the_plan_and_what_is_retired_stays_away() -> None:
    empty = PlanContent(PLAN, {})
    made = begun("after-hospital", Role.PRIMARY_CARE, RUIZ, empty)
    call = next(each for each in made if str(each.values.get("title", "")).startswith("Call the patient"))
    after = imagined(empty, made, by=1)
    gone = {
        entry: replace(it, values={**it.values, "status": "retired"})
        for entry, it in after.entries(Section.TASKS).items()
    }
    tasks = replace(after.sections[Section.TASKS], entries=gone)
    retired = replace(after, sections={**after.sections, Section.TASKS: tasks})

    assert call.values["due"] == date(2026, 11, 29).isoformat()
    assert [each.label for each in lacking_of(retired, plan_templates()["after-hospital"])] == []


def test_the_family_puts_nothing_of_a_template_into_a_plan() -> None:
    template = plan_templates()["heart-failure"]
    chosen = frozenset(each.id_in(PLAN, template.name) for each in template.entries)
    family = Participant("emily", PLAN, "Emily", Role.AUDITOR)

    answer = PlanBegin(template=template, people=TEAM, chosen=chosen).changes(
        PlanContent(PLAN, {}), family, NOW, new_id
    )

    assert isinstance(answer, Refusal)


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ('title = "x"\nwho = "y"', "who is no field"),
        ('title = "x"', "owner is missing"),
        ('title = "x"\nowner = "0193e5a0"\ndue = {days = 1}', "must not name one person"),
        ('title = "x"\nowner = {person = ["plumber"]}\ndue = {days = 1}', "names no part: plumber"),
        ('title = "x"\nowner = {person = ["steward"]}\ndue = {days = 1}\nstate = "accepted"', "state is no field"),
        (
            'title = "x"\nowner = {person = ["steward"]}\ndue = {days = 1}\nsupports = {entries = ["b"]}',
            "not in the file",
        ),
    ],
)
def test_a_file_that_does_not_fit_is_refused_with_the_place(line: str, fault: str) -> None:
    text = f'title = "T"\npurpose = "P"\n[[entries]]\nsection = "tasks"\nlabel = "a"\n{line}'

    with pytest.raises(TemplateError, match=fault):
        read_template("t", text)
