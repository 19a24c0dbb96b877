"""What rows say can be erased, in two steps and named by a row; nothing else of the record moves, and it stays true."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from crdt.changes import Assign, Create, Rewrite
from crdt.documents import SectionDocument, server_client
from crdt.sections import Section
from hub.ids import new_id
from hub.record.journal import Act, Action, Batch, Head, Row, Snapshot
from hub.record.verifying import Fault, FaultKind
from hub.store import erasing
from hub.store.engine import open_engine
from hub.store.erasing import Erasing, RowsAsked, erase
from hub.store.journal import PostgresJournal
from hub.store.verifying import reading

pytestmark = pytest.mark.anyio
GOALS = Section.GOALS
ENTRY = new_id()
UNNAMED = "what it said is gone, and no row says what was erased"


class Past:
    """A goal whose words were wrong, and were put right."""

    def __init__(self, url: str, journal: PostgresJournal, plan: str) -> None:
        self.url, self.journal, self.plan = url, journal, plan

    async def erase(self, *, code: str = "", **asked: object) -> Erasing:
        return await erase(self.url, RowsAsked(self.plan, **asked), code=code, reason="right to erasure", by="op")  # type: ignore[arg-type]

    async def rows(self) -> list[Row]:
        return await self.journal.since(self.plan, 0)

    async def fault(self) -> tuple[Fault | None, list[tuple[str, int]]]:
        async with reading(self.url) as verification:
            return await verification.journals(self.plan), verification.progress.erased

    async def shown(self) -> object:
        document = SectionDocument(GOALS)
        for row in await self.rows():
            if row.update is not None:
                document.replay(row.update)
        values = document.values(ENTRY)
        assert values is not None
        return values["description"], values["unit"]


@pytest.fixture
async def past(database: str) -> AsyncIterator[Past]:
    engine = await open_engine(database)
    journal, plan, document = PostgresJournal(engine), new_id(), SectionDocument(GOALS)
    await journal.create_plan(plan)
    acts = []
    for change in (
        Create(GOALS, ENTRY, {"description": "Walk", "voice": new_id(), "unit": "HIV"}),
        Rewrite(GOALS, ENTRY, "description", "Walk SECRET"),
        Assign(GOALS, ENTRY, "unit", "km"),
        Rewrite(GOALS, ENTRY, "description", "Walk more"),
    ):
        update = document.perform([change], client=server_client(plan, "ana")).update
        acts.append(
            Act(
                plan=plan, actor="ana", action=Action.COMMAND, section=GOALS, entry=ENTRY, field="description",
                reason="because of the SECRET", words={"before": "HIV", "inserted": "SECRET"}, update=update,
            )
        )  # fmt: skip
    await journal.append([Batch(plan, Head(0, bytes(32)), acts)])
    await journal.keep_snapshot(plan, Snapshot(GOALS, 4, document.state(), {server_client(plan, "ana"): "ana"}))
    yield Past(database, journal, plan)
    await journal.close()
    await engine.dispose()


async def test_first_it_is_told_what_would_go_and_nothing_goes(past: Past) -> None:
    before = await past.rows()

    found = await past.erase(section=GOALS, entry=ENTRY)
    wrong = await past.erase(section=GOALS, entry=ENTRY, code="0" * 8)

    assert [(part.seq, part.words, part.gone > 0) for part in found.parts] == [
        (1, True, True), (2, True, True), (3, True, False), (4, True, False),
    ]  # fmt: skip
    assert found.code == wrong.code
    assert (found.seq, wrong.seq) == (0, 0)
    assert await past.rows() == before


async def test_then_exactly_that_goes_and_the_plan_and_every_hash_stay(past: Past) -> None:
    before, shown = await past.rows(), await past.shown()
    code = (await past.erase(section=GOALS, entry=ENTRY)).code

    done = await past.erase(section=GOALS, entry=ENTRY, code=code)

    rows = await past.rows()
    assert done.seq == 5
    assert [(row.hash, row.content_hash, row.actor, row.recorded) for row in rows[:4]] == [
        (row.hash, row.content_hash, row.actor, row.recorded) for row in before
    ]
    told = b"".join(b"%r%r%r" % (row.reason.encode(), row.told, row.update) for row in rows)
    assert b"SECRET" not in told
    assert b"HIV" not in told
    assert await past.shown() == shown == ("Walk more", "km")
    assert await past.fault() == (None, [(past.plan, seq) for seq in (1, 2, 3, 4)])
    assert (rows[4].action, rows[4].reason) == (Action.ERASE, "right to erasure")
    assert await past.journal.snapshots(past.plan, [GOALS]) == {}
    assert not any(part.erases for part in (await past.erase(section=GOALS)).parts)


async def test_one_row_by_its_number_and_others_stay(past: Past) -> None:
    code = (await past.erase(rows=(2,))).code

    await past.erase(rows=(2,), code=code)

    rows = await past.rows()
    assert [row.told is None for row in rows] == [False, True, False, False, False]
    assert (await past.fault())[0] is None


async def test_what_moved_between_the_two_steps_is_shown_again_first(past: Past) -> None:
    code = (await past.erase(section=GOALS)).code
    head = (await past.journal.heads([past.plan]))[past.plan]
    more = Act(plan=past.plan, actor="ana", action=Action.EXPLAIN, section=GOALS, entry=ENTRY, reason="more")
    await past.journal.append([Batch(past.plan, head, [more])])

    assert (await past.erase(section=GOALS, code=code)).seq == 0


async def test_what_is_written_in_the_moment_before_it_would_go_is_shown_first_too(
    past: Past, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, looks = (await past.erase(section=GOALS)).code, 0
    found = erasing._found

    async def looked(connection: object, asked: RowsAsked) -> Erasing:
        nonlocal looks
        looks += 1
        told = await found(connection, asked)
        if looks == 1:  # Behind the first look; the second is the one under the plan's lock.
            head = (await past.journal.heads([past.plan]))[past.plan]
            more = Act(plan=past.plan, actor="ana", action=Action.EXPLAIN, section=GOALS, entry=ENTRY, reason="more")
            await past.journal.append([Batch(past.plan, head, [more])])
        return told

    monkeypatch.setattr(erasing, "_found", looked)

    done = await past.erase(section=GOALS, code=code)

    assert (looks, done.seq) == (2, 0)
    assert done.code != code
    assert (await past.fault()) == (None, [])


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("update journal set told = '{}' where seq = 2", "words stand where they were erased"),
        ("update journal set update = '\\x0000' where seq = 4", "its update is another"),
        ("update journal set salt = sha256('x') where seq = 2", "its update is another"),
        ("update journal set salt = decode(repeat('00', 32), 'hex'), told = null, reason = '' where seq = 3",
         UNNAMED),
    ],
)  # fmt: skip
async def test_what_is_gone_and_not_named_or_put_back_is_found(past: Past, statement: str, found: str) -> None:
    code = (await past.erase(rows=(2,))).code
    await past.erase(rows=(2,), code=code)
    root = await asyncpg.connect(past.url)
    await root.execute("set session_replication_role = replica")
    await root.execute(statement)
    await root.close()

    fault, _ = await past.fault()

    assert fault is not None
    assert (fault.kind, fault.detail) == (FaultKind.CHANGED, found)


@pytest.mark.parametrize(
    "change",
    [
        "salt = decode(repeat('00', 32), 'hex'), told = null, reason = ''",
        "told = null, reason = ''",
        "actor = 'eve'",
        "update = null",
    ],
)
@pytest.mark.parametrize("seq", [2, 3])
async def test_the_database_lets_nothing_go_that_no_row_names_and_changes_nothing_else(
    past: Past, change: str, seq: int
) -> None:
    code = (await past.erase(rows=(2,))).code
    await past.erase(rows=(2,), code=code)
    named_and_whole = seq == 2 and change.startswith("salt")
    root = await asyncpg.connect(past.url)
    try:
        if named_and_whole or (seq == 2 and change.startswith("told")):
            await root.execute(f"update journal set {change} where seq = {seq}")
        else:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await root.execute(f"update journal set {change} where seq = {seq}")
    finally:
        await root.close()
