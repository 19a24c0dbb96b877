"""A plan and other systems: taken out as one FHIR document, brought in as proposals that somebody decides on."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, cast

import msgspec
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from auth.decisions import sections_readable
from auth.roles import CLINICIANS, Participant, Role
from crdt.fields import Value
from crdt.sections import SECTIONS, Section
from hub.exchange.accepting import ImportAccept, may_decide, may_see, whole
from hub.exchange.exchange import Exchange, ImportRefusedError, Sender
from hub.fhir.bundles import ChangedLast, Leaving, document, seen_by
from hub.ids import new_id
from hub.live.commands import Refused
from hub.record.journal import Act, Action
from hub.safety.weighing import DANGER, DESPITE
from hub.store.arrivals import Arrival, ArrivalLine
from hub.workflows.medicine_lists import ListKind, MedicineList
from hub.workflows.suggestions import field_value
from web.doors.guards import Member, for_member, services
from web.reading import reader_for
from web.rendering import elsewhere, page
from web.views.arrivals import LineFault, asked, line_views
from web.views.entries import Reader
from web.views.words import day_and_time

FHIR_JSON: Final = "application/fhir+json"
LINES_TOGETHER_MAX: Final = 40
"""Lines that are taken over by one command: each entry of it still gets a row of its own in the journal."""

SHOWN_MAX: Final = 200
REMARKS_SHOWN_MAX: Final = 200
REPORTS_SHOWN_MAX: Final = 5
BRINGS: Final = CLINICIANS | {Role.PATIENT}


@for_member
async def show(request: Request, member: Member) -> Response:
    """Show what can be taken out of the plan, brought in, and what of files waits for a decision."""
    return await _page(request, member)


@for_member
async def take(request: Request, member: Member) -> Response:
    """Answer with the plan as a FHIR R4 document: only what the person may see, its row in the journal first."""
    if member.participant.broke_glass_until is not None:
        raise HTTPException(403, "In an emergency you read the plan. Nothing is taken out of it.")
    reader = await reader_for(request, member)
    leaving = await leaving_for(request, member, reader)
    told = document(leaving, member.participant, reader.now, new_id())
    await services(request).plans.record([_act(member, len(told["entry"]))])
    headers = {"content-disposition": f'attachment; filename="care-plan-{reader.setting.reading.today}.fhir.json"'}
    return Response(msgspec.json.encode(told), media_type=FHIR_JSON, headers=headers)


@for_member
async def bring(request: Request, member: Member) -> Response:
    """Read a file, and keep what it says as proposals; nothing in the plan changes."""
    if not brings(member.participant):
        raise HTTPException(403, "The team and the patient bring files in.")
    form = await request.form(max_files=1, max_fields=10)
    file, source = form.get("file"), str(form.get("source") or "").strip()
    if not isinstance(file, UploadFile) or not file.size:
        return await _page(request, member, refused="Choose a file.", source=source, status=422)
    exchange = _exchange(request)
    reader = await reader_for(request, member)
    team = await services(request).directory.participants(member.plan_id)
    named = source or file.filename or "a file"
    try:
        report = await exchange.compared(
            file.file, reader.content, team, named, same_person=form.get("same_person") == "yes"
        )
    except ImportRefusedError as error:
        return await _page(request, member, refused=str(error), source=source, status=422)
    who = member.participant
    sender = Sender(person=who.person_id, role=who.role, session=who.session_id)
    arrival = await exchange.keep(member.plan_id, report, source=named, file=file.filename or "", sender=sender)
    listing = services(request).listing
    if report.medicines and listing is not None:
        kind, medicines = ListKind.HOSPITAL, report.medicines
        came = MedicineList(list_id="", kind=kind, source=named[:100], medicines=medicines, arrival=arrival)
        await listing.bring(who, came)  # Where too many wait already, its lines wait below all the same.
    return elsewhere(request, f"/plans/{member.plan_id}/files?arrival={arrival}#files-report")


@for_member
async def decide(request: Request, member: Member) -> Response:
    """Take lines over, or decline them; what can't be taken over stays, with the reason beside it."""
    form = await request.form()
    reader = await reader_for(request, member)
    exchange = _exchange(request)
    chosen = set(map(str, form.getlist("line")))
    lines = [each for each in await exchange.arrivals.waiting(member.plan_id) if each.line_id in chosen]
    lines = [each for each in lines if may_see(reader.content, member.participant, each, reader.now)]
    lines = [each for each in lines if may_decide(reader.content, member.participant, each, reader.now)]
    if not lines:
        return await _page(request, member, refused="These lines were decided on meanwhile.", status=409)
    if form.get("act") == "decline":
        await _decline(request, member, lines, str(form.get("reason") or "").strip())
        return elsewhere(request, f"/plans/{member.plan_id}/files#files-waiting")
    faults = await _accept(request, member, lines, form)
    if faults:
        return await _page(request, member, faults=faults, status=422)
    return elsewhere(request, f"/plans/{member.plan_id}/files#files-waiting")


@for_member
async def original(request: Request, member: Member) -> Response:
    """Show the resource from which a line was read, as it came."""
    reader = await reader_for(request, member)
    line = await _exchange(request).arrivals.line(member.plan_id, str(request.path_params["line"]))
    seen = line is not None and may_see(reader.content, member.participant, line, reader.now)
    if line is None or not seen or not whole(member.participant, line.section, reader.now):
        raise HTTPException(404)
    told = msgspec.json.format(line.original.encode(), indent=2).decode()
    context = {
        "plan_id": member.plan_id,
        "person": reader.setting.people.person(member.participant.person_id),
        "key": line.key.partition("|")[2],
        "source": line.key.partition("|")[0],
        "original": told,
    }
    return page(request, "files/original.html", context)


def brings(participant: Participant) -> bool:
    """Say whether this person may bring files in: they only propose."""
    return participant.role in BRINGS and participant.broke_glass_until is None and not participant.closed


async def _accept(
    request: Request, member: Member, lines: Sequence[ArrivalLine], form: FormData
) -> dict[str, LineFault]:
    """Take lines over, several at once where they can be; return what could not be."""
    alone = len(lines) == 1
    typed = {name: [str(each) for each in form.getlist(name)] for name in form} if alone else {}
    order = {section: number for number, section in enumerate(Section)}
    ordered = sorted(lines, key=lambda each: order[each.section])
    faults: dict[str, LineFault] = {}
    for start in range(0, len(ordered), LINES_TOGETHER_MAX):
        part = ordered[start : start + LINES_TOGETHER_MAX]
        if len(part) > 1 and await _perform(request, member, part, typed) is None:
            continue
        for line in part:
            fault = await _perform(request, member, [line], typed)
            if fault is not None:
                faults[line.line_id] = fault
    return faults


async def _perform(
    request: Request, member: Member, lines: Sequence[ArrivalLine], typed: Mapping[str, Sequence[str]]
) -> LineFault | None:
    filled: dict[str, Mapping[str, Value]] = {
        line.line_id: {
            field.name: field_value(field, typed[field.name][0]) for field in asked(line) if typed.get(field.name)
        }
        for line in lines
    }
    despite = next(iter(typed.get(DESPITE, ())), "")
    command = ImportAccept(lines=tuple(lines), filled=filled, despite=despite)
    outcome = await services(request).plans.perform(member.plan_id, member.participant, command)
    if isinstance(outcome, Refused):
        return LineFault(outcome.reason, typed, {outcome.field: outcome.reason}, outcome.code == DANGER)
    await _exchange(request).arrivals.decide(
        member.plan_id,
        [each.line_id for each in lines],
        "accepted",
        by=member.participant.person_id,
        now=services(request).now(),
    )
    return None


async def _decline(request: Request, member: Member, lines: Sequence[ArrivalLine], reason: str) -> None:
    act = _row(member, "import.decline", {"lines": len(lines), "entries": [each.key for each in lines][:50]})
    await services(request).plans.record([msgspec.structs.replace(act, reason=reason[:500])])
    await _exchange(request).arrivals.decide(
        member.plan_id,
        [each.line_id for each in lines],
        "declined",
        by=member.participant.person_id,
        now=services(request).now(),
        reason=reason[:500],
    )


async def _page(
    request: Request,
    member: Member,
    *,
    refused: str = "",
    source: str = "",
    faults: Mapping[str, LineFault] | None = None,
    status: int = 200,
) -> Response:
    reader = await reader_for(request, member)
    patient = await services(request).directory.patient(member.plan_id)
    if patient is None:
        raise HTTPException(404)
    readable = sections_readable(member.participant, reader.now)
    exchange = services(request).exchange
    staff = member.participant.role in BRINGS
    arrivals = await exchange.arrivals.of_plan(member.plan_id) if exchange is not None and staff else []
    waiting = await exchange.arrivals.waiting(member.plan_id) if exchange is not None and staff else []
    sources = {each.arrival_id: each.source for each in arrivals}
    views = line_views(reader, waiting, sources, faults or {})
    mine = [each for each in arrivals if each.person == member.participant.person_id]
    asked_for = request.query_params.get("arrival", "")
    report = next((each for each in mine if each.arrival_id == asked_for), None)
    context = {
        "plan_id": member.plan_id,
        "person": reader.setting.people.person(member.participant.person_id),
        "patient": patient.name,
        "leaves": [SECTIONS[each].title for each in Section if each in readable],
        "stays": [SECTIONS[each].title for each in Section if each not in readable],
        "may_take": member.participant.broke_glass_until is None,
        "brings": brings(member.participant) and exchange is not None,
        "connects": member.participant.role in CLINICIANS,
        "refused": refused,
        "source": source,
        "report": report.report if report is not None else None,
        "remarks": report.report["remarks"][:REMARKS_SHOWN_MAX] if report is not None else [],
        "reports": [_named(each, reader) for each in mine[:REPORTS_SHOWN_MAX]],
        "lines": views[:SHOWN_MAX],
        "more": max(0, len(views) - SHOWN_MAX),
        "at_once": [each.line_id for each in views if each.may_decide and not each.asks][:SHOWN_MAX],
        "faults": sum(bool(each.fault) for each in views),
    }
    return page(request, "files/page.html", context, status=status)


def _named(arrival: Arrival, reader: Reader) -> tuple[str, str, str]:
    when = day_and_time(arrival.received, reader.setting.reading) if arrival.received is not None else ""
    return arrival.arrival_id, arrival.source, when


def _exchange(request: Request) -> Exchange:
    found = services(request).exchange
    if found is None:
        raise HTTPException(404)
    return found


async def leaving_for(request: Request, member: Member, reader: Reader) -> Leaving:
    """Return the plan as this person may take it along.

    Raises:
        HTTPException: the hub has no store to say whom the plan is for.
    """
    subject = await _exchange(request).subject(member.plan_id)
    if subject is None:
        raise HTTPException(404)
    content = seen_by(reader.content, member.participant, reader.now)
    people = await services(request).directory.participants(member.plan_id)
    changes = {place: ChangedLast(*change) for place, change in reader.changes.items() if place[0] in content.sections}
    base = f"{services(request).settings.origin}/fhir"
    leaving = Leaving(content=content, subject=subject, people=people, base=base)
    return replace(leaving, changes=changes)


def _act(member: Member, resources: int) -> Act:
    act = _row(member, "export.plan", {"format": "fhir-document", "resources": resources})
    return msgspec.structs.replace(act, action=Action.EXPORT)


def _row(member: Member, event: str, words: Mapping[str, object]) -> Act:
    """Return a row about files, without content."""
    return Act(
        plan=member.plan_id,
        actor=member.participant.person_id,
        action=Action.IMPORT,
        role=member.participant.role,
        session=member.participant.session_id,
        event=event,
        words=cast("Mapping[str, str]", words),
    )
