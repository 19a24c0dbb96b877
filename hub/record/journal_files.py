"""A plan's whole journal as a file that another machine can check: nothing of the hub is needed but ``verify``.

The first line is a JSON object with ``journal`` (the format's number), ``plan``, ``rows`` and ``head``, the hash of the
last row in hexadecimal. Each further line is a row: its hash in hexadecimal, a space, and the canonical JSON that was
hashed (``hub.record.chain``); then, where that holds the hash of what the row says, a tab (which JSON never holds) and
a JSON object with ``reason``, ``salt``, ``update`` and ``words``. It holds what was written and not erased, in full: it
is for the patient and the court, not for an auditor. Files of format 1 have no tabs.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, get_type_hints

import msgspec

from hub.record.chain import HashedRow, OldLine, canonical_line
from hub.record.checkpoints import CheckpointError, read_checkpoints
from hub.record.journal import Head
from hub.record.signing import VerifierKey
from hub.record.verifying import (
    LINE_FIELDS,
    Chain,
    Fault,
    FaultKind,
    Replay,
    RowValues,
    line_of_values,
    signed_fault,
)

FORMAT: Final = 2
_PLAN: Final = LINE_FIELDS.index("plan")
_REASON: Final = LINE_FIELDS.index("reason")
_UPDATE: Final = LINE_FIELDS.index("update")
_WORDS: Final = LINE_FIELDS.index("words")
_SALT: Final = LINE_FIELDS.index("salt")
_CONTENT_HASH: Final = LINE_FIELDS.index("content_hash")
_HASH: Final = len(LINE_FIELDS)


class Said(msgspec.Struct):
    """What a row says, beside its line."""

    reason: str
    salt: bytes
    update: bytes | None
    words: msgspec.Raw


_said: Final = msgspec.json.Decoder(Said)
_said_encoder: Final = msgspec.json.Encoder(order="deterministic")
_lines: Final = msgspec.json.Decoder(HashedRow)
_old_lines: Final = msgspec.json.Decoder(
    msgspec.defstruct(
        "ReadLine",
        [(name, msgspec.Raw if name == "words" else of) for name, of in get_type_hints(OldLine).items()],
    )
)
"""Reads a line with its words as they stand, ``null`` included."""


class JournalFileError(Exception):
    """The file is not a journal; the message says where."""


class Preface(msgspec.Struct, frozen=True):
    """The first line."""

    journal: int
    plan: str
    rows: int
    head: str


_prefaces: Final = msgspec.json.Decoder(Preface)


def preface_line(plan: str, head: Head) -> bytes:
    """Return the file's first line."""
    return msgspec.json.encode(Preface(FORMAT, plan, head.seq, head.hash.hex())) + b"\n"


def row_line(row: RowValues) -> bytes:
    """Return a row's line; the hash is the one that is stored."""
    line, digest = canonical_line(line_of_values(row)), row[_HASH]
    if row[_CONTENT_HASH] is None:
        return str(digest.hex()).encode() + b" " + line + b"\n"
    told = msgspec.Raw(b"null" if row[_WORDS] is None else row[_WORDS].encode())
    said = _said_encoder.encode(Said(row[_REASON], row[_SALT], row[_UPDATE], told))
    return str(digest.hex()).encode() + b" " + line + b"\t" + said + b"\n"


@dataclass(frozen=True, slots=True)
class Checked:
    """What a file says it is, the first fault, and how many rows the checkpoints know of: later ones may be missing
    because they were written after the export, or because the file was cut and its preface changed."""

    preface: Preface
    fault: Fault | None
    rows_signed: int = 0
    erased: Sequence[int] = ()
    """Rows of which something was erased."""


def check_file(path: Path, checkpoints: Path | None, key: VerifierKey | None) -> Checked:
    """Check a file: its chain, that its edits can be replayed, and every row of it that a checkpoint signed.

    Raises:
        JournalFileError: it is not a journal at all.
        OSError: a file can't be read.
    """
    preface = read_preface(path)
    chain, replay = Chain(preface.plan), Replay(preface.plan, {})
    signed = _signed_heads(preface.plan, checkpoints, key) if checkpoints and key else iter(())
    try:
        expected = next(signed, None)
        for row in _rows(path):
            if row is None or row[_PLAN] != preface.plan:
                return Checked(
                    preface, Fault(FaultKind.CHANGED, preface.plan, chain.seq + 1, "it is no row of this plan")
                )
            fault = chain.feed((row,)) or replay.take(row)
            if fault is None and expected is not None and expected.seq == chain.seq:
                fault = signed_fault(preface.plan, expected, chain.hash, None)
                expected = next(signed, None)
            if fault is not None:
                return Checked(preface, fault)
        last = max((head.seq for head in signed), default=expected.seq if expected else 0)
    except CheckpointError as error:
        return Checked(preface, Fault(FaultKind.CHECKPOINT, "", 0, str(error)))
    return Checked(preface, chain.ends(Head(preface.rows, bytes.fromhex(preface.head))), last, sorted(chain.erased))


def read_preface(path: Path) -> Preface:
    """Return the file's first line, read."""
    with path.open("rb") as file:
        try:
            preface = _prefaces.decode(file.readline())
            bytes.fromhex(preface.head)
        except ValueError as error:
            raise JournalFileError(f"{path} is not a journal: its first line is no preface.") from error
    if preface.journal not in (1, FORMAT):
        raise JournalFileError(f"{path} has format {preface.journal}; this version reads {FORMAT}.")
    return preface


def _signed_heads(plan: str, checkpoints: Path, key: VerifierKey) -> Iterator[Head]:
    for checkpoint in read_checkpoints(checkpoints, key):
        if plan in checkpoint.moved:
            yield checkpoint.moved[plan]


def _rows(path: Path) -> Iterator[RowValues | None]:
    """Yield the rows of a file, ``None`` for a line that is none, or not to the byte what is written for its row.

    A reader of base64 looks over the last bits of a value's last letter.
    """
    with path.open("rb") as file:
        file.readline()
        for text in file:
            digest, _, rest = text.rstrip(b"\n").partition(b" ")
            canonical, tab, said = rest.partition(b"\t")
            try:
                row = (*(_new_row(canonical, said) if tab else _old_row(canonical)), bytes.fromhex(digest.decode()))
            except ValueError:
                yield None
            else:
                yield row if row_line(row) == text else None


def _old_row(canonical: bytes) -> tuple[object, ...]:
    *columns, words = msgspec.structs.astuple(_old_lines.decode(canonical))
    told = bytes(words).decode()
    return *columns, None if told == "null" else told, None, None


def _new_row(canonical: bytes, beside: bytes) -> tuple[object, ...]:
    line, said = _lines.decode(canonical), _said.decode(beside)
    told = bytes(said.words).decode()
    values = msgspec.structs.asdict(line) | {"reason": said.reason, "update": said.update, "salt": said.salt}
    values["words"] = None if told == "null" else told
    return tuple(values[name] for name in LINE_FIELDS)
