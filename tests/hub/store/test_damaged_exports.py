"""Journals as files, and rows of an earlier version: checked without the database, what was done to them is found."""

import base64
import hashlib
import json
import random
from pathlib import Path

import msgspec
import pytest

from hub.ids import new_id
from hub.record.chain import line_hash
from hub.record.checkpoints import CHECKPOINTS_FILE
from hub.record.journal import Batch, Head, Row, chained, line_of
from hub.record.journal_files import check_file, preface_line, row_line
from hub.record.verifying import LINE_FIELDS, Fault, FaultKind
from tests.hub.store.records import CHANGES, KEY, ROWS, Record, an_act, an_instant, repaired, some_acts

pytestmark = pytest.mark.anyio


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

    loose = [at for at in range(start, len(whole)) if whole[at : at + 1].isalnum() and whole[at + 1 : at + 2] == b"="]
    assert loose, "the last letter of base64, of which a reader looks at some bits only"
    for at in [*random.Random(3).sample(range(start, len(whole)), 200), *loose[:20]]:
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
