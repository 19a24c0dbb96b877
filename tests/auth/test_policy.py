"""The table is whole, and each rule over fields and entries is what it says."""

import pytest

from auth.policy import (
    COLUMNS,
    MATRIX,
    EntryFacts,
    Grant,
    field_rule,
    first_value_rule,
    hidden,
    hides_entries,
    related,
    signed,
)
from auth.roles import PATIENT_SIDE, Role
from crdt.fields import Value
from crdt.sections import SECTIONS, TEAM_ALONE, Section
from tests.auth.builders import ME, OTHER, PATIENT, a_participant, an_entry


def test_every_role_has_a_cell_in_every_section() -> None:
    assert set(MATRIX) == {(role, section) for role in Role for section in Section}
    assert set(COLUMNS) == set(Role)


def test_every_part_a_cell_names_is_a_free_field_of_its_section() -> None:
    for (role, section), cell in MATRIX.items():
        for name in (cell.parts or frozenset()) | (cell.shows or frozenset()):
            field = SECTIONS[section].field(name)
            assert field is not None, (role, section, name)
            assert not field.command, (role, section, name)


def test_no_cell_of_the_patients_side_reaches_the_teams_notes() -> None:
    for role in (*PATIENT_SIDE, Role.AUDITOR, Role.ADMIN):
        assert MATRIX[role, Section.STAFF_NOTES].grant is Grant.NONE


@pytest.mark.parametrize("section", Section)
def test_a_steward_of_every_section_exists(section: Section) -> None:
    assert any(MATRIX[role, section].creates for role in Role)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, False),
        ({"signed_by": {}}, False),
        ({"signed_by": {ME: False}}, False),
        ({"signed_by": {ME: False, OTHER: True}}, True),
        ({"content_hash": ""}, False),
        ({"signed_by": {}, "content_hash": "e3b0"}, True),
        ({"content_hash": "e3b0"}, True),
    ],
)
def test_a_signature_or_a_hash_makes_a_decision_signed(values: dict[str, Value], expected: bool) -> None:
    assert signed(EntryFacts(OTHER, values=values)) is expected


def test_ownership_is_making_or_being_named_and_never_of_the_nameless() -> None:
    assert related(ME, Section.TASKS, an_entry(creator=ME))
    assert related(ME, Section.TASKS, an_entry(backup=ME))
    assert not related(ME, Section.TASKS, an_entry(requester=ME))
    assert not related("", Section.TASKS, an_entry(creator="", owner=""))


def test_a_sensitive_need_is_hidden_from_the_family_whatever_the_matrix_says() -> None:
    daughter, patient = a_participant(Role.FAMILY), a_participant(Role.PATIENT)

    assert hidden(daughter, Section.SOCIAL_NEEDS, an_entry(sensitive="yes"))
    assert hidden(daughter, Section.SOCIAL_NEEDS, an_entry())
    assert not hidden(daughter, Section.SOCIAL_NEEDS, an_entry(sensitive="no"))
    assert not hidden(patient, Section.SOCIAL_NEEDS, an_entry(sensitive="yes"))


@pytest.mark.parametrize("section", Section)
@pytest.mark.parametrize("role", Role)
def test_what_hides_entries_is_known_beforehand(role: Role, section: Section) -> None:
    entries = [an_entry(sensitive="yes", family_visible="no", readers=TEAM_ALONE), an_entry()]

    assert hides_entries(role, section) == any(hidden(a_participant(role), section, each) for each in entries)


def test_the_patients_words_are_the_patients() -> None:
    entry = an_entry(voice=PATIENT)

    assert field_rule(a_participant(Role.PRIMARY_CARE), Section.GOALS, "description", entry) == "patients-words"
    assert field_rule(a_participant(Role.PRIMARY_CARE), Section.GOALS, "voice", entry) == "patients-words"
    assert field_rule(a_participant(Role.PRIMARY_CARE), Section.GOALS, "barriers", entry) == ""
    assert field_rule(a_participant(Role.PATIENT, person_id=PATIENT), Section.GOALS, "description", entry) == ""


def test_an_accepted_task_changes_hands_by_its_command_only() -> None:
    person = a_participant(Role.PRIMARY_CARE)

    assert field_rule(person, Section.TASKS, "owner", an_entry(state="requested")) == ""
    assert field_rule(person, Section.TASKS, "owner", an_entry(state="accepted")) == "task-owned"
    assert field_rule(person, Section.TASKS, "title", an_entry(state="accepted")) == ""


@pytest.mark.parametrize(
    ("section", "values", "role", "code"),
    [
        (Section.ADVANCE_CARE, {"code_status": "full code"}, Role.PATIENT, "signer-only"),
        (Section.ADVANCE_CARE, {"code_status": "full code"}, Role.PRIMARY_CARE, ""),
        (Section.ADVANCE_CARE, {"code_status": ""}, Role.PATIENT, ""),
        (Section.MEDICATIONS, {"reconciliation": "unreconciled"}, Role.SPECIALIST, ""),
        (Section.MEDICATIONS, {"reconciliation": "continue"}, Role.SPECIALIST, "reconciliation-later"),
        (Section.MEDICATIONS, {"reconciliation": "continue", "prescriber": ME}, Role.SPECIALIST, ""),
        (Section.HUDDLES, {"content_hash": "e3b0"}, Role.PRIMARY_CARE, "sign-later"),
        (Section.CAREGIVER_LOG, {"answer": "Rest."}, Role.FAMILY, "answer-team"),
        (Section.CARE_TEAM, {"steward": "yes"}, Role.SPECIALIST, "steward-only"),
        (Section.CARE_TEAM, {"steward": "yes"}, Role.CARE_MANAGER, ""),
        (Section.GOALS, {"lifecycle": "active"}, Role.FAMILY, ""),
    ],
)
def test_a_new_entry_comes_without_signatures_and_decisions_of_others(
    section: Section, values: dict[str, str], role: Role, code: str
) -> None:
    assert first_value_rule(a_participant(role), section, an_entry(**values)) == code
