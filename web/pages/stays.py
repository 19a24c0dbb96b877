"""Came to hospital, went home, moved, died: a move between places of care, recorded by hand in half a minute.

Each is the command ``transition.record`` with the questions that this move needs. "Went home" ends the stay that is
recorded as going on; where none is, it asks where and since when.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from auth.decisions import EntryFacts, Operation, decide
from crdt.sections import Section
from hub.live.commands import Command, Refused
from hub.workflows.contents import active, instant, stamp
from hub.workflows.ongoing_stays import going_on
from hub.workflows.registry import Faults, arguments, build
from web.doors.guards import Member, for_member, keeping, services
from web.pages.admin_people import doer
from web.reading import reader_for, reading_now
from web.rendering import elsewhere, fragment
from web.views.entries import Reader
from web.views.forms import command_rows
from web.views.local_times import typed_instants

TRANSITIONS: Final = Section.TRANSITIONS
_STAY: Final = ("facility", "setting", "start")
"""Asked where no stay is recorded as going on."""
_HANDOFF: Final = ("severity", "summary", "actions", "contingency", "contingency_call", "pending", "plain_words")


@dataclass(frozen=True, slots=True)
class StayMove:
    """One of the moves: the event it records, its words, and what it asks for."""

    event: str
    title: str
    button: str
    asked: tuple[str, ...]
    ends: bool = False
    """It ends the stay that goes on."""
    now: str = "start"
    """The question that begins with this moment."""


MOVES: Final[Mapping[str, StayMove]] = {
    "came": StayMove("admitted", "Came to hospital", "Record that they came", (*_STAY, "reason")),
    "emergency": StayMove(
        "visited", "Seen in an emergency department", "Record the visit", ("facility", "start", "end", "reason")
    ),
    "home": StayMove(
        "discharged", "Went home", "Record that they left", ("destination", "end", "visit_days", *_HANDOFF), True, "end"
    ),
    "moved": StayMove(
        "transferred", "Moved to a facility", "Record the move", ("destination", "end", *_HANDOFF), True, "end"
    ),
    "died": StayMove("died", "Died", "Record the death", ("facility", "start")),
}
"""By the last part of the address, in the order of the plan's links."""


@for_member
async def ask(request: Request, member: Member) -> Response:
    """Show what is asked for this move, beginning with this moment."""
    move = _move(request)
    reader = await _reader(request, member)
    typed = {move.now: [stamp(reader.now)]}
    return _form(request, member, reader, move, typed, {})


@for_member
async def record(request: Request, member: Member) -> Response:
    """Record the move, or show the form again with what was typed."""
    move = _move(request)
    reader = await _reader(request, member)
    typed = typed_instants((await request.form()).multi_items(), reader.setting.reading.zone)
    told = {
        **typed,
        "event": [move.event],
        **({"setting": ["emergency department"]} if move.event == "visited" else {}),
    }
    command = build("transition.record", told, section=TRANSITIONS, entry=_going_on(reader) if move.ends else "")
    if isinstance(command, Faults):
        return _form(request, member, reader, move, typed, command.messages, status=422)
    outcome = await services(request).plans.perform(member.plan_id, member.participant, command)
    if isinstance(outcome, Refused):
        status = {"form": 422, "state": 409}.get(outcome.code, 403)
        return _form(request, member, reader, move, typed, {outcome.field: outcome.reason}, status=status)
    if move.event == "died":
        await _died(request, member, command)
    return elsewhere(request, f"/plans/{member.plan_id}?done=transition.record#section-{TRANSITIONS}")


async def _died(request: Request, member: Member, command: Command) -> None:
    """Write the death into the directory as well: it stops what waits in every plan of the patient."""
    found, reading = keeping(request), reading_now(request)
    plan = await found.plans.get(member.plan_id)
    patient = await found.patients.get(plan.patient_id) if plan is not None else None
    if patient is not None and not patient.deceased:
        began = getattr(command, "start", None)
        on = began.astimezone(reading.zone).date() if isinstance(began, datetime) else reading.today
        acting = await doer(request, member.who)
        await found.lives.died(acting, patient, on.isoformat(), reading.today, by_the_plan=True)


def _move(request: Request) -> StayMove:
    move = MOVES.get(str(request.path_params["move"]))
    if move is None:
        raise HTTPException(404)
    return move


async def _reader(request: Request, member: Member) -> Reader:
    """Return the reader of the section; 403 for who may record no move."""
    reader = await reader_for(request, member, [TRANSITIONS])
    facts = EntryFacts(creator=member.participant.person_id, values={})
    if not decide(member.participant, TRANSITIONS, Operation.CREATE, entry=facts, now=reader.now).allowed:
        raise HTTPException(403)
    return reader


def _going_on(reader: Reader) -> str:
    """Return the stay that is recorded as going on, the latest where there are several; ``""`` for none."""
    stays = [each for each in active(reader.content, TRANSITIONS) if going_on(each, reader.now)]
    stays.sort(key=lambda each: instant(each.values, "start") or reader.now)
    return stays[-1].id if stays else ""


def _form(
    request: Request,
    member: Member,
    reader: Reader,
    move: StayMove,
    typed: Mapping[str, Sequence[str]],
    faults: Mapping[str, str],
    *,
    status: int = 200,
) -> Response:
    names = move.asked if not move.ends or _going_on(reader) else (*_STAY, *move.asked)
    by_name = {each.name: each for each in arguments("transition.record")}
    rows = command_rows(TRANSITIONS, "new", [by_name[name] for name in names], typed, faults, reader.setting)
    context = {
        "rows": rows,
        "hidden": [],
        "title": move.title,
        "button": move.button,
        "action": request.url.path,
        "target": f"#new-{TRANSITIONS}",
        "refusal": " ".join(told for name, told in faults.items() if name not in names),
    }
    back = f"/plans/{member.plan_id}#section-{TRANSITIONS}"
    return fragment(request, "plan/form.html", context, title=move.title, back=back, status=status)
