"""Absence with a stand-in: what waits on who is away waits on the stand-in meanwhile, who joins their plans for it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from auth.registry import Duty
from auth.roles import STAFF_OF_PLANS
from hub.access.changes import AccessChanges
from hub.access.keeping_rows import Doer, KeepingError, hub_row, joined_row, part_of, plan_row, require
from hub.ids import HUB
from hub.record.chain import JSON
from hub.record.journal import Action
from hub.store.absences import Absence, Absences
from hub.store.engine import Engine
from hub.store.participants import Participants
from hub.store.people import People, Person
from hub.store.plans import Plans

ABSENCE_DAYS_MAX: Final = 366
STANDS_IN: Final = "stands in"
"""The relation of who joined a plan as a stand-in; it ends with the absence."""


class StandingIn:
    """Absences; each begins and ends with its rows, in the hub's journal and in those of the plans."""

    def __init__(
        self, engine: Engine, changes: AccessChanges, now: Callable[[], datetime], new_id: Callable[[], str]
    ) -> None:
        self._changes, self._now, self._new_id = changes, now, new_id
        self._people, self._plans, self._participants = People(engine), Plans(engine), Participants(engine)
        self.rows = Absences(engine)

    async def begin(self, doer: Doer, person_id: str, stand_in_id: str, begins: datetime, ends: datetime) -> int:
        """Record an absence; the stand-in joins the open plans until its end. Return how many they joined.

        Raises:
            KeepingError: not an administrator, somebody who can't stand in, or days that can't be.
        """
        require(doer, Duty.ADMINISTER)
        person, stand_in = await self._people.get(person_id), await self._people.get(stand_in_id)
        if person is None or stand_in is None or not stand_in.active or stand_in_id == person_id:
            raise KeepingError("Choose who stands in.", "stand_in")
        if stand_in.role is not person.role or stand_in.role not in STAFF_OF_PLANS:
            raise KeepingError("Choose somebody of the same role: another could not do what waits.", "stand_in")
        if not begins < ends <= begins + timedelta(days=ABSENCE_DAYS_MAX) or ends <= self._now():
            raise KeepingError("Check the days: the last one is not before the first, and not over.", "until")
        if any(each.begins < ends and each.ends > begins for each in await self.rows.of_person(person_id, self._now())):
            raise KeepingError("An absence is recorded for these days already. End that one first.", "until")
        absence = Absence(
            absence_id=self._new_id(), person=person_id, stand_in=stand_in_id, begins=begins, ends=ends,
            made_by=doer.person.person_id,
        )  # fmt: skip
        joined = await self._join(doer, person, stand_in, begins, ends)
        words: dict[str, JSON] = {
            "stand_in": stand_in.name, "from": begins.isoformat(), "until": ends.isoformat(), "plans": joined,
        }  # fmt: skip
        async with self._changes.of_plan(HUB) as turn:
            await self.rows.add(turn, absence)
            await turn.append([hub_row(doer, "person.away", person_id, words)])
        return joined

    async def end(self, doer: Doer, absence: Absence) -> None:
        """End an absence now; the stand-in leaves the plans that they joined for it.

        Raises:
            KeepingError: not an administrator.
        """
        require(doer, Duty.ADMINISTER)
        now = self._now()
        ends = max(now, absence.begins + timedelta(seconds=1))
        for panel in await self._plans.panel(absence.stand_in, now):
            plan_id = panel.plan.plan_id
            part = await self._participants.load(plan_id, absence.stand_in, now)
            if part is None or part.ends != absence.ends:
                continue
            async with self._changes.of_plan(plan_id) as turn:
                if await self._participants.remove(turn, plan_id, absence.stand_in, now):
                    told: dict[str, JSON] = {"person": absence.stand_in, "for": absence.person}
                    await turn.append([plan_row(doer, plan_id, Action.REVOKE, "participant.remove", told)])
        async with self._changes.of_plan(HUB) as turn:
            await self.rows.end(turn, absence.absence_id, ends)
            await turn.append([hub_row(doer, "person.back", absence.person, {"until": now.isoformat()})])

    async def _join(self, doer: Doer, person: Person, stand_in: Person, begins: datetime, ends: datetime) -> int:
        now, joined = self._now(), 0
        for panel in await self._plans.panel(person.person_id, now):
            plan_id = panel.plan.plan_id
            part = await self._participants.load(plan_id, stand_in.person_id, now)
            if part is not None and not part.removed and (part.ends is None or part.ends >= ends):
                continue
            member = replace(part_of(plan_id, stand_in), since=max(begins, now), ends=ends)
            async with self._changes.of_plan(plan_id) as turn:
                by = doer.person.person_id
                await self._participants.add(turn, member, added_by=by, relation=STANDS_IN)
                await turn.append([joined_row(doer, plan_id, stand_in)])
            joined += 1
        return joined
