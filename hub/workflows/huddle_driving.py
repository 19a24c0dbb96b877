"""What moves a huddle along: the driver's moves from patient to patient, its end, and what is signed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from hub.workflows.huddle_moves import barred
from hub.workflows.huddle_states import (
    Course,
    Huddle,
    No,
    Stand,
    Who,
    frame_hash,
    left,
    next_waiting,
    placed,
    taken_up,
)


def _moved_on(huddle: Huddle, seen: str) -> No | None:
    if huddle.current == seen:
        return None
    return No("stale", "The huddle has moved on meanwhile. This page shows where it is now.")


def _open(titles: Sequence[str]) -> No | None:
    if not titles:
        return None
    told = f"“{titles[0]}”" + (f" and {len(titles) - 1} more" if len(titles) > 1 else "")
    return No("open", f"No next yet: {told} needs an owner and a day.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Go:
    """Go to a patient of the agenda, wherever; the one left is what they were. ``seen`` is who was current."""

    plan_id: str
    seen: str
    name: ClassVar[str] = "huddle.go"

    def on(self, huddle: Huddle, who: Who, now: datetime) -> Huddle | No:
        """Return the huddle at that patient."""
        refusal = barred(huddle, who, Course.RUNNING, driving=True) or _moved_on(huddle, self.seen)
        item = huddle.item(self.plan_id)
        if refusal is not None:
            return refusal
        if item is None:
            return No("gone", "This patient is not on the agenda.")
        if item.stand is Stand.CURRENT:
            return No("twice", "The huddle is at this patient.")
        if item.stand is Stand.CARRIED:
            return No("state", "This patient is carried over to the next huddle.")
        return taken_up(left(huddle, now), self.plan_id, now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """The current patient is done; on to the next who waits. Not while a task lacks its owner or its day."""

    seen: str
    unfinished: tuple[str, ...] = ()
    """Tasks of this patient's decision, in words, that lack an owner or a day."""
    name: ClassVar[str] = "huddle.next"

    @property
    def plan_id(self) -> str:
        """The patient who is done."""
        return self.seen

    def on(self, huddle: Huddle, who: Who, now: datetime) -> Huddle | No:
        """Return the huddle at the next patient, at none after the last."""
        refusal = barred(huddle, who, Course.RUNNING, driving=True) or _moved_on(huddle, self.seen)
        if refusal is not None:
            return refusal
        if not huddle.current:
            return No("state", "Every patient has been talked about. End the huddle.")
        return _open(self.unfinished) or taken_up(
            left(huddle, now, Stand.DONE), next_waiting(huddle, huddle.current), now
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Back:
    """Go back to the patient before the current one on the agenda."""

    seen: str
    name: ClassVar[str] = "huddle.back"

    @property
    def plan_id(self) -> str:
        """The patient who is left."""
        return self.seen

    def on(self, huddle: Huddle, who: Who, now: datetime) -> Huddle | No:
        """Return the huddle at the patient before; after the last one, at the last one again."""
        refusal = barred(huddle, who, Course.RUNNING, driving=True) or _moved_on(huddle, self.seen)
        if refusal is not None:
            return refusal
        item = huddle.item(huddle.current)
        at = huddle.items.index(item) if item is not None else len(huddle.items)
        before = [each.plan_id for each in huddle.items[:at] if each.stand is not Stand.CARRIED]
        if not before:
            return No("first", "This is the first patient.")
        return taken_up(left(huddle, now), before[-1], now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Park:
    """Stop talking about the current patient without an end; on to the next."""

    seen: str
    name: ClassVar[str] = "huddle.park"

    @property
    def plan_id(self) -> str:
        """The patient who is parked."""
        return self.seen

    def on(self, huddle: Huddle, who: Who, now: datetime) -> Huddle | No:
        """Return the huddle at the next patient."""
        refusal = barred(huddle, who, Course.RUNNING, driving=True) or _moved_on(huddle, self.seen)
        if refusal is not None:
            return refusal
        if not huddle.current:
            return No("state", "There is no patient to park. Every one has been talked about.")
        return taken_up(left(huddle, now, Stand.PARKED), next_waiting(huddle, huddle.current), now)


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagPatient:
    """Mark a patient to be looked at again, or take the mark away; anyone in the huddle may."""

    plan_id: str
    on_: bool
    name: ClassVar[str] = "huddle.flag"

    def on(self, huddle: Huddle, who: Who, now: datetime) -> Huddle | No:
        """Return the huddle with the mark."""
        refusal = barred(huddle, who, Course.RUNNING)
        item = huddle.item(self.plan_id)
        if refusal is not None:
            return refusal
        if item is None:
            return No("gone", "This patient is not on the agenda.")
        if item.flagged is self.on_:
            return No("twice", f"This patient is {'flagged' if self.on_ else 'not flagged'} already.")
        return placed(huddle, replace(item, flagged=self.on_))


@dataclass(frozen=True, slots=True, kw_only=True)
class Carry:
    """A parked patient, or one the huddle did not reach, goes to the next huddle."""

    plan_id: str
    name: ClassVar[str] = "huddle.carry"

    def on(self, huddle: Huddle, who: Who, now: datetime) -> Huddle | No:
        """Return the huddle with the patient carried over; who keeps the next one puts them there in the same turn."""
        refusal = barred(huddle, who, Course.RUNNING, Course.ENDED)
        item = huddle.item(self.plan_id)
        if refusal is not None:
            return refusal
        if item is None:
            return No("gone", "This patient is not on the agenda.")
        if item.stand not in (Stand.PARKED, Stand.WAITING):
            return No("state", f"This patient is {item.stand} now, so there is nothing to carry over.")
        return placed(huddle, replace(item, stand=Stand.CARRIED, before=item.stand))


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """The driver ends the huddle; who was not reached stays waiting, to be carried over."""

    seen: str
    unfinished: tuple[str, ...] = ()
    plan_id: str = ""
    name: ClassVar[str] = "huddle.end"

    def on(self, huddle: Huddle, who: Who, now: datetime) -> Huddle | No:
        """Return the ended huddle; the current patient is done."""
        refusal = barred(huddle, who, Course.RUNNING, driving=True) or _moved_on(huddle, self.seen)
        return (
            refusal
            or _open(self.unfinished)
            or replace(left(huddle, now, Stand.DONE), course=Course.ENDED, ended=now, driver="")
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """An attendee signs the ended huddle by the hash that their page showed.

    ``decisions`` are the hashes, by plan, of those decisions of the huddle that carry this person's signature.
    """

    seen: str
    decisions: Mapping[str, str]
    plan_id: str = ""
    name: ClassVar[str] = "huddle.sign_off"

    def on(self, huddle: Huddle, who: Who, now: datetime) -> Huddle | No:
        """Return the signed huddle."""
        refusal = barred(huddle, who, Course.ENDED)
        if refusal is not None:
            return refusal
        own = huddle.attendee(who.person_id)
        if own is not None and own.signed is not None:
            return No("twice", "You have signed this huddle already.")
        stands = frame_hash(huddle)
        if self.seen != stands or huddle.content_hash not in ("", stands):
            return No("stale", "It was changed since you read it. Read it again, then sign.")
        signed = tuple(
            replace(each, signed=now) if each.person_id == who.person_id else each for each in huddle.attendees
        )
        return replace(huddle, attendees=signed, content_hash=stands)
