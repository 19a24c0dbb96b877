"""Before somebody asks: to whom each topic leads now, who else reads it, and by when it is answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from starlette.requests import Request

from auth.decisions import Grant, grant_of
from auth.roles import CLINICIANS, PATIENT_SIDE, Participant
from auth.standings import membership, standing_of
from crdt.sections import EVERYONE, TEAM_ALONE, TOPICS, Section
from hub.directory.houses import OTHER
from hub.live.commands import PlanContent
from hub.workflows.routing import route, standing_in
from web.doors.guards import services

PERSON: Final = "person"
"""How a choice of one person begins; their id follows after a colon. A topic is chosen by its word."""


@dataclass(frozen=True, slots=True)
class Way:
    """One choice of whom to ask: its value in the form, who reads it, and by when it is answered."""

    value: str
    topic: str
    """``""`` where one person is asked."""
    asked: str
    """The person that was chosen, ``""`` for a topic."""
    reads: str
    """Who reads it now, or stands in for them; ``""`` where the plan has nobody who could."""
    until: datetime


@dataclass(frozen=True, slots=True)
class Ways:
    """Everybody whom one person can ask in one plan now."""

    topics: tuple[Way, ...]
    people: tuple[Way, ...]
    at_home: tuple[Participant, ...]
    """Who at home reads questions, besides the asker."""
    alone: bool
    """The asker may write what nobody else at home reads."""

    def of(self, value: str) -> Way | None:
        """Return what a form's value means now, ``None`` where nobody can be asked by it."""
        return next((each for each in (*self.topics, *self.people) if each.value == value), None)

    def of_topic(self, topic: str) -> Way:
        """Return the way of a topic."""
        return next(each for each in self.topics if each.topic == topic)

    def readers(self, asker: Participant, way: Way, wanted: str) -> str:
        """Return who reads what is asked: what one of the team asks another stays in the team."""
        if asker.role in PATIENT_SIDE:
            return TEAM_ALONE if wanted == TEAM_ALONE else EVERYONE
        return EVERYONE if way.asked in {each.person_id for each in self.at_home} else TEAM_ALONE


async def ways_for(request: Request, plan: PlanContent, asker: Participant) -> Ways:
    """Return whom this person can ask in the plan, with who reads it and by when."""
    now, keeping = services(request).now(), services(request).keeping
    everyone = await services(request).directory.participants(plan.plan_id)
    absent = await keeping.standing_in.rows.all_now(now) if keeping is not None else ()
    return ways(plan, asker, everyone, {each.person: each.stand_in for each in absent}, now)


def ways(
    plan: PlanContent, asker: Participant, everyone: Sequence[Participant], away: Mapping[str, str], now: datetime
) -> Ways:
    """Return whom somebody can ask: each topic, then each person who reads questions, those of the team first.

    ``away`` has those who are absent now, with who stands in.
    """
    here = [
        each
        for each in everyone
        if each.person_id != asker.person_id
        and not membership(each, now)
        and grant_of(each, Section.CAREGIVER_LOG, now) is not Grant.NONE
    ]
    members = {each.person_id: each.role for each in here}
    topics = tuple(
        Way(topic, topic, "", route(plan, topic, members, away), _until(plan, topic, now)) for topic in TOPICS
    )
    askable = CLINICIANS if asker.role in PATIENT_SIDE else CLINICIANS | PATIENT_SIDE
    people = tuple(
        Way(f"{PERSON}:{each.person_id}", "", each.person_id, reads, _until(plan, OTHER, now))
        for each in sorted(here, key=lambda it: it.role in PATIENT_SIDE)
        if each.role in askable and (reads := standing_in(each.person_id, away)) in members
    )
    at_home = tuple(each for each in here if each.role in PATIENT_SIDE)
    return Ways(topics, people, at_home, standing_of(asker, Section.CAREGIVER_LOG, now).alone)


def _until(plan: PlanContent, topic: str, now: datetime) -> datetime:
    return plan.house.promised(topic, now, plan.zone)
