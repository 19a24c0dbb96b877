"""What stays of a huddle: its end with the sign-off, its minutes for printing, and what each person took with them."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from hub.live.commands import Refused
from hub.workflows.contents import members, words
from hub.workflows.huddle_driving import Sign
from hub.workflows.huddle_notes import decision_of
from hub.workflows.huddle_states import Course, Huddle, No, Stand
from hub.workflows.huddles import HuddleSign, content_hash, signers
from web.doors.directory import SignedIn
from web.doors.guards import assigned, for_person, services
from web.huddling import Attending, attending, huddles, places_of
from web.pages.huddle_ends import PatientMinutes, ended_context, moment_in
from web.pages.huddle_room import room
from web.rendering import elsewhere, page
from web.views.huddles import Do, patient_name, someone


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
        "printed": moment_in(request, services(request).now()),
        **await ended_context(request, here),
    }
