"""What the audit pages ask: searches and saved questions, names for ids, the state of the chain, a checked plan."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from hub.record.exports import Names
from hub.record.journal import Action
from hub.record.signing import SigningKey
from hub.record.verifying import Fault
from hub.store.audits import Answer, Audits, Key, Question, Trace
from hub.store.engine import Engine
from hub.store.heads import Heads
from hub.store.machines import Machines
from hub.store.people import People, Person
from hub.store.plans import Plan, Plans
from hub.store.suspicions import DormantGrant, Suspicions
from hub.store.verifying import reading
from web.views.words import born_words, listed_name

VERIFY_ROWS_MAX: Final = 50_000
"""One press of the button checks no more; ``careplan-hub verify`` checks everything."""

EXPORT_ROWS_MAX: Final = 100_000
"""An export from a page is no longer; ``careplan-hub export`` has no such bound."""

PAGE_ROWS: Final = 100
CHOICES_MAX: Final = 20
"""People or patients of one name to choose from; who is not among them is found by more of the name."""


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
        self._machines = Machines(engine)
        self._plans = Plans(engine)

    async def people_named(self, text: str) -> Mapping[str, str]:
        """Return ids of people whose name, address or id the text is a part of, told apart in words; one too many."""
        return {each.person_id: _person_told(each) for each in await self._people.matching(text, CHOICES_MAX + 1)}

    async def patients_named(self, text: str) -> Mapping[str, str]:
        """Return ids of plans whose patient's name, record number or id the text is a part of; one too many."""
        return {each.plan_id: _patient_told(each) for each in await self._plans.matching(text, CHOICES_MAX + 1)}

    async def names(self, traces: Sequence[Trace]) -> Names:
        """Return the names of those whom the traces are about."""
        actors = sorted({trace.actor for trace in traces if trace.actor})
        people = await self._people.among(actors)
        systems = await self._machines.names([each for each in actors if each not in people])
        found = await self.named(people, sorted({trace.plan for trace in traces}))
        return replace(found, people={**found.people, **systems})

    async def named(self, people: Mapping[str, Person], plans: Sequence[str]) -> Names:
        """Return names of these people and of the plans' patients."""
        found: dict[str, Plan] = {}
        for start in range(0, len(plans), 500):
            found |= await self._plans.among(plans[start : start + 500])
        return Names(
            {person.person_id: person.name for person in people.values()},
            {plan.plan_id: listed_name(plan.family, plan.given) for plan in found.values()},
        )

    async def names_of_grants(self, grants: Sequence[DormantGrant]) -> Names:
        """Return names of those who have grants, and of whose plans they are."""
        people = await self._people.among(sorted({each.person for each in grants}))
        return await self.named(people, sorted({each.plan for each in grants}))

    async def answer(
        self,
        saved: Saved | None,
        question: Question,
        *,
        after: Key | None = None,
        limit: int = PAGE_ROWS,
        zone: str = "UTC",
    ) -> Answer:
        """Return a page of what answers a saved question about rows, by the clock of the zone, else the search."""
        match saved:
            case Saved.STRANGERS:
                return await self.suspicions.strangers(after=after, limit=limit)
            case Saved.NAMESAKES:
                return await self.suspicions.namesakes(after=after, limit=limit)
            case Saved.AFTER_HOURS:
                return await self.suspicions.after_hours(zone=zone, after=after, limit=limit)
            case Saved.UNREVIEWED:
                return await self.suspicions.unreviewed()
            case _:
                return await self.audits.search(question, after=after, limit=limit)

    async def everything(
        self,
        question: Question,
        rows_max: int = EXPORT_ROWS_MAX,
        *,
        saved: Saved | None = None,
        zone: str = "UTC",
    ) -> AsyncIterator[Sequence[Trace]]:
        """Yield all that answers a question, a page at a time, at most so many rows."""
        after: Key | None = None
        left = rows_max
        while left > 0:
            answer = await self.answer(saved, question, after=after, limit=min(1_000, left), zone=zone)
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


def _person_told(person: Person) -> str:
    role = person.profession or person.role.value.replace("_", " ")
    return f"{person.name}, {role}" + ("" if person.active else ", no longer active")


def _patient_told(plan: Plan) -> str:
    return f"{listed_name(plan.family, plan.given)}, {born_words(plan.born_words)}"
