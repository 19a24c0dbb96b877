"""Checkpoints: signed notes over the heads of all journals, which show what a database alone can't.

Whoever owns the database can rewrite rows and hash the chain anew, roll everything back, or drop a plan. What was
signed and is kept elsewhere still says what stood there. A checkpoint is a C2SP ``tlog-checkpoint``:

    careplan-hub/journal                        origin
    12                                          how many journals (leaves)
    base64                                      Merkle root (RFC 6962) over their heads in the order of their ids
    time 2026-11-21T08:21:00.123456Z
    previous base64                             SHA-256 of the text of the checkpoint before, of nothing for the first
    head PLAN SEQ BASE64                        every head that moved since the checkpoint before

followed by an empty line and the signature. A file is checkpoints one after another, an empty line between, and only
ever grows. A leaf is ``PLAN SEQ BASE64`` of a head. Since each note tells what moved, a file holds all it signs.
"""

import base64
import bisect
import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from hub.record.journal import Head
from hub.record.merkle import Tree
from hub.record.signing import KEY_NAME, SigningKey, VerifierKey

CHECKPOINTS_FILE: Final = "checkpoints.txt"
VERIFIER_FILE: Final = "verifier-key.txt"
LINE_CHARACTERS_MAX: Final = 1_000
"""A longer line is no line of ours."""

_NOTHING: Final = hashlib.sha256(b"").digest()


class CheckpointError(Exception):
    """A file of checkpoints is not what its signatures say; ``number`` counts its checkpoints from 1."""

    def __init__(self, number: int, what: str) -> None:
        super().__init__(f"checkpoint {number}: {what}")
        self.number = number


class StepBackError(Exception):
    """A head does not follow the one that was signed; what stands is never signed over."""

    def __init__(self, plan: str, seq: int, what: str) -> None:
        super().__init__(f"plan {plan}, row {seq}: {what}")
        self.plan, self.seq = plan, seq


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One signed note, read: ``moved`` are the heads it adds to those before."""

    number: int
    size: int
    root: bytes
    time: datetime
    previous: bytes
    moved: Mapping[str, Head]
    text: str = field(repr=False, default="")

    @property
    def digest(self) -> bytes:
        """What the next one names as ``previous``."""
        return hashlib.sha256(self.text.encode()).digest()


class Signed:
    """All heads as they were signed last, and the tree over them."""

    def __init__(self) -> None:
        self._plans: list[str] = []
        self._heads: dict[str, Head] = {}
        self._tree = Tree()
        self.last: Checkpoint | None = None

    @property
    def heads(self) -> Mapping[str, Head]:
        """Each journal's head as signed."""
        return self._heads

    @property
    def root(self) -> bytes:
        """The Merkle root over the heads."""
        return self._tree.root

    @property
    def previous(self) -> bytes:
        """What the next checkpoint has to name."""
        return self.last.digest if self.last is not None else _NOTHING

    def move(self, moved: Mapping[str, Head]) -> None:
        """Take in heads that moved.

        Raises:
            StepBackError: one of them goes back, or stands still with another hash.
        """
        for plan, head in moved.items():
            refuse_step_back(plan, self._heads.get(plan), head)
        new = []
        for plan, head in sorted(moved.items()):
            if plan in self._heads:
                self._tree.replace(bisect.bisect_left(self._plans, plan), leaf(plan, head))
            else:
                new.append(plan)
            self._heads[plan] = head
        for plan in new:
            index = bisect.bisect_left(self._plans, plan)
            if len(new) > 1 and index < len(self._plans) - len(new):
                self._rebuild()
                return
            self._plans.insert(index, plan)
            self._tree.insert(index, leaf(plan, self._heads[plan]))

    def _rebuild(self) -> None:
        self._plans = sorted(self._heads)
        self._tree = Tree(leaf(plan, self._heads[plan]) for plan in self._plans)

    def __len__(self) -> int:
        return len(self._heads)


def refuse_step_back(plan: str, signed: Head | None, head: Head | None) -> None:
    """Make sure that a head may follow the one that was signed.

    Raises:
        StepBackError: it may not.
    """
    if signed is None:
        return
    if head is None:
        raise StepBackError(plan, signed.seq, "the plan's journal is gone")
    if head.seq < signed.seq:
        raise StepBackError(plan, head.seq, f"the journal ends here, but row {signed.seq} was signed")
    if head.seq == signed.seq and head.hash != signed.hash:
        raise StepBackError(plan, head.seq, "the row's hash is not the one that was signed")


def leaf(plan: str, head: Head) -> bytes:
    """Return the leaf that stands for a head."""
    return f"{plan} {head.seq} {_base64(head.hash)}".encode()


def next_text(signed: Signed, moved: Mapping[str, Head], now: datetime) -> str:
    """Take in the heads that moved and return the text of the checkpoint over all.

    Raises:
        StepBackError: a head does not follow the signed one; nothing may be signed.
    """
    previous = signed.previous
    signed.move(moved)
    lines = [KEY_NAME, str(len(signed)), _base64(signed.root), f"time {_instant(now)}", f"previous {_base64(previous)}"]
    lines += [f"head {leaf(plan, head).decode()}" for plan, head in sorted(moved.items())]
    return "\n".join(lines) + "\n"


def read_checkpoints(path: Path, key: VerifierKey, signed: Signed | None = None) -> Iterator[Checkpoint]:
    """Yield the checkpoints of a file in order, each one's signature, link and root checked before it is yielded.

    ``signed`` follows along. What the file holds in memory is one checkpoint and the heads, not its length.

    Raises:
        CheckpointError: something is not as signed. ``OSError``: there is no such file.
    """
    signed = signed if signed is not None else Signed()
    for number, (text, signatures) in enumerate(_notes(path), 1):
        if not key.checked(text, signatures):
            raise CheckpointError(number, "the signature is not the key's")
        found = parse(number, text)
        if found.previous != signed.previous:
            raise CheckpointError(number, "it does not follow the one before: one was taken out or put in")
        try:
            signed.move(found.moved)
        except StepBackError as error:
            raise CheckpointError(number, f"it signs a step back: {error}") from error
        if (found.size, found.root) != (len(signed), signed.root):
            raise CheckpointError(number, "its root is not that of the heads")
        signed.last = found
        yield found


def parse(number: int, text: str) -> Checkpoint:
    """Return what a checkpoint's text says.

    Raises:
        CheckpointError: it is not of our form.
    """
    lines = text.splitlines()
    try:
        origin, size, root = lines[:3]
        if origin != KEY_NAME or not lines[3].startswith("time ") or not lines[4].startswith("previous "):
            raise ValueError(origin)
        moved: dict[str, Head] = {}
        for line in lines[5:]:
            word, plan, seq, digest = line.split(" ")
            if word != "head":
                raise ValueError(word)
            moved[plan] = Head(int(seq), base64.b64decode(digest, validate=True))
        previous = base64.b64decode(lines[4].removeprefix("previous "), validate=True)
        time = datetime.fromisoformat(lines[3].removeprefix("time "))
        return Checkpoint(number, int(size), base64.b64decode(root, validate=True), time, previous, moved, text)
    except (ValueError, IndexError) as error:
        raise CheckpointError(number, "it is not of the form of a checkpoint") from error


def append_durably(path: Path, note: str) -> None:
    """Append a note to the file so that it survives a power cut; who may write checkpoints alone may read them."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        content = (note if os.fstat(handle).st_size == 0 else "\n" + note).encode()
        written = os.write(handle, content)
        assert written == len(content), "a note of a local file is written whole"
        os.fsync(handle)
    finally:
        os.close(handle)


def sign_next(path: Path, key: SigningKey, signed: Signed, heads: Iterable[tuple[str, Head]], now: datetime) -> str:
    """Append the checkpoint over these heads, all there are, to the file and return its note; ``""`` where none moved.

    Raises:
        StepBackError: a head went back or a plan is gone since the last one; nothing is signed.
    """
    standing = dict(heads)
    for plan, head in signed.heads.items():
        refuse_step_back(plan, head, standing.get(plan))
    moved = {plan: head for plan, head in standing.items() if signed.heads.get(plan) != head}
    if not moved:
        return ""
    number = signed.last.number + 1 if signed.last is not None else 1
    text = next_text(signed, moved, now)
    note = key.signed(text)
    append_durably(path, note)
    signed.last = parse(number, text)
    return note


def _notes(path: Path) -> Iterator[tuple[str, str]]:
    """Yield text and signatures of each note."""
    blocks: list[str] = []
    block = ""
    with path.open(encoding="utf-8", errors="replace", newline="\n") as file:
        for line in file:
            if line != "\n":
                block += line
                continue
            blocks.append(block)
            block = ""
            if len(blocks) == 2:
                yield blocks[0], blocks[1]
                blocks = []
    if block:
        blocks.append(block)
    if blocks:
        yield blocks[0], blocks[1] if len(blocks) > 1 else ""


def _instant(now: datetime) -> str:
    return now.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
