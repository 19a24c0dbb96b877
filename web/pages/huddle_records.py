"""What stays of a huddle: its end with the sign-off, its minutes for printing, and what each person took with them."""

from dataclasses import dataclass
from datetime import datetime

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from hub.live.commands import Refused
from hub.workflows.contents import members, words
from hub.workflows.huddle_driving import Sign
from hub.workflows.huddle_notes import decision_of
from hub.workflows.huddle_states import Course, Huddle, HuddleItem, No, Stand, frame_hash
from hub.workflows.huddles import HuddleSign, content_hash, signers
from web.doors.directory import SignedIn
from web.doors.guards import assigned, for_person, services
from web.huddling import Attending, attending, huddles, places_of, reader_in, rows_of
from web.reading import zone_of
from web.rendering import elsewhere, page
from web.views.huddles import UNKNOWN, Do, HuddleCard, card_of, clock, owing, patient_name, someone, tally_of
from web.views.words import Moment, Reading, moment


@dataclass(frozen=True, slots=True)
class PatientMinutes:
    """One patient in the minutes; ``card`` is ``None`` where the reader takes no part."""

    item: HuddleItem
    name: str
    card: HuddleCard | None

    @property
    def time(self) -> str:
        """How long it took."""
        return clock(self.item.seconds)


async def ended_context(request: Request, here: Attending, refusal: str = "") -> dict[str, object]:
    """Return what the end of a huddle shows."""
    huddle, now = here.huddle, services(request).now()
    contents = [await services(request).plans.content(item.plan_id) for item in huddle.items]
    own = huddle.attendee(here.me)
    open_ends = {
        content.plan_id: owing(content, huddle.huddle_id)
        for content in contents
        if content.plan_id in here.places and owing(content, huddle.huddle_id)
    }
    return {
        "kept": await _kept(request, here),
        "tally": tally_of(huddle, contents, now),
        "frame": frame_hash(huddle),
        "signed": own.signed if own is not None else None,
        "owing": {patient_name(here.places[plan_id].patient): told for plan_id, told in open_ends.items()},
        "left": [item for item in huddle.items if item.stand in (Stand.PARKED, Stand.WAITING)],
        "began": _moment(request, huddle.started),
        "over": _moment(request, huddle.ended),
    }


@for_person
async def sign(request: Request, who: SignedIn) -> Response:
    """Sign the huddle and every decision of it that one attended, by the hashes that the page showed."""
    here = await attending(request, who)
    form = await request.form()
    signed = await _signed_decisions(request, here, {str(name): str(value) for name, value in form.items()})
    refusal = signed if isinstance(signed, str) else ""
    if not isinstance(signed, str):
        move = Sign(seen=str(form.get("seen", "")), decisions=signed)
        made = await huddles(request).make(here.huddle.huddle_id, move, here.actor)
        refusal = made.reason if isinstance(made, No) else ""
    if refusal:
        return await _again(request, await attending(request, who), refusal)
    return elsewhere(request, f"/huddles/{here.huddle.huddle_id}")


@for_person
async def carry(request: Request, who: SignedIn) -> Response:
    """Carry a parked patient, or one not reached, over to the next huddle; all of them where none is named."""
    here = await attending(request, who)
    form = await request.form()
    named = str(form.get("plan", ""))
    stands = (Stand.PARKED, Stand.WAITING)
    chosen = [named] if named else [item.plan_id for item in here.huddle.items if item.stand in stands]
    target = await _next(request, here)
    for plan_id in chosen:
        made = await huddles(request).carry(here.huddle.huddle_id, plan_id, here.actor, target)
        if isinstance(made, No):
            return await _again(request, await attending(request, who), made.reason)
        target = made.huddle_id
    return elsewhere(request, f"/huddles/{here.huddle.huddle_id}")


@for_person
async def minutes(request: Request, who: SignedIn) -> Response:
    """Show the minutes as they are printed: only what the reader may see of each patient."""
    here = await attending(request, who)
    if here.huddle.course is not Course.ENDED:
        raise HTTPException(404)
    return page(request, "huddle/minutes.html", await _page_context(request, here))


@for_person
async def mine(request: Request, who: SignedIn) -> Response:
    """Show what the reader took with them: their tasks and read-backs, and what was decided about their patients."""
    here = await attending(request, who)
    context = await _page_context(request, here)
    name = here.who.person.name
    kept: list[PatientMinutes] = context["kept"]  # type: ignore[assignment]
    own: list[tuple[PatientMinutes, list[Do]]] = []
    for each in kept:
        if each.card is not None:
            tasks = [task for task in each.card.do if task.owner == name]
            if tasks or each.card.to_say:
                own.append((each, tasks))
    return page(request, "huddle/mine.html", context | {"own": own})


async def _signed_decisions(request: Request, here: Attending, seen: dict[str, str]) -> dict[str, str] | str:
    """Sign each decision that one attended and has not signed; return the hash of each, or the first refusal in words.

    A decision that bears one's signature already is among them, so that who was interrupted here just signs again.
    """
    hashes: dict[str, str] = {}
    if here.huddle.course is not Course.ENDED or here.huddle.attendee(here.me) is None:
        return hashes  # The huddle's own rule says so in its words.
    for plan_id, place in here.places.items():
        content = await services(request).plans.content(plan_id)
        decision = decision_of(content, here.huddle.huddle_id)
        if decision is None:
            continue
        if here.me in signers(decision):
            hashes[plan_id] = content_hash(decision)
            continue
        if here.me not in (*members(decision.values, "attendees"), words(decision.values, "decider")):
            continue
        shown = seen.get(f"hash.{plan_id}", "")
        command = HuddleSign(entry=decision.id, seen=shown)
        outcome = await services(request).plans.perform(plan_id, await assigned(request, place.participant), command)
        if isinstance(outcome, Refused):
            return f"{patient_name(place.patient)}: {outcome.reason}"
        hashes[plan_id] = shown  # What was signed is what was seen, else it would have been refused.
    return hashes


async def _again(request: Request, here: Attending, refusal: str) -> Response:
    from web.pages.huddle_room import room  # noqa: PLC0415 - the room shows the end, the end is shown in the room

    return await room(request, here, refusal=refusal, status=409)


async def _next(request: Request, here: Attending) -> str:
    """Return the newest planned huddle that the reader is in, ``""`` for none."""
    plans = list(await places_of(request, here.who))
    listed = await huddles(request).listed(plans, here.me)
    planned: list[Huddle] = [each for each in listed if each.course is Course.PLANNED and each.attendee(here.me)]
    return planned[0].huddle_id if planned else ""


async def _page_context(request: Request, here: Attending) -> dict[str, object]:
    people = {
        each.person_id: someone(here.people.get(each.person_id), each.person_id) for each in here.huddle.attendees
    }
    return {
        "huddle": here.huddle,
        "person": someone(here.who.person, here.me),
        "here": "huddles",
        "attendees": [(people[each.person_id], each) for each in here.huddle.attendees],
        "printed": _moment(request, services(request).now()),
        **await ended_context(request, here),
    }


async def _kept(request: Request, here: Attending) -> list[PatientMinutes]:
    kept = []
    for item in here.huddle.items:
        place = here.places.get(item.plan_id)
        if place is None:
            kept.append(PatientMinutes(item, UNKNOWN, None))
            continue
        reader = await reader_in(request, here, item.plan_id)
        card = card_of(here.huddle, place.patient, reader, await rows_of(request, item.plan_id))
        kept.append(PatientMinutes(item, patient_name(place.patient), card))
    return kept


def _moment(request: Request, instant: datetime | None) -> Moment | None:
    found = services(request)
    return moment(instant, Reading(found.now(), zone_of(request))) if instant is not None else None
