"""Waiting on me: everything across my patients that needs me, settled one by one or several at a time."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from auth.roles import PATIENT_SIDE
from hub.live.commands import Refused
from hub.record.journal import Act, Action
from hub.workflows.grants import assigned_in
from hub.workflows.registry import Faults, build
from hub.workflows.waiting import Waiting
from web.beside import beside
from web.doors.directory import SignedIn
from web.doors.guards import for_person, services
from web.reading import reading_now
from web.rendering import elsewhere, is_swap, page
from web.views.people import own_chip, people_of
from web.views.sections import reader_of
from web.views.words import count, day_and_time
from web.views.work import VERB_WORDS, VERBS, PlanWork, asked_views, groups, plan_work, waiting_count

CHOSEN_MAX: Final = 100
"""Things settled in one go."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What came of one press: how many were settled, and what was not, with why."""

    words: str = ""
    refused: tuple[tuple[str, str], ...] = ()


@for_person
async def show(request: Request, who: SignedIn) -> Response:
    """Show what waits on the person by kind, and what they asked of others; at home it stands on their own page."""
    if who.person.role in PATIENT_SIDE:
        return elsewhere(request, "/panel")
    return _answer(request, who, await _everything(request, who), Settled())


@for_person
async def number(request: Request, who: SignedIn) -> Response:
    """Show how many things wait on the person, for the badge in the navigation."""
    waiting = waiting_count(await _everything(request, who))
    return page(request, "work/count.html", {"waiting": waiting})


@for_person
async def settle(request: Request, who: SignedIn) -> Response:
    """Accept, complete or decline what was chosen; what is otherwise by now is told beside the rest."""
    form = await request.form()
    verb, _, one = str(form.get("do", "")).partition(" ")
    chosen = [one] if one else [str(each) for each in form.getlist("item")]
    plans = await _everything(request, who)
    if verb not in VERBS or not chosen:
        return _answer(request, who, plans, Settled("Choose at least one line first."), chosen, form)
    known = {_name(it): (each, it) for each in plans for it in each.waiting}
    done, refused = 0, []
    for name in chosen[:CHOSEN_MAX]:
        found = known.get(name)
        fault = await _settled(request, *found, verb, form) if found is not None else "It waits on you no longer."
        done += not fault
        if fault:
            refused.append((name, fault))
    told = {"accept": "accepted", "done": "done", "reject": "declined"}[verb]
    settled = Settled(f"{count(done, 'line')} {told}." if done else "", tuple(refused))
    left = [name for name, _ in refused]
    return _answer(request, who, await _everything(request, who), settled, left, form if refused else None)


async def _settled(request: Request, plan: PlanWork, it: Waiting, verb: str, form: FormData) -> str:
    """Perform what the verb means for this thing; return why not, or nothing."""
    name = next((each for each in it.commands if each in VERBS[verb]), "")
    if not name:
        return f"{VERB_WORDS[verb]} does not fit here. Open it."
    words = str(form.get("words", ""))
    typed = {"reason": [words], "outcome": [words], "key": [it.key]}
    if name == "suggestion.accept":
        shown = dict(zip(form.getlist("seen_of"), form.getlist("seen"), strict=False))
        typed["seen"] = [str(shown.get(_name(it), ""))]
    command = build(name, typed, section=it.section, entry=it.entry)
    if isinstance(command, Faults):
        return next(iter(command.messages.values()))
    outcome = await services(request).plans.perform(it.plan_id, plan.reader.participant, command)
    return outcome.reason if isinstance(outcome, Refused) else ""


def _name(it: Waiting) -> str:
    return "/".join((it.plan_id, it.section, it.entry, it.key))


def _answer(
    request: Request,
    who: SignedIn,
    plans: list[PlanWork],
    settled: Settled,
    chosen: list[str] | None = None,
    form: FormData | None = None,
) -> Response:
    found = groups(plans)
    named = {item.name: item.words for group in found for item in group.items}
    context = {
        "groups": found,
        "waiting": waiting_count(plans),
        "asked": asked_views(plans),
        "told": settled.words,
        "refused": [(named.get(name, "Something"), why) for name, why in settled.refused],
        "chosen": set(chosen or []),
        "typed": str(form.get("words", "")) if form is not None else "",
        "verbs": VERB_WORDS,
        "person": own_chip(who.person.person_id, who.person.name),
        "here": "work",
    }
    status = 409 if settled.refused else 200
    return page(request, "work/list.html" if is_swap(request) else "work/page.html", context, status)


async def _everything(request: Request, who: SignedIn) -> list[PlanWork]:
    """Return what waits in every plan of the person, that reading recorded once a visit: a few queries for all."""
    found, reading = services(request), reading_now(request)
    places = await found.directory.places(who)
    plan_ids = [place.patient.plan_id for place in places]
    contents, teams = await asyncio.gather(found.plans.contents(plan_ids), found.directory.teams(plan_ids))
    members = [assigned_in(place.participant, its) for place, its in zip(places, contents, strict=True)]
    works, away = [], await _away(request, who)
    for place, member, content in zip(places, members, contents, strict=True):
        its = replace(content, born=place.patient.born, sex=place.patient.gender, deceased=place.patient.deceased)
        reader = reader_of(member, its, people_of(teams.get(member.plan_id, ())), reading)
        works.append(await beside(plan_work, place.patient, reader, away))
    await _record(request, works)
    return works


async def _away(request: Request, who: SignedIn) -> dict[str, str]:
    """Return those for whom the reader stands in now, by id, with until when."""
    found = services(request).keeping
    if found is None:
        return {}
    absences = await found.standing_in.rows.stood_in_for(who.person.person_id, services(request).now())
    people = await found.people.among([each.person for each in absences]) if absences else {}
    reading = reading_now(request)
    return {
        each.person: f"{people[each.person].name}, away until {day_and_time(each.ends, reading)}"
        for each in absences
        if each.person in people
    }


async def _record(request: Request, works: Sequence[PlanWork]) -> None:
    """Write what was listed, once a visit: one row a plan that names the sections, none for a plan with no line."""
    found = services(request)
    now = found.now().timestamp()
    shown = [
        (
            each.reader.participant,
            sorted({*(its.section for its in each.waiting), *(its.section for its in each.asked)}),
        )
        for each in works
    ]
    new = [(who, sections) for who, sections in shown if found.panel_visits.missing(who, sections, now)]
    await found.plans.record(
        [
            Act(
                plan=who.plan_id, actor=who.person_id, action=Action.READ, role=who.role, session=who.session_id,
                event="work", words={"shown": list(sections)},
            )
            for who, sections in new
        ]
    )  # fmt: skip
    for who, sections in new:
        found.panel_visits.recorded(who, sections, now)
