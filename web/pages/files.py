"""A plan for other systems: taken out as one FHIR document, as far as who asks may see it."""

from dataclasses import replace
from typing import Final

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from auth.decisions import sections_readable
from crdt.sections import SECTIONS, Section
from hub.fhir.bundles import ChangedLast, Leaving, document, seen_by
from hub.ids import new_id
from hub.record.journal import Act, Action
from web.doors.guards import Member, for_member, services
from web.reading import reader_for, team
from web.rendering import page
from web.views.entries import Reader

FHIR_JSON: Final = "application/fhir+json"


@for_member
async def show(request: Request, member: Member) -> Response:
    """Show what can be taken out of the plan."""
    _, me = await team(request, member)
    patient = await services(request).directory.patient(member.plan_id)
    if patient is None:
        raise HTTPException(404)
    readable = sections_readable(member.participant, services(request).now())
    context = {
        "plan_id": member.plan_id,
        "person": me,
        "patient": patient.name,
        "leaves": [SECTIONS[each].title for each in Section if each in readable],
        "stays": [SECTIONS[each].title for each in Section if each not in readable],
        "may_take": member.participant.broke_glass_until is None,
    }
    return page(request, "files/page.html", context)


@for_member
async def take(request: Request, member: Member) -> Response:
    """Answer with the plan as a FHIR R4 document: only what the person may see, its row in the journal first."""
    if member.participant.broke_glass_until is not None:
        raise HTTPException(403, "In an emergency you read the plan. Nothing is taken out of it.")
    reader = await reader_for(request, member)
    leaving = await leaving_for(request, member, reader)
    told = document(leaving, member.participant, reader.now, new_id())
    await services(request).plans.record([_act(member, len(told["entry"]))])
    headers = {"content-disposition": f'attachment; filename="care-plan-{reader.now:%Y-%m-%d}.fhir.json"'}
    return Response(msgspec.json.encode(told), media_type=FHIR_JSON, headers=headers)


async def leaving_for(request: Request, member: Member, reader: Reader) -> Leaving:
    """Return the plan as this person may take it along.

    Raises:
        HTTPException: the hub has no store to say whom the plan is for.
    """
    exchange = services(request).exchange
    subject = await exchange.subject(member.plan_id) if exchange is not None else None
    if subject is None:
        raise HTTPException(404)
    content = seen_by(reader.content, member.participant, reader.now)
    people = await services(request).directory.participants(member.plan_id)
    changes = {place: ChangedLast(*change) for place, change in reader.changes.items() if place[0] in content.sections}
    base = f"{services(request).settings.origin}/fhir"
    leaving = Leaving(content=content, subject=subject, people=people, base=base)
    return replace(leaving, changes=changes)


def _act(member: Member, resources: int) -> Act:
    return Act(
        plan=member.plan_id,
        actor=member.participant.person_id,
        action=Action.EXPORT,
        role=member.participant.role,
        session=member.participant.session_id,
        event="export.plan",
        words={"format": "fhir-document", "resources": resources},
    )
