"""Who sees what of a plan: the table, one person's settings, the plan as that person sees it, and who looked."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from auth.consents import How
from auth.decisions import assignments, facts_of
from auth.roles import AS_PATIENT, PATIENT_SIDE, Narrowing, Participant, Role
from crdt.sections import Section
from hub.access.sharing import settles
from hub.record.journal import Act, Action
from hub.store.audits import Question, Trace
from web.asking import access
from web.doors.entrances import way_to_prove
from web.doors.guards import Member, for_member, services
from web.homing import LOOKED_ROWS_MAX, LOOKS
from web.languages import language_of
from web.reading import reader_for, reading_now, team
from web.rendering import elsewhere, page
from web.views.homes import FAMILY
from web.views.inviting import HOW_WORDS, WAITING, end_of_day, last_day
from web.views.people import SOMEONE
from web.views.preview import preview_sections
from web.views.reminders import SentLine, sent_line
from web.views.sections import reader_of
from web.views.sharing import ReadingView, looked, reading_view, settings_of, sharing_person
from web.views.words import Reading

LOOKED_SHOWN: Final = 12


@for_member
async def show(request: Request, member: Member) -> Response:
    """Show who can see what, what waits for an answer, emergency readings and who looked last."""
    reading = _settler(request, member)
    people, me = await team(request, member)
    spoken = language_of(request, member.who.person)
    participants = await _participants(request, member)
    found = access(request)
    invitations = await found.inviting.of_plan(member.plan_id)
    rows = await _looks(request, member, "sharing.show")
    context = {
        "plan_id": member.plan_id,
        "patient": await services(request).directory.patient(member.plan_id),
        "everyone": [
            sharing_person(each, view, reading, spoken)
            for each in participants
            if (view := people.person(each.person_id)) is not None
        ],
        "waiting": sum(1 for invitation, _ in invitations if invitation.state in WAITING),
        "readings": await _readings(request, member, reading),
        "sent": await _sent(request, member, reading),
        "visits": looked(rows, await _names(request, rows), people, reading, spoken)[:LOOKED_SHOWN],
        "person": me,
    }
    return page(request, "sharing/page.html", context)


@for_member
async def person(request: Request, member: Member) -> Response:
    """Show what one person can see, and what may be changed about it."""
    return await _person(request, member, "", {})


@for_member
async def narrow(request: Request, member: Member) -> Response:
    """Record the patient's consent for one person and section; live pages follow at once."""
    reading = _settler(request, member)
    form = await _form(request)
    try:
        section = Section(form.get("section", ""))
    except ValueError:
        raise HTTPException(400) from None
    said, ends = form.get("access", ""), form.get("ends", "")
    until = end_of_day(ends, reading.zone) if ends else None
    if ends and until is None:
        return await _person(request, member, "That end date can't be read.", form)
    if not await access(request).reauthenticated(member.who):
        return await _person(request, member, "Sign in again before you record a consent.", form, again=True)
    how = next((each for each in How if each.value == form.get("how", "")), How.PAGE)
    fault = await access(request).sharing.narrow(
        member.participant,
        str(request.path_params["person"]),
        section,
        Narrowing(said, until) if said else None,
        how=how,
        guardian=form.get("agreed", ""),
    )
    return await _settled(request, member, fault, form)


@for_member
async def remove(request: Request, member: Member) -> Response:
    """End a person's access now; their open pages close."""
    _settler(request, member)
    if not await access(request).reauthenticated(member.who):
        return await _person(request, member, "Sign in again before you end anyone's access.", {}, again=True)
    fault = await access(request).sharing.end(member.participant, str(request.path_params["person"]))
    return await _settled(request, member, fault, {})


@for_member
async def end_reading(request: Request, member: Member) -> Response:
    """End an emergency reading now; the pages that are open by it close."""
    _settler(request, member)
    await access(request).sharing.end_reading(member.participant, str(request.path_params["person"]))
    return elsewhere(request, f"/plans/{member.plan_id}/sharing#readings")  # It is over, by this or by itself.


@for_member
async def end(request: Request, member: Member) -> Response:
    """Change until when a person has access."""
    reading = _settler(request, member)
    form = await _form(request)
    words = form.get("ends", "")
    until = end_of_day(words, reading.zone) if words else None
    if words and until is None:
        return await _person(request, member, "That end date can't be read.", form)
    if not await access(request).reauthenticated(member.who):
        return await _person(request, member, "Sign in again before you change until when.", form, again=True)
    fault = await access(request).sharing.end_on(member.participant, str(request.path_params["person"]), until)
    return await _settled(request, member, fault, form)


@for_member
async def preview(request: Request, member: Member) -> Response:
    """Show the plan as one person sees it, as far as the reader may see it themselves; journaled as a reading."""
    reading = _settler(request, member)
    subject = await _subject(request, member)
    act = _act(member, "sharing.preview", subject.person_id)
    await services(request).plans.record([act])
    people, me = await team(request, member)
    content = await services(request).plans.content(member.plan_id)
    mine = await reader_for(request, member)
    theirs = reader_of(subject, content, people, reading)
    context = {
        "plan_id": member.plan_id,
        "subject": people.person(subject.person_id),
        "sections": preview_sections(mine, theirs),
        "family": FAMILY.is_of(subject),
        "person": me,
    }
    return page(request, "sharing/preview.html", context)


@for_member
async def looks(request: Request, member: Member) -> Response:
    """Show who looked at the plan, visit by visit."""
    reading = _settler(request, member)
    people, me = await team(request, member)
    rows = await _looks(request, member, "sharing.looks")
    spoken = language_of(request, member.who.person)
    visits = looked(rows, await _names(request, rows), people, reading, spoken)
    return page(request, "sharing/looks.html", {"plan_id": member.plan_id, "visits": visits, "person": me})


def _settler(request: Request, member: Member) -> Reading:
    """Return the reading of someone who may settle who sees what; 403 for anyone else."""
    reading = reading_now(request)
    if not settles(member.participant, reading.now):
        raise HTTPException(403)
    return reading


async def _sent(request: Request, member: Member, reading: Reading) -> list[SentLine]:
    """Return the reminders of this plan that left, the latest first, each message once."""
    reminders = services(request).reminders
    kept = await reminders.rows.of_plan(member.plan_id) if reminders is not None else []
    letters = {each.letter.letter_id: each.letter for each in kept if each.letter is not None}
    people = await access(request).people.among(sorted({each.person for each in letters.values()}))
    names = {person: each.name for person, each in people.items()}
    return [sent_line(each, names.get(each.person, SOMEONE), reading) for each in letters.values()][:LOOKED_SHOWN]


async def _form(request: Request) -> dict[str, str]:
    return {name: value for name, value in (await request.form()).items() if isinstance(value, str)}


async def _settled(request: Request, member: Member, fault: str, form: Mapping[str, str]) -> Response:
    if fault:
        return await _person(request, member, fault, form)
    person, settings = str(request.path_params["person"]), f"/plans/{member.plan_id}/sharing"
    everyone = await services(request).directory.participants(member.plan_id)
    # Who reads in an emergency has no page of settings: what was recorded stands, and the table is where one goes on.
    has_page = any(each.person_id == person for each in everyone)
    return elsewhere(request, f"{settings}/{person}" if has_page else settings)


async def _person(
    request: Request, member: Member, fault: str, form: Mapping[str, str], *, again: bool = False
) -> Response:
    """Show the person's settings; where something was refused, with what was chosen in that form."""
    reading = _settler(request, member)
    subject = await _subject(request, member)
    people, me = await team(request, member)
    view = people.person(subject.person_id)
    assert view is not None, "a participant is among the people"
    consents = await access(request).sharing.consents(member.plan_id)
    onward = f"/plans/{member.plan_id}/sharing/{subject.person_id}"
    ends = last_day(subject.ends, reading.zone).isoformat() if subject.ends is not None else ""
    prove = await way_to_prove(request, member.who, onward) if again else ""
    spoken = language_of(request, member.who.person)
    context = {
        "plan_id": member.plan_id,
        "it": sharing_person(subject, view, reading, spoken),
        "settings": settings_of(subject, consents, people, reading, spoken),
        "ways": [(each.value, HOW_WORDS[each]) for each in How if each is not How.PAGE],
        "by_page": member.participant.role in AS_PATIENT,
        "guardians": [(each.person_id, each.name) for each in await access(request).sharing.guardians(member.plan_id)],
        "fixed": subject.role is Role.GUARDIAN and member.participant.role in PATIENT_SIDE,
        "ends": form["ends"] if "ends" in form and "section" not in form else ends,
        "myself": subject.person_id == member.participant.person_id,
        "fault": spoken.reason(fault),
        "fault_section": form.get("section", ""),
        "form": form,
        "prove": prove,
        "person": me,
    }
    return page(request, "sharing/person.html", context, 422 if fault else 200)


async def _participants(request: Request, member: Member) -> list[Participant]:
    everyone = await services(request).directory.participants(member.plan_id)
    content = await services(request).plans.content(member.plan_id)
    facts = [
        (section, facts_of(section, content.creator(section, entry), it.values))
        for section in content.sections
        for entry, it in content.entries(section).items()
    ]
    return [replace(each, assigned=assignments(each.person_id, facts)) for each in everyone]


async def _subject(request: Request, member: Member) -> Participant:
    wanted = str(request.path_params["person"])
    everyone = await _participants(request, member)
    found = next((each for each in everyone if each.person_id == wanted), None)
    if found is None:
        raise HTTPException(404)
    return found


async def _looks(request: Request, member: Member, event: str) -> Sequence[Trace]:
    """Return the rows of who looked; to look them up is a look as well, and recorded first."""
    await services(request).plans.record([_act(member, event)])
    question = Question(plan=member.plan_id, actions=LOOKS, outcome="success")
    return (await access(request).audits.search(question, limit=LOOKED_ROWS_MAX)).traces


def _act(member: Member, event: str, subject: str = "") -> Act:
    """Return the row of a look at who sees what, or at the plan as ``subject`` sees it."""
    who = member.participant
    return Act(
        plan=member.plan_id,
        actor=who.person_id,
        action=Action.READ,
        role=who.role,
        session=who.session_id,
        event=event,
        entry=subject,
    )


async def _names(request: Request, rows: Iterable[Trace]) -> dict[str, str]:
    named = {each for row in rows for each in (row.actor, row.entry if row.event else "") if each}
    known = await access(request).people.among(sorted(named))
    systems = services(request).machines
    told = await systems.rows.names(sorted(named - known.keys())) if systems is not None else {}
    return {**told, **{person_id: each.name for person_id, each in known.items()}}


async def _readings(request: Request, member: Member, reading: Reading) -> list[ReadingView]:
    found = await access(request).emergencies.of_plan(member.plan_id)
    reviewers = await access(request).people.among(sorted({each.reviewer for each in found}))
    names = {person_id: each.name for person_id, each in reviewers.items()}
    spoken = language_of(request, member.who.person)
    return [reading_view(each, reading, names=names, spoken=spoken) for each in reversed(found)]
