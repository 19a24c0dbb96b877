"""What the audit pages ask: searches and saved questions, names for ids, the state of the chain, a checked plan."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from hub.exports import Names
from hub.journal import Action
from hub.signing import SigningKey
from hub.store.audits import Answer, Audits, Key, Question, Trace
from hub.store.engine import Engine
from hub.store.heads import Heads
from hub.store.people import People, Person
from hub.store.plans import Plan, Plans
from hub.store.suspicions import Suspicions
from hub.store.verifying import reading
from hub.verifying import Fault

VERIFY_ROWS_MAX: Final = 50_000
"""One press of the button checks no more; ``careplan-hub verify`` checks everything."""

EXPORT_ROWS_MAX: Final = 100_000
"""An export from a page is no longer; ``careplan-hub export`` has no such bound."""

PAGE_ROWS: Final = 100


class Saved(StrEnum):
    """The saved questions, by the names their searches have in the journal."""

    STRANGERS = "not-on-the-team"
    AFTER_HOURS = "after-hours"
    NAMESAKES = "same-surname"
    UNREVIEWED = "emergencies-without-review"
    EXPORTS = "exports"
    DORMANT = "dormant-grants"
    ACCOUNTING = "accounting-of-disclosures"


EXPORTED: Final = frozenset({Action.EXPORT, Action.DISCLOSE})
DISCLOSED: Final = frozenset({Action.EXPORT, Action.DISCLOSE, Action.BREAK_GLASS})


@dataclass(frozen=True, slots=True)
class Verified:
    """What one press of the button found."""

    rows: int
    of: int
    fault: Fault | None


class Auditing:
    """The record as auditors may see it. What is asked is journaled by the page, before it is asked."""

    def __init__(self, engine: Engine, database_url: str, key: SigningKey, site: str) -> None:
        self._url = database_url
        self.key = key
        self.site = site
        self.audits = Audits(engine)
        self.suspicions = Suspicions(engine)
        self.heads = Heads(engine)
        self._people = People(engine)
        self._plans = Plans(engine)

    async def people(self) -> Sequence[Person]:
        """Return everyone in the directory who may sign in."""
        return await self._people.active()

    async def plans(self) -> Sequence[Plan]:
        """Return the first plans by name, for the list to choose from."""
        found = await self._plans.among(await self._plans.all_ids())
        return sorted(found.values(), key=lambda plan: (plan.family.casefold(), plan.given.casefold()))

    async def names(self, traces: Sequence[Trace]) -> Names:
        """Return the names of those whom the traces are about."""
        people = await self._people.among(sorted({trace.actor for trace in traces if trace.actor}))
        return await self.named(people, sorted({trace.plan for trace in traces}))

    async def named(self, people: Mapping[str, Person], plans: Sequence[str]) -> Names:
        """Return names of these people and of the plans' patients."""
        found: dict[str, Plan] = {}
        for start in range(0, len(plans), 500):
            found |= await self._plans.among(plans[start : start + 500])
        return Names(
            {person.person_id: person.name for person in people.values()},
            {plan.plan_id: f"{plan.family.upper()}, {plan.given}" for plan in found.values()},
        )

    async def people_among(self, ids: Sequence[str]) -> Mapping[str, Person]:
        """Return these people by id."""
        return await self._people.among(ids)

    async def everything(self, question: Question, rows_max: int = EXPORT_ROWS_MAX) -> AsyncIterator[Sequence[Trace]]:
        """Yield all that answers a question, a page at a time, at most so many rows."""
        after: Key | None = None
        left = rows_max
        while left > 0:
            answer: Answer = await self.audits.search(question, after=after, limit=min(1_000, left))
            left -= len(answer.traces)
            if answer.traces:
                yield answer.traces
            if answer.after is None:
                return
            after = answer.after

    async def verify(self, plan: str) -> Verified:
        """Check the chain of a plan's journal and that its edits are what is served, as far as one press goes."""
        async with reading(self._url) as verification:
            head = (await verification.heads(plan)).get(plan)
            fault = await verification.journals(plan, rows_max=VERIFY_ROWS_MAX)
            return Verified(verification.progress.rows, head.seq if head else 0, fault)
