"""The plan of one patient: everything the reader may see of it, on one page."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from auth.decisions import sections_readable
from auth.invitations import INVITES
from auth.roles import AS_PATIENT
from auth.standings import membership
from hub.access.sharing import settles
from web.beside import beside
from web.counting import count_shown
from web.doors.guards import Member, for_member, services
from web.fresh import with_marks
from web.pages.beginnings import beginning
from web.reading import reader_for
from web.rendering import fragment, page
from web.views.banner import banner
from web.views.entries import Reader
from web.views.findings import findings_view
from web.views.glances import FOLDED_MAX, ROWS_MAX, GlanceSection, glance_section, plan_areas
from web.views.history import done_words
from web.views.homes import address_of
from web.views.inviting import last_day
from web.views.margins import margin_rules
from web.views.next_lines import next_view
from web.views.people import PersonView
from web.views.problems import problems_view
from web.views.words import day, day_and_time, day_of


@for_member
async def show(request: Request, member: Member) -> Response:
    """Show the whole plan, readable before any script runs; those at home are sent to theirs first."""
    if (home := address_of(member.participant)) and request.query_params.get("view") != "whole":
        return RedirectResponse(home, 303)
    patient = await services(request).directory.patient(member.plan_id)
    if patient is None:
        raise HTTPException(404)
    reader = await reader_for(request, member)
    readable = sections_readable(member.participant, reader.now)
    people = reader.setting.people
    me = people.person(member.who.person.person_id)
    assert me is not None, "who takes part in a plan is among its people"
    present = await services(request).plans.present(member.plan_id)
    here = {each.person_id: people.person(each.person_id) for each in present}
    marked = await with_marks(request, member, reader, readable)
    areas = await beside(_areas, marked, frozenset(request.query_params.getlist("open")))
    shown = [section for sections in areas.values() for section in sections]
    findings = await beside(findings_view, member.participant, reader.content, people.name, reader.now)
    count_shown(findings)
    context = {
        "plan_id": member.plan_id,
        "socket": f"/plans/{member.plan_id}/live",
        "me": me,
        "person": me,
        "people": people,
        "present": [it for it in here.values() if isinstance(it, PersonView) and it.person_id != me.person_id],
        "done": done_words(request.query_params.get("done", "")),
        "banner": banner(patient, reader),
        "areas": areas,
        "next": await beside(next_view, marked),
        "sections": shown,
        "news": sum(section.news for section in shown),
        "seq": reader.content.seq,
        "rows_max": ROWS_MAX,
        "folded_max": FOLDED_MAX,
        "findings": findings,
        "emergency_until": _until(reader),
        "settles": settles(member.participant, reader.now),
        "patient": patient,
        "deceased": day(died) if (died := day_of(patient.deceased)) is not None else "",
        "beginning": beginning(reader, patient.template) if patient.template else None,
        "guardians": [
            (each.name, each.profession, day(last_day(each.ends, reader.setting.reading.zone)) if each.ends else "")
            for each in people.guardians
            if not membership(each, reader.now)
        ],
        "copies": member.participant.role in AS_PATIENT,
        "invites": member.participant.role in INVITES and member.participant.broke_glass_until is None,
        "printed": day_and_time(reader.now, reader.setting.reading),
    }
    return await beside(page, request, "plan/page.html", context)


@for_member
async def next_up(request: Request, member: Member) -> Response:
    """Show what is next in the plan, as its open page renews it."""
    patient = await services(request).directory.patient(member.plan_id)
    if patient is None:
        raise HTTPException(404)
    reader = await reader_for(request, member)
    told = await beside(findings_view, member.participant, reader.content, reader.setting.people.name, reader.now)
    context = {
        "plan_id": member.plan_id,
        "next": await beside(next_view, reader),
        "banner": banner(patient, reader),
        "findings": told,
    }
    back = f"/plans/{member.plan_id}"
    return fragment(request, "plan/next_alone.html", context, title=f"Next for {patient.given_name}", back=back)


@for_member
async def by_problem(request: Request, member: Member) -> Response:
    """Show the plan by its problems, each with what is done about it; every line leads to its row in the plan."""
    patient = await services(request).directory.patient(member.plan_id)
    if patient is None:
        raise HTTPException(404)
    reader = await reader_for(request, member)
    problems, more = await beside(problems_view, reader)
    context = {
        "plan_id": member.plan_id,
        "person": reader.setting.people.person(member.who.person.person_id),
        "banner": banner(patient, reader),
        "problems": problems,
        "more": more,
    }
    return await beside(page, request, "plan/problems.html", context)


@for_member
async def margins(request: Request, member: Member) -> Response:
    """Return what stands in the margin of each printed sheet: whose plan it is, what can hurt them, which page."""
    patient = await services(request).directory.patient(member.plan_id)
    if patient is None:
        raise HTTPException(404)
    reader = await reader_for(request, member)
    printed = day_and_time(reader.now, reader.setting.reading)
    return Response(margin_rules(banner(patient, reader), printed, member.who.person.name), media_type="text/css")


def _areas(reader: Reader, opened: frozenset[str]) -> dict[str, list[GlanceSection]]:
    """Return the plan by its areas."""
    return {
        area: [glance_section(reader, section, opened=opened) for section in sections]
        for area, sections in plan_areas(reader).items()
    }


def _until(reader: Reader) -> str:
    """Return until when an emergency reading lasts, ``""`` for a member of the team."""
    until = reader.participant.broke_glass_until
    return day_and_time(until, reader.setting.reading) if until is not None else ""
