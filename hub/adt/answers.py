"""What a sender is answered: AA kept, AE this message is wrong, AR send it again later or not at all (HL7 v2, 2.9.2).

AA says that the message is kept, durably, and will be applied or shown to a person; it does not say that it was.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from hub.adt.headers import NO_HEADER, Header


class AnswerCode(StrEnum):
    """MSA-1."""

    ACCEPT = "AA"
    ERROR = "AE"
    REJECT = "AR"


@dataclass(frozen=True, slots=True)
class MessageFault:
    """Why a message is not taken: the code of HL7 table 0357, where in the message, and a sentence for its engineer.

    The sentence says nothing of what the message says.
    """

    code: AnswerCode
    number: str
    where: str
    words: str


SEGMENT_SEQUENCE: Final = "100"
REQUIRED_MISSING: Final = "101"
DATA_TYPE: Final = "102"
TABLE_VALUE: Final = "103"
UNSUPPORTED_MESSAGE: Final = "200"
UNSUPPORTED_EVENT: Final = "201"
UNSUPPORTED_VERSION: Final = "203"
DUPLICATE_KEY: Final = "205"
RECORD_LOCKED: Final = "206"
INTERNAL: Final = "207"


def answer(header: Header | None, now: datetime, control: str, fault: MessageFault | None = None) -> bytes:
    """Return the acknowledgement of a message with this header, ``None`` where it has none that can be read.

    ``control`` is the answer's own id. The answer is in the sender's own separators and in ASCII.
    """
    told = header or NO_HEADER
    field, part = told.field_separator, told.component_separator
    code = fault.code if fault is not None else AnswerCode.ACCEPT
    head = [
        "MSH", told.encoding_characters, told.receiving_application, told.receiving_facility,
        told.sending_application, told.sending_facility, now.strftime("%Y%m%d%H%M%S+0000"), "",
        f"ACK{part}{told.trigger}{part}ACK" if told.trigger else "ACK", control, told.processing or "P",
        told.version or "2.5.1",
    ]  # fmt: skip
    lines = [field.join(head)]
    said = _escaped(fault.words, told) if fault is not None else ""
    lines.append(field.join(["MSA", code.value, told.control, said]).rstrip(field))
    if fault is not None:
        error = [
            "ERR", "", fault.where.replace("^", part), f"{fault.number}{part}{part}HL70357", "E", "", "", "", said,
        ]  # fmt: skip
        lines.append(field.join(error))
    return ("\r".join(lines) + "\r").encode("ascii", "replace")


def _escaped(words: str, header: Header) -> str:
    escape = header.escape_character
    said = words.replace(escape, f"{escape}E{escape}") if escape else words
    for character, letter in ((header.field_separator, "F"), (header.component_separator, "S")):
        said = said.replace(character, f"{escape}{letter}{escape}" if escape else " ")
    return said
