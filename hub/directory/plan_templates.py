"""What a plan may begin with: files of data beside this module, one a template, read once and checked when read.

An entry names its section and a label that is its own in the file; the rest are the fields of the section. A value is
what the field holds, or one of three tables: ``{person = [...]}`` the first of these parts that somebody of the team
has, ``{days = n}`` that many days from the day it is put into the plan, ``{entries = [...]}`` others of the file.
"""

import tomllib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Final

from auth.roles import Role
from crdt.fields import Field, Form, Kind, Scalar, Value
from crdt.sections import SECTIONS, Section

STEWARD: Final = "steward"
PARTS: Final[Mapping[str, Role]] = {role.value.replace("_", " "): role for role in Role}
"""Parts of the team by the words that a template has for them; the steward is one more."""

_FOLDER: Final = Path(__file__).with_name("templates")
_ENTRIES: Final = uuid.UUID("8d1f6a52-6f5b-5b0e-9d2b-0c6f0a0d3f11")
"""Namespace of the ids of what templates put into plans."""


class TemplateError(ValueError):
    """A file that is no template; the message says where."""


@dataclass(frozen=True, slots=True)
class TemplateEntry:
    """One entry that a template puts into a plan."""

    section: Section
    label: str
    values: Mapping[str, object]

    def id_in(self, plan_id: str, template: str) -> str:
        """Return the id that the entry has in this plan: always the same, so that it is put there once."""
        return str(uuid.uuid5(_ENTRIES, f"{plan_id}/{template}/{self.section}/{self.label}"))


@dataclass(frozen=True, slots=True)
class PlanTemplate:
    """A template: ``name`` is its file's."""

    name: str
    title: str
    purpose: str
    entries: Sequence[TemplateEntry]

    def values(
        self, entry: TemplateEntry, plan_id: str, people: Mapping[str, str], today: date, there: frozenset[str]
    ) -> dict[str, Value] | None:
        """Return an entry's values in this plan; ``None`` where nobody of the team has the part it names.

        ``people`` are person ids by part; ``there`` the ids that entries may name.
        """
        found: dict[str, Value] = {}
        for name, told in entry.values.items():
            if not isinstance(told, Mapping):
                found[name] = {str(each): True for each in told} if isinstance(told, list) else _scalar(told)
            elif "days" in told:
                found[name] = (today + timedelta(days=int(told["days"]))).isoformat()
            elif "person" in told:
                person = next((people[part] for part in told["person"] if part in people), None)
                if person is None:
                    return None
                found[name] = person
            else:
                ids = [each.id_in(plan_id, self.name) for each in self.entries if each.label in told["entries"]]
                found[name] = {each: True for each in ids if each in there}
        return found


def _scalar(told: object) -> Scalar:
    assert isinstance(told, str | int | float), "the reader lets nothing else through"
    return told


@cache
def plan_templates() -> Mapping[str, PlanTemplate]:
    """Return every template by its name, in the order of their titles.

    Raises:
        TemplateError: a file is no template.
    """
    read = [read_template(path.stem, path.read_text("utf-8")) for path in sorted(_FOLDER.glob("*.toml"))]
    return {each.name: each for each in sorted(read, key=lambda each: each.title)}


def read_template(name: str, text: str) -> PlanTemplate:
    """Return the template that a file says.

    Raises:
        TemplateError: it does not fit the sections as they are declared.
    """
    told = tomllib.loads(text)
    entries = [_entry(name, each) for each in told.get("entries", [])]
    labels = [(each.section, each.label) for each in entries]
    if len(set(labels)) < len(labels):
        raise TemplateError(f"{name}: two entries of a section have one label.")
    known = {label for _, label in labels}
    for each in entries:
        for value in each.values.values():
            if isinstance(value, Mapping) and not set(value.get("entries", ())) <= known:
                raise TemplateError(f"{name}: {each.label} names an entry that is not in the file.")
    return PlanTemplate(name, str(told["title"]), str(told["purpose"]), tuple(entries))


def _entry(name: str, told: Mapping[str, object]) -> TemplateEntry:
    try:
        section, label = Section(str(told["section"])), str(told["label"])
    except (KeyError, ValueError) as error:
        raise TemplateError(f"{name}: an entry lacks a section or a label ({error}).") from error
    values = {key: value for key, value in told.items() if key not in ("section", "label")}
    declared = {each.name: each for each in SECTIONS[section].all_fields if not each.command}
    for key, value in values.items():
        field = declared.get(key)
        fault = "is no field to fill in" if field is None else _misfit(field, value)
        if fault:
            raise TemplateError(f"{name}: {section} {label}: {key} {fault}.")
    lacking = [key for key, field in declared.items() if field.required and key not in values and not field.only_for]
    if lacking:
        raise TemplateError(f"{name}: {section} {label}: {lacking[0]} is missing.")
    return TemplateEntry(section, label, values)


def _misfit(field: Field, value: object) -> str:
    if isinstance(value, Mapping):
        form = {"person": Form.PERSON, "days": Form.DATE, "entries": Form.ENTRY}.get(next(iter(value), ""))
        if form is not field.form:
            return "takes another kind of value"
        parts = value.get("person", ())
        return next((f"names no part: {each}" for each in parts if each != STEWARD and each not in PARTS), "")
    if field.form in (Form.PERSON, Form.ENTRY):
        return "must not name one person or entry"
    if field.kind is Kind.SET:
        members = value if isinstance(value, list) else [None]
        return next((fault for fault in (field.fault(each) for each in members) if fault), "")
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return "takes words or a number"
    return "" if field.kind is Kind.TEXT else field.fault(value)
