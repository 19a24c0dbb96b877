"""A copy of everything for the patient: one file to read, one for programs, with the list of who has looked."""

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from auth.roles import AS_PATIENT
from hub.fhir.bundles import seen_by
from hub.record.journal import Act, Action
from web.asking import access
from web.doors.guards import Member, for_member, keeping, services
from web.reading import reader_for
from web.rendering import page
from web.views.people import ROLE_WORDS
from web.views.personal_copies import LOOKS_MAX, PersonalCopy, looks_of, looks_told, sections_of
from web.views.words import born_words, day_and_time


@for_member
async def show(request: Request, member: Member) -> Response:
    """Show what the copy holds, and where to take it."""
    _mine(member)
    return page(request, "copies/page.html", {"plan_id": member.plan_id})


@for_member
async def take(request: Request, member: Member) -> Response:
    """Answer with the copy as a file, its row in the journal first."""
    _mine(member)
    as_data = (await request.form()).get("form") == "json"
    reader = await reader_for(request, member)
    words = {"format": "json" if as_data else "html"}
    act = Act(
        plan=member.plan_id, actor=member.participant.person_id, action=Action.EXPORT, role=member.participant.role,
        session=member.participant.session_id, event="export.person", words=words,
    )  # fmt: skip
    await services(request).plans.record([act])
    plan = await keeping(request).plans.get(member.plan_id)
    patient = await keeping(request).patients.get(plan.patient_id) if plan is not None else None
    if plan is None or patient is None:
        raise HTTPException(404)
    rows = (await access(request).audits.search(looks_of(member.plan_id), limit=LOOKS_MAX)).traces
    known = await access(request).people.among(sorted({row.actor for row in rows if row.actor}))
    people, reading = reader.setting.people, reader.setting.reading

    def name(person_id: str) -> str:
        return known[person_id].name if person_id in known else people.name(person_id)

    others = [each for each in await services(request).directory.participants(member.plan_id) if not each.removed]
    whole = PersonalCopy(
        plan.name, born_words(plan.born_words), tuple(each.value for each in patient.numbers),
        day_and_time(reader.now, reading),
        sections_of(seen_by(reader.content, member.participant, reader.now), name),
        tuple((each.name, each.profession or ROLE_WORDS[each.role]) for each in others),
        looks_told(rows, name, reading.zone),
    )  # fmt: skip
    kind = "json" if as_data else "html"
    headers = {"content-disposition": f'attachment; filename="my-care-plan-{reading.today}.{kind}"'}
    if as_data:
        body = msgspec.json.format(msgspec.json.encode(whole.as_data()), indent=2)
        return Response(body, media_type="application/json", headers=headers)
    answer = page(request, "copies/file.html", {"it": whole})
    answer.headers.update(headers)
    return answer


def _mine(member: Member) -> None:
    """Let the patient pass, and a guardian; 404 for anyone else: the copy has all that they may see."""
    if member.participant.role not in AS_PATIENT or member.participant.broke_glass_until is not None:
        raise HTTPException(404)
