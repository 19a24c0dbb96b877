"""What the patient's own page has beside the family's: what matters, goals, the whole team, corrections asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from auth.decisions import Operation
from auth.roles import Participant
from crdt.sections import Section
from hub.live.commands import EntryContent, PlanContent
from hub.workflows.contents import day, words
from hub.workflows.corrections import asks_for_correction
from hub.workflows.family import Contact, team_of
from hub.workflows.goals import OPEN
from hub.workflows.grants import barred, visible
from hub.workflows.tasks import is_open


@dataclass(frozen=True, slots=True)
class OwnGoal:
    """A goal as the patient reads it. ``editable``: the words are theirs to change."""

    entry: str
    words: str
    mine: bool
    whose: str
    due: date | None
    barriers: str
    editable: bool


@dataclass(frozen=True, slots=True)
class OwnView:
    """What only the patient's page shows, already decided by what the patient may see."""

    about: str
    """The entry with what matters, ``""`` before anything is written."""
    what_matters: str
    may_say: bool
    """Whether the patient may write what matters."""
    may_add: bool
    """Whether the patient may add a goal."""
    goals: tuple[OwnGoal, ...]
    team: tuple[Contact, ...]
    requests: tuple[EntryContent, ...]
    """What the patient asked to be put right and is not settled."""


def own_view(plan: PlanContent, viewer: Participant, people: Mapping[str, str], now: datetime) -> OwnView:
    """Return it for the patient; ``people`` are names by id."""
    about = next(iter(visible(plan, viewer, Section.ABOUT_ME, now)), None)
    may_say = barred(
        plan, viewer, Section.ABOUT_ME, Operation.WRITE if about is not None else Operation.CREATE, now=now,
        entry_id=about.id if about is not None else "", field="what_matters" if about is not None else "",
    ) is None  # fmt: skip
    goals = [
        each for each in visible(plan, viewer, Section.GOALS, now) if words(each.values, "lifecycle") in ("", *OPEN)
    ]
    own = tuple(_goal(plan, each, viewer, people, now) for each in goals)
    return OwnView(
        about=about.id if about is not None else "",
        what_matters=words(about.values, "what_matters") if about is not None else "",
        may_say=may_say,
        may_add=barred(plan, viewer, Section.GOALS, Operation.CREATE, now=now) is None,
        goals=tuple(sorted(own, key=lambda each: not each.mine)),
        team=team_of(plan, viewer, people, now),
        requests=tuple(
            each
            for each in visible(plan, viewer, Section.TASKS, now)
            if is_open(each.values) and asks_for_correction(each.values, viewer.person_id)
        ),
    )


def _goal(
    plan: PlanContent, entry: EntryContent, viewer: Participant, people: Mapping[str, str], now: datetime
) -> OwnGoal:
    voice = words(entry.values, "voice")
    asked = barred(plan, viewer, Section.GOALS, Operation.WRITE, now=now, entry_id=entry.id, field="description")
    return OwnGoal(
        entry=entry.id,
        words=words(entry.values, "description"),
        mine=voice == viewer.person_id,
        whose=people.get(voice, ""),
        due=day(entry.values, "due"),
        barriers=words(entry.values, "barriers"),
        editable=voice == viewer.person_id and asked is None,
    )
