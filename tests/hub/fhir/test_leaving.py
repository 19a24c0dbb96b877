"""What leaves as FHIR is R4 by a validator that is not ours, and comes back as what it was."""

import json
from dataclasses import replace

import fhirkit
import pytest

from auth.commands import Operation
from auth.decisions import decide, facts_of
from auth.roles import Role
from crdt.contents import EntryContent, SectionContent
from crdt.fields import Kind
from crdt.sections import SECTIONS, Section
from hub.demo.seeding import members_of, plan_of
from hub.fhir.bundles import Leaving, document, resources, seen_by
from hub.fhir.comparing import lost
from hub.fhir.people import Subject
from hub.ids import new_id
from hub.workflows.contents import active
from tests.hub.demo.test_stories import KEYS, NOW, PEOPLE, patient_of, played


def leaving_of(key: str, role: Role | None = None) -> Leaving:
    content, _ = played(key)
    patient = patient_of(key)
    plan = replace(plan_of(patient, PEOPLE, content.plan_id), patient_id=new_id())
    people = list(members_of(patient, plan, PEOPLE, NOW).values())
    if role is not None:
        reader = next(each for each in people if each.role is role)
        content = seen_by(content, reader, NOW)
    subject = Subject(
        patient_id=plan.patient_id,
        family=plan.family,
        given=plan.given,
        born=str(plan.born),
        gender=plan.gender,
        numbers=(("MRN", plan.mrn),),
        language=plan.language,
        person=plan.patient or "",
    )
    return Leaving(content=content, subject=subject, people=people, base="https://hub.example/fhir")


@pytest.mark.parametrize("key", KEYS)
def test_everything_that_leaves_is_r4_by_a_validator_that_is_not_ours(key: str) -> None:
    leaving = leaving_of(key)

    whole = document(leaving, leaving.people[0], NOW, new_id())

    problems = [
        f"{each['resourceType']}: {issue}"
        for each in resources(leaving)
        for issue in fhirkit.validate(json.dumps(each))
    ]
    assert sorted(set(problems)) == []
    assert [str(issue) for issue in fhirkit.validate(json.dumps(whole))] == []


@pytest.mark.parametrize("key", KEYS)
def test_every_field_of_every_demo_patient_comes_back_as_it_was(key: str) -> None:
    leaving = leaving_of(key)

    assert lost(leaving, json.loads(json.dumps(resources(leaving)))) == []


@pytest.mark.parametrize("role", [Role.FAMILY, Role.PATIENT, Role.PHARMACIST, Role.SPECIALIST, Role.ADMIN])
def test_no_word_of_what_one_may_not_see_leaves_with_the_rest(role: Role) -> None:
    whole = leaving_of("mary")
    reader = next(each for each in whole.people if each.role is role)
    planted: dict[tuple[Section, str, str], str] = {}
    sections = {}
    for section in Section:
        entries = {each.id: each for each in active(whole.content, section)} or {section.value: an_entry(section)}
        for entry in entries.values():
            texts = [each.name for each in SECTIONS[section].fields if each.kind is Kind.TEXT]
            words = {name: f"canary-{section}-{entry.id}-{name}." for name in texts}
            planted |= {(section, entry.id, name): told for name, told in words.items()}
            entries[entry.id] = replace(entry, values={**entry.values, **words})
        sections[section] = SectionContent(entries)
    plan = replace(whole.content, sections=sections)

    told = json.dumps(document(replace(whole, content=seen_by(plan, reader, NOW)), reader, NOW, new_id()))

    def may_see(section: Section, entry: str, name: str) -> bool:
        facts = facts_of(section, plan.creator(section, entry), sections[section].entries[entry].values)
        return decide(reader, section, Operation.READ, field=name, entry=facts, now=NOW).allowed

    left = {place for place, word in planted.items() if word in told}
    assert {place for place in left if not may_see(*place)} == set()
    assert role is Role.ADMIN or left


def an_entry(section: Section) -> EntryContent:
    return EntryContent(section.value, {"status": "active"}, 0)
