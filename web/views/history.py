"""The journal of an entry or a plan in words: who, when, what, from what to what, why. Bursts are told as one."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from crdt.fields import Field, Kind, Scalar
from crdt.sections import SECTIONS, Section
from hub.record.chain import JSON
from hub.record.journal import CHANGES_CONTENT, Action, FieldPath, Row
from web.views.differences import ComparedWords, Went, difference, excerpt
from web.views.fields import Setting, record_told, scalar_words
from web.views.people import PersonView
from web.views.words import Moment, moment, short

BURST: Final = timedelta(minutes=5)
"""Edits of one person in one text with no longer pause than this are told as one."""

WORDS_SHOWN: Final = 240

_PLUMBING: Final = frozenset({"position", "source"})
"""Fields that tell a reader nothing."""

_EVENTS: Final[Mapping[str, str]] = {
    "entry.create": "added",
    "letter.fail": "said that a letter could not be delivered",
    "result.follow": "wrote the result that a laboratory told",
    "stay.follow": "wrote what the hospital told",
    "plan.begin": "added from a template",
    "entry.edit": "changed",
    "edit.explain": "said why",
    "restore.field": "restored",
    "restore.entry": "restored",
    "restore.section": "restored",
    "field.edit": "changed",
    "entry.retire": "retired",
    "entry.restore": "restored",
    "entry.move": "moved",
    "suggestion.accept": "accepted a suggestion",
    "suggestion.decline": "declined a suggestion",
    "suggestion.make": "suggested",
    "suggestion.keep": "kept what stands",
    "edit.crossed": "kept the other of two values that crossed",
    "comment.make": "remarked",
    "comment.resolve": "resolved a remark",
    "comment.task": "made a remark a task",
    "task.receive": "received the task",
    "task.accept": "accepted the task",
    "task.reject": "turned the task down",
    "task.start": "started the task",
    "task.hold": "put the task on hold",
    "task.resume": "resumed the task",
    "task.complete": "completed the task",
    "task.fail": "gave the task up",
    "task.cancel": "cancelled the task",
    "task.reassign": "asked someone else for the task",
    "referral.ask": "asked",
    "referral.send": "sent the referral",
    "referral.receive": "received the referral",
    "referral.take_up": "came for the referral",
    "referral.accept": "accepted the referral",
    "referral.reject": "turned the referral down",
    "referral.schedule": "booked the visit",
    "referral.seen": "noted that the visit took place",
    "referral.no_show": "noted that the visit was missed",
    "referral.report": "answered",
    "referral.recommend": "recommended",
    "referral.decide_recommendation": "decided a recommendation",
    "referral.record_need_met": "recorded whether the need was met",
    "referral.close": "closed the loop",
    "referral.cancel": "cancelled the referral",
    "visit.publish": "published a visit update",
    "visit.take_back": "took a visit update back",
    "medication.prepare": "prepared the reconciliation",
    "medication.decide": "reconciled",
    "medication.reconcile": "signed one list out of several",
    "medicine_list.bring": "brought in a list of medicines",
    "medicine_list.remove": "removed a list of medicines",
    "medicine_list.decide": "decided on a line of the lists",
    "medicine_list.undo": "took a decision on a line back",
    "medicine_list.sign": "signed the list of medicines",
    "reading.record": "recorded a reading",
    "reading.mark_error": "marked a reading as entered in error",
    "reading.acknowledge": "said what was done about a reading",
    "transition.record": "recorded a stay",
    "transition.contacted": "noted the contact after the stay",
    "transition.visited": "noted the visit after the stay",
    "transition.attempt": "logged an attempt of contact",
    "handoff.write": "wrote the handoff",
    "handoff.give": "handed the patient over",
    "handoff.accept": "read the handoff back and accepted it",
    "transition.follow": "follows the stay in the hospital",
    "transition.take": "took a part of the way home upon themselves",
    "transition.check": "noted how the way home stands",
    "transition.ask_result": "asked for a result",
    "transition.expect_result": "noted that a result is still to come",
    "transition.code_result": "gave a result its code",
    "transition.result": "noted a result",
    "transition.reconciled": "noted that the medicines are reconciled",
    "goal.move": "moved the goal on",
    "social_need.record_met": "recorded whether the need was met",
    "advance_care.sign": "signed",
    "team.accept": "accepted the part in the team",
    "team.steward": "named the steward",
    "huddle.decide": "decided in a huddle",
    "huddle.read_back": "read back",
    "huddle.sign": "signed the decision",
    "question.ask": "asked",
    "question.reply": "said more of a question",
    "question.attach": "sent a photo or paper with a question",
    "question.hide_attachment": "hid a photo or paper",
    "question.accept": "has the answer",
    "question.answer": "answered a question",
    "question.phone": "answered a question by telephone",
    "question.task": "made a question a task",
    "stay.report": "told from home of a hospital stay",
    "stay.confirm": "confirmed a stay told from home",
    "stay.known": "found a stay told from home to be a known one",
    "stay.deny": "answered that a stay told from home is not so",
    "question.calm": "looked, and it is no emergency",
    "finding.set_aside": "set a finding aside",
    "medication.say_taken": "said whether a dose was taken",
    "correction.ask": "asked for a correction",
}
"""Commands in the past tense; any other is told by its own words."""

_APPS: Final[Mapping[str, str]] = {
    "app.allow": "gave access to", "app.refuse": "gave no access to", "app.take_back": "ended the access of",
}  # fmt: skip
"""What people do with apps, before the app's name."""

_VERBS: Final[Mapping[str, str]] = {
    Action.READ: "opened",
    Action.REFUSE: "was refused a change of",
    Action.GRANT: "gave access",
    Action.REVOKE: "ended access",
    Action.CONSENT: "recorded consent",
    Action.INVITE: "invited someone",
    Action.REDEEM: "accepted an invitation",
    Action.EXPORT: "exported",
    Action.DISCLOSE: "disclosed",
    Action.BREAK_GLASS: "opened in an emergency",
    Action.CREATE: "opened the plan",
    Action.IMPORT: "imported into",
    Action.EXPLAIN: "said why",
    Action.VERSION: "named this version",
}


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field's change: from what to what; of a text the words that went and came."""

    name: str
    label: str
    before: str = ""
    after: str = ""
    deleted: int = 0
    is_text: bool = False
    parts: tuple[ComparedWords, ...] = ()
    """The words of a text around what changed, once its words before and after are known."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of a history: one row, or a burst of them."""

    seq: int
    first: int
    """The oldest row of a burst."""
    who: str
    role: str
    when: Moment
    began: Moment
    verb: str
    about: str
    section: Section | None = None
    entry: str = ""
    headline: str = ""
    changes: tuple[FieldChange, ...] = ()
    refused: bool = False
    reason: str = ""
    rows: int = 1
    person: str = ""
    restored: int = 0
    """The row as of which something was restored."""

    @property
    def path(self) -> FieldPath | None:
        """The text it changed, where it is one text of one entry."""
        text = self.changes[0] if len(self.changes) == 1 and self.changes[0].is_text else None
        return (self.section, self.entry, text.name) if text and self.section and self.entry else None

    @property
    def lasted(self) -> bool:
        """It began and ended in different minutes."""
        return self.began.absolute != self.when.absolute


@dataclass(frozen=True, slots=True)
class Telling:
    """Who is told, and of what: nothing of an entry, field or remark that they may not see."""

    setting: Setting
    visible: Callable[[Section, str], bool]
    fields_of: Mapping[Section, frozenset[str]]
    remarks_of: frozenset[Section] = frozenset(Section)
    """Sections whose suggestions and comments by others they may see."""
    self_id: str = ""

    def allows(self, row: Row) -> bool:
        """Say whether the row may be told at all."""
        section = _section(row.section)
        if section is None:
            return True
        if section not in self.fields_of or (row.entry and not self.visible(section, row.entry)):
            return False
        if row.event.startswith(("comment.", "suggestion.")) and row.actor != self.self_id:
            return section in self.remarks_of
        return not row.field or row.field in self.fields_of[section]


def done_words(event: str) -> str:
    """Return what a command did as a sentence to whoever gave it, ``""`` for what is no command."""
    return f"You {_EVENTS[event]}." if event in _EVENTS else ""


def happenings(rows: Sequence[Row], telling: Telling, why: Mapping[int, str] | None = None) -> list[Happening]:
    """Return the rows (the newest first) as lines. ``why`` gives reasons said afterwards, by row."""
    lines: list[Happening] = []
    open_bursts: dict[tuple[object, ...], tuple[int, Row]] = {}
    for row in rows:
        if not telling.allows(row):
            continue
        line = _happening(row, telling, (why or {}).get(row.seq, ""))
        if row.action in CHANGES_CONTENT and not line.changes and _has_fields(row):
            continue  # All that it changed is plumbing, or kept from this reader.
        at, newer = open_bursts.get(_place(row), (0, None))
        if newer is not None and _continues(row, newer):
            lines[at] = _joined(lines[at], line)
            open_bursts[_place(row)] = at, row
        else:
            open_bursts[_place(row)] = len(lines), row
            lines.append(line)
    return lines


def texts_wanted(lines: Iterable[Happening]) -> dict[int, set[FieldPath]]:
    """Return as of which rows the words of which texts are needed to say what changed in them."""
    wanted: dict[int, set[FieldPath]] = {}
    for line in lines:
        if line.path is not None:
            wanted.setdefault(line.first - 1, set()).add(line.path)
            wanted.setdefault(line.seq, set()).add(line.path)
    return wanted


def with_words(lines: Iterable[Happening], texts: Mapping[tuple[int, FieldPath], str]) -> list[Happening]:
    """Return the lines with the words that went and came in each text."""
    return [_with_words(line, texts) for line in lines]


def _with_words(line: Happening, texts: Mapping[tuple[int, FieldPath], str]) -> Happening:
    path = line.path
    if path is None:
        return line
    old, new = texts.get((line.first - 1, path), ""), texts.get((line.seq, path), "")
    parts = excerpt(difference(old, new))
    gone = sum(len(part.words) for part in parts if part.went is Went.OUT)
    verb = line.verb
    if verb == "changed":
        verb = "wrote" if not old else "rewrote" if gone * 2 > len(old) else "added to" if not gone else "changed"
    return replace(line, verb=verb, changes=(replace(line.changes[0], parts=parts),))


def _happening(row: Row, telling: Telling, why: str) -> Happening:
    setting, section = telling.setting, _section(row.section)
    person = setting.people.person(row.actor)
    when = moment(row.recorded, setting.reading)
    words = row.words or {}
    version = words.get("version")
    return Happening(
        seq=row.seq,
        first=row.seq,
        who=_who(row, words, person, setting.people.name(row.actor)),
        role=person.role if person is not None else row.role.replace("_", " "),
        when=when,
        began=when,
        verb=_verb(row),
        about=SECTIONS[section].title if section is not None else "",
        section=section,
        entry=row.entry,
        headline=setting.names(section, row.entry) if section is not None and row.entry else "",
        changes=tuple(_changes(row, section, telling)),
        refused=row.outcome == "refused",
        reason=why or row.reason,
        person=row.actor,
        restored=version if isinstance(version, int) and row.event.startswith("restore.") else 0,
    )


def _who(row: Row, words: Mapping[str, JSON], person: PersonView | None, name: str) -> str:
    """Return who did it; a system that read the plan is named by its row, for it is nobody of the team."""
    system = words.get("machine")
    return str(system) if person is None and system else name if row.actor else "The hub"


def _verb(row: Row) -> str:
    app = (row.words or {}).get("app") if row.event.startswith(("fhir.", "app.")) else None
    if row.event.startswith("fhir."):
        return f"read by the app {app}" if app else "read as FHIR"
    if app:
        return f"{_APPS.get(row.event, row.event)} the app {app}"
    if row.action is Action.COMMAND and row.event:
        noun, _, verb = row.event.replace("_", " ").partition(".")
        return _EVENTS.get(row.event) or (f"{noun}, {verb}" if verb else noun)
    if row.action is Action.EDIT:
        return "changed"
    return _VERBS.get(row.action, row.action.value)


def _fields_told(row: Row) -> list[Mapping[str, JSON]]:
    words = row.words
    if words is None:
        return []
    several = words.get("fields")
    told = several if isinstance(several, list) else [{"field": row.field, **words}]
    return [each for each in told if isinstance(each, Mapping) and "root" not in each]


def _has_fields(row: Row) -> bool:
    return any(each.get("field") for each in _fields_told(row))


def _changes(row: Row, section: Section | None, telling: Telling) -> list[FieldChange]:
    if section is None:
        return []
    found = []
    for each in _fields_told(row):
        entry = str(each.get("entry", row.entry))
        if (row.entry and entry != row.entry) or (entry and not telling.visible(section, entry)):
            continue
        declared = SECTIONS[section].field(str(each.get("field", "")))
        if declared is not None and declared.name in telling.fields_of[section] - _PLUMBING:
            found.append(change_of(declared, each, telling.setting))
    return [each for each in found if each.before or each.after or each.deleted]


def change_of(declared: Field, told: Mapping[str, JSON], setting: Setting) -> FieldChange:
    """Return one field's change from its words in the journal."""
    name, label = declared.name, declared.label
    if declared.kind is Kind.LOG and told.get("inserted"):
        return FieldChange(name, label, "", record_told(str(told["inserted"]), setting))
    if declared.kind is Kind.TEXT or "inserted" in told:
        deleted = told.get("deleted", 0)
        inserted = short(str(told.get("inserted", "")), WORDS_SHOWN)
        count = deleted if isinstance(deleted, int) else 0
        return FieldChange(name, label, "", inserted, count, is_text=declared.kind is Kind.TEXT)
    if declared.kind is Kind.SET:
        member = scalar_words(declared, str(told.get("member", "")), setting)
        on = told.get("after") is True
        return FieldChange(name, label, "" if on else member, member if on else "")
    before, after = (scalar_words(declared, _scalar(told.get(side)), setting) for side in ("before", "after"))
    return FieldChange(name, label, before, after)


def _scalar(value: JSON) -> Scalar:
    return value if isinstance(value, str | int | float | bool) else None


def _place(row: Row) -> tuple[object, ...]:
    """What a burst stays in: whoever else changes the same field ends it, so that its words are one person's."""
    return row.section, row.entry, row.field


def _continues(row: Row, newer: Row) -> bool:
    """Say whether a row belongs to the burst whose next newer row this is."""
    same = (row.actor, row.action, row.event, row.outcome) == (newer.actor, newer.action, newer.event, newer.outcome)
    if same and row.event.startswith("fhir."):
        same = (row.words or {}).get("app") == (newer.words or {}).get("app")
    read = row.action is Action.READ or row.event.startswith("fhir.")
    bursting = read or (row.action is Action.EDIT and bool(row.field))
    return same and bursting and newer.recorded - row.recorded <= BURST


def _joined(newer: Happening, older: Happening) -> Happening:
    """Return one line for both: the newer's words, the older's before."""
    changes = newer.changes
    if len(newer.changes) == len(older.changes) == 1 and newer.changes[0].name == older.changes[0].name:
        new, old = newer.changes[0], older.changes[0]
        both = short(old.after + new.after, WORDS_SHOWN) if new.is_text else new.after
        changes = (replace(new, before=old.before, after=both, deleted=new.deleted + old.deleted),)
    reason = newer.reason or older.reason
    return replace(
        newer, first=older.first, began=older.began, changes=changes, rows=newer.rows + older.rows, reason=reason
    )


def _section(value: str) -> Section | None:
    return Section(value) if value in set(Section) else None
