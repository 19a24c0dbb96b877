"""The pages of those at home, the family's and the patient's own: today, in plain words, in one's own language.

They are readable without scripts, and live with them. The same functions serve both; the address says which it is.
"""

from datetime import timedelta
from typing import Final

import segno
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from crdt.sections import TEAM_ALONE, Section
from hub.workflows.family import FamilyView
from hub.workflows.home_reports import StayReport
from hub.workflows.learning import measure_zones, to_read
from hub.workflows.questions import QuestionAccept, QuestionAsk, QuestionReply
from hub.workflows.registry import Faults, build
from web.doors.guards import Member, for_member, services
from web.homing import (
    ALONE,
    SIZE_COOKIE,
    SIZES,
    STAY_ALONE,
    WRITABLE,
    Sent,
    context_of,
    done,
    form_of,
    help_answer,
    home_of,
    one,
    shown_to,
    to_home,
)
from web.languages import LANGUAGE_COOKIE, LANGUAGES, language_of
from web.offline import OFFLINE_COOKIE, choice, let_keep
from web.questioning import ways_for
from web.reading import zone_of
from web.rendering import is_swap, page
from web.views.family import CLOCK, May, as_family, content_for, density
from web.views.homes import MINE
from web.views.local_times import SECOND, instant_from_form
from web.views.words import Reading, instant_of

YEAR_SECONDS: Final = 31_536_000
SHEET_GOOD_FOR: Final = timedelta(days=7)


@for_member
async def show(request: Request, member: Member) -> Response:
    """Show the family's page; someone who is not of the family sees what a relative would, and can do nothing.

    The patient's own page is the patient's alone: everyone else is led to the plan.
    """
    home = home_of(request)
    if home is MINE and not home.is_of(member.participant):
        return RedirectResponse(f"/plans/{member.plan_id}", 303)
    answer = page(request, "family/page.html", await context_of(request, member))
    if home.is_of(member.participant):
        let_keep(answer, request, member.who.person.person_id)
    return answer


@for_member
async def block(request: Request, member: Member) -> Response:
    """Show one part of the page, with which an open page renews itself."""
    name, home = str(request.path_params["block"]), home_of(request)
    if name not in home.blocks:
        raise HTTPException(404)
    if not is_swap(request):
        return to_home(request, member, name)
    return page(request, "family/block.html", {**await context_of(request, member, block=name), "block": name})


@for_member
async def sheet(request: Request, member: Member) -> Response:
    """Show the plan as one sheet of paper: no number, first name only, with its date and the way to the live page."""
    context = await context_of(request, member)
    language = language_of(request, member.who.person)
    address = f"{services(request).settings.origin}/plans/{member.plan_id}/{home_of(request).name}"
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
    form = await form_of(request, member)
    entry, value = str(request.path_params["entry"]), one(form, "value")
    typed = {"value": [value.strip()], "when": [one(form, "when")], "sure": [one(form, "sure")]}
    command = build("reading.record", typed, section=Section.MONITORING, entry=entry)
    return await done(request, member, command, Sent("measure", entry, value=value))


@for_member
async def say_taken(request: Request, member: Member) -> Response:
    """Say whether a dose was taken."""
    form = await form_of(request, member)
    entry = str(request.path_params["entry"])
    typed = {name: [one(form, name)] for name in ("time", "said", "why", "when")}
    command = build("medication.say_taken", typed, section=Section.MEDICATIONS, entry=entry)
    return await done(request, member, command, Sent("today", entry))


@for_member
async def mark_error(request: Request, member: Member) -> Response:
    """Say of a reading that one sent that it was entered in error: it is kept, and counts no more."""
    await form_of(request, member)
    entry, key = str(request.path_params["entry"]), str(request.path_params["key"])
    typed = {"key": [key], "reason": ["typed wrong"]}
    command = build("reading.mark_error", typed, section=Section.MONITORING, entry=entry)
    return await done(request, member, command, Sent("measure", entry))


@for_member
async def write(request: Request, member: Member) -> Response:
    """Ask the team something, or tell it what one saw."""
    form, me = await form_of(request, member), member.participant
    kind = one(form, "kind")
    sent = Sent(
        "notes",
        kind=kind if kind in WRITABLE else WRITABLE[0],
        words=one(form, "words"),
        about=one(form, "related"),
        whom=one(form, "whom"),
        alone=one(form, "readers") == TEAM_ALONE,
    )
    ways = await ways_for(request, await services(request).plans.content(member.plan_id), me)
    way = ways.of(sent.whom) or ways.of_topic("other")
    if sent.kind == "concern" and not way.asked:
        way = ways.of_topic("worry")
    asks = sent.kind != "observation"
    note = QuestionAsk(
        kind=sent.kind,
        words=sent.words,
        topic=way.topic if asks else "",
        to=way.reads if asks else "",
        readers=ways.readers(me, way, TEAM_ALONE if sent.alone else ""),
        when=instant_of(one(form, "when")),
        related=sent.about,
    )
    return await done(request, member, note, sent, answer=help_answer(sent.words))


@for_member
async def say_more(request: Request, member: Member) -> Response:
    """Say more of something that was asked, or that one is answered."""
    form = await form_of(request, member)
    verb, entry = str(request.path_params["verb"]), str(request.path_params["entry"])
    if verb == "accept":
        return await done(request, member, QuestionAccept(entry=entry), Sent("notes", entry))
    if verb != "reply":
        raise HTTPException(404)
    words = one(form, "words")
    reply = QuestionReply(entry=entry, words=words, when=instant_of(one(form, "when")))
    return await done(request, member, reply, Sent("notes", entry, words=words), answer=help_answer(words))


@for_member
async def learn(request: Request, member: Member) -> Response:
    """Show what to do in which zone of a measure, and what the team gives to read; alone on its page."""
    home, me, now = home_of(request), member.participant, services(request).now()
    context = await context_of(request, member)
    viewer = me if home.is_of(me) else as_family(me)
    whole = await services(request).plans.content(member.plan_id)
    plan = content_for(whole, (viewer, me), now, home.sections)
    more = {
        "alone": "family/learn.html",
        "measures": measure_zones(plan, viewer, now),
        "reads": to_read(plan, viewer, now),
    }
    return page(request, "family/page.html", {**context, **ALONE, **more})


@for_member
async def telling(request: Request, member: Member) -> Response:
    """Show the form alone that tells the team of a hospital stay; who does not write to the team here has none."""
    context = await context_of(request, member, Sent("stay", kind=""))
    allowed = context["may"]
    assert isinstance(allowed, May), "the context holds what the reader may do"
    if not allowed.notes:
        raise HTTPException(403)
    return page(request, "family/page.html", {**context, **STAY_ALONE})


@for_member
async def tell_of_stay(request: Request, member: Member) -> Response:
    """Tell the team that the patient is in a hospital, or home again: a report, which the team confirms."""
    form = await form_of(request, member)
    place, typed, words = one(form, "place"), one(form, "since").strip(), one(form, "words")
    since = instant_of(instant_from_form(typed, zone_of(request), SECOND)) if typed else None
    sent = Sent("stay", kind=one(form, "whereabouts"), words=words, place=place, since=typed)
    command: StayReport | Faults = StayReport(
        whereabouts=sent.kind, place=place, since=since, words=words, when=instant_of(one(form, "when"))
    )
    if typed and since is None:
        command = Faults({"since": CLOCK})
    answer = help_answer(f"{place} {words}")
    return await done(request, member, command, sent, answer="report" if answer == "done" else answer)


@for_member
async def act(request: Request, member: Member) -> Response:
    """Take a task on, or say that it is done."""
    await form_of(request, member)
    verb, entry = str(request.path_params["verb"]), str(request.path_params["entry"])
    if verb not in ("accept", "complete"):
        raise HTTPException(404)
    return await done(
        request, member, build(f"task.{verb}", {}, section=Section.TASKS, entry=entry), Sent("tasks", entry)
    )


@for_member
async def seen(request: Request, member: Member) -> Response:
    """Mark what changed as read, up to what the page told."""
    told = one(await form_of(request, member), "seq")
    if not told.isdecimal() or len(told) > 15:
        raise HTTPException(400)
    home = home_of(request)
    viewer = member.participant if home.is_of(member.participant) else as_family(member.participant)
    marks = dict.fromkeys(shown_to(request, member, viewer, home), int(told))
    await services(request).directory.look(member.who, member.plan_id, marks)
    return PlainTextResponse("") if is_swap(request) else to_home(request, member, "changes")


@for_member
async def settings(request: Request, member: Member) -> Response:
    """Keep on this device the language, the size of the text, and for how long the page opens without a network."""
    form = await request.form()
    kept = choice(member.who.person.person_id, one(form, "offline"))
    answer = to_home(request, member, "offline" if kept else "")
    for cookie, chosen, known in (
        (LANGUAGE_COOKIE, one(form, "language"), tuple(LANGUAGES)),
        (SIZE_COOKIE, one(form, "size"), SIZES),
        (OFFLINE_COOKIE, kept, (kept,) if kept else ()),
    ):
        if chosen in known:
            secure = services(request).settings.secure_cookies
            answer.set_cookie(
                cookie, chosen, max_age=YEAR_SECONDS, path="/", secure=secure, httponly=True, samesite="strict"
            )
    return answer
