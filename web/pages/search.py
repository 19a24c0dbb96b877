"""Search from everywhere: my patients by name, number or birth date, entries of their plans, and where to go.

What is looked for never stands in an address: names of patients would stay in histories and logs.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from auth.decisions import sections_readable
from auth.roles import PATIENT_SIDE
from crdt.sections import Section
from hub.directory.names import search_key
from hub.workflows.grants import assigned_in
from web.doors.directory import Membership, SignedIn
from web.doors.guards import for_person, services
from web.reading import reading_now
from web.rendering import is_swap, page
from web.views.people import own_chip, people_of
from web.views.search import (
    ENTRIES_SHOWN_MAX,
    PATIENTS_SHOWN_MAX,
    EntryFound,
    actions_found,
    entry_found,
    namesakes,
    patients_found,
)
from web.views.sections import reader_of

WORDS_CHARACTERS_MAX: Final = 100
WORD_CHARACTERS_MIN: Final = 2
"""Entries are looked for from so many letters on; a single one would find them all."""

PLANS_LOOKED_INTO_MAX: Final = 20
"""Plans whose entries are read for one answer."""


@for_person
async def show(request: Request, who: SignedIn) -> Response:
    """Show the field alone: for phones and without scripts."""
    return await _answer(request, who, "")


@for_person
async def found(request: Request, who: SignedIn) -> Response:
    """Show what was found among what the person may read."""
    form = await request.form()
    return await _answer(request, who, str(form.get("q", "")).strip()[:WORDS_CHARACTERS_MAX])


async def _answer(request: Request, who: SignedIn, text: str) -> Response:
    words = search_key(text).split()
    places = await services(request).directory.places(who) if text else []
    patients = patients_found(places, text)
    context = {
        "text": text,
        "patients": patients[:PATIENTS_SHOWN_MAX],
        "patients_more": max(len(patients) - PATIENTS_SHOWN_MAX, 0),
        "namesakes": namesakes(patients),
        "entries": await _entries(request, places, words) if any(map(_is_long, words)) else [],
        "actions": actions_found(text) if who.person.role not in PATIENT_SIDE else [],
        "person": own_chip(who.person.person_id, who.person.name, who.person.profession),
        "here": "search",
    }
    return page(request, "search/found.html" if is_swap(request) else "search/page.html", context)


def _is_long(word: str) -> bool:
    return len(word) >= WORD_CHARACTERS_MIN


async def _entries(request: Request, places: Sequence[Membership], words: Sequence[str]) -> list[EntryFound]:
    """Return the entries that say these words to this person; what they may not see says nothing to anyone here."""
    found, reading = services(request), reading_now(request)
    if found.entries is None:
        return []
    of = {place.patient.plan_id: place for place in places}
    wanted: Mapping[str, Collection[Section]] = {
        plan: sections_readable(place.participant, reading.now) for plan, place in of.items()
    }
    rows = await found.entries.holding(wanted, words)
    plans = list(dict.fromkeys(plan for plan, _, _ in rows))[:PLANS_LOOKED_INTO_MAX]
    contents = {each.plan_id: each for each in await found.plans.contents(plans)}
    teams = await found.directory.teams(plans) if plans else {}
    readers = {}
    for plan, content in contents.items():
        patient = of[plan].patient
        its = replace(content, born=patient.born, sex=patient.gender)
        member = assigned_in(of[plan].participant, content)
        readers[plan] = reader_of(member, its, people_of(teams.get(plan, ())), reading)
    shown: list[EntryFound] = []
    for plan, section, key in rows:
        told = entry_found(readers[plan], of[plan].patient, section, key, words) if plan in readers else None
        if told is not None and len(shown) < ENTRIES_SHOWN_MAX:
            shown.append(told)
    for plan in {each.plan_id for each in shown}:
        sections = sorted({each.section for each in shown if each.plan_id == plan})
        await found.plans.opened(of[plan].participant, sections)  # No audit, no data.
    return shown
