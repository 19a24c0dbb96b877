"""My patients: what changed since I last looked, who needs me first, and who is there now."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Final

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from auth.decisions import sections_readable
from auth.roles import CLINICIANS, PATIENT_SIDE, Role
from crdt.sections import Section
from hub.access.personal_views import NAME_CHARACTERS_MAX
from hub.record.journal import Act, Action
from hub.store.plans import PANEL_PLANS_MAX
from hub.store.saved_views import SavedView
from hub.workflows.grants import assigned_in
from hub.workflows.huddle_states import TEAM
from web.beside import beside
from web.doors.directory import Membership, SignedIn
from web.doors.guards import Member, for_member, for_person, services
from web.languages import language_of
from web.pages.notifications import told
from web.reading import reading_now
from web.rendering import elsewhere, is_swap, page
from web.views.entries import Reader
from web.views.homes import address_of
from web.views.news import texts_before, with_words
from web.views.panel import PanelFacts, PatientRow, panel_view, patient_row
from web.views.panel_asking import GROUPS, SORTS, PanelAsked, asked_of, panel_asked
from web.views.people import PersonView, own_chip, people_of
from web.views.sections import reader_of

TEXTS_TOLD_MAX: Final = 10
"""Patients whose changed texts are told in words, the first in order; each costs a look at their past."""

FOLDED_ROWS_MAX: Final = 5_000
"""A longer journal is not folded for that: the plan's own page does, and its history."""

ROWS_MADE_AT_ONCE_MAX: Final = 50
"""Patients whose rows are made from one round of queries."""

PANEL = Section.ABOUT_ME
"""What every line shows something of: who the patient is."""


@for_person
async def show(request: Request, who: SignedIn) -> Response:
    """Show the patients of the person, the page that is asked for, in the order in which they need them.

    The patient and the family land on a page of their own; who has several plans chooses whose.
    """
    places = await services(request).directory.places(who)
    homes = [(place, address_of(place.participant)) for place in places]
    if who.person.role in PATIENT_SIDE and homes and all(address for _, address in homes):
        return _home(request, who, homes)
    saved = await _views(request, who)
    if not request.query_params and not is_swap(request) and (begins := [each for each in saved if each.begins]):
        return RedirectResponse(asked_of(begins[0].asked).address(), 303)
    return await shown(request, who, panel_asked(request.query_params), places=places, saved=saved)


async def shown(
    request: Request,
    who: SignedIn,
    asked: PanelAsked,
    *,
    places: Sequence[Membership] | None = None,
    saved: Sequence[SavedView] | None = None,
    typed: str = "",
    fault: str = "",
) -> Response:
    """Return the panel as it is asked for; ``typed`` and ``fault`` of a view that was not kept stand where it was."""
    if places is None:
        places = await services(request).directory.places(who)
    view = panel_view(await _rows(request, who, places), asked, await _facts(request, who, places))
    at = {place.patient.plan_id: place for place in places}
    await _record(request, [(at[row.plan_id], row) for group in view.groups for row in group.rows])
    groups = [
        replace(group, rows=tuple([await _present(request, who, row, at[row.plan_id]) for row in group.rows]))
        for group in view.groups
    ]
    context = {
        "view": replace(view, groups=tuple(groups)),
        "of_what": "plan" if who.person.role in PATIENT_SIDE else "patient",
        "cut": len(places) >= PANEL_PLANS_MAX,
        "sorts": SORTS,
        "groupings": GROUPS,
        "saved": saved if saved is not None else await _views(request, who),
        "named": {"typed": typed, "fault": fault, "max": NAME_CHARACTERS_MAX},
        "person": _me(who),
        "here": "panel",
        "told": await told(request, who, unseen=True) if services(request).access is not None else [],
        "clinician": who.person.role in CLINICIANS,
        "reviews": who.person.role is Role.AUDITOR,
    }
    answer = page(request, "panel/list.html" if is_swap(request) else "panel/page.html", context, 422 if fault else 200)
    if is_swap(request):
        answer.headers["hx-replace-url"] = view.asked.address(page=view.asked.page)  # The address says what is shown.
    return answer


async def _views(request: Request, who: SignedIn) -> Sequence[SavedView]:
    """Return the views that the person saved: of those who follow several patients, so not of a family."""
    found = services(request).access
    return await found.views.of_person(who.person.person_id) if found is not None and _narrows(who) else ()


def _narrows(who: SignedIn) -> bool:
    return who.person.role not in PATIENT_SIDE


async def _facts(request: Request, who: SignedIn, places: Sequence[Membership]) -> PanelFacts:
    """Return the units that people work in and the huddles to come, for those who have a use for them."""
    found, me = services(request), who.person.person_id
    if not _narrows(who) or found.keeping is None or found.huddles is None:
        return PanelFacts(me)
    units: dict[str, tuple[tuple[str, str], ...]] = {}
    for unit in await found.keeping.units.all():
        for member in unit.members:
            units[member] = (*units.get(member, ()), (unit.unit_id, unit.name))
    plans = [place.patient.plan_id for place in places]
    huddles = await found.huddles.agendas(plans, me) if who.person.role in TEAM else {}
    return PanelFacts(me, units, huddles)


def _home(request: Request, who: SignedIn, homes: Sequence[tuple[Membership, str]]) -> Response:
    """Return the way to the one plan's own page, or the choice between several."""
    if len(homes) == 1:
        return elsewhere(request, homes[0][1])
    language = language_of(request, who.person)
    context = {
        "homes": [(place.patient.name, address) for place, address in homes],
        "person": _me(who),
        "say": language.say,
        "lang": language.tag,
    }
    return page(request, "family/plans.html", context)


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
    place = Membership(patient, member.participant)
    (row,) = await _made(request, member.who, [place])
    await _record(request, [(place, row)])
    row = await _present(request, member.who, row, place)
    return page(request, "panel/patient.html", {"row": row, "was": sorted(was.items())})


def _row(told: str) -> int | None:
    return int(told) if told.isdecimal() and len(told) <= 15 else None


async def _rows(request: Request, who: SignedIn, places: Sequence[Membership]) -> list[PatientRow]:
    """Return a row of each patient, those that changed since they were last made anew: a few queries for all."""
    found, reading = services(request), reading_now(request)
    kept, hour = found.panel_rows, reading.now.strftime("%Y-%m-%d %H")
    versions = await found.directory.versions(who, [place.patient.plan_id for place in places])
    there = {place.patient.plan_id: found.zones.of(place.patient.plan_id) for place in places}
    when = {plan_id: f"{hour} {reading.now.astimezone(zone).date()}" for plan_id, zone in there.items()}
    states = [(place, versions.get(place.patient.plan_id), when[place.patient.plan_id]) for place in places]
    rows = {state[0].patient.plan_id: row for state in states if (row := kept.get(who.person.person_id, state))}
    missing = [state for state in states if state[0].patient.plan_id not in rows]
    for start in range(0, len(missing), ROWS_MADE_AT_ONCE_MAX):
        part = missing[start : start + ROWS_MADE_AT_ONCE_MAX]
        made = await _made(request, who, [place for place, _, _ in part])
        for state, row in zip(part, made, strict=True):
            rows[row.plan_id] = row
            kept.keep(who.person.person_id, state, row)
    return [rows[place.patient.plan_id] for place in places]


async def _made(request: Request, who: SignedIn, places: Sequence[Membership]) -> list[PatientRow]:
    found, reading = services(request), reading_now(request)
    contents = await found.plans.contents([place.patient.plan_id for place in places])
    members = [assigned_in(place.participant, its) for place, its in zip(places, contents, strict=True)]
    wanted = {member.plan_id: sections_readable(member, reading.now) for member in members}
    teams, news, last = await asyncio.gather(
        found.directory.teams(list(wanted)), found.directory.news(who, wanted), found.directory.last(wanted)
    )
    rows, readers = [], {}
    for place, member, content in zip(places, members, contents, strict=True):
        its = replace(content, born=place.patient.born, sex=place.patient.gender, deceased=place.patient.deceased)
        plan_id = member.plan_id
        reader = readers[plan_id] = reader_of(member, its, people_of(teams.get(plan_id, ())), reading)
        rows.append(await beside(patient_row, place.patient, reader, news.get(plan_id, ()), last.get(plan_id)))
    return await _worded(request, rows, readers)


async def _worded(request: Request, rows: Sequence[PatientRow], readers: Mapping[str, Reader]) -> list[PatientRow]:
    """Return the rows with the words that went and came in texts, for as many of the worst as is cheap."""
    worded, left = {row.plan_id: row for row in rows}, TEXTS_TOLD_MAX
    for row in sorted(rows, key=lambda each: each.order):
        texts = texts_before([row.news]) if row.news is not None else {}
        if row.news is None or not texts or not left or row.seq > FOLDED_ROWS_MAX:
            continue
        left -= 1
        past = await services(request).plans.texts_at(row.plan_id, texts)
        (news,) = with_words([row.news], readers[row.plan_id], past)
        worded[row.plan_id] = replace(row, news=news)
    return [worded[row.plan_id] for row in rows]


async def _present(request: Request, who: SignedIn, row: PatientRow, place: Membership) -> PatientRow:
    """Return the row with who has the plan open now."""
    found = services(request)
    here = {each.person_id for each in await found.plans.present(row.plan_id)} - {who.person.person_id}
    if not here:
        return row
    people = people_of((await found.directory.teams([place.patient.plan_id])).get(row.plan_id, ()))
    return replace(row, present=tuple(person for each in sorted(here) if (person := people.person(each)) is not None))


async def _record(request: Request, listed: Sequence[tuple[Membership, PatientRow]]) -> None:
    """Write of which sections the panel showed something, one row a plan and visit: no audit, no data."""
    found = services(request)
    now = found.now().timestamp()
    shown = [(place.participant, sorted({PANEL, *row.sections})) for place, row in listed]
    new = [(who, sections) for who, sections in shown if found.panel_visits.missing(who, sections, now)]
    await found.plans.record(
        [
            Act(
                plan=who.plan_id, actor=who.person_id, action=Action.READ, role=who.role, session=who.session_id,
                event="panel", words={"shown": list(sections)},
            )
            for who, sections in new
        ]
    )  # fmt: skip
    for who, sections in new:
        found.panel_visits.recorded(who, sections, now)


def _me(who: SignedIn) -> PersonView:
    person = who.person
    return own_chip(person.person_id, person.name, person.profession)
