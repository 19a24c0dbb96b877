"""Whether what is repeated is what was said before: structs of one client id over clocks that are known already.

An edit is bytes under a client id and a clock. A page that repeats itself (its answer to our step 1 crosses its own
last update; it has moved between processes) repeats the very same struct, however it is cut. Anything else under a
known id is another edit in the place of one that stands, and would leave its sender with a plan that nobody else has.

What was deleted since may be repeated without its content: as deleted, or as collected, which does not even say where
it stood. The deletion is then told by the delete set, and is compared there.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from crdt.updates import COLLECTED, DELETED, STRING, Content, Id, Squashed, Struct

GONE: Final = (COLLECTED, DELETED)


def is_repeated(client: int, said: Sequence[Struct], known: Iterable[Struct]) -> bool:
    """Return whether every struct said is, as far as ``known`` reaches, what is known; both ascending by clock."""
    at = 0
    for each in known:
        while at < len(said) and said[at][1] + said[at][2] <= each[1]:
            at += 1
        here = at
        while here < len(said) and said[here][1] < each[1] + each[2]:
            if not _is_same(client, said[here], each):
                return False
            here += 1
    return True


def _is_same(client: int, said: Struct, known: Struct) -> bool:
    """Return whether two structs are the same where their clocks overlap."""
    start, end = max(said[1], known[1]), min(said[1] + said[2], known[1] + known[2])
    if COLLECTED in (said[0], known[0]):
        return True
    if _standing(client, said, start) != _standing(client, known, start):
        return False
    if DELETED in (said[0], known[0]):
        return True
    return said[0] == known[0] and _part(said, start, end) == _part(known, start, end)


def _standing(client: int, struct: Struct, start: int) -> tuple[Id | None, Id | None, Id | str | None, str | None]:
    """Return what a struct says of its place, cut at this clock: left and right neighbour, parent, key."""
    _, clock, _, origin, right, parent, key, _ = struct
    return (origin, right, parent, key) if start == clock else ((client, start - 1), right, None, None)


def _part(struct: Struct, start: int, end: int) -> object:
    """Return the content between two clocks, so that equal contents and only those are equal."""
    kind, clock, length, *_, content = struct
    if kind == STRING and isinstance(content, str):
        if length == end - start:
            return content
        if content.isascii():
            return content[start - clock : end - clock]
        raw = content.encode("utf-16-le")  # A clock is one UTF-16 unit, and a cut may part a pair.
        whole = raw[2 * (start - clock) : 2 * (end - clock)]
        return whole.decode("utf-16-le", errors="surrogatepass")
    values = content.values[start - clock : end - clock] if isinstance(content, Squashed) else (content,)
    return [_exact(value) for value in values]


def _exact(value: Content | object) -> object:
    """Return the value so that ``True`` is not 1, at any depth."""
    if isinstance(value, dict):
        return "map", {name: _exact(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return "list", [_exact(inner) for inner in value]
    return type(value).__name__, value
