"""Whether a command may make the changes that its rule returned: one table, asked for every change, in the turn.

``auth.commands.COMMANDS`` has a line for each command; what has none is refused, and so is any change that neither the
person's own grant nor that line allows. Rules ask ``decide`` as well, for a better answer beside the field; nothing
depends on their doing so.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from auth.commands import COMMANDS, OWN_COMMANDS
from auth.consequences import makes, sets
from auth.decisions import Decision, EntryFacts, Operation, decide, facts_of
from auth.roles import Participant, Role
from crdt.changes import Amend, Annotate, Append, Assign, Change, Create, Decide, Include, Rewrite, Root
from crdt.contents import Record
from crdt.fields import Value
from crdt.sections import Section
from hub.live.commands import Command, PlanContent, Refused


def unknown(actor: Participant, command: Command) -> Refused | None:
    """Return the refusal of a command that the table does not have, before its rule is asked."""
    known = command.name in (COMMANDS if actor.person_id else OWN_COMMANDS)
    return None if known else Refused("unknown-command", "There is no such command here.")


def the_hub(plan_id: str) -> Participant:
    """Return the hub as it acts itself, where a job finds something that people are to know: under no person's name.

    It issues ``OWN_COMMANDS`` and nothing else; the role is that of whoever has no grant of their own.
    """
    return Participant("", plan_id, "The hub", Role.FAMILY)


def refused(
    plan: PlanContent, actor: Participant, command: Command, changes: Sequence[Change], now: datetime
) -> Refused | None:
    """Return why the command may not make these changes, ``None`` where it may make all of them."""
    if not actor.person_id:
        return None if command.name in OWN_COMMANDS else Refused("unknown-command", "The hub does no such thing.")
    bench = _Bench(plan, actor, command, now)
    subject = bench.subject()
    if subject is not None and not subject.allowed:
        return Refused(subject.code, subject.reason)
    beyond: list[tuple[Change, Decision]] = []
    for change in changes:
        decision = bench.decided(change)
        if not decision.allowed:
            beyond.append((change, decision))
    own = len(beyond) < len(changes) or subject is not None
    for change, decision in beyond:
        if not (own and bench.covered(change)):  # A consequence goes with what the person may do, never alone.
            return Refused(decision.code, decision.reason, _field_of(change))
    return None


class _Bench:
    """One command before its judge: the committed plan, and what the changes so far would make."""

    def __init__(self, plan: PlanContent, actor: Participant, command: Command, now: datetime) -> None:
        self._plan, self._actor, self._now = plan, actor, now
        self._command = command
        self._rule = COMMANDS[command.name]
        self._made: dict[str, EntryFacts] = {}
        self._records: dict[str, Record] = {}

    def subject(self) -> Decision | None:
        """Return whether the person may issue the command on the entry it is about; ``None`` where it is about none.

        What follows the grant to write is judged field by field.
        """
        section = self._rule.section or getattr(self._command, "section", None)
        entry = getattr(self._command, "entry", "")
        if not entry or section is None or self._rule.follows is Operation.WRITE:
            return None
        return self._ask(section, Operation.COMMAND, self._facts(section, entry), "", self._command.name)

    def decided(self, change: Change) -> Decision:
        """Return whether the person may make the change: by their own grant, by the command, by one it carries."""
        section, (wish, entry, field) = change.section, self._wish(change)
        answer = self._ask(section, wish, entry, field, self._command.name)
        if answer.allowed or wish is not Operation.WRITE:
            return answer
        for carried in sorted(self._rule.carries):
            if self._ask(section, wish, entry, field, carried).allowed:
                return self._ask(section, Operation.READ, entry, "", "")
        return answer

    def covered(self, change: Change) -> bool:
        """Return whether the command's line names exactly this change beside those that the person may make."""
        name = self._command.name
        match change:
            case Create(section=section, entry=entry):
                return makes(name, self._actor, section, self._made[entry])
            case Assign(section=section, entry=entry, field=field, value=value):
                own_section = section is (self._rule.section or getattr(self._command, "section", None))
                facts = self._facts(section, entry)
                return sets(name, self._actor, section, field, value, facts, own_section=own_section)
            case Amend(root=root, key=key):
                record = self._record(change.section, root, key)
                author = record.get("proposer" if root is Root.SUGGESTIONS else "author")
                facts = self._facts(change.section, str(record.get("entry", "")))
                seen = self._ask(change.section, Operation.READ, facts, "", "")
                return self._rule.withdraws and author == self._actor.person_id and seen.allowed
            case _:
                return False

    def _ask(self, section: Section, wish: Operation, entry: EntryFacts | None, field: str, command: str) -> Decision:
        return decide(
            self._actor,
            section,
            wish,
            field=field,
            entry=entry,
            now=self._now,
            command=command,
            plan=self._plan.plan_id,
        )

    def _wish(self, change: Change) -> tuple[Operation, EntryFacts | None, str]:
        """Return what ``decide`` is asked for one change: the action, the entry's facts, the field."""
        section = change.section
        match change:
            case Create(entry=entry, values=values):
                self._made[entry] = facts_of(section, self._actor.person_id, values)
                return Operation.CREATE, self._made[entry], ""
            case Annotate(root=root, record=record, key=key):
                self._records[key] = record
                facts = self._facts(section, str(record.get("entry", "")))
                if root is Root.SUGGESTIONS:
                    return Operation.SUGGEST, facts, str(record.get("field", ""))
                return Operation.COMMENT, facts, ""
            case Amend(root=root, key=key):
                record = self._record(section, root, key)
                entry = str(record.get("entry", ""))
                if root is Root.COMMENTS:
                    return Operation.COMMENT, self._facts(section, entry), ""
                if not entry:
                    return Operation.CREATE, facts_of(section, self._actor.person_id, _proposed(record)), ""
                return Operation.WRITE, self._facts(section, entry), str(record.get("field", ""))
            case Assign() | Rewrite() | Include() | Append() | Decide():
                return Operation.WRITE, self._facts(section, change.entry), change.field

    def _record(self, section: Section, root: Root, key: str) -> Record:
        held = self._plan.sections.get(section)
        if key in self._records or held is None:
            return self._records.get(key, {})
        return (held.suggestions if root is Root.SUGGESTIONS else held.comments).get(key, {})

    def _facts(self, section: Section, entry: str) -> EntryFacts | None:
        if entry in self._made:
            return self._made[entry]
        content = self._plan.entry(section, entry)
        creator = self._plan.creator(section, entry)
        return facts_of(section, creator, content.values) if content is not None else None


def _proposed(record: Record) -> Mapping[str, Value]:
    """Return the values of the entry that a suggestion proposes, as ``hub.workflows.suggestions`` keeps them."""
    try:
        told = json.loads(str(record.get("value", "")))
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _field_of(change: Change) -> str:
    return getattr(change, "field", "")
