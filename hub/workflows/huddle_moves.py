"""What people do with a huddle: each move a frozen dataclass, pure, judged on the huddle as it is committed."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar, Final, Protocol

from hub.workflows.huddle_states import (
    ATTENDEES_MAX,
    ITEMS_MAX,
    TEAM,
    Course,
    Huddle,
    HuddleItem,
    No,
    Stand,
    Who,
    joined,
    taken_up,
)

_NOW: Final = {
    Course.PLANNED: "This huddle has not started yet.",
    Course.RUNNING: "This huddle is running.",
    Course.ENDED: "This huddle has ended. What was decided stands in its minutes.",
}


class HuddleMove(Protocol):
    """One act on a huddle. ``name`` stands in the journal; ``plan_id`` is the patient it concerns, ``""`` for none."""

    name: ClassVar[str]

    @property
    def plan_id(self) -> str: ...

    def on(self, huddle: Huddle, who: Who, now: datetime) -> Huddle | No:
        """Return the huddle after the move, or why it is not possible."""
        ...


def barred(huddle: Huddle, who: Who, *courses: Course, attending: bool = True, driving: bool = False) -> No | None:
    """Return what stands against any move in these courses by this person, or ``None``."""
    if who.role not in TEAM:
        return No("person", "Huddles are for the care team.")
    if huddle.course not in courses:
        return No("state", _NOW[huddle.course])
    if attending and huddle.attendee(who.person_id) is None:
        return No("person", "Join the huddle first.")
    if driving and huddle.driver != who.person_id:
        return No("driver", "Someone else drives the huddle now.")
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinHuddle:
    """Come in, also late: one lands where the huddle is."""

    plan_id: str = ""
    name: ClassVar[str] = "huddle.join"

    def on(self, huddle: Huddle, who: Who, now: datetime) -> Huddle | No:
        """Return the huddle with the person in it."""
        refusal = barred(huddle, who, Course.PLANNED, Course.RUNNING, attending=False)
        if refusal is not None:
            return refusal
        if huddle.attendee(who.person_id) is not None:
            return No("twice", "You are in this huddle already.")
        if len(huddle.attendees) >= ATTENDEES_MAX:
            return No("full", f"At most {ATTENDEES_MAX} people attend a huddle.")
        return joined(huddle, who.person_id, now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Add:
    """Put a patient on the agenda, last."""

    plan_id: str
    name: ClassVar[str] = "huddle.add"

    def on(self, huddle: Huddle, who: Who, now: datetime) -> Huddle | No:
        """Return the huddle with the patient on it."""
        refusal = barred(huddle, who, Course.PLANNED, Course.RUNNING)
        if refusal is not None:
            return refusal
        if huddle.item(self.plan_id) is not None:
            return No("twice", "This patient is on the agenda already.")
        if len(huddle.items) >= ITEMS_MAX:
            return No("full", f"An agenda holds at most {ITEMS_MAX} patients.")
        return replace(huddle, items=(*huddle.items, HuddleItem(self.plan_id, added_by=who.person_id)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Remove:
    """Take a patient off the agenda who has not been talked about."""

    plan_id: str
    name: ClassVar[str] = "huddle.remove"

    def on(self, huddle: Huddle, who: Who, now: datetime) -> Huddle | No:
        """Return the huddle without the patient."""
        refusal = barred(huddle, who, Course.PLANNED, Course.RUNNING)
        item = huddle.item(self.plan_id)
        if refusal is not None:
            return refusal
        if item is None:
            return No("gone", "This patient is not on the agenda.")
        if item.stand is not Stand.WAITING or item.seconds:
            return No("state", f"This patient is {item.stand} now, so they stay on the agenda.")
        return replace(huddle, items=tuple(each for each in huddle.items if each.plan_id != self.plan_id))


@dataclass(frozen=True, slots=True, kw_only=True)
class MovePatient:
    """Move a patient on the agenda by one place up (-1) or down (1)."""

    plan_id: str
    by: int
    name: ClassVar[str] = "huddle.place"

    def on(self, huddle: Huddle, who: Who, now: datetime) -> Huddle | No:
        """Return the huddle in its new order; at either end nothing moves."""
        refusal = barred(huddle, who, Course.PLANNED, Course.RUNNING)
        item = huddle.item(self.plan_id)
        if refusal is not None:
            return refusal
        if item is None:
            return No("gone", "This patient is not on the agenda.")
        rest = [each for each in huddle.items if each.plan_id != self.plan_id]
        at = min(max(huddle.items.index(item) + (1 if self.by > 0 else -1), 0), len(rest))
        return replace(huddle, items=(*rest[:at], item, *rest[at:]))


@dataclass(frozen=True, slots=True, kw_only=True)
class StartHuddle:
    """Begin: whoever starts it drives, and the first patient is taken up."""

    plan_id: str = ""
    name: ClassVar[str] = "huddle.start"

    def on(self, huddle: Huddle, who: Who, now: datetime) -> Huddle | No:
        """Return the running huddle."""
        refusal = barred(huddle, who, Course.PLANNED)
        if refusal is not None:
            return refusal
        if not huddle.items:
            return No("empty", "There is nobody on the agenda yet. Add a patient first.")
        running = replace(huddle, course=Course.RUNNING, driver=who.person_id, started=now)
        return taken_up(running, huddle.items[0].plan_id, now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """Drive from now on: at once where the driver is gone, else only when one is ``sure``.

    ``seen`` is the driver whom the page showed; of two who take over at once the second is told.
    """

    seen: str
    driver_here: bool
    sure: bool = False
    plan_id: str = ""
    name: ClassVar[str] = "huddle.take"

    def on(self, huddle: Huddle, who: Who, now: datetime) -> Huddle | No:
        """Return the huddle with a new driver."""
        refusal = barred(huddle, who, Course.RUNNING)
        if refusal is not None:
            return refusal
        if huddle.driver == who.person_id:
            return No("twice", "You drive the huddle already.")
        if huddle.driver != self.seen:
            return No("stale", "Someone else has taken over meanwhile.")
        if self.driver_here and not self.sure:
            return No("here", "The driver is here. Say that you are sure to take over all the same.")
        return replace(huddle, driver=who.person_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver:
    """The driver lets someone else drive."""

    to: str
    plan_id: str = ""
    name: ClassVar[str] = "huddle.hand_over"

    def on(self, huddle: Huddle, who: Who, now: datetime) -> Huddle | No:
        """Return the huddle with the new driver."""
        refusal = barred(huddle, who, Course.RUNNING, driving=True)
        if refusal is not None:
            return refusal
        if huddle.attendee(self.to) is None:
            return No("person", "They are not in the huddle.")
        if self.to == who.person_id:
            return No("twice", "You drive the huddle already.")
        return replace(huddle, driver=self.to)
