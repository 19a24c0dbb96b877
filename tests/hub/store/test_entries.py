"""What lists over many plans are read from is what the journal says, and says so itself where it is not."""

import asyncio

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from auth.roles import Participant, Role
from crdt.changes import Annotate, Assign, Create, Rewrite, Root
from crdt.sections import Section
from hub.demo.registering import NobodyComes
from hub.ids import new_id
from hub.live.plans import CarePlans
from hub.live.read_models import renew
from hub.record.journal import Act, Action, Batch
from hub.store.entries import Entries
from hub.store.journal import PostgresJournal
from tests.hub.store.test_replay import Random

pytestmark = pytest.mark.anyio

HOSTILE = "60,5 kg \U0001f600 \\u0000 \u0627 \x07 'quoted' \"twice\""


async def a_written_plan(plans: CarePlans, journal: PostgresJournal) -> tuple[str, str]:
    """Return a plan and a goal in it that was changed, put in words, suggested about and commented on."""
    plan, goal, other = new_id(), new_id(), new_id()
    await journal.create_plan(plan)
    who = Participant("person", plan, "Ana Ruiz", Role.PRIMARY_CARE, patient_id="the-patient")
    for changes in (
        [Create(Section.GOALS, goal, {"description": "walk to the café", "priority": "low", "voice": new_id()})],
        [Assign(Section.GOALS, goal, "priority", "high"), Rewrite(Section.GOALS, goal, "description", HOSTILE)],
        [Create(Section.GOALS, other, {"description": "Zürich", "voice": new_id()})],
        [Annotate(Section.GOALS, Root.COMMENTS, new_id(), {"entry": goal, "words": "why?", "author": "person"})],
    ):
        done = await plans.perform(plan, who, Random(list(changes)))  # type: ignore[arg-type]
        assert hasattr(done, "seq"), done
    return plan, goal


async def test_what_stands_is_what_the_documents_hold(engine: AsyncEngine, journal: PostgresJournal) -> None:
    rows = Entries(engine)
    plans = CarePlans(journal, NobodyComes())
    plan, goal = await a_written_plan(plans, journal)
    opened = await plans.content(plan)

    (read,) = await CarePlans(journal, NobodyComes(), entries=rows).contents([plan])

    assert read.sections[Section.GOALS] == opened.sections[Section.GOALS]
    assert {name: it for name, it in read.sections.items() if it.entries} == {
        name: it for name, it in opened.sections.items() if it.entries
    }
    assert read.seq == opened.seq
    assert read.creator(Section.GOALS, goal) == opened.creator(Section.GOALS, goal) == "person"
    assert await renew(rows, journal, plan) == 0


async def test_an_entry_is_found_by_its_words_without_accents(engine: AsyncEngine, journal: PostgresJournal) -> None:
    rows = Entries(engine)
    plan, _ = await a_written_plan(CarePlans(journal, NobodyComes()), journal)

    assert len(await rows.holding({plan: [Section.GOALS]}, ["zuri"])) == 1
    assert await rows.holding({plan: [Section.TASKS]}, ["zuri"]) == []
    assert await rows.holding({plan: [Section.GOALS]}, ["zuri", "%"]) == []


async def test_a_row_that_says_something_else_is_named_and_mended(
    engine: AsyncEngine, owner: AsyncEngine, journal: PostgresJournal
) -> None:
    rows = Entries(engine)
    plan, _ = await a_written_plan(CarePlans(journal, NobodyComes()), journal)
    async with owner.begin() as connection:
        await connection.execute(sa.text("""update entry set fields = '{"priority": "low"}' where root = 'entries'"""))

    assert await renew(rows, journal, plan) == 2
    assert await renew(rows, journal, plan) == 0


async def test_content_that_came_without_its_entries_is_read_from_the_documents_until_they_are_made_anew(
    engine: AsyncEngine, journal: PostgresJournal
) -> None:
    rows = Entries(engine)
    plan, goal = await a_written_plan(CarePlans(journal, NobodyComes()), journal)
    copy = new_id()
    await journal.create_plan(copy)
    edits = [row for row in await journal.since(plan, 0) if row.update is not None]
    acts = [
        Act(plan=copy, actor="person", action=Action.IMPORT, section=row.section, update=row.update) for row in edits
    ]
    head = (await journal.heads([copy]))[copy]
    assert await journal.append([Batch(copy, head, acts)])
    assert copy not in await rows.of_plans([copy])

    plans = CarePlans(journal, NobodyComes(), entries=rows)
    first, second = [(await plans.contents([copy]))[0].sections[Section.GOALS] for _ in range(2)]

    assert first == second
    assert first.entries[goal].values["priority"] == "high"
    assert len((await rows.of_plans([copy]))[copy].states) == 3


async def test_two_who_make_a_plan_anew_at_once_do_not_disturb_each_other(
    engine: AsyncEngine, journal: PostgresJournal
) -> None:
    rows = Entries(engine)
    plan, _ = await a_written_plan(CarePlans(journal, NobodyComes()), journal)

    assert await asyncio.gather(*(renew(rows, journal, plan) for _ in range(3))) == [0, 0, 0]
