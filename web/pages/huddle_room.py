"""The room of a huddle: the agenda before it, the patient who is talked about, what everyone may do there."""

from collections.abc import Callable, Mapping
from typing import Final

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from auth.roles import CLINICIANS
from hub.workflows.huddle_driving import Back, End, FlagPatient, Go, Next, Park
from hub.workflows.huddle_moves import Add, HandOver, HuddleMove, JoinHuddle, MovePatient, Remove, StartHuddle, Take
from hub.workflows.huddle_notes import HuddleNote, decision_of, unfinished
from hub.workflows.huddle_states import Course, No, Stand, next_waiting, spent
from web.doors.directory import SignedIn
from web.doors.guards import assigned, for_person, services
from web.huddling import Attending, attending, huddles, known_plans, reader_in, rows_of
from web.pages.huddle_ends import ended_context
from web.pages.huddle_letters import told_of_end
from web.rendering import elsewhere, is_swap, page
from web.views.huddles import CHANGED_OPEN_MAX, UNKNOWN, agenda_lines, card_of, clock, patient_name, someone, tone_of

_SEEN_MAX: Final = 60


@for_person
async def show(request: Request, who: SignedIn) -> Response:
    """Show the huddle: its agenda, its room or its end; a late joiner lands where it is."""
    here = await attending(request, who)
    return await room(request, here)


@for_person
async def stage(request: Request, who: SignedIn) -> Response:
    """Show what stands on the huddle's page now, for a page that was told to look again."""
    here = await attending(request, who)
    return page(request, "huddle/stage.html", await _context(request, here))


@for_person
async def act(request: Request, who: SignedIn) -> Response:
    """Make a move in the huddle, or say what is true now instead."""
    here = await attending(request, who)
    form = await request.form()
    name = str(request.path_params["move"])
    if name not in _MOVES:
        raise HTTPException(404)
    move = _MOVES[name](request, here, form)
    if isinstance(move, Add):
        await _may_add(request, here, move.plan_id)
    if isinstance(move, Next | End):
        move = await _with_unfinished(request, here, move)
    if isinstance(move, Next | Park | End) and here.huddle.current:
        await note_attendance(request, here, here.huddle.current)
    made = await huddles(request).make(here.huddle.huddle_id, move, here.actor)
    if isinstance(made, No):
        return await room(request, await attending(request, who), refusal=made.reason, status=409)
    if isinstance(move, End):
        await told_of_end(request, here, made)
    return await arrived(request, who, at=_asked_at(form) if isinstance(move, FlagPatient) else "")


async def arrived(request: Request, who: SignedIn, *, at: str = "") -> Response:
    """Answer with where the huddle is now, or with the patient one looks at by oneself."""
    huddle_id = str(request.path_params["huddle_id"])
    if not is_swap(request):
        return elsewhere(request, f"/huddles/{huddle_id}" + (f"?at={at}" if at else ""))
    return await room(request, await attending(request, who), at=at)


async def room(
    request: Request, here: Attending, *, at: str = "", refusal: str = "", status: int = 200, typed: str = ""
) -> Response:
    """Return the whole page, or its stage alone for a swap, with why something was refused."""
    context = await _context(request, here, at=at, refusal=refusal, typed=typed)
    template = "huddle/stage.html" if is_swap(request) else "huddle/page.html"
    return page(request, template, context, status)


async def note_attendance(request: Request, here: Attending, plan_id: str) -> None:
    """Write into the patient's decision who is there, where there is one and not everyone is in it yet."""
    place = here.places.get(plan_id)
    if place is None:
        return
    content = await services(request).plans.content(plan_id)
    decision = decision_of(content, here.huddle.huddle_id)
    attendees = await present_members(request, here, plan_id)
    if decision is None or set(attendees) <= set(_members(decision.values.get("attendees"))):
        return
    note = HuddleNote(huddle=here.huddle.huddle_id, topic=here.huddle.title, attendees=attendees)
    participant = await assigned(request, place.participant)
    await services(request).plans.perform(plan_id, participant, note)


async def present_members(request: Request, here: Attending, plan_id: str) -> tuple[str, ...]:
    """Return who of the huddle is there and takes part in this plan as one of the team."""
    members = await services(request).directory.participants(plan_id)
    team = {each.person_id for each in members if each.role in CLINICIANS and not each.removed}
    joined = {each.person_id for each in here.huddle.attendees}
    present = huddles(request).rooms.present(here.huddle.huddle_id) | {here.me}
    return tuple(sorted(team & joined & present))


def _members(value: object) -> list[str]:
    return [name for name, there in value.items() if there is True] if isinstance(value, Mapping) else []


async def _with_unfinished(request: Request, here: Attending, move: Next | End) -> HuddleMove:
    current = here.huddle.current
    if not current:
        return move
    open_tasks = unfinished(await services(request).plans.content(current), here.huddle.huddle_id)
    shown = open_tasks if current in here.places else tuple("A task" for _ in open_tasks)
    return type(move)(seen=move.seen, unfinished=shown)


async def _may_add(request: Request, here: Attending, plan_id: str) -> None:
    mine = await services(request).directory.places(here.who)
    if plan_id not in {each.patient.plan_id for each in mine}:
        raise HTTPException(404)


def _text(form: FormData, name: str) -> str:
    return str(form.get(name, ""))[:_SEEN_MAX]


def _asked_at(form: FormData) -> str:
    return _text(form, "at")


def _take(request: Request, here: Attending, form: FormData) -> HuddleMove:
    seen = _text(form, "seen")
    there = seen in huddles(request).rooms.present(here.huddle.huddle_id)
    return Take(seen=seen, driver_here=there, sure=_text(form, "sure") == "yes")


_MOVES: Final[Mapping[str, Callable[[Request, Attending, FormData], HuddleMove]]] = {
    "join": lambda request, here, form: JoinHuddle(),
    "add": lambda request, here, form: Add(plan_id=_text(form, "plan")),
    "remove": lambda request, here, form: Remove(plan_id=_text(form, "plan")),
    "place": lambda request, here, form: MovePatient(
        plan_id=_text(form, "plan"), by=1 if _text(form, "by") == "1" else -1
    ),
    "start": lambda request, here, form: StartHuddle(),
    "take": _take,
    "hand-over": lambda request, here, form: HandOver(to=_text(form, "to")),
    "go": lambda request, here, form: Go(plan_id=_text(form, "plan"), seen=_text(form, "seen")),
    "next": lambda request, here, form: Next(seen=_text(form, "seen")),
    "back": lambda request, here, form: Back(seen=_text(form, "seen")),
    "park": lambda request, here, form: Park(seen=_text(form, "seen")),
    "flag": lambda request, here, form: FlagPatient(plan_id=_text(form, "plan"), on_=_text(form, "on") == "yes"),
    "end": lambda request, here, form: End(seen=_text(form, "seen")),
}


async def _context(
    request: Request, here: Attending, *, at: str = "", refusal: str = "", typed: str = ""
) -> dict[str, object]:
    huddle = here.huddle
    at = at or request.query_params.get("at", "")
    now = services(request).now()
    people = {each: someone(here.people.get(each), each) for each in here.people} | {
        each.person_id: someone(here.people.get(each.person_id), each.person_id) for each in huddle.attendees
    }
    present = huddles(request).rooms.present(huddle.huddle_id)
    context: dict[str, object] = {
        "huddle": huddle,
        "me": here.me,
        "person": someone(here.who.person, here.me),
        "here": "huddles",
        "attends": huddle.attendee(here.me) is not None,
        "drives": huddle.driver == here.me,
        "driver": people.get(huddle.driver),
        "driver_here": huddle.driver in present,
        "attendees": [(people[each.person_id], each.person_id in present, each) for each in huddle.attendees],
        "others": [people[each.person_id] for each in huddle.attendees if each.person_id != here.me],
        "present": present,
        "refusal": refusal,
        "typed": typed,
        "card": None,
        "following": True,
        "at": "",
        "large": request.query_params.get("size", "") == "large",
        "socket": f"/huddles/{huddle.huddle_id}/live",
    }
    if huddle.course is Course.ENDED:
        return context | await ended_context(request, here)
    if huddle.course is Course.PLANNED:
        lines = agenda_lines(huddle, await known_plans(request, here), now)
        listed = await services(request).directory.places(here.who)
        absent = [(each.patient.plan_id, patient_name(each.patient)) for each in listed]
        return context | {
            "lines": lines,
            "absent": [each for each in absent if huddle.item(each[0]) is None],
        }
    return context | await _running(request, here, at)


async def _running(request: Request, here: Attending, at: str) -> dict[str, object]:
    """Return what the room shows: the patient the huddle is at, or the one the reader has stepped out to."""
    huddle, now = here.huddle, services(request).now()
    own = at if huddle.item(at) is not None else ""
    shown = own or huddle.current
    names = {plan_id: patient_name(place.patient) for plan_id, place in here.places.items()}
    plans = [item.plan_id for item in huddle.items]
    place = plans.index(shown) if shown in plans else len(plans)
    seconds = spent(huddle, shown, now)
    card = None
    if shown in here.places:
        reader = await reader_in(request, here, shown)
        card = card_of(huddle, here.places[shown].patient, reader, await rows_of(request, shown))
    return {
        "card": card,
        "changed_open": CHANGED_OPEN_MAX,
        "shown": shown,
        "shown_name": names.get(shown, UNKNOWN) if shown else "",
        "current_name": names.get(huddle.current, UNKNOWN) if huddle.current else "the end",
        "item": huddle.item(shown),
        "number": place + 1,
        "following": not own,
        "at": own,
        "before": plans[place - 1] if place > 0 else "",
        "after": plans[place + 1] if place + 1 < len(plans) else "",
        "coming": next_waiting(huddle, huddle.current),
        "seconds": seconds,
        "time": clock(seconds),
        "tone": tone_of(seconds),
        "runs": shown == huddle.current and bool(shown),
        "agenda": [(item, names.get(item.plan_id, UNKNOWN)) for item in huddle.items],
        "done": sum(item.stand in (Stand.DONE, Stand.PARKED) for item in huddle.items),
    }
