"""Devices that send readings into one plan: paired and ended by the team, seen by everyone who reads the readings."""

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from auth.decisions import sections_readable
from crdt.sections import Section
from hub.access.devices import Devices, NewDevice
from hub.access.keeping_rows import KeepingError
from hub.store.machines import KnownMachine
from hub.workflows.contents import active, words
from hub.workflows.monitoring import measure_name
from web.doors.guards import Member, for_member, services
from web.doors.machines import FHIR_BASE
from web.reading import reader_for
from web.rendering import elsewhere, page
from web.views.entries import Reader
from web.views.words import day_and_time


@for_member
async def show(request: Request, member: Member) -> Response:
    """Show the devices of the plan, and to whom may pair one the form for another."""
    return await _show(request, member, "", None, {})


@for_member
async def change(request: Request, member: Member) -> Response:
    """Pair a device, whose token is shown this once, or end one."""
    form, keeping = await request.form(), _keeping(request)
    reader = await _reader(request, member)
    try:
        match form.get("act"):
            case "pair":
                token = await keeping.pair(member.participant, reader.content, _asked(form))
                return await _show(request, member, token, None, {})
            case "end":
                await keeping.end(member.participant, str(form.get("device", "")))
            case _:
                raise HTTPException(400)
    except KeepingError as error:
        typed = {"name": str(form.get("name", "")), "days": str(form.get("days", ""))}
        return await _show(request, member, "", error, typed, frozenset(map(str, form.getlist("measure"))))
    return elsewhere(request, f"/plans/{member.plan_id}/devices")


def _asked(form: FormData) -> NewDevice:
    days = str(form.get("days", ""))
    return NewDevice(
        name=str(form.get("name", "")),
        measures=[str(each) for each in form.getlist("measure")],
        days=int(days) if days.isdecimal() and len(days) < 6 else 0,
    )


async def _reader(request: Request, member: Member) -> Reader:
    if Section.MONITORING not in sections_readable(member.participant, services(request).now()):
        raise HTTPException(404)
    return await reader_for(request, member, [Section.MONITORING])


async def _show(
    request: Request,
    member: Member,
    token: str,
    fault: KeepingError | None,
    typed: dict[str, str],
    chosen: frozenset[str] = frozenset(),
) -> Response:
    reader, keeping = await _reader(request, member), _keeping(request)
    measures = {
        each.id: measure_name(each.values)
        for each in active(reader.content, Section.MONITORING)
        if reader.sees(Section.MONITORING, each.id)
    }
    address = services(request).settings.live_address + FHIR_BASE
    patient = await services(request).directory.patient(member.plan_id)
    if patient is None:
        raise HTTPException(404)
    context = {
        "plan_id": member.plan_id,
        "patient": patient.name,
        "token": token,
        "fault": str(fault) if fault is not None else "",
        "field": fault.field if fault is not None else "",
        "typed": {"name": "", "days": "365"} | typed,
        "chosen": chosen,
        "measures": [
            (each.id, measures[each.id], words(each.values, "unit"))
            for each in active(reader.content, Section.MONITORING)
            if each.id in measures
        ],
        "devices": [_row(each, measures, reader) for each in await keeping.of_plan(member.plan_id)],
        "may_pair": keeping.may_pair(member.participant),
        "address": address,
    }
    return page(request, "devices/page.html", context, 422 if fault is not None else 200)


def _row(device: KnownMachine, measures: dict[str, str], reader: Reader) -> dict[str, object]:
    reading = reader.setting.reading
    return {
        "id": device.machine_id,
        "name": device.name,
        "opens": device.opens(reader.now),
        "measures": ", ".join(measures.get(each, "a measure that was taken out") for each in device.measures),
        "used": day_and_time(device.used, reading) if device.used is not None else "",
        "ends": day_and_time(device.revoked or device.ends, reading),
        "by": reader.setting.people.name(device.made_by),
    }


def _keeping(request: Request) -> Devices:
    found = services(request).devices
    if found is None:
        raise HTTPException(404)
    return found
