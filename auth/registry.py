"""Who may keep the directory: register patients, open and close plans, administer people. One table.

None of it opens content: what stands in a plan is shown by ``auth.policy`` alone, to those who take part in it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from auth.roles import Role


class Duty(StrEnum):
    """What somebody wants to do to the directory."""

    ADMINISTER = "administer"
    """People of the staff, organisations, the hub's health."""
    REGISTER = "register"
    """Find, register and correct patients: identity alone."""
    OPEN = "open"
    """Open a plan for a registered patient, with its steward and team."""
    STAFF = "staff"
    """Add, replace and end staff in a plan, the steward included."""
    CLOSE = "close"
    """Close a plan with a reason, and open it again."""


class Capacity(StrEnum):
    """In what capacity somebody asks."""

    ADMINISTRATOR = "administrator"
    REGISTRAR = "registrar"
    PRIMARY_CARE = "primary care"
    CARE_MANAGER = "care manager"
    STEWARD = "steward"
    """Answers for this very plan."""
    PRIMARY_CARE_HERE = "primary care of this plan"


_ROWS: Final = """
                           administer  register  open  staff  close
administrator              yes         yes       yes   yes    no
registrar                  no          yes       yes   yes    no
primary care               no          yes       yes   no     no
care manager               no          yes       yes   no     no
steward                    no          no        no    yes    yes
primary care of this plan  no          no        no    yes    yes
"""

TABLE: Final[Mapping[Capacity, frozenset[Duty]]] = MappingProxyType(
    {
        Capacity(line[:27].strip()): frozenset(
            duty for duty, word in zip(Duty, line[27:].split(), strict=True) if word == "yes"
        )
        for line in _ROWS.strip("\n").splitlines()[1:]
    }
)
"""What each capacity allows; whoever has several may do what any of them allows."""

_REASONS: Final[Mapping[Duty, str]] = {
    Duty.ADMINISTER: "Only an administrator does this.",
    Duty.REGISTER: "Only registrars, administrators, primary care and care managers register patients.",
    Duty.OPEN: "Only registrars, administrators, primary care and care managers open plans.",
    Duty.STAFF: "Only registrars, administrators, the steward and primary care of this plan change its team.",
    Duty.CLOSE: "Only the steward and primary care of this plan close it or open it again.",
}


@dataclass(frozen=True, slots=True)
class Keeper:
    """Somebody of the staff who asks, with their part in the plan it is about, if it is about one."""

    person_id: str
    role: Role
    may_administer: bool
    steward: bool = False
    primary_care_here: bool = False

    @property
    def capacities(self) -> frozenset[Capacity]:
        """The capacities this person has."""
        told = {
            Capacity.ADMINISTRATOR: self.may_administer,
            Capacity.REGISTRAR: self.role is Role.REGISTRAR,
            Capacity.PRIMARY_CARE: self.role is Role.PRIMARY_CARE,
            Capacity.CARE_MANAGER: self.role is Role.CARE_MANAGER,
            Capacity.STEWARD: self.steward,
            Capacity.PRIMARY_CARE_HERE: self.primary_care_here,
        }
        return frozenset(standing for standing, true in told.items() if true)


def refusal(keeper: Keeper, duty: Duty) -> str:
    """Return why this person may not, ``""`` where they may."""
    allowed = any(duty in TABLE[standing] for standing in keeper.capacities)
    return "" if allowed else _REASONS[duty]
