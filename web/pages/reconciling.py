"""All medicines to decide on one page: continue, change or stop each, and take it as one act."""

from collections.abc import Mapping

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from auth.decisions import sections_readable
from crdt.sections import Section
from hub.live.commands import Refused
from hub.safety.weighing import DESPITE
from hub.workflows.medications import DECISIONS, MedicationDecide
from hub.workflows.reconciling import MedicationsReconcile
from web.doors.guards import Member, for_member, services
from web.reading import reader_for, team
from web.rendering import elsewhere, is_swap, page
from web.views.banner import banner
from web.views.entries import Reader
from web.views.reconciling import LineTyped, ReconcileView, reconcile_view

MEDICATIONS = Section.MEDICATIONS
WORDS_CHARACTERS_MAX = 500


@for_member
async def show(request: Request, member: Member) -> Response:
    """Show the medicines on which this person may decide, those that need thought first."""
    reader = await _reader(request, member)
    return await _answer(request, member, reader, reconcile_view(reader, {}))


@for_member
async def decide(request: Request, member: Member) -> Response:
    """Take the decisions as one act; where one can't be taken none is, and everything typed stays."""
    form = await request.form()
    reader = await _reader(request, member)
    typed, despite = _typed(form), str(form.get("despite", ""))[:WORDS_CHARACTERS_MAX]
    view = reconcile_view(reader, typed, despite=despite)
    lines = [*view.thought, *view.unchanged]
    if form.get("do") == "continue":
        alone = {line.entry for line in view.unchanged if not line.typed.decision}
        typed |= {entry: LineTyped(decision="continue") for entry in alone}
    command = MedicationsReconcile(
        lines=[
            _decision(line.entry, typed[line.entry], str(form.get(f"seen.{line.entry}", line.dose)))
            for line in lines
            if line.entry in typed and typed[line.entry].decision
        ],
        despite=despite,
    )
    gone = set(typed) - {line.entry for line in lines}
    if any(typed[entry].decision for entry in gone):
        fault = "Somebody decided on one of these meanwhile; their decision stands. Look again and decide the rest."
        return await _answer(request, member, reader, reconcile_view(reader, typed, fault=fault), status=409)
    outcome = await services(request).plans.perform(member.plan_id, member.participant, command)
    if not isinstance(outcome, Refused):
        return elsewhere(request, f"/plans/{member.plan_id}/reconcile?done=yes")
    reader = await _reader(request, member)
    told = outcome.reason
    if outcome.field == DESPITE:
        told = f"{told} Say it below, or stop the medicine."
    return await _answer(
        request, member, reader, reconcile_view(reader, typed, despite=despite, fault=told), status=422
    )


async def _reader(request: Request, member: Member) -> Reader:
    if MEDICATIONS not in sections_readable(member.participant, services(request).now()):
        raise HTTPException(404)
    return await reader_for(request, member)


def _typed(form: FormData) -> dict[str, LineTyped]:
    """Return what was chosen and typed, by medicine."""
    entries = {name.partition(".")[2] for name in form if name.startswith(("decision.", "seen."))}
    found: Mapping[str, LineTyped] = {entry: _line_typed(form, entry) for entry in entries}
    return dict(found)


def _line_typed(form: FormData, entry: str) -> LineTyped:
    def said(name: str) -> str:
        return str(form.get(f"{name}.{entry}", "")).strip()[:WORDS_CHARACTERS_MAX]

    decision = said("decision")
    return LineTyped(decision if decision in DECISIONS else "", said("reason"), said("dose"), said("frequency"))


def _decision(entry: str, typed: LineTyped, seen: str) -> MedicationDecide:
    changes = typed.decision == "change"
    return MedicationDecide(
        entry=entry,
        decision=typed.decision,
        reason=typed.reason,
        dose=typed.dose if changes and typed.dose != seen else "",
        frequency=typed.frequency if changes else "",
        seen=seen,
    )


async def _answer(
    request: Request, member: Member, reader: Reader, view: ReconcileView, *, status: int = 200
) -> Response:
    patient = await services(request).directory.patient(member.plan_id)
    if patient is None:
        raise HTTPException(404)
    _, me = await team(request, member)
    context = {
        "plan_id": member.plan_id,
        "view": view,
        "banner": banner(patient, reader),
        "person": me,
        "me": me,
        "here": "panel",
        "socket": f"/plans/{member.plan_id}/live",
        "done": request.query_params.get("done") == "yes",
    }
    template = "reconcile/list.html" if is_swap(request) else "reconcile/page.html"
    return page(request, template, context, status)
