"""What people type, brought to one plain form before it is read: digits, fractions, abbreviations, accents.

Nothing is dropped here: what has no plain form stays as it is, so that the grammars after this can refuse it.
"""

import re
import unicodedata
from typing import Final

_VULGAR: Final = {"½": "1/2", "¼": "1/4", "¾": "3/4", "⅓": "1/3", "⅔": "2/3", "⅛": "1/8"}
_SPACES: Final = "\u00a0\u2007\u2009\u202f"
"""Blanks that typesetters put between thousands."""
_DASHES: Final = dict.fromkeys(map(ord, "‐‑‒–—−"), "-")
_QUOTES: Final = dict.fromkeys(map(ord, "’‘ʼ`´"), "'")

_NUMBERS: Final = {
    "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8",
    "nine": "9", "ten": "10", "eleven": "11", "twelve": "12", "fourteen": "14", "twenty": "20",
    "uno": "1", "una": "1", "dos": "2", "tres": "3", "cuatro": "4", "cinco": "5", "seis": "6", "ocho": "8",
    "media": "0.5", "medio": "0.5",
}  # fmt: skip
_NUMBER_WORD: Final = re.compile(rf"\b({'|'.join(_NUMBERS)})\b")
_HALF: Final = (
    (re.compile(r"\b(\d+) and (?:a |1 )?half\b"), r"\1.5"),
    (re.compile(r"\b(?:a |1[ -])?half (?:of )?(?:an? |1 )?(?=[a-z])"), "0.5 "),
    (re.compile(r"\b(?:a |1[ -])?quarter (?:of )?(?:an? )?(?=tab|pill|cap)"), "0.25 "),
)
_FRACTION: Final = re.compile(r"(?<![\d./,])(?:(\d{1,3})(?: and | ?- ?| )(?=\d/))?([1-7])/([2348])(?![\d./]|,\d)")
_THOUSANDS: Final = re.compile(r"(?<![\d.,])([1-9]\d{0,2}(?:,\d{3})+)(?![\d,])")
_SPACED_THOUSANDS: Final = re.compile(
    r"(?<![\d.,/x-])([1-9]\d{0,2}(?: \d{3})+)(?= ?(?:mgs?|milligrams?|units?|iu|mcg)\b(?!\.? ?(?:tab|cap|pill)))"
)
_ROUND_THOUSANDS: Final = re.compile(r"(?<![\d.,/x-])([1-9]\d{0,2}(?: 000)+)(?= ?(?:mg|units?|iu|mcg)\b)")
_DECIMAL_COMMA: Final = re.compile(r"(?<![\d.,])(0,\d+|\d+,\d{1,2})(?![\d,.])")
_THREE_PLACES: Final = re.compile(r"(?<![\d.,])([1-9]\d{0,2})\.(\d{3})(?![\d.,])")
_LEADING_POINT: Final = re.compile(r"(?<![\d.,])\.(?=\d)")
_INITIALS: Final = re.compile(r"\b(?:[a-z]\.){2,}|\b(?:[a-z]\.)+[a-z]\b")


def bare(told: str) -> str:
    """Return words in lower case without accents, with plain digits, dashes and quotes, and single blanks."""
    for sign, plain in _VULGAR.items():
        told = told.replace(sign, f" {plain}")
    for blank in _SPACES:
        told = re.sub(rf"(?<=\d){blank}(?=\d{{3}}(?!\d))", "\u2063", told)
    told = unicodedata.normalize("NFKD", told.translate(_DASHES).translate(_QUOTES)).lower()
    kept = (each for each in told if not unicodedata.combining(each))
    digits = (str(unicodedata.decimal(each)) if each.isdecimal() else each for each in kept)
    plain = "".join(digits).replace("\u066b", ".").replace("\u2044", "/")
    plain = re.sub(r"(?<=\d)\u2063(?=\d)", "", plain)
    return " ".join(plain.split())


def numbered(told: str) -> str:
    """Return ``bare`` words in which every number is written as digits with at most one point.

    ``1/2`` becomes ``0.5``, ``1,000`` and ``1 000 mg`` become ``1000``, ``0,5`` and ``.5`` become ``0.5``, ``two``
    becomes ``2``, ``b.i.d.`` becomes ``bid``. A comma between digits that may be either stays, and is not understood.
    """
    plain = _INITIALS.sub(lambda found: found[0].replace(".", ""), bare(told))
    plain = _NUMBER_WORD.sub(lambda found: _NUMBERS[found[1]], plain)
    for shape, by in _HALF:
        plain = shape.sub(by, plain)
    plain = _FRACTION.sub(_fraction, plain)
    plain = _ROUND_THOUSANDS.sub(lambda found: found[1].replace(" ", ""), plain)
    plain = _SPACED_THOUSANDS.sub(lambda found: found[1].replace(" ", ""), plain)
    plain = _DECIMAL_COMMA.sub(lambda found: found[1].replace(",", "."), plain)
    plain = _THOUSANDS.sub(_thousands, plain)
    plain = _THREE_PLACES.sub(r"\1,\2", plain)  # A thousand to some, one to others: it is not understood.
    return " ".join(_LEADING_POINT.sub("0.", plain).split())


def _fraction(found: re.Match[str]) -> str:
    whole, part, of = int(found[1] or 0), int(found[2]), int(found[3])
    if part >= of:
        return found[0]
    return f"{whole + part / of:.4g}"


def _thousands(found: re.Match[str]) -> str:
    """``1,500 mg`` is fifteen hundred; before ``g`` it may be one and a half, and stays as it is."""
    after = found.string[found.end() : found.end() + 8].strip()
    return found[0] if re.match(r"(?:g|gm|gram)", after) else found[1].replace(",", "")
