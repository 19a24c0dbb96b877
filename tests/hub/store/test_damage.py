"""What a superuser of the database can do to the record, and that each of it is found, with plan and row."""

import asyncio
import random
from collections.abc import Mapping

import pytest

from crdt.changes import Create
from crdt.documents import SectionDocument, server_client
from crdt.sections import Section
from hub.ids import HUB, new_id
from hub.record.checkpoints import StepBackError
from hub.record.journal import Act, Action, Batch, Head, Row, chained
from hub.record.verifying import Fault, FaultKind
from hub.store.appends import COLUMNS
from hub.store.verifying import ROWS_AT_ONCE_MAX, reading
from tests.hub.store.records import CHANGES, GUEST, ROWS, Record, an_act, repaired

pytestmark = pytest.mark.anyio


async def test_an_honest_record_is_true(record: Record) -> None:
    assert await record.fault(signed=True) is None
    assert await record.fault(signed=True, plan=record.plan) is None
    assert await record.journal.append([Batch(HUB, Head(0, bytes(32)), [an_act()])])
    await record.sign()
    assert await record.fault(signed=True) is None


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
