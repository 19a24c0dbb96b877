"""What a command is: a rule of the workflows, pure, judged on the committed plan and performed by the room.

The room catches up, shows the rule the committed content, performs the changes it returns under the actor's own
server client id, and journals them as one batch of rows. A rule never reads a clock or mints an id by itself.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from typing import ClassVar, Protocol, TypeAlias, runtime_checkable

from auth.roles import Participant
from crdt.changes import Change
from crdt.contents import EntryContent, Refusal, SectionContent
from crdt.fields import Value
from crdt.sections import Section
from hub.directory.houses import House
from hub.record.jobs import Job

__all__ = [
    "Command",
    "Done",
    "EntryContent",
    "Outcome",
    "PlanContent",
    "Refusal",
    "Refused",
    "SectionContent",
]

COMMAND_CHANGES_MAX = 2_000
"""Changes one command may make; an import of a large plan stays below, anything above is a mistake."""


@dataclass(frozen=True, slots=True)
class PlanContent:
    """The committed content of a plan at ``seq``: plain values, never a live document.

    ``people`` maps the client ids of the documents to the person who owns each (invariant 3). ``zone`` is the time zone
    of the plan's home organisation: every "today", due day and clock of the plan is a day there.
    """

    plan_id: str
    sections: Mapping[Section, SectionContent]
    people: Mapping[int, str] = field(default_factory=dict)
    seq: int = 0
    zone: tzinfo = UTC
    house: House = field(default_factory=House)
    """The hours of that organisation, and within which of them it answers."""
    born: date | None = None
    """The patient's day of birth, ``None`` where it is not known: some rules are for an age."""
    sex: str = ""
    """``female`` or ``male`` where that is recorded."""

    deceased: str = ""
    """The day on which the patient died, ``""`` for the living: nothing waits on anybody any more."""

    def day_of(self, instant: datetime) -> date:
        """Return the day that it is, or was, where the plan is at home."""
        return instant.astimezone(self.zone).date()

    def entry(self, section: Section, entry_id: str) -> EntryContent | None:
        """Return the entry, or ``None`` where there is none of that id."""
        content = self.sections.get(section)
        return content.entries.get(entry_id) if content is not None else None

    def entries(self, section: Section) -> Mapping[str, EntryContent]:
        """Return the section's entries by id, the retired ones included."""
        content = self.sections.get(section)
        return content.entries if content is not None else {}

    def value(self, section: Section, entry_id: str, name: str) -> Value:
        """Return one field's value, ``None`` where the entry or the field is not there."""
        entry = self.entry(section, entry_id)
        return entry.values.get(name) if entry is not None else None

    def creator(self, section: Section, entry_id: str) -> str:
        """Return the id of the person who made the entry, ``""`` where that is not known."""
        entry = self.entry(section, entry_id)
        return self.people.get(entry.creator, "") if entry is not None else ""


class Command(Protocol):
    """One act of a person on a plan, as a frozen dataclass with what was typed as its fields.

    ``name`` is ``noun.verb`` (``task.accept``), has a line in ``auth.commands.COMMANDS`` and stands in the journal as
    the event. Whatever the rule returns, the room asks for every change whether this person may make it by this
    command (``hub.live.authority``).
    """

    name: ClassVar[str]

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: Callable[[], str]
    ) -> Sequence[Change] | Refusal:
        """Return what the command changes on this plan, or why it does not. Pure; at most ``COMMAND_CHANGES_MAX``."""
        ...


def why(command: Command) -> str:
    """Return the reason that the command was given with, ``""`` where it asks for none; it stands in its rows."""
    reason = getattr(command, "reason", "")
    return reason.strip() if isinstance(reason, str) else ""


@runtime_checkable
class Following(Protocol):
    """A command that wants something done later, in the same transaction as its rows."""

    def follow_ups(self, plan: PlanContent, changes: Sequence[Change], now: datetime) -> Sequence[Job]:
        """Return the jobs; ``plan`` is as it was before, ``changes`` are those that were made. Pure."""
        ...


def follow_ups(command: Command, plan: PlanContent, changes: Sequence[Change], now: datetime) -> Sequence[Job]:
    """Return what a command wants done later."""
    return command.follow_ups(plan, changes, now) if isinstance(command, Following) else ()


def version_of(command: Command) -> int:
    """Return the journal's row as of which the command restores, 0 where it does nothing of the kind."""
    version = getattr(command, "version", 0)
    return version if isinstance(version, int) else 0


@dataclass(frozen=True, slots=True)
class Done:
    """The command is committed (invariant 2) at ``seq``."""

    seq: int
    summary: str = ""
    """What happened in words for the journal's reader, as in ``added a task``."""
    created: Mapping[str, Section] = field(default_factory=dict)
    """Ids of entries that the command made, with the section of each."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing was changed; the refusal itself is journaled."""

    code: str
    reason: str
    """A sentence for the person."""
    field: str = ""
    """The field to show it beside, where there is one."""


Outcome: TypeAlias = Done | Refused
