"""What pages of huddles load: the huddle of the address, who the reader is in it, and its plans that are theirs."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request

from auth.decisions import sections_readable
from hub.huddles.keeping import Actor, Huddles
from hub.live.commands import PlanContent
from hub.record.journal import JournalAwayError, Row
from hub.workflows.huddle_states import TEAM, Huddle
from web.doors.directory import Account, Membership, Patient, SignedIn
from web.doors.guards import Member, assigned, services
from web.reading import reader_for
from web.views.entries import Reader
from web.views.huddles import seen_content
from web.views.people import PersonView

ROWS_READ = 400
"""Rows of a plan's journal in which what changed since the last huddle is looked for."""


@dataclass(frozen=True, slots=True)
class Attending:
    """A reader at a huddle. ``places`` are those of its plans in which they take part."""

    who: SignedIn
    huddle: Huddle
    places: Mapping[str, Membership]
    people: Mapping[str, Account]

    @property
    def actor(self) -> Actor:
        """The reader as one who acts."""
        return actor_of(self.who)

    @property
    def me(self) -> str:
        """The reader's id."""
        return self.who.person.person_id


def huddles(request: Request) -> Huddles:
    """Return the hub's huddles.

    Raises:
        JournalAwayError: this hub has no store.
    """
    found = services(request).huddles
    if found is None:
        raise JournalAwayError("a hub without a store has no huddles")
    return found


def actor_of(who: SignedIn) -> Actor:
    """Return the signed-in person as one who acts on huddles."""
    return Actor(who.person.person_id, who.person.role, who.session_id)


def only_team(who: SignedIn) -> None:
    """Answer anyone but the care team as if there were no huddles at all."""
    if who.person.role not in TEAM:
        raise HTTPException(404)


async def places_of(request: Request, who: SignedIn) -> dict[str, Membership]:
    """Return the plans that the person takes part in and may read anything of, by id."""
    now = services(request).now()
    return {
        each.patient.plan_id: each
        for each in await services(request).directory.places(who)
        if sections_readable(each.participant, now)
    }


async def attending(request: Request, who: SignedIn) -> Attending:
    """Return the huddle of the address for this reader; 404 for anyone it is not about, as for one not there."""
    only_team(who)
    huddle = await huddles(request).get(str(request.path_params["huddle_id"]))
    if huddle is None:
        raise HTTPException(404)
    mine = await places_of(request, who)
    places = {item.plan_id: mine[item.plan_id] for item in huddle.items if item.plan_id in mine}
    if not places and huddle.attendee(who.person.person_id) is None:
        raise HTTPException(404)
    people = {each.person_id: each for each in await services(request).directory.people()}
    return Attending(who, huddle, places, people)


async def reader_in(request: Request, here: Attending, plan_id: str) -> Reader:
    """Return the reader of one patient of the huddle, the reading recorded; 404 where they take no part."""
    place = here.places.get(plan_id)
    if place is None:
        raise HTTPException(404)
    return await reader_for(request, Member(here.who, await assigned(request, place.participant)))


async def rows_of(request: Request, plan_id: str) -> list[Row]:
    """Return the plan's latest rows, the newest first."""
    return await services(request).journal.history(plan_id, limit=ROWS_READ)


async def known_plans(request: Request, here: Attending) -> dict[str, tuple[Patient, PlanContent]]:
    """Return the patients of the huddle whom the reader may know of, each with what they may see of the plan."""
    return {
        plan_id: (place.patient, seen_content(await reader_in(request, here, plan_id)))
        for plan_id, place in here.places.items()
    }


def chips(here: Attending, people: Mapping[str, PersonView]) -> list[PersonView]:
    """Return the attendees as chips, in the order in which they came."""
    return [people[each.person_id] for each in here.huddle.attendees]
