"""The plan of one patient: everything the reader may see of it, on one page."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from web.guards import Member, for_member, services
from web.reading import reader_for
from web.rendering import page
from web.views.banner import banner
from web.views.people import PersonView
from web.views.sections import plan_sections
from web.views.words import day_and_time


@for_member
async def show(request: Request, member: Member) -> Response:
    """Show the whole plan, readable before any script runs."""
    patient = await services(request).directory.patient(member.plan_id)
    if patient is None:
        raise HTTPException(404)
    reader = await reader_for(request, member)
    people = reader.setting.people
    me = people.person(member.who.person.person_id)
    assert me is not None, "who takes part in a plan is among its people"
    present = await services(request).plans.present(member.plan_id)
    here = {each.person_id: people.person(each.person_id) for each in present}
    context = {
        "plan_id": member.plan_id,
        "socket": f"/plans/{member.plan_id}/live",
        "me": me,
        "person": me,
        "people": people,
        "present": [it for it in here.values() if isinstance(it, PersonView) and it.person_id != me.person_id],
        "banner": banner(patient, reader),
        "sections": plan_sections(reader),
        "printed": day_and_time(reader.now, reader.setting.reading),
    }
    return page(request, "plan/page.html", context)
