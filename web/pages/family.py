"""The family's page: today, in plain words, in one's own language; readable without scripts, live with them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import segno
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from auth.decisions import sections_readable
from auth.roles import Participant, Role
from crdt.sections import Section
from hub.access.sharing import settles
from hub.live.commands import Command, PlanContent, Refused
from hub.record.journal import CHANGES_CONTENT, Narrowed, Row
from hub.workflows.edits import edits_of
from hub.workflows.family import FamilyView, contacts_of, family_view
from hub.workflows.family_news import NEW_FOR
from hub.workflows.questions import HomeNote
from hub.workflows.readings import UNLIKELY
from hub.workflows.red_flags import Help, help_needed
from hub.workflows.registry import Faults, build
from hub.workflows.suggestions import suggested_medicines
from hub.workflows.wordings import changed_of
from web.doors.guards import Member, for_member, services
from web.languages import LANGUAGE_COOKIE, LANGUAGES, Language, _, language_of
from web.reading import reading_now
from web.rendering import is_swap, page
from web.views.family import (
    BLOCKS,
    KINDS,
    RED_SAID,
    SECTIONS_SHOWN,
    Numbers,
    as_family,
    content_for,
    density,
    may,
    name_of,
    note_rows,
    numbers_of,
    reading_answer,
    task_rows,
)
from web.views.family_cautions import cautions_of, medicines_that_go_on
from web.views.words import Reading, day_of, instant_of

EDITS_ROWS_MAX: Final = 500
"""Rows of edits that are read at once."""
EDITS_ROWS_IN_ALL_MAX: Final = 20_000
"""Rows of edits that are read for one page: a month in which a whole team types all day."""
SIZES: Final = ("18", "21", "24")
"""Pixels of the body's text."""
SIZE_COOKIE: Final = "text"
YEAR_SECONDS: Final = 31_536_000
SHEET_GOOD_FOR: Final = timedelta(days=7)
ANSWERS: Final[Mapping[str, str]] = {
    "done": _("Sent."),
    "emergency": _(
        "Sent. If this is happening now, do not wait for an answer here: call %(number)s at once. "
        "If it is not, call the team."
    ),
    "crisis": _(
        "Sent. You are not alone. If anyone is in danger, call %(number)s at once. "
        "To talk to someone now, call or text 988, at any hour."
    ),
}
"""What the page says to something that was sent."""
_STATUS: Final[Mapping[str, int]] = {"form": 422, UNLIKELY: 422, "state": 409, "gone": 409}
"""Of a refusal by its code; anything else is not theirs to do."""
CLINIC: Final = _("The clinic:")
AFTER_HOURS: Final = _("After hours:")
AFTER_DEATH: Final = ("notes", "contacts")
"""Parts of the page that stay once the patient has died: nothing asks anything of the family any more."""

WRITABLE: Final = ("question", "observation", "concern")


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of a form without scripts: the part of the page it belongs to, and what to say there."""

    block: str = ""
    entry: str = ""
    fault: str = ""
    value: str = ""
    kind: str = WRITABLE[0]
    words: str = ""
    about: str = ""
    doubted: bool = False
    """The value is unlikely: it is recorded when it is sent again with the word that it is right."""


@for_member
async def show(request: Request, member: Member) -> Response:
    """Show the family's page; someone who is not of the family sees what a relative would, and can do nothing."""
    return page(request, "family/page.html", await _context(request, member))


@for_member
async def block(request: Request, member: Member) -> Response:
    """Show one part of the page, with which an open page renews itself."""
    name = str(request.path_params["block"])
    if name not in BLOCKS:
        raise HTTPException(404)
    if not is_swap(request):
        return _to(member, name)
    return page(request, "family/block.html", {**await _context(request, member), "block": name})


@for_member
async def sheet(request: Request, member: Member) -> Response:
    """Show the plan as one sheet of paper: no number, first name only, with its date and the way to the live page."""
    context = await _context(request, member)
    language = language_of(request, member.who.person)
    address = f"{services(request).settings.origin}/plans/{member.plan_id}/family"
    view, reading = context["view"], context["reading"]
    assert isinstance(view, FamilyView), "the context holds the view"
    assert isinstance(reading, Reading), "the context holds when and where it is read"
    more = {
        "qr": segno.make(address, error="m", micro=False).svg_data_uri(border=0, dark="#000", light=None),
        "address": address,
        "printed": language.when_on_paper(services(request).now(), reading),
        "old_after": language.day(reading.today + SHEET_GOOD_FOR),
        "density": density(view),
    }
    return page(request, "family/sheet.html", {**context, **more})


@for_member
async def read(request: Request, member: Member) -> Response:
    """Add a reading to a measure."""
    form = await _form(request, member)
    entry, value = str(request.path_params["entry"]), _one(form, "value")
    typed = {"value": [value.strip()], "when": [_one(form, "when")], "sure": [_one(form, "sure")]}
    command = build("reading.record", typed, section=Section.MONITORING, entry=entry)
    return await _done(request, member, command, Sent("measure", entry, value=value))


@for_member
async def mark_error(request: Request, member: Member) -> Response:
    """Say of a reading that one sent that it was entered in error: it is kept, and counts no more."""
    await _form(request, member)
    entry, key = str(request.path_params["entry"]), str(request.path_params["key"])
    typed = {"key": [key], "reason": ["typed wrong"]}
    command = build("reading.mark_error", typed, section=Section.MONITORING, entry=entry)
    return await _done(request, member, command, Sent("measure", entry))


@for_member
async def write(request: Request, member: Member) -> Response:
    """Ask the team something, or tell it what one saw."""
    form = await _form(request, member)
    kind = _one(form, "kind")
    sent = Sent(
        "notes",
        kind=kind if kind in WRITABLE else WRITABLE[0],
        words=_one(form, "words"),
        about=_one(form, "related"),
    )
    note = HomeNote(kind=sent.kind, words=sent.words, when=instant_of(_one(form, "when")), related=sent.about)
    return await _done(request, member, note, sent, answer=_answer(sent.words))


def _answer(words: str) -> str:
    """Return what the page answers to a note: whom to call, where its words may mean that help is needed now."""
    needed = help_needed(words)
    if Help.CRISIS in needed:
        return "crisis"
    return "emergency" if needed else "done"


@for_member
async def act(request: Request, member: Member) -> Response:
    """Take a task on, or say that it is done."""
    await _form(request, member)
    verb, entry = str(request.path_params["verb"]), str(request.path_params["entry"])
    if verb not in ("accept", "complete"):
        raise HTTPException(404)
    return await _done(
        request, member, build(f"task.{verb}", {}, section=Section.TASKS, entry=entry), Sent("tasks", entry)
    )


@for_member
async def seen(request: Request, member: Member) -> Response:
    """Mark what changed as read, up to what the page told."""
    told = _one(await _form(request, member), "seq")
    if not told.isdecimal() or len(told) > 15:
        raise HTTPException(400)
    marks = dict.fromkeys(_shown(request, member, as_family(member.participant)), int(told))
    await services(request).directory.look(member.who, member.plan_id, marks)
    return PlainTextResponse("") if is_swap(request) else _to(member, "changes")


@for_member
async def settings(request: Request, member: Member) -> Response:
    """Keep the language and the size of the text on this device."""
    form = await request.form()
    answer = _to(member, "")
    for cookie, chosen, known in (
        (LANGUAGE_COOKIE, _one(form, "language"), tuple(LANGUAGES)),
        (SIZE_COOKIE, _one(form, "size"), SIZES),
    ):
        if chosen in known:
            secure = services(request).settings.secure_cookies
            answer.set_cookie(
                cookie, chosen, max_age=YEAR_SECONDS, path="/", secure=secure, httponly=True, samesite="strict"
            )
    return answer


async def _viewer(request: Request, member: Member) -> Participant:
    """Return for whom the page is made: the reader, or any relative, or the one that who settles access names."""
    asked = request.query_params.get("as", "")
    if asked and settles(member.participant, services(request).now()):
        everyone = await services(request).directory.participants(member.plan_id)
        named = [each for each in everyone if each.person_id == asked and each.role is Role.FAMILY and not each.removed]
        if named:
            return named[0]
    return as_family(member.participant)


def _shown(request: Request, member: Member, viewer: Participant) -> list[Section]:
    """Return the sections that the page is made of for this reader."""
    now = services(request).now()
    readable = sections_readable(viewer, now) & sections_readable(member.participant, now)
    return [each for each in SECTIONS_SHOWN if each in readable]


async def _context(request: Request, member: Member, sent: Sent | None = None) -> dict[str, object]:
    """Return all that the page shows, its reading recorded; nothing the reader may not see is loaded into it.

    Raises:
        JournalAwayError: the reading can't be recorded or the plan can't be loaded: then nothing is shown.
    """
    found, me, reading = services(request), member.participant, reading_now(request)
    patient = await found.directory.patient(member.plan_id)
    if patient is None:
        raise HTTPException(404)
    viewer, language = await _viewer(request, member), language_of(request, member.who.person)
    shown = _shown(request, member, viewer)
    await found.plans.opened(me, shown)
    whole = await found.plans.content(member.plan_id)
    reading = Reading(reading.now, whole.zone)
    plan = content_for(whole, (viewer, me), reading.now)
    latest = await found.journal.latest(member.plan_id, shown)
    begun = min((it.recorded for it in latest.values()), default=None)
    looked = await found.directory.looked(member.who, member.plan_id)
    rows = await _edits(request, member, shown, looked, reading.now)
    edits = edits_of(rows)
    changed = changed_of({path: it.recorded for path, it in latest.items()}, edits)
    changed = {path: when for path, when in changed.items() if plan.entry(path[0], path[1]) is not None}
    people = {each.person_id: each.name for each in await found.directory.participants(member.plan_id)}
    view = family_view(
        plan, viewer, people, changed, edits, reading.now, looked, begun,
        cautions=cautions_of(whole, reading.now), suggested=suggested_medicines(whole),
        must_go_on=medicines_that_go_on(whole), hidden=frozenset(SECTIONS_SHOWN) - set(shown),
    )  # fmt: skip
    sent = sent or Sent(about=request.query_params.get("about", "")[:40])
    numbers = numbers_of(patient, view.contacts)
    return {
        "numbers": numbers,
        "patient_phones": [it for it in ((patient.day_phone, CLINIC), (patient.night_phone, AFTER_HOURS)) if it[0]],
        **_answer_shown(request, whole, me.person_id, numbers, view, language),
        "plan_id": member.plan_id,
        "view": view,
        "name": view.called or patient.given_name,
        "first_name": patient.given_name,
        "language": language,
        "languages": LANGUAGES,
        "say": language.say,
        "when": lambda instant: language.when(instant, reading),
        "sizes": SIZES,
        "size": _size(request),
        "tasks": task_rows(view, me, people, language, reading),
        "notes": note_rows(view, plan, people, language, reading),
        "may": may(plan, me, view, reading.now),
        "preview": me.role is not Role.FAMILY,
        "preview_of": viewer.name if viewer.person_id and viewer.person_id != me.person_id else "",
        "relation": viewer.profession,
        **_after_death(patient.deceased, language),
        "kinds": [(kind, KINDS[kind]) for kind in WRITABLE],
        "sent": sent,
        "about": name_of(plan, sent.about),
        "done": request.query_params.get("done", ""),
        "seq": whole.seq,
        "reading": reading,
        "on_paper": lambda instant: language.when_on_paper(instant, reading),
    }


def _answer_shown(
    request: Request, plan: PlanContent, person: str, numbers: Numbers, view: FamilyView, language: Language
) -> dict[str, str]:
    """Return what a form without scripts is answered, and the measure of which it is said."""
    found = request.query_params
    answer, entry = language.say(ANSWERS.get(found.get("answer", ""), ANSWERS["done"])), found.get("entry", "")[:40]
    if found.get("done") == "measure" and any(each.entry == entry and each.sent for each in view.measures):
        answer = reading_answer(plan.entries(Section.MONITORING)[entry].values, person, numbers, language)
    return {"answered": entry, "answer": answer.replace("%(number)s", numbers.emergency)}


async def _edits(
    request: Request, member: Member, shown: Sequence[Section], looked: Mapping[Section, int], now: datetime
) -> list[Row]:
    """Return the edits of these sections that are told: those of the last weeks, and those since the last look.

    What else happened in the plan meanwhile, however often it was read, pushes none of them out.
    """
    narrowed = Narrowed(actions=CHANGES_CONTENT, sections=frozenset(shown))
    seen, since = min(looked.values(), default=None), now - NEW_FOR
    found: list[Row] = []
    before: int | None = None
    while shown and len(found) < EDITS_ROWS_IN_ALL_MAX:
        rows = await services(request).journal.history(
            member.plan_id, narrowed=narrowed, before_seq=before, limit=EDITS_ROWS_MAX
        )
        told = [row for row in rows if row.recorded > since or (seen is not None and row.seq > seen)]
        found += told
        if len(told) < EDITS_ROWS_MAX:
            break
        before = rows[-1].seq
    return found


def _after_death(day: str, language: Language) -> dict[str, object]:
    """Return which parts the page has, and the day of death where the patient has died."""
    died = day_of(day)
    if died is None:
        return {"blocks": BLOCKS, "died": ""}
    return {"blocks": {name: BLOCKS[name] for name in AFTER_DEATH}, "died": language.day(died)}


def _size(request: Request) -> str:
    size = request.cookies.get(SIZE_COOKIE, "")
    return size if size in SIZES else SIZES[0]


async def _form(request: Request, member: Member) -> FormData:
    """Return what was sent by someone of the family; a page that is only previewed sends nothing."""
    if member.participant.role is not Role.FAMILY:
        raise HTTPException(403)
    return await request.form()


def _one(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value if isinstance(value, str) else ""


async def _done(
    request: Request, member: Member, command: Command | Faults, sent: Sent, *, answer: str = "done"
) -> Response:
    """Perform it: a sentence for the page's script, else the page, with what was typed where it was refused."""
    language = language_of(request, member.who.person)
    if isinstance(command, Faults):
        fault, status, doubted = " ".join(map(language.say, command.messages.values())), 422, False
    else:
        outcome = await services(request).plans.perform(member.plan_id, member.participant, command)
        if not isinstance(outcome, Refused) or outcome.code == "again":
            if not is_swap(request):
                return _to(member, sent.block, answer, sent.entry)
            numbers = await _numbers(request, member)
            read = command.name == "reading.record"
            told = await _reading_told(request, member, sent.entry, numbers) if read else language.say(ANSWERS[answer])
            if not read:
                return PlainTextResponse(told % {"number": numbers.emergency})
            return PlainTextResponse(told, headers={"zone": "red"} if told.startswith(language.say(RED_SAID)) else None)
        fault, status = language.reason(outcome.reason), _STATUS.get(outcome.code, 403)
        doubted = outcome.code == UNLIKELY
    if is_swap(request):
        return PlainTextResponse(fault, status, {"asks": "sure"} if doubted else None)
    context = await _context(request, member, replace(sent, fault=fault, doubted=doubted))
    return page(request, "family/page.html", context, status)


async def _numbers(request: Request, member: Member) -> Numbers:
    patient = await services(request).directory.patient(member.plan_id)
    if patient is None:
        raise HTTPException(404)
    content = await services(request).plans.content(member.plan_id)
    return numbers_of(patient, contacts_of(content, member.participant, {}, services(request).now()))


async def _reading_told(request: Request, member: Member, entry: str, numbers: Numbers) -> str:
    """Return what is said to who sent a reading; it is their own, so they see it."""
    language = language_of(request, member.who.person)
    content = await services(request).plans.content(member.plan_id)
    held = content.entry(Section.MONITORING, entry)
    values = held.values if held is not None else {}
    return reading_answer(values, member.participant.person_id, numbers, language)


def _to(member: Member, block: str, answer: str = "", entry: str = "") -> Response:
    said = f"&answer={answer}" if answer != "done" else ""
    said += f"&entry={entry}" if entry and block == "measure" else ""
    query, place = (f"?done={block}{said}" if answer else ""), (f"#{block}" if block else "")
    return RedirectResponse(f"/plans/{member.plan_id}/family{query}{place}", 303)
