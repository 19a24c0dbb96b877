"""What changed since someone last looked, in clinical order: allergies, medicines, states, then the rest.

Input is what the journal's rows say, as ``FieldEdit``; several edits of one field count once, from its first value to
its last, and what came back to where it was is left out.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from functools import partial
from typing import Final

from auth.decisions import Operation, fields_visible
from auth.roles import Participant
from crdt.fields import Form, Kind
from crdt.sections import SECTIONS, Section
from hub.live.commands import EntryContent, PlanContent
from hub.workflows.contents import headline, plainly, retired, words
from hub.workflows.grants import barred

LINES_MAX: Final = 200
"""Lines of one digest; whoever was away longer reads the plan."""

SILENT: Final = frozenset(
    {"position", "source", "retired_reason", "state_since", "content_hash", "huddle", "rxcui", "code"}
)
"""Fields whose change tells nobody anything."""

STATES: Final = frozenset(
    {
        "state", "lifecycle", "event", "accepted", "reconciliation", "medicines_reconciled", "code_status",
        "clinical_status", "contact_done", "visit_done", "need_met", "appointment", "signed_by",
    }
)  # fmt: skip
"""Fields that say where something stands."""

GROUPS: Final = ("Allergies", "Medicines", "States", "Rest")


@dataclass(frozen=True, slots=True)
class FieldEdit:
    """One change of one field as the journal has it. ``made`` marks the row that made the entry."""

    section: Section
    entry: str
    field: str
    before: str
    after: str
    actor: str
    recorded: datetime
    made: bool = False
    seq: int = 0
    """Of the journal's row."""
    first: int = 0
    """Of the first of the rows that it stands for; 0 where it is one row alone."""
    why: str = ""
    """The reason it was made with, or that was said afterwards."""


@dataclass(frozen=True, slots=True)
class DigestLine:
    """One line of a digest, ready to be shown: ``change`` is ``dose: 40 mg -> 80 mg`` in words."""

    group: str
    section: Section
    entry: str
    headline: str
    change: str
    by: str
    recorded: datetime
    why: str = ""
    field: str = ""
    first: int = 0
    """The first row that changed the field; a text's words stood before it."""
    made: bool = False
    """The entry is new: ``change`` says what it is."""


def collapsed(edits: Iterable[FieldEdit]) -> list[FieldEdit]:
    """Return one edit a field, from its first value to its last; those that changed nothing are gone."""
    fields: dict[tuple[Section, str, str], FieldEdit] = {}
    for edit in sorted(edits, key=lambda each: each.recorded):
        path = (edit.section, edit.entry, edit.field)
        first = fields.get(path)
        fields[path] = (
            edit
            if first is None
            else replace(edit, before=first.before, made=first.made, first=first.first or first.seq)
        )
    return [edit for edit in fields.values() if edit.made or edit.before != edit.after]


def digest(
    plan: PlanContent,
    viewer: Participant,
    edits: Iterable[FieldEdit],
    people: Mapping[str, str],
    now: datetime,
    *,
    since: datetime | None = None,
) -> tuple[DigestLine, ...]:
    """Return what others changed and the viewer may see, clinically ordered, at most ``LINES_MAX`` lines.

    ``people`` gives the name of each person. What a viewer may not see now is left out, however it was then.
    """
    fresh = [edit for edit in edits if edit.actor != viewer.person_id and (since is None or edit.recorded > since)]
    entries = {
        (section, entry.id): entry
        for section in {edit.section for edit in fresh}
        for entry in plan.entries(section).values()
        if barred(plan, viewer, section, Operation.READ, now=now, entry_id=entry.id) is None
    }
    shown = {section: fields_visible(viewer, section, now) for section, _ in entries}
    lines = [
        line
        for edit in collapsed(fresh)
        if (entry := entries.get((edit.section, edit.entry))) is not None
        and (edit.made or edit.field in shown[edit.section])
        and (line := _line(edit, entry, people, plan.zone, shown[edit.section])) is not None
    ]
    made = {(line.section, line.entry) for line in lines if line.made}
    lines = [line for line in lines if line.made or (line.section, line.entry) not in made]
    lines.sort(key=_rank)
    return tuple(lines[:LINES_MAX])


def _rank(line: DigestLine) -> tuple[int, int, float]:
    sections = tuple(Section)
    return GROUPS.index(line.group), sections.index(line.section), -line.recorded.timestamp()


def _line(
    edit: FieldEdit, entry: EntryContent, people: Mapping[str, str], zone: tzinfo, shown: Collection[str]
) -> DigestLine | None:
    gone = retired(entry)
    if (edit.field in SILENT and not edit.made) or (gone and (edit.made or edit.field != "status")):
        return None
    change = _made(edit.section, entry, shown) if edit.made else _change(edit, people, zone)
    why = words(entry.values, "retired_reason") if gone else edit.why
    by = people.get(edit.actor, "someone who left the team")
    name = headline(edit.section, entry)
    group, first = group_of(edit, entry), edit.first or edit.seq
    return DigestLine(
        group, edit.section, edit.entry, name, change, by, edit.recorded, why, edit.field, first, edit.made
    )


def _made(section: Section, entry: EntryContent, shown: Collection[str]) -> str:
    """Say what is new; of a medicine how it is taken as well, as far as the viewer may see it."""
    new = f"new {SECTIONS[section].noun_of(entry.values)}"
    if section is not Section.MEDICATIONS:
        return new
    taken = [words(entry.values, name) for name in ("dose", "frequency") if name in shown]
    return ": ".join([new, ", ".join(filter(None, taken))]) if any(taken) else new


def group_of(edit: FieldEdit, entry: EntryContent) -> str:
    """Return the group in which an edit is told."""
    if edit.section is Section.MEDICATIONS:
        return "Allergies" if words(entry.values, "kind") == "allergy" else "Medicines"
    return "States" if edit.field in STATES else "Rest"


def _change(edit: FieldEdit, people: Mapping[str, str], zone: tzinfo) -> str:
    field = SECTIONS[edit.section].field(edit.field)
    label = field.label if field is not None else edit.field
    if edit.field == "status":
        return "retired" if edit.after == "retired" else "restored"
    if field is not None and field.kind is not Kind.REGISTER:
        return f"{label} changed"
    told: Callable[[str], str] = str
    if field is not None and field.form in (Form.DATE, Form.INSTANT):
        told = partial(plainly, form=field.form, zone=zone)
    elif field is not None and field.form is Form.PERSON:
        told = lambda person: people.get(person, "someone")  # noqa: E731
    elif field is not None and field.form is Form.ENTRY:
        return f"{label} changed"
    if not edit.before:
        return f"{label}: {told(edit.after)}"
    return f"{label}: {told(edit.before)} → {told(edit.after) if edit.after else 'empty'}"


def grouped(lines: Sequence[DigestLine]) -> tuple[tuple[str, tuple[DigestLine, ...]], ...]:
    """Return the lines by group, the empty groups left out."""
    told = ((group, tuple(line for line in lines if line.group == group)) for group in GROUPS)
    return tuple((group, some) for group, some in told if some)
