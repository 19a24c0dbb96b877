"""Huddles as they are kept: every act is one turn of the hub's own journal, so of two at once one sees the other.

What concerns a patient is in that plan's journal as well, in the same transaction: a row that says the huddle came,
went on, parked, without words about them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Protocol

from auth.roles import Role
from hub.huddles.rooms import HuddleRooms
from hub.ids import HUB
from hub.record.chain import JSON
from hub.record.journal import Act, Action, Journal, Turn
from hub.workflows.huddle_driving import Carry, Sign
from hub.workflows.huddle_moves import Add, HuddleMove
from hub.workflows.huddle_states import (
    ITEMS_MAX,
    TEAM,
    TITLE_CHARACTERS_MAX,
    Huddle,
    HuddleItem,
    No,
    Who,
    joined,
    signature_hash,
)

LISTED: Final = timedelta(days=7)
"""How long an ended huddle stays in the list; its pages stay where they are."""

NEXT_TITLE: Final = "Next huddle"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, in which session."""

    person_id: str
    role: Role
    session_id: str = ""

    @property
    def who(self) -> Who:
        """The actor as the moves know them."""
        return Who(self.person_id, self.role)


class KeptHuddles(Protocol):
    """Huddles as rows; ``hub.store.huddles.HuddleRows`` is the one in service."""

    async def get(self, huddle_id: str) -> Huddle | None:
        """Return the huddle of that id."""

    async def held(self, turn: Turn, huddle_id: str) -> Huddle | None:
        """Return the huddle as it stands in this turn."""

    async def keep(self, turn: Turn, huddle: Huddle) -> None:
        """Keep the huddle as it is now, a new one included."""

    async def among(self, plan_ids: Sequence[str], person_id: str, since: datetime) -> list[Huddle]:
        """Return the huddles not over before ``since`` with one of these plans or this person in them."""

    async def agendas(self, plan_ids: Sequence[str], person_id: str) -> Mapping[str, tuple[str, frozenset[str]]]:
        """Return by id the title and the plans of each of them that is not over."""


class Huddles:
    """All huddles of the hub."""

    def __init__(
        self,
        journal: Journal,
        kept: KeptHuddles,
        rooms: HuddleRooms,
        moved: Callable[[str, int], None],
        now: Callable[[], datetime],
        new_id: Callable[[], str],
    ) -> None:
        self._journal = journal
        self._kept = kept
        self._moved = moved
        self._now = now
        self._new_id = new_id
        self.rooms = rooms

    async def get(self, huddle_id: str) -> Huddle | None:
        """Return the huddle of that id, and have its open pages hear of changes in its plans."""
        huddle = await self._kept.get(huddle_id)
        if huddle is not None:
            self.rooms.watch(huddle_id, [item.plan_id for item in huddle.items])
        return huddle

    async def listed(self, plan_ids: Sequence[str], person_id: str) -> list[Huddle]:
        """Return the huddles that concern these plans or this person, the newest first."""
        return await self._kept.among(plan_ids, person_id, self._now() - LISTED)

    async def agendas(self, plan_ids: Sequence[str], person_id: str) -> Mapping[str, tuple[str, frozenset[str]]]:
        """Return by id the title and the plans of each huddle that is not over, of these plans or this person."""
        return await self._kept.agendas(plan_ids, person_id)

    async def plan(self, actor: Actor, title: str, plan_ids: Sequence[str]) -> Huddle | No:
        """Make a huddle with these patients, in this order; whoever makes it is in it."""
        words = " ".join(title.split())
        if actor.role not in TEAM:
            return No("person", "Huddles are for the care team.")
        if not words or len(words) > TITLE_CHARACTERS_MAX:
            return No("form", f"Give the huddle a name of at most {TITLE_CHARACTERS_MAX} characters.")
        if len(plan_ids) > ITEMS_MAX:
            return No("full", f"An agenda holds at most {ITEMS_MAX} patients.")
        async with self._journal.exclusively(HUB) as turn:
            return await self._made(turn, actor, words, plan_ids)

    async def make(self, huddle_id: str, move: HuddleMove, actor: Actor) -> Huddle | No:
        """Make a move, or say why not, with what is true now; both are in the journal.

        Raises:
            KeyError: there is no such huddle.
        """
        if await self._kept.get(huddle_id) is None:
            raise KeyError(huddle_id)
        seq = 0
        async with self._journal.exclusively(HUB) as turn:
            after = await self._judged(turn, huddle_id, move, actor)
            if isinstance(after, Huddle) and move.plan_id:
                seq = (await turn.also(move.plan_id, [_act(actor, move.plan_id, move.name, huddle_id)])).seq
        if isinstance(after, No):
            return after
        if seq:
            self._moved(move.plan_id, seq)
        self.rooms.moved(huddle_id, after.version)
        return after

    async def carry(self, huddle_id: str, plan_id: str, actor: Actor, target: str = "") -> Huddle | No:
        """Carry a patient over to the ``target`` huddle, or to a new one, and return that one; both or neither."""
        if await self._kept.get(huddle_id) is None:
            raise KeyError(huddle_id)
        async with self._journal.exclusively(HUB) as turn:
            after = await self._judged(turn, huddle_id, Carry(plan_id=plan_id), actor)
            if isinstance(after, No):
                return after
            found = await self._kept.held(turn, target) if target else None
            there = found or await self._made(turn, actor, NEXT_TITLE, [])
            added = Add(plan_id=plan_id).on(joined(there, actor.person_id, self._now()), actor.who, self._now())
            if isinstance(added, Huddle):
                there = replace(added, version=there.version + 1)
                await self._kept.keep(turn, there)
                await turn.append([_act(actor, HUB, Add.name, there.huddle_id, plan_id)])
            head = await turn.also(plan_id, [_act(actor, plan_id, Carry.name, huddle_id)])
        self._moved(plan_id, head.seq)
        self.rooms.moved(huddle_id, after.version)
        self.rooms.moved(there.huddle_id, there.version)
        return there

    async def _judged(self, turn: Turn, huddle_id: str, move: HuddleMove, actor: Actor) -> Huddle | No:
        huddle = await self._kept.held(turn, huddle_id)
        assert huddle is not None, "huddles are never deleted"
        after = move.on(huddle, actor.who, self._now())
        if isinstance(after, No):
            refused = _act(actor, HUB, move.name, huddle_id, move.plan_id, refused=after.reason)
            await turn.append([refused])
            return after
        after = replace(after, version=huddle.version + 1)
        await self._kept.keep(turn, after)
        signed = signature_hash(after, move.decisions) if isinstance(move, Sign) else ""
        await turn.append([_act(actor, HUB, move.name, huddle_id, move.plan_id, signed=signed)])
        return after

    async def _made(self, turn: Turn, actor: Actor, title: str, plan_ids: Sequence[str]) -> Huddle:
        now = self._now()
        items = tuple(HuddleItem(plan_id, added_by=actor.person_id) for plan_id in dict.fromkeys(plan_ids))
        new = Huddle(self._new_id(), title, actor.person_id, now, items=items)
        huddle = joined(new, actor.person_id, now)
        await self._kept.keep(turn, huddle)
        await turn.append([_act(actor, HUB, "huddle.plan", huddle.huddle_id)])
        return huddle


def _act(
    actor: Actor, plan: str, event: str, huddle_id: str, plan_id: str = "", *, refused: str = "", signed: str = ""
) -> Act:
    words: dict[str, JSON] = {"huddle": huddle_id}
    if plan_id:
        words["plan"] = plan_id
    if signed:
        words["signed"] = signed
    return Act(
        plan=plan,
        actor=actor.person_id,
        action=Action.REFUSE if refused else Action.COMMAND,
        role=actor.role,
        session=actor.session_id,
        event=event,
        outcome="refused" if refused else "success",
        reason=refused,
        words=words,
    )
