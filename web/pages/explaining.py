"""Why: a reason said for an edit that was just made, and who wrote which words of a text."""

from collections.abc import Sequence
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from crdt.fields import Kind
from crdt.sections import SECTIONS
from crdt.updates import FROM_JOURNAL, read_update
from hub.record.journal import CHANGES_CONTENT, ROWS_READ_MAX, Act, Action, Narrowed, Row
from web.doors.guards import InSection, for_section, services
from web.reading import reader_for
from web.rendering import elsewhere, fragment, is_swap, page
from web.views.entries import Reader
from web.views.sections import fields_readable
from web.views.writers import Written, written_by

REASON_CHARACTERS_MAX: Final = 500


@for_section
async def ask(request: Request, here: InSection) -> Response:
    """Ask the person who changed a field last why they did."""
    reader, entry, name = await _field(request, here, request.query_params.get("field", ""))
    edit = await _own_edit(request, here, entry, name)
    return _asking(request, here, reader, entry, name, edit, "")


@for_section
async def explain(request: Request, here: InSection) -> Response:
    """Keep a reason beside the edit it is about, as a row of its own."""
    form = await request.form()
    reader, entry, name = await _field(request, here, str(form.get("field", "")))
    edit = await _own_edit(request, here, entry, name)
    reason = " ".join(str(form.get("reason", "")).split())
    if not 0 < len(reason) <= REASON_CHARACTERS_MAX:
        fault = f"Say why, in at most {REASON_CHARACTERS_MAX} characters."
        return _asking(request, here, reader, entry, name, edit, fault, status=422)
    who = here.member.participant
    act = Act(
        plan=here.plan_id,
        actor=who.person_id,
        action=Action.EXPLAIN,
        role=who.role,
        session=who.session_id,
        section=here.section,
        entry=entry,
        field=name,
        event="edit.explain",
        reason=reason,
        words={"of": edit.seq},
    )
    await services(request).plans.record([act])
    if not is_swap(request):
        return elsewhere(request, f"/plans/{here.plan_id}#entry-{entry}")
    answer = page(request, "plan/done.html", {"entry": entry, "words": "Kept with the change."})
    answer.headers["hx-trigger"] = f"plan:changed-{here.section}"
    return answer


@for_section
async def writers(request: Request, here: InSection) -> Response:
    """Show who wrote which words of a text, and when."""
    reader, entry, name = await _field(request, here, request.query_params.get("field", ""))
    declared = SECTIONS[here.section].field(name)
    if declared is None or declared.kind is not Kind.TEXT:
        raise HTTPException(404)
    found = services(request)
    rows = await found.journal.history(
        here.plan_id,
        section=here.section,
        entry=entry,
        narrowed=Narrowed(actions=CHANGES_CONTENT),
        limit=ROWS_READ_MAX,
    )
    strokes = [(row, read_update(row.update, FROM_JOURNAL)) for row in rows if row.update and row.field in (name, "")]
    passages = await found.plans.passages(here.plan_id, here.section, entry, name)
    told: Sequence[Written] = written_by(passages, strokes, reader.content.people, reader.setting)
    context = {
        "plan_id": here.plan_id,
        "about": f"{reader.setting.names(here.section, entry)}, {declared.label}",
        "written": told,
    }
    return fragment(
        request, "plan/writers.html", context, title="Who wrote this", back=f"/plans/{here.plan_id}#entry-{entry}"
    )


async def _field(request: Request, here: InSection, name: str) -> tuple[Reader, str, str]:
    """Return the reader and the field that is meant; 404 for what is not there or not to be seen."""
    reader = await reader_for(request, here.member, [here.section])
    entry = str(request.path_params["entry"])
    if not reader.sees(here.section, entry) or name not in fields_readable(reader, here.section):
        raise HTTPException(404)
    return reader, entry, name


async def _own_edit(request: Request, here: InSection, entry: str, name: str) -> Row:
    """Return the last edit of the field, which must be the reader's own; 403 for anyone else."""
    rows = await services(request).journal.history(
        here.plan_id, section=here.section, entry=entry, narrowed=Narrowed(actions=CHANGES_CONTENT), limit=50
    )
    last = next((row for row in rows if row.outcome == "success" and _touches(row, name)), None)
    if last is None or last.actor != here.member.participant.person_id:
        raise HTTPException(403)
    return last


def _touches(row: Row, name: str) -> bool:
    if row.field:
        return row.field == name
    told = (row.words or {}).get("fields")
    return isinstance(told, list) and any(isinstance(each, dict) and each.get("field") == name for each in told)


def _asking(
    request: Request,
    here: InSection,
    reader: Reader,
    entry: str,
    name: str,
    edit: Row,
    fault: str,
    *,
    status: int = 200,
) -> Response:
    declared = SECTIONS[here.section].field(name)
    context = {
        "action": f"/plans/{here.plan_id}/entries/{here.section}/{entry}/why",
        "target": f"#form-{entry}",
        "field": name,
        "what": f"{reader.setting.names(here.section, entry)}, {declared.label if declared is not None else name}",
        "seq": edit.seq,
        "refusal": fault,
        "characters_max": REASON_CHARACTERS_MAX,
    }
    back = f"/plans/{here.plan_id}#entry-{entry}"
    return fragment(request, "plan/why.html", context, title="Why", back=back, status=status)
