"""The texts of a message: which characters its bytes are, and what its escapes mean."""

import re
from collections.abc import Mapping
from typing import Final

from hub.adt.headers import Header

_NAMED: Final[Mapping[str, str]] = {
    "ASCII": "ascii", "UNICODE UTF-8": "utf-8", "UTF-8": "utf-8", "UNICODE": "utf-8",
    **{f"8859/{part}": f"iso8859-{part}" for part in (1, 2, 3, 4, 5, 6, 7, 8, 9, 15)},
    "WINDOWS-1252": "cp1252", "ISO IR14": "iso2022_jp", "ISO IR87": "iso2022_jp", "ISO IR159": "iso2022_jp_1",
    "GB 18030-2000": "gb18030", "KS X 1001": "euc_kr", "BIG-5": "big5",
}  # fmt: skip
"""Python's names of the character sets of HL7 table 0211. A wide one (UTF-16) can't stand between bytes of framing."""


class CharsetError(ValueError):
    """The bytes are not of the character set that the message names; the words are for its engineer."""


def decoded(message: bytes, header: Header) -> str:
    """Return the message as text, by MSH-18.

    Where nothing is named, UTF-8, and where it is not that, Latin-1: a letter that is read wrongly can only keep a name
    from being the same as one of ours, and so brings the message to a person.

    Raises:
        CharsetError: the set is not known here, or the bytes are not of it.
    """
    if not header.charset:
        try:
            return message.decode("utf-8")
        except UnicodeDecodeError:
            return message.decode("iso8859-1")
    known = _NAMED.get(header.charset.upper())
    if known is None:
        raise CharsetError(f"The character set of MSH-18 is not known here. Known are: {', '.join(_NAMED)}.")
    try:
        return message.decode(known)
    except UnicodeDecodeError as error:
        raise CharsetError(f"The bytes from {error.start} on are not of the character set that MSH-18 names.") from None


def unescaped(text: str, header: Header) -> str:
    r"""Return the text with what its escapes mean: ``\F\ \S\ \T\ \R\ \E\``, ``\Xdd..\``, ``\.br\``; others are nothing.

    An escape that is not closed stands as it came.
    """
    escape = header.escape_character
    if not escape or escape not in text:
        return text
    marks = header.encoding_characters
    means = {"F": header.field_separator, "S": marks[0], "R": marks[1], "E": escape, "T": marks[3:4] or "&"}

    def meaning(found: "re.Match[str]") -> str:
        told = found[1]
        if told in means:
            return means[told]
        if told[:1] == "X":
            return _of_hex(told[1:], header)
        return " " if told.startswith((".br", ".sp", ".ce")) else ""

    mark = re.escape(escape)
    return re.sub(f"{mark}([^{mark}]{{0,200}}){mark}", meaning, text)


def _of_hex(digits: str, header: Header) -> str:
    try:
        raw = bytes.fromhex(digits)
    except ValueError:
        return ""
    try:
        return raw.decode(_NAMED.get(header.charset.upper(), "utf-8"))
    except UnicodeDecodeError:
        return raw.decode("iso8859-1")
