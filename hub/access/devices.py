"""Devices of a patient: a member of the team pairs one with measures of the plan, and ends it again.

Its token is shown once and kept as a hash; it opens one address, for readings of those measures of this one patient.
Pairing and ending are rows of the plan's journal.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from auth.decisions import Operation, decide
from auth.roles import PATIENT_SIDE, Participant, Role
from crdt.sections import Section
from hub.access.changes import AccessChanges
from hub.access.keeping_rows import KeepingError
from hub.access.machines import DEVICE, TOKEN_BYTES, TOKEN_DAYS_MAX
from hub.directory.names import cleaned
from hub.live.commands import PlanContent
from hub.record.chain import JSON
from hub.record.journal import Act, Action
from hub.store.engine import Engine
from hub.store.machines import KnownMachine, Machines
from hub.store.organisations import Organisations
from hub.store.plans import Plans
from hub.workflows.contents import active

DEVICES_MAX: Final = 20
"""Of one plan, that are open at once."""

READINGS_A_MINUTE: Final = 120
"""Of one device: a gateway that sends what it has kept for a day is done in a few minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDevice:
    """What is said of a device: its name, the measures that it sends, the days that its token lasts."""

    name: str
    measures: Sequence[str]
    days: int


class Devices:
    """Pairing and ending. Its methods raise ``JournalAwayError`` where the store can't be reached."""

    def __init__(
        self, engine: Engine, changes: AccessChanges, now: Callable[[], datetime], new_id: Callable[[], str]
    ) -> None:
        self._changes, self._now, self._new_id = changes, now, new_id
        self._rows, self._plans, self._organisations = Machines(engine), Plans(engine), Organisations(engine)

    def may_pair(self, member: Participant) -> bool:
        """Say whether this member pairs and ends devices: staff who may add measures."""
        asked = decide(member, Section.MONITORING, Operation.CREATE, now=self._now())
        return member.role not in PATIENT_SIDE and asked.allowed

    async def of_plan(self, plan_id: str) -> list[KnownMachine]:
        """Return the plan's devices, those that are open first."""
        return await self._rows.of_plan(plan_id)

    async def pair(self, member: Participant, content: PlanContent, asked: NewDevice) -> str:
        """Pair a device and return its token, which is kept nowhere.

        Raises:
            KeepingError: not for this member, or what is said of the device can't be.
        """
        self._require(member)
        measures = {each.id for each in active(content, Section.MONITORING)}
        chosen = [each for each in dict.fromkeys(asked.measures) if each in measures]
        if not cleaned(asked.name):
            raise KeepingError("Name the device, for example: scale in the bathroom.", "name")
        if not chosen:
            raise KeepingError("Choose what it measures.", "measures")
        if not 0 < asked.days <= TOKEN_DAYS_MAX:
            raise KeepingError(f"It lasts 1 to {TOKEN_DAYS_MAX} days.", "days")
        now = self._now()
        if sum(each.opens(now) for each in await self._rows.of_plan(member.plan_id)) >= DEVICES_MAX:
            raise KeepingError(f"{DEVICES_MAX} devices are paired. End one first.")
        token = f"careplan-{secrets.token_urlsafe(TOKEN_BYTES)}"
        plan = await self._plans.get(member.plan_id)
        home = plan.organisation if plan is not None and plan.organisation else ""
        device = KnownMachine(
            machine_id=self._new_id(), name=cleaned(asked.name)[:100], purpose=DEVICE, role=Role.PATIENT,
            organisation=home or (await self._organisations.default()).organisation_id, plan=member.plan_id,
            measures=chosen, requests_a_minute=READINGS_A_MINUTE, made_by=member.person_id, made=now,
            ends=now + timedelta(days=asked.days),
        )  # fmt: skip
        told: dict[str, JSON] = {"device": device.machine_id, "name": device.name, "measures": [*chosen]}
        async with self._changes.of_plan(member.plan_id) as turn:
            await self._rows.add(turn, device, sha256(token.encode()).digest())
            await turn.append([_act(member, Action.GRANT, "device.pair", told | {"ends": device.ends.isoformat()})])
        return token

    async def end(self, member: Participant, machine_id: str) -> None:
        """End a device of the plan: its next reading is refused.

        Raises:
            KeepingError: not for this member, or it has ended.
        """
        self._require(member)
        mine = next((each for each in await self.of_plan(member.plan_id) if each.machine_id == machine_id), None)
        if mine is None:
            raise KeepingError("There is no such device in this plan.")
        async with self._changes.of_plan(member.plan_id) as turn:
            ended = await self._rows.revoke(turn, machine_id, self._now())
            told: dict[str, JSON] = {"device": machine_id, "name": mine.name, "ended": ended}
            await turn.append([_act(member, Action.REVOKE, "device.end", told)])
        if not ended:
            raise KeepingError("This device has ended already.")

    def _require(self, member: Participant) -> None:
        if not self.may_pair(member):
            raise KeepingError("Who may add measures to this plan pairs and ends devices.")


def _act(member: Participant, action: Action, event: str, words: Mapping[str, JSON]) -> Act:
    return Act(
        plan=member.plan_id,
        actor=member.person_id,
        action=action,
        role=member.role,
        session=member.session_id,
        section=Section.MONITORING,
        event=event,
        words=words,
    )
