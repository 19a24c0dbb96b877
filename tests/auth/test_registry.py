"""Who may keep the directory: the table, cell by cell, and that no capacity at all allows nothing."""

import pytest

from auth.policy import MATRIX
from auth.registry import TABLE, Capacity, Duty, Keeper, refusal
from auth.roles import Role
from crdt.sections import Section

ALLOWED = {
    Duty.ADMINISTER: {Capacity.ADMINISTRATOR},
    Duty.REGISTER: {Capacity.ADMINISTRATOR, Capacity.REGISTRAR, Capacity.PRIMARY_CARE, Capacity.CARE_MANAGER},
    Duty.OPEN: {Capacity.ADMINISTRATOR, Capacity.REGISTRAR, Capacity.PRIMARY_CARE, Capacity.CARE_MANAGER},
    Duty.STAFF: {Capacity.ADMINISTRATOR, Capacity.REGISTRAR, Capacity.STEWARD, Capacity.PRIMARY_CARE_HERE},
    Duty.CLOSE: {Capacity.STEWARD, Capacity.PRIMARY_CARE_HERE},
}


@pytest.mark.parametrize("standing", Capacity)
@pytest.mark.parametrize("duty", Duty)
def test_the_table_says_what_was_decided(standing: Capacity, duty: Duty) -> None:
    assert (duty in TABLE[standing]) == (standing in ALLOWED[duty])


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("duty", Duty)
def test_a_role_alone_allows_only_what_its_row_says(role: Role, duty: Duty) -> None:
    rows = {Role.REGISTRAR: Capacity.REGISTRAR, Role.PRIMARY_CARE: Capacity.PRIMARY_CARE,
            Role.CARE_MANAGER: Capacity.CARE_MANAGER}  # fmt: skip

    told = refusal(Keeper("me", role, may_administer=False), duty)

    assert (told == "") == (role in rows and rows[role] in ALLOWED[duty])


def test_the_role_of_administrator_without_the_right_administers_nothing() -> None:
    assert refusal(Keeper("me", Role.ADMIN, may_administer=False), Duty.ADMINISTER)
    assert not refusal(Keeper("me", Role.PHARMACIST, may_administer=True), Duty.ADMINISTER)


def test_a_registrar_sees_no_content_of_any_section() -> None:
    assert {MATRIX[Role.REGISTRAR, section].grant.value for section in Section} == {"none"}
