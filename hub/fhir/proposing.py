"""What came in beside what stands in the plan: new, a change of an entry that is there, or nothing new. Pure.

An entry is found by the name under which it came before, by its own id where this hub wrote the file, else by what
makes it itself: a code, a medicine's ingredients, a measure, a stay's place and day, a task's words and day.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum
from hashlib import sha256
from typing import Final

from crdt.contents import EntryContent, Record
from crdt.fields import Field, Form, Kind, Scalar, Value
from crdt.sections import SECTIONS, Section
from hub.fhir.codes import LOINC_FORM
from hub.fhir.comparing import EVERYTHING, comparable
from hub.fhir.files import Remark, original
from hub.fhir.incoming import Incoming
from hub.live.commands import PlanContent
from hub.safety.names import read_name
from hub.workflows.contents import active, members, number, records, words

ENTRIES_MAX: Final = 2_000
"""Entries of one file: far more than a plan has, and what a person can decide on."""

READINGS_MAX: Final = 100
"""Readings of one measure that one file brings, the newest."""

TAKEN_OVER: Final = frozenset(
    {
        *((Section.TRANSITIONS, each) for each in ("event", "destination", "start", "end")),
        (Section.MONITORING, "readings"),
    }
)
"""Command fields that a file may fill: what happened elsewhere. All others say what people decided here."""

_DEFAULTS: Final[Mapping[tuple[Section, str], str]] = {
    (Section.CONDITIONS, "kind"): "problem",
    (Section.REFERRALS, "urgency"): "routine",
}
"""What R4 says of an element that is missing."""

_DOSE: Final = re.compile(
    r"\b\d+(?:\.\d+)? ?(?:mg|mcg|g|ml|units?|tablets?|capsules?|puffs?|drops?|patch(?:es)?)\b", re.I
)


class LineKind(StrEnum):
    """What an entry of a file is to the plan."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """One line: ``entry`` is the id it has or will have; ``values`` are all of a new entry's, or those that differ."""

    section: Section
    key: str
    entry: str
    standing: LineKind
    values: Mapping[str, Value]
    resource: str
    digest: str = ""


@dataclass(slots=True)
class Proposing:
    """Compares what came with one plan. ``remembered``: the entries to which keys of earlier files came."""

    plan: PlanContent
    remembered: Mapping[str, str]
    new_id: Callable[[], str]
    remarks: list[Remark] = field(default_factory=list)
    _by_key: dict[str, str] = field(default_factory=dict)
    _traits: dict[Section, dict[object, str]] = field(default_factory=dict)

    def proposals(self, came: Iterable[Incoming]) -> list[Proposal]:
        """Return a line for each entry that came, in order; of two that are the same the first."""
        placed: list[tuple[Incoming, str, bool]] = []
        seen: set[str] = set()
        for each in came:
            if len(placed) == ENTRIES_MAX:
                what = f"It brings more than {ENTRIES_MAX:,} entries."
                self.remarks.append(Remark("file", each.key, "", what, "From here on nothing is kept: split the file."))
                break
            entry, is_new = self._entry_of(each)
            self._by_key.setdefault(each.key.partition("|")[2], entry)
            if entry in seen and each.section is not Section.MONITORING:
                self.remarks.append(Remark("", each.key, "", "The file says this already.", "Told once."))
                continue
            seen.add(entry)
            placed.append((each, entry, is_new))
        return [self._line(each, entry, is_new=is_new) for each, entry, is_new in placed]

    def _entry_of(self, each: Incoming) -> tuple[str, bool]:
        known = self.remembered.get(each.key, "")
        own = each.key.rpartition("#")[2].rpartition("/")[2]
        for candidate in (known, own):
            if candidate and self.plan.entry(each.section, candidate) is not None:
                return candidate, False
        standing = self._standing(each.section)
        traits = list(_traits(each.section, each.values))
        found = next((standing[trait] for trait in traits if trait in standing), "")
        entry = found or known or self.new_id()
        for trait in traits:
            standing.setdefault(trait, entry)
        return entry, self.plan.entry(each.section, entry) is None

    def _standing(self, section: Section) -> dict[object, str]:
        if section not in self._traits:
            entries = active(self.plan, section)
            held = {trait: entry.id for entry in reversed(entries) for trait in _traits(section, entry.values)}
            self._traits[section] = held
        return self._traits[section]

    def _line(self, each: Incoming, entry: str, *, is_new: bool) -> Proposal:
        standing = None if is_new else self.plan.entry(each.section, entry)
        values = dict(self._differing(each, standing))
        told = LineKind.NEW if is_new else LineKind.CHANGED if values else LineKind.SAME
        if is_new:
            values = {**derived(each.section, values), **values}
        return Proposal(
            section=each.section,
            key=each.key,
            entry=entry,
            standing=told,
            values=values,
            resource=original(each.resource),
            digest=_digest(values),
        )

    def _differing(self, each: Incoming, standing: EntryContent | None) -> Iterator[tuple[str, Value]]:
        was = standing.values if standing is not None else {}
        for declared in SECTIONS[each.section].all_fields:
            if (each.section, declared.name) == (Section.MONITORING, "readings"):
                readings = self._readings(each, was)
                if readings:
                    yield declared.name, readings
                continue
            if declared.name not in each.values or not _may_come(each.section, declared):
                continue
            value = self._placed(each, declared, each.values[declared.name])
            if value is not None and not _says(each.section, declared, was.get(declared.name), value):
                yield declared.name, value

    def _placed(self, each: Incoming, declared: Field, value: Value) -> Value:
        """Return the value with the entries it names as they are called here; nobody in the place of one unknown."""
        if declared.form is not Form.ENTRY:
            return value
        sections = (Section(declared.refers_to),) if declared.refers_to else tuple(Section)
        told = members({"": value}, "") if isinstance(value, Mapping) else (str(value),)
        known = [(name, self._by_key.get(name, name)) for name in told]
        here = set(self._by_key.values())
        found = [
            entry for _, entry in known if entry in here or any(self.plan.entry(section, entry) for section in sections)
        ]
        if len(found) < len(known):
            what = "It names something that is not in the plan."
            self.remarks.append(Remark("", each.key, declared.label, what, "Left out."))
        if isinstance(value, Mapping):
            return dict.fromkeys(found, True) or None
        return found[0] if found else None

    def _readings(self, each: Incoming, was: Mapping[str, Value]) -> dict[str, Record]:
        known = {(number(record, "value"), words(record, "when")) for record in records(was, "readings").values()}
        found: dict[str, Record] = {}
        newest = sorted(each.readings.items(), key=lambda told: words(told[1], "when"), reverse=True)
        for key, record in newest:
            when = self._instant(words(record, "when"))
            told: dict[str, Scalar] = {name: value for name, value in record.items() if value not in (None, "")}
            told["when"] = when
            if not when or number(told, "value") is None or (number(told, "value"), when) in known:
                continue
            known.add((number(told, "value"), when))
            if len(found) == READINGS_MAX:
                what = f"More than {READINGS_MAX} new readings."
                self.remarks.append(Remark("", each.key, "readings", what, "The newest are taken."))
                break
            found[key if re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", key) else self.new_id()] = told
        return found

    def _instant(self, told: str) -> str:
        """Return when a reading was taken; a day alone begins where the plan is at home."""
        try:
            read = datetime.fromisoformat(told)
            if len(told) == len("2026-11-21"):
                read = datetime.combine(date.fromisoformat(told), time(), self.plan.zone)
        except ValueError:
            return ""
        known = read.tzinfo is not None and 1850 <= read.year <= 2200
        return read.isoformat(timespec="seconds") if known else ""


def _digest(values: Mapping[str, Value]) -> str:
    """Return what is the same for the same words: of readings what they say, not under which key."""
    told = {
        name: sorted(json.dumps(record, sort_keys=True, default=dict) for record in value.values())
        if isinstance(value, Mapping) and name == "readings"
        else value
        for name, value in values.items()
    }
    return sha256(json.dumps(told, sort_keys=True, default=dict).encode()).hexdigest()


def _may_come(section: Section, declared: Field) -> bool:
    if declared.name in ("source", "status"):
        return False
    return not declared.command or (section, declared.name) in TAKEN_OVER


def _says(section: Section, declared: Field, was: Value, value: Value) -> bool:
    """Say whether the entry says already what came: a set may say more."""
    if declared.kind is Kind.SET:
        return set(members({"": value}, "")) <= set(members({"": was}, ""))
    if isinstance(was, str) and isinstance(value, str):
        return was.strip() == value.strip()
    name = declared.name
    return bool(comparable(section, name, was, EVERYTHING) == comparable(section, name, value, EVERYTHING))


def derived(section: Section, values: Mapping[str, Value]) -> dict[str, Value]:
    """Return what a new entry needs and the resource says in other words, or by R4's own default."""
    found: dict[str, Value] = {name: value for (of, name), value in _DEFAULTS.items() if of is section}
    if section is Section.MEDICATIONS and words(values, "kind") != "allergy":
        amount = _DOSE.search(words(values, "frequency"))
        if amount is not None:
            found["dose"] = amount.group(0)
    return found


def missing_in(proposal: Proposal) -> tuple[Field, ...]:
    """Return the fields that a new entry needs, that nobody's name fills, and that the file does not say."""
    if proposal.standing is not LineKind.NEW:
        return ()
    kind = words(proposal.values, "kind")
    return tuple(
        declared
        for declared in SECTIONS[proposal.section].fields
        if declared.required and not declared.command and (not declared.only_for or declared.only_for == kind)
        if declared.form is not Form.PERSON and proposal.values.get(declared.name) in (None, "")
    )


def _traits(section: Section, values: Mapping[str, Value]) -> Iterator[object]:
    """Yield what makes an entry itself, the surest first; two entries that share one are the same."""

    def told(*names: str) -> tuple[str, ...] | None:
        found = tuple(" ".join(words(values, name).casefold().split()) for name in names)
        return found if all(found) else None

    match section:
        case Section.ABOUT_ME:
            yield "the one"
        case Section.CARE_TEAM:
            yield told("person", "role")
        case Section.MEDICATIONS:
            yield from _medicine_traits(values)
        case Section.MONITORING:
            measure = words(values, "measure")
            code = measure.partition(" ")[0]
            yield code if LOINC_FORM.fullmatch(code) else measure.casefold()
        case Section.CONDITIONS:
            if code := words(values, "code"):
                yield "code", code
            yield told("name") or object()
        case Section.TRANSITIONS:
            yield (words(values, "start")[:10], words(values, "facility").casefold())
        case Section.TASKS:
            yield told("title", "due") or object()
        case Section.REFERRALS:
            yield told("to", "question") or object()
        case Section.SOCIAL_NEEDS:
            yield told("domain", "finding") or object()
        case _:
            yield told(SECTIONS[section].headline) or object()


def _medicine_traits(values: Mapping[str, Value]) -> Iterator[object]:
    kind = words(values, "kind") or "medicine"
    if code := words(values, "rxcui"):
        yield kind, code
    name = words(values, "name")
    ingredients = frozenset(each.name for each in read_name(name).ingredients)
    if ingredients:
        yield kind, ingredients
    yield kind, name.casefold()


def lines_to_keep(found: Sequence[Proposal]) -> list[Proposal]:
    """Return the lines that someone has to decide on."""
    return [each for each in found if each.standing is not LineKind.SAME]
