"""Fills an empty hub with the invented people and plans, by the same doors through which everything goes."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final, Protocol

from auth.roles import Narrowing, Participant
from crdt.sections import Section
from hub.demo import aisha, harold, joyce, kayla, mary, rosa, walter
from hub.demo.people import Cast, cast
from hub.demo.stories import Story, Teller
from hub.live.commands import Command, Outcome, Refused
from hub.store.people import Person
from hub.store.plans import Plan

MEMBERS_SINCE: Final = timedelta(days=400)
"""Everyone has been a member for this long, so that what they did days ago was theirs to do."""


class Performing(Protocol):
    """What the seeding needs of the live plans (``CarePlans``)."""

    async def perform(self, plan_id: str, actor: Participant, command: Command) -> Outcome:
        """Perform the command as the participant."""


class Registering(Protocol):
    """What the seeding needs of the store; each call is one transaction with its rows in the journal."""

    async def add_people(self, people: list[Person], *, added_by: str) -> None:
        """Add everyone to the directory."""

    async def open_plan(
        self,
        plan: Plan,
        members: list[Participant],
        relations: Mapping[str, str],
        consents: Mapping[tuple[str, Section], Narrowing],
        *,
        added_by: str,
        now: datetime,
    ) -> None:
        """Give the plan its journal and row, its members with their relations, and the patient's consents."""


@dataclass(frozen=True, slots=True)
class DemoPatient:
    """One invented patient: who they are, who takes part, and their story."""

    key: str
    family: str
    given: str
    born: date
    gender: str
    mrn: str
    tell: Teller
    members: tuple[str, ...]
    language: str = "en"
    consents: Mapping[tuple[str, Section], Narrowing] = field(default_factory=dict)


_TEAM: Final = ("ruiz", "kim", "becker", "torres", "stein", "adeyemi", "falk")
_OPEN: Final = Narrowing("granted")

PATIENTS: Final = (
    DemoPatient("mary", "Whitfield", "Mary", date(1956, 5, 14), "female", "129 728 7652", mary.tell, (*_TEAM, "lee",
    "emily")),
    DemoPatient("rosa", "Delgado", "Rosa", date(1958, 2, 3), "female", "129 728 8071", rosa.tell, (*_TEAM, "nair",
    "carmen"), "es"),
    DemoPatient("walter", "Novak", "Walter", date(1954, 1, 27), "male", "129 728 8213", walter.tell,
    (*_TEAM, "okafor")),
    DemoPatient("joyce", "Bennett", "Joyce", date(1949, 3, 9), "female", "129 728 8340", joyce.tell, (*_TEAM, "lee",
    "marcus")),
    DemoPatient("harold", "Jensen", "Harold", date(1942, 6, 30), "male", "129 728 8455", harold.tell,
    (*_TEAM, "ingrid")),
    DemoPatient("kayla", "Morris", "Kayla", date(2002, 4, 18), "female", "129 728 8502", kayla.tell, _TEAM,
            consents={("ruiz", Section.BEHAVIORAL_HEALTH): _OPEN}),
    DemoPatient("aisha", "Rahman", "Aisha", date(1995, 8, 22), "female", "129 728 8617", aisha.tell, (*_TEAM, "cole",
    "omar")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Seeded:
    """What there is now. ``plans`` is by the patient's key, ``people`` by the person's, ``entries`` by label."""

    people: Cast
    plans: Mapping[str, Plan]
    entries: Mapping[str, Mapping[str, str]]


class SeedingError(Exception):
    """A step of a story was refused: the story is wrong, or a rule is."""


async def seed(
    plans: Performing, store: Registering, now: datetime, new_id: Callable[[], str], *, only: tuple[str, ...] = ()
) -> Seeded:
    """Add everyone and every plan (or only those of the patients named) and play the stories, all plans at once.

    Raises:
        SeedingError: a step was refused.
    """
    people = cast(new_id)
    chosen = [patient for patient in PATIENTS if not only or patient.key in only]
    await store.add_people(list(people.values()), added_by=people["falk"].person_id)
    played = await asyncio.gather(*(_play(plans, store, patient, people, now, new_id) for patient in chosen))
    return Seeded(
        people,
        {patient.key: plan for patient, (plan, _) in zip(chosen, played, strict=True)},
        {patient.key: labels for patient, (_, labels) in zip(chosen, played, strict=True)},
    )


async def _play(
    plans: Performing,
    store: Registering,
    patient: DemoPatient,
    people: Cast,
    now: datetime,
    new_id: Callable[[], str],
) -> tuple[Plan, Mapping[str, str]]:
    plan = plan_of(patient, people, new_id())
    members = members_of(patient, plan, people, now)
    relations = {people[key].person_id: people[key].profession for key in patient.members}
    consents = {(people[key].person_id, section): each for (key, section), each in patient.consents.items()}
    await store.open_plan(plan, list(members.values()), relations, consents, added_by=people["kim"].person_id, now=now)
    story = told(patient, people, now, new_id)
    for actor, batch in story.batches():
        outcome = await plans.perform(plan.plan_id, members[actor], batch)
        if isinstance(outcome, Refused):
            raise SeedingError(f"{patient.key}, {members[actor].name}: {outcome.code}: {outcome.reason}")
    return plan, story.labels


def told(patient: DemoPatient, people: Cast, now: datetime, new_id: Callable[[], str]) -> Story:
    """Return the patient's story."""
    story = Story(people, now, new_id)
    patient.tell(story)
    return story


def plan_of(patient: DemoPatient, people: Cast, plan_id: str) -> Plan:
    """Return the plan's row."""
    return Plan(
        plan_id=plan_id,
        family=patient.family,
        given=patient.given,
        born=patient.born,
        gender=patient.gender,
        mrn=patient.mrn,
        language=patient.language,
        phone=people[patient.key].phone,
        steward=people["kim"].person_id,
        patient=people[patient.key].person_id,
    )


def members_of(patient: DemoPatient, plan: Plan, people: Cast, now: datetime) -> dict[str, Participant]:
    """Return the plan's participants by their person ids, the patient first."""
    found: dict[str, Participant] = {}
    for key in (patient.key, *patient.members):
        person = people[key]
        found[person.person_id] = Participant(
            person_id=person.person_id,
            plan_id=plan.plan_id,
            name=person.name,
            role=person.role,
            profession=person.profession,
            since=now - MEMBERS_SINCE,
            consents={section: each for (named, section), each in patient.consents.items() if named == key},
            patient_id=plan.patient or "",
        )
    return found
