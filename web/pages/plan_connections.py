"""Connections of a plan: in which other systems its patient is read, when that last came, and what failed."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from auth.roles import CLINICIANS
from hub.access.keeping_rows import KeepingError
from hub.store.fhir_sources import KnownSource
from web.doors.guards import Member, for_member, services
from web.doors.machines import connections
from web.reading import reading_now, team
from web.rendering import elsewhere, page
from web.views.people import PlanPeople
from web.views.words import Reading, day_and_time, moment


@for_member
async def show(request: Request, member: Member) -> Response:
    """Show the systems in which the patient is read, and to clinicians the form for another."""
    return await _show(request, member, None, {})


@for_member
async def change(request: Request, member: Member) -> Response:
    """Connect the patient with a system, read one now, or end it."""
    form = {name: str(value) for name, value in (await request.form()).items()}
    keeping, who = connections(request), member.participant
    try:
        match form.get("act"):
            case "connect":
                hours = form.get("hours", "")
                told = int(hours) if hours.isdecimal() and len(hours) < 6 else 0
                await keeping.connect(who, form.get("server", ""), form.get("there", "")[:64], told)
            case "read":
                await keeping.read_now(who, form.get("source", ""))
            case "end":
                await keeping.end(who, form.get("source", ""))
            case _:
                raise HTTPException(400)
    except KeepingError as error:
        return await _show(request, member, error, form)
    return elsewhere(request, f"/plans/{member.plan_id}/connections")


async def _show(request: Request, member: Member, fault: KeepingError | None, typed: dict[str, str]) -> Response:
    if member.participant.role not in CLINICIANS:
        raise HTTPException(404)
    keeping, reading = connections(request), reading_now(request)
    patient = await services(request).directory.patient(member.plan_id)
    people, me = await team(request, member)
    found = await keeping.rows.of_plan(member.plan_id)
    taken = {each.server.server_id for each in found if each.opens}
    context = {
        "plan_id": member.plan_id,
        "patient": patient.name if patient is not None else "",
        "person": me,
        "fault": str(fault) if fault is not None else "",
        "field": fault.field if fault is not None else "",
        "typed": {"server": "", "there": "", "hours": "24"} | typed,
        "rows": [_row(each, people, reading) for each in found],
        "servers": [
            (each.server_id, each.name)
            for each in await keeping.rows.servers()
            if each.ended is None and each.server_id not in taken
        ],
        "may_connect": keeping.may_connect(member.participant),
    }
    return page(request, "connections/page.html", context, 422 if fault is not None else 200)


def _row(source: KnownSource, people: PlanPeople, reading: Reading) -> dict[str, object]:
    return {
        "id": source.source_id,
        "name": source.server.name,
        "base": source.server.base,
        "there": source.patient,
        "opens": source.opens,
        "hours": source.hours,
        "by": people.name(source.made_by),
        "came": moment(source.came, reading) if source.came is not None else None,
        "brought": source.brought,
        "failed": moment(source.failed, reading) if source.failed is not None else None,
        "fault": source.fault,
        "lacking": source.lacking,
        "due": day_and_time(source.due, reading),
    }
