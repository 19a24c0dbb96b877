"""One list from several: lists come in, each line is decided with one key, and what is signed is the plan's list."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from auth.decisions import sections_readable
from auth.roles import CLINICIANS, PATIENT_SIDE, Participant
from crdt.sections import Section
from hub.directory.names import search_key
from hub.exchange.clinical_documents import (
    DOCUMENT_BYTES_MAX,
    ClinicalDocumentError,
    DocumentMedicines,
    NotReadLine,
    document_medicines,
)
from hub.exchange.medicine_listing import SOURCE_CHARACTERS_MAX, MedicineListing
from hub.live.commands import Refused
from hub.workflows.contents import active, plain_day, words
from hub.workflows.entries import EntryCreate
from hub.workflows.list_decisions import (
    ASK,
    CHANGE,
    CONTINUE,
    LineDecision,
    MedicinesSign,
    dangers,
    fault,
    open_lines,
    sources_of,
)
from hub.workflows.list_sheets import following, sheet_of
from hub.workflows.medicine_lists import LineGroup, ListedMedicine, ListKind, ListLine, MedicineList, lines_of
from hub.workflows.transitions import TransitionReconciled
from hub.workflows.typed_lists import of_rows, read_typed
from web.doors.guards import Member, for_member, services
from web.languages import LANGUAGES, Language, language_of
from web.languages import language as language_named
from web.reading import reader_for, team
from web.rendering import elsewhere, is_swap, page
from web.views.banner import banner
from web.views.entries import Reader
from web.views.list_sheets import density, sheet_parts, source_words
from web.views.lists import MARKS, NOTHING_TYPED, LineTypedView, lists_view, may_decide

MEDICATIONS: Final = Section.MEDICATIONS
WORDS_CHARACTERS_MAX: Final = 500
BLANK_ROWS: Final = 5
"""Rows to type into, below those that were read out of a text."""

_KINDS: Final = {ListKind.HOSPITAL: "A hospital", ListKind.PHARMACY: "A pharmacy", ListKind.HOME: "The bottles at home"}


@for_member
async def show(request: Request, member: Member) -> Response:
    """Show the lists side by side, or where to bring one in."""
    return await _answer(request, member, await _reader(request, member))


@for_member
async def bring(request: Request, member: Member) -> Response:
    """Read a pasted text into lines for whoever brings it to look at; keep the lines once they were looked at."""
    if not _brings(member.participant):
        raise HTTPException(403, "The team, the patient and the family bring lists in.")
    reader = await _reader(request, member)
    form = await request.form()
    told = {name: str(form.get(name) or "").strip()[:WORDS_CHARACTERS_MAX] for name in ("kind", "source", "written")}
    rows = _rows(form)
    if form.get("do") == "read":
        rows += read_typed(str(form.get("words") or ""))
        wrong = "" if rows else "No medicine was found in it. Write one medicine on each line."
        return await _answer(request, member, reader, bringing=(told, rows, wrong), status=422 if wrong else 200)
    arriving, wrong = _arriving(told, rows, reader)
    if arriving is not None:
        wrong = await _listing(request).bring(member.participant, arriving)
    if wrong:
        return await _answer(request, member, reader, bringing=(told, rows, wrong), status=422)
    return elsewhere(request, f"/plans/{member.plan_id}/lists")


@for_member
async def bring_file(request: Request, member: Member) -> Response:
    """Read a hospital's document into lines to look at; what could not be read stands among them as it is written."""
    if not _brings(member.participant):
        raise HTTPException(403, "The team, the patient and the family bring lists in.")
    reader, form = await _reader(request, member), await request.form(max_files=1, max_fields=10)
    file = form.get("file")
    told = {"kind": ListKind.HOSPITAL.value, "source": "", "written": ""}
    if not isinstance(file, UploadFile) or not file.size:
        wrong = "Choose the file first."
        return await _answer(request, member, reader, bringing=(told, (), wrong), status=422)
    try:
        document = await file.read(DOCUMENT_BYTES_MAX + 1)
        found = await asyncio.to_thread(document_medicines, document)
    except ClinicalDocumentError as error:
        return await _answer(request, member, reader, bringing=(told, (), str(error)), status=422)
    another = "" if form.get("same_person") == "yes" else await _another(request, member, found)
    if another:
        return await _answer(request, member, reader, bringing=(told, (), another), status=422)
    told |= {"source": found.source[:SOURCE_CHARACTERS_MAX], "written": found.written}
    guessed = (next(iter(read_typed(each.words)), ListedMedicine(name=each.words)) for each in found.unread)
    rows = (*found.medicines, *guessed)
    not_read = {len(found.medicines) + number: each for number, each in enumerate(found.unread)}
    return await _answer(request, member, reader, bringing=(told, rows, ""), not_read=not_read)


async def _another(request: Request, member: Member, found: DocumentMedicines) -> str:
    """Return whom a document is about where it is another person than the plan, by name or day of birth."""
    patient = await services(request).directory.patient(member.plan_id)
    if patient is None:
        raise HTTPException(404)
    born = patient.born.isoformat() if patient.born is not None else ""
    names = set(search_key(found.person).split())
    name_fits = not names or set(search_key(patient.family_name).split()) <= names
    if name_fits and (not born or found.born in ("", born)):
        return ""
    on = f", born {plain_day(date.fromisoformat(found.born))}" if found.born else ""
    return f"This document is about {found.person or 'somebody'}{on}. If it is the same person, say so below."


@for_member
async def remove(request: Request, member: Member) -> Response:
    """Let a list wait no more: it was brought in by mistake."""
    await _reader(request, member)
    form = await request.form()
    listing = _listing(request)
    found = [each for each in await listing.rows.waiting(member.plan_id) if each.list_id == form.get("list")]
    mine = member.participant.role in CLINICIANS or all(each.person == member.participant.person_id for each in found)
    if not found or not mine or not _brings(member.participant):
        raise HTTPException(404)
    await listing.remove(member.participant, found[0], "Brought in by mistake.")
    return elsewhere(request, f"/plans/{member.plan_id}/lists")


@for_member
async def decide(request: Request, member: Member) -> Response:
    """Keep a decision on a line, take one back, or continue all that are the same; the first decision stands."""
    reader, form = await _reader(request, member), await request.form()
    listing = _listing(request)
    lists = await listing.rows.waiting(member.plan_id)
    lines, decisions = lines_of(reader.content, lists), await listing.rows.decisions(member.plan_id)
    act = str(form.get("do") or "")
    if act == "same":
        return await _continue_all(request, member, reader, lists, lines, decisions)
    line = next((each for each in lines if each.key == form.get("line")), None)
    if line is None:
        changed = "This line was changed meanwhile. It is shown as it is now: look again."
        return await _answer(request, member, reader, stood=changed, status=409)
    if not may_decide(reader, line):
        raise HTTPException(403, "Only the prescriber, a pharmacist or primary care decides on this.")
    if act == "undo":
        await listing.undo(member.participant, line)
        return await _on(request, member, line)
    decision = _decision(act, form)
    wrong = _wrong(reader, line, lines, decision, decisions)
    if wrong is None and decision.decision == ASK:
        wrong = await _asked(request, member, line, decision, reader)
    if wrong is not None:
        typed = {
            line.key: LineTypedView(wrong[1], wrong[0], {name: str(form.get(name) or "") for name in NOTHING_TYPED})
        }
        return await _answer(request, member, reader, typed=typed, status=422)
    stood = await listing.decide(member.participant, lists, [(line, decision)])
    if stood:
        who = reader.setting.people.name(stood[0][1].person)
        told = f"{who} decided on {line.name} first, and that stands. Take it back to decide otherwise."
        return await _answer(request, member, reader, stood=told, status=409)
    return await _on(request, member, line)


@for_member
async def sign(request: Request, member: Member) -> Response:
    """Make one list of all decisions, with the tasks that follow; refused by name while a line is open."""
    reader, form = await _reader(request, member), await request.form()
    listing = _listing(request)
    lists = tuple(await listing.rows.waiting(member.plan_id))
    lines, decisions = lines_of(reader.content, lists), await listing.rows.decisions(member.plan_id)
    people = await services(request).directory.participants(member.plan_id)
    steps = following(lines, decisions, people, member.participant.person_id, reader.setting.reading.today)
    known = {each.person_id for each in people}
    owners = [str(form.get(f"owner.{number}") or "") for number in range(len(steps))]
    steps = [replace(step, owner=owner) if owner in known else step for step, owner in zip(steps, owners, strict=True)]
    kept = [step for number, step in enumerate(steps) if form.get(f"skip.{number}") != "yes"]
    command = MedicinesSign(lists=lists, decisions=decisions, steps=tuple(kept))
    outcome = await services(request).plans.perform(member.plan_id, member.participant, command)
    if isinstance(outcome, Refused):
        return await _answer(request, member, await _reader(request, member), told=outcome.reason, status=422)
    plain = {entry.id: words(entry.values, "plain_words") for entry in reader.content.entries(MEDICATIONS).values()}
    sources = sources_of(lists)
    said = {"parts": sheet_of(lines, decisions, sources, plain), "sources": list(sources.values())[1:]}
    await listing.signed(member.participant, lists, said, reader.content)
    await _reconciled(request, member)
    return elsewhere(request, f"/plans/{member.plan_id}/lists/sheet?done=yes")


@for_member
async def sheet(request: Request, member: Member) -> Response:
    """Show the sheet for the family of the list that was signed last: new, changed, stopped; printed on one page."""
    reader = await _reader(request, member)
    found = await _listing(request).rows.signatures(member.plan_id)
    patient = await services(request).directory.patient(member.plan_id)
    if not found or patient is None:
        raise HTTPException(404)
    signature = found[0]
    language = _language(request, member, reader)
    parts = sheet_parts(signature.sheet.get("parts", {}), language)
    context = {
        "language": language,
        "languages": LANGUAGES,
        "say": language.say,
        "plan_id": member.plan_id,
        "first_name": patient.given_name or patient.family_name,
        "parts": parts,
        "density": density(parts),
        "sources": [source_words(str(each), language) for each in signature.sheet.get("sources", [])],
        "who": reader.setting.people.name(signature.person),
        "when": language.when_on_paper(signature.signed, reader.setting.reading),
        "back": f"/plans/{member.plan_id}" + ("/family" if member.participant.role in PATIENT_SIDE else ""),
        "done": request.query_params.get("done") == "yes",
    }
    return page(request, "lists/sheet.html", context)


def _language(request: Request, member: Member, reader: Reader) -> Language:
    """Return the language asked for; else the reader's at home, for staff the one that stands in the plan."""
    asked = request.query_params.get("language", "")
    if asked in LANGUAGES:
        return language_named(asked)
    if member.participant.role in PATIENT_SIDE:
        return language_of(request, member.who.person)
    spoken = next((words(each.values, "language") for each in active(reader.content, Section.ABOUT_ME)), "")
    return language_named(spoken or "en")


async def _reader(request: Request, member: Member) -> Reader:
    if MEDICATIONS not in sections_readable(member.participant, services(request).now()):
        raise HTTPException(404)
    return await reader_for(request, member)


def _listing(request: Request) -> MedicineListing:
    found = services(request).listing
    if found is None:
        raise HTTPException(404)
    return found


def _brings(participant: Participant) -> bool:
    may = participant.role in CLINICIANS | PATIENT_SIDE
    return may and participant.broke_glass_until is None and not participant.closed


def _rows(form: FormData) -> tuple[ListedMedicine, ...]:
    columns = [[str(each) for each in form.getlist(name)] for name in ("name", "dose", "frequency", "route")]
    length = min(len(each) for each in columns)
    stopped = {str(each) for each in form.getlist("stopped")}
    rows = [
        (columns[0][row], columns[1][row], columns[2][row], str(row) in stopped, columns[3][row])
        for row in range(length)
    ]
    return of_rows(rows)


def _arriving(
    told: Mapping[str, str], rows: Sequence[ListedMedicine], reader: Reader
) -> tuple[MedicineList | None, str]:
    kind = next((each for each in ListKind if each.value == told["kind"]), None)
    if kind is None:
        return None, "Say where the list comes from."
    if not rows:
        return None, "Write at least one medicine."
    if told["written"]:
        try:
            written = date.fromisoformat(told["written"])
        except ValueError:
            return None, "Enter the day of the list as a date, or leave it empty."
        if written > reader.setting.reading.today:
            return None, "The day of the list lies ahead."
    source = told["source"][:SOURCE_CHARACTERS_MAX] or _KINDS[kind]
    return MedicineList(list_id="", kind=kind, source=source, written=told["written"], medicines=tuple(rows)), ""


def _decision(act: str, form: FormData) -> LineDecision:
    said = {name: str(form.get(name) or "").strip()[:WORDS_CHARACTERS_MAX] for name in NOTHING_TYPED}
    verb, _, which = act.partition(".")
    try:
        until = date.fromisoformat(said["until"]) if said["until"] else None
    except ValueError:
        until = None
    changes = verb == CHANGE
    return LineDecision(
        decision=verb,
        which=int(which) if which.isdecimal() and len(which) < 3 else None,
        dose=said["dose"] if changes and not which else "",
        frequency=said["frequency"] if changes and not which else "",
        reason=said["question"] if verb == ASK else said["reason"],
        until=until,
        asked=said["asked"] if verb == ASK else "",
        family=said["family"],
        despite=said["despite"],
    )


def _wrong(
    reader: Reader,
    line: ListLine,
    lines: Sequence[ListLine],
    decision: LineDecision,
    decisions: Mapping[str, LineDecision],
) -> tuple[str, str] | None:
    """Return the field and the words of what is wrong; a danger that would stay wants its reason at once."""
    no = fault(line, decision, reader.setting.reading.today)
    if no is not None:
        return no.field, no.reason
    if decision.decision in (CONTINUE, CHANGE) and not decision.despite:
        answered = {key for key, each in decisions.items() if each.despite}
        for finding, about in dangers(reader.content, lines, {**decisions, line.key: decision}, reader.now):
            if line in about and not answered & {each.key for each in about}:
                return "despite", f"{finding.text} Say why it is right all the same."
    return None


async def _continue_all(
    request: Request,
    member: Member,
    reader: Reader,
    lists: Sequence[MedicineList],
    lines: Sequence[ListLine],
    decisions: Mapping[str, LineDecision],
) -> Response:
    """Continue every line that is the same and open; what a danger is about is left to be looked at."""
    dangerous = {each for _, about in dangers(reader.content, lines, decisions, reader.now) for each in about}
    same = [
        (each, LineDecision(decision=CONTINUE))
        for each in open_lines(lines, decisions)
        if each.group is LineGroup.SAME and each not in dangerous and may_decide(reader, each)
    ]
    if same:
        await _listing(request).decide(member.participant, lists, same)
    return await _on(request, member, None)


async def _asked(
    request: Request, member: Member, line: ListLine, decision: LineDecision, reader: Reader
) -> tuple[str, str] | None:
    """Ask somebody about a line, as a task of theirs; return what stands against it."""
    question = decision.reason or "which is right?"
    values = {
        "title": f"Answer about {line.name}: {question}"[:WORDS_CHARACTERS_MAX],
        "owner": decision.asked,
        "due": (reader.setting.reading.today + timedelta(days=1)).isoformat(),
    }
    command = EntryCreate(section=Section.TASKS, values=values)
    outcome = await services(request).plans.perform(member.plan_id, member.participant, command)
    return ("asked", outcome.reason) if isinstance(outcome, Refused) else None


async def _reconciled(request: Request, member: Member) -> None:
    """Say of the discharge that waits for it that the medicines are reconciled, where this person may say so."""
    content = await services(request).plans.content(member.plan_id)
    for stay in active(content, Section.TRANSITIONS):
        if words(stay.values, "event") == "discharged" and words(stay.values, "medicines_reconciled") == "no":
            command = TransitionReconciled(entry=stay.id)
            await services(request).plans.perform(member.plan_id, member.participant, command)


async def _on(request: Request, member: Member, line: ListLine | None) -> Response:
    """Show the lines as they are now, or go back to the line where no script asks."""
    if is_swap(request):
        return await _answer(request, member, await _reader(request, member))
    place = f"#line-{line.key}" if line is not None else ""
    return elsewhere(request, f"/plans/{member.plan_id}/lists{place}")


async def _answer(
    request: Request,
    member: Member,
    reader: Reader,
    *,
    typed: Mapping[str, LineTypedView] | None = None,
    bringing: tuple[Mapping[str, str], Sequence[ListedMedicine], str] | None = None,
    not_read: Mapping[int, NotReadLine] | None = None,
    stood: str = "",
    told: str = "",
    status: int = 200,
) -> Response:
    patient = await services(request).directory.patient(member.plan_id)
    if patient is None:
        raise HTTPException(404)
    rows = _listing(request).rows
    lists, decisions = await rows.waiting(member.plan_id), await rows.decisions(member.plan_id)
    people = await services(request).directory.participants(member.plan_id)
    _, me = await team(request, member)
    view = lists_view(reader, lists, decisions, people, typed=typed, stood=stood, fault=told) if lists else None
    said, listed, wrong = bringing or ({"kind": "", "source": "", "written": ""}, (), "")
    context = {
        "plan_id": member.plan_id,
        "view": view,
        "marks": MARKS,
        "banner": banner(patient, reader),
        "people": [(each.person_id, each.name) for each in people if each.person_id != member.participant.person_id],
        "owners": [(each.person_id, each.name) for each in people],
        "first_name": patient.given_name or patient.family_name,
        "me": me,
        "person": me,
        "here": "panel",
        "socket": f"/plans/{member.plan_id}/live",
        "brings": _brings(member.participant),
        "removes": member.participant.role in CLINICIANS,
        "kinds": list(_KINDS.items()),
        "told": said,
        "listed": [*listed, *([None] * BLANK_ROWS)],
        "wrong": wrong,
        "not_read": not_read or {},
        "bringing": bringing is not None,
        "signed": bool(await rows.signatures(member.plan_id)),
        "back": f"/plans/{member.plan_id}" + ("/family" if member.participant.role in PATIENT_SIDE else ""),
        "tomorrow": (reader.setting.reading.today + timedelta(days=1)).isoformat(),
    }
    return page(request, "lists/lines.html" if is_swap(request) else "lists/page.html", context, status)
