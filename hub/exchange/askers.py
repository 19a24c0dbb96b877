"""Who asks the API for plans, and what each may see of one: the same ``decide`` as for a person at a page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from auth.machine_sight import READING, device_sight, sight
from auth.roles import Participant, Role
from auth.scopes import SmartScope, categories, read_scopes
from hub.fhir.outcomes import ApiRefusedError
from hub.record.chain import JSON
from hub.store.apps import AppAccess
from hub.store.machines import KnownMachine
from hub.store.plans import Plan

BY_APP: Final = "app: "
"""How the purpose of a row begins that an app wrote for a person; its name follows."""

NOBODY: Final = "nobody"
"""No patient has this id: scopes of one patient open nothing where none was chosen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """A machine that was let in, or an app for a person, with the scopes of its token."""

    machine_id: str
    """The machine's, or the app's."""
    name: str
    role: Role
    organisation: str
    """Of a machine; an app asks wherever its person takes part."""
    scopes: Sequence[SmartScope]
    person: str = ""
    """For whom an app asks: it has the part in a plan that this person has, as far as its scopes go."""
    patient: str = ""
    """The one patient of whom an app asks; empty for all that its person sees."""
    plan: str = ""
    """The one plan of a device; empty for a system."""
    measures: frozenset[str] = frozenset()
    """With ``plan``: the measures that the device may send readings of."""

    @property
    def actor(self) -> str:
        """Who is named by rows of the journal: a machine, or the person for whom an app asks."""
        return self.person or self.machine_id

    @property
    def through(self) -> str:
        """By which way of their own its person reads, as rows of the journal name it; empty for a machine."""
        return f"{BY_APP}{self.name}" if self.person else ""

    @property
    def told(self) -> dict[str, JSON]:
        """How rows of the journal name the machine or the app."""
        return {"app": self.name, "app_id": self.machine_id} if self.person else {"machine": self.name}

    def part_in(self, plan: Plan, letters: str = READING) -> Participant | None:
        """Return the machine as a participant of the plan, ``None`` for a plan of others or in the archive.

        An app has no part of its own: that of its person is asked of the store (``PlansAsFhir.parts``).
        """
        if self.person:
            return None
        if plan.organisation != self.organisation or plan.archived is not None:
            return None
        closed = plan.closed is not None
        if self.plan:
            mine = self.plan == plan.plan_id
            return device_sight(self.machine_id, self.name, plan.plan_id, closed, self.organisation) if mine else None
        return sight(
            self.machine_id, self.name, self.role, self.scopes, plan.plan_id, closed, self.organisation, letters
        )

    def may(self, kind: str, letter: str) -> bool:
        """Say whether some scope opens the type for this."""
        return not self.plan and categories(self.scopes, kind, letter) is not None

    def require(self, kind: str, letter: str) -> None:
        """Pass where some scope opens the type.

        Raises:
            ApiRefusedError: 403, none does.
        """
        if not self.may(kind, letter):
            level = "system" if not self.person else "patient" if self.patient else "user"
            raise ApiRefusedError(403, f"The token has no scope such as {level}/{kind}.{letter}.")


def asker(caller: KnownMachine | AppAccess) -> Asker:
    """Return who was let in at the doors of FHIR as the one who asks."""
    match caller:
        case KnownMachine():
            return _machine(caller)
        case AppAccess():
            return _app(caller)


def _app(access: AppAccess) -> Asker:
    scopes = [each for each in access.scope if "/" in each and not each.startswith("launch/")]
    return Asker(
        machine_id=access.app_id,
        name=access.app,
        role=access.role,
        organisation="",
        scopes=read_scopes(scopes),
        person=access.person,
        patient=(access.patient or NOBODY) if any(each.startswith("patient/") for each in scopes) else "",
    )


def _machine(machine: KnownMachine) -> Asker:
    return Asker(
        machine_id=machine.machine_id,
        name=machine.name,
        role=Role(machine.role),
        organisation=machine.organisation,
        scopes=read_scopes(machine.scope),
        plan=machine.plan or "",
        measures=frozenset(machine.measures),
    )
