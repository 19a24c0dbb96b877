"""Files of people and patients as other systems write them: CSV with a first line of column names. Pure.

The separator is a comma, semicolon or tab, whichever the first line has most of; a byte order mark is taken off. Names
of columns are compared without case, spaces and underscores.
"""

import csv
import io
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from hub.directory.names import cleaned

LINES_MAX: Final = 5_000
CHARACTERS_MAX: Final = 4 << 20
VALUE_CHARACTERS_MAX: Final = 200

_SEPARATORS: Final = (",", ";", "\t")


class CsvError(ValueError):
    """The file as a whole can't be read; the message is a sentence for the person."""


@dataclass(frozen=True, slots=True)
class CsvLine:
    """One line; ``number`` is that of the file, where the names of the columns stand in line 1."""

    number: int
    values: Mapping[str, str]
    fault: str = ""


def decoded(content: bytes) -> str:
    """Return the text of a file: UTF-8 with or without its mark, or UTF-16 with it.

    Raises:
        CsvError: it is neither.
    """
    try:
        if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
            return content.decode("utf-16")
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CsvError(
            f"The file is not UTF-8 (byte {error.start + 1}). In a spreadsheet, save it as “CSV UTF-8”."
        ) from None


def read_csv(text: str, columns: Sequence[str], required: Collection[str]) -> list[CsvLine]:
    """Return the lines of a file with these columns, in any order; unknown ones are an error, as they are a mistake.

    Raises:
        CsvError: it is empty, too long, has no names of columns, or lacks one that is required.
    """
    if len(text) > CHARACTERS_MAX:
        raise CsvError("The file is too long. Split it.")
    whole = text.removeprefix("\ufeff")
    first = whole.lstrip("\r\n").partition("\n")[0]
    separator = max(_SEPARATORS, key=first.count)
    try:
        rows = list(csv.reader(io.StringIO(whole), delimiter=separator, strict=True))
    except csv.Error as error:
        raise CsvError(f"The file is no CSV: {error}. Look for a quotation mark that is not closed.") from None
    named = [(number, row) for number, row in enumerate(rows, start=1) if any(each.strip() for each in row)]
    if not named:
        raise CsvError("The file is empty.")
    if len(named) - 1 > LINES_MAX:
        raise CsvError(f"The file has more than {LINES_MAX:,} lines. Split it.")
    known = {_plain(each): each for each in columns}
    head = [_plain(each) for each in named[0][1]]
    strange = [each for each in named[0][1] if _plain(each) not in known]
    if strange:
        raise CsvError(f"The column “{strange[0].strip()[:40]}” is not known. Known are: {', '.join(columns)}.")
    lacking = [each for each in columns if each in required and _plain(each) not in head]
    if lacking:
        raise CsvError(f"The first line must name the columns; “{lacking[0]}” is missing.")
    if len(set(head)) < len(head):
        raise CsvError("Two columns have the same name.")
    return [_line(number, row, [known[each] for each in head], required) for number, row in named[1:]]


def _line(number: int, row: Sequence[str], head: Sequence[str], required: Collection[str]) -> CsvLine:
    values = {name: cleaned(value) for name, value in zip(head, row, strict=False)}
    if len(row) != len(head):
        return CsvLine(number, values, f"has {len(row)} values for {len(head)} columns")
    long = next((name for name, value in values.items() if len(value) > VALUE_CHARACTERS_MAX), "")
    if long:
        return CsvLine(number, values, f"{long} is longer than {VALUE_CHARACTERS_MAX} characters")
    lacking = next((name for name in required if not values.get(name)), "")
    return CsvLine(number, values, f"{lacking} is missing" if lacking else "")


def _plain(name: str) -> str:
    return "".join(each for each in name.lower() if each.isalnum())
