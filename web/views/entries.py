"""One entry as a page shows it: its headline, badges, fields with what the reader may do, and who last changed it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, Protocol

from auth.decisions import EntryFacts, Operation, decide, entry_visible, facts_of, fields_visible
from auth.roles import Participant
from crdt.fields import COMMON, Field, Kind, Value
from crdt.sections import SECTIONS, Declaration, Section
from hub.live.commands import PlanContent
from hub.record.journal import FieldPath
from hub.workflows.questions import may_ask
from hub.workflows.zones import zone_faults
from web.views.acts import CommandButton, acts
from web.views.badges import CAUTIOUS, DANGEROUS, OLD_WORDS, UNCHECKED, Badge, badges
from web.views.comments import CommentsView, comments_view
from web.views.fields import FieldAccess, FieldRow, Permission, Setting, field_row, leading_field
from web.views.findings import FindingsView, findings_view
from web.views.medicines import medicine_line
from web.views.suggestions import Suggested, suggested
from web.views.words import Moment, moment, sentence, short

_HIDDEN = frozenset({"status", "position", "source", "retired_reason"})
"""Fields that the page shows in other ways than as rows."""

_CODES: Final = frozenset({"code", "rxcui", "ingredients"})
"""For machines and rules more than for readers: they stand last."""

_SAID_BY_BADGES: Final[Mapping[Section, frozenset[str]]] = {
    Section.CARE_TEAM: frozenset({"steward", "accepted"}),
    Section.GOALS: frozenset({"lifecycle"}),
    Section.MEDICATIONS: frozenset({"kind", "reconciliation", "set_aside"}),
    Section.TASKS: frozenset({"state"}),
    Section.REFERRALS: frozenset({"state", "state_since"}),
    Section.TRANSITIONS: frozenset({"event", "medicines_reconciled"}),
    Section.SOCIAL_NEEDS: frozenset({"need_met"}),
    Section.CAREGIVER_LOG: frozenset({"turns", "attachments", "asked_from", "answered", "ended_by"}),
    Section.HUDDLES: frozenset({"content_hash", "huddle"}),
}
"""Fields that only a command changes and that the entry's badges say already."""


@dataclass(frozen=True, slots=True)
class LastChange:
    """Who last changed an entry, and when."""

    name: str
    when: Moment
    seq: int


class NewsMark(Protocol):
    """What is new in an entry, as ``web.views.news`` tells it; named here because that module stands on this one."""

    @property
    def changes(self) -> tuple[str, ...]: ...
    @property
    def texts(self) -> Sequence[object]: ...
    @property
    def who(self) -> str: ...
    @property
    def when(self) -> Moment: ...
    @property
    def why(self) -> str: ...


@dataclass(frozen=True, slots=True)
class EntryView:
    """One entry, ready to be shown."""

    section: Section
    entry_id: str
    headline: str
    fields: tuple[FieldRow, ...]
    badges: tuple[Badge, ...]
    retired: bool
    retired_reason: str
    changed: LastChange | None
    reason: str
    """Why the reader may not change what the entry is about, in words; empty where they may."""
    acts: tuple[CommandButton, ...] = ()
    edits_by_form: bool = False
    """The reader may change fields, but holds no live document of the section: by a form then."""
    suggestions: tuple[Suggested, ...] = ()
    comments: CommentsView = field(default_factory=CommentsView)
    news: NewsMark | None = None
    findings: FindingsView = field(default_factory=FindingsView)
    """What the rules say of a medicine, and what of it they could not check."""
    unexplained: tuple[tuple[str, str], ...] = ()
    """Fields whose reason is asked for, as (name, label)."""
    may_ask: bool = False
    """The reader may ask somebody about it."""

    @property
    def empty_fields(self) -> int:
        """How many fields wait behind "All fields"."""
        return sum(1 for row in self.fields if row.empty and not row.key)

    @property
    def access(self) -> FieldAccess:
        """The most that the reader may do with any of its fields."""
        found = {row.access for row in self.fields}
        return next((access for access in FieldAccess if access in found), FieldAccess.READ)


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads, and everything about the plan that rows need besides the entry itself."""

    participant: Participant
    content: PlanContent
    setting: Setting
    changes: Mapping[tuple[Section, str], tuple[str, datetime, int]] = field(default_factory=dict)
    """(section, entry) -> (person, recorded, seq) of the latest change."""
    live: frozenset[Section] = frozenset(Section)
    """Sections whose document the reader's page may hold; the fields of others are never bound."""
    stale: frozenset[str] = frozenset()
    """Entries whose plain words are older than what they explain."""
    news: Mapping[str, NewsMark] = field(default_factory=dict)
    """Entry -> what others changed in it since the reader looked."""
    unexplained: frozenset[FieldPath] = frozenset()
    """Fields that the reader changed just now and whose reason is asked for."""
    findings: Mapping[str, tuple[Badge, ...]] = field(default_factory=dict)
    """Entry -> what the rules of safety found about it, as marks: danger before all else."""

    @property
    def now(self) -> datetime:
        """The instant at which grants are judged."""
        return self.setting.reading.now

    def facts(self, section: Section, entry: str) -> EntryFacts:
        """Return what ``decide`` wants to know of an entry."""
        values = self.content.entries(section)[entry].values
        return facts_of(section, self.content.creator(section, entry), values)

    def sees(self, section: Section, entry: str) -> bool:
        """Say whether the reader may see this entry at all."""
        if entry not in self.content.entries(section):
            return False
        return entry_visible(self.participant, section, self.facts(section, entry), self.now)


def headline(section: Section, values: Mapping[str, Value], name_of: Callable[[str], str]) -> str:
    """Return the words that stand for an entry in a list: never more than a line, a medicine's name never cut."""
    declaration = SECTIONS[section]
    if section is Section.CARE_TEAM:
        return name_of(str(values.get("person") or ""))
    value = values.get(declaration.headline)
    words = value.strip() if isinstance(value, str) else ""
    if section is Section.MONITORING:
        code, _, name = words.partition(" ")
        words = name if name and code.replace("-", "").isdigit() else words
    if section in (Section.SOCIAL_NEEDS, Section.ADVANCE_CARE):
        words = sentence(words)
    if section is Section.MEDICATIONS:
        return words or "unnamed"
    return short(words) or f"{declaration.noun} without words"


def permission_for(reader: Reader, declaration: Declaration, declared: Field, facts: EntryFacts | None) -> Permission:
    """Return what the reader may do with a field, with the reason where it is less than writing."""
    if declared.command or declared.kind is Kind.LOG:
        return Permission(FieldAccess.READ)
    if facts is not None and facts.values.get("status") == "retired":
        return Permission(
            FieldAccess.READ, f"This {declaration.noun_of(facts.values)} is retired. Restore it to change it."
        )
    judge = _judgement(reader, declaration.section, declared.name, facts)
    allowed, reason = judge(Operation.WRITE)
    if allowed and declaration.section in reader.live:
        return Permission(FieldAccess.WRITE)
    if allowed:
        return Permission(FieldAccess.READ)
    return Permission(FieldAccess.PROPOSE if judge(Operation.SUGGEST)[0] else FieldAccess.READ, reason)


def _judgement(
    reader: Reader, section: Section, name: str, facts: EntryFacts | None
) -> Callable[[Operation], tuple[bool, str]]:
    def judge(action: Operation) -> tuple[bool, str]:
        decision = decide(reader.participant, section, action, field=name, entry=facts, now=reader.now)
        return decision.allowed, decision.reason

    return judge


def entry_view(reader: Reader, section: Section, entry: str) -> EntryView:
    """Return one entry of a section that the reader may read."""
    declaration = SECTIONS[section]
    values = reader.content.entries(section)[entry].values
    facts = reader.facts(section, entry)
    retired = values.get("status") == "retired"
    setting = reader.setting
    seen = fields_visible(reader.participant, section, reader.now)
    findings = findings_on(reader, section, entry) if not retired else FindingsView()
    rows = tuple(
        field_row(
            declaration,
            declared,
            entry,
            values.get(declared.name),
            permission_for(reader, declaration, declared, facts),
            reader.setting,
        )
        for declared in _fields_for(declaration, values)
        if declared.name in seen
    )
    if section is Section.MONITORING:
        faults = zone_faults(values)
        rows = tuple(replace(row, fault=faults.get(row.name, "")) for row in rows)
    if section is Section.GOALS and _said_by_patient_side(values, setting):
        rows = tuple(replace(row, own_words=True) if row.leading else row for row in rows)
    return EntryView(
        section=section,
        entry_id=entry,
        headline=headline(section, values, setting.people.name),
        fields=rows,
        badges=badges(section, _only(values, seen), setting.people, setting.reading)
        + ((OLD_WORDS,) if entry in reader.stale else ())
        + finding_badges(findings),
        retired=retired,
        retired_reason=str(values.get("retired_reason") or ""),
        changed=_last_change(reader, section, entry),
        reason=next((row.reason for row in rows if row.leading), ""),
        acts=acts(reader.participant, section, facts, reader.now),
        edits_by_form=section not in reader.live and bool(writable(reader, section, entry)),
        suggestions=_open_suggestions(reader, section, entry, rows),
        comments=comments_view(reader.participant, reader.content, section, entry, facts, setting),
        news=reader.news.get(entry),
        findings=findings,
        may_ask=may_ask(reader.participant, reader.now),
        unexplained=tuple((row.name, row.label) for row in rows if (section, entry, row.name) in reader.unexplained),
    )


def _said_by_patient_side(values: Mapping[str, Value], setting: Setting) -> bool:
    voice = setting.people.person(str(values.get("voice") or ""))
    return voice is not None and voice.patient_side


def finding_badges(findings: FindingsView) -> tuple[Badge, ...]:
    """Return what the rules say of an entry as badges: a danger nobody has answered, a caution, what is unchecked."""
    told = [DANGEROUS] if findings.dangers else []
    told += [CAUTIOUS] if any(each.severity == "caution" for each in findings.open) else []
    return (*told, *([UNCHECKED] if findings.not_checked else []))


def findings_on(reader: Reader, section: Section, entry: str) -> FindingsView:
    """Return what the rules say of one entry; of medicines and allergies alone they say anything."""
    if section is not Section.MEDICATIONS:
        return FindingsView()
    return findings_view(reader.participant, reader.content, reader.setting.people.name, reader.now, entry=entry)


def writable(reader: Reader, section: Section, entry: str) -> tuple[FieldRow, ...]:
    """Return the rows of the fields that the reader may change, live or by a form."""
    declaration, facts = SECTIONS[section], reader.facts(section, entry)
    seen = fields_visible(reader.participant, section, reader.now)
    by_form = replace(reader, live=frozenset(Section))
    values = reader.content.entries(section)[entry].values
    rows = []
    for declared in _fields_for(declaration, values):
        permission = permission_for(by_form, declaration, declared, facts)
        if declared.name in seen and permission.access is FieldAccess.WRITE:
            value = values.get(declared.name)
            rows.append(field_row(declaration, declared, entry, value, permission, reader.setting))
    return tuple(rows)


def line_words(section: Section, values: Mapping[str, Value], name_of: Callable[[str], str]) -> str:
    """Return an entry as one line of text: a medicine with its attributes, anything else by its headline."""
    if section is Section.MEDICATIONS and values.get("kind") != "allergy":
        return medicine_line(values).words
    return headline(section, values, name_of)


def _fields_for(declaration: Declaration, values: Mapping[str, Value]) -> list[Field]:
    """Return the entry's fields: the one that stands for it first, those of its kind, then the review date."""
    kind = values.get("kind")
    said = _SAID_BY_BADGES.get(declaration.section, frozenset())
    own = [each for each in declaration.fields if each.name not in said]
    own = [each for each in own if not each.only_for or each.only_for == kind]
    own.sort(key=lambda each: (each.name != leading_field(declaration), each.name in _CODES))
    return own + [each for each in COMMON if each.name not in _HIDDEN]


def _only(values: Mapping[str, Value], names: frozenset[str]) -> Mapping[str, Value]:
    return {name: value for name, value in values.items() if name in names}


def _last_change(reader: Reader, section: Section, entry: str) -> LastChange | None:
    latest = reader.changes.get((section, entry))
    if latest is None:
        return None
    person, recorded, seq = latest
    return LastChange(reader.setting.people.name(person), moment(recorded, reader.setting.reading), seq)


def _open_suggestions(
    reader: Reader, section: Section, entry: str, rows: tuple[FieldRow, ...]
) -> tuple[Suggested, ...]:
    content = reader.content.sections.get(section)
    records = content.suggestions.items() if content is not None else ()
    by_name = {row.name: row for row in rows}
    return tuple(
        suggested(SECTIONS[section], key, record, by_name[str(record["field"])].access, reader.setting)
        for key, record in records
        if record.get("entry") == entry and record.get("state") == "open" and record.get("field") in by_name
    )
