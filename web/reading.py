"""Loading what a page shows, and the record that it was shown: no audit, no data."""

from collections.abc import Iterable
from datetime import datetime

from starlette.requests import Request

from auth.decisions import sections_readable
from crdt.sections import Section
from web.guards import Member, services
from web.views.entries import Reader
from web.views.people import people_of
from web.views.sections import reader_of
from web.views.words import Reading


def reading_now(request: Request) -> Reading:
    """Return the instant and place of this reading."""
    found = services(request)
    return Reading(found.now(), found.zone)


async def reader_for(request: Request, member: Member, sections: Iterable[Section] | None = None) -> Reader:
    """Return the reader of a page on these sections (all readable ones where none are named), their reading recorded.

    Raises:
        JournalAwayError: the reading can't be recorded or the plan can't be loaded: then nothing is shown.
    """
    found = services(request)
    reading = reading_now(request)
    shown = sorted(sections if sections is not None else sections_readable(member.participant, reading.now))
    await found.plans.opened(member.participant, shown)
    people = people_of(await found.directory.participants(member.plan_id))
    content = await found.plans.content(member.plan_id)
    changes: dict[tuple[Section, str], tuple[str, datetime, int]] = {}
    for (section, entry, _), latest in (await found.journal.latest(member.plan_id, shown)).items():
        if latest.seq > changes.get((section, entry), ("", reading.now, 0))[2]:
            changes[section, entry] = (latest.actor, latest.recorded, latest.seq)
    return reader_of(member.participant, content, people, reading, changes)
