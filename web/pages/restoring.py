"""Restore a field, an entry or a section to how it stood at a row of the journal: what would change, a reason, done."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from crdt.sections import SECTIONS, Section
from hub.ids import new_id
from hub.live.commands import Command, Refusal, Refused
from hub.workflows.restoring import RestoreEntry, RestoreField, RestoreSection
from web.doors.guards import InSection, for_section, services
from web.reading import reader_for
from web.rendering import elsewhere, fragment, is_swap, page
from web.views.entries import Reader
from web.views.restoring import restorables
from web.views.sections import fields_readable
from web.views.words import moment

_STATUS: Mapping[str, int] = {"form": 422, "state": 409, "gone": 409, "command": 409, "size": 409}


@dataclass(frozen=True, slots=True)
class RestoreRequest:
    """What is to be restored, and as of which row."""

    section: Section
    entry: str
    field: str
    version: int


@for_section
async def ask(request: Request, here: InSection) -> Response:
    """Show what a restoration would change, and ask why."""
    reader, asked = await _asked(request, here, dict(request.query_params))
    return await _asking(request, here, reader, asked, "", "")


@for_section
async def restore(request: Request, here: InSection) -> Response:
    """Make it so by a new edit of the reader's, or say why not."""
    form = await request.form()
    typed = {name: str(value) for name, value in form.items()}
    reader, asked = await _asked(request, here, typed)
    reason = typed.get("reason", "")
    command = await _command(request, here, asked, reason)
    outcome = await services(request).plans.perform(here.plan_id, here.member.participant, command)
    if isinstance(outcome, Refused):
        status = _STATUS.get(outcome.code, 403)
        return await _asking(request, here, reader, asked, reason, outcome.reason, status=status)
    if not is_swap(request):
        return elsewhere(request, _back(here, asked))
    answer = page(request, "plan/done.html", {"entry": asked.entry, "words": "Restored."})
    answer.headers["hx-trigger"] = f"plan:changed-{here.section}"
    return answer


async def _asked(request: Request, here: InSection, typed: Mapping[str, str]) -> tuple[Reader, RestoreRequest]:
    """Return the reader and what is meant; 404 for what is not there or not to be seen."""
    reader = await reader_for(request, here.member, [here.section])
    entry = str(request.path_params.get("entry", ""))
    version, name = typed.get("version", ""), typed.get("field", "")
    if not version.isdecimal() or not 0 < len(version) < 16:
        raise HTTPException(404)
    if entry and not reader.sees(here.section, entry):
        raise HTTPException(404)
    if name and (not entry or name not in fields_readable(reader, here.section)):
        raise HTTPException(404)
    return reader, RestoreRequest(here.section, entry, name, int(version))


async def _command(request: Request, here: InSection, asked: RestoreRequest, reason: str) -> Command:
    then = await services(request).plans.content_at(here.plan_id, asked.version, [here.section])
    if not asked.entry:
        was = {entry: it.values for entry, it in then.entries(here.section).items()}
        return RestoreSection(section=here.section, was=was, version=asked.version, reason=reason)
    held = then.entry(here.section, asked.entry)
    values = held.values if held is not None else {}
    if not asked.field:
        return RestoreEntry(section=here.section, entry=asked.entry, was=values, version=asked.version, reason=reason)
    return RestoreField(
        section=here.section,
        entry=asked.entry,
        field=asked.field,
        was=values.get(asked.field),
        version=asked.version,
        reason=reason,
    )


async def _asking(
    request: Request,
    here: InSection,
    reader: Reader,
    asked: RestoreRequest,
    reason: str,
    refusal: str,
    *,
    status: int = 200,
) -> Response:
    command = await _command(request, here, asked, reason or "…")
    found = command.changes(reader.content, reader.participant, reader.now, new_id)
    changes = [] if isinstance(found, Refusal) else found
    if isinstance(found, Refusal) and not refusal:
        refusal = found.reason
    rows = await services(request).journal.history(here.plan_id, before_seq=asked.version + 1, limit=1)
    declared = SECTIONS[here.section].field(asked.field)
    what = SECTIONS[here.section].title if not asked.entry else reader.setting.names(here.section, asked.entry)
    context = {
        "plan_id": here.plan_id,
        "what": f"{what}, {declared.label}" if declared is not None else what,
        "asked": asked,
        "action": request.url.path,
        "when": moment(rows[0].recorded, reader.setting.reading) if rows else None,
        "changes": restorables(reader, here.section, changes),
        "reason": reason,
        "refusal": refusal,
    }
    return fragment(request, "plan/restore.html", context, title="Restore", back=_back(here, asked), status=status)


def _back(here: InSection, asked: RestoreRequest) -> str:
    return f"/plans/{here.plan_id}#" + (f"entry-{asked.entry}" if asked.entry else f"section-{here.section}")
