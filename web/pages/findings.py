"""Findings of the rules over medicines: at the plan's top, and while a medicine is being written."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from crdt.changes import Create
from crdt.sections import Section
from hub.workflows.contents import words
from hub.workflows.imagined import imagined
from hub.workflows.registry import entry_values
from web.beside import beside
from web.counting import count_shown
from web.doors.guards import InSection, Member, for_member, for_section
from web.reading import reader_for
from web.rendering import fragment, page
from web.views.findings import FindingsView, findings_view

MEDICATIONS = Section.MEDICATIONS
TRIED = "being-written"
"""Stands for the medicine that is being written and is not in the plan yet."""


@for_member
async def show(request: Request, member: Member) -> Response:
    """Show the findings alone, as the fragment with which an open page renews them."""
    reader = await reader_for(request, member)
    told = await beside(findings_view, member.participant, reader.content, reader.setting.people.name, reader.now)
    context = {"plan_id": member.plan_id, "findings": told}
    return fragment(request, "plan/findings.html", context, title="Findings", back=f"/plans/{member.plan_id}#findings")


@for_section
async def try_out(request: Request, here: InSection) -> Response:
    """Show what the rules would say if what is typed were in the plan; nothing is kept.

    Of a medicine of the plan (``entry`` of the query) with ``beyond`` only what its row does not say already.
    """
    reader = await reader_for(request, here.member, [here.section])
    form = await request.form()
    typed = {name: [str(each) for each in form.getlist(name)] for name in form}
    values, _ = entry_values(MEDICATIONS, typed)
    entry = request.query_params.get("entry", "")
    if entry and not reader.sees(MEDICATIONS, entry):
        raise HTTPException(404)
    held = reader.content.entry(MEDICATIONS, entry)
    known = dict(held.values) if held is not None else {"kind": "medicine", "taking": "active"}
    if not words(known | values, "name"):
        return page(request, "plan/tried.html", {"plan_id": here.plan_id, "findings": FindingsView()})
    changes = [Create(MEDICATIONS, entry or TRIED, {**known, **values})]
    after = imagined(reader.content, changes, by=0)
    name_of = reader.setting.people.name
    told = await beside(findings_view, here.member.participant, after, name_of, reader.now, entry=entry or TRIED)
    if held is not None and "beyond" in request.query_params:
        stands = findings_view(here.member.participant, reader.content, name_of, reader.now, entry=entry)
        told = told.beyond(stands)
    count_shown(told)
    context = {"plan_id": here.plan_id, "findings": told}
    return page(request, "plan/tried.html", context)
