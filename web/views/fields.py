"""One field of an entry as a row: its value in words, its control, and what the reader may do with it, with why."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from crdt.fields import LINE_CHARACTERS_MAX, TEXT_CHARACTERS_MAX, Field, Form, Kind, Scalar, Value
from crdt.sections import Declaration, Section
from web.views.medicines import unbroken
from web.views.people import PlanPeople
from web.views.words import LANGUAGES, Reading, day, day_and_time, day_of, instant_of, language, number, sentence, span

Names = Callable[[str, str], str]
"""(section or ``""``, entry id) -> the entry's headline, ``""`` where the reader may not see it or it is not there."""


class FieldAccess(StrEnum):
    """What the reader may do with a field, as ``data-access`` says it."""

    WRITE = "write"
    PROPOSE = "propose"
    READ = "read"


@dataclass(frozen=True, slots=True)
class Permission:
    """An access and the reason for it in words, empty where it needs none."""

    access: FieldAccess
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """One option of a select, or one member of a set."""

    value: str
    words: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a log, its values in words by name."""

    key: str
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One field, ready to be shown. ``value`` is what a control holds, ``words`` what a reader sees."""

    path: str
    name: str
    label: str
    kind: Kind
    form: Form
    access: FieldAccess
    reason: str
    value: str
    words: str
    help: str
    required: bool
    leading: bool
    """Stands for the entry: larger, first."""
    key: bool
    """Shown though it is empty."""
    wide: bool
    own_words: bool
    """Said by the patient or family: set in the serif face."""
    input_type: str
    characters_max: int
    choices: tuple[Choice, ...] = ()
    records: tuple[Record, ...] = ()
    fault: str = ""
    """What is wrong with the value, beside the field of a form that came back."""
    twice: tuple[Choice, ...] = ()
    """The two instants of a local time that comes twice, to choose from."""

    @property
    def control_id(self) -> str:
        """Return an id that is unique on the page."""
        return "field-" + self.path.replace("/", "-")

    @property
    def empty(self) -> bool:
        """Nothing is recorded."""
        return not (self.words or self.records or any(choice.chosen for choice in self.choices))


@dataclass(frozen=True, slots=True)
class Setting:
    """What the rows of one page have in common."""

    reading: Reading
    people: PlanPeople
    names: Names
    options: Callable[[str], Sequence[tuple[str, str]]] = field(default=lambda section: ())
    """Section (``""`` for any) -> the entries one may choose, as (id, headline)."""


_INPUT: Final[Mapping[Form, str]] = {
    Form.DATE: "date",
    Form.PHONE: "tel",
}

_RECORD_ORDER: Final = ("value", "unit", "words", "when", "made", "device", "by", "state", "decision")
"""In which order a log's record is read; what is not listed comes last."""

_OWN_WORDS: Final = frozenset(
    {
        ("about_me", "what_matters"),
        ("caregiver_log", "words"),
        ("advance_care", "priorities"),
        ("advance_care", "limits"),
    }
)
"""Fields that the patient or the family says; of a goal it depends on whose words it is."""


def field_row(
    declaration: Declaration,
    declared: Field,
    entry: str,
    value: Value,
    permission: Permission,
    setting: Setting,
) -> FieldRow:
    """Return the row of one field of one entry."""
    leading = declared.name == leading_field(declaration)
    return FieldRow(
        path=f"{declaration.section}/{entry}/{declared.name}",
        name=declared.name,
        label=declared.label,
        kind=declared.kind,
        form=declared.form,
        access=permission.access,
        reason=permission.reason,
        value=control_value(declared, value),
        words=words_of(declared, value, setting),
        help=declared.help,
        required=declared.required,
        leading=leading,
        key=leading or declared.required,
        wide=declared.wide or declared.kind in (Kind.TEXT, Kind.LOG),
        own_words=(declaration.section.value, declared.name) in _OWN_WORDS,
        input_type=_INPUT.get(declared.form, "text"),
        characters_max=TEXT_CHARACTERS_MAX if declared.kind is Kind.TEXT else LINE_CHARACTERS_MAX,
        choices=_choices(declared, value, setting),
        records=_records(declared, value, setting),
    )


def leading_field(declaration: Declaration) -> str:
    """Return the field that stands for an entry on the page: of the team its people, else the declared headline."""
    return "person" if declaration.section is Section.CARE_TEAM else declaration.headline


def control_value(declared: Field, value: Value) -> str:
    """Return what the field's control holds: text as typed, never formatted."""
    if declared.kind in (Kind.SET, Kind.LOG) or value is None or isinstance(value, Mapping):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return number(value).replace(",", "")
    return value


def words_of(declared: Field, value: Value, setting: Setting) -> str:
    """Return a field's value for a reader, ``""`` where nothing is recorded."""
    if isinstance(value, Mapping):
        if declared.kind is not Kind.SET:
            return ""
        return ", ".join(sorted(scalar_words(declared, member, setting) for member, on in value.items() if on is True))
    if declared.kind is Kind.TEXT:
        return value if isinstance(value, str) else ""
    return scalar_words(declared, value, setting)


def scalar_words(declared: Field, value: Scalar, setting: Setting) -> str:
    """Return one scalar of a field in words: dates with the month's name, people by name, ranges without signs."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return number(value)
    match declared.form:
        case Form.DATE:
            date = day_of(value)
            return day(date) if date is not None else value
        case Form.INSTANT:
            instant = instant_of(value)
            return day_and_time(instant, setting.reading) if instant is not None else value
        case Form.RANGE:
            return span(value)
        case Form.LANGUAGE:
            return language(value)
        case Form.PERSON:
            return setting.people.name(value)
        case Form.ENTRY:
            return setting.names(declared.refers_to, value) or "an entry you can't see here"
        case _:
            return unbroken(value) if declared.name == "dose" else value


def _choices(declared: Field, value: Value, setting: Setting) -> tuple[Choice, ...]:
    """Return the options of a select or the members of a set, what is chosen among them even if it is unknown."""
    chosen = _chosen(declared, value)
    options = _options(declared, setting)
    known = {option for option, _ in options}
    extra = [(member, scalar_words(declared, member, setting)) for member in chosen if member not in known]
    return tuple(Choice(option, words, option in chosen) for option, words in [*options, *extra])


def _chosen(declared: Field, value: Value) -> list[str]:
    if declared.kind is Kind.SET:
        return [member for member, on in value.items() if on is True] if isinstance(value, Mapping) else []
    is_choice = declared.form in (Form.CHOICE, Form.YES_NO, Form.PERSON, Form.ENTRY, Form.LANGUAGE)
    return [value] if declared.kind is Kind.REGISTER and is_choice and isinstance(value, str) and value else []


def _options(declared: Field, setting: Setting) -> list[tuple[str, str]]:
    match declared.form:
        case Form.CHOICE:
            return [(choice, sentence(choice)) for choice in declared.choices]
        case Form.YES_NO:
            return [("yes", "Yes"), ("no", "No")]
        case Form.PERSON:
            return [(person.person_id, f"{person.name}, {person.role}") for person in setting.people.by_id.values()]
        case Form.LANGUAGE:
            return sorted(LANGUAGES.items(), key=lambda each: each[1])
        case Form.ENTRY:
            return list(setting.options(declared.refers_to))
        case _:
            return []


def record_told(told: str, setting: Setting) -> str:
    """Return a log's record, given as the JSON that the journal keeps of it, in one line of words."""
    record = json.loads(told)
    assert isinstance(record, dict), "a log's record is a flat object"
    return _in_one_line(record, setting)


def log_told(value: Value, setting: Setting) -> list[str]:
    """Return each record of a log in words, the oldest first: the same however the document holds them."""
    if not isinstance(value, Mapping):
        return []
    records = [(key, record) for key, record in value.items() if isinstance(record, Mapping)]
    records.sort(key=lambda each: (_when(each[1]), each[0]))
    return [_in_one_line(record, setting) for _, record in records]


def _in_one_line(record: Mapping[str, Scalar], setting: Setting) -> str:
    return ", ".join(filter(None, (_record_words(record[name], setting) for name in sorted(record, key=_rank))))


def _when(record: Mapping[str, Scalar]) -> str:
    return str(record.get("when") or record.get("made") or "")


def _records(declared: Field, value: Value, setting: Setting) -> tuple[Record, ...]:
    """Return a log's records, the newest first by their ``when`` or ``made``."""
    if declared.kind is not Kind.LOG or not isinstance(value, Mapping):
        return ()
    records = [(key, record) for key, record in value.items() if isinstance(record, Mapping)]
    records.sort(key=lambda each: (_when(each[1]), each[0]), reverse=True)
    return tuple(
        Record(key, {name: _record_words(record[name], setting) for name in sorted(record, key=_rank)})
        for key, record in records
    )


def _rank(name: str) -> tuple[int, str]:
    return (_RECORD_ORDER.index(name) if name in _RECORD_ORDER else len(_RECORD_ORDER), name)


def _record_words(value: Scalar, setting: Setting) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return number(value)
    instant = instant_of(value)
    if instant is not None:
        return day_and_time(instant, setting.reading)
    text = "" if value is None else str(value)
    person = setting.people.person(text)
    return person.name if person is not None else text
