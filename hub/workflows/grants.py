"""What every rule asks before it changes anything: is the entry there, and may this person do this to it?"""

from dataclasses import replace
from datetime import datetime

from auth.decisions import EntryFacts, Operation, assignments, decide, facts_of
from auth.roles import Participant
from crdt.sections import SECTIONS, Section
from hub.live.commands import EntryContent, PlanContent, Refusal
from hub.workflows.contents import active, retired, words


def facts(plan: PlanContent, section: Section, entry_id: str) -> EntryFacts | None:
    """Return what ``decide`` needs to know of an entry: who made it, who owns it, what it says."""
    entry = plan.entry(section, entry_id)
    return facts_of(section, plan.creator(section, entry_id), entry.values) if entry is not None else None


def assigned_in(participant: Participant, content: PlanContent) -> Participant:
    """Return the participant with the sections in which an entry of this content names them."""
    known = (
        (section, facts_of(section, content.creator(section, entry), it.values))
        for section in content.sections
        for entry, it in content.entries(section).items()
    )
    return replace(participant, assigned=assignments(participant.person_id, known))


def barred(
    plan: PlanContent,
    actor: Participant,
    section: Section,
    action: Operation,
    *,
    now: datetime,
    entry_id: str = "",
    field: str = "",
    command: str = "",
) -> Refusal | None:
    """Return the refusal of ``decide``, or ``None`` where the person may."""
    known = facts(plan, section, entry_id) if entry_id else None
    decision = decide(actor, section, action, field=field, entry=known, now=now, command=command)
    return None if decision.allowed else Refusal(decision.code, decision.reason, entry_id, field)


def visible(plan: PlanContent, viewer: Participant, section: Section, now: datetime) -> list[EntryContent]:
    """Return the standing entries that the person may see, in the order of the page; none of a closed section."""
    return [
        entry
        for entry in active(plan, section)
        if barred(plan, viewer, section, Operation.READ, now=now, entry_id=entry.id) is None
    ]


def standing(plan: PlanContent, section: Section, entry_id: str) -> EntryContent | Refusal:
    """Return the entry, or the refusal that says it is not there or was retired."""
    entry = plan.entry(section, entry_id)
    if entry is None:
        return Refusal("gone", f"This {SECTIONS[section].noun} is not in the plan.", entry_id)
    if retired(entry):
        why = words(entry.values, "retired_reason")
        told = f": {why}" if why else ""
        return Refusal(
            "retired", f"This {SECTIONS[section].noun_of(entry.values)} was retired{told}. Restore it first.", entry_id
        )
    return entry


def commanded(
    plan: PlanContent, actor: Participant, section: Section, entry_id: str, command: str, now: datetime
) -> EntryContent | Refusal:
    """Return the standing entry that the person may command, or the refusal. What is not readable is told first."""
    unseen = barred(plan, actor, section, Operation.READ, now=now, entry_id=entry_id)
    if unseen is not None:
        return unseen
    entry = standing(plan, section, entry_id)
    if isinstance(entry, Refusal):
        return entry
    return barred(plan, actor, section, Operation.COMMAND, now=now, entry_id=entry_id, command=command) or entry


def missing(value: str, name: str, sentence: str, entry_id: str = "") -> Refusal | None:
    """Return the refusal of an empty answer, beside its field, or ``None``."""
    return None if value.strip() else Refusal("form", sentence, entry_id, name)
