"""Names of people as they are kept, sorted, searched and heard.

No collation of the database takes part: the keys are made here when a name is written, so every PostgreSQL sorts and
finds the same. ``sort_key`` follows the root of the Unicode Collation Algorithm; ``search_key`` forgets marks, case,
apostrophes and dashes, so whatever keyboard a name is typed on, it is found.
"""

import unicodedata
from functools import cache, lru_cache
from typing import Final

import jellyfish
from pyuca import Collator  # type: ignore[import-untyped]

NAME_CHARACTERS_MAX: Final = 200
SOUNDS_MAX: Final = 12
"""Words of one name whose sound is kept."""

WORDS_KEPT_MAX: Final = 20_000
"""Words whose key is kept at hand."""

_JOINERS: Final = "\u200c\u200d"
_APOSTROPHES: Final = "'\u2018\u2019\u02bc\u02bb\u02b9\u0060\u00b4\u2032\uff07"


def cleaned(text: str) -> str:
    """Return the text in one line without what nobody can see: controls, direction marks, unassigned characters.

    Joiners stay between two visible characters, where they join. Spaces of any kind become one.
    """
    plain = unicodedata.normalize("NFC", text)
    kept = [each if _visible(each) or _joins(plain, at) else " " if each.isspace() else "" for at, each in
            enumerate(plain)]  # fmt: skip
    return " ".join("".join(kept).split())


def sort_key(name: str) -> str:
    """Return what to order by, byte by byte: accents after their letters, apostrophes and dashes as if not there."""
    plain = "".join(each for each in cleaned(name) if each not in _APOSTROPHES and unicodedata.category(each) != "Pd")
    return "".join(f"{weight:04x}" for weight in _collator().sort_key(plain))


def search_key(name: str) -> str:
    """Return the name as it is compared: no marks, no case, no apostrophes or dashes, one space between words."""
    return " ".join(" ".join(_word_key(word) for word in name.split()).split())


@lru_cache(WORDS_KEPT_MAX)
def _word_key(name: str) -> str:
    """Return one word's key; words come again and again, and each costs a look at every character."""
    folded = unicodedata.normalize("NFKD", cleaned(name).casefold())
    letters = []
    for each in folded:
        kind = unicodedata.category(each)
        if kind in ("Mn", "Mc", "Me", "Pd", "Cf") or each in _APOSTROPHES:
            continue
        letters.append(" " if kind[0] in "PZ" else each)
    return " ".join(unicodedata.normalize("NFKC", "".join(letters)).split())


def number_key(value: str) -> str:
    """Return a record number as it is compared: letters and digits alone, in capitals."""
    return "".join(each for each in value.upper() if each.isalnum())


def sounds(name: str) -> tuple[str, ...]:
    """Return how the words of a name in Latin letters sound, each once; words of other scripts have no sound here."""
    words = search_key(name).split()[:SOUNDS_MAX]
    heard = (jellyfish.metaphone(word) for word in words if word.isascii() and word.isalpha())
    return tuple(dict.fromkeys(each for each in heard if each))


def _visible(character: str) -> bool:
    return character == " " or unicodedata.category(character)[0] not in "CZ" or unicodedata.category(character) == "Co"


def _joins(text: str, at: int) -> bool:
    return text[at] in _JOINERS and 0 < at < len(text) - 1 and _visible(text[at - 1]) and _visible(text[at + 1])


@cache
def _collator() -> Collator:
    """Return the collator; its table takes most of a second to read, so it is read once."""
    return Collator()
