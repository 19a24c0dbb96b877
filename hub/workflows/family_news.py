"""What changed, told to the family: one sentence a change, about what they may see, never a clinical text."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from auth.roles import Participant
from crdt.sections import Section
from hub.live.commands import EntryContent, PlanContent
from hub.workflows.contents import headline, words
from hub.workflows.digests import FieldEdit, collapsed
from hub.workflows.grants import visible
from hub.workflows.medications import is_medicine
from hub.workflows.monitoring import measure_name

NEW_FOR: Final = timedelta(days=30)
"""A change is told to the family for at least this long, and longer where they have not looked since."""

SET_UP_IN: Final = timedelta(hours=1)
"""What is put into a plan while it is first written is not news to anyone."""

TOLD_MAX: Final = 30


def said(sentence: str) -> str:
    """Return the sentence; marks it for the catalogues of languages, in which pages look it up."""
    return sentence


_MEDICINE: Final[Mapping[str, str]] = {
    "dose": said("%(name)s: %(after)s now (was %(before)s)."),
    "frequency": said("%(name)s: %(after)s now (was %(before)s)."),
    "instructions": said("%(name)s: how to take it has changed."),
    "times": said("%(name)s: at other times of the day now."),
    "stopped": said("Stop taking %(name)s."),
    "on hold": said("Do not take %(name)s for now."),
    "active": said("Take %(name)s again."),
}
_NEW: Final[Mapping[Section, str]] = {
    Section.MEDICATIONS: said("%(name)s is new."),
    Section.TASKS: said("A task is new: %(name)s."),
    Section.MONITORING: said("%(name)s is to be measured now."),
    Section.REFERRALS: said("A visit is planned: %(name)s."),
}
_PLAIN: Final[Mapping[tuple[Section, str], str]] = {
    (Section.MONITORING, "red_instructions"): said("%(name)s: when to call has changed."),
    (Section.MONITORING, "yellow_instructions"): said("%(name)s: when to call has changed."),
    (Section.TRANSITIONS, "handoff_contingency"): said("When to call for help has changed."),
    (Section.REFERRALS, "appointment"): said("There is an appointment: %(name)s."),
    (Section.REFERRALS, "patient_card"): said("There are words for you about %(name)s."),
    (Section.CAREGIVER_LOG, "answer"): said("The team has answered: “%(name)s”"),
    (Section.CARE_TEAM, "phone"): said("%(name)s has another telephone number."),
}


@dataclass(frozen=True, slots=True)
class ChangeTold:
    """One change in words for everyday life. ``sentence`` takes ``name``, ``before`` and ``after``."""

    entry: str
    sentence: str
    name: str
    before: str
    after: str
    recorded: datetime
    by: str
    """Whose change it was, ``""`` for someone who left the team."""
    fresh: bool = True
    """Nobody here has marked it as read."""

    @property
    def words(self) -> str:
        """The change in English."""
        return self.sentence % {"name": self.name, "before": self.before, "after": self.after}


def recent_edits(
    edits: Iterable[FieldEdit], now: datetime, looked: Mapping[Section, int], begun: datetime | None = None
) -> list[FieldEdit]:
    """Return the edits of the last days, and older ones that were not looked at, one a field.

    ``begun`` is when the plan was first written: what was made then is not told as new.
    """
    known = begun + SET_UP_IN if begun is not None else None
    recent = [edit for edit in collapsed(edits) if edit.recorded > now - NEW_FOR or _fresh(edit, looked)]
    return [edit for edit in recent if not edit.made or known is None or edit.recorded > known]


def changes_told(
    plan: PlanContent,
    viewer: Participant,
    recent: Sequence[FieldEdit],
    people: Mapping[str, str],
    now: datetime,
    looked: Mapping[Section, int],
) -> tuple[ChangeTold, ...]:
    """Return what others changed, the newest first, at most ``TOLD_MAX``."""
    entries = {
        (section, entry.id): entry
        for section in {edit.section for edit in recent}
        for entry in visible(plan, viewer, section, now)
    }
    made = {(edit.section, edit.entry): edit.recorded for edit in recent if edit.made}
    told: list[ChangeTold] = []
    for edit in recent:
        entry = entries.get((edit.section, edit.entry))
        if entry is None or edit.actor == viewer.person_id:
            continue
        sentence = _sentence(edit, entry, made)
        if sentence:
            told.append(_told(edit, entry, sentence, people, looked))
    unique = {(each.entry, each.sentence): each for each in told}
    return tuple(sorted(unique.values(), key=lambda each: each.recorded, reverse=True)[:TOLD_MAX])


def _fresh(edit: FieldEdit, looked: Mapping[Section, int]) -> bool:
    return edit.seq > looked.get(edit.section, 0)


def _told(
    edit: FieldEdit, entry: EntryContent, sentence: str, people: Mapping[str, str], looked: Mapping[Section, int]
) -> ChangeTold:
    name = measure_name(entry.values) if edit.section is Section.MONITORING else headline(edit.section, entry)
    if edit.section is Section.CARE_TEAM:
        name = people.get(words(entry.values, "person"), words(entry.values, "role"))
    by = people.get(edit.actor, "")
    return ChangeTold(entry.id, sentence, name, edit.before, edit.after, edit.recorded, by, _fresh(edit, looked))


def _sentence(edit: FieldEdit, entry: EntryContent, made: Mapping[tuple[Section, str], datetime]) -> str:
    if edit.made:
        return "" if edit.section is Section.MEDICATIONS and not is_medicine(entry) else _NEW.get(edit.section, "")
    begun = made.get((edit.section, edit.entry))
    if begun is not None and edit.recorded < begun + SET_UP_IN and edit.section is not Section.CAREGIVER_LOG:
        return ""
    if edit.section is not Section.MEDICATIONS:
        return _PLAIN.get((edit.section, edit.field), "")
    if not is_medicine(entry):
        return ""
    if edit.field in ("dose", "frequency"):
        return _MEDICINE[edit.field] if edit.before else said("%(name)s: %(after)s.")
    return _MEDICINE.get(edit.after if edit.field == "taking" else edit.field, "")
