"""The stories pass the rules that everyone passes, and tell what the demo is for."""

import re
from datetime import UTC, datetime
from functools import cache

import pytest

from auth.decisions import Operation, decide, facts_of
from auth.roles import Role
from crdt.sections import SECTIONS, Section
from hub.demo.people import cast
from hub.demo.seeding import PATIENTS, DemoPatient, members_of, plan_of, told
from hub.ids import new_id
from hub.live.commands import COMMAND_CHANGES_MAX, PlanContent, Refusal
from hub.live.performing import ROWS_PER_ENTRY_MAX
from hub.safety.plan_charts import screened
from hub.workflows.agendas import Brief, agenda
from hub.workflows.contents import active, words
from hub.workflows.entries import faults_of
from hub.workflows.imagined import imagined
from hub.workflows.medications import unreconciled
from hub.workflows.waiting import waiting_on

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
PEOPLE = cast(new_id)
KEYS = [patient.key for patient in PATIENTS]


@cache
def played(key: str, now: datetime = NOW) -> tuple[PlanContent, dict[str, str]]:
    """Return the plan after its story, played on rules alone, and the ids of its labels."""
    patient = next(each for each in PATIENTS if each.key == key)
    plan = plan_of(patient, PEOPLE, new_id())
    members = members_of(patient, plan, PEOPLE, now)
    clients = {person: client for client, person in enumerate(members, start=1)}
    content = PlanContent(plan.plan_id, {}, {client: person for person, client in clients.items()})
    story = told(patient, PEOPLE, now, new_id)
    for actor, batch in story.batches():
        changes = batch.changes(content, members[actor], now, new_id)
        assert not isinstance(changes, Refusal), (members[actor].name, changes)
        assert len(changes) <= COMMAND_CHANGES_MAX
        touched = {getattr(change, "entry", getattr(change, "key", "")) for change in changes}
        assert len(touched) <= ROWS_PER_ENTRY_MAX, "each entry gets a row of its own"
        content = imagined(content, changes, by=clients[actor])
    return content, story.labels


def patient_of(key: str) -> DemoPatient:
    return next(each for each in PATIENTS if each.key == key)


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("day", range(17, 24))
def test_every_step_passes_the_rules_on_every_day_of_the_week(key: str, day: int) -> None:
    played(key, NOW.replace(day=day, hour=day % 24))


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize(("hour", "minute"), [(0, 0), (0, 1), (6, 30), (12, 0), (23, 59)])
def test_every_step_passes_the_rules_at_every_hour(key: str, hour: int, minute: int) -> None:
    played(key, NOW.replace(hour=hour, minute=minute))


@pytest.mark.parametrize("key", KEYS)
def test_every_entry_holds_what_its_form_requires(key: str) -> None:
    content, _ = played(key)

    for section in Section:
        declared = SECTIONS[section]
        for entry in active(content, section):
            free = {
                field.name: entry.values[field.name]
                for field in declared.all_fields
                if not field.command and entry.values.get(field.name) not in (None, "", {})
            }
            assert faults_of(section, free) == {}, (section, entry.values)


@pytest.mark.parametrize("key", KEYS)
def test_the_words_follow_the_rules_of_clinical_text(key: str) -> None:
    content, _ = played(key)
    broken = re.compile(r"\d\.0+\s*(mg|mcg|g)\b|(?<!\d)\.\d|\b(QD|QOD|IU)\b|µ|[<>]|\d(mg|mcg)\b")

    for section in content.sections:
        for entry in active(content, section):
            for name, value in entry.values.items():
                form = getattr(SECTIONS[section].field(name), "form", "")
                if isinstance(value, str) and form != "range":
                    assert not broken.search(value), (name, value)


@pytest.mark.parametrize("key", KEYS)
def test_every_plan_is_rich_and_gives_something_to_talk_about(key: str) -> None:
    content, _ = played(key)
    filled = {section for section in Section if active(content, section)}

    assert filled >= {
        Section.ABOUT_ME, Section.CARE_TEAM, Section.CONDITIONS, Section.GOALS, Section.MEDICATIONS, Section.TASKS,
        Section.MONITORING,
    } - ({Section.MONITORING} if key == "harold" else set())  # fmt: skip
    assert sum(len(active(content, section)) for section in filled) >= 20
    assert agenda([Brief(content, key)], NOW)


FROM_ELSEWHERE = {Role.REFERRAL_COORDINATOR, Role.FACILITY_NURSE, Role.COMMUNITY_WORKER, Role.GUARDIAN}
"""They come into a plan for a while, by an invitation; no story of the demo has them."""


def test_all_roles_are_on_stage() -> None:
    assert {person.role for person in PEOPLE.values()} == set(Role) - FROM_ELSEWHERE
    for patient in PATIENTS:
        assert {PEOPLE[key].role for key in patient.members} >= {
            Role.PRIMARY_CARE, Role.CARE_MANAGER, Role.PHARMACIST, Role.SOCIAL_WORKER, Role.AUDITOR, Role.ADMIN,
        }  # fmt: skip


def test_mary_is_mid_story() -> None:
    content, labels = played("mary")

    assert words(content.entries(Section.REFERRALS)[labels["cardiology"]].values, "state") == "scheduled"
    assert words(content.entries(Section.REFERRALS)[labels["rides"]].values, "state") == "requested"
    assert {words(each.values, "name") for each in unreconciled(content)} >= {"atorvastatin", "naproxen", "ticagrelor"}
    stay = content.entries(Section.TRANSITIONS)[labels["stay"]].values
    assert words(stay, "event") == "discharged"
    assert words(stay, "contact_done")
    assert not words(stay, "visit_done")
    assert "nsaid-ras" in {finding.rule for finding in screened(content, NOW).findings}
    assert content.sections[Section.GOALS].suggestions
    members = members_of(patient_of("mary"), plan_of(patient_of("mary"), PEOPLE, content.plan_id), PEOPLE, NOW)
    for key in ("ruiz", "lee", "kim", "becker", "torres", "emily"):
        assert waiting_on(content, members[PEOPLE[key].person_id], NOW), key


def test_joyces_weight_is_red_and_she_leads_the_agenda() -> None:
    items = agenda([Brief(played(key)[0], key) for key in KEYS], NOW)

    assert items[0].patient == "joyce"


def test_what_kayla_tells_her_psychologist_is_seen_by_those_she_named_alone() -> None:
    content, labels = played("kayla")
    patient = patient_of("kayla")
    members = members_of(patient, plan_of(patient, PEOPLE, content.plan_id), PEOPLE, NOW)
    section = Section.BEHAVIORAL_HEALTH
    entry = content.entries(section)[labels["bipolar"]]
    known = facts_of(section, content.creator(section, entry.id), entry.values)

    seen = {
        key
        for key in (patient.key, *patient.members)
        if decide(members[PEOPLE[key].person_id], section, Operation.READ, entry=known, now=NOW).allowed
    }

    assert seen == {"kayla", "stein", "ruiz"}


def test_a_batch_is_refused_whole_when_one_step_is() -> None:
    patient = patient_of("mary")
    plan = plan_of(patient, PEOPLE, new_id())
    members = members_of(patient, plan, PEOPLE, NOW)
    story = told(patient, PEOPLE, NOW, new_id)
    emily = PEOPLE["emily"].person_id
    _, batch = story.batches()[1]

    refusal = batch.changes(PlanContent(plan.plan_id, {}), members[emily], NOW, new_id)

    assert isinstance(refusal, Refusal)
