"""Scopes of SMART App Launch 2: what of the record a machine may ask for at all, such as ``system/Goal.rs``.

A scope only narrows: what its holder may see or change is decided by ``decide``, as for a person. Grammar: a level
(``system``, ``patient``, ``user``), a type of resource or ``*``, letters of ``cruds`` in that order (or ``read``,
``write``, ``*`` of version 1), and at most one ``?category=SYSTEM|CODE``.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

SCOPES_MAX: Final = 50
"""Of one machine or one token."""

_SCOPE: Final = re.compile(
    r"(system|patient|user)/([A-Z][A-Za-z]{1,39}|\*)\.(c?r?u?d?s?|read|write|\*)(?:\?category=([^\s&?]{1,200}))?"
)
_OLD: Final = {"read": "rs", "write": "cud", "*": "cruds"}


class ScopeError(ValueError):
    """It is no scope; the message says which."""


@dataclass(frozen=True, slots=True)
class SmartScope:
    """One scope. ``category`` is a token as a search has it, ``""`` for every resource of the type."""

    level: str
    kind: str
    letters: str
    category: str = ""

    def __str__(self) -> str:
        asked = f"?category={self.category}" if self.category else ""
        return f"{self.level}/{self.kind}.{self.letters}{asked}"

    def covers(self, other: "SmartScope") -> bool:
        """Say whether whoever has this one has the other too."""
        same = self.level == other.level and self.kind in ("*", other.kind) and self.category in ("", other.category)
        return same and set(other.letters) <= set(self.letters)


def read_scope(words: str) -> SmartScope:
    """Return the scope that a word says.

    Raises:
        ScopeError: it is none.
    """
    found = _SCOPE.fullmatch(words)
    letters = _OLD.get(found[3], found[3]) if found is not None else ""
    if found is None or not letters:
        raise ScopeError(f"{words[:80]} is no scope such as system/Goal.rs.")
    return SmartScope(found[1], found[2], letters, found[4] or "")


def read_scopes(words: Iterable[str]) -> tuple[SmartScope, ...]:
    """Return the scopes that these words say, each once.

    Raises:
        ScopeError: one is none, or there are more than ``SCOPES_MAX``.
    """
    found = tuple(dict.fromkeys(read_scope(each) for each in words))
    if len(found) > SCOPES_MAX:
        raise ScopeError(f"At most {SCOPES_MAX} scopes.")
    return found


def narrowed(held: Sequence[SmartScope], asked: Sequence[SmartScope]) -> tuple[SmartScope, ...]:
    """Return what is left of the scopes held where only some are asked for: never more than is held.

    A ``*`` that is asked for becomes the types that are held.
    """
    found: list[SmartScope] = []
    for want in asked:
        for have in held:
            kinds_meet = "*" in (want.kind, have.kind) or want.kind == have.kind
            letters = "".join(each for each in "cruds" if each in want.letters and each in have.letters)
            if have.level != want.level or not kinds_meet or not letters:
                continue
            if want.category and have.category and want.category != have.category:
                continue
            kind = have.kind if want.kind == "*" else want.kind
            found.append(SmartScope(have.level, kind, letters, want.category or have.category))
    return tuple(dict.fromkeys(found))


def categories(scopes: Iterable[SmartScope], kind: str, letter: str) -> frozenset[str] | None:
    """Return the categories of this type that these scopes open for ``letter``: ``{""}`` for all, ``None`` for none."""
    found = {each.category for each in scopes if each.kind in ("*", kind) and letter in each.letters}
    if not found:
        return None
    return frozenset({""}) if "" in found else frozenset(found)
