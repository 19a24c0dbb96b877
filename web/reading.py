"""Loading what a page shows, and the record that it was shown: no audit, no data."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, tzinfo

from starlette.requests import Request

from auth.decisions import sections_readable
from crdt.sections import Section
from hub.live.commands import PlanContent
from hub.workflows.edits import edits_of
from hub.workflows.wordings import changed_of, stale_entries
from web.doors.guards import Member, services
from web.rendering import own_clock
from web.views.entries import Reader
from web.views.people import PersonView, PlanPeople, people_of
from web.views.sections import reader_of
from web.views.words import Reading

SEVERAL_ROWS_MAX = 200
"""Rows of several fields that are looked through for what made plain words old."""


def reading_now(request: Request) -> Reading:
    """Return the instant and place of this reading: where the plan of the address is at home, if there is one.

    Elsewhere times are those of the reader's own clock, and days those of the first organisation.
    """
    return Reading(services(request).now(), zone_of(request), home=zones_home(request))


def zones_home(request: Request) -> tzinfo:
    """Return where days count that no plan is about."""
    zones = services(request).zones
    return zones.of(str(request.path_params["plan_id"])) if "plan_id" in request.path_params else zones.default


def zone_of(request: Request) -> tzinfo:
    """Return whose clock this page has: that of the address's plan, else the one that the reader chose for themselves,
    else the first organisation's."""
    return own_clock(request) or zones_home(request)


async def team(request: Request, member: Member) -> tuple[PlanPeople, PersonView]:
    """Return the people of the plan and the member among them, who in an emergency reading is none of the team."""
    others = await services(request).directory.participants(member.plan_id)
    known = any(each.person_id == member.participant.person_id for each in others)
    people = people_of(others if known else [*others, member.participant])
    keeping = services(request).machines
    if keeping is not None:
        people = replace(people, systems=await keeping.rows.writers(member.plan_id))
    me = people.person(member.participant.person_id)
    assert me is not None, "the member was put among the people"
    return people, me


async def of_patient(request: Request, content: PlanContent) -> PlanContent:
    """Return the content with the patient's day of birth and sex, which some rules ask for, and their day of death."""
    patient = await services(request).directory.patient(content.plan_id)
    if patient is None:
        return content
    return replace(content, born=patient.born, sex=patient.gender, deceased=patient.deceased)


async def reader_for(request: Request, member: Member, sections: Iterable[Section] | None = None) -> Reader:
    """Return the reader of a page on these sections (all readable ones where none are named), their reading recorded.

    Raises:
        JournalAwayError: the reading can't be recorded or the plan can't be loaded: then nothing is shown.
    """
    found = services(request)
    now = services(request).now()
    shown = sorted(sections if sections is not None else sections_readable(member.participant, now))
    await found.plans.opened(member.participant, shown)
    people, _ = await team(request, member)
    content = await of_patient(request, await found.plans.content(member.plan_id))
    reading = Reading(now, content.zone)
    changes: dict[tuple[Section, str], tuple[str, datetime, int]] = {}
    fields = await found.journal.latest(member.plan_id, shown)
    for (section, entry, _), latest in fields.items():
        if latest.seq > changes.get((section, entry), ("", now, 0))[2]:
            changes[section, entry] = (latest.actor, latest.recorded, latest.seq)
    several = edits_of(await found.journal.history(member.plan_id, field="", limit=SEVERAL_ROWS_MAX))
    alone = {path: latest.recorded for path, latest in fields.items()}
    stale = stale_entries(content, changed_of(alone, (edit for edit in several if edit.section in shown)))
    return replace(reader_of(member.participant, content, people, reading, changes), stale=stale)
