"""Huddles: the list, a new one with its agenda chosen or ranked with reasons, and a patient added from the panel."""

from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from hub.workflows import agendas
from hub.workflows.huddle_moves import Add
from hub.workflows.huddle_states import TITLE_CHARACTERS_MAX, Course, Huddle, No
from web.doors.directory import Membership, SignedIn
from web.doors.guards import Member, assigned, for_person, services
from web.huddling import actor_of, huddles, only_team, places_of
from web.reading import reader_for, zone_of
from web.rendering import elsewhere, is_swap, page
from web.views.huddles import patient_name, seen_content, someone
from web.views.words import Moment, day, moment
from web.views.words import Reading as When


@dataclass(frozen=True, slots=True)
class Listed:
    """One huddle of the list."""

    huddle: Huddle
    made: Moment
    here: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """A patient who may be put on an agenda, with the reasons to."""

    plan_id: str
    name: str
    flags: tuple[agendas.Reason, ...]
    chosen: bool


@for_person
async def show(request: Request, who: SignedIn) -> Response:
    """Show the huddles that are running, planned or lately ended, and a new one with its ranked agenda."""
    only_team(who)
    return await _list(request, who)


@for_person
async def create(request: Request, who: SignedIn) -> Response:
    """Make a huddle of the patients chosen, in the order of their ranking."""
    only_team(who)
    form = await request.form()
    chosen = [str(each) for each in form.getlist("plan")]
    places = await places_of(request, who)
    if any(each not in places for each in chosen):
        raise HTTPException(404)
    made = await huddles(request).plan(actor_of(who), str(form.get("title", "")), chosen)
    if isinstance(made, No):
        return await _list(request, who, refusal=made.reason, status=422)
    return elsewhere(request, f"/huddles/{made.huddle_id}")


@for_person
async def add(request: Request, who: SignedIn) -> Response:
    """Put a patient of the panel on the agenda of one's next huddle, a new one where there is none."""
    only_team(who)
    plan_id = str((await request.form()).get("plan", ""))
    places = await places_of(request, who)
    if plan_id not in places:
        raise HTTPException(404)
    target = await _next_of(request, who, list(places))
    if target is None:
        today = moment(services(request).now(), _when(request)).absolute.split(" ")[0]
        made = await huddles(request).plan(actor_of(who), f"Huddle {today}", [plan_id])
    else:
        made = await huddles(request).make(target.huddle_id, Add(plan_id=plan_id), actor_of(who))
    huddle = made if isinstance(made, Huddle) else target
    told = made.reason if isinstance(made, No) else "On the agenda."
    if not is_swap(request):
        return elsewhere(request, f"/huddles/{huddle.huddle_id}" if huddle is not None else "/huddles")
    context = {"huddle": huddle, "told": told, "plan_id": plan_id}
    return page(request, "huddle/added.html", context)


async def _next_of(request: Request, who: SignedIn, plan_ids: list[str]) -> Huddle | None:
    """Return the huddle that the person is in and that is running or planned, the running one first."""
    mine = [
        each
        for each in await huddles(request).listed(plan_ids, who.person.person_id)
        if each.attendee(who.person.person_id) is not None and each.course is not Course.ENDED
    ]
    return next(iter(sorted(mine, key=lambda each: each.course is not Course.RUNNING)), None)


async def _list(request: Request, who: SignedIn, *, refusal: str = "", status: int = 200) -> Response:
    places = await places_of(request, who)
    rooms = huddles(request).rooms
    listed = [
        Listed(each, moment(each.started or each.made, _when(request)), len(rooms.present(each.huddle_id)))
        for each in await huddles(request).listed(list(places), who.person.person_id)
    ]
    context = {
        "listed": listed,
        "candidates": await _candidates(request, who, list(places.values())),
        "title": f"Huddle {day(_when(request).today)}",
        "title_max": TITLE_CHARACTERS_MAX,
        "refusal": refusal,
        "person": someone(who.person, who.person.person_id),
        "here": "huddles",
    }
    return page(request, "huddle/list.html", context, status)


async def _candidates(request: Request, who: SignedIn, places: list[Membership]) -> list[Candidate]:
    """Return the patients in the order of the ranking, those with a reason chosen; then the others by name."""
    briefs = []
    names = {each.patient.plan_id: patient_name(each.patient) for each in places}
    for place in places:
        reader = await reader_for(request, Member(who, await assigned(request, place.participant)))
        briefs.append(agendas.Brief(seen_content(reader), names[place.patient.plan_id]))
    ranked = agendas.agenda(briefs, services(request).now())
    found = [Candidate(each.plan_id, each.patient, each.flags, True) for each in ranked]
    quiet = sorted(set(names) - {each.plan_id for each in ranked}, key=lambda plan_id: names[plan_id])
    return found + [Candidate(each, names[each], (), False) for each in quiet]


def _when(request: Request) -> When:
    return When(services(request).now(), zone_of(request))
