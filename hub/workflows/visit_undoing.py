"""A visit update taken back whole, by new edits, while nobody has built on it; afterwards fields are restored singly.

What it did is read from the journal: the content of its sections before and after its rows. Only what still stands as
it left it goes back; one thing touched meanwhile, and nothing is taken back. ``decide`` is asked for every field anew:
who published may have lost what they had. For ten seconds a press is enough; from then on a reason is needed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final

from auth.decisions import Operation
from auth.roles import Participant
from crdt.changes import Amend, Assign, Change, Decide, Rewrite, Root
from crdt.contents import EntryContent, Record, SectionContent
from crdt.fields import Kind, Value
from crdt.sections import SECTIONS, Section
from hub.live.commands import PlanContent, Refusal
from hub.workflows.arguments import Reason
from hub.workflows.contents import headline, stamp
from hub.workflows.findings import ASIDE
from hub.workflows.grants import barred, commanded
from hub.workflows.referrals import REFERRALS
from hub.workflows.team import NewId

UNDO: Final = timedelta(seconds=10)
"""So long the page offers it."""

TRAVEL: Final = timedelta(seconds=3)
"""A press in the last moment still has to arrive."""

WITHDRAWN: Final = "withdrawn"
REASON: Final = "The visit update was taken back."

_STAYS: Final = frozenset({ASIDE})
"""Fields that are not taken back: what was answered to a finding holds for that finding alone."""

_STATEFUL: Final = frozenset({Section.TASKS, Section.REFERRALS})
_WRITTEN_BY: Final = {REFERRALS: "referral.report", Section.MEDICATIONS: "medication.decide"}
"""By which command an update writes the fields that nobody types."""

_ENDED_BY: Final = {Section.TASKS: "task.cancel", REFERRALS: "referral.cancel"}
"""What takes a new entry out of the plan; any other is retired."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitTakeBack:
    """The update of ``entry`` is undone. ``before`` and ``after`` are the sections it touched, as the journal tells."""

    entry: str
    publisher: str
    before: Mapping[Section, SectionContent]
    after: Mapping[Section, SectionContent]
    published: datetime
    reason: Reason = ""
    name: ClassVar[str] = "visit.take_back"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return what reverts the update; refused when it is too late or anything of it was touched since."""
        entry = commanded(plan, actor, REFERRALS, self.entry, "referral.report", now)
        if isinstance(entry, Refusal):
            return entry
        if self.publisher != actor.person_id:
            return Refusal("person", "Only who published the update takes it back.", self.entry)
        if now - self.published > UNDO + TRAVEL and not self.reason.strip():
            return Refusal("form", "The ten seconds are over. Say why it is taken back.", self.entry, "reason")
        back = _Back(plan, actor, now, self.reason.strip() or REASON)
        for section, after in self.after.items():
            back.section(section, self.before.get(section, SectionContent()), after)
        if back.touched:
            told = f"Meanwhile someone changed {', '.join(dict.fromkeys(back.touched))}. Nothing was taken back."
            return Refusal("state", f"{told} Change or restore single fields instead.", self.entry)
        return back.refused or back.changes


class _Back:
    """Gathers the edits that revert an update, and what was touched since."""

    def __init__(self, plan: PlanContent, actor: Participant, now: datetime, reason: str) -> None:
        self.plan, self.actor, self.now, self.reason = plan, actor, now, reason
        self.changes: list[Change] = []
        self.touched: list[str] = []
        """In words, with what is true now where that may be told."""
        self.refused: Refusal | None = None
        """The first thing that this person may not do any more."""

    def section(self, section: Section, before: SectionContent, after: SectionContent) -> None:
        """Revert what lies between the two contents of one section."""
        for entry_id, entry in after.entries.items():
            old = before.entries.get(entry_id)
            if old is None:
                self._made(section, entry)
            elif old.values != entry.values:
                for name, value in entry.values.items():
                    if old.values[name] != value and name not in _STAYS:
                        self._changed(section, entry, name, old.values[name], value)
        content = self.plan.sections[section]
        for key in after.suggestions.keys() - before.suggestions.keys():
            self._remark(section, Root.SUGGESTIONS, key, after.suggestions[key], content.suggestions[key])
        for key in after.comments.keys() - before.comments.keys():
            self._remark(section, Root.COMMENTS, key, after.comments[key], content.comments[key])

    def _made(self, section: Section, entry: EntryContent) -> None:
        stands = self.plan.entry(section, entry.id)
        if stands is None or stands.values != entry.values:
            self.touched.append(headline(section, entry))
            return
        self._ask(section, Operation.COMMAND, entry.id, command=_ENDED_BY.get(section, "entry.retire"))
        if section in _STATEFUL:
            self.changes += [
                Assign(section, entry.id, "state", "cancelled"),
                Assign(section, entry.id, "state_reason", self.reason),
            ]
        self.changes += [
            Assign(section, entry.id, "status", "retired"),
            Assign(section, entry.id, "retired_reason", self.reason),
        ]

    def _changed(self, section: Section, entry: EntryContent, name: str, old: Value, value: Value) -> None:
        field = SECTIONS[section].field(name)
        assert field is not None, "an entry holds declared fields"
        stands = self.plan.value(section, entry.id, name)
        if stands != value:
            now = f" (now {stands})" if isinstance(stands, str) and stands and self._sees(section, entry.id) else ""
            self.touched.append(f"{headline(section, entry)}, {field.label}{now}")
            return
        self._ask(section, Operation.WRITE, entry.id, name, command=_WRITTEN_BY.get(section, ""))
        if field.kind is Kind.LOG:
            assert isinstance(old, Mapping), "a log holds records"
            assert isinstance(value, Mapping), "a log holds records"
            said = {"decision": WITHDRAWN, "decided_by": self.actor.person_id, "decided": stamp(self.now)}
            for key in value.keys() - old.keys():
                self.changes += [Decide(section, entry.id, name, key, what, told) for what, told in said.items()]
        elif field.kind is Kind.TEXT:
            self.changes.append(Rewrite(section, entry.id, name, str(old or "")))
        else:
            assert not isinstance(old, Mapping), "an update changes no set of an entry that stands"
            self.changes.append(Assign(section, entry.id, name, old))

    def _remark(self, section: Section, root: Root, key: str, record: Record, stands: Record) -> None:
        if dict(record) != dict(stands):
            self.touched.append(f"a remark on {SECTIONS[section].title}")
            return
        self._ask(section, Operation.READ, str(record.get("entry", "")))
        by, when = self.actor.person_id, stamp(self.now)
        said = (
            {"state": WITHDRAWN, "decided_by": by, "decided": when, "reason": self.reason}
            if root is Root.SUGGESTIONS
            else {"resolved_by": by, "resolved": when}
        )
        self.changes += [Amend(section, root, key, name, value) for name, value in said.items()]

    def _ask(self, section: Section, action: Operation, entry: str, field: str = "", *, command: str = "") -> None:
        refusal = barred(
            self.plan, self.actor, section, action, now=self.now, entry_id=entry, field=field, command=command
        )
        self.refused = self.refused or refusal

    def _sees(self, section: Section, entry: str) -> bool:
        return barred(self.plan, self.actor, section, Operation.READ, now=self.now, entry_id=entry) is None
