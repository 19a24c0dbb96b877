"""My patients: what changed since I last looked, who needs me first, and who is there now."""

import asyncio

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from auth.decisions import sections_readable
from auth.roles import CLINICIANS, Role
from crdt.sections import Section
from hub.journal import Act, Action
from web.directory import Place, SignedIn
from web.guards import Member, assigned, for_member, for_person, services
from web.pages.notifications import told
from web.reading import reading_now
from web.rendering import elsewhere, is_swap, page
from web.views.badges import Badge, Tone
from web.views.panel import Order, PatientCard, ordered_cards, patient_card
from web.views.people import HUES, PersonView, people_of
from web.views.sections import reader_of
from web.views.words import count, initials

PLANS_AT_ONCE_MAX = 8
"""Plans whose cards are made at the same time."""


@for_person
async def show(request: Request, who: SignedIn) -> Response:
    """Show the patients of the person in the order in which they need them."""
    places = await services(request).directory.places(who)
    turns = asyncio.Semaphore(PLANS_AT_ONCE_MAX)

    async def card(place: Place) -> PatientCard:
        async with turns:
            return await _card(request, who, place)

    cards = ordered_cards(await asyncio.gather(*map(card, places)))
    context = {
        "cards": cards,
        "tally": _tally(cards),
        "person": _me(who),
        "here": "panel",
        "told": await told(request, who, unseen=True) if services(request).access is not None else [],
        "clinician": who.person.role in CLINICIANS,
        "reviews": who.person.role is Role.AUDITOR,
    }
    return page(request, "panel/page.html", context)


@for_member
async def seen(request: Request, member: Member) -> Response:
    """Mark a patient's changes as seen, up to what the card told."""
    form = await request.form()
    told = str(form.get("seq", ""))
    if not told.isdecimal() or len(told) > 15:
        raise HTTPException(400)
    now = services(request).now()
    marks = dict.fromkeys(sections_readable(member.participant, now), int(told))
    await services(request).directory.look(member.who, member.plan_id, marks)
    if not is_swap(request):
        return elsewhere(request, "/panel")
    patient = await services(request).directory.patient(member.plan_id)
    if patient is None:
        raise HTTPException(404)
    card = await _card(request, member.who, Place(patient, member.participant))
    return page(request, "panel/patient.html", {"card": card})


async def _card(request: Request, who: SignedIn, place: Place) -> PatientCard:
    """Return one patient's card, its reading recorded as that of the panel."""
    found = services(request)
    plan_id, reading = place.patient.plan_id, reading_now(request)
    participant = await assigned(request, place.participant)
    readable = sorted(sections_readable(participant, reading.now))
    await _record(request, place, readable)
    people = people_of(await found.directory.participants(plan_id))
    reader = reader_of(participant, await found.plans.content(plan_id), people, reading)
    present = {each.person_id for each in await found.plans.present(plan_id)} - {who.person.person_id}
    return patient_card(
        place.patient,
        reader,
        await found.journal.latest(plan_id, readable),
        await found.directory.looked(who, plan_id),
        [person for each in sorted(present) if (person := people.person(each)) is not None],
    )


async def _record(request: Request, place: Place, sections: list[Section]) -> None:
    """Write that the panel showed something of this plan, once a visit."""
    found, who = services(request), place.participant
    now = found.now().timestamp()
    if not found.panel_visits.missing(who, sections[:1], now):
        return
    act = Act(
        plan=who.plan_id,
        actor=who.person_id,
        action=Action.READ,
        role=who.role,
        session=who.session_id,
        event="panel",
    )
    await found.plans.record([act])
    found.panel_visits.recorded(who, sections[:1], now)


def _tally(cards: list[PatientCard]) -> list[Badge]:
    """Return how many patients there are of each urgency."""
    safety = sum(1 for card in cards if card.order is Order.SAFETY)
    overdue = sum(1 for card in cards if card.order is Order.OVERDUE)
    told = [Badge(count(len(cards), "patient"))]
    if safety:
        told.append(Badge(f"{safety} for safety", Tone.ALERT))
    if overdue:
        told.append(Badge(f"{overdue} overdue", Tone.WARN))
    return told


def _me(who: SignedIn) -> PersonView:
    person = who.person
    hue = sum(person.person_id.encode()) % HUES + 1
    return PersonView(person.person_id, person.name, person.profession, hue, initials(person.name))
