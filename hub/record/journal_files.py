"""A plan's whole journal as a file that another machine can check: nothing of the hub is needed but ``verify``.

The first line is a JSON object with ``journal`` (the format's number), ``plan``, ``rows`` and ``head``, the hash of the
last row in hexadecimal. Each further line is a row: its hash in hexadecimal, a space, and the canonical JSON that was
hashed (``hub.record.chain``). It holds what was written, in full: it is for the patient and the court, not for an
auditor.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, get_type_hints

import msgspec

from hub.record.chain import Line, canonical_line
from hub.record.checkpoints import CheckpointError, read_checkpoints
from hub.record.journal import Head
from hub.record.signing import VerifierKey
from hub.record.verifying import LINE_FIELDS, Chain, Fault, Kind, Replay, RowValues, signed_fault

FORMAT: Final = 1
_PLAN: Final = LINE_FIELDS.index("plan")
_lines: Final = msgspec.json.Decoder(
    msgspec.defstruct(
        "ReadLine",
        [(name, msgspec.Raw if name == "words" else of) for name, of in get_type_hints(Line).items()],
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
    *columns, told, digest = row
    line = canonical_line(Line(*columns, None if told is None else msgspec.Raw(told)))  # type: ignore[call-arg]
    return str(digest.hex()).encode() + b" " + line + b"\n"


@dataclass(frozen=True, slots=True)
class Checked:
    """What a file says it is, the first fault, and how many rows the checkpoints know of: later ones may be missing
    because they were written after the export, or because the file was cut and its preface changed."""

    preface: Preface
    fault: Fault | None
    rows_signed: int = 0


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
                return Checked(preface, Fault(Kind.CHANGED, preface.plan, chain.seq + 1, "it is no row of this plan"))
            fault = chain.feed((row,)) or replay.take(row)
            if fault is None and expected is not None and expected.seq == chain.seq:
                fault = signed_fault(preface.plan, expected, chain.hash, None)
                expected = next(signed, None)
            if fault is not None:
                return Checked(preface, fault)
        last = max((head.seq for head in signed), default=expected.seq if expected else 0)
    except CheckpointError as error:
        return Checked(preface, Fault(Kind.CHECKPOINT, "", 0, str(error)))
    return Checked(preface, chain.ends(Head(preface.rows, bytes.fromhex(preface.head))), last)


def read_preface(path: Path) -> Preface:
    """Return the file's first line, read."""
    with path.open("rb") as file:
        try:
            preface = _prefaces.decode(file.readline())
            bytes.fromhex(preface.head)
        except ValueError as error:
            raise JournalFileError(f"{path} is not a journal: its first line is no preface.") from error
    if preface.journal != FORMAT:
        raise JournalFileError(f"{path} has format {preface.journal}; this version reads {FORMAT}.")
    return preface


def _signed_heads(plan: str, checkpoints: Path, key: VerifierKey) -> Iterator[Head]:
    for checkpoint in read_checkpoints(checkpoints, key):
        if plan in checkpoint.moved:
            yield checkpoint.moved[plan]


def _rows(path: Path) -> Iterator[RowValues | None]:
    """Yield the rows of a file, ``None`` for a line that is none."""
    with path.open("rb") as file:
        file.readline()
        for text in file:
            digest, _, canonical = text.rstrip(b"\n").partition(b" ")
            try:
                *columns, words = msgspec.structs.astuple(_lines.decode(canonical))
                told = bytes(words).decode()
                yield *columns, None if told == "null" else told, bytes.fromhex(digest.decode())
            except ValueError:
                yield None
