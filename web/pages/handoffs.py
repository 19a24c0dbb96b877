"""The handoff of one stay in I-PASS, on one page: written, handed over, read back and accepted; it prints."""

from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from auth.decisions import sections_readable
from crdt.sections import Section
from hub.live.commands import Refused
from hub.workflows.registry import Faults, build
from web.doors.guards import Member, for_member, services
from web.reading import reader_for, team, zone_of
from web.rendering import elsewhere, page
from web.views.banner import banner
from web.views.forms import Typed
from web.views.handoffs import handoff_view
from web.views.local_times import typed_instants

ACTS = frozenset({"write", "give", "accept"})


@for_member
async def show(request: Request, member: Member) -> Response:
    """Show the handoff of a stay; 404 for what is not there, or not to be seen."""
    return await _page(request, member, None, {})


@for_member
async def act(request: Request, member: Member) -> Response:
    """Write it, hand it over or accept it; what was typed is kept where it is refused."""
    name, entry = str(request.path_params["act"]), str(request.path_params["entry"])
    if name not in ACTS:
        raise HTTPException(404)
    sent = typed_instants((await request.form()).multi_items(), zone_of(request))
    typed = {each: values for each, values in sent.items() if _is_chosen(each, sent)}
    command = build(f"handoff.{name}", typed, section=Section.TRANSITIONS, entry=entry)
    if isinstance(command, Faults):
        return await _page(request, member, sent, command.messages, status=422)
    outcome = await services(request).plans.perform(member.plan_id, member.participant, command)
    if isinstance(outcome, Refused):
        status = {"form": 422, "state": 409, "gone": 404}.get(outcome.code, 403)
        return await _page(request, member, sent, {outcome.field: outcome.reason}, status=status)
    return elsewhere(request, f"/plans/{member.plan_id}/handoff/{entry}")


def _is_chosen(name: str, sent: Typed) -> bool:
    """Say whether a field counts: of an action that is to be no task, owner and day count for nothing."""
    row, _, field = name.rpartition(".")
    return not row.startswith("steps.") or field == "title" or bool(sent.get(f"{row}.title"))


async def _page(
    request: Request, member: Member, typed: Typed | None, faults: Mapping[str, str], *, status: int = 200
) -> Response:
    if Section.TRANSITIONS not in sections_readable(member.participant, services(request).now()):
        raise HTTPException(404)
    reader = await reader_for(request, member, [Section.TRANSITIONS])
    entry = str(request.path_params["entry"])
    stay = reader.content.entry(Section.TRANSITIONS, entry)
    patient = await services(request).directory.patient(member.plan_id)
    if stay is None or patient is None or not reader.sees(Section.TRANSITIONS, entry):
        raise HTTPException(404)
    _, me = await team(request, member)
    context = {
        "plan_id": member.plan_id,
        "entry": entry,
        "view": handoff_view(reader, stay, typed, faults),
        "banner": banner(patient, await reader_for(request, member)),
        "me": me,
        "person": me,
        "here": "panel",
    }
    return page(request, "stays/handoff.html", context, status)
