"""The plan by its problems: each with its goals, medicines, tasks, referrals and readings, by what the entries name.

An entry stands under every problem that it names, or that a goal it names is for; a reading under the problem whose
goal has its measure. Nothing is guessed from words, and what names no problem stands below, so that nothing is missing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from auth.decisions import fields_visible, sections_readable
from crdt.fields import Value
from crdt.sections import Section
from hub.workflows.contents import members, words
from web.views.entries import Reader
from web.views.glances import glance_section
from web.views.rows import EntryRow

_WORDS: Final[Mapping[Section, str]] = {
    Section.GOALS: "Goals",
    Section.MEDICATIONS: "Medicines",
    Section.TASKS: "Tasks",
    Section.REFERRALS: "Referrals",
    Section.MONITORING: "Readings",
}

PARTS: Final = tuple(_WORDS)

ROWS_SHOWN_MAX: Final = 500
"""Of a section; a longer one says how many more its plan has."""


@dataclass(frozen=True, slots=True)
class ProblemPart:
    """The entries of one section under a problem."""

    section: Section
    title: str
    rows: tuple[EntryRow, ...]


@dataclass(frozen=True, slots=True)
class ProblemView:
    """One problem with what the plan does about it; the last one, without a row, holds what names no problem."""

    row: EntryRow | None
    parts: tuple[ProblemPart, ...]


def problems_view(reader: Reader) -> tuple[tuple[ProblemView, ...], int]:
    """Return the standing problems in the order of the plan, and how many entries are not shown."""
    readable = sections_readable(reader.participant, reader.now)
    if Section.CONDITIONS not in readable:
        return (), 0
    sections = {
        section: glance_section(reader, section, upto=ROWS_SHOWN_MAX)
        for section in (Section.CONDITIONS, *PARTS)
        if section in readable
    }
    problems = sections.pop(Section.CONDITIONS)
    rows = {section: found.rows for section, found in sections.items()}
    named = _named(reader, rows, frozenset(row.entry_id for row in problems.rows))
    views = [ProblemView(row, _parts(rows, named, row.entry_id)) for row in problems.rows]
    rest = ProblemView(None, _parts(rows, named, ""))
    more = problems.more + sum(found.more for found in sections.values())
    return (*views, *([rest] if rest.parts else [])), more


def _parts(
    rows: Mapping[Section, tuple[EntryRow, ...]], named: Mapping[str, frozenset[str]], problem: str
) -> tuple[ProblemPart, ...]:
    """Return what names the problem; with ``""`` what names none."""
    found = []
    for section, those in rows.items():
        mine = tuple(
            row
            for row in those
            if not row.line.allergy and (problem in named[row.entry_id] if problem else not named[row.entry_id])
        )
        if mine:
            found.append(ProblemPart(section, _WORDS[section], mine))
    return tuple(found)


def _named(
    reader: Reader, rows: Mapping[Section, tuple[EntryRow, ...]], problems: frozenset[str]
) -> dict[str, frozenset[str]]:
    """Return for each entry the problems that it names, itself or by a goal."""
    goals = {row.entry_id: _values(reader, Section.GOALS, row.entry_id) for row in rows.get(Section.GOALS, ())}
    named = {goal: problems.intersection(members(values, "addresses")) for goal, values in goals.items()}
    by_measure: dict[str, frozenset[str]] = {}
    for goal, values in goals.items():
        if measure := words(values, "measure").casefold():
            by_measure[measure] = by_measure.get(measure, frozenset()) | named[goal]
    for section in rows:
        for row in rows[section] if section is not Section.GOALS else ():
            values = _values(reader, section, row.entry_id)
            said = {*members(values, "supports"), words(values, "indication")}
            direct = problems & said
            goals_named = [named[goal] for goal in said if goal in goals]
            measured = by_measure.get(words(values, "measure").casefold(), frozenset())
            named[row.entry_id] = direct.union(*goals_named, measured if section is Section.MONITORING else ())
    by_task = _supported(reader, rows, named)
    for row in rows.get(Section.REFERRALS, ()):
        named[row.entry_id] = by_task.get(row.entry_id, frozenset())
    return named


def _supported(
    reader: Reader, rows: Mapping[Section, tuple[EntryRow, ...]], named: Mapping[str, frozenset[str]]
) -> dict[str, frozenset[str]]:
    """Return for what tasks support, such as a referral, the problems of those tasks."""
    found: dict[str, frozenset[str]] = {}
    for row in rows.get(Section.TASKS, ()):
        for entry in members(_values(reader, Section.TASKS, row.entry_id), "supports"):
            found[entry] = found.get(entry, frozenset()) | named[row.entry_id]
    return found


def _values(reader: Reader, section: Section, entry: str) -> Mapping[str, Value]:
    """Return what the reader may see of an entry: a link in a hidden field shows nowhere."""
    seen = fields_visible(reader.participant, section, reader.now)
    return {name: value for name, value in reader.content.entries(section)[entry].values.items() if name in seen}
