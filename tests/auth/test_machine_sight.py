"""A machine sees what a colleague of its role sees, narrowed by scopes, and what is told in confidence never."""

import pytest

from auth.decisions import Operation, decide, fields_visible, sections_readable
from auth.machine_sight import sight
from auth.roles import Participant, Role
from auth.scopes import read_scopes
from crdt.sections import Section
from tests.auth.builders import NOW

NEVER = {Section.BEHAVIORAL_HEALTH, Section.STAFF_NOTES}
KEPT_FROM = {
    Role.PRIMARY_CARE: NEVER,
    Role.SPECIALIST: NEVER,
    Role.CARE_MANAGER: NEVER,
    Role.PHARMACIST: NEVER | {Section.SOCIAL_NEEDS},
    Role.SOCIAL_WORKER: NEVER,
}
"""Written by hand, not read from the policy."""


@pytest.mark.parametrize("role", KEPT_FROM)
def test_with_every_scope_it_sees_what_its_role_sees_but_for_what_is_told_in_confidence(role: Role) -> None:
    machine = sight("m", "EHR", role, read_scopes(["system/*.cruds"]), "plan", closed=False)
    colleague = Participant("c", "plan", "Colleague", role)

    assert sections_readable(machine, NOW) == set(Section) - KEPT_FROM[role]
    for section in Section:
        assert fields_visible(machine, section, NOW) <= fields_visible(colleague, section, NOW)


@pytest.mark.parametrize(
    ("scope", "opened"),
    [
        ("system/Goal.rs", {Section.GOALS}),
        ("system/AllergyIntolerance.r", {Section.MEDICATIONS}),
        ("system/Condition.s", {Section.CONDITIONS, Section.SOCIAL_NEEDS}),
        ("system/Communication.rs", {Section.CAREGIVER_LOG}),
        ("system/Goal.u", set()),
        ("system/Patient.rs", set()),
    ],
)
def test_a_scope_opens_the_sections_of_its_type_and_no_other(scope: str, opened: set[Section]) -> None:
    machine = sight("m", "EHR", Role.PRIMARY_CARE, read_scopes([scope]), "plan", closed=False)

    assert sections_readable(machine, NOW) == opened


def test_without_a_scope_to_change_it_may_only_read_and_in_a_closed_plan_nobody_changes() -> None:
    def may_write(scope: str, closed: bool) -> bool:
        machine = sight("m", "EHR", Role.PRIMARY_CARE, read_scopes([scope]), "plan", closed=closed)
        return decide(machine, Section.GOALS, Operation.WRITE, field="due", now=NOW).allowed

    assert [may_write("system/Goal.rs", False), may_write("system/Task.cruds", False)] == [False, False]
    assert may_write("system/Goal.cruds", False)
    assert not may_write("system/Goal.cruds", True)
