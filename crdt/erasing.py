"""An update without what stood in it: the same structs in the same places, whose words and values are gone.

Only what is deleted in the section by now may go: a document that is folded from the rest is then the very same, and
what was written beside it later still finds its neighbours. What still stands in the plan stays.
"""

from collections.abc import Mapping
from typing import NamedTuple

from crdt.lib0 import number, read_number, string
from crdt.ranges import Ranges
from crdt.updates import DELETED, FROM_JOURNAL, PLAIN, STRING, Struct, read_struct, read_update


class Emptied(NamedTuple):
    """An update from which something was taken."""

    update: bytes
    gone: int
    """Characters (UTF-16 units) and values that are not in it any more."""
    left: int
    """Those that still stand in the plan, and so in it."""


def deleted_in(state: bytes) -> Mapping[int, Ranges]:
    """Return which clocks of which client id are deleted in a section's state."""
    dead: dict[int, Ranges] = {}
    for client, start, end in read_update(state, FROM_JOURNAL).deletes:
        dead.setdefault(client, Ranges()).add(start, end)
    return dead


def emptied(update: bytes, dead: Mapping[int, Ranges]) -> Emptied:
    """Return the update without the words and values that are deleted.

    Raises:
        UpdateError: it is none.
    """
    read_update(update, FROM_JOURNAL)
    blocks, at = read_number(update, 0)
    written, gone, left = number(blocks), 0, 0
    for _ in range(blocks):
        count, at = read_number(update, at)
        client, at = read_number(update, at)
        clock, at = read_number(update, at)
        pieces: list[bytes] = []
        first = clock
        for _ in range(count):
            struct, end = read_struct(update, at, clock)
            parts = _parts(client, struct, update[at:end], dead.get(client, Ranges()))
            pieces += [raw for raw, _, _ in parts]
            gone += sum(taken for _, taken, _ in parts)
            left += sum(kept for _, _, kept in parts)
            at, clock = end, clock + struct[2]
        written += number(len(pieces)) + number(client) + number(first) + b"".join(pieces)
    return Emptied(written + update[at:], gone, left)


def _parts(client: int, struct: Struct, raw: bytes, dead: Ranges) -> list[tuple[bytes, int, int]]:
    """Return a struct as one or more, each with how many units went and stayed."""
    kind, clock, length, *_, content = struct
    if kind not in (STRING, PLAIN):
        return [(raw, 0, 0)]
    living = dead.lacking(clock, clock + length)
    if not living:
        return [(_headed(client, struct, clock, DELETED) + number(length), length, 0)]
    if kind == PLAIN or living == [(clock, clock + length)] or not isinstance(content, str):
        return [(raw, 0, length)]
    units = content.encode("utf-16-le")
    parts: list[tuple[bytes, int, int]] = []
    at = clock
    for start, end in [*living, (clock + length, clock + length)]:
        if at < start:
            parts.append((_headed(client, struct, at, DELETED) + number(start - at), start - at, 0))
        if start < end:
            words = units[2 * (start - clock) : 2 * (end - clock)].decode("utf-16-le")
            parts.append((_headed(client, struct, start, STRING) + string(words), 0, end - start))
        at = end
    return parts


def _headed(client: int, struct: Struct, start: int, kind: int) -> bytes:
    """Return what a struct of this kind begins with, from this clock of the other on."""
    _, clock, _, origin, right, parent, key, _ = struct
    if start > clock:
        origin = (client, start - 1)
    info = kind | (128 if origin else 0) | (64 if right else 0) | (32 if key is not None else 0)
    head = bytes((info,)) + b"".join(number(of[0]) + number(of[1]) for of in (origin, right) if of)
    if origin or right:
        return head
    assert parent is not None, "a struct without neighbours names its parent: the reader saw to it"
    if isinstance(parent, str):
        head += number(1) + string(parent)
    else:
        head += number(0) + number(parent[0]) + number(parent[1])
    return head + (string(key) if key is not None else b"")
