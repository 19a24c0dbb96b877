"""What differs between two texts, word by word: words that went and words that came."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Final

CONTEXT_CHARACTERS: Final = 60
"""Of words that stay, so many stand on either side of a change."""

DIFF_WORDS_MAX: Final = 4_000
"""Longer texts are compared by their changed middle as a whole: the cost grows with the square."""

_WORDS: Final = re.compile(r"\s+|\w+|[^\w\s]")


class Went(StrEnum):
    """What became of some words."""

    SAME = "same"
    OUT = "out"
    IN = "in"


@dataclass(frozen=True, slots=True)
class ComparedWords:
    """Some words of a comparison, in the order of reading."""

    went: Went
    words: str


def difference(old: str, new: str) -> tuple[ComparedWords, ...]:
    """Return the words of both texts: those of ``same`` and ``out`` are the old one, of ``same`` and ``in`` the new."""
    was, now = _WORDS.findall(old), _WORDS.findall(new)
    head = _common(was, now)
    tail = _common(was[head:][::-1], now[head:][::-1])
    middle_was, middle_now = was[head : len(was) - tail], now[head : len(now) - tail]
    parts = [ComparedWords(Went.SAME, "".join(was[:head]))]
    if len(middle_was) + len(middle_now) > DIFF_WORDS_MAX:
        parts += [ComparedWords(Went.OUT, "".join(middle_was)), ComparedWords(Went.IN, "".join(middle_now))]
    else:
        for tag, i, j, k, m in SequenceMatcher(None, middle_was, middle_now, autojunk=False).get_opcodes():
            if tag == "equal":
                parts.append(ComparedWords(Went.SAME, "".join(middle_was[i:j])))
            else:
                parts += [
                    ComparedWords(Went.OUT, "".join(middle_was[i:j])),
                    ComparedWords(Went.IN, "".join(middle_now[k:m])),
                ]
    parts.append(ComparedWords(Went.SAME, "".join(was[len(was) - tail :] if tail else [])))
    return _joined(parts)


def excerpt(parts: Sequence[ComparedWords]) -> tuple[ComparedWords, ...]:
    """Return the parts with what stays cut down to some words around each change."""
    last = len(parts) - 1
    return tuple(
        ComparedWords(part.went, _cut(part.words, first=at == 0, last=at == last)) if part.went is Went.SAME else part
        for at, part in enumerate(parts)
    )


def _cut(words: str, *, first: bool, last: bool) -> str:
    room = CONTEXT_CHARACTERS
    if first and last:
        return words
    if first:
        return words if len(words) <= room else "… " + words[-room:].partition(" ")[2]
    if last:
        return words if len(words) <= room else words[:room].rpartition(" ")[0] + " …"
    return words if len(words) <= 2 * room else f"{words[:room].rpartition(' ')[0]} … {words[-room:].partition(' ')[2]}"


def _common(some: Sequence[str], others: Sequence[str]) -> int:
    found = 0
    for one, other in zip(some, others, strict=False):
        if one != other:
            break
        found += 1
    return found


def _joined(parts: Iterable[ComparedWords]) -> tuple[ComparedWords, ...]:
    """Return the parts without empty ones; words that go and come with only blanks between are told as one change."""
    found: list[ComparedWords] = []
    for part in parts:
        if not part.words:
            continue
        if found and found[-1].went is part.went:
            found[-1] = ComparedWords(part.went, found[-1].words + part.words)
        else:
            found.append(part)
    return tuple(_ordered(found))


def _ordered(parts: Sequence[ComparedWords]) -> list[ComparedWords]:
    """Return runs of changes as all that went, then all that came: ``-one two +three four``, not word about."""
    found: list[ComparedWords] = []
    at = 0
    while at < len(parts):
        upto = at
        while upto < len(parts) and (parts[upto].went is not Went.SAME or _is_gap(parts, upto)):
            upto += 1
        run = parts[at:upto]
        if not run:
            found.append(parts[at])
            at += 1
            continue
        out = "".join(part.words for part in run if part.went is not Went.IN)
        come = "".join(part.words for part in run if part.went is not Went.OUT)
        found += [part for part in (ComparedWords(Went.OUT, out), ComparedWords(Went.IN, come)) if part.words]
        at = upto
    return found


def _is_gap(parts: Sequence[ComparedWords], at: int) -> bool:
    inside = 0 < at < len(parts) - 1
    return inside and parts[at].words.isspace() and parts[at + 1].went is not Went.SAME
