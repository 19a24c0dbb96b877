"""What leaves as FHIR is R4 by a validator that is not ours, and comes back as what it was."""

import json
from dataclasses import replace

import fhirkit
import pytest

from auth.roles import Role
from hub.demo.seeding import members_of, plan_of
from hub.fhir.bundles import Leaving, document, resources, seen_by
from hub.fhir.comparing import lost
from hub.fhir.people import Subject
from hub.ids import new_id
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
