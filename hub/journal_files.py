"""A plan's whole journal as a file that another machine can check: nothing of the hub is needed but ``verify``.

The first line is a JSON object with ``journal`` (the format's number), ``plan``, ``rows`` and ``head``, the hash of the
last row in hexadecimal. Each further line is a row: its hash in hexadecimal, a space, and the canonical JSON that was
hashed (``hub.chain``). It holds what was written, in full: it is for the patient and the court, not for an auditor.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from hub.chain import Line, canonical_line
from hub.checkpoints import CheckpointError, read_checkpoints
from hub.journal import Head
from hub.signing import VerifierKey
from hub.verifying import LINE_FIELDS, Chain, Fault, Kind, Replay, RowValues, signed_fault

FORMAT: Final = 1
_PLAN: Final = LINE_FIELDS.index("plan")
_lines: Final = msgspec.json.Decoder(Line)


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


def check_file(path: Path, checkpoints: Path | None, key: VerifierKey | None) -> tuple[Preface, Fault | None]:
    """Return what the file says it is and the first fault: of its chain, its edits, or against signed checkpoints.

    Raises:
        JournalFileError: it is not a journal at all.
        OSError: a file can't be read.
    """
    preface = read_preface(path)
    head = Head(preface.rows, bytes.fromhex(preface.head))
    chain, replay = Chain(preface.plan), Replay(preface.plan, {})
    signed = _signed_heads(preface.plan, checkpoints, key) if checkpoints and key else iter(())
    expected = next(signed, None)
    try:
        for row in _rows(path):
            if row is None or row[_PLAN] != preface.plan:
                return preface, Fault(Kind.CHANGED, preface.plan, chain.seq + 1, "it is no row of this plan")
            if fault := chain.feed((row,)) or replay.take(row):
                return preface, fault
            while expected is not None and expected.seq <= chain.seq:
                if fault := signed_fault(preface.plan, expected, chain.hash, None):
                    return preface, fault
                expected = next(signed, None)
        if fault := chain.ends(head):
            return preface, fault
    except CheckpointError as error:
        return preface, Fault(Kind.CHECKPOINT, "", 0, str(error))
    return preface, None


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
                line = _lines.decode(canonical)
                *columns, told = msgspec.structs.astuple(line)
                yield *columns, None if told is None else bytes(told).decode(), bytes.fromhex(digest.decode())
            except ValueError:
                yield None
