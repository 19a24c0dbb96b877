"""Who asks the API for plans, and what each may see of one: the same ``decide`` as for a person at a page."""

from collections.abc import Sequence
from dataclasses import dataclass

from auth.machine_sight import READING, device_sight, sight
from auth.roles import Participant, Role
from auth.scopes import SmartScope, categories, read_scopes
from hub.fhir.outcomes import ApiRefusedError
from hub.store.machines import KnownMachine
from hub.store.plans import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """A machine that was let in, with the scopes of its token."""

    machine_id: str
    name: str
    role: Role
    organisation: str
    scopes: Sequence[SmartScope]
    plan: str = ""
    """The one plan of a device; empty for a system."""
    measures: frozenset[str] = frozenset()
    """With ``plan``: the measures that the device may send readings of."""

    def part_in(self, plan: Plan, letters: str = READING) -> Participant | None:
        """Return the machine as a participant of the plan, ``None`` for a plan of others or in the archive."""
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
            raise ApiRefusedError(403, f"The token has no scope such as system/{kind}.{letter}.")


def asker(machine: KnownMachine) -> Asker:
    """Return a machine of the doors of FHIR as the one who asks."""
    return Asker(
        machine_id=machine.machine_id,
        name=machine.name,
        role=Role(machine.role),
        organisation=machine.organisation,
        scopes=read_scopes(machine.scope),
        plan=machine.plan or "",
        measures=frozenset(machine.measures),
    )
