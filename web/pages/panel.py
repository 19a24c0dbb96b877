"""My patients: what changed since I last looked, who needs me first, and who is there now."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Final

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from auth.decisions import sections_readable
from auth.roles import CLINICIANS, PATIENT_SIDE, Role
from crdt.sections import Section
from hub.record.journal import Act, Action
from web.doors.directory import Membership, SignedIn
from web.doors.guards import Member, assigned_in, for_member, for_person, services
from web.pages.notifications import told
from web.reading import reading_now
from web.rendering import elsewhere, is_swap, page
from web.views.badges import Badge, Tone
from web.views.entries import Reader
from web.views.news import texts_before, with_words
from web.views.panel import Order, PatientCard, ordered_cards, patient_card
from web.views.people import PersonView, own_chip, people_of
from web.views.sections import reader_of
from web.views.words import count

TEXTS_TOLD_MAX: Final = 10
"""Patients whose changed texts are told in words, the first in order; each costs a look at their past."""

FOLDED_ROWS_MAX: Final = 5_000
"""A longer journal is not folded for that: the plan's own page does, and its history."""

PANEL = Section.ABOUT_ME
"""Stands for the panel in the book of visits: it shows a plan as a whole."""


@for_person
async def show(request: Request, who: SignedIn) -> Response:
    """Show the patients of the person in the order in which they need them."""
    places = await services(request).directory.places(who)
    cards = await _cards(request, who, places)
    context = {
        "cards": cards,
        "tally": _tally(cards, "plan" if who.person.role in PATIENT_SIDE else "patient"),
        "person": _me(who),
        "here": "panel",
        "told": await told(request, who, unseen=True) if services(request).access is not None else [],
        "clinician": who.person.role in CLINICIANS,
        "reviews": who.person.role is Role.AUDITOR,
    }
    return page(request, "panel/page.html", context)


@for_member
async def seen(request: Request, member: Member) -> Response:
    """Mark a patient's changes as seen, of all sections or of one, up to what the page told; or take that back."""
    form = await request.form()
    found = services(request)
    readable = sections_readable(member.participant, found.now())
    if form.get("undo"):
        was = {each: seq for each in readable if (seq := _row(str(form.get(f"was.{each}", "")))) is not None}
        await found.directory.unlook(member.who, member.plan_id, was)
        return await _answered(request, member, form, readable, {})
    told, asked = _row(str(form.get("seq", ""))), str(form.get("section", ""))
    if told is None:
        raise HTTPException(400)
    if asked and asked not in set(readable):
        raise HTTPException(404)
    sections = frozenset({Section(asked)}) if asked else readable
    looked = await found.directory.looked(member.who, member.plan_id)
    was = {each: looked.get(each, 0) for each in sections if looked.get(each, 0) < told}
    await found.directory.look(member.who, member.plan_id, dict.fromkeys(sections, told))
    return await _answered(request, member, form, sections, was)


async def _answered(
    request: Request, member: Member, form: FormData, sections: Collection[Section], was: Mapping[Section, int]
) -> Response:
    """Answer where it was asked: the panel's card, or on the plan the words with the way back; else go there."""
    from_plan = form.get("from") == "plan"
    if not is_swap(request):
        return elsewhere(request, f"/plans/{member.plan_id}" if from_plan else "/panel")
    if from_plan:
        answer = page(request, "plan/seen.html", {"plan_id": member.plan_id, "was": sorted(was.items())})
        answer.headers["hx-trigger"] = ", ".join(f"plan:changed-{each}" for each in sorted(sections))
        return answer
    patient = await services(request).directory.patient(member.plan_id)
    if patient is None:
        raise HTTPException(404)
    (card,) = await _cards(request, member.who, [Membership(patient, member.participant)])
    return page(request, "panel/patient.html", {"card": card, "was": sorted(was.items())})


def _row(told: str) -> int | None:
    return int(told) if told.isdecimal() and len(told) <= 15 else None


async def _cards(request: Request, who: SignedIn, places: Sequence[Membership]) -> list[PatientCard]:
    """Return the patients' cards in order, their reading recorded as that of the panel: a few queries for all."""
    found, reading = services(request), reading_now(request)
    await _record(request, places)
    contents = await found.plans.contents([place.patient.plan_id for place in places])
    members = [assigned_in(place.participant, its) for place, its in zip(places, contents, strict=True)]
    wanted = {member.plan_id: sections_readable(member, reading.now) for member in members}
    teams, news, last = await asyncio.gather(
        found.directory.teams(list(wanted)), found.directory.news(who, wanted), found.directory.last(wanted)
    )
    cards, readers = [], {}
    for place, member, content in zip(places, members, contents, strict=True):
        its = replace(content, born=place.patient.born, sex=place.patient.gender)
        plan_id = member.plan_id
        people = people_of(teams.get(plan_id, ()))
        present = {each.person_id for each in await found.plans.present(plan_id)} - {who.person.person_id}
        here = [person for each in sorted(present) if (person := people.person(each)) is not None]
        reader = reader_of(member, its, people, reading)
        readers[plan_id] = reader
        cards.append(patient_card(place.patient, reader, news.get(plan_id, ()), last.get(plan_id), here))
    return await _worded(request, ordered_cards(cards), readers)


async def _worded(request: Request, cards: Sequence[PatientCard], readers: Mapping[str, Reader]) -> list[PatientCard]:
    """Return the cards with the words that went and came in texts, for as many of the first as is cheap."""
    worded, left = [], TEXTS_TOLD_MAX
    for card in cards:
        texts = texts_before(card.news)
        if not texts or not left or card.seq > FOLDED_ROWS_MAX:
            worded.append(card)
            continue
        left -= 1
        past = await services(request).plans.texts_at(card.plan_id, texts)
        worded.append(replace(card, news=tuple(with_words(card.news, readers[card.plan_id], past))))
    return worded


async def _record(request: Request, places: Sequence[Membership]) -> None:
    """Write that the panel showed something of these plans, once a visit: no audit, no data."""
    found = services(request)
    now = found.now().timestamp()
    new = [place.participant for place in places if found.panel_visits.missing(place.participant, [PANEL], now)]
    await found.plans.record(
        [
            Act(
                plan=each.plan_id,
                actor=each.person_id,
                action=Action.READ,
                role=each.role,
                session=each.session_id,
                event="panel",
            )
            for each in new
        ]
    )
    for each in new:
        found.panel_visits.recorded(each, [PANEL], now)


def _tally(cards: list[PatientCard], of_what: str) -> list[Badge]:
    """Return how many there are of each urgency."""
    safety = sum(1 for card in cards if card.order is Order.SAFETY)
    overdue = sum(1 for card in cards if card.order is Order.OVERDUE)
    told = [Badge(count(len(cards), of_what))]
    if safety:
        told.append(Badge(f"{safety} for safety", Tone.ALERT))
    if overdue:
        told.append(Badge(f"{overdue} overdue", Tone.WARN))
    return told


def _me(who: SignedIn) -> PersonView:
    person = who.person
    return own_chip(person.person_id, person.name, person.profession)
