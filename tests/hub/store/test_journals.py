"""What any journal must do: the one in Postgres and the one in memory pass the same tests."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from crdt.sections import Section
from hub.ids import HUB, new_id
from hub.record.chain import line_hash
from hub.record.journal import EMPTY, OPENING_ROWS_MAX, Act, Action, Batch, Head, Journal, Latest, Snapshot, line_of
from hub.store.engine import open_engine
from hub.store.journal import PostgresJournal
from tests.harness.journal_memory import MemoryJournal

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["postgres", "memory"])
def place(request: pytest.FixtureRequest) -> str:
    """A database's URL, or nothing for the journal in memory."""
    return str(request.getfixturevalue("database")) if request.param == "postgres" else ""


@pytest.fixture
async def journal(place: str) -> AsyncIterator[Journal]:
    if not place:
        yield MemoryJournal(lambda: datetime.now(UTC))
        return
    engine = await open_engine(place)
    durable = PostgresJournal(engine)
    yield durable
    await durable.close()
    await engine.dispose()


@pytest.fixture
async def plan(journal: Journal) -> str:
    plan = new_id()
    await journal.create_plan(plan)
    return plan


def an_edit(plan: str, *, field: str = "dose", entry: str = "e1", actor: str = "ana", **more: object) -> Act:
    values = {"section": Section.MEDICATIONS, "update": b"\1\2", "words": {"after": "25 mg"}, **more}
    return Act(plan=plan, actor=actor, action=Action.EDIT, entry=entry, field=field, **values)  # type: ignore[arg-type]


async def appended(journal: Journal, plan: str, *acts: Act) -> Head:
    head = (await journal.heads([plan]))[plan]
    return (await journal.append([Batch(plan, head, acts)]))[plan]


async def test_a_new_plan_has_an_empty_journal(journal: Journal, plan: str) -> None:
    assert await journal.heads([plan]) == {plan: EMPTY}
    assert await journal.since(plan, 0) == []


async def test_making_a_plan_again_changes_nothing(journal: Journal, plan: str) -> None:
    head = await appended(journal, plan, an_edit(plan))

    await journal.create_plan(plan)

    assert await journal.heads([plan]) == {plan: head}


async def test_the_hub_has_a_journal_from_the_start(journal: Journal) -> None:
    assert await journal.heads([HUB, "unknown"]) == {HUB: EMPTY}


ROWS = pytest.mark.parametrize("rows", [1, 2])
"""One row has a statement of its own."""


@ROWS
async def test_what_was_appended_is_read_back_as_it_was(journal: Journal, plan: str, rows: int) -> None:
    act = an_edit(plan, reason="é \u2028 \U0001f600", role="pharmacist", words={"b": {"z": 1, "a": None}, "a": 0.5})

    refused = an_edit(plan, update=None, words=None, outcome="refused")

    for acts in [(act, refused)] if rows > 1 else [(act,), (refused,)]:
        head = await appended(journal, plan, *acts)

    first, second = await journal.since(plan, 0)
    assert {name: getattr(first, name) for name in Act.__struct_fields__} == {
        name: getattr(act, name) for name in Act.__struct_fields__
    }
    assert (second.update, second.words, second.action) == (None, None, Action.EDIT)
    assert all(line_hash(line_of(row)) == row.hash for row in (first, second))
    assert Head(second.seq, second.hash) == head == (await journal.heads([plan]))[plan]


async def test_rows_carry_the_instant_they_were_recorded(journal: Journal, plan: str) -> None:
    await appended(journal, plan, an_edit(plan))

    (row,) = await journal.since(plan, 0)
    assert row.recorded.tzinfo is UTC
    assert abs(datetime.now(UTC) - row.recorded) < timedelta(seconds=10)


async def test_a_row_for_a_head_that_moved_on_is_not_written(journal: Journal, plan: str) -> None:
    await appended(journal, plan, an_edit(plan))

    assert await journal.append([Batch(plan, EMPTY, [an_edit(plan)])]) == {}
    assert len(await journal.since(plan, 0)) == 1


async def test_a_plan_whose_head_moved_on_is_left_out_whole(journal: Journal, plan: str) -> None:
    other = new_id()
    await journal.create_plan(other)
    stale = (await journal.heads([plan]))[plan]
    await appended(journal, plan, an_edit(plan))

    heads = await journal.append(
        [Batch(plan, stale, [an_edit(plan), an_edit(plan)]), Batch(other, EMPTY, [an_edit(other)])]
    )

    assert list(heads) == [other]
    assert len(await journal.since(plan, 0)) == 1
    assert len(await journal.since(other, 0)) == 1


@ROWS
async def test_a_head_of_the_right_number_and_another_hash_is_a_head_that_moved(
    journal: Journal, plan: str, rows: int
) -> None:
    head = await appended(journal, plan, an_edit(plan))

    assert await journal.append([Batch(plan, Head(head.seq, b"\7" * 32), [an_edit(plan)] * rows)]) == {}
    assert len(await journal.since(plan, 0)) == 1


@ROWS
async def test_nothing_is_appended_for_a_plan_without_a_journal(journal: Journal, rows: int) -> None:
    unknown = new_id()

    assert await journal.append([Batch(unknown, EMPTY, [an_edit(unknown)] * rows)]) == {}
    assert await journal.since(unknown, 0) == []


async def test_appending_nothing_is_nothing(journal: Journal, plan: str) -> None:
    assert await journal.append([]) == {}
    assert await journal.append([Batch(plan, EMPTY, [])]) == {}


async def test_of_many_appends_to_one_head_one_wins(journal: Journal, plan: str) -> None:
    answers = await asyncio.gather(*(journal.append([Batch(plan, EMPTY, [an_edit(plan)])]) for _ in range(8)))

    assert sum(bool(answer) for answer in answers) == 1
    assert len(await journal.since(plan, 0)) == 1


async def test_a_turn_appends_what_follows_and_sees_it(journal: Journal, plan: str) -> None:
    await appended(journal, plan, an_edit(plan))

    async with journal.exclusively(plan) as turn:
        assert turn.head.seq == 1
        await turn.append([an_edit(plan, actor="ben")])
        head = await turn.append([an_edit(plan), an_edit(plan)])
        assert [row.seq for row in await turn.since(1)] == [2, 3, 4]
        assert turn.head == head

    assert (await journal.heads([plan]))[plan] == head
    assert [row.actor for row in await journal.since(plan, 0)] == ["ana", "ben", "ana", "ana"]


async def test_a_turn_that_fails_leaves_nothing(journal: Journal, plan: str) -> None:
    async def fall_over() -> None:
        async with journal.exclusively(plan) as turn:
            await turn.append([an_edit(plan)])
            raise RuntimeError("fell over")

    with pytest.raises(RuntimeError, match="fell over"):
        await fall_over()

    assert await journal.since(plan, 0) == []
    assert await journal.heads([plan]) == {plan: EMPTY}


async def test_turns_of_one_plan_wait_for_each_other(journal: Journal, plan: str) -> None:
    async def add(number: int) -> None:
        async with journal.exclusively(plan) as turn:
            before = turn.head.seq
            await asyncio.sleep(0)
            await turn.append([an_edit(plan, reason=f"{number} after {before}")])

    await asyncio.gather(*(add(number) for number in range(6)))

    rows = await journal.since(plan, 0)
    assert [row.reason.split(" after ")[1] for row in rows] == ["0", "1", "2", "3", "4", "5"]


async def test_a_turn_of_the_hub_writes_to_a_plan_as_well_or_to_neither(journal: Journal, plan: str) -> None:
    await appended(journal, plan, an_edit(plan))
    before = (await journal.heads([HUB]))[HUB]
    told = Act(plan=HUB, actor="ana", action=Action.COMMAND)

    async with journal.exclusively(HUB) as turn:
        head = await turn.append([told])
        other = await turn.also(plan, [an_edit(plan, actor="ben")])

    async def to_a_plan_that_is_not_there() -> None:
        async with journal.exclusively(HUB) as turn:
            await turn.append([told])
            await turn.also(new_id(), [an_edit(plan)])

    with pytest.raises(KeyError):
        await to_a_plan_that_is_not_there()
    assert await journal.heads([HUB, plan]) == {HUB: head, plan: other}
    assert head.seq == before.seq + 1
    assert [row.actor for row in await journal.since(plan, 0)] == ["ana", "ben"]


async def test_turns_of_the_hub_and_commits_to_the_same_plans_do_not_wait_for_each_other_for_ever(
    journal: Journal, plan: str
) -> None:
    async def both() -> None:
        async with journal.exclusively(HUB) as turn:
            await turn.append([Act(plan=HUB, actor="ana", action=Action.COMMAND)])
            await asyncio.sleep(0)
            await turn.also(plan, [an_edit(plan)])

    async def together() -> None:
        heads = await journal.heads([HUB, plan])
        acts = {HUB: Act(plan=HUB, actor="ben", action=Action.COMMAND), plan: an_edit(plan, actor="ben")}
        await journal.append([Batch(each, heads[each], [acts[each]]) for each in (plan, HUB)])

    async def alone() -> None:
        async with journal.exclusively(plan) as turn:
            await turn.append([an_edit(plan)])

    async with asyncio.timeout(60):
        await asyncio.gather(*(each() for _ in range(4) for each in (both, together, alone)))

    assert len(await journal.since(plan, 0)) >= 8


async def test_a_turn_that_changed_access_and_wrote_no_row_is_undone(journal: Journal, plan: str) -> None:
    with pytest.raises(AssertionError, match="written in the journal"):
        async with journal.exclusively(plan) as turn:
            _ = turn.connection


async def test_there_is_no_turn_for_an_unknown_plan(journal: Journal) -> None:
    with pytest.raises(KeyError):
        async with journal.exclusively(new_id()):
            pass


async def test_rows_are_read_from_a_number_on_and_so_many(journal: Journal, plan: str) -> None:
    await appended(journal, plan, *(an_edit(plan) for _ in range(7)))

    assert [row.seq for row in await journal.since(plan, 2, limit=3)] == [3, 4, 5]
    assert [row.seq for row in await journal.since(plan, 5)] == [6, 7]


async def test_a_snapshot_is_kept_until_a_later_one_comes(journal: Journal, plan: str) -> None:
    await appended(journal, plan, *(an_edit(plan) for _ in range(9)))
    early = Snapshot(Section.GOALS, 3, b"early", {7: "ana"})
    late = Snapshot(Section.GOALS, 9, b"late", {7: "ana", 2**53 - 1: "ben"})

    for snapshot in (early, late, early, Snapshot(Section.GOALS, 10, b"ahead", {})):
        await journal.keep_snapshot(plan, snapshot)

    assert await journal.snapshots(plan, [Section.GOALS, Section.TASKS]) == {Section.GOALS: late}
    await journal.drop_snapshot(plan, early)
    assert await journal.snapshots(plan, [Section.GOALS]) == {Section.GOALS: late}
    await journal.drop_snapshot(plan, late)
    assert await journal.snapshots(plan, [Section.GOALS]) == {}


async def test_the_latest_change_of_each_field_counts_and_no_refusal(journal: Journal, plan: str) -> None:
    read = Act(plan=plan, actor="eve", action=Action.READ, section=Section.MEDICATIONS)
    await appended(
        journal, plan, an_edit(plan), an_edit(plan, field="route"), an_edit(plan, actor="ben"), read,
        an_edit(plan, entry="e2", section=Section.GOALS), an_edit(plan, actor="eve", outcome="refused"),
        an_edit(plan, entry="e0", field="", actor="cy"),
    )  # fmt: skip

    found = await journal.latest(plan, [Section.MEDICATIONS, Section.TASKS])

    rows = await journal.since(plan, 0)
    assert found == {
        (Section.MEDICATIONS, "e1", "dose"): Latest("ben", rows[2].recorded, 3),
        (Section.MEDICATIONS, "e1", "route"): Latest("ana", rows[1].recorded, 2),
        (Section.MEDICATIONS, "e0", ""): Latest("cy", rows[6].recorded, 7),
    }


async def test_history_is_narrowed_and_paged_from_the_newest(journal: Journal, plan: str) -> None:
    await appended(
        journal, plan, an_edit(plan), an_edit(plan, field="route"), an_edit(plan, entry="e2"),
        an_edit(plan, section=Section.GOALS), an_edit(plan),
    )  # fmt: skip

    async def seqs(**narrowed: object) -> list[int]:
        return [row.seq for row in await journal.history(plan, **narrowed)]  # type: ignore[arg-type]

    assert await seqs(limit=2) == [5, 4]
    assert await seqs(limit=9, before_seq=4) == [3, 2, 1]
    assert await seqs(limit=9, section=Section.MEDICATIONS) == [5, 3, 2, 1]
    assert await seqs(limit=9, section=Section.MEDICATIONS, entry="e1") == [5, 2, 1]
    assert await seqs(limit=9, section=Section.MEDICATIONS, entry="e1", field="dose") == [5, 1]
    assert await seqs(limit=9, section=Section.MEDICATIONS, entry="e1", field="dose", before_seq=5) == [1]


async def test_what_plans_are_opened_from_is_what_each_would_be_asked_for(journal: Journal, plan: str) -> None:
    others = [new_id(), new_id()]
    for each in others:
        await journal.create_plan(each)
    await appended(journal, plan, *[an_edit(plan, entry=f"e{number}") for number in range(3)])
    await appended(journal, others[0], *[an_edit(others[0])] * (OPENING_ROWS_MAX + 1))
    for section in Section:
        await journal.keep_snapshot(others[0], Snapshot(section, 1, b"\0", {7: "ana"}))
    await journal.keep_snapshot(plan, Snapshot(Section.GOALS, 2, b"\0", {}))

    found = await journal.openings([*others, plan, "unknown"])

    assert set(found) == {plan, *others}
    for each, start in ((plan, 0), (others[0], 1), (others[1], 0)):
        assert found[each].head == (await journal.heads([each]))[each]
        assert found[each].snapshots == await journal.snapshots(each, list(Section))
        assert found[each].rows == await journal.since(each, start, limit=OPENING_ROWS_MAX)
    rows = found[others[0]].rows
    assert (found[others[0]].after(1), found[others[0]].after(4), found[others[0]].after(0)) == (rows, rows[3:], [])
