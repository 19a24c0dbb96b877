"""A specialist's visit update on one screen: typed, previewed, published as one act."""

from collections.abc import Mapping, Sequence
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from auth.decisions import EntryFacts, Operation, decide, sections_readable
from auth.roles import Participant, Role
from crdt.sections import Section
from hub.ids import new_id
from hub.live.commands import Refusal, Refused
from hub.safety.weighing import DANGER, DESPITE, dangers_of
from hub.workflows.previews import PreviewLine, counted, preview
from hub.workflows.registry import Faults, build
from hub.workflows.visits import VisitPublish
from web.doors.guards import Member, for_member, services
from web.reading import reader_for
from web.rendering import elsewhere, is_swap, page
from web.views.banner import banner
from web.views.entries import Reader
from web.views.visits import (
    fingerprint,
    grouped,
    in_use,
    lists_beside,
    parts,
    recommendations,
    referral_words,
    single_rows,
    taken_up,
    waiting_referrals,
    with_shown,
)

CHANGED: Final = "The plan has changed since the preview. This is what would change now."
NOT_DECIDING: Final = "Choose someone who may decide on what you recommend."
Typed = Mapping[str, Sequence[str]]


@for_member
async def show(request: Request, member: Member) -> Response:
    """Show the empty update, for the referral that the query names or for a visit without one; offer what waits."""
    reader, entry = await _about(request, member, str(request.query_params.get("referral", "")))
    return await _form(request, member, reader, entry, {}, {})


@for_member
async def publish(request: Request, member: Member) -> Response:
    """Add a row, show what would change, or publish exactly what was shown; what was typed stays in any case."""
    form = await request.form()
    typed = {name: [str(each) for each in form.getlist(name)] for name in form}
    do, _, more = str(form.get("do", "preview")).partition(" ")
    reader, entry = await _about(request, member, str(form.get("referral", "")))
    if do in ("alters", "stops"):
        return await _form(request, member, reader, entry, taken_up(reader, typed, do, more), {})
    if do == "add":
        return await _form(request, member, reader, entry, typed, {}, more=more)
    command = build("visit.publish", with_shown(typed), entry=entry)
    if isinstance(command, Faults):
        return await _form(request, member, reader, entry, typed, command.messages, status=422)
    assert isinstance(command, VisitPublish), "the registry builds what it is asked for"
    if command.reader and command.reader not in {each.person_id for each in await _deciding(request, member, reader)}:
        return await _form(request, member, reader, entry, typed, {"reader": NOT_DECIDING}, status=422)
    lines = await _lines(request, reader, command)
    if isinstance(lines, Refusal):
        return await _refused(request, member, reader, entry, typed, lines.code, lines.field, lines.reason)
    shown = str(form.get("previewed", ""))
    if do != "publish" or shown != fingerprint(lines):
        stale = do == "publish" and bool(shown)
        faults = {"": CHANGED} if stale else {}
        return await _form(request, member, reader, entry, typed, faults, lines=lines, status=409 if stale else 200)
    outcome = await services(request).plans.perform(member.plan_id, member.participant, command)
    if isinstance(outcome, Refused) and outcome.code == DANGER:
        return await _form(
            request, member, reader, entry, typed, {outcome.field: outcome.reason}, lines=lines, status=422
        )
    if isinstance(outcome, Refused):
        return await _refused(request, member, reader, entry, typed, outcome.code, outcome.field, outcome.reason)
    loop = entry or next(each for each, section in outcome.created.items() if section is Section.REFERRALS)
    return elsewhere(request, f"/plans/{member.plan_id}/referrals/{loop}")


async def _lines(request: Request, reader: Reader, command: VisitPublish) -> tuple[PreviewLine, ...] | Refusal:
    """Return what the update would change now, or what stands against it."""
    changes = command.changes(reader.content, reader.participant, services(request).now(), new_id)
    if isinstance(changes, Refusal):
        return changes
    names = {each.person_id: each.name for each in reader.setting.people.by_id.values()}
    found = dangers_of(reader.content, changes, reader.now)
    told = tuple(
        PreviewLine(Section.MEDICATIONS, each.entries[0], f"Danger: {each.text}", danger=True) for each in found
    )
    return told + preview(reader.content, changes, names)


async def _about(request: Request, member: Member, entry: str) -> tuple[Reader, str]:
    """Return the reader and the referral; 404 for one that is not to be seen, 403 for who publishes no update."""
    if Section.REFERRALS not in sections_readable(member.participant, services(request).now()):
        raise HTTPException(404)
    reader = await reader_for(request, member)
    if entry and not reader.sees(Section.REFERRALS, entry):
        raise HTTPException(404)
    if entry:
        facts, command = reader.facts(Section.REFERRALS, entry), "referral.report"
        decision = decide(
            reader.participant, Section.REFERRALS, Operation.COMMAND, entry=facts, now=reader.now, command=command
        )
    else:
        mine = EntryFacts(creator=reader.participant.person_id, values={"kind": "specialist"})
        decision = decide(reader.participant, Section.REFERRALS, Operation.CREATE, entry=mine, now=reader.now)
    if not decision.allowed:
        raise HTTPException(403)
    return reader, entry


async def _deciding(request: Request, member: Member, reader: Reader) -> list[Participant]:
    """Return who may decide on what is recommended to them, the patient's own doctors first."""
    everyone = await services(request).directory.participants(member.plan_id)
    may = [
        each
        for each in everyone
        if each.person_id != member.participant.person_id
        and decide(
            each,
            Section.REFERRALS,
            Operation.COMMAND,
            entry=EntryFacts(creator=reader.participant.person_id, values={"asker": each.person_id}),
            now=reader.now,
            command="referral.decide_recommendation",
        ).allowed
    ]
    return sorted(may, key=lambda each: each.role is not Role.PRIMARY_CARE)


def _dangerous(lines: Sequence[PreviewLine] | None) -> bool:
    return lines is not None and any(each.danger for each in lines)


async def _refused(
    request: Request, member: Member, reader: Reader, entry: str, typed: Typed, code: str, field: str, reason: str
) -> Response:
    return await _form(request, member, reader, entry, typed, {field: reason}, status=422 if code == "form" else 409)


async def _form(
    request: Request,
    member: Member,
    reader: Reader,
    entry: str,
    typed: Typed,
    faults: Mapping[str, str],
    *,
    more: str = "",
    lines: Sequence[PreviewLine] | None = None,
    status: int = 200,
) -> Response:
    found = services(request)
    deciding = None if entry else await _deciding(request, member, reader)
    rows = single_rows(typed, faults, reader, deciding=deciding)
    shown = parts(typed, faults, reader, more=more)
    named = {DESPITE, *rows, *(row.name for part in shown for line in part.lines for row in line.rows)}
    asker, question = referral_words(reader, entry) if entry else ("", "")
    patient = await found.directory.patient(member.plan_id)
    context = {
        "plan_id": member.plan_id,
        "banner": banner(patient, reader) if patient is not None else None,
        "referral": entry,
        "asker": asker,
        "question": question,
        "waits": [each for each in waiting_referrals(reader) if each[0] != entry],
        "beside": lists_beside(reader),
        "changeable": {each for each, _, _ in in_use(reader)},
        "rows": rows,
        "parts": shown,
        "recommendations": recommendations(typed, more=more == "recommendations"),
        "nothing_to_tell": bool(typed.get("nothing_to_tell")),
        "medicines": in_use(reader),
        "shown": {name: sent[0] for name, sent in typed.items() if name.startswith("shown.") and sent},
        "faulty": [*rows.values(), *(row for part in shown for line in part.lines for row in line.rows)],
        "refusal": " ".join(words for name, words in faults.items() if name not in named),
        "danger": faults.get(DESPITE, "") or ("This leaves a danger." if _dangerous(lines) else ""),
        "despite": next(iter(typed.get(DESPITE, ())), ""),
        "preview": grouped(lines) if lines is not None else None,
        "counted": counted(lines) if lines is not None else "",
        "suggested": sum(line.suggested for line in lines) if lines is not None else 0,
        "fingerprint": fingerprint(lines) if lines is not None else "",
        "person": reader.setting.people.person(member.participant.person_id),
    }
    return page(request, "visits/form.html" if is_swap(request) else "visits/page.html", context, status)
