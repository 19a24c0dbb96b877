"""The way home after a discharge, on one page: clocks, attempts, results that are to come, what must be true."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from auth.decisions import sections_readable
from crdt.sections import Section
from hub.workflows.contents import words
from hub.workflows.transition_clocks import RULES_SOURCE
from web.doors.guards import Member, for_member, services
from web.reading import reader_for, team
from web.rendering import elsewhere, is_swap, page
from web.views.banner import banner
from web.views.coming_home import coming_home_view


@for_member
async def show(request: Request, member: Member) -> Response:
    """Show the checklist of one discharge; 404 for what is none, or not to be seen."""
    if Section.TRANSITIONS not in sections_readable(member.participant, services(request).now()):
        raise HTTPException(404)
    reader = await reader_for(request, member)
    entry = str(request.path_params["entry"])
    stay = reader.content.entry(Section.TRANSITIONS, entry)
    patient = await services(request).directory.patient(member.plan_id)
    seen = stay is not None and reader.sees(Section.TRANSITIONS, entry)
    if stay is None or not seen or patient is None:
        raise HTTPException(404)
    if words(stay.values, "event") != "discharged":  # A notice of a discharge leads here that was taken back since.
        return elsewhere(request, f"/plans/{member.plan_id}#entry-{entry}")
    _, me = await team(request, member)
    context = {
        "plan_id": member.plan_id,
        "entry": entry,
        "view": coming_home_view(reader, stay),
        "source": RULES_SOURCE,
        "lists": Section.MEDICATIONS in sections_readable(member.participant, reader.now),
        "banner": banner(patient, reader),
        "me": me,
        "person": me,
        "here": "panel",
        "socket": f"/plans/{member.plan_id}/live",
    }
    return page(request, "stays/checklist.html" if is_swap(request) else "stays/page.html", context)
