from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from crdt.sections import Section
from hub.demo.registering import seed_hub
from hub.demo.seeding import PATIENTS
from hub.record.journal import Action
from hub.store.engine import open_engine
from hub.store.journal import PostgresJournal
from hub.workflows.edits import edits_of

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


@pytest.fixture
async def engine(database: str) -> AsyncIterator[AsyncEngine]:
    engine = await open_engine(database)
    yield engine
    await engine.dispose()


async def test_a_hub_is_seeded_through_the_journal_and_only_once(engine: AsyncEngine) -> None:
    seeded = await seed_hub(engine)

    assert seeded is not None
    assert len(seeded.plans) == len(PATIENTS) >= 6
    assert await seed_hub(engine) is None


async def test_the_journal_says_who_did_what(engine: AsyncEngine) -> None:
    seeded = await seed_hub(engine, only=("mary",))
    assert seeded is not None
    journal = PostgresJournal(engine)

    rows = await journal.since(seeded.plans["mary"].plan_id, 0)
    accepted = await journal.history(
        seeded.plans["mary"].plan_id, section=Section.TASKS, entry=seeded.entries["mary"]["task-ride"], limit=10
    )

    assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
    assert {row.action for row in rows} >= {Action.CREATE, Action.GRANT, Action.COMMAND}
    assert {row.event for row in rows} >= {"task.accept", "referral.send", "huddle.decide", "reading.record"}
    assert [(row.event, row.actor) for row in accepted] == [
        ("task.accept", seeded.people["torres"].person_id),
        ("entry.create", seeded.people["kim"].person_id),
    ]
    edits = edits_of(rows)
    assert any(edit.made and edit.entry == seeded.entries["mary"]["aspirin"] for edit in edits)
    dose = [(each.before, each.after) for each in edits if each.entry == seeded.entries["mary"]["atorvastatin"]
            and each.field == "dose"]  # fmt: skip
    assert dose == [("20 mg", "80 mg")]
    await journal.close()
