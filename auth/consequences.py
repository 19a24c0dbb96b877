"""What a command may change beyond the person's own grant, judged change by change."""

from auth.commands import COMMANDS, Consequence
from auth.policy import EntryFacts
from auth.roles import Participant
from crdt.fields import Value
from crdt.sections import Section


def makes(command: str, participant: Participant, section: Section, first: EntryFacts) -> bool:
    """Return whether one of the command's consequences is this new entry, with these first values."""
    return any(
        each.creates
        and each.section is section
        and first.values.get(each.field) == each.says
        and _names(each, participant, first)
        and first.values.get("steward") != "yes"
        for each in COMMANDS[command].also
    )


def sets(
    command: str,
    participant: Participant,
    section: Section,
    field: str,
    value: Value,
    entry: EntryFacts | None,
    *,
    own_section: bool,
) -> bool:
    """Return whether one of the command's consequences is this value in this field of this entry."""
    return any(
        each.field == field
        and (each.section is section or (each.section is None and own_section))
        and each.says in (None, value)
        and entry is not None
        and _names(each, participant, entry)
        for each in COMMANDS[command].also
    )


def _names(consequence: Consequence, participant: Participant, entry: EntryFacts) -> bool:
    return not consequence.named or entry.values.get(consequence.named) == participant.person_id
