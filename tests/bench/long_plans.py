"""A plan of many years: a thousand entries and a thousand readings, put into a database the way the hub itself does."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final

from auth.roles import Participant
from crdt.changes import Append, Change, Create
from crdt.documents import SectionDocument, server_client
from crdt.fields import Scalar
from crdt.sections import Section
from hub.demo.registering import StoreRegistering
from hub.ids import new_id
from hub.live.read_models import renew
from hub.record.journal import Act, Action, Batch
from hub.store.engine import open_engine
from hub.store.entries import Entries
from hub.store.journal import PostgresJournal
from hub.store.plans import Plan

READINGS: Final = 1_000
ENTRIES: Final = {
    Section.MEDICATIONS: 120,
    Section.CONDITIONS: 100,
    Section.GOALS: 80,
    Section.TASKS: 320,
    Section.REFERRALS: 60,
    Section.CAREGIVER_LOG: 230,
    Section.STAFF_NOTES: 80,
    Section.MONITORING: 10,
}
"""Entries by section, 1,000 in all: medicines fewer than ``hub.safety`` takes for the list of one person."""

_NAMES: Final = (
    "lisinopril", "metformin", "atorvastatin", "amlodipine", "omeprazole", "sertraline", "furosemide", "gabapentin",
    "levothyroxine", "apixaban", "acetaminophen", "metoprolol",
)  # fmt: skip
_PROBLEMS: Final = ("Type 2 diabetes", "Hypertension", "Heart failure", "Gout", "Asthma", "Osteoarthritis", "Anemia")
_AT_ONCE: Final = 100
"""Entries of one journal row."""


async def a_long_plan(database_url: str, plan: Plan, members: Sequence[Participant]) -> None:
    """Open the plan for these members, the first of whom writes all of it, and fill it."""
    engine = await open_engine(database_url)
    journal = PostgresJournal(engine)
    try:
        now, author = datetime.now(UTC), members[0].person_id
        registering = StoreRegistering(engine, journal)
        await registering.open_plan(plan, list(members), {}, {}, added_by=author, now=now)
        head = (await journal.heads([plan.plan_id]))[plan.plan_id]
        for section, number in ENTRIES.items():
            acts = _acts(plan.plan_id, author, section, number, now)
            head = (await journal.append([Batch(plan.plan_id, head, acts)]))[plan.plan_id]
        await renew(Entries(engine), journal, plan.plan_id)
    finally:
        await journal.close()
        await engine.dispose()


def _acts(plan_id: str, author: str, section: Section, number: int, now: datetime) -> list[Act]:
    document, client = SectionDocument(section), server_client(plan_id, author)
    changes = list(changes_of(section, number, author, now))
    return [
        Act(
            plan=plan_id, actor=author, action=Action.COMMAND, section=section, event="entry.create",
            update=document.perform(changes[start : start + _AT_ONCE], client=client).update,
        )
        for start in range(0, len(changes), _AT_ONCE)
    ]  # fmt: skip


def changes_of(section: Section, number: int, author: str, now: datetime) -> Iterable[Change]:
    """Return so many entries of a section as they might have come together over years."""
    for at in range(number):
        entry, day = new_id(), (now - timedelta(days=5 * at)).date()
        yield Create(section, entry, _values(section, at, author, day) | {"status": "active", "position": at})
        if section is Section.MONITORING:
            for reading in range(READINGS - 10 * (number - 1) if at == 0 else 10):
                taken = (now - timedelta(days=reading)).isoformat()
                record: dict[str, Scalar] = {"value": 70.0 + (reading * 7) % 5, "when": taken, "by": author}
                yield Append(section, entry, "readings", new_id(), record | {"unit": "kg"})


def _values(section: Section, at: int, author: str, day: date) -> dict[str, str | float]:
    match section:
        case Section.MEDICATIONS:
            taking = "active" if at < len(_NAMES) else "stopped"
            return {"kind": "medicine", "name": _NAMES[at % len(_NAMES)], "dose": f"{10 + at} mg", "taking": taking,
                    "frequency": "once daily", "route": "oral", "reconciliation": "continue"}  # fmt: skip
        case Section.CONDITIONS:
            return {"kind": "problem", "name": f"{_PROBLEMS[at % len(_PROBLEMS)]} {at}", "clinical_status": "active",
                    "owner": author, "onset": day.isoformat()}  # fmt: skip
        case Section.GOALS:
            return {"description": f"Walk to the shop and back, {at} times a week", "voice": author, "owner": author,
                    "lifecycle": "active", "due": day.isoformat()}  # fmt: skip
        case Section.TASKS:
            state = ("accepted", "completed", "requested")[at % 3]
            return {"title": f"Call about result {at}", "owner": author, "state": state, "due": day.isoformat()}
        case Section.REFERRALS:
            state = "closed" if at % 2 else "requested"
            return {"kind": "specialist", "to": "Cardiology", "question": f"Is number {at} of help?", "state": state,
                    "asker": author, "recipient": author, "urgency": "routine"}  # fmt: skip
        case Section.MONITORING:
            return {"measure": f"Measure {at}" if at else "29463-7 Body weight", "unit": "kg", "green": "60..80",
                    "responder": author}  # fmt: skip
        case Section.CAREGIVER_LOG:
            return {
                "kind": "observation",
                "words": f"She slept well and ate at noon, day {at}.",
                "when": f"{day}T12:00:00+00:00",
            }
    return {"words": f"Talked on the telephone, number {at}."}
