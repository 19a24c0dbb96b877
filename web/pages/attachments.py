"""Photos and papers with what is said: sent from home and by the team, shown to who sees the question, hidden again.

What is shown comes from here alone, asked for anew each time, and nothing of it may run: a picture is one that the hub
made, a PDF is handed over as a file.
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from functools import partial
from typing import Final

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from auth.decisions import Operation, fields_visible
from auth.roles import PATIENT_SIDE
from crdt.characters import visible
from crdt.sections import Section
from hub.attachments.keeping import AttachmentKeeping
from hub.attachments.taking_in import EMPTY, NotTakenError
from hub.live.commands import Command, EntryContent, Outcome, PlanContent, Refused
from hub.record.journal import Act, Action
from hub.workflows.attaching import QuestionAttach
from hub.workflows.attachments import FIELD, Attached, Attachment, AttachmentHide, AttachmentKind, standing
from hub.workflows.grants import barred
from hub.workflows.question_states import CAREGIVER_LOG
from hub.workflows.questions import QuestionAsk
from web.doors.guards import Member, for_member, services
from web.homing import ALONE, Sent, context_of, help_answer, home_of
from web.languages import language_of
from web.pages.questions import question_context
from web.questioning import ways_for
from web.rendering import page
from web.views.family import May
from web.views.homes import address_of

SHOWN_POLICY: Final = "default-src 'none'; sandbox"
"""Of the file itself, should a browser open it as a page: nothing is loaded, nothing runs, and it is of no origin."""

_STATUS: Final = {"form": 422, "state": 409, "gone": 409}
_AT: Final = "attachments"


def _keeping(request: Request) -> AttachmentKeeping:
    found = services(request).attachments
    if found is None:
        raise HTTPException(404)
    return found


@for_member
async def at_home(request: Request, member: Member) -> Response:
    """Show what was sent, and the form that sends a photo or a paper; who does not write to the team has none."""
    return await _home(request, member, Sent(_AT, request.query_params.get("note", "")[:40]))


@for_member
async def send_from_home(request: Request, member: Member) -> Response:
    """Send one, with a new question or with one that is there; what was typed stays where it is refused."""
    if not home_of(request).is_of(member.participant):
        raise HTTPException(403)
    async with _form(request) as form:
        return await _from_home(request, member, form)


async def _from_home(request: Request, member: Member, form: FormData) -> Response:
    me = member.participant
    words, note, whom = _words(form, "words"), _words(form, "note")[:40], _words(form, "whom")
    sent = Sent(_AT, note, words=words, whom=whom)
    say = language_of(request, member.who.person)
    saying: Callable[[Attached], Command] = partial(_attach, note, words)
    if not note:
        ways = await ways_for(request, await services(request).plans.content(member.plan_id), me)
        way = ways.of(whom) or ways.of_topic("other")
        saying = partial(_ask, words, way.topic, way.reads, ways.readers(me, way, ""))
    try:
        outcome = await _sent(request, member, form, saying)
    except NotTakenError as error:
        return await _home(request, member, replace(sent, fault=say.say(str(error))), 422)
    if isinstance(outcome, Refused) and outcome.code != "again":
        told = replace(sent, fault=say.reason(outcome.reason))
        return await _home(request, member, told, _STATUS.get(outcome.code, 403))
    answer = help_answer(words)
    return RedirectResponse(f"{address_of(me)}/{_AT}?done={_AT}&answer={answer}#{_AT}", 303)


@for_member
async def of_question(request: Request, member: Member) -> Response:
    """Show a question's photos and papers to the team, and the form that sends one; those at home have their page."""
    if member.participant.role in PATIENT_SIDE:
        return RedirectResponse(f"{address_of(member.participant)}/{_AT}?note={request.path_params['entry']}", 303)
    return await _question(request, member, "", "")


@for_member
async def send_with_answer(request: Request, member: Member) -> Response:
    """Answer, or say more, with a photo or a paper; what was typed stays where it is refused."""
    if member.participant.role in PATIENT_SIDE:
        raise HTTPException(403)
    entry = str(request.path_params["entry"])
    async with _form(request) as form:
        words = _words(form, "words")
        try:
            outcome = await _sent(request, member, form, partial(_attach, entry, words))
        except NotTakenError as error:
            return await _question(request, member, words, str(error), 422)
    if isinstance(outcome, Refused) and outcome.code != "again":
        return await _question(request, member, words, outcome.reason, _STATUS.get(outcome.code, 403))
    return RedirectResponse(f"/plans/{member.plan_id}/questions/{entry}/{_AT}", 303)


@for_member
async def show(request: Request, member: Member) -> Response:
    """Send what one shows to whoever may see it now, its row in the journal first."""
    content = await services(request).plans.content(member.plan_id)
    entry, it = _seen(request, member, content)
    shown = await _keeping(request).rows.content(member.plan_id, it.key)
    if shown is None:
        raise HTTPException(404)
    who = member.participant
    act = Act(
        plan=member.plan_id, actor=who.person_id, action=Action.READ, role=who.role, session=who.session_id,
        section=CAREGIVER_LOG, entry=entry.id, field=FIELD, event="attachment.read",
        words={"attachment": it.key, "kind": it.kind.value, "bytes": it.size},
    )  # fmt: skip
    await services(request).plans.record([act])
    day = f"{it.when:%Y-%m-%d}" if it.when is not None else "unknown"
    picture = it.kind is AttachmentKind.PICTURE
    named = f'inline; filename="photo-{day}.jpg"' if picture else f'attachment; filename="paper-{day}.pdf"'
    headers = {"content-security-policy": SHOWN_POLICY, "content-disposition": named}
    return Response(shown, media_type="image/jpeg" if picture else "application/pdf", headers=headers)


@for_member
async def hide(request: Request, member: Member) -> Response:
    """Take one out of everybody's view, and go back to where it stood."""
    entry, it = _seen(request, member, await services(request).plans.content(member.plan_id))
    command = AttachmentHide(entry=entry.id, attachment=it.key)
    outcome = await services(request).plans.perform(member.plan_id, member.participant, command)
    if isinstance(outcome, Refused) and outcome.code != "gone":
        raise HTTPException(403)
    home = address_of(member.participant)
    return RedirectResponse(f"{home or f'/plans/{member.plan_id}/questions/{entry.id}'}/{_AT}", 303)


def _seen(request: Request, member: Member, content: PlanContent) -> tuple[EntryContent, Attachment]:
    """Return the attachment of the address with its entry; 404 where it is hidden, or not this person's to see."""
    now, who = services(request).now(), member.participant
    found = standing(content, str(request.path_params["attachment"]))
    if found is None or FIELD not in fields_visible(who, CAREGIVER_LOG, now):
        raise HTTPException(404)
    if barred(content, who, Section.CAREGIVER_LOG, Operation.READ, now=now, entry_id=found[0].id) is not None:
        raise HTTPException(404)
    return found


def _form(request: Request) -> AbstractAsyncContextManager[FormData]:
    """Return the form, whose file is gone when it is closed."""
    return request.form(max_files=1, max_fields=20)


def _words(form: FormData, name: str) -> str:
    """Return what was typed, as any other form is read: without what can't be seen."""
    value = form.get(name, "")
    typed = value if isinstance(value, str) else ""
    if "\0" in typed:
        raise HTTPException(400)
    return visible(typed)


async def _sent(request: Request, member: Member, form: FormData, saying: Callable[[Attached], Command]) -> Outcome:
    """Take the form's file in and send it. Raises ``NotTakenError``."""
    file = form.get("file")
    if not isinstance(file, UploadFile) or not file.size:
        raise NotTakenError(EMPTY)
    keeping = _keeping(request)
    taken = await keeping.taken(member.participant, file.file)
    return await keeping.send(member.participant, taken, saying)


def _attach(entry: str, words: str, attached: Attached) -> Command:
    return QuestionAttach(entry=entry, words=words, attached=attached)


def _ask(words: str, topic: str, to: str, readers: str, attached: Attached) -> Command:
    return QuestionAsk(kind="question", words=words, topic=topic, to=to, readers=readers, attached=attached)


async def _home(request: Request, member: Member, sent: Sent, status: int = 200) -> Response:
    context = await context_of(request, member, sent)
    allowed = context["may"]
    assert isinstance(allowed, May), "the context holds what the reader may do"
    if not allowed.notes:
        raise HTTPException(403)
    return page(request, "family/page.html", {**context, **ALONE, "alone": "family/attachments.html"}, status)


async def _question(request: Request, member: Member, typed: str, fault: str, status: int = 200) -> Response:
    context = await question_context(request, member, typed, fault)
    return page(request, "questions/attachments.html", context, status)
