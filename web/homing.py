"""What the pages of those at home share: whose page it is, all that it shows, and what a form of it is answered."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from auth.decisions import sections_readable
from auth.roles import Participant, Role
from crdt.sections import Section
from hub.access.sharing import settles
from hub.live.commands import Command, PlanContent, Refused
from hub.record.journal import CHANGES_CONTENT, Act, Action, Narrowed, Row
from hub.store.audits import Question
from hub.workflows.edits import edits_of
from hub.workflows.family import FamilyView, contacts_of, family_view
from hub.workflows.family_news import NEW_FOR
from hub.workflows.own_page import own_view
from hub.workflows.readings import UNLIKELY
from hub.workflows.red_flags import Help, help_needed
from hub.workflows.registry import Faults
from hub.workflows.suggestions import suggested_medicines
from hub.workflows.wordings import changed_of
from web.doors.guards import Member, services
from web.home_asking import Asking, asking_of, readers_told
from web.languages import LANGUAGES, Language, _, language_of
from web.offline import HOURS, hours_kept
from web.pages.notifications import told
from web.questioning import ways_for
from web.reading import reading_now
from web.rendering import is_swap, page
from web.views.family import (
    KINDS,
    RED_SAID,
    WHERE,
    Numbers,
    as_family,
    content_for,
    may,
    name_of,
    note_rows,
    numbers_of,
    reading_answer,
    task_rows,
)
from web.views.family_cautions import cautions_of, medicines_that_go_on
from web.views.homes import FAMILY, MINE, Home
from web.views.own import LOOKED_FOR, Onlookers, goal_rows, lookers, relatives_of, request_rows
from web.views.words import Reading, day_of, instant_of

LOOKS: Final = frozenset({Action.READ, Action.EXPORT, Action.DISCLOSE, Action.BREAK_GLASS})
"""What counts as having looked at a plan."""
LOOKED_ROWS_MAX: Final = 1_000
EDITS_ROWS_MAX: Final = 500
"""Rows of edits that are read at once."""
EDITS_ROWS_IN_ALL_MAX: Final = 20_000
"""Rows of edits that are read for one page: a month in which a whole team types all day."""
SIZES: Final = ("18", "21", "24")
"""Pixels of the body's text."""
SIZE_COOKIE: Final = "text"
ANSWERS: Final[Mapping[str, str]] = {
    "done": _("Sent."),
    "report": _("Sent. The team is told at once. Its answer comes on your page."),
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
JUMPS: Final = (
    ("today", _("Today")), ("changes", _("Changes")), ("notes", _("Questions")), ("goals", _("Goals")),
    ("team", _("My team")), ("who", _("Who sees it")),
)  # fmt: skip
"""The bar of the patient's page: parts by their names."""
_STATUS: Final[Mapping[str, int]] = {"form": 422, UNLIKELY: 422, "state": 409, "gone": 409}
"""Of a refusal by its code; anything else is not theirs to do."""
CLINIC: Final = _("The clinic:")
AFTER_HOURS: Final = _("After hours:")
ALONE: Final[Mapping[str, object]] = {"blocks": {}, "told": [], "own": None}
"""What the page shows beside one form that stands alone, whose template is ``alone``."""
STAY_ALONE: Final[Mapping[str, object]] = {**ALONE, "alone": "family/telling.html"}
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
    place: str = ""
    since: str = ""
    whom: str = ""
    """Whom a question goes to, as the form's value says it."""
    alone: bool = False
    """Only the team is to read it."""
    doubted: bool = False
    """The value is unlikely: it is recorded when it is sent again with the word that it is right."""


def home_of(request: Request) -> Home:
    """Return whose page the address names."""
    return MINE if request.url.path.split("/")[3:4] == [MINE.name] else FAMILY


async def _viewer(request: Request, member: Member, home: Home) -> Participant:
    """Return for whom the page is made: the reader, or any relative, or the one that who settles access names."""
    if home is MINE:
        return member.participant
    asked = request.query_params.get("as", "")
    if asked and settles(member.participant, services(request).now()):
        everyone = await services(request).directory.participants(member.plan_id)
        named = [each for each in everyone if each.person_id == asked and home.is_of(each) and not each.removed]
        if named:
            return named[0]
    return as_family(member.participant)


def shown_to(request: Request, member: Member, viewer: Participant, home: Home) -> list[Section]:
    """Return the sections that the page is made of for this reader."""
    now = services(request).now()
    readable = sections_readable(viewer, now) & sections_readable(member.participant, now)
    return [each for each in home.sections if each in readable]


async def context_of(
    request: Request, member: Member, sent: Sent | None = None, *, block: str = ""
) -> dict[str, object]:
    """Return all that the page or one block shows, its reading recorded; what the reader may not see is not loaded.

    Raises:
        JournalAwayError: the reading can't be recorded or the plan can't be loaded: then nothing is shown.
        HTTPException: it is the patient's own page and the reader is someone else.
    """
    found, me, reading, home = services(request), member.participant, reading_now(request), home_of(request)
    if home is MINE and not home.is_of(me):
        raise HTTPException(404)
    patient = await found.directory.patient(member.plan_id)
    if patient is None:
        raise HTTPException(404)
    viewer, language = await _viewer(request, member, home), language_of(request, member.who.person)
    shown = shown_to(request, member, viewer, home)
    await found.plans.opened(me, shown)
    whole = await found.plans.content(member.plan_id)
    reading = Reading(reading.now, whole.zone)
    plan = content_for(whole, (viewer, me), reading.now, home.sections)
    latest = await found.journal.latest(member.plan_id, shown)
    begun = min((it.recorded for it in latest.values()), default=None)
    looked = await found.directory.looked(member.who, member.plan_id)
    edits = edits_of(await _edits(request, member, shown, looked, reading.now))
    changed = changed_of({path: it.recorded for path, it in latest.items()}, edits)
    changed = {path: when for path, when in changed.items() if plan.entry(path[0], path[1]) is not None}
    everyone = await found.directory.participants(member.plan_id)
    people = {each.person_id: each.name for each in everyone}
    view = family_view(
        plan, viewer, people, changed, edits, reading.now, looked, begun,
        cautions=cautions_of(whole, reading.now, language.tag), suggested=suggested_medicines(whole),
        must_go_on=medicines_that_go_on(whole), hidden=frozenset(home.sections) - set(shown),
    )  # fmt: skip
    sent = sent or Sent(about=request.query_params.get("about", "")[:40])
    numbers = numbers_of(patient, view.contacts)
    return {
        "numbers": numbers,
        "patient_phones": [it for it in ((patient.day_phone, CLINIC), (patient.night_phone, AFTER_HOURS)) if it[0]],
        **_answer_shown(request, whole, me.person_id, numbers, view, language),
        "home": home.name,
        "plan_id": member.plan_id,
        "view": view,
        **await _own(request, member, plan, everyone, language, reading, block),
        "told": await told(request, member.who, unseen=True) if home.is_of(me) and found.access is not None else [],
        **await _asking(request, whole, me, everyone, language, reading),
        "name": view.called or patient.given_name,
        "first_name": patient.given_name,
        **_spoken(request, language, reading),
        "tasks": task_rows(view, me, people, language, reading),
        "notes": note_rows(view, plan, me, people, language, reading),
        "may": may(plan, me, view, reading.now, preview=not home.is_of(me)),
        **_kept(request, viewer, me, home, language, reading),
        **_after_death(patient.deceased, home, language),
        "kinds": [(kind, KINDS[kind]) for kind in WRITABLE],
        "sent": sent,
        "about": name_of(plan, sent.about),
        "done": request.query_params.get("done", ""),
        "seq": whole.seq,
    }


async def _asking(
    request: Request, plan: PlanContent, me: Participant, everyone: Sequence[Participant], language: Language,
    reading: Reading,
) -> dict[str, object]:  # fmt: skip
    """Return whom the reader can ask, by when they answer, and who else reads it."""
    asking: Asking = asking_of(await ways_for(request, plan, me), everyone, language, reading)
    query = request.query_params
    one = query.get("to") == "one" or (request.method == "POST" and bool(asking.people))
    return {
        "asking": asking,
        "whereabouts": WHERE,
        "one_person": one,
        "replies_to": query.get("reply", "")[:40],
        "asked": _kept_query(request),
        "readers": readers_told(everyone, me, reading.now),
    }


def _kept_query(request: Request) -> str:
    """Return of the address what the part with questions is renewed with, so that nothing typed there goes."""
    told = {name: request.query_params.get(name, "")[:40] for name in ("about", "to", "reply")}
    return urlencode({name: value for name, value in told.items() if value})


def _previewed(viewer: Participant, me: Participant, home: Home) -> dict[str, object]:
    """Return whether the page is only looked at, and as whose."""
    another = viewer.person_id and viewer.person_id != me.person_id
    return {
        "preview": not home.is_of(me),
        "preview_of": viewer.name if another else "",
        "relation": viewer.profession,
    }


def _spoken(request: Request, language: Language, reading: Reading) -> dict[str, object]:
    """Return the page's language, with its words, times and sizes of text."""
    return {
        "language": language,
        "languages": LANGUAGES,
        "say": language.say,
        "when": lambda instant: language.when(instant, reading),
        "clock": lambda told: language.clock(instant, reading) if (instant := instant_of(told)) is not None else "",
        "on_paper": lambda instant: language.when_on_paper(instant, reading),
        "reading": reading,
        "jumps": JUMPS,
        "sizes": SIZES,
        "size": _size(request),
    }


async def _own(
    request: Request,
    member: Member,
    plan: PlanContent,
    everyone: Sequence[Participant],
    language: Language,
    reading: Reading,
    block: str,
) -> dict[str, object]:
    """Return what only the patient's own page has; nothing of it on the family's."""
    if home_of(request) is not MINE:
        return {"own": None}
    people = {each.person_id: each.name for each in everyone}
    own = own_view(plan, member.participant, people, reading.now)
    told_here = block in ("", "who")
    return {
        "own": own,
        "goals": goal_rows(own, language),
        "requests": request_rows(own, people, language, reading),
        "who": await _who(request, member, everyone, language, reading) if told_here else None,
    }


async def _who(
    request: Request, member: Member, everyone: Sequence[Participant], language: Language, reading: Reading
) -> Onlookers:
    """Return who looked and what the family sees; to look that up is a look as well, and recorded first."""
    relatives, found = relatives_of(everyone, reading.now, language), services(request).access
    if found is None:
        return Onlookers((), strangers=False, told=False, relatives=relatives)
    me = member.participant
    act = Act(
        plan=member.plan_id, actor=me.person_id, action=Action.READ, role=me.role, session=me.session_id,
        event="sharing.looks",
    )  # fmt: skip
    await services(request).plans.record([act])
    question = Question(plan=member.plan_id, actions=LOOKS, outcome="success", since=reading.now - LOOKED_FOR)
    rows = (await found.audits.search(question, limit=LOOKED_ROWS_MAX)).traces
    known = await found.people.among(sorted({each.actor for each in rows if each.actor}))
    names = {person: each.name for person, each in known.items()}
    looked, strangers = lookers(rows, names, everyone, me.person_id, language, reading)
    return Onlookers(looked, strangers, told=True, relatives=relatives)


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

    Of medicines that the person has never marked as read all since they joined: a stop stays told until it is seen.
    What else happened in the plan meanwhile, however often it was read, pushes none of them out.
    """
    seen, since, joined = min(looked.values(), default=None), now - NEW_FOR, member.participant.since
    narrowed = Narrowed(actions=CHANGES_CONTENT, sections=frozenset(shown))
    found = await _rows_told(
        request, member, narrowed, lambda row: row.recorded > since or (seen is not None and row.seq > seen)
    )
    medicines = Section.MEDICATIONS
    if medicines in shown and medicines not in looked and joined is not None and joined < since:
        narrowed, known = replace(narrowed, sections=frozenset({medicines}), since=joined), {row.seq for row in found}
        found += [row for row in await _rows_told(request, member, narrowed) if row.seq not in known]
    return found


async def _rows_told(
    request: Request, member: Member, narrowed: Narrowed, is_told: Callable[[Row], bool] = lambda _: True
) -> list[Row]:
    """Return the newest rows down to the first that is not told, at most ``EDITS_ROWS_IN_ALL_MAX``."""
    found: list[Row] = []
    before: int | None = None
    while narrowed.sections and len(found) < EDITS_ROWS_IN_ALL_MAX:
        rows = await services(request).journal.history(
            member.plan_id, narrowed=narrowed, before_seq=before, limit=EDITS_ROWS_MAX
        )
        told = [row for row in rows if is_told(row)]
        found += told
        if len(told) < EDITS_ROWS_MAX:
            break
        before = rows[-1].seq
    return found


def _after_death(day: str, home: Home, language: Language) -> dict[str, object]:
    """Return which parts the page has, and the day of death where the patient has died."""
    died = day_of(day)
    if died is None:
        return {"blocks": home.blocks, "died": ""}
    return {"blocks": {name: home.blocks[name] for name in home.after_death}, "died": language.day(died)}


def _kept(
    request: Request, viewer: Participant, me: Participant, home: Home, language: Language, reading: Reading
) -> dict[str, object]:
    """Return whether the page is only looked at; and for how long one's own is kept here, and from when it is then."""
    return {
        **_previewed(viewer, me, home),
        "acts_as_patient": me.role is Role.GUARDIAN and settles(me, reading.now),
        "offline": hours_kept(request, me.person_id),
        "offline_choices": HOURS,
        "kept_at": language.weekday_and_clock(reading.now, reading),
    }


def _size(request: Request) -> str:
    size = request.cookies.get(SIZE_COOKIE, "")
    return size if size in SIZES else SIZES[0]


def help_answer(words: str) -> str:
    """Return what the page answers to a note: whom to call, where its words may mean that help is needed now."""
    needed = help_needed(words)
    if Help.CRISIS in needed:
        return "crisis"
    return "emergency" if needed else "done"


async def form_of(request: Request, member: Member) -> FormData:
    """Return what was sent from one's own page; a page that is only previewed sends nothing."""
    if not home_of(request).is_of(member.participant):
        raise HTTPException(403)
    return await request.form()


def one(form: FormData, name: str) -> str:
    """Return the form's first value of this name, ``""`` for none."""
    value = form.get(name, "")
    return value if isinstance(value, str) else ""


async def done(
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
                return to_home(request, member, sent.block, answer, sent.entry)
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
    context = await context_of(request, member, replace(sent, fault=fault, doubted=doubted))
    alone = STAY_ALONE if sent.block == "stay" else {}
    return page(request, "family/page.html", {**context, **alone}, status)


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


def to_home(request: Request, member: Member, block: str, answer: str = "", entry: str = "") -> Response:
    """Return the way back to the page, to the part where something was done."""
    said = f"&answer={answer}" if answer != "done" else ""
    said += f"&entry={entry}" if entry and block == "measure" else ""
    query, place = (f"?done={block}{said}" if answer else ""), (f"#{block}" if block else "")
    return RedirectResponse(f"/plans/{member.plan_id}/{home_of(request).name}{query}{place}", 303)
