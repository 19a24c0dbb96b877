"""Who acts for a patient by law: on what ground, until when, and what stays between a minor and the team."""

from datetime import datetime, timedelta

import pytest

from auth.consents import Consent, ConsentRefusal, How, record
from auth.decisions import Grant, grant_of
from auth.grants import compile_grants
from auth.invitations import guardian_refusal
from auth.policy import CONFIDENTIAL
from auth.roles import Basis, Narrowing, Participant, Role
from crdt.sections import Section
from tests.auth.builders import HOUR, NOW, OTHER, PATIENT, a_participant

MOMENT = timedelta(microseconds=1)
GUARDIAN = a_participant(Role.GUARDIAN, person_id=OTHER, confidential_from=NOW + HOUR)
OPEN = Narrowing("granted")


@pytest.mark.parametrize("section", sorted(CONFIDENTIAL))
def test_what_is_confidential_closes_to_a_guardian_at_the_very_instant(section: Section) -> None:
    grants = compile_grants(GUARDIAN, NOW)

    assert grants.until == NOW + HOUR, "a live page asks again then"
    assert grant_of(GUARDIAN, section, NOW + HOUR - MOMENT) is not Grant.NONE
    assert grant_of(GUARDIAN, section, NOW + HOUR) is Grant.NONE
    assert section not in compile_grants(GUARDIAN, NOW + HOUR).documents
    assert grant_of(GUARDIAN, Section.MEDICATIONS, NOW + HOUR) is not Grant.NONE


def consent(
    recorder: Participant, section: Section, narrowing: Narrowing | None, how: How = How.PAGE, guardian: str = ""
) -> str:
    answer = record(recorder, GUARDIAN, section, narrowing, how=how, now=NOW, guardian=guardian)
    return answer.code if isinstance(answer, ConsentRefusal) else ""


def test_the_patient_opens_what_is_confidential_and_changes_nothing_else_of_a_guardian() -> None:
    patient, manager = a_participant(Role.PATIENT, person_id=PATIENT), a_participant(Role.CARE_MANAGER)
    mental = Section.BEHAVIORAL_HEALTH

    assert consent(patient, mental, OPEN) == ""
    assert consent(patient, mental, None) == "", "and closes it again"
    assert consent(patient, Section.MEDICATIONS, Narrowing("none")) == "guardian"
    assert consent(manager, mental, OPEN, How.TELEPHONE) == "", "what the patient said by telephone"
    assert consent(manager, mental, OPEN, How.TELEPHONE, OTHER) == "guardian", "nobody opens it for themselves"
    assert consent(manager, Section.MEDICATIONS, Narrowing("none"), How.TELEPHONE) == ""
    another = a_participant(Role.GUARDIAN)
    assert consent(another, mental, OPEN) == consent(another, Section.GOALS, Narrowing("none")) == "guardian"


def test_a_guardian_agrees_for_a_patient_who_never_signs_in() -> None:
    relative = a_participant(Role.FAMILY, person_id="aunt", patient_id="")
    manager = a_participant(Role.CARE_MANAGER, patient_id="")

    nobody = record(manager, relative, Section.GOALS, Narrowing("none"), how=How.TELEPHONE, now=NOW)
    by_telephone = record(
        manager, relative, Section.GOALS, Narrowing("none"), how=How.TELEPHONE, now=NOW, guardian=OTHER
    )
    on_the_page = record(GUARDIAN, relative, Section.GOALS, Narrowing("none"), how=How.PAGE, now=NOW)

    assert isinstance(nobody, ConsentRefusal)
    assert isinstance(by_telephone, Consent)
    assert isinstance(on_the_page, Consent)
    assert by_telephone.agreed_by == on_the_page.agreed_by == OTHER


@pytest.mark.parametrize(
    ("basis", "authority", "ends", "of_age", "code"),
    [
        (Basis.MINOR, "birth certificate", NOW + HOUR, NOW + HOUR, ""),
        (Basis.INCAPABLE, "court order", NOW + HOUR, NOW, ""),
        (Basis.NONE, "birth certificate", NOW + HOUR, NOW + HOUR, "basis"),
        (Basis.MINOR, "  ", NOW + HOUR, NOW + HOUR, "authority"),
        (Basis.MINOR, "x" * 201, NOW + HOUR, NOW + HOUR, "authority"),
        (Basis.MINOR, "birth certificate", NOW + HOUR, None, "basis"),
        (Basis.MINOR, "birth certificate", NOW + HOUR, NOW, "basis"),
        (Basis.INCAPABLE, "court order", NOW + HOUR, NOW + MOMENT, "basis"),
        (Basis.MINOR, "birth certificate", NOW + HOUR + MOMENT, NOW + HOUR, "ends"),
    ],
)
def test_a_ground_that_does_not_hold_lets_nobody_act(
    basis: Basis, authority: str, ends: datetime, of_age: datetime | None, code: str
) -> None:
    asked = guardian_refusal(Role.GUARDIAN, basis, authority, access_ends=ends, of_age=of_age, now=NOW)

    assert (asked.code if asked is not None else "") == code
    assert guardian_refusal(Role.FAMILY, basis, authority, access_ends=ends, of_age=of_age, now=NOW) is None
