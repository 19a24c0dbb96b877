"""Characters that can't be seen: they turn names and doses around, or make two things look alike.

Taken out where words come in: bidirectional controls (Unicode's ``Bidi_Control``), spaces of no width, soft hyphens,
tags, other formatting characters and control characters. Kept: the joiners ZWJ and ZWNJ between two characters that
are seen (emoji, Indic and Persian words need them), and what chooses the look of the character before it. The page
says by markup which way words run, so that nobody needs a control for it.
"""

import re
import unicodedata
from functools import cache
from typing import Final

_LINE_ENDS: Final = "\u0085\u2028\u2029\v\f"
"""What other systems end a line with: a line break here."""

_JOINERS: Final = "\u200c\u200d"
_UNSEEN_LETTERS: Final = "\u115f\u1160\u3164\uffa0\u2800"
"""Letters of Hangul and Braille that are drawn as nothing."""

_SUSPECT: Final = re.compile(
    "[\0-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164"
    "\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e007f]"
)
"""Everything that ``visible`` may change, so that ordinary words cost one look."""


def visible(words: str) -> str:
    """Return the words without what can't be seen, with every line break as ``\\n``. Linear."""
    if "\r" in words:
        words = words.replace("\r\n", "\n").replace("\r", "\n")
    if _SUSPECT.search(words) is None:
        return words
    kept = [seen for seen in map(_seen, words) if seen]
    return "".join(each for at, each in enumerate(kept) if each not in _JOINERS or _joins(kept, at))


def _seen(character: str) -> str:
    return _look_of(character) if _SUSPECT.match(character) else character


@cache
def _look_of(character: str) -> str:
    if character in _LINE_ENDS:
        return "\n"
    if character in _JOINERS or character == "\t":
        return character
    assert character in _UNSEEN_LETTERS or unicodedata.category(character)[0] == "C", "it is one that can't be seen"
    return ""


def _joins(kept: list[str], at: int) -> bool:
    """Say whether the joiner stands between two characters that are seen."""
    return 0 < at < len(kept) - 1 and all(
        each not in _JOINERS and not each.isspace() for each in (kept[at - 1], kept[at + 1])
    )
