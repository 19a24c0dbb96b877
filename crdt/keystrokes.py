"""Keystrokes that one page sent one behind the other, as one update: judging ten letters then costs as much as one.

This only joins bytes; it trusts none of them. What it makes goes through the gate like anything a peer sends, and where
the gate refuses it, the keystrokes are judged one by one.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from crdt.lib0 import NUMBER_MAX, EncodingError, number, read_bytes, read_number

_ONE_STRUCT: Final = b"\x01\x01"
"""An update begins: one client, one struct."""

_NOTHING_DELETED: Final = b"\x00"
_STRING: Final = 4
_ORIGIN: Final = 0x80
_RIGHT: Final = 0x40
"""Bits of a struct's info (the format of Yjs' update v1): what stands on its left, and on its right."""


class _Typed(NamedTuple):
    """A string put beside something, and what its update is made of."""

    client: int
    clock: int
    head: bytes
    """Everything in front of the string."""
    right: bytes
    """The encoded id of its right neighbour; empty where it has none."""
    words: bytes


def joined(updates: Sequence[bytes]) -> list[tuple[bytes, int]]:
    """Return the same edits in the same order, each with how many updates it holds: strings that were typed right
    behind one another are one.
    """
    if len(updates) == 1:
        return [(updates[0], 1)]
    told: list[tuple[bytes, int]] = []
    at = 0
    while at < len(updates):
        first = _typed(updates[at])
        followers = [] if first is None else _followers(first, updates, at + 1)
        if first is None or not followers:
            told.append((updates[at], 1))
        else:
            words = b"".join([first.words, *followers])
            update = first.head + number(len(words)) + words + _NOTHING_DELETED
            told.append((update, 1 + len(followers)))
        at += 1 + len(followers)
    return told


def _typed(update: bytes) -> _Typed | None:
    """Return what an update says that puts one string beside something and does nothing else."""
    if update[:2] != _ONE_STRUCT:
        return None
    try:
        client, at = read_number(update, 2)
        clock, at = read_number(update, at)
        info = update[at]
        if info & 0x1F != _STRING or not info & (_ORIGIN | _RIGHT):
            return None
        at += 1
        if info & _ORIGIN:
            at = read_number(update, read_number(update, at)[1])[1]
        right = at
        if info & _RIGHT:
            at = read_number(update, read_number(update, at)[1])[1]
        words, end = read_bytes(update, at)
    except (IndexError, EncodingError):
        return None
    if update[end:] != _NOTHING_DELETED or not words:
        return None
    return _Typed(client, clock, update[:at], update[right:at], words)


def _followers(first: _Typed, updates: Sequence[bytes], at: int) -> list[bytes]:
    """Return the words of the updates from there on that were each typed right behind the one before."""
    client, clock = number(first.client), first.clock
    info = bytes((_STRING | _ORIGIN | (_RIGHT if first.right else 0),))
    followers: list[bytes] = []
    words = first.words
    for update in updates[at:]:
        clock += _clocks(words)
        if clock > NUMBER_MAX:
            break
        head = _ONE_STRUCT + client + number(clock) + info + client + number(clock - 1) + first.right
        if not update.startswith(head):
            break
        try:
            words, end = read_bytes(update, len(head))
        except (IndexError, EncodingError):
            break
        if update[end:] != _NOTHING_DELETED or not words:
            break
        followers.append(words)
    return followers


def _clocks(words: bytes) -> int:
    """Return the clocks a string takes, one for each UTF-16 unit; whatever for bytes that are no UTF-8."""
    return len(words) if words.isascii() else len(words.decode(errors="replace").encode("utf-16-le")) // 2
