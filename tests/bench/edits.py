"""What the bench types: Yjs updates made beforehand, the same bytes for every server, each edit known by its number.

Every editor writes in a line of its own, as people do who sit in one text: behind the character it wrote last, before
the line's end. So the final words of every line can be told in advance, and a lost, doubled or moved edit shows.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from pycrdt import Doc, Map, Text

from crdt.changes import Create
from crdt.documents import SectionDocument
from crdt.lib0 import number, string
from crdt.sections import Section
from crdt.updates import EMPTY_UPDATE, FROM_JOURNAL, STRING, read_update
from hub.ids import new_id
from hub.live.open_sections import SNAPSHOT_EDITS_MAX
from hub.record.journal import Act, Action

SECTION: Final = Section.GOALS
FIELD: Final = "barriers"
VOICE: Final = "0190eeee-0000-7000-8000-000000000001"
"""A person whom every goal names."""

SERVER_CLIENT: Final = 1 << 33
"""Who wrote the entries: above 2**32, where a peer's id can't be."""

TAIL: Final = SNAPSHOT_EDITS_MAX // 2
"""Edits behind the last snapshot: half of what a hub lets gather."""

SAMPLE_CLIENT: Final = 1_000

_BEHIND_AND_BEFORE: Final = 0xC4
"""Info of a string with an origin and a right origin."""


def entry_id(at: int) -> str:
    """Return the id of the entry of that number."""
    return f"0190dddd-0000-7000-8000-{at:012x}"


@dataclass(frozen=True, slots=True)
class Ground:
    """What stands before anyone types: entries whose texts are empty lines."""

    state: bytes
    lines: tuple[tuple[str, int, int], ...]
    """Of each editor: the entry, its line there, and the clock of the line's first newline."""


@cache
def a_ground(editors: int, entries: int = 1) -> Ground:
    """Return a section with a line for each editor, the editors spread over so many entries."""
    document = SectionDocument(SECTION)
    shares = [len(range(at, editors, entries)) for at in range(entries)]
    values = {"description": "Walk", "voice": VOICE}
    made = [Create(SECTION, entry_id(at), values | {FIELD: "\n" * (share + 1)}) for at, share in enumerate(shares)]
    document.perform(made, client=SERVER_CLIENT)
    state = document.state()
    begins = sorted(
        struct[1]
        for _, structs in read_update(state, FROM_JOURNAL).blocks
        for struct in structs
        if struct[0] == STRING and str(struct[7]).startswith("\n")
    )
    assert len(begins) == entries, "each text is one struct"
    lines = [(entry_id(at % entries), at // entries, begins[at % entries] + at // entries) for at in range(editors)]
    return Ground(state, tuple(lines))


def typed(at: int, characters: int) -> str:
    """Return the words of an editor's edit of that number: always so many characters."""
    return f"{at:0{characters}x}"[-characters:]


def an_edit(client: int, at: int, begin: int, characters: int) -> bytes:
    """Return the update of an editor's edit of that number in the line that begins at that clock."""
    clock = at * characters
    behind = number(client) + number(clock - 1) if at else number(SERVER_CLIENT) + number(begin)
    before = number(SERVER_CLIENT) + number(begin + 1)
    head = b"\x01\x01" + number(client) + number(clock) + bytes((_BEHIND_AND_BEFORE,))
    return head + behind + before + string(typed(at, characters)) + b"\x00"


def acts(plan: str, rows: int) -> Sequence[Act]:
    """Return so many edits of 4 characters as the rows that a plan's journal takes."""
    begin = a_ground(1).lines[0][2]
    words = {"field": "barriers", "before": "0001", "after": "00010002"}
    return [
        Act(
            plan=plan, actor=new_id(), action=Action.EDIT, role="care_manager", session=new_id(), section=Section.GOALS,
            entry=entry_id(0), field="barriers", update=an_edit(SAMPLE_CLIENT, at + 1, begin, 4), words=words,
        )
        for at in range(rows)
    ]  # fmt: skip


def lines_of(state: bytes, ground: Ground) -> list[str]:
    """Return what stands in each editor's line of a document with that state."""
    doc: Doc[Any] = Doc()
    doc.apply_update(state)
    entries = doc.get("entries", type=Map)
    texts = {entry: str(entries[entry][FIELD]).split("\n") for entry in {line[0] for line in ground.lines}}
    return [texts[entry][line + 1] for entry, line, _ in ground.lines]


@dataclass(frozen=True, slots=True)
class Past:
    """A section with a past: its updates in order, and the state they end in."""

    updates: tuple[bytes, ...]
    state: bytes
    before_tail: bytes = b""
    """The state as it was ``TAIL`` edits before the end."""


@cache
def a_past(edits: int, *, entries: int = 20, clients: int = 10, seed: int = 7) -> Past:
    """Return a section after so many edits by pages that came and went: values set, words put in and cut out."""
    ground = a_ground(entries, entries)
    chance = random.Random(seed)
    pages = [_a_page(ground.state, 50_000 + at) for at in range(clients)]
    told: list[bytes] = [ground.state]
    before_tail = b""
    for at in range(edits - 1):
        page = pages[at * clients // edits]  # One after the other, as over days.
        if page is not pages[max(0, at - 1) * clients // edits]:
            page.apply_update(pages[(at - 1) * clients // edits].get_update())
        if len(told) == edits - TAIL:
            before_tail = page.get_update()
        told.append(_changed(page, chance, at, entries))
    return Past(tuple(told), pages[-1].get_update(), before_tail)


def _a_page(state: bytes, client: int) -> "Doc[Any]":
    doc: Doc[Any] = Doc(client_id=client)
    doc.apply_update(state)
    return doc


def _changed(doc: "Doc[Any]", chance: random.Random, at: int, entries: int) -> bytes:
    """Make one edit and return its update."""
    told: list[bytes] = []
    heard = doc.observe(lambda event: told.append(bytes(event.update)))
    entry = doc.get("entries", type=Map)[entry_id(chance.randrange(entries))]
    text: Text = entry[FIELD]
    with doc.transaction():
        if at % 4 == 0:
            entry["priority"] = chance.choice(["high", "medium", "low"])
        elif len(text) > 900:
            start = chance.randrange(len(text) - 20)
            del text[start : start + 12]
        else:
            text.insert(chance.randint(0, len(text)), "word "[: chance.randint(1, 5)])
    doc.unobserve(heard)
    return told[0] if told else EMPTY_UPDATE  # What a page sends: this transaction, and no older deletions.


def numbers_of(update: bytes) -> Sequence[tuple[int, int, int]]:
    """Return (client, first clock, clock behind the last) of everything that an update brings."""
    return [
        (client, structs[0][1], structs[-1][1] + structs[-1][2])
        for client, structs in read_update(update, FROM_JOURNAL).blocks
    ]
