"""The header of a message, read in bytes before anything else: enough to answer what can't be read at all."""

from dataclasses import dataclass
from typing import Final

HEADER_BYTES_MAX: Final = 4_096
NAME_CHARACTERS_MAX: Final = 180
"""Of an application, a facility, a control id: what is longer is cut (HL7 v2.5.1 has 227 and 20)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """MSH, as far as answers and keys need it; every text is ASCII, other characters stand as ``?``."""

    field_separator: str
    encoding_characters: str
    sending_application: str = ""
    sending_facility: str = ""
    receiving_application: str = ""
    receiving_facility: str = ""
    kind: str = ""
    """MSH-9.1."""
    trigger: str = ""
    """MSH-9.2."""
    control: str = ""
    processing: str = ""
    version: str = ""
    charset: str = ""

    @property
    def component_separator(self) -> str:
        """The character between components."""
        return self.encoding_characters[0]

    @property
    def escape_character(self) -> str:
        """The character round an escape; nothing where the sender has none."""
        return self.encoding_characters[2] if len(self.encoding_characters) > 2 else ""


NO_HEADER: Final = Header(field_separator="|", encoding_characters="^~\\&")
"""For the answer to what has none."""


def header_of(message: bytes) -> Header | None:
    """Return the header, ``None`` where the message does not begin with one."""
    line = message[:HEADER_BYTES_MAX].lstrip(b"\r\n\t ").replace(b"\n", b"\r").split(b"\r", 1)[0]
    text = line.decode("ascii", "replace").replace("\ufffd", "?")
    if not text.startswith("MSH") or len(text) < 9:
        return None
    separator = text[3]
    encoding, _, rest = text[4:].partition(separator)
    marks = {separator, *encoding}
    usable = 1 < len(encoding) <= 5 and len(marks) == len(encoding) + 1
    if not usable or any(each.isalnum() or not each.isprintable() for each in marks):
        return None
    fields = [each.strip() for each in rest.split(separator)]  # From MSH-3 on.
    fields += [""] * (18 - len(fields))
    kind, trigger, *_ = [*fields[6].split(encoding[0]), ""]
    return Header(
        field_separator=separator,
        encoding_characters=encoding,
        sending_application=_cut(fields[0]),
        sending_facility=_cut(fields[1]),
        receiving_application=_cut(fields[2]),
        receiving_facility=_cut(fields[3]),
        kind=kind.strip()[:3],
        trigger=trigger.strip()[:3],
        control=_cut(fields[7]),
        processing=fields[8].split(encoding[0])[0][:1],
        version=fields[9].split(encoding[0])[0][:8],
        charset=fields[15].split(encoding[1])[0][:40],
    )


def _cut(text: str) -> str:
    return "".join(each for each in text if each.isprintable())[:NAME_CHARACTERS_MAX]
