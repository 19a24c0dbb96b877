"""What a superuser of the database can do to the record, and that each of it is found, with plan and row."""

import asyncio
import base64
import hashlib
import json
import random
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from crdt.changes import Assign, Create
from crdt.documents import SectionDocument, server_client
from crdt.sections import Section
from hub.ids import HUB, new_id
from hub.record.chain import line_hash
from hub.record.checkpointing import Checkpoints
from hub.record.checkpoints import CHECKPOINTS_FILE, StepBackError
from hub.record.journal import Act, Action, Batch, Head, Row, Snapshot, chained, line_of
from hub.record.journal_files import check_file, preface_line, row_line
from hub.record.signing import SigningKey
from hub.record.verifying import LINE_FIELDS, Fault, FaultKind
from hub.store.appends import COLUMNS
from hub.store.engine import open_engine
from hub.store.heads import Heads
from hub.store.journal import PostgresJournal
from hub.store.verifying import ROWS_AT_ONCE_MAX, reading

pytestmark = pytest.mark.anyio

KEY = SigningKey(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
ROWS = 12
GUEST = "01a20091-0000-7000-8000-000000000000"


@dataclass
class Record:
    """Two plans with edits and a snapshot each, signed, and a superuser who may do anything."""

    url: str
    journal: PostgresJournal
    heads: Heads
    root: "asyncpg.Connection[asyncpg.Record]"
    folder: Path
    plan: str
    other: str

    async def damage(self, *statements: str) -> None:
        """Do it as no trigger minds."""
        await self.root.execute("set session_replication_role = replica")
        for statement in statements:
            await self.root.execute(statement)
        await self.root.execute("set session_replication_role = origin")

    async def fault(self, *, signed: bool = False, plan: str = "") -> Fault | None:
        """Return what a verification finds, with checkpoints or by the database alone."""
        async with reading(self.url) as verification:
            found = await verification.journals(plan)
            if found is None and signed:
                found = await verification.checkpoints(self.folder / CHECKPOINTS_FILE, KEY.verifier, plan)
            return found

    async def sign(self) -> None:
        """Write a checkpoint as the hub does."""
        checkpoints = Checkpoints(self.folder, KEY)
        checkpoints.resume()
        async with self.heads.signing() as turn:
            assert turn is not None
            await checkpoints.sign(turn)

    async def put(self, plan: str, rows: list[Row]) -> None:
        """Replace a plan's journal from the first of these rows on, its head with it."""
        await self.damage(f"delete from journal where plan = '{plan}' and seq >= {rows[0].seq}")
        values = [tuple(getattr(row, name) for name in COLUMNS) for row in rows]
        await self.root.copy_records_to_table("journal", columns=COLUMNS, records=values)
        await self.damage(
            f"update head set seq = {rows[-1].seq}, hash = '\\x{rows[-1].hash.hex()}' where plan = '{plan}'"
        )


def some_acts(plan: str) -> tuple[list[Act], SectionDocument]:
    """Return a goal made and changed by two people, and what it comes to."""
    document, entry = SectionDocument(Section.GOALS), new_id()
    acts = []
    for number in range(ROWS):
        person = ("ana", "ben")[number % 2]
        made = Create(Section.GOALS, entry, {"description": "Walk to church", "voice": GUEST})
        change = made if number == 0 else Assign(Section.GOALS, entry, "due", f"2026-12-{number:02}")
        accepted = document.perform([change], client=server_client(plan, person))
        acts.append(
            Act(
                plan=plan, actor=person, action=Action.COMMAND, role="specialist", section=Section.GOALS, entry=entry,
                field="due", event="entry.edit", reason="asked", session="s", words={"number": number},
                update=accepted.update, purpose="treatment", policy="1", on_behalf_of="rosa",
            )
        )  # fmt: skip
    return acts, document


@pytest.fixture
async def record(database: str, tmp_path: Path) -> AsyncIterator[Record]:
    engine = await open_engine(database)
    journal, plans = PostgresJournal(engine), sorted([new_id(), new_id()])
    root = await asyncpg.connect(database)
    for plan in plans:
        await journal.create_plan(plan)
        acts, document = some_acts(plan)
        heads = await journal.append([Batch(plan, Head(0, bytes(32)), acts[:8])])
        await journal.append([Batch(plan, heads[plan], acts[8:])])
        clients = {server_client(plan, person): person for person in ("ana", "ben")}
        await journal.keep_snapshot(plan, Snapshot(Section.GOALS, ROWS, document.state(), clients))
    found = Record(database, journal, Heads(engine), root, tmp_path / "checkpoints", *plans)
    await found.sign()
    yield found
    await root.close()
    await journal.close()
    await engine.dispose()


async def test_an_honest_record_is_true(record: Record) -> None:
    assert await record.fault(signed=True) is None
    assert await record.fault(signed=True, plan=record.plan) is None
    assert await record.journal.append([Batch(HUB, Head(0, bytes(32)), [an_act()])])
    await record.sign()
    assert await record.fault(signed=True) is None


def an_act(plan: str = HUB) -> Act:
    return Act(plan=plan, actor="eve", action=Action.ADMIN)


CHANGES: Mapping[str, str] = {
    "recorded": "recorded + interval '1 microsecond'",
    "action": "'read'",
    "outcome": "'failed'",
    "update": "update || '\\x00'::bytea",
    "told": "'{\"number\":99}'::json",
    "prev_hash": "sha256(prev_hash)",
    "hash": "sha256(hash)",
    "salt": "sha256(salt)",
    "content_hash": "sha256(content_hash) || sha256(content_hash)",
}


FOUND: Mapping[str, str] = {
    "reason": "its words are others",
    "told": "its words are others",
    "update": "its update is another",
    "salt": "its update is another",
}


@pytest.mark.parametrize("column", [name for name in COLUMNS if name not in ("plan", "seq")])
@pytest.mark.parametrize("seq", [1, 7, ROWS])
async def test_a_changed_value_of_any_column_is_found(record: Record, column: str, seq: int) -> None:
    value = CHANGES.get(column, f"{column} || 'x'")

    await record.damage(f"update journal set {column} = {value} where plan = '{record.other}' and seq = {seq}")

    found = FOUND.get(column, "it does not give its hash")
    assert await record.fault() == Fault(FaultKind.CHANGED, record.other, seq, found)


@pytest.mark.parametrize("column", ["update", "told"])
async def test_a_value_taken_away_is_found(record: Record, column: str) -> None:
    await record.damage(f"update journal set {column} = null where plan = '{record.plan}' and seq = 4")

    assert await record.fault() == Fault(FaultKind.CHANGED, record.plan, 4, FOUND[column])


async def found(record: Record, kind: FaultKind, seq: int, *, signed: bool = False) -> None:
    fault = await record.fault(signed=signed)
    assert fault is not None
    assert (fault.kind, fault.plan, fault.seq) == (kind, record.plan, seq)
    assert await record.fault(signed=signed, plan=record.plan) == fault
    assert await record.fault(signed=signed, plan=record.other) is None


async def test_a_deleted_row_is_found(record: Record) -> None:
    await record.damage(f"delete from journal where plan = '{record.plan}' and seq = 5")

    await found(record, FaultKind.MISSING, 5)


async def test_a_deleted_first_row_is_found(record: Record) -> None:
    await record.damage(f"delete from journal where plan = '{record.plan}' and seq = 1")

    await found(record, FaultKind.MISSING, 1)


async def test_a_deleted_row_with_the_rest_moved_up_is_found(record: Record) -> None:
    where = f"where plan = '{record.plan}'"
    await record.damage(
        f"delete from journal {where} and seq = 5",
        f"update journal set seq = seq + 100 {where} and seq > 5",
        f"update journal set seq = seq - 101 {where} and seq > 99",
    )

    await found(record, FaultKind.CHANGED, 5)


async def test_an_inserted_row_is_found(record: Record) -> None:
    rows = await record.journal.since(record.plan, 0)
    (forged,) = chained(Batch(record.plan, Head(5, rows[4].hash), [an_act(record.plan)]), rows[4].recorded)

    await record.put(record.plan, [*rows[:5], forged])
    await record.root.copy_records_to_table(
        "journal", columns=COLUMNS, records=[(row.plan, row.seq + 1, *list(values(row))[2:]) for row in rows[5:]]
    )
    head = f"update head set seq = {ROWS + 1}, hash = '\\x{rows[-1].hash.hex()}' where plan = '{record.plan}'"
    await record.damage(head)

    await found(record, FaultKind.CHANGED, 7)


def values(row: Row) -> tuple[object, ...]:
    return tuple(getattr(row, name) for name in COLUMNS)


async def test_a_row_appended_behind_the_hubs_back_is_found(record: Record) -> None:
    rows = await record.journal.since(record.plan, 0)
    (forged,) = chained(Batch(record.plan, Head(ROWS, rows[-1].hash), [an_act(record.plan)]), rows[-1].recorded)

    await record.root.copy_records_to_table("journal", columns=COLUMNS, records=[values(forged)])

    await found(record, FaultKind.HEAD, ROWS + 1)


async def test_two_rows_in_each_others_place_are_found(record: Record) -> None:
    where = f"where plan = '{record.plan}'"
    await record.damage(
        f"update journal set seq = 99 {where} and seq = 3",
        f"update journal set seq = 3 {where} and seq = 4",
        f"update journal set seq = 4 {where} and seq = 99",
    )

    await found(record, FaultKind.CHANGED, 3)


async def test_rows_hashed_anew_in_another_order_are_found_by_the_link(record: Record) -> None:
    rows = await record.journal.since(record.plan, 0)
    lonely = chained(Batch(record.plan, Head(4, bytes(32)), [an_act(record.plan)]), rows[4].recorded)

    await record.put(record.plan, lonely)
    await record.root.copy_records_to_table("journal", columns=COLUMNS, records=[values(row) for row in rows[5:]])

    await found(record, FaultKind.UNLINKED, 5)


@pytest.mark.parametrize("replaying", [True, False])
async def test_a_fault_is_told_though_many_more_rows_were_on_their_way(record: Record, replaying: bool) -> None:
    head = (await record.journal.heads([record.plan]))[record.plan]
    await record.journal.append([Batch(record.plan, head, [an_act(record.plan)] * (3 * ROWS_AT_ONCE_MAX))])
    await record.damage(f"update journal set actor = 'ana' where plan = '{record.plan}' and seq = {ROWS + 1}")

    async with reading(record.url) as verification:
        verification.replaying = replaying
        fault = await verification.journals()
        heads = await verification.heads()

    assert fault == Fault(FaultKind.CHANGED, record.plan, ROWS + 1, "it does not give its hash")
    assert heads[record.plan].seq == ROWS + 3 * ROWS_AT_ONCE_MAX


async def test_swapped_actors_are_found(record: Record) -> None:
    swap = "case actor when 'ana' then 'ben' else 'ana' end"
    await record.damage(f"update journal set actor = {swap} where plan = '{record.plan}' and seq in (6, 7)")

    await found(record, FaultKind.CHANGED, 6)


async def test_a_truncated_journal_is_found(record: Record) -> None:
    await record.damage(f"delete from journal where plan = '{record.plan}' and seq > 9")

    await found(record, FaultKind.TRUNCATED, 10)


async def test_an_emptied_journal_is_found(record: Record) -> None:
    await record.damage(f"delete from journal where plan = '{record.plan}'")

    await found(record, FaultKind.TRUNCATED, 1)


@pytest.mark.parametrize("change", ["hash = sha256(hash)", "seq = 11"])
async def test_a_changed_head_is_found(record: Record, change: str) -> None:
    await record.damage(f"update head set {change} where plan = '{record.plan}'")

    await found(record, FaultKind.HEAD, ROWS)


async def test_a_journal_whose_head_is_gone_is_found(record: Record) -> None:
    await record.damage(f"delete from head where plan = '{record.plan}'")

    await found(record, FaultKind.HEADLESS, ROWS)


async def test_a_chain_repaired_after_a_change_is_true_to_itself_and_not_to_what_was_signed(record: Record) -> None:
    rows = await record.journal.since(record.plan, 0)
    await record.put(record.plan, repaired(rows, 6, actor="eve"))

    assert await record.fault() is None
    await found(record, FaultKind.REWRITTEN, ROWS, signed=True)


def repaired(rows: list[Row], seq: int, **changed: str) -> list[Row]:
    """Return the rows from ``seq`` on, one changed and the chain hashed anew."""
    head, again = Head(seq - 1, rows[seq - 2].hash), []
    for row in rows[seq - 1 :]:
        told = {name: getattr(row, name) for name in Act.__struct_fields__ if name not in ("words", "update")}
        act = Act(**told | (changed if row.seq == seq else {}), update=row.update, words=row.words)
        again += chained(Batch(row.plan, head, [act]), row.recorded)
        head = Head(again[-1].seq, again[-1].hash)
    return again


async def test_a_repaired_chain_is_found_though_later_rows_were_added(record: Record) -> None:
    rows = await record.journal.since(record.plan, 0)
    again = repaired(rows, 6, actor="eve")
    more = chained(Batch(record.plan, Head(ROWS, again[-1].hash), [an_act(record.plan)]), rows[-1].recorded)

    await record.put(record.plan, again + more)
    await record.sign()  # The hub can't tell and signs on; the earlier signature stands.

    await found(record, FaultKind.REWRITTEN, ROWS, signed=True)


async def test_a_database_rolled_back_is_found_and_never_signed_over(record: Record) -> None:
    rows = await record.journal.since(record.plan, 0)
    await record.damage(f"delete from snapshot where plan = '{record.plan}'")
    await record.put(record.plan, rows[8:9])

    assert await record.fault() is None
    await found(record, FaultKind.ROLLED_BACK, 10, signed=True)
    with pytest.raises(StepBackError):
        await record.sign()


async def test_an_erased_plan_is_found_and_never_signed_over(record: Record) -> None:
    await record.damage(
        *(f"delete from {each} where plan = '{record.plan}'" for each in ("journal", "head", "snapshot"))
    )

    assert await record.fault() is None
    await found(record, FaultKind.ERASED, 0, signed=True)
    with pytest.raises(StepBackError):
        await record.sign()


async def test_a_changed_snapshot_is_found(record: Record) -> None:
    forged = SectionDocument(Section.GOALS)
    forged.perform(
        [Create(Section.GOALS, new_id(), {"description": "Rest", "voice": GUEST})], client=server_client("x", "eve")
    )

    state = forged.state().hex()
    await record.damage(f"update snapshot set state = '\\x{state}' where plan = '{record.plan}'")

    await found(record, FaultKind.SNAPSHOT, ROWS)


@pytest.mark.parametrize(
    "change", ["clients = '{}'", "state = '\\xff00'", "seq = 99", "section = 'tasks'", "state = '\\x0000'"]
)
async def test_a_snapshot_that_claims_another_place_or_people_is_found(record: Record, change: str) -> None:
    await record.damage(f"update snapshot set {change} where plan = '{record.plan}'")

    fault = await record.fault()

    assert fault is not None
    assert (fault.kind, fault.plan) == (FaultKind.SNAPSHOT, record.plan)


async def test_an_update_that_was_forged_with_its_chain_is_no_edit(record: Record) -> None:
    head = (await record.journal.heads([record.plan]))[record.plan]
    act = Act(plan=record.plan, actor="eve", action=Action.EDIT, section=Section.GOALS, update=b"\x01\x01\x05")

    await record.journal.append([Batch(record.plan, head, [act])])

    await found(record, FaultKind.EDIT, ROWS + 1)


async def test_one_flipped_bit_anywhere_in_a_row_is_found(record: Record) -> None:
    chance = random.Random(11)
    for column in ("update", "prev_hash", "hash"):
        for _ in range(6):
            seq = chance.randint(1, ROWS)
            where = f"where plan = '{record.plan}' and seq = {seq}"
            length = await record.root.fetchval(f"select length({column}) from journal {where}")
            bit = chance.randrange(length * 8)
            flip = f"update journal set {column} = set_bit({column}, {bit}, 1 - get_bit({column}, {bit})) {where}"
            await record.damage(flip)
            await found(record, FaultKind.CHANGED, seq)
            await record.damage(flip)
    assert await record.fault() is None


async def test_one_process_signs_at_a_time(record: Record) -> None:
    async with record.heads.signing() as first, record.heads.signing() as second:
        assert (first is None, second is None) == (False, True)
    async with record.heads.signing() as third:
        assert third is not None


async def test_signing_waits_for_no_commit_and_no_commit_for_it(record: Record) -> None:
    async with record.journal.exclusively(record.plan) as turn:
        async with asyncio.timeout(2):
            await record.sign()
        await turn.append([an_act(record.plan)])

    assert await record.fault(signed=True) is None


def a_journal_file(path: Path, rows: list[Row]) -> Path:
    lines = [preface_line(rows[0].plan, Head(rows[-1].seq, rows[-1].hash))]
    for row in rows:
        values = {**msgspec.structs.asdict(row), "words": row.told}
        lines.append(row_line((*(values[name] for name in LINE_FIELDS), row.hash)))
    path.write_bytes(b"".join(lines))
    return path


async def test_an_exported_journal_is_checked_without_the_database(record: Record, tmp_path: Path) -> None:
    rows = await record.journal.since(record.plan, 0)
    path, signed = a_journal_file(tmp_path / "journal", rows), record.folder / CHECKPOINTS_FILE

    assert check_file(path, None, None).fault is None
    assert check_file(path, signed, KEY.verifier).fault is None


async def test_one_changed_byte_of_an_exported_journal_is_found(record: Record, tmp_path: Path) -> None:
    path = a_journal_file(tmp_path / "journal", await record.journal.since(record.plan, 0))
    whole = path.read_bytes()
    start = whole.index(b"\n") + 1

    for at in random.Random(3).sample(range(start, len(whole)), 200):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        fault = check_file(path, None, None).fault
        assert fault is not None, (at, whole[at])
        assert fault.seq == whole[:at].count(b"\n") or whole[at : at + 1] == b"\n"


async def test_an_exported_journal_of_a_repaired_chain_is_found_against_checkpoints(
    record: Record, tmp_path: Path
) -> None:
    rows = await record.journal.since(record.plan, 0)
    path = a_journal_file(tmp_path / "journal", rows[:5] + repaired(rows, 6, actor="eve"))
    short = a_journal_file(tmp_path / "short", rows[:9])
    signed = record.folder / CHECKPOINTS_FILE

    assert check_file(path, None, None).fault is None
    assert check_file(path, signed, KEY.verifier).fault == Fault(FaultKind.REWRITTEN, record.plan, ROWS)
    assert check_file(short, signed, KEY.verifier).fault is None
    assert check_file(short, signed, KEY.verifier).rows_signed == ROWS


def test_the_hash_is_the_one_anybody_would_compute(tmp_path: Path) -> None:
    acts, _ = some_acts(new_id())
    rows = chained(Batch(acts[0].plan, Head(0, bytes(32)), acts), an_instant())
    path = a_journal_file(tmp_path / "journal", rows)

    for line in path.read_bytes().splitlines()[1:]:
        digest, _, rest = line.partition(b" ")
        canonical, _, beside = rest.partition(b"\t")
        assert hashlib.sha256(canonical).hexdigest() == digest.decode()
        said, salt = json.loads(beside), base64.b64decode(json.loads(beside)["salt"])
        update, why = base64.b64decode(said["update"]), said["reason"].encode()
        words = json.dumps(said["words"], separators=(",", ":"), sort_keys=True).encode()
        hashes = base64.b64decode(json.loads(canonical)["content_hash"])
        assert hashlib.sha256(salt[:16] + b"\1" + update).digest() == hashes[:32]
        assert hashlib.sha256(salt[16:] + len(why).to_bytes(8) + why + b"\1" + words).digest() == hashes[32:]


def as_before(rows: list[Row]) -> list[Row]:
    """Return these rows as an earlier version would have written them: what they say in the line, and no salt."""
    before, found = rows[0].prev_hash, []
    for row in rows:
        old = msgspec.structs.replace(row, prev_hash=before, salt=None, content_hash=None)
        old = msgspec.structs.replace(old, hash=line_hash(line_of(old)))
        before = old.hash
        found.append(old)
    return found


async def test_rows_of_an_earlier_version_hold_and_new_ones_stand_behind_them(record: Record, tmp_path: Path) -> None:
    rows = as_before(await record.journal.since(record.plan, 0))
    await record.put(record.plan, rows)

    assert await record.journal.append([Batch(record.plan, Head(ROWS, rows[-1].hash), [an_act(record.plan)])])

    assert await record.fault() is None
    path = a_journal_file(tmp_path / "journal", await record.journal.since(record.plan, 0))
    assert check_file(path, None, None).fault is None
    path.write_bytes(path.read_bytes().replace(b'{"journal":2', b'{"journal":1'))
    assert check_file(path, None, None).fault is None


@pytest.mark.parametrize("column", ["reason", "update", "told"])
async def test_a_changed_word_of_an_earlier_versions_row_is_found(record: Record, column: str) -> None:
    await record.put(record.plan, as_before(await record.journal.since(record.plan, 0)))

    value = CHANGES.get(column, f"{column} || 'x'")
    await record.damage(f"update journal set {column} = {value} where plan = '{record.plan}' and seq = 7")

    fault = await record.fault()
    assert fault is not None
    assert (fault.kind, fault.seq) == (FaultKind.CHANGED, 7)


def an_instant() -> datetime:
    return datetime(2026, 11, 21, tzinfo=UTC)
