"""Where an entry came from that a file brought or another system wrote, and the resource as it came."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from crdt.sections import Section
from hub.exchange.accepting import whole
from hub.store.arrivals import ArrivalLine
from web.doors.guards import InSection, for_section, services
from web.reading import reader_for
from web.rendering import page
from web.views.entries import Reader
from web.views.words import day_and_time


@dataclass(frozen=True, slots=True)
class Origin:
    """One time that something of an entry came from elsewhere. ``line`` is empty for who may not read the original."""

    source: str
    key: str
    when: str
    line: str


async def origins_of(request: Request, reader: Reader, section: Section, entry: str) -> Sequence[Origin]:
    """Return what came of an entry from elsewhere, the newest first; none for an entry of people here."""
    exchange = services(request).exchange
    if exchange is None:
        return ()
    found = await exchange.arrivals.sources(reader.content.plan_id, entry)
    reads = whole(reader.participant, section, reader.now)
    return [_origin(each, source, reader, reads=reads) for each, source in found]


def _origin(line: ArrivalLine, source: str, reader: Reader, *, reads: bool) -> Origin:
    when = day_and_time(line.decided, reader.setting.reading) if line.decided is not None else ""
    return Origin(source, line.key.partition("|")[2], when, line.line_id if reads else "")


@for_section
async def show(request: Request, here: InSection) -> Response:
    """Show a resource of an entry as it came, as text."""
    reader = await reader_for(request, here.member, [here.section])
    entry, line_id = str(request.path_params["entry"]), str(request.path_params["line"])
    exchange = services(request).exchange
    line = await exchange.arrivals.line(here.plan_id, line_id) if exchange is not None else None
    fits = line is not None and (line.section, line.entry, line.state) == (here.section, entry, "accepted")
    if line is None or not fits or not reader.sees(here.section, entry):
        raise HTTPException(404)
    if not whole(here.member.participant, here.section, reader.now):
        raise HTTPException(404)
    context = {
        "plan_id": here.plan_id,
        "person": reader.setting.people.person(here.member.participant.person_id),
        "key": line.key.partition("|")[2],
        "source": line.key.partition("|")[0],
        "original": msgspec.json.format(line.original.encode(), indent=2).decode(),
        "of": (here.section, entry),
    }
    return page(request, "files/original.html", context)
