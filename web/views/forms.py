"""Forms as rows: of a new entry, and of a command's arguments, with what was typed kept and its fault beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from crdt.fields import Field, Form, Kind, Value
from crdt.sections import SECTIONS, Section
from hub.workflows.arguments import Argument
from hub.workflows.entries import asked_fields
from web.views.fields import FieldAccess, FieldRow, Permission, Setting, field_row
from web.views.local_times import WHICH, fault_of_local, instant_for_form, which_of_two, zone_words
from web.views.words import instant_of, sentence

Typed = Mapping[str, Sequence[str]]

_WRITE: Final = Permission(FieldAccess.WRITE)
_NEW: Final = "new"
"""Stands for the entry's id in the paths of a form for one that is not there yet."""


def kinds_of(section: Section) -> tuple[str, ...]:
    """Return the kinds of entry that have fields of their own, each with its own form."""
    return tuple(dict.fromkeys(each.only_for for each in SECTIONS[section].fields if each.only_for))


def creation_rows(section: Section, typed: Typed, faults: Mapping[str, str], setting: Setting) -> tuple[FieldRow, ...]:
    """Return the rows of the form for a new entry: first what it can't be made without; review dates come later."""
    declaration = SECTIONS[section]
    declared = [each for each in asked_fields(section, {"kind": _first(typed, "kind")}) if each.name != "review_due"]
    if kinds_of(section):
        declared = [each for each in declared if each.name != "kind"]
    declared.sort(key=lambda each: not each.required)
    rows = (field_row(declaration, each, _NEW, _value(each, typed), _WRITE, setting) for each in declared)
    return tuple(_judged(_retyped(each, typed, setting), faults, setting) for each in rows)


def command_rows(
    section: Section,
    entry: str,
    arguments: Sequence[Argument],
    typed: Typed,
    faults: Mapping[str, str],
    setting: Setting,
) -> tuple[FieldRow, ...]:
    """Return the rows of a command's form, the hidden arguments and those with rows of their own left out."""
    asked = [each for each in arguments if each.asked is not None and not each.asked.hidden and not each.row]
    found = []
    for argument in asked:
        declared = field_of(argument)
        row = field_row(SECTIONS[section], declared, entry, _value(declared, typed), _WRITE, setting)
        found.append(_judged(_retyped(row, typed, setting), faults, setting))
    return tuple(found)


def missing_rows(
    section: Section,
    line: str,
    fields: Sequence[Field],
    typed: Typed,
    faults: Mapping[str, str],
    setting: Setting,
) -> tuple[FieldRow, ...]:
    """Return the rows for what a line of a file does not say and a new entry needs."""
    found = []
    for declared in fields:
        row = field_row(SECTIONS[section], declared, line, _value(declared, typed), _WRITE, setting)
        found.append(_judged(_retyped(row, typed, setting), faults, setting))
    return tuple(found)


def edit_rows(
    rows: Sequence[FieldRow], typed: Typed | None, faults: Mapping[str, str], setting: Setting
) -> tuple[FieldRow, ...]:
    """Return the rows of the form that edits an entry, as it stands or as it was typed."""
    shown = [_standing(row, setting) if typed is None else _retyped(row, typed, setting) for row in rows]
    return tuple(_judged(row, faults, setting) for row in shown)


def _judged(row: FieldRow, faults: Mapping[str, str], setting: Setting) -> FieldRow:
    """Return the row with its fault beside it; of a time that is no instant, or two, it says just that."""
    told = faults.get(row.name, "")
    clock = fault_of_local(row.value, setting.reading.zone) if told and row.form is Form.INSTANT else ""
    return replace(row, fault=clock or told)


def _on_the_clock(row: FieldRow, value: str, setting: Setting) -> FieldRow:
    """Return the row of an instant as its control shows it, with whose clock it is and which of two hours it means."""
    zone = setting.reading.zone
    shown = instant_for_form(value, zone) or value
    help_words = f"{row.help} " if row.help else ""
    return replace(
        row,
        value=shown,
        help=f"{help_words}By the clock of {zone_words(zone)}.",
        twice=which_of_two(shown, zone, instant_of(value)),
    )


def _standing(row: FieldRow, setting: Setting) -> FieldRow:
    if row.form is Form.INSTANT:
        return _on_the_clock(row, row.value, setting)
    if row.kind is Kind.SET and row.form is Form.LINE:
        return replace(row, value=", ".join(each.value for each in row.choices if each.chosen), choices=())
    return row


def _retyped(row: FieldRow, typed: Typed, setting: Setting) -> FieldRow:
    """Return the row with exactly what was typed, were it readable or not."""
    sent = list(typed.get(row.name, ()))
    first = sent[0] if sent else ""
    if row.form is Form.INSTANT:
        return _on_the_clock(row, first, setting)
    if row.kind is Kind.SET and row.form is Form.LINE:
        return replace(row, value=", ".join(sent), choices=())
    return replace(row, value=first, choices=tuple(replace(each, chosen=each.value in sent) for each in row.choices))


def as_filled(rows: Sequence[FieldRow]) -> tuple[tuple[str, str], ...]:
    """Return what a form is filled with, as hidden values: what is still so when it comes back was not edited."""
    filled: list[tuple[str, str]] = []
    for row in rows:
        if row.kind is Kind.SET and row.form is not Form.LINE:
            filled += [(f"was.{row.name}", choice.value) for choice in row.choices if choice.chosen] or [
                (f"was.{row.name}", "")
            ]
        else:
            filled.append((f"was.{row.name}", row.value))
            filled += [(f"{WHICH}was.{row.name}", each.value) for each in row.twice if each.chosen]
    return tuple(filled)


def suggestion_row(section: Section, entry: str, name: str, current: Value, typed: Typed, setting: Setting) -> FieldRow:
    """Return the row in which another value of a field is proposed, beginning with what stands there."""
    declared = SECTIONS[section].field(name)
    assert declared is not None, "the page asked for a field that is declared"
    row = field_row(SECTIONS[section], declared, entry, current, _WRITE, setting)
    if typed.get("value"):
        row = replace(row, value=typed["value"][0])
    if row.form is Form.INSTANT:
        row = _on_the_clock(row, row.value, setting)
    choices = tuple(replace(each, chosen=each.value == row.value) for each in row.choices) if row.value else row.choices
    return replace(row, name="value", label=f"{sentence(row.label)} should be", required=True, choices=choices)


def field_of(argument: Argument) -> Field:
    """Return an argument as a field, so that it has the same control as a field of an entry."""
    assert argument.asked is not None, "only what is asked for has a row"
    asked = argument.asked
    return Field(
        name=argument.name,
        label=asked.label,
        kind=Kind.TEXT if asked.wide else Kind.REGISTER,
        form=Form.CHOICE if asked.choices else asked.form,
        required=argument.required,
        choices=asked.choices,
        help=asked.help,
        wide=asked.wide,
        refers_to=asked.refers_to,
    )


def _value(declared: Field, typed: Typed) -> Value:
    sent = [each for each in typed.get(declared.name, ()) if each]
    if declared.kind is Kind.SET:
        return dict.fromkeys(sent, True)
    return sent[0] if sent else None


def _first(typed: Typed, name: str) -> str:
    sent = typed.get(name, ())
    return sent[0] if sent else ""
