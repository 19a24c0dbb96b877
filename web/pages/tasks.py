"""A task in one line, from anywhere in a plan: ``/task Call cardiology for the report @ana fri``."""

from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from auth.decisions import sections_readable
from crdt.sections import SECTIONS, Section
from hub.live.commands import Done, Refused
from hub.workflows.entries import EntryCreate
from hub.workflows.one_line import parse
from web.doors.guards import Member, for_member, services
from web.reading import reader_for, reading_now
from web.rendering import elsewhere, fragment, is_swap, page
from web.views.comments import known
from web.views.entries import entry_view

LINE_FAULT_STATUS = 422


@for_member
async def line_form(request: Request, member: Member) -> Response:
    """Show the line in which a task is typed, about an entry where the query names one."""
    return await asking(request, member, "", str(request.query_params.get("about", "")), {})


@for_member
async def line(request: Request, member: Member) -> Response:
    """Make the task that the line says, or show the line again with what it leaves open."""
    form = await request.form()
    return await add(request, member, str(form.get("line", "")), str(form.get("about", "")))


async def add(request: Request, member: Member, typed: str, about: str) -> Response:
    """Make the task of a line typed anywhere; ``about`` is ``section/entry`` of what it supports, or empty."""
    found = services(request)
    parsed = parse(typed, known(await found.directory.participants(member.plan_id)), reading_now(request).today)
    if parsed.faults:
        return await asking(request, member, typed, about, parsed.faults, status=LINE_FAULT_STATUS)
    section, entry = _about(request, member, about)
    values = parsed.values()
    if entry and section is not None and not SECTIONS[section].restricted:
        values["supports"] = {entry: True}
    command = EntryCreate(section=Section.TASKS, values=values)
    outcome = await found.plans.perform(member.plan_id, member.participant, command)
    if isinstance(outcome, Refused):
        return await asking(request, member, typed, about, {outcome.field: outcome.reason}, status=403)
    return _added(request, member, outcome)


def _added(request: Request, member: Member, outcome: Done) -> Response:
    made = next((each for each, section in outcome.created.items() if section is Section.TASKS), "")
    if not is_swap(request):
        return elsewhere(request, f"/plans/{member.plan_id}#entry-{made}")
    answer = page(request, "plan/done.html", {"entry": made, "words": "Task added."})
    answer.headers["hx-trigger"] = "plan:changed-tasks"
    return answer


async def asking(
    request: Request, member: Member, typed: str, about: str, faults: Mapping[str, str], *, status: int = 200
) -> Response:
    """Show the line with what was typed, and beside it what it leaves open."""
    section, entry = _about(request, member, about)
    reader = await reader_for(request, member, [section] if section is not None else [])
    if section is not None and not reader.sees(section, entry):
        raise HTTPException(404)
    named = entry_view(reader, section, entry).headline if section is not None else ""
    context = {
        "plan_id": member.plan_id,
        "line": typed,
        "about": about if entry else "",
        "named": named,
        "faults": list(faults.values()),
        "target": f"#form-{entry}" if entry else f"#new-{Section.TASKS}",
    }
    back = f"/plans/{member.plan_id}#{f'entry-{entry}' if entry else 'section-tasks'}"
    return fragment(request, "plan/task_line.html", context, title="Add a task", back=back, status=status)


def _about(request: Request, member: Member, about: str) -> tuple[Section | None, str]:
    """Return the section and entry that a task is about, nothing where the address names none one may read."""
    name, _, entry = about.partition("/")
    if not entry:
        return None, ""
    readable = sections_readable(member.participant, services(request).now())
    if name not in readable:
        raise HTTPException(404)
    return Section(name), entry
