"""What a consent may say, and who may record it."""

from datetime import datetime

import pytest

from auth.consents import Consent, ConsentRefusal, How, choices, record
from auth.decisions import Grant, grant_of
from auth.roles import Narrowing, Participant, Role
from crdt.sections import Section
from tests.auth.builders import HOUR, ME, NOW, OTHER, PATIENT, a_participant

LATER = NOW + HOUR


def recorded(
    recorder: Participant,
    narrowing: Narrowing | None,
    *,
    subject: Role = Role.SPECIALIST,
    section: Section = Section.GOALS,
    how: How = How.PAGE,
) -> str:
    answer = record(recorder, a_participant(subject, person_id=OTHER), section, narrowing, how=how, now=NOW)
    return answer.code if isinstance(answer, ConsentRefusal) else ""


THE_PATIENT = a_participant(Role.PATIENT, person_id=PATIENT)
HIDE = Narrowing("none")


@pytest.mark.parametrize("role", Role)
def test_the_patient_a_guardian_primary_care_and_the_care_manager_record(role: Role) -> None:
    recorder = a_participant(role)
    how = How.PAGE if role in (Role.PATIENT, Role.GUARDIAN) else How.IN_PERSON

    allowed = recorded(recorder, HIDE, how=how) == ""

    assert allowed == (role in (Role.PATIENT, Role.GUARDIAN, Role.PRIMARY_CARE, Role.CARE_MANAGER))


def test_staff_say_how_the_patient_agreed() -> None:
    assert recorded(a_participant(Role.CARE_MANAGER), HIDE, how=How.PAGE) == "how"
    assert recorded(a_participant(Role.CARE_MANAGER, patient_id=""), HIDE, how=How.WRITTEN) == "agreed"
    assert recorded(THE_PATIENT, HIDE, how=How.WRITTEN) == "how"


def test_nobody_records_about_themselves_or_narrows_the_patient() -> None:
    me = a_participant(Role.PRIMARY_CARE, person_id=OTHER)

    assert recorded(me, HIDE, subject=Role.PRIMARY_CARE, how=How.IN_PERSON) == "self"
    assert recorded(a_participant(Role.CARE_MANAGER), HIDE, subject=Role.PATIENT, how=How.IN_PERSON) == "patient"


@pytest.mark.parametrize(
    "recorder",
    [
        a_participant(Role.PRIMARY_CARE, removed=True),
        a_participant(Role.PRIMARY_CARE, ends=NOW),
        a_participant(Role.PRIMARY_CARE, broke_glass_until=LATER),
    ],
)
def test_only_a_current_member_records(recorder: Participant) -> None:
    assert recorded(recorder, HIDE, how=How.IN_PERSON) == "not-member"


@pytest.mark.parametrize(
    ("access", "ends", "code"),
    [
        ("none", None, ""),
        ("read", LATER, ""),
        ("read", NOW, "ends"),
        ("granted", LATER, "access"),
        ("write", None, "access"),
    ],
)
def test_an_ordinary_section_is_hidden_or_left_for_reading(access: str, ends: datetime | None, code: str) -> None:
    assert recorded(THE_PATIENT, Narrowing(access, ends)) == code


def test_what_is_read_only_anyway_can_only_be_hidden() -> None:
    assert choices(Role.SPECIALIST, Section.ABOUT_ME) == ("none",)
    assert choices(Role.FAMILY, Section.STAFF_NOTES) == ()
    assert choices(Role.PATIENT, Section.GOALS) == ()
    assert choices(Role.SPECIALIST, Section.GOALS) == ("none", "read")


def test_behavioural_health_opens_with_an_end_and_in_writing() -> None:
    def code(narrowing: Narrowing, how: How, recorder: Participant) -> str:
        return recorded(recorder, narrowing, subject=Role.PRIMARY_CARE, section=Section.BEHAVIORAL_HEALTH, how=how)

    manager = a_participant(Role.CARE_MANAGER)
    assert code(Narrowing("granted", LATER), How.PAGE, THE_PATIENT) == ""
    assert code(Narrowing("granted", LATER), How.WRITTEN, manager) == ""
    assert code(Narrowing("granted", LATER), How.TELEPHONE, manager) == "how"
    assert code(Narrowing("granted", None), How.PAGE, THE_PATIENT) == "ends"


def test_a_consent_can_be_taken_back_and_names_who_agreed() -> None:
    answer = record(
        a_participant(Role.CARE_MANAGER),
        a_participant(Role.FAMILY, person_id=OTHER),
        Section.GOALS,
        None,
        how=How.TELEPHONE,
        now=NOW,
    )

    assert isinstance(answer, Consent)
    assert (answer.agreed_by, answer.recorded_by, answer.narrowing) == (PATIENT, ME, None)
    assert answer.text_version


@pytest.mark.parametrize("section", Section)
@pytest.mark.parametrize("role", Role)
def test_every_choice_offered_is_understood_by_the_decision(role: Role, section: Section) -> None:
    for access in choices(role, section):
        person = a_participant(role, consents={section: Narrowing(access, LATER)}, assigned=frozenset({section}))
        expected = Grant.NONE if access == "none" else Grant.READ
        if (role, section, access) == (Role.FAMILY, Section.CAREGIVER_LOG, "granted"):
            expected = Grant.WRITE_OWN  # It opens nothing: it lets them write to the team alone.
        if (role, section, access) == (Role.GUARDIAN, Section.SOCIAL_NEEDS, "granted"):
            expected = Grant.CONTRIBUTE  # What their role says, also where it is confidential to a minor.
        assert grant_of(person, section, NOW) is expected
