"""The huddle itself, across patients: who is in it, who drives, where it stands. Pure; no words about a patient in it.

    planned -> running -> ended -> (signed by each attendee over one hash)
    a patient: waiting -> current -> done | parked -> carried; a current one that is left unfinished is what it was

What is decided about a patient stands in the patient's plan (``hub.workflows.huddles``). Each move names what its
page showed, so that two people who do the same at once can't do it twice: one wins, the other is told what is true.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from auth.roles import CLINICIANS, Role

ITEMS_MAX: Final = 40
"""Patients on one agenda: at two minutes each, longer than anyone can listen."""

ATTENDEES_MAX: Final = 30
TITLE_CHARACTERS_MAX: Final = 80
SECONDS_PER_ITEM: Final = 120
"""The time a patient should take (AHRQ TeamSTEPPS: a huddle of ten minutes); shown, never enforced."""

TEAM: Final = CLINICIANS
"""Who may be in a huddle: the staff side only."""


class Course(StrEnum):
    """How far a huddle is."""

    PLANNED = "planned"
    RUNNING = "running"
    ENDED = "ended"


class Stand(StrEnum):
    """Where a patient of the agenda stands."""

    WAITING = "waiting"
    CURRENT = "current"
    DONE = "done"
    PARKED = "parked"
    CARRIED = "carried"


@dataclass(frozen=True, slots=True)
class HuddleItem:
    """One patient of the agenda. ``before`` is what a current one was, should it be left unfinished."""

    plan_id: str
    stand: Stand = Stand.WAITING
    before: Stand = Stand.WAITING
    seconds: int = 0
    flagged: bool = False
    added_by: str = ""


@dataclass(frozen=True, slots=True)
class Attendee:
    """Someone who is or was in the huddle."""

    person_id: str
    joined: datetime
    signed: datetime | None = None


@dataclass(frozen=True, slots=True)
class Huddle:
    """One huddle. ``version`` counts its acts; ``since`` is when the current patient was taken up."""

    huddle_id: str
    title: str
    maker: str
    made: datetime
    course: Course = Course.PLANNED
    items: tuple[HuddleItem, ...] = ()
    attendees: tuple[Attendee, ...] = ()
    driver: str = ""
    since: datetime | None = None
    started: datetime | None = None
    ended: datetime | None = None
    content_hash: str = ""
    version: int = 0

    @property
    def current(self) -> str:
        """The plan that is talked about, ``""`` before the start and after the last."""
        return next((item.plan_id for item in self.items if item.stand is Stand.CURRENT), "")

    def item(self, plan_id: str) -> HuddleItem | None:
        """Return the patient's item, ``None`` for one who is not on the agenda."""
        return next((item for item in self.items if item.plan_id == plan_id), None)

    def attendee(self, person_id: str) -> Attendee | None:
        """Return the person's part in the huddle, ``None`` for who has not joined."""
        return next((each for each in self.attendees if each.person_id == person_id), None)

    def tally(self, stand: Stand) -> int:
        """Return how many patients stand so."""
        return sum(item.stand is stand for item in self.items)

    def minutes(self, now: datetime) -> int:
        """Return how long it has lasted or did, in minutes, the begun one counted."""
        if self.started is None:
            return 0
        seconds = ((self.ended or now) - self.started).total_seconds()
        return max(1, -(-int(seconds) // 60))


@dataclass(frozen=True, slots=True)
class Who:
    """Who makes a move."""

    person_id: str
    role: Role


@dataclass(frozen=True, slots=True)
class No:
    """A move that is not possible, with what is true now in a sentence."""

    code: str
    reason: str


def spent(huddle: Huddle, plan_id: str, now: datetime) -> int:
    """Return the seconds that a patient has taken so far."""
    item = huddle.item(plan_id)
    if item is None:
        return 0
    running = item.stand is Stand.CURRENT and huddle.since is not None
    return item.seconds + (max(0, int((now - huddle.since).total_seconds())) if running and huddle.since else 0)


def next_waiting(huddle: Huddle, plan_id: str) -> str:
    """Return who comes after a patient: the next who waits, from the top again after the last; ``""`` for none."""
    plans = [item.plan_id for item in huddle.items]
    at = plans.index(plan_id) if plan_id in plans else -1
    ring = huddle.items[at + 1 :] + huddle.items[: at + 1]
    return next((item.plan_id for item in ring if item.stand is Stand.WAITING and item.plan_id != plan_id), "")


def placed(huddle: Huddle, item: HuddleItem) -> Huddle:
    """Return the huddle with this item in the place of the patient's one."""
    return replace(huddle, items=tuple(item if each.plan_id == item.plan_id else each for each in huddle.items))


def left(huddle: Huddle, now: datetime, stand: Stand | None = None) -> Huddle:
    """Return the huddle with its current patient left as ``stand``, or as it was before, its time counted."""
    item = huddle.item(huddle.current)
    if item is None:
        return huddle
    kept = replace(item, stand=stand or item.before, seconds=spent(huddle, item.plan_id, now))
    return replace(placed(huddle, kept), since=None)


def taken_up(huddle: Huddle, plan_id: str, now: datetime) -> Huddle:
    """Return the huddle with this patient as the current one; with none for ``""``."""
    item = huddle.item(plan_id)
    if item is None:
        return huddle
    return replace(placed(huddle, replace(item, stand=Stand.CURRENT, before=item.stand)), since=now)


def joined(huddle: Huddle, person_id: str, now: datetime) -> Huddle:
    """Return the huddle with the person in it, once."""
    if huddle.attendee(person_id) is not None:
        return huddle
    return replace(huddle, attendees=(*huddle.attendees, Attendee(person_id, now)))


def frame_hash(huddle: Huddle) -> str:
    """Return the SHA-256 of what attendees sign of the huddle itself, in hexadecimal.

    Covers who attended, who was talked about, for how long and with which end. What was decided about each patient
    has a hash of its own (``hub.workflows.huddles.content_hash``); ``signature_hash`` covers both.
    """
    told = {
        "huddle": huddle.huddle_id,
        "title": huddle.title,
        "started": huddle.started.isoformat() if huddle.started else "",
        "ended": huddle.ended.isoformat() if huddle.ended else "",
        "attendees": sorted(each.person_id for each in huddle.attendees),
        "items": [[item.plan_id, _settled(item), item.seconds, item.flagged] for item in huddle.items],
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def signature_hash(huddle: Huddle, decisions: Mapping[str, str]) -> str:
    """Return the SHA-256 of what one attendee signs: the frame, and the hash of each decision they attended, by plan.

    Their signature stands in each of these decisions as well, which never change from then on, so anyone who may read
    them can compute it again.
    """
    told = json.dumps([frame_hash(huddle), sorted(decisions.items())], separators=(",", ":"))
    return hashlib.sha256(told.encode()).hexdigest()


def _settled(item: HuddleItem) -> str:
    """Return how the huddle left the patient; that the rest was carried over afterwards changes nothing signed."""
    return item.before if item.stand is Stand.CARRIED else item.stand
