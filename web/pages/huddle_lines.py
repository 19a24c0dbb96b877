"""What is typed in the room: a decision, a task in one line, what to do if, a remark for the team, a read-back."""

from dataclasses import replace
from datetime import date
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from auth.roles import Participant
from hub.live.commands import Command, Refused
from hub.workflows.entries import EntryCreate
from hub.workflows.huddle_notes import REMARK, HuddleAssign, HuddleNote
from hub.workflows.huddle_states import Course
from hub.workflows.huddles import HuddleReadBack
from hub.workflows.one_line import Nameable, TaskLine, parse
from web.doors.directory import SignedIn
from web.doors.guards import assigned, for_person, services
from web.huddling import Attending, attending
from web.pages.huddle_room import arrived, present_members, room
from web.reading import reading_now

LINE_MAX: Final = 2_000


@for_person
async def note(request: Request, who: SignedIn) -> Response:
    """Write one line about a patient of the huddle, or give it back with what is wrong with it."""
    here, participant = await _in(request, who)
    form = await request.form()
    kind, line = str(form.get("kind", "")), " ".join(str(form.get("line", ""))[:LINE_MAX].split())
    if not line:
        return await _back(request, here, participant, "Type the line first.", 422, line)
    if here.huddle.course is not Course.RUNNING or here.huddle.attendee(here.me) is None:
        refusal = "This huddle is not running now." if here.huddle.attendee(here.me) else "Join the huddle first."
        return await _back(request, here, participant, refusal, 409, line)
    command = await _command(request, here, participant, kind, line)
    if isinstance(command, str):
        return await _back(request, here, participant, command, 422, line)
    return await _performed(request, here, participant, command, line)


@for_person
async def assign(request: Request, who: SignedIn) -> Response:
    """Give a task that was caught without them its owner and its day, typed as ``@ana fri``."""
    here, participant = await _in(request, who)
    form = await request.form()
    line = " ".join(str(form.get("line", ""))[:LINE_MAX].split())
    entry, settles = str(form.get("entry", "")), str(form.get("settles", ""))
    if settles:
        command = await _do(request, here, participant, f"{settles} {line}", settles=settles)
        if isinstance(command, str):
            return await _back(request, here, participant, command, 422, line)
        return await _performed(request, here, participant, command, line)
    read = await _read(request, participant, f"task {line}")
    if "owner" in read.faults and "@" in line:
        return await _back(request, here, participant, read.faults["owner"], 422, line)
    return await _performed(request, here, participant, HuddleAssign(entry=entry, owner=read.owner, due=read.due), line)


@for_person
async def read_back(request: Request, who: SignedIn) -> Response:
    """Say in one's own words what one will do; the tasks asked of one are accepted with it."""
    here, participant = await _in(request, who)
    form = await request.form()
    line = " ".join(str(form.get("line", ""))[:LINE_MAX].split())
    command = HuddleReadBack(entry=str(form.get("entry", "")), words=line)
    return await _performed(request, here, participant, command, line)


async def _in(request: Request, who: SignedIn) -> tuple[Attending, Participant]:
    """Return the reader at the huddle and their part in the patient's plan that the form names; 404 for none."""
    here = await attending(request, who)
    place = here.places.get(str((await request.form()).get("plan", "")))
    if place is None:
        raise HTTPException(404)
    return here, await assigned(request, place.participant)


async def _command(request: Request, here: Attending, participant: Participant, kind: str, line: str) -> Command | str:
    """Return what the line means, or what is wrong with it."""
    if kind == "remark":
        return EntryCreate(section=REMARK, values={"words": line})
    attendees = await present_members(request, here, participant.plan_id)
    if kind == "decide":
        return HuddleNote(huddle=here.huddle.huddle_id, topic=here.huddle.title, attendees=attendees, decision=line)
    if kind == "if":
        return HuddleNote(huddle=here.huddle.huddle_id, topic=here.huddle.title, attendees=attendees, contingency=line)
    if kind != "do":
        raise HTTPException(404)
    return await _do(request, here, participant, line)


async def _do(
    request: Request, here: Attending, participant: Participant, line: str, *, settles: str = ""
) -> Command | str:
    """Return the task that the line says, its words kept waiting where owner or day is left out, or its fault."""
    read = await _read(request, participant, line)
    if "title" in read.faults:
        return read.faults["title"]
    if "owner" in read.faults and "@" in line:
        return read.faults["owner"]
    if "due" in read.faults and read.due is not None:
        return read.faults["due"]
    note = HuddleNote(
        huddle=here.huddle.huddle_id,
        topic=here.huddle.title,
        attendees=await present_members(request, here, participant.plan_id),
    )
    if not read.faults:
        return replace(note, task=read.title, owner=read.owner, due=read.due, settles=settles)
    return next(iter(read.faults.values())) if settles else replace(note, catch=line)


async def _read(request: Request, participant: Participant, line: str) -> TaskLine:
    members = await services(request).directory.participants(participant.plan_id)
    people = [Nameable(each.person_id, each.name, each.role) for each in members if not each.removed]
    today: date = reading_now(request).today
    return parse(line, people, today)


async def _performed(
    request: Request, here: Attending, participant: Participant, command: Command, line: str
) -> Response:
    outcome = await services(request).plans.perform(participant.plan_id, participant, command)
    if isinstance(outcome, Refused):
        status = 422 if outcome.code == "form" else 409 if outcome.code in ("state", "gone", "signed") else 403
        return await _back(request, here, participant, outcome.reason, status, line)
    return await arrived(request, here.who, at=await _at(request, here, participant))


async def _back(
    request: Request, here: Attending, participant: Participant, refusal: str, status: int, line: str
) -> Response:
    at = await _at(request, here, participant)
    return await room(request, here, at=at, refusal=refusal, status=status, typed=line)


async def _at(request: Request, here: Attending, participant: Participant) -> str:
    """Return the patient to stay at: whoever stepped out, or whom the huddle left while they typed, stays there."""
    stepped_out = bool((await request.form()).get("at"))
    return participant.plan_id if stepped_out or participant.plan_id != here.huddle.current else ""
