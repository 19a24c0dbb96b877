"""Machines that may call the hub: an administrator makes their credentials, each for one door, until a day.

A token is 32 random bytes, shown once; the store has its hash. Where a machine signs with a key of its own, its public
key is kept instead. A machine of the door ``fhir`` sees what a role sees, narrowed by its scopes.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from auth.registry import Duty
from auth.roles import Role
from auth.scopes import ScopeError, read_scopes
from hub.access.changes import AccessChanges
from hub.access.keeping_rows import Doer, KeepingError, hub_row, require
from hub.directory.names import cleaned
from hub.ids import HUB
from hub.record.chain import JSON
from hub.store.engine import Engine
from hub.store.machines import KnownMachine, Machines
from hub.store.organisations import Organisations

SCIM: Final = "scim"
FHIR: Final = "fhir"
DEVICE: Final = "device"
TOKEN_BYTES: Final = 32
TOKEN_DAYS_MAX: Final = 400
REQUESTS_A_MINUTE_MAX: Final = 6_000
SIGHTS: Final = (Role.PRIMARY_CARE, Role.SPECIALIST, Role.CARE_MANAGER, Role.PHARMACIST, Role.SOCIAL_WORKER)
"""Roles whose sight a machine can have; that of behavioural health, of the patient and of the family none has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMachine:
    """What an administrator says of a machine."""

    name: str
    days: int
    purpose: str
    role: str = ""
    """Whose sight it has; of the door ``fhir`` alone."""
    organisation: str = ""
    """Whose it is; the first one where it is not said."""
    scopes: Sequence[str] = ()
    requests_a_minute: int = 1_200
    keys: Mapping[str, object] | None = None
    """A JWK Set of public keys, for a machine that signs; it gets no token then."""


class MachineKeeping:
    """Making and ending credentials of machines, and letting machines in by them."""

    def __init__(
        self, engine: Engine, changes: AccessChanges, now: Callable[[], datetime], new_id: Callable[[], str]
    ) -> None:
        self.changes, self.now, self._new_id = changes, now, new_id
        self._organisations = Organisations(engine)
        self.rows = Machines(engine)

    async def make(self, doer: Doer, asked: NewMachine) -> tuple[KnownMachine, str]:
        """Make a machine and its token, which is shown once and kept nowhere; ``""`` for a machine that signs.

        Raises:
            KeepingError: not an administrator, or what is said of it can't be.
        """
        require(doer, Duty.ADMINISTER)
        scopes = _checked(asked)
        now = self.now()
        token = "" if asked.keys is not None else f"careplan-{secrets.token_urlsafe(TOKEN_BYTES)}"
        home = asked.organisation or (await self._organisations.default()).organisation_id
        machine = KnownMachine(
            machine_id=self._new_id(), name=cleaned(asked.name)[:100], purpose=asked.purpose, role=asked.role,
            organisation=home, scope=scopes, requests_a_minute=asked.requests_a_minute,
            keys=asked.keys, made_by=doer.person.person_id, made=now, ends=now + timedelta(days=asked.days),
        )  # fmt: skip
        words: dict[str, JSON] = {
            "name": machine.name, "purpose": machine.purpose, "ends": machine.ends.isoformat(), "role": machine.role,
            "scope": " ".join(scopes), "signs": asked.keys is not None, "organisation": home,
        }  # fmt: skip
        async with self.changes.of_plan(HUB) as turn:
            await self.rows.add(turn, machine, sha256(token.encode()).digest() if token else None)
            await turn.append([hub_row(doer, "machine.make", machine.machine_id, words)])
        return machine, token

    async def revoke(self, doer: Doer, machine_id: str) -> None:
        """End a machine's credentials at once, with every token that it got for its key.

        Raises:
            KeepingError: not an administrator, or it has ended.
        """
        require(doer, Duty.ADMINISTER)
        async with self.changes.of_plan(HUB) as turn:
            ended = await self.rows.revoke(turn, machine_id, self.now())
            await turn.append([hub_row(doer, "machine.revoke", machine_id, {"ended": ended})])
        if not ended:
            raise KeepingError("This token has ended already.")

    async def all(self, purpose: str = "") -> list[KnownMachine]:
        """Return the machines of a door, or of all."""
        return [each for each in await self.rows.all() if purpose in ("", each.purpose)]

    async def let_in(self, token: str, *purposes: str) -> KnownMachine | None:
        """Return the machine whose token opens this door now; ``purposes`` are those that the door takes."""
        machine = await self.rows.by_token(sha256(token.encode()).digest(), self.now())
        if machine is None or machine.purpose not in purposes or not machine.opens(self.now()):
            return None
        await self.rows.used(machine.machine_id, self.now())
        return machine


def _checked(asked: NewMachine) -> tuple[str, ...]:
    """Return the scopes as they are kept.

    Raises:
        KeepingError: what is said of the machine can't be.
    """
    if not cleaned(asked.name):
        raise KeepingError("Name the system that gets the token.", "name")
    if not 0 < asked.days <= TOKEN_DAYS_MAX:
        raise KeepingError(f"A token lasts 1 to {TOKEN_DAYS_MAX} days.", "days")
    if not 0 < asked.requests_a_minute <= REQUESTS_A_MINUTE_MAX:
        raise KeepingError(f"1 to {REQUESTS_A_MINUTE_MAX:,} requests a minute.", "rate")
    if asked.purpose != FHIR:
        return ()
    if asked.role not in SIGHTS:
        raise KeepingError("Say whose view of the plans it has.", "role")
    try:
        found = read_scopes(asked.scopes)
    except ScopeError as error:
        raise KeepingError(str(error), "scopes") from error
    if not found or any(each.level != "system" for each in found):
        raise KeepingError("Name what it may read, such as system/Goal.rs: each scope begins with system/.", "scopes")
    return tuple(str(each) for each in found)
