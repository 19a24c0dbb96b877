"""Reading many plans at once without opening one, and making the table they are read from anew.

The table holds what stands at each plan's head, written in the transaction of the rows that made it so. Where a plan is
not in it (it is older than the table, or rows came in by a way that knows no documents), the plan is read from its
documents, and put into the table in passing.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from itertools import groupby
from operator import attrgetter
from typing import Final, Protocol

import msgspec

from crdt.contents import SectionContent
from crdt.sections import Section
from hub.live.commands import PlanContent
from hub.live.entry_states import content_of_states, states_of
from hub.live.loading import load
from hub.live.zones import Zones
from hub.record.journal import EntryState, Head, Journal, JournalAwayError, Opening

LONG_PLAN_STATES: Final = 200
"""A plan of so many entries is read on another thread: here it would hold up everybody for its time."""

PLANS_AT_ONCE_MAX: Final = 50
"""Plans whose entries are read by one query and made into content in one piece of work."""

PLANS_OPENED_AT_ONCE_MAX: Final = 10
"""Plans whose documents are read together, so that what is in memory of many is bounded."""

_EMPTY: Final = SectionContent()
_log = logging.getLogger("hub.live")


class Stands(Protocol):
    """How a plan stands at a row of its journal."""

    @property
    def seq(self) -> int: ...

    @property
    def states(self) -> Sequence[EntryState]: ...


class Renewing(Protocol):
    """What the table says of one plan, while nobody else writes to it."""

    head: Head

    async def states(self) -> list[EntryState]: ...

    async def put(self, states: Sequence[EntryState]) -> None: ...


class EntryRows(Protocol):
    """The table; ``hub.store.entries.Entries`` is the one in service."""

    async def of_plans(self, plan_ids: Collection[str]) -> Mapping[str, Stands]:
        """Return how these plans stand; those that are not in the table are left out."""

    def renewing(self, plan: str) -> AbstractAsyncContextManager[Renewing]:
        """Hold the plan's head while what stands is compared and put in place."""


class Documents:
    """The contents of plans from their documents: those that are not open are opened, with a few queries for all."""

    def __init__(
        self,
        journal: Journal,
        is_open: Callable[[str], bool],
        content: Callable[[str, Opening | None], Awaitable[PlanContent]],
        look_behind: Callable[[str, int], None],
    ) -> None:
        self._journal = journal
        self._is_open = is_open
        self._content = content
        self._look_behind = look_behind

    async def contents(self, plan_ids: Sequence[str]) -> list[PlanContent]:
        """Return the content of each plan, in order. Raises as ``ReadModel.contents``."""
        found: list[PlanContent] = []
        for start in range(0, len(plan_ids), PLANS_OPENED_AT_ONCE_MAX):
            part = plan_ids[start : start + PLANS_OPENED_AT_ONCE_MAX]
            closed = [plan for plan in part if not self._is_open(plan)]
            openings = await self._journal.openings(closed) if closed else {}
            found += await asyncio.gather(*(self._content(plan, openings.get(plan)) for plan in part))
            heads = await self._journal.heads(closed) if closed else {}
            for plan, head in heads.items():  # What others told of meanwhile found no open section to tell it to.
                self._look_behind(plan, head.seq)
        return found


class ReadModel:
    """The contents of many plans, from the table where it has them."""

    def __init__(
        self,
        rows: EntryRows | None,
        journal: Journal,
        zones: Zones,
        documents: "Documents",
    ) -> None:
        """Without ``rows`` everything is read from documents."""
        self._rows = rows
        self._journal = journal
        self._zones = zones
        self._documents = documents

    async def contents(self, plan_ids: Sequence[str]) -> list[PlanContent]:
        """Return the committed content of each plan, in order.

        Raises:
            KeyError: a plan has no journal.
            JournalAwayError: the journal can't be reached.
        """
        if self._rows is None:
            return await self._documents.contents(plan_ids)
        found: dict[str, PlanContent] = {}
        for start in range(0, len(plan_ids), PLANS_AT_ONCE_MAX):
            part = plan_ids[start : start + PLANS_AT_ONCE_MAX]
            stands = await self._rows.of_plans(part)
            for plan in part:
                if plan in stands and len(stands[plan].states) >= LONG_PLAN_STATES:
                    found[plan] = await asyncio.to_thread(content_of_plan, plan, stands[plan], self._zones)
                elif plan in stands:
                    found[plan] = content_of_plan(plan, stands[plan], self._zones)
            wanting = [plan for plan in part if plan not in stands]
            for content in await self._documents.contents(wanting) if wanting else ():
                found[content.plan_id] = content
            for plan in wanting:
                await self._renewed(self._rows, plan)
            await asyncio.sleep(0)  # Others have something to do as well.
        return [found[plan] for plan in plan_ids]

    async def _renewed(self, rows: EntryRows, plan: str) -> None:
        """Put a plan into the table that was found lacking; where that fails it is tried by the next who reads it."""
        try:
            await renew(rows, self._journal, plan)
        except JournalAwayError:
            _log.warning("the entries of a plan could not be kept", extra={"plan": plan})


async def renew(rows: EntryRows, journal: Journal, plan: str, *, mend: bool = True) -> int:
    """Make what the table says of a plan anew from its journal; return how many of its rows said something else.

    Without ``mend`` it is only compared.

    Raises:
        KeyError: the plan has no journal.
        JournalAwayError: the journal can't be reached.
    """
    async with rows.renewing(plan) as renewal:
        sections = await load(plan, journal, list(Section), renewal.head)
        right = sorted((each for held in sections.values() for each in states_of(held)), key=_place)
        differing = sum(1 for _ in _differences(await renewal.states(), right))
        if mend:
            await renewal.put(right)
    return differing


def content_of_plan(plan: str, stands: Stands, zones: Zones) -> PlanContent:
    """Return the content that a plan's rows say."""
    sections: dict[Section, SectionContent] = dict.fromkeys(Section, _EMPTY)
    people: dict[int, str] = {}
    for section, states in groupby(stands.states, attrgetter("section")):
        sections[section], makers = content_of_states(section, states)
        people.update(makers)
    return PlanContent(plan, sections, people, stands.seq, zone=zones.of(plan), house=zones.house_of(plan))


def _differences(found: Sequence[EntryState], right: Sequence[EntryState]) -> Iterator[tuple[Section, str, str]]:
    """Yield the places at which two lists of states do not say the same."""
    one, other = ({_place(each): _said(each) for each in some} for some in (found, right))
    return (place for place in one.keys() | other.keys() if one.get(place) != other.get(place))


def _place(state: EntryState) -> tuple[Section, str, str]:
    return state.section, state.root, state.key


def _said(state: EntryState) -> tuple[object, ...]:
    return state.creator, state.person, msgspec.json.decode(state.fields), state.search_key
