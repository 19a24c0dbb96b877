"""What a plan begins with: the entries of a template, shown, chosen, and put into the plan by a member of the team."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from auth.decisions import EntryFacts, Operation, decide
from auth.roles import Participant
from crdt.sections import SECTIONS, Section
from hub.access.keeping_rows import KeepingError
from hub.directory.plan_templates import STEWARD, PlanTemplate, TemplateEntry, plan_templates
from hub.live.commands import Outcome, PlanContent, Refused
from hub.workflows.plan_beginning import PlanBegin, entries_of, lacking_of
from web.doors.guards import Member, for_member, keeping, services
from web.pages.admin_people import doer
from web.reading import reader_for
from web.rendering import elsewhere, page
from web.views.entries import Reader
from web.views.words import day, day_of


@dataclass(frozen=True, slots=True)
class BeginningLine:
    """One entry that a template would put into the plan."""

    entry_id: str
    section: str
    words: str
    owner: str
    due: str
    may: bool
    """The reader may put it there."""


@for_member
async def show(request: Request, member: Member) -> Response:
    """Show what of the template is not in the plan yet, and who may put it there."""
    return await _show(request, member, "")


@for_member
async def begin(request: Request, member: Member) -> Response:
    """Put what was chosen into the plan, or leave the rest of the template out."""
    form = await request.form()
    if form.get("act") == "leave out":
        try:
            await keeping(request).care.leave_out(await doer(request, member.who), member.plan_id)
        except KeepingError as error:
            return await _show(request, member, str(error))
        return elsewhere(request, f"/plans/{member.plan_id}")
    chosen = frozenset(str(each) for each in form.getlist("entry"))
    outcome = await begun(request, member.participant, _template(request, str(form.get("template", ""))), chosen)
    if isinstance(outcome, Refused):
        return await _show(request, member, outcome.reason)
    return elsewhere(request, f"/plans/{member.plan_id}?done=plan.begin")


async def begun(
    request: Request, participant: Participant, template: PlanTemplate, chosen: frozenset[str] | None = None
) -> Outcome:
    """Put these entries of a template into a plan, all where none are named, as far as the participant may."""
    plan_id = participant.plan_id
    wanted = chosen
    if wanted is None:
        wanted = frozenset(each.id_in(plan_id, template.name) for each in template.entries)
    command = PlanBegin(template=template, people=await _people(request, plan_id), chosen=wanted)
    return await services(request).plans.perform(plan_id, participant, command)


def beginning(reader: Reader, template: str) -> PlanTemplate | None:
    """Return the template that the plan was opened with while the reader may put more of it there."""
    found, plan, me = plan_templates().get(template), reader.content, reader.participant
    for entry in lacking_of(plan, found) if found is not None else ():
        facts = EntryFacts(creator=me.person_id, values={})
        if decide(me, entry.section, Operation.CREATE, entry=facts, now=reader.now).allowed:
            return found
    return None


async def _show(request: Request, member: Member, fault: str) -> Response:
    patient = await services(request).directory.patient(member.plan_id)
    if patient is None:
        raise HTTPException(404)
    template = _template(request, request.query_params.get("template", patient.template))
    reader = await reader_for(request, member)
    people = await _people(request, member.plan_id)
    lines = _lines(reader.content, template, people, member.participant, request)
    names = reader.setting.people
    context = {
        "plan_id": member.plan_id, "template": template, "fault": fault, "mine": template.name == patient.template,
        "lines": [(each, names.name(each.owner) if each.owner else "") for each in lines],
        "others": [each for each in plan_templates().values() if each.name != template.name],
        "patient": patient.name,
    }  # fmt: skip
    return page(request, "plan/begin.html", context, 422 if fault else 200)


def _lines(
    plan: PlanContent, template: PlanTemplate, people: Mapping[str, str], participant: Participant, request: Request
) -> Sequence[BeginningLine]:
    now = services(request).now()
    there = entries_of(plan) | {each.id_in(plan.plan_id, template.name) for each in template.entries}
    found: list[BeginningLine] = []
    for entry in lacking_of(plan, template):
        values = template.values(entry, plan.plan_id, people, plan.day_of(now), there)
        if values is None:
            continue
        facts = EntryFacts(creator=participant.person_id, values=values)
        found.append(
            BeginningLine(
                entry.id_in(plan.plan_id, template.name),
                SECTIONS[entry.section].title,
                _words(entry, values),
                str(values.get("owner") or values.get("responder") or values.get("person") or ""),
                day(due) if (due := day_of(values.get("due"))) is not None else "",
                decide(participant, entry.section, Operation.CREATE, entry=facts, now=now).allowed,
            )
        )
    return found


def _words(entry: TemplateEntry, values: Mapping[str, object]) -> str:
    if entry.section is Section.CARE_TEAM:
        return f"{values['role']}: {values['responsible_for']}"
    return str(values[SECTIONS[entry.section].headline])


def _template(request: Request, name: str) -> PlanTemplate:
    found = plan_templates().get(name) or (None if name else next(iter(plan_templates().values())))
    if found is None:
        raise HTTPException(404)
    return found


async def _people(request: Request, plan_id: str) -> dict[str, str]:
    """Return person ids of the team by part: the first by name of each role, and the steward."""
    plan = await keeping(request).plans.get(plan_id)
    people: dict[str, str] = {STEWARD: plan.steward} if plan is not None and plan.steward else {}
    for each in await keeping(request).care.team(plan_id):
        people.setdefault(each.role.value.replace("_", " "), each.person_id)
    return people
