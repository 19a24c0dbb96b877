"""What somebody is to be told of, from what stands in a plan and what was just changed in it. Pure.

``planned`` has its hour ahead: appointments and days on which something is due. ``happened`` is told soon: something
was asked, answered, or changed among the medicines. ``still_so`` is asked again before anything leaves.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from auth.decisions import Operation
from auth.roles import PATIENT_SIDE, Participant, Role
from crdt.sections import Section
from hub.live.commands import EntryContent, PlanContent
from hub.reminders.choices import Matter, Terms
from hub.reminders.hours import after_quiet, before, on_day, soon
from hub.workflows import tasks
from hub.workflows.contents import day, instant, retired, words
from hub.workflows.digests import FieldEdit
from hub.workflows.family_news import SET_UP_IN
from hub.workflows.grants import barred, visible
from hub.workflows.medications import is_medicine
from hub.workflows.question_states import Side, turns

NEWS_FOR: Final = timedelta(days=1)
"""What happened longer ago is no news: a plan that is brought in from elsewhere tells nobody of its past."""
MEDICINE_FIELDS: Final = frozenset({"dose", "frequency", "instructions", "times", "taking", "status"})
"""Fields of a medicine whose change the people at home are told of."""
ASKED: Final = "asked"
TOLD_OF_STAYS: Final = frozenset({Role.PRIMARY_CARE, Role.CARE_MANAGER})
"""Who is told of a stay by mail or text: who answers for the patient between stays. Others see it in the plan."""


@dataclass(frozen=True, slots=True)
class Reminder:
    """Something to be told to one person, once. It names an entry and says nothing of it."""

    person: str
    plan: str
    matter: Matter
    section: str
    entry: str
    occasion: str
    """Tells this time from another: the instant of an appointment, the day something is due, the row that asked."""
    due: datetime


def planned(plan: PlanContent, viewer: Participant, terms: Terms, now: datetime) -> list[Reminder]:
    """Return what lies ahead of this person in this plan; nothing once the patient has died or the plan is closed."""
    if not _reminds(plan, viewer, now):
        return []
    found: list[Reminder] = []
    for entry, when in appointments(plan, viewer, now):
        due = before(when, terms.hour, now, terms.quiet, terms.zone)
        if due is not None:
            found.append(_of(plan, viewer, Matter.APPOINTMENT, Section.REFERRALS, entry, when.isoformat(), due))
    for entry in visible(plan, viewer, Section.TASKS, now):
        by = day(entry.values, "due")
        if by is None or not _owes(entry, viewer) or by < now.astimezone(terms.zone).date():
            continue
        due = on_day(by, terms.hour, now, terms.quiet, terms.zone)
        found.append(_of(plan, viewer, Matter.DUE, Section.TASKS, entry, by.isoformat(), due))
    return found


def appointments(plan: PlanContent, viewer: Participant, now: datetime) -> list[tuple[EntryContent, datetime]]:
    """Return the appointments to come that somebody at home may see, the next one first."""
    if viewer.role not in PATIENT_SIDE or not _reminds(plan, viewer, now):
        return []
    found = [
        (entry, when)
        for entry in visible(plan, viewer, Section.REFERRALS, now)
        if words(entry.values, "state") == "scheduled"
        and (when := instant(entry.values, "appointment")) is not None
        and when > now
    ]
    return sorted(found, key=lambda each: (each[1], each[0].id))


def happened(
    plan: PlanContent, viewer: Participant, terms: Terms, edits: Iterable[FieldEdit], now: datetime, *, begun: datetime
) -> list[Reminder]:
    """Return what these edits of others mean to this person: one for each entry and matter, by its last edit.

    ``begun`` is when the plan was opened: the medicines with which it is first written are no change to anybody.
    """
    if not _reminds(plan, viewer, now):
        return []
    due = soon(now, terms.quiet, terms.zone)
    found: dict[tuple[Matter, str], Reminder] = {}
    for edit in edits:
        fresh = edit.recorded > now - NEWS_FOR and (viewer.since is None or edit.recorded > viewer.since)
        entry = plan.entry(edit.section, edit.entry)
        if entry is None or not fresh or edit.actor == viewer.person_id:
            continue
        matter = _matter(plan, viewer, edit, entry)
        known_since = max(begun, viewer.since or begun)
        if matter is Matter.MEDICINE and edit.recorded < known_since + SET_UP_IN:
            continue
        if (
            matter is not None
            and barred(plan, viewer, edit.section, Operation.READ, now=now, entry_id=entry.id) is None
        ):
            occasion = f"{ASKED} {edit.seq}" if matter is Matter.DUE else str(edit.seq)
            at = due
            if matter is Matter.HOSPITAL:  # Outside of the opening hours nobody of the house would act on it.
                at = after_quiet(plan.house.open_next(due, plan.zone), terms.quiet, terms.zone)
            found[matter, entry.id] = _of(plan, viewer, matter, edit.section, entry, occasion, at)
    return list(found.values())


def still_so(plan: PlanContent, viewer: Participant, reminder: Reminder, now: datetime) -> bool:
    """Return whether there is still reason to tell: what was done, moved or closed to the person is not told."""
    if not _reminds(plan, viewer, now):
        return False
    section = Section(reminder.section)
    entry = plan.entry(section, reminder.entry)
    if entry is None or barred(plan, viewer, section, Operation.READ, now=now, entry_id=entry.id) is not None:
        return False
    match reminder.matter:
        case Matter.APPOINTMENT:
            times = [when.isoformat() for each, when in appointments(plan, viewer, now) if each.id == entry.id]
            return times == [reminder.occasion]
        case Matter.DUE if reminder.occasion.startswith(ASKED):
            return not retired(entry) and _asked_of(entry, viewer)
        case Matter.DUE:
            by = day(entry.values, "due")
            return _owes(entry, viewer) and by is not None and by.isoformat() == reminder.occasion
        case Matter.ANSWER:
            return not retired(entry) and turns(entry.values)[-1].side is Side.ASKED
        case Matter.HOSPITAL:
            return not retired(entry)
        case Matter.MEDICINE | Matter.WAITING:
            return True


def _of(
    plan: PlanContent, viewer: Participant, matter: Matter, section: Section, entry: EntryContent, occasion: str,
    due: datetime,
) -> Reminder:  # fmt: skip
    return Reminder(viewer.person_id, plan.plan_id, matter, section.value, entry.id, occasion, due)


def _reminds(plan: PlanContent, viewer: Participant, now: datetime) -> bool:
    present = not viewer.removed and (viewer.ends is None or viewer.ends > now)
    return present and not viewer.closed and not plan.deceased


def _owes(entry: EntryContent, viewer: Participant) -> bool:
    return (
        not retired(entry) and tasks.is_open(entry.values) and words(entry.values, "owner") == viewer.person_id
    )  # fmt: skip


def _asked_of(entry: EntryContent, viewer: Participant) -> bool:
    return words(entry.values, "state") in tasks.ASKED and words(entry.values, "owner") == viewer.person_id


def _matter(plan: PlanContent, viewer: Participant, edit: FieldEdit, entry: EntryContent) -> Matter | None:
    """Return what an edit is to this person, ``None`` for nothing."""
    match edit.section:
        case Section.TASKS if edit.made or edit.field in ("owner", "state"):
            return Matter.DUE if _asked_of(entry, viewer) else None
        case Section.CAREGIVER_LOG if edit.field in ("answer", "answered_by", "turns"):
            mine, last = plan.creator(Section.CAREGIVER_LOG, entry.id) == viewer.person_id, turns(entry.values)[-1]
            answered = last.side is Side.ASKED and last.by != viewer.person_id
            return Matter.ANSWER if mine and answered else None
        case Section.MEDICATIONS if viewer.role in PATIENT_SIDE and is_medicine(entry):
            return Matter.MEDICINE if edit.made or edit.field in MEDICINE_FIELDS else None
        case Section.TRANSITIONS if viewer.role in TOLD_OF_STAYS:
            return Matter.HOSPITAL if edit.made or edit.field == "event" else None
        case _:
            return None
