"""What a cell, the rules over fields and entries, and the table of commands say to one question."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from auth.commands import COMMANDS, SIGNED_STILL, CommandRule, Operation
from auth.policy import (
    ASKS,
    W_ANSWER,
    Cell,
    EntryFacts,
    Grant,
    Reach,
    field_rule,
    first_value_rule,
    looks_into_entry,
    reaches,
    signed,
)
from auth.roles import Participant, Role
from crdt.sections import SECTIONS, Section

_NO_FACTS: Final = EntryFacts()

_SUGGESTIBLE: Final = frozenset(
    {"propose-only", "not-own", "part-only", "read-only", "community-only", "patients-words"}
)


@dataclass(frozen=True, slots=True)
class SectionQuestion:
    """One question about a section that is open and not read-only."""

    cell: Cell
    participant: Participant
    section: Section
    field: str
    entry: EntryFacts | None
    command: str
    alone: bool
    """May write to the team what nobody else at home reads."""

    def code(self, action: Operation) -> str:
        """Return why not, as a code of ``reasons``; ``""`` for yes."""
        match action:
            case Operation.READ:
                shows = self.cell.shows
                return "field-hidden" if self.field and shows is not None and self.field not in shows else ""
            case Operation.CREATE:
                return self._create()
            case Operation.WRITE:
                return self._write_by_command() if self.command else self._write()
            case Operation.RETIRE:
                return self._retire()
            case Operation.SUGGEST:
                return self._suggest()
            case Operation.COMMENT:
                return self._comment()
            case Operation.COMMAND:
                return self._issue()

    def _create(self) -> str:
        if not self.cell.creates:
            return "propose-only" if self.cell.grant is Grant.PROPOSE else "no-create"
        if self.cell.reach is Reach.COMMUNITY:
            if self.entry is None:
                return "entry-needed"
            if self.entry.values.get("kind") != "community":
                return "community-only"
        if self.entry is None:
            return "entry-needed" if self.cell in (W_ANSWER, ASKS) else ""
        return first_value_rule(self.participant, self.section, self.entry, alone=self.alone)

    def _write(self) -> str:
        declared = SECTIONS[self.section].field(self.field)
        if declared is None:
            return "unknown-field"
        if declared.command:
            return "command-field"
        code = self._reach()
        if code:
            return code
        if self.cell.parts is not None and self.field not in self.cell.parts:
            return "part-only"
        return self._field_rule(self.field)

    def _reach(self) -> str:
        """Return why the cell doesn't reach the entry for writing."""
        cell = self.cell
        if cell.reach is Reach.ANY:
            return ""
        if cell.reach is Reach.NOTHING:
            return "propose-only" if cell.grant is Grant.PROPOSE else "read-only"
        if self.entry is None:
            return "entry-needed"
        if reaches(cell, self.participant.person_id, self.section, self.entry):
            return ""
        return {Reach.COMMUNITY: "community-only", Reach.DRAFT: "not-draft"}.get(cell.reach, "not-own")

    def _field_rule(self, name: str) -> str:
        if self.entry is None:
            return (
                "entry-needed"
                if looks_into_entry(self.section, name)
                else field_rule(self.participant, self.section, name, _NO_FACTS)
            )
        return field_rule(self.participant, self.section, name, self.entry)

    def _retire(self) -> str:
        code = self._reach()
        if code:
            return code
        if self.cell.parts is not None:
            return "part-only"
        return self._signature()

    def _signature(self) -> str:
        if self.section is not Section.HUDDLES:
            return ""
        if self.entry is None:
            return "entry-needed"
        return "huddle-signed" if signed(self.entry) else ""

    def _suggest(self) -> str:
        declared = SECTIONS[self.section].field(self.field) if self.field else None
        if self.cell.grant in (Grant.NONE, Grant.READ) or (declared is not None and declared.command):
            return "no-suggestion"
        return "huddle-signed" if self.entry is not None and self._signature() else ""

    def _comment(self) -> str:
        """Whoever reads all of an entry comments on it; the family where it contributes."""
        if self.cell.shows is not None:
            return "no-comment"
        if self.participant.role is Role.FAMILY and self.cell.grant is Grant.READ:
            return "no-comment"
        return ""

    def _write_by_command(self) -> str:
        """A change that a command makes: within the person's own grant, or within the command's authority."""
        rule = COMMANDS.get(self.command)
        if rule is None:
            return "unknown-command"
        if rule.section not in (None, self.section):
            return self._write()  # Its authority ends at its own section; the person's own grant does not.
        code = self._issue()
        return code if code or self.field in rule.sets else self._write()

    def _issue(self) -> str:
        rule = COMMANDS.get(self.command)
        if rule is None or rule.section not in (None, self.section):
            return "unknown-command"
        if self.command not in SIGNED_STILL and self.section is Section.HUDDLES:
            frozen = self.entry is not None and signed(self.entry)
            if frozen and rule.follows is not Operation.CREATE:
                return "huddle-signed"
        if rule.unfilled and (self.entry is None or self.entry.values.get(rule.unfilled)):
            return "command-refused"
        if rule.follows is not None:
            return self._write() if rule.follows is Operation.WRITE else self.code(rule.follows)
        return "" if self._holds(rule) else "command-refused"

    def _holds(self, rule: CommandRule) -> bool:
        participant, entry = self.participant, self.entry
        if participant.role in rule.roles:
            return True
        if entry is None:
            return rule.at_large and not rule.unless_named and self.cell.reach is Reach.ANY
        if rule.at_large and self.cell.reach in (Reach.ANY, Reach.COMMUNITY):
            named = entry.values.get(rule.unless_named) if rule.unless_named else None
            if not named and reaches(self.cell, participant.person_id, self.section, entry):
                return True
        return participant.role in rule.by and _names(entry, rule.relations, participant.person_id)

    def may_suggest_instead(self) -> bool:
        """Return whether the refusal of a command should point to the suggestion."""
        return self.cell.grant not in (Grant.NONE, Grant.READ) and self.cell.shows is None

    def offers_suggestion(self, action: Operation, code: str) -> bool:
        """Return whether the refusal of an edit should point to the suggestion."""
        if action not in (Operation.WRITE, Operation.RETIRE, Operation.COMMAND) or code not in _SUGGESTIBLE:
            return False
        return not self._suggest()


def _names(entry: EntryFacts, relations: frozenset[str], person: str) -> bool:
    if not person:
        return False
    if "creator" in relations and entry.creator == person:
        return True
    for name in relations:
        value = entry.values.get(name)
        if value == person or (isinstance(value, Mapping) and value.get(person) is True):
            return True
    return False
