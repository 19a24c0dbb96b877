"""Reads Yjs updates (version 1) without applying them, strictly and within bounds.

The format, from the sources of Yjs 13 and yrs:

    update  = blocks deletes
    blocks  = count { structs-count client first-clock struct* }
    struct  = info [origin] [right origin] [parent [key]] content
    deletes = count { client ranges-count { clock length }* }

``info`` holds the content's kind in its low five bits; bit 7 says that an origin follows, bit 6 a right origin, bit 5
that the struct stands under a key. The parent is written only when there is neither origin: 1 and a root's name, or
0 and the id of the struct that made the container. Clocks count UTF-16 units of text and items of everything else.

Only what a care plan is made of is read: deleted content, strings, plain values, maps and texts, and structs already
collected. Anything else (binary, embeds, formats, subdocuments, arrays, XML, moves, skips) is refused by name.
"""

import math
import struct as layout
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

from pycrdt import merge_updates

from crdt.lib0 import NUMBER_MAX, EncodingError, number, read_number, read_signed, read_string

UPDATE_BYTES_MAX: Final = 64 * 1024
"""An update from a peer above this is refused unread."""

BLOCKS_MAX: Final = 1
"""A peer writes under one client id."""

STRUCTS_MAX: Final = 1_000
"""Structs that are judged at once, at about 25 microseconds each; more is taken in slices (``crdt.intakes``)."""

DELETE_RANGES_MAX: Final = 20_000
"""Delete ranges in one update of a peer: a whole delete set, mostly known already, is part of an honest sync step 2."""

FRESH_DELETE_RANGES_MAX: Final = 1_000
"""Delete ranges judged at once that delete something new, at about 10 microseconds each; more is taken in slices."""

INTAKE_BYTES_MAX: Final = 8 << 20
"""A sync step 2, which repeats a section's whole delete set: two million ranges, or a day of typing."""

SLICE_BYTES_MAX: Final = 1 << 20
"""One slice of it: as a rule a small part of this, but a struct is never cut, and a paste is one struct."""

INTAKE_STRUCTS_MAX: Final = 200_000
"""Structs in it, known or new: eight hours of typing without a pause, at five a second, are 144,000."""

CLOCK_MAX: Final = (1 << 31) - 1
"""yrs keeps clocks in 32 bits; half of that is the bound."""

VALUE_DEPTH_MAX: Final = 4
"""Objects in objects in a plain value. A log's record is flat; peers may write scalars only."""

STATE_VECTOR_CLIENTS_MAX: Final = 100_000
"""Client ids in a state vector; a page that old is better loaded anew."""

STATE_VECTOR_BYTES_MAX: Final = 2 << 20
"""So many clients at their longest, with room to spare."""

MERGE_CHUNK_MAX: Final = 256
"""Updates merged in one call: the cost of merging grows with the square of their number."""

COLLECTED: Final = 0
DELETED: Final = 1
STRING: Final = 4
CONTAINER: Final = 7
PLAIN: Final = 8
SKIP: Final = 10

MAP: Final = 1
TEXT: Final = 2

EMPTY_UPDATE: Final = b"\x00\x00"

Id: TypeAlias = tuple[int, int]
"""Client id and clock."""

Plain: TypeAlias = str | int | float | bool | dict[str, object] | list[object] | None


class Squashed(NamedTuple):
    """Values written to one key one after the other, all replaced since, which an undo stack still keeps."""

    values: tuple[Plain, ...]


Content: TypeAlias = Plain | Squashed
"""What a struct holds: the string, the container's type, the plain value, or None for what is gone."""

Struct: TypeAlias = tuple[int, int, int, Id | None, Id | None, Id | str | None, str | None, Content]
"""(kind, clock, length, origin, right origin, parent, key, content); a tuple, since it is made for every keystroke."""


class UpdateError(ValueError):
    """An update, or a state vector, that a care plan can't hold. ``code`` names the rule, the message the number."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Update(NamedTuple):
    """What an update says, unapplied."""

    blocks: list[tuple[int, list[Struct]]]
    deletes: list[tuple[int, int, int]]
    """(client, first clock, end), in the order written; within a client ascending and disjoint."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one update."""

    bytes_max: int
    blocks_max: int
    structs_max: int
    ranges_max: int
    fresh_max: int = FRESH_DELETE_RANGES_MAX


FROM_PEERS: Final = Limits(UPDATE_BYTES_MAX, BLOCKS_MAX, STRUCTS_MAX, DELETE_RANGES_MAX)
FROM_SLICES: Final = Limits(2 * SLICE_BYTES_MAX, BLOCKS_MAX, 3 * STRUCTS_MAX, DELETE_RANGES_MAX)
FROM_BATCHES: Final = Limits(INTAKE_BYTES_MAX, BLOCKS_MAX, INTAKE_STRUCTS_MAX, INTAKE_STRUCTS_MAX, INTAKE_STRUCTS_MAX)
"""What was judged bit by bit within one beat already, and is judged again as a whole."""
FROM_JOURNAL: Final = Limits(1 << 30, 10_000_000, 100_000_000, 100_000_000)
"""Our own journal and snapshots passed the gate when they were written; the bounds only end a runaway."""


def read_update(data: bytes, limits: Limits) -> Update:
    """Return what the update says.

    Raises:
        UpdateError: it breaks the format or a bound; codes ``size``, ``client``, ``bytes``, ``content``, ``skip``,
            ``clock``.
    """
    if len(data) > limits.bytes_max:
        raise UpdateError("size", f"an update of {len(data)} bytes is over {limits.bytes_max}")
    try:
        blocks, at = _blocks(data, limits)
        deletes, at = _deletes(data, at, limits)
    except IndexError as error:
        raise UpdateError("bytes", f"an update of {len(data)} bytes is cut short") from error
    except EncodingError as error:
        raise UpdateError("bytes", str(error)) from error
    if at != len(data):
        raise UpdateError("bytes", f"{len(data) - at} bytes too many")
    return Update(blocks, deletes)


def _blocks(data: bytes, limits: Limits) -> tuple[list[tuple[int, list[Struct]]], int]:
    count, at = read_number(data, 0)
    if count > limits.blocks_max:
        raise UpdateError("client", f"{count} client blocks are over {limits.blocks_max}")
    blocks: list[tuple[int, list[Struct]]] = []
    for _ in range(count):
        structs_count, at = read_number(data, at)
        if structs_count > limits.structs_max or structs_count > len(data):
            raise UpdateError("size", f"{structs_count} structs are over the bound")
        client, at = read_number(data, at)
        clock, at = read_number(data, at)
        if not structs_count:
            raise UpdateError("bytes", "an empty client block")
        structs: list[Struct] = []
        for _ in range(structs_count):
            struct, at = read_struct(data, at, clock)
            structs.append(struct)
            clock += struct[2]
            if clock > CLOCK_MAX:
                raise UpdateError("clock", "a clock is over 2**31")
        blocks.append((client, structs))
    return blocks, at


def read_blocks(data: bytes) -> list[tuple[int, list[Struct]]]:
    """Return the structs of an update of our own by client id, and read no further: its deletions may be many.

    Raises:
        UpdateError: it is none of ours; codes ``bytes``, ``content``.
    """
    try:
        return _blocks(data, FROM_JOURNAL)[0]
    except (IndexError, EncodingError) as error:
        raise UpdateError("bytes", f"an update of {len(data)} bytes is cut short") from error


def read_first_block(data: bytes, *, until: int, structs_max: int) -> list[Struct]:
    """Return the structs of an update of our own that stand before a clock in its first block, and read no further.

    Raises:
        UpdateError: these are over ``structs_max``, or none of ours; codes ``size``, ``bytes``, ``content``.
    """
    structs: list[Struct] = []
    try:
        blocks, at = read_number(data, 0)
        if not blocks:
            return structs
        count, at = read_number(data, at)
        _, at = read_number(data, at)
        clock, at = read_number(data, at)
        while clock < until and len(structs) < count:
            if len(structs) >= structs_max:
                raise UpdateError("size", f"over {structs_max} structs")
            struct, at = read_struct(data, at, clock)
            structs.append(struct)
            clock += struct[2]
    except (IndexError, EncodingError) as error:
        raise UpdateError("bytes", f"an update of {len(data)} bytes is cut short") from error
    return structs


def read_struct(data: bytes, at: int, clock: int) -> tuple[Struct, int]:
    """Return the struct at that offset, which has that clock, and the offset behind it.

    Raises:
        UpdateError: codes ``content``, ``skip``, ``bytes``.
        IndexError: it is cut short. EncodingError: so is something in it.
    """
    info = data[at]
    at += 1
    kind = info & 31
    origin: Id | None = None
    right: Id | None = None
    parent: Id | str | None = None
    key: str | None = None
    content: Content = None
    length = 1
    if info & 128:
        client, at = read_number(data, at)
        of, at = read_number(data, at)
        origin = (client, of)
    if info & 64:
        client, at = read_number(data, at)
        of, at = read_number(data, at)
        right = (client, of)
    if not info & 192 and kind != COLLECTED and kind != SKIP:
        parent, key, at = _parent(data, at, info & 32)
    if kind == STRING:
        content, at = read_string(data, at)
        length = len(content) if content.isascii() else len(content.encode("utf-16-le")) >> 1
    elif kind == PLAIN:
        count, at = read_number(data, at)
        if count == 1:
            content, at = _plain(data, at, 0)
        else:
            length = count
            content, at = _squashed(data, at, count)
    elif kind == DELETED or (kind == COLLECTED and info == COLLECTED):
        length, at = read_number(data, at)
    elif kind == CONTAINER:
        content, at = read_number(data, at)
        if content not in (MAP, TEXT):
            raise UpdateError("content", f"a container of type {content}")
    else:
        raise UpdateError("skip" if kind == SKIP else "content", f"content of kind {kind}")
    if length < 1:
        raise UpdateError("bytes", "a struct of no length")
    return (kind, clock, length, origin, right, parent, key, content), at


def _parent(data: bytes, at: int, keyed: int) -> tuple[Id | str, str | None, int]:
    root, at = read_number(data, at)
    parent: Id | str
    if root == 1:
        parent, at = read_string(data, at)
    elif root == 0:
        client, at = read_number(data, at)
        clock, at = read_number(data, at)
        parent = (client, clock)
    else:
        raise UpdateError("bytes", f"a parent of kind {root}")
    if keyed:
        key, at = read_string(data, at)
        return parent, key, at
    return parent, None, at


def _plain(data: bytes, at: int, depth: int) -> tuple[Plain, int]:
    tag = data[at]
    at += 1
    if tag == 119:
        return read_string(data, at)
    if tag == 125:
        return read_signed(data, at)
    if tag == 126:
        return None, at
    if tag in (120, 121):
        return tag == 120, at
    if tag in (123, 124):
        size, code = (8, ">d") if tag == 123 else (4, ">f")
        data[at + size - 1]  # Cut short: an IndexError, like everything else that is cut short.
        return _number(layout.unpack_from(code, data, at)[0]), at + size
    if tag in (117, 118) and depth < VALUE_DEPTH_MAX:
        return _nested(data, at, depth, tag == 118)
    raise UpdateError("content", f"a plain value of tag {tag} at depth {depth}")


def _number(value: float) -> int | float:
    """Return the number, a whole one as ``int``: JavaScript knows one kind, and peers write either form."""
    if not math.isfinite(value):
        raise UpdateError("content", "a number that is none")
    return int(value) if value.is_integer() and abs(value) <= NUMBER_MAX else value


def _squashed(data: bytes, at: int, count: int) -> tuple[Squashed, int]:
    if count > len(data):
        raise UpdateError("bytes", f"{count} values are cut short")
    values: list[Plain] = []
    for _ in range(count):
        value, at = _plain(data, at, 0)
        values.append(value)
    return Squashed(tuple(values)), at


def _nested(data: bytes, at: int, depth: int, keyed: bool) -> tuple[Plain, int]:
    count, at = read_number(data, at)
    if count > len(data):
        raise UpdateError("bytes", f"{count} values are cut short")
    values: list[object] = []
    record: dict[str, object] = {}
    for _ in range(count):
        if keyed:
            name, at = read_string(data, at)
            record[name], at = _plain(data, at, depth + 1)
        else:
            value, at = _plain(data, at, depth + 1)
            values.append(value)
    return (record if keyed else values), at


def _deletes(data: bytes, at: int, limits: Limits) -> tuple[list[tuple[int, int, int]], int]:
    count, at = read_number(data, at)
    deletes: list[tuple[int, int, int]] = []
    seen: set[int] = set()
    for _ in range(count):
        client, at = read_number(data, at)
        ranges_count, at = read_number(data, at)
        if client in seen:
            raise UpdateError("bytes", "a client twice in the delete set")
        seen.add(client)
        if len(deletes) + ranges_count > limits.ranges_max:
            raise UpdateError("size", f"over {limits.ranges_max} delete ranges")
        end = 0
        for _ in range(ranges_count):
            clock, at = read_number(data, at)
            length, at = read_number(data, at)
            if clock < end or length < 1:
                raise UpdateError("bytes", "delete ranges out of order")
            end = clock + length
            if end > CLOCK_MAX + 1:
                raise UpdateError("clock", "a deleted clock is over 2**31")
            deletes.append((client, clock, end))
    return deletes, at


def read_state_vector(data: bytes) -> dict[int, int]:
    """Return client id -> next clock.

    Raises:
        UpdateError: the bytes are not a state vector, or hold over ``STATE_VECTOR_CLIENTS_MAX`` clients.
    """
    clocks: dict[int, int] = {}
    try:
        count, at = read_number(data, 0)
        if count > STATE_VECTOR_CLIENTS_MAX:
            raise UpdateError("size", f"{count} clients in a state vector")
        for _ in range(count):
            client, at = read_number(data, at)
            clocks[client], at = read_number(data, at)
    except IndexError as error:
        raise UpdateError("bytes", f"a state vector of {len(data)} bytes is cut short") from error
    except EncodingError as error:
        raise UpdateError("bytes", str(error)) from error
    if at != len(data) or len(clocks) != count:
        raise UpdateError("bytes", "a state vector with bytes too many or a client twice")
    return clocks


def write_state_vector(clocks: Mapping[int, int]) -> bytes:
    """Return the bytes of client id -> next clock."""
    return number(len(clocks)) + b"".join(number(client) + number(clock) for client, clock in clocks.items())


def merge(updates: Sequence[bytes]) -> bytes:
    """Return one update that says what these say, in their order; the empty update for none.

    They are merged ``MERGE_CHUNK_MAX`` at a time, as a tree.
    """
    level = list(updates)
    while len(level) > 1:
        chunks = (level[start : start + MERGE_CHUNK_MAX] for start in range(0, len(level), MERGE_CHUNK_MAX))
        level = [chunk[0] if len(chunk) == 1 else merge_updates(*chunk) for chunk in chunks]
    return level[0] if level else EMPTY_UPDATE
