"""Who changed what, from what to what, when and why: of a plan, a section, an entry or a field.

A drawer beside the plan where scripts run, a page of its own elsewhere. Rows are asked for a page at a time, by key.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Final
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from auth.decisions import sections_readable
from crdt.sections import SECTIONS, Section
from hub.record.journal import CHANGES_CONTENT, Action, FieldPath, Narrowed, Row
from web.doors.guards import InSection, Member, for_member, for_section, services
from web.reading import reader_for
from web.rendering import fragment
from web.views.entries import Reader, entry_view
from web.views.history import Telling, happenings, texts_wanted, with_words
from web.views.local_times import start_of_day
from web.views.restoring import may_restore
from web.views.sections import fields_readable
from web.views.words import day_of

ROWS_MAX: Final = 300
EXPLAINED_MAX: Final = 500
TOLD: Final = CHANGES_CONTENT | {Action.VERSION}
OF_AN_ENTRY: Final = TOLD | {Action.REFUSE}


@dataclass(frozen=True, slots=True)
class Filter:
    """What is asked for, as the form shows it again."""

    person: str = ""
    section: str = ""
    since: str = ""
    until: str = ""

    @property
    def query(self) -> str:
        """The filter as it stands in an address."""
        asked = {"person": self.person, "section": self.section, "from": self.since, "to": self.until}
        return urlencode({name: value for name, value in asked.items() if value})

    def narrowed(self, readable: frozenset[Section], zone: tzinfo) -> Narrowed:
        """Return it as the journal understands it: whole days where the page is read."""
        since, until = day_of(self.since), day_of(self.until)
        return Narrowed(
            actor=self.person or None,
            since=start_of_day(since, zone) if since else None,
            until=start_of_day(until, zone, days=1) if until else None,
            actions=frozenset(TOLD),
            sections=readable,
        )


@for_member
async def of_plan(request: Request, member: Member) -> Response:
    """Show what happened in the plan, the newest first, by person, section and days."""
    reader = await reader_for(request, member)
    readable = sections_readable(member.participant, reader.now)
    asked = _filter(request, readable, reader)
    rows = await services(request).journal.history(
        member.plan_id,
        section=asked.section or None,
        before_seq=_before(request),
        narrowed=asked.narrowed(readable, reader.setting.reading.zone),
        limit=ROWS_MAX,
    )
    title = SECTIONS[Section(asked.section)].title if asked.section else "the plan"
    return await _shown(request, member, reader, rows, title=title, asked=asked)


@for_section
async def of_entry(request: Request, here: InSection) -> Response:
    """Show who changed what of an entry, or of one field of it, from what to what, when and why."""
    reader = await reader_for(request, here.member, [here.section])
    entry = str(request.path_params["entry"])
    name = request.query_params.get("field", "")
    if not reader.sees(here.section, entry) or (name and name not in fields_readable(reader, here.section)):
        raise HTTPException(404)
    rows = await services(request).journal.history(
        here.plan_id,
        section=here.section,
        entry=entry,
        before_seq=_before(request),
        narrowed=Narrowed(actions=frozenset(OF_AN_ENTRY)),
        limit=ROWS_MAX,
    )
    title = entry_view(reader, here.section, entry).headline
    return await _shown(request, here.member, reader, rows, title=title, of=(here.section, entry, name))


async def _shown(
    request: Request,
    member: Member,
    reader: Reader,
    rows: Sequence[Row],
    *,
    title: str,
    asked: Filter | None = None,
    of: FieldPath | None = None,
) -> Response:
    telling = telling_for(reader, [of[0]] if of is not None else None)
    lines = happenings(rows, telling, await _reasons(request, member, rows, of))
    if of is not None and of[2]:
        declared = SECTIONS[of[0]].field(of[2])
        lines = [line for line in lines if any(each.name == of[2] for each in line.changes)]
        title = f"{title}, {declared.label}" if declared is not None else title
    lines = with_words(lines, await services(request).plans.texts_at(member.plan_id, texts_wanted(lines)))
    context = {
        "plan_id": member.plan_id,
        "about": title,
        "of": of,
        "asked": asked or Filter(),
        "filters": of is None,
        "people": list(reader.setting.people.by_id.values()),
        "sections": [SECTIONS[each] for each in SECTIONS if each in telling.fields_of],
        "happenings": [(line, may_restore(reader, line)) for line in lines],
        "older": rows[-1].seq if len(rows) == ROWS_MAX else 0,
        "here": request.url.path,
        "newest": rows[0].seq if rows else 0,
    }
    back = f"/plans/{member.plan_id}" + (f"#entry-{of[1]}" if of is not None else "")
    return fragment(request, "plan/history.html", context, title="History", back=back)


def telling_for(reader: Reader, sections: Iterable[Section] | None = None) -> Telling:
    """Return what of the journal may be told to the reader, of all that they read or of these sections."""
    readable = sections_readable(reader.participant, reader.now)
    among = readable if sections is None else readable & frozenset(sections)
    return Telling(
        reader.setting,
        reader.sees,
        {section: fields_readable(reader, section) for section in among},
        reader.live,
        reader.participant.person_id,
    )


async def _reasons(request: Request, member: Member, rows: Sequence[Row], of: FieldPath | None) -> dict[int, str]:
    """Return the reasons said afterwards, by the row that they are about; the last one said counts."""
    if not rows:
        return {}
    said = await services(request).journal.history(
        member.plan_id,
        section=of[0] if of is not None else None,
        entry=of[1] if of is not None else None,
        narrowed=Narrowed(actions=frozenset({Action.EXPLAIN}), since=rows[-1].recorded),
        limit=EXPLAINED_MAX,
    )
    return {about: row.reason for row in reversed(said) if isinstance(about := (row.words or {}).get("of"), int)}


def _filter(request: Request, readable: frozenset[Section], reader: Reader) -> Filter:
    query = request.query_params
    section, person = query.get("section", ""), query.get("person", "")
    if section and section not in set(readable):
        raise HTTPException(404)
    since, until = query.get("from", ""), query.get("to", "")
    return Filter(
        person if reader.setting.people.person(person) is not None else "",
        section,
        since if day_of(since) else "",
        until if day_of(until) else "",
    )


def _before(request: Request) -> int | None:
    asked = request.query_params.get("before", "")
    return int(asked) if asked.isdecimal() and len(asked) < 16 else None
