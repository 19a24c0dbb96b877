"""A referral on a page of its own: composed, followed round its loop, its answer read and decided."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from auth.decisions import EntryFacts, Operation, decide, documents_readable, sections_readable
from crdt.sections import Section
from hub.live.commands import Refused
from hub.record.journal import Row
from hub.workflows.referral_asking import ReferralAsk, results_offered
from hub.workflows.registry import Faults, arguments, build
from hub.workflows.visit_undoing import UNDO, VisitTakeBack
from web.doors.guards import Member, for_member, services
from web.reading import reader_for
from web.rendering import elsewhere, is_swap, page
from web.views.banner import banner
from web.views.entries import Reader, entry_view
from web.views.fields import Choice, FieldRow
from web.views.forms import command_rows
from web.views.history import FieldChange, Happening, Telling, done_words, happenings
from web.views.referrals import referral_view
from web.views.restoring import may_restore
from web.views.sections import fields_readable
from web.views.words import count

ROWS_MAX: Final = 300
REASON_CHARACTERS_MAX: Final = 500
UPDATE_ROWS_MAX: Final = 100
"""Rows that one visit update can have written."""

ROOM: Final = "room"
_SIDE: Final = ("tests_done",)


@for_member
async def show(request: Request, member: Member) -> Response:
    """Show a referral's loop, its answer and what is to be decided; right after publishing, the way back too."""
    return await _page(request, member, {})


@for_member
async def new(request: Request, member: Member) -> Response:
    """Show the form in which a referral is composed, with the results that are at hand."""
    reader = await _composer(request, member)
    return _composing(request, member, reader, {"slot": [request.query_params.get("slot", "")]}, {})


@for_member
async def create(request: Request, member: Member) -> Response:
    """Ask and send, or keep a draft for someone who is to be invited; a repeated test is told first."""
    form = await request.form()
    typed = {name: [str(each) for each in form.getlist(name)] for name in form}
    others = [each.strip() for said in typed.pop("tests_other", []) for each in said.split(",") if each.strip()]
    typed["tests_done"] = [*typed.get("tests_done", []), *others]
    typed["send"] = ["yes" if form.get("do") == "send" else "no"]
    reader = await _composer(request, member)
    command = build("referral.ask", typed)
    if isinstance(command, Faults):
        return _composing(request, member, reader, typed, command.messages, status=422)
    assert isinstance(command, ReferralAsk), "the registry builds what it is asked for"
    outcome = await services(request).plans.perform(member.plan_id, member.participant, command)
    if isinstance(outcome, Refused):
        return _composing(request, member, reader, typed, {outcome.field: outcome.reason}, status=422)
    entry = next(iter(outcome.created), "")
    if _in_a_room(request, typed):
        sent = {"plan_id": member.plan_id, "entry": entry, "to": command.to, "sent": form.get("do") == "send"}
        answer = page(request, "referrals/asked.html", sent)
        answer.headers["hx-trigger"] = "plan:changed-tasks"  # The room looks again: it is one of its reasons now.
        return answer
    if form.get("do") == "invite":
        return elsewhere(request, f"/plans/{member.plan_id}/invitations/new?referral={entry}")
    return elsewhere(request, f"/plans/{member.plan_id}/referrals/{entry}")


@for_member
async def take_back(request: Request, member: Member) -> Response:
    """Take the visit update back whole, while nobody has touched anything of it; else say what stands against it."""
    _, entry = await _entry(request, member)
    rows = await _update_rows(request, member, entry)
    if not rows:
        raise HTTPException(404)
    plans = services(request).plans
    reason = str((await request.form()).get("reason", ""))[:REASON_CHARACTERS_MAX]
    sections = sorted({Section(row.section) for row in rows if row.section})
    command = VisitTakeBack(
        entry=entry,
        publisher=rows[0].actor,
        before=(await plans.content_at(member.plan_id, rows[-1].seq - 1, sections)).sections,
        after=(await plans.content_at(member.plan_id, rows[0].seq, sections)).sections,
        published=rows[0].recorded,
        reason=reason,
    )
    outcome = await plans.perform(member.plan_id, member.participant, command)
    if isinstance(outcome, Refused):
        status = 422 if outcome.code == "form" else 409
        return await _page(request, member, {"refusal": outcome.reason, "reason": reason}, status=status)
    return elsewhere(request, f"/plans/{member.plan_id}/referrals/{entry}")


async def _page(request: Request, member: Member, more: Mapping[str, object], *, status: int = 200) -> Response:
    reader, entry = await _entry(request, member)
    found = services(request)
    rows = await found.journal.history(member.plan_id, section=Section.REFERRALS, entry=entry, limit=ROWS_MAX)
    update = await _update_rows(request, member, entry)
    me = reader.setting.people.person(member.participant.person_id)
    view = referral_view(reader, entry, rows)
    patient = await found.directory.patient(member.plan_id)
    context = {
        "plan_id": member.plan_id,
        "referral": view,
        "entry": entry_view(reader, Section.REFERRALS, entry),
        "changes": [(line, _restorable(reader, line)) for line in _changes(reader, update)],
        "published": _published(member, update, view.state),
        "at_once": bool(update) and services(request).now() - update[0].recorded <= UNDO,
        "reason": "",
        "undo_seconds": int(UNDO.total_seconds()),
        "refusal": "",
        "done": done_words(request.query_params.get("done", "")),
        "first": request.query_params.get("first", "") == "yes",
        "banner": banner(patient, reader) if patient is not None else None,
        "person": me,
        "me": me,
        "socket": f"/plans/{member.plan_id}/live",
        **more,
    }
    return page(request, "referrals/loop.html" if is_swap(request) else "referrals/page.html", context, status)


def _published(member: Member, update: Sequence[Row], state: str) -> str:
    """Return what the reader published, in words, while it can be taken back."""
    if not update or update[0].actor != member.participant.person_id or state != "reported":
        return ""
    sections = len({row.section for row in update})
    return f"Published: {count(len(update), 'entry', 'entries')} in {count(sections, 'section')} changed."


def _changes(reader: Reader, update: Sequence[Row]) -> list[Happening]:
    """Return what the answer changed across the plan, of what the reader may see."""
    readable = sections_readable(reader.participant, reader.now)
    fields_of = {section: fields_readable(reader, section) for section in readable}
    live = documents_readable(reader.participant, reader.now)
    telling = Telling(reader.setting, reader.sees, fields_of, live, reader.participant.person_id)
    return list(happenings(update, telling))


def _restorable(reader: Reader, line: Happening) -> list[tuple[FieldChange, str]]:
    """Return each change with the field that the reader may restore by it, ``""`` where nothing stood before."""
    return [
        (change, may_restore(reader, replace(line, changes=(change,))) if change.before else "")
        for change in line.changes
    ]


async def _update_rows(request: Request, member: Member, entry: str) -> list[Row]:
    """Return the rows of the referral's last visit update, of all its sections, the newest first."""
    journal = services(request).journal
    rows = await journal.history(member.plan_id, section=Section.REFERRALS, entry=entry, limit=ROWS_MAX)
    row = next((each for each in rows if each.event == "visit.publish" and each.outcome == "success"), None)
    if row is None:
        return []
    near = await journal.history(member.plan_id, before_seq=row.seq + UPDATE_ROWS_MAX, limit=2 * UPDATE_ROWS_MAX)
    at = next(index for index, each in enumerate(near) if each.seq == row.seq)
    first = last = at
    while first > 0 and _same(near[first - 1], row):
        first -= 1
    while last + 1 < len(near) and _same(near[last + 1], row):
        last += 1
    return near[first : last + 1]


def _same(one: Row, other: Row) -> bool:
    return (one.event, one.actor, one.session, one.recorded, one.outcome) == (
        other.event, other.actor, other.session, other.recorded, other.outcome,
    )  # fmt: skip


async def _entry(request: Request, member: Member) -> tuple[Reader, str]:
    if Section.REFERRALS not in sections_readable(member.participant, services(request).now()):
        raise HTTPException(404)
    reader = await reader_for(request, member)
    entry = str(request.path_params["entry"])
    if not reader.sees(Section.REFERRALS, entry):
        raise HTTPException(404)
    return reader, entry


async def _composer(request: Request, member: Member) -> Reader:
    reader = await reader_for(request, member)
    mine = EntryFacts(creator=member.participant.person_id, values={"kind": "community"})
    if not decide(member.participant, Section.REFERRALS, Operation.CREATE, entry=mine, now=reader.now).allowed:
        raise HTTPException(403)
    return reader


def _composing(
    request: Request,
    member: Member,
    reader: Reader,
    typed: Mapping[str, Sequence[str]],
    faults: Mapping[str, str],
    *,
    status: int = 200,
) -> Response:
    asked = [each for each in arguments("referral.ask") if each.name not in _SIDE]
    rows = command_rows(Section.REFERRALS, "new", asked, typed, faults, reader.setting)
    rows = tuple(_of_need(row, reader) if row.name == "need" else row for row in rows)
    offered = results_offered(reader.content, reader.participant, reader.now)
    named = {row.name for row in rows}
    context = {
        "plan_id": member.plan_id,
        "rows": rows,
        "repeating": bool(faults.get("repeat_why")) or bool(typed.get("repeat_why", [""])[0]),
        "offered": offered,
        "chosen": set(typed.get("tests_done", [])),
        "others": [each for each in typed.get("tests_done", []) if each not in offered],
        "refusal": " ".join(message for name, message in faults.items() if name not in named),
        "in_room": _in_a_room(request, typed),
        "person": reader.setting.people.person(member.participant.person_id),
    }
    return page(request, "referrals/form.html" if is_swap(request) else "referrals/new.html", context, status)


def _in_a_room(request: Request, typed: Mapping[str, Sequence[str]]) -> bool:
    """Say whether the form stands within a huddle's room, which who fills it in does not want to leave."""
    return is_swap(request) and ROOM in typed.get("slot", ())


def _of_need(row: FieldRow, reader: Reader) -> FieldRow:
    """Return the row of the need that a community referral answers, with the needs one may see."""
    needs = reader.setting.options(Section.SOCIAL_NEEDS)
    return replace(row, choices=tuple(Choice(entry, said, entry == row.value) for entry, said in needs))
