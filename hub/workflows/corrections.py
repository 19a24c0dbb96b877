"""Something in the plan is not right: the patient says so, and it is somebody's task with a day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar, Final

from auth.roles import Participant
from crdt.changes import Change
from crdt.fields import Value
from crdt.sections import Section
from hub.directory.business_days import business_days_after
from hub.live.commands import PlanContent, Refusal
from hub.workflows.arguments import WORDS_MAX, Asked
from hub.workflows.contents import Values, active, headline, words
from hub.workflows.entries import made
from hub.workflows.grants import facts, missing, visible
from hub.workflows.team import TEAM, NewId, steward

ANSWERED_WITHIN: Final = 10
"""Business days: the house's rule (2026-11). The law leaves sixty days (45 CFR 164.526(b)(2))."""

ASKED: Final = "Correction asked by the patient"
"""How the title of such a task begins."""

NOBODY: Final = "Nobody answers for this plan yet. Call the clinic and say what is not right."


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionAsk:
    """Who answers for the plan is asked to put something right; sent again after a lost answer, it is asked once."""

    words: Annotated[str, Asked("What is not right", wide=True)]
    related: Annotated[str, Asked("About", hidden=True)] = ""
    name: ClassVar[str] = "correction.ask"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the task; refused without words, and where nobody answers for the plan."""
        empty = missing(self.words, "words", "Write what is not right.")
        if empty is not None:
            return empty
        if len(self.words) > WORDS_MAX:
            return Refusal("form", f"This is over {WORDS_MAX:,} characters. Split it.", "", "words")
        for entry in active(plan, Section.TASKS):
            if (
                asks_for_correction(entry.values, actor.person_id)
                and words(entry.values, "detail") == self.words.strip()
            ):
                return Refusal("again", "This has reached the team already.", entry.id)
        owner = steward(plan) or _any_of_the_team(plan, actor.person_id)
        if not owner:
            return Refusal("state", NOBODY)
        about = _seen(plan, actor, self.related, now)
        due = business_days_after(plan.day_of(now), ANSWERED_WITHIN)
        values: dict[str, Value] = {
            "title": f"{ASKED}: {about}"[:200] if about else ASKED,
            "detail": self.words.strip(),
            "owner": owner,
            "due": due.isoformat(),
            "family_visible": "no",
        }
        if about:
            values["supports"] = {self.related: True}
        task = made(plan, actor, now, Section.TASKS, values, new_id)
        return task if isinstance(task, Refusal) else [task]


def asks_for_correction(values: Values, person: str) -> bool:
    """Say whether a task is a correction that this person asked for."""
    return words(values, "requester") == person and words(values, "title").startswith(ASKED)


def _any_of_the_team(plan: PlanContent, asker: str) -> str:
    standing = [each for each in active(plan, TEAM) if words(each.values, "accepted") == "yes"]
    return next((who for each in standing if (who := words(each.values, "person")) and who != asker), "")


def _seen(plan: PlanContent, actor: Participant, entry_id: str, now: datetime) -> str:
    """Return the name of what it is about, ``""`` for nothing that the person sees."""
    for section in Section:
        if entry_id and facts(plan, section, entry_id) is not None:
            found = next((each for each in visible(plan, actor, section, now) if each.id == entry_id), None)
            return headline(section, found) if found is not None else ""
    return ""
