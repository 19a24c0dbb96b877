"""Writes Yjs updates by hand, honest or not: what the reader reads, and worse."""

import struct as layout
from collections.abc import Sequence

from crdt.lib0 import counted, number, string
from crdt.updates import COLLECTED, CONTAINER, DELETED, PLAIN, SKIP, STRING, Id, Plain, Squashed, Struct

Deletes = Sequence[tuple[int, int, int]]
"""(client, first clock, end), a client's together."""


def a_struct(
    kind: int,
    clock: int,
    content: object = None,
    *,
    length: int = 1,
    origin: Id | None = None,
    right: Id | None = None,
    parent: Id | str | None = None,
    key: str | None = None,
) -> Struct:
    if kind == STRING and isinstance(content, str):
        length = len(content.encode("utf-16-le")) // 2
    return kind, clock, length, origin, right, parent, key, content  # type: ignore[return-value]


def written(client: int, structs: Sequence[Struct], deletes: Deletes = ()) -> bytes:
    """Return an update of one client block, or of none when there are no structs."""
    return written_blocks([(client, structs)] if structs else [], deletes)


def written_blocks(blocks: Sequence[tuple[int, Sequence[Struct]]], deletes: Deletes = ()) -> bytes:
    data = number(len(blocks))
    for client, structs in blocks:
        data += number(len(structs)) + number(client) + number(structs[0][1])
        data += b"".join(written_struct(struct) for struct in structs)
    return data + written_deletes(deletes)


def written_deletes(deletes: Deletes) -> bytes:
    of: dict[int, list[tuple[int, int]]] = {}
    for client, start, end in deletes:
        of.setdefault(client, []).append((start, end))
    data = number(len(of))
    for client, ranges in of.items():
        data += number(client) + number(len(ranges))
        data += b"".join(number(start) + number(end - start) for start, end in ranges)
    return data


def written_struct(struct: Struct) -> bytes:
    kind, _, length, origin, right, parent, key, content = struct
    if kind in (COLLECTED, SKIP):
        return bytes((kind,)) + number(length)
    data = bytes((kind | (128 if origin else 0) | (64 if right else 0) | (32 if key is not None else 0),))
    for of in (origin, right):
        if of:
            data += number(of[0]) + number(of[1])
    if not origin and not right:
        assert parent is not None
        if isinstance(parent, str):
            data += number(1) + string(parent)
        else:
            data += number(0) + number(parent[0]) + number(parent[1])
        if key is not None:
            data += string(key)
    return data + _written_content(kind, length, content)


def _written_content(kind: int, length: int, content: object) -> bytes:
    if kind == DELETED:
        return number(length)
    if kind == CONTAINER:
        assert isinstance(content, int)
        return number(content)
    if kind == PLAIN:
        values = content.values if isinstance(content, Squashed) else (content,)
        return number(len(values)) + b"".join(plain_value(value) for value in values)
    if isinstance(content, bytes):
        return content if kind != STRING else counted(content)
    assert isinstance(content, str)
    return string(content)


def plain_value(value: object) -> bytes:
    match value:
        case None:
            return bytes((126,))
        case bool():
            return bytes((120 if value else 121,))
        case int():
            size = abs(value)
            data = bytes(((64 if value < 0 else 0) | (128 if size > 63 else 0) | size & 63,))
            return b"\x7d" + data + (number(size >> 6) if size > 63 else b"")
        case float():
            return b"\x7b" + layout.pack(">d", value)
        case str():
            return b"\x77" + string(value)
        case bytes():
            return value
        case dict():
            return b"\x76" + number(len(value)) + b"".join(string(k) + plain_value(v) for k, v in value.items())
        case list():
            return b"\x75" + number(len(value)) + b"".join(plain_value(v) for v in value)
    raise AssertionError(f"a plain value is not a {type(value)}")


__all__ = ["Deletes", "Plain", "a_struct", "plain_value", "written", "written_blocks", "written_deletes"]
