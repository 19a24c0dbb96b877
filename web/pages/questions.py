"""Questions on pages of the team: one with all that was said, and a new one to a person or a topic."""

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from auth.decisions import sections_readable
from auth.roles import PATIENT_SIDE
from crdt.sections import TEAM_ALONE, Section
from hub.live.commands import Refused
from hub.workflows.question_states import CAREGIVER_LOG, turns
from hub.workflows.questions import QuestionAnswer, QuestionAsk, may_ask
from web.doors.guards import Member, for_member, services
from web.questioning import Ways, ways_for
from web.reading import reader_for, team
from web.rendering import elsewhere, is_swap, page
from web.views.banner import banner
from web.views.entries import Reader
from web.views.homes import address_of
from web.views.questions import about_words, question_view, way_views

OPEN_TO_NOBODY = "Choose whom you ask: nobody can be reached by this now."


@for_member
async def show(request: Request, member: Member) -> Response:
    """Show a question with all that was said; whoever is at home has it on their own page."""
    if member.participant.role in PATIENT_SIDE:
        return RedirectResponse(f"{address_of(member.participant)}#notes", 303)
    return await _question(request, member, "", "")


@for_member
async def say(request: Request, member: Member) -> Response:
    """Answer, or say more; what was typed stays where it is refused."""
    form = await request.form()
    typed, entry = _one(form, "answer"), str(request.path_params["entry"])
    command = QuestionAnswer(entry=entry, answer=typed, seen=_one(form, "seen"))
    outcome = await services(request).plans.perform(member.plan_id, member.participant, command)
    if isinstance(outcome, Refused):
        return await _question(request, member, typed, outcome.reason, status=409 if outcome.code == "state" else 422)
    return elsewhere(request, f"/plans/{member.plan_id}/questions/{entry}")


async def _question(request: Request, member: Member, typed: str, fault: str, *, status: int = 200) -> Response:
    context = await question_context(request, member, typed, fault)
    return page(request, "questions/said.html" if is_swap(request) else "questions/page.html", context, status)


async def question_context(request: Request, member: Member, typed: str, fault: str) -> dict[str, object]:
    """Return what the pages of one question show, its reading recorded; 404 for whoever may not see it."""
    reader, entry_id = await _reader(request, member), str(request.path_params["entry"])
    entry = reader.content.entry(CAREGIVER_LOG, entry_id)
    patient = await services(request).directory.patient(member.plan_id)
    if entry is None or patient is None or not reader.sees(CAREGIVER_LOG, entry_id):
        raise HTTPException(404)
    found = await ways_for(request, reader.content, member.participant)
    at_home = tuple(each.name for each in found.at_home)
    _, me = await team(request, member)
    return {
        "plan_id": member.plan_id, "question": question_view(reader, entry, at_home), "typed": typed, "fault": fault,
        "seen": len(turns(entry.values)), "banner": banner(patient, reader), "me": me, "person": me, "here": "panel",
        "socket": f"/plans/{member.plan_id}/live", "entry": {"entry_id": entry_id},
    }  # fmt: skip


async def _reader(request: Request, member: Member) -> Reader:
    if Section.CAREGIVER_LOG not in sections_readable(member.participant, services(request).now()):
        raise HTTPException(404)
    return await reader_for(request, member)


@for_member
async def new(request: Request, member: Member) -> Response:
    """Show whom one can ask, with who reads it and by when; whoever is at home asks on their own page."""
    about = request.query_params.get("about", "")[:40]
    if member.participant.role in PATIENT_SIDE:
        return RedirectResponse(f"{address_of(member.participant)}?about={about}#notes", 303)
    return await _asking(request, member, about, {}, "")


@for_member
async def ask(request: Request, member: Member) -> Response:
    """Ask; what was typed stays where it is refused."""
    if member.participant.role in PATIENT_SIDE:
        raise HTTPException(403)
    form = await request.form()
    typed = {name: _one(form, name) for name in ("whom", "words", "about")}
    reader = await _reader(request, member)
    ways = await ways_for(request, reader.content, member.participant)
    way = ways.of(typed["whom"])
    if way is None or not way.reads:
        return await _asking(request, member, typed["about"], typed, OPEN_TO_NOBODY, status=422)
    command = QuestionAsk(
        kind="question", words=typed["words"], topic=way.topic, to=way.reads,
        readers=ways.readers(member.participant, way, TEAM_ALONE),
        related=typed["about"] if about_words(reader, typed["about"]) else "",
    )  # fmt: skip
    outcome = await services(request).plans.perform(member.plan_id, member.participant, command)
    if isinstance(outcome, Refused):
        return await _asking(request, member, typed["about"], typed, outcome.reason, status=422)
    entry = next(iter(outcome.created), "")
    return elsewhere(request, f"/plans/{member.plan_id}/questions/{entry}" if entry else f"/plans/{member.plan_id}")


async def _asking(
    request: Request, member: Member, about: str, typed: dict[str, str], fault: str, *, status: int = 200
) -> Response:
    reader = await _reader(request, member)
    if not may_ask(member.participant, reader.now):
        raise HTTPException(403)
    patient = await services(request).directory.patient(member.plan_id)
    if patient is None:
        raise HTTPException(404)
    ways = await ways_for(request, reader.content, member.participant)
    people, me = await team(request, member)
    topics, persons = way_views(ways, people, reader.setting.reading)
    context = {
        "plan_id": member.plan_id, "about": about, "about_words": about_words(reader, about), "topics": topics,
        "team": [each for each in persons if not each.at_home], "home": [each for each in persons if each.at_home],
        "home_names": _names(ways),
        "typed": {"whom": "", "words": "", **typed}, "fault": fault, "banner": banner(patient, reader), "me": me,
        "person": me, "here": "panel",
    }  # fmt: skip
    return page(request, "questions/new.html", context, status)


def _names(ways: Ways) -> str:
    return ", ".join(each.name for each in ways.at_home)


def _one(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value if isinstance(value, str) else ""
