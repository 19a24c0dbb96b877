"""What a field of an entry is: its kind decides how it merges, its value decides what may stand in it."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final, TypeAlias

from crdt.characters import visible

Scalar: TypeAlias = str | int | float | bool | None
"""What a register, a set's member or one value of a log record may hold."""

Value: TypeAlias = Scalar | Mapping[str, bool] | Mapping[str, Mapping[str, Scalar]]
"""The plain form of any field: a scalar, a text as ``str``, a set as member -> present, a log as key -> record."""

LINE_CHARACTERS_MAX: Final = 500
"""A register holds one line; what is longer belongs into a text."""

TEXT_CHARACTERS_MAX: Final = 20_000
"""A text above this is refused with the advice to split it."""

SET_MEMBERS_MAX: Final = 200
"""Members a set may ever have had, the absent ones included."""

MEMBER_CHARACTERS_MAX: Final = 200
"""A member of a set is a word, a line or an id."""


class Kind(StrEnum):
    """How concurrent edits of a field merge."""

    REGISTER = "register"
    """A whole value; the last writer wins."""
    TEXT = "text"
    """Words merged character by character."""
    SET = "set"
    """Members switched on and off one by one."""
    LOG = "log"
    """Records appended by command, never changed: readings, recommendations."""


class Form(StrEnum):
    """What a register, or each member of a set, may hold; decides the input on the page as well."""

    LINE = "line"
    CHOICE = "choice"
    YES_NO = "yes_no"
    NUMBER = "number"
    DATE = "date"
    """``YYYY-MM-DD``."""
    INSTANT = "instant"
    """ISO 8601 with an offset, as in ``2026-11-21T08:21:00Z``."""
    RANGE = "range"
    """``low..high`` with either end open, as in ``60..80``, ``..130`` or ``180..``."""
    PHONE = "phone"
    LANGUAGE = "language"
    """A BCP 47 tag, as in ``es`` or ``pt-BR``."""
    PERSON = "person"
    """The id of a participant of the plan."""
    ENTRY = "entry"
    """The id of an entry, of the section named by ``refers_to`` where that is given."""


_RANGE = re.compile(r"(-?\d+(\.\d+)?)?\.\.(-?\d+(\.\d+)?)?")
_PHONE = re.compile(r"[0-9+(). \-x]{3,30}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_IDENTIFIER = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a section's entries, declared once.

    From this alone come the gate's rule, the input and the read-only row, the audit wording and the FHIR mapping.
    """

    name: str
    label: str
    kind: Kind = Kind.REGISTER
    form: Form = Form.LINE
    required: bool = False
    """An entry can't be made without it."""
    command: bool = False
    """Only a command of the server changes it: a state, an acceptance, a signature."""
    choices: tuple[str, ...] = ()
    help: str = ""
    """A sentence beside the input, for whoever fills it in."""
    fhir: str = ""
    """The element of FHIR R4 that says it, in the grammar of ``hub.fhir.places``; empty: an extension of ours does."""
    refers_to: str = ""
    """With ``Form.ENTRY``: the section whose entries may be named; empty for any."""
    only_for: str = ""
    """Shown and required only where the entry's ``kind`` is this one."""
    wide: bool = False
    """Takes the page's whole width."""

    def fault(self, value: object) -> str:
        """Return what is wrong with a register's (or set member's) value, in words for its author, or ``""``.

        An empty string and ``None`` clear a register and are never wrong here.
        """
        if value is None or value == "":
            return ""
        if self.form is Form.YES_NO:
            return "" if value in ("yes", "no") else f"Answer yes or no for {self.label}."
        if self.form is Form.NUMBER:
            is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
            return "" if is_number else f"Enter a number for {self.label}."
        if not isinstance(value, str):
            return f"{self.label} takes words."
        if len(value) > LINE_CHARACTERS_MAX:
            return f"{self.label} is over {LINE_CHARACTERS_MAX} characters. Shorten it."
        if not value.isprintable() and any(ord(character) < 32 for character in value):
            return f"{self.label} takes one line."
        if visible(value) != value:
            return f"{self.label} holds a character that can't be seen. Type it again."
        return self._fault_of_form(value)

    def _fault_of_form(self, value: str) -> str:
        match self.form:
            case Form.CHOICE if value not in self.choices:
                return f"{self.label} is one of: {', '.join(self.choices)}."
            case Form.DATE if not _is_date(value):
                return f"Enter a date for {self.label}, for example 2026-11-21."
            case Form.INSTANT if not _is_instant(value):
                return f"Enter a date and time for {self.label}, for example 2026-11-21T08:21:00Z."
            case Form.RANGE if value == ".." or not _RANGE.fullmatch(value):
                return f"Enter a range for {self.label}, for example 60..80, ..130 or 180.. ."
            case Form.PHONE if not _PHONE.fullmatch(value):
                return f"Enter a telephone number for {self.label}, for example 555-0100."
            case Form.LANGUAGE if not _LANGUAGE.fullmatch(value):
                return f"Enter a language tag for {self.label}, for example es."
            case Form.PERSON | Form.ENTRY if not _IDENTIFIER.fullmatch(value):
                return f"Choose one from the list for {self.label}."
        return ""


def _is_date(value: str) -> bool:
    try:
        return len(value) == 10 and bool(date.fromisoformat(value))
    except ValueError:
        return False


def _is_instant(value: str) -> bool:
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


COMMON: Final[tuple[Field, ...]] = (
    Field(
        name="status",
        label="Status in the plan",
        form=Form.CHOICE,
        choices=("active", "retired"),
        command=True,
    ),
    Field(name="retired_reason", label="Why it was retired", command=True),
    Field(name="position", label="Place in the list", form=Form.NUMBER, command=True),
    Field(name="review_due", label="Review by", form=Form.DATE),
    Field(
        name="source",
        label="Source",
        form=Form.CHOICE,
        choices=("person", "import", "device"),
        command=True,
    ),
)
"""Fields of every entry of every section. Who made and last changed an entry comes from the journal, not from here."""
