"""The journal for auditors: search it, ask the saved questions, see that it is true, hand a part of it out.

Whatever is asked is a row of the journal before it is answered. Searches are posted: an address with a patient's name
would stay in histories and logs.
"""

import asyncio
import io
import zipfile
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

import msgspec
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from crdt.sections import SECTIONS, Section
from hub.exports import ENDINGS, HOW_TO_CHECK, Format, line, preface
from hub.ids import HUB
from hub.journal import Act, Action
from hub.store.audits import Answer, Key, Question
from web.auditing import DISCLOSED, EXPORTED, PAGE_ROWS, Auditing, Saved
from web.directory import SignedIn
from web.guards import auditing, for_auditor, services
from web.reading import reading_now
from web.rendering import page
from web.views.audit import QUESTIONS, VERBS, Results, key_from, key_text, line_of, unused_of
from web.views.people import HUES, PersonView
from web.views.words import count, day_and_time, initials

SIX_YEARS: Final = timedelta(days=6 * 366)
"""How far back an accounting of disclosures goes (45 CFR 164.528)."""

_ASKED: Final = ("person", "patient", "action", "section", "outcome", "since", "until", "question")


@for_auditor
async def show(request: Request, who: SignedIn) -> Response:
    """Show the form of the search, the saved questions and the state of the chain."""
    await _record(request, who, Action.READ, "audit.open")
    return await _page(request, who, {}, None)


@for_auditor
async def search(request: Request, who: SignedIn) -> Response:
    """Answer a search or a saved question, a page at a time."""
    form = _told(await request.form())
    saved = _saved(form)
    question, after = _question(form, saved), _after(form)
    await _record(request, who, Action.SEARCH, f"audit.{saved or 'search'}", form)
    keeper, reading = auditing(request), reading_now(request)
    if saved is Saved.DORMANT:
        grants = await keeper.suspicions.dormant(reading.now)
        people = await keeper.people_among(sorted({each.person for each in grants}))
        names = await keeper.named(people, sorted({each.plan for each in grants}))
        told = Results("Dormant grants", grants=[unused_of(each, names, reading) for each in grants], asked=form)
        return await _page(request, who, form, told)
    answer = await _answer(request, saved, question, after)
    names = await keeper.names(answer.traces)
    early = answer.unfinished and answer.after is not None
    told = Results(
        title=_title(saved),
        lines=[line_of(each, names, reading) for each in answer.traces],
        after=key_text(answer.after),
        unfinished_until=day_and_time(answer.after.recorded, reading) if early and answer.after else "",
        asked=form,
    )
    return await _page(request, who, form, told)


@for_auditor
async def verify(request: Request, who: SignedIn) -> Response:
    """Check the chain of one plan's journal, as far as one press goes, and say what was found."""
    form = _told(await request.form())
    plan = form.get("patient", "") or HUB
    keeper = auditing(request)
    found = await keeper.verify(plan)
    outcome = "failed" if found.fault is not None else "success"
    words = {"rows": found.rows, "fault": "" if found.fault is None else str(found.fault)}
    act = _act(who, Action.REVIEW, "audit.verify", entry=plan, outcome=outcome, words=words)
    await services(request).plans.record([act])
    if found.fault is not None:
        told = f"Not true: {found.fault}. Tell the security officer now; change nothing."
    elif found.rows < found.of:
        told = f"True up to row {found.rows:,} of {found.of:,}; careplan-hub verify checks the rest."
    else:
        told = f"True: {count(found.rows, 'row')}, chain, head and content."
    return await _page(request, who, form, None, verified=told, broken=found.fault is not None)


@for_auditor
async def export(request: Request, who: SignedIn) -> Response:
    """Answer with a file of all that a search finds, signed, with the key and how to check it."""
    form = _told(await request.form())
    try:
        form_of = Format(form.get("format", ""))
    except ValueError:
        raise HTTPException(400) from None
    saved = _saved(form)
    if saved not in (None, Saved.EXPORTS, Saved.ACCOUNTING):
        raise HTTPException(400)
    question = _question(form, saved)
    await _record(request, who, Action.EXPORT, f"audit.export.{form_of}", form)
    if question.plan:
        act = _act(who, Action.EXPORT, f"audit.export.{form_of}")
        await services(request).plans.record([msgspec.structs.replace(act, plan=question.plan)])
    content = await _file(auditing(request), question, form_of)
    name = f"journal-{services(request).now():%Y%m%dT%H%M%SZ}"
    packed = await asyncio.to_thread(_packed, auditing(request), content, f"{name}.{ENDINGS[form_of]}")
    headers = {"content-disposition": f'attachment; filename="{name}.zip"'}
    return Response(packed, media_type="application/zip", headers=headers)


async def _file(keeper: Auditing, question: Question, form: Format) -> bytes:
    content = bytearray(preface(form))
    async for traces in keeper.everything(question):
        names = await keeper.names(traces)
        content += b"".join(line(form, trace, names, keeper.site) for trace in traces)
    return bytes(content)


def _packed(keeper: Auditing, content: bytes, name: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
        archive.writestr(f"{name}.sig", keeper.key.signature(content))
        archive.writestr("key.pub.pem", keeper.key.verifier.pem)
        archive.writestr("HOW-TO-CHECK.txt", HOW_TO_CHECK.format(file=name))
    return packed.getvalue()


async def _answer(request: Request, saved: Saved | None, question: Question, after: Key | None) -> Answer:
    keeper = auditing(request)
    match saved:
        case Saved.STRANGERS:
            return await keeper.suspicions.strangers(after=after, limit=PAGE_ROWS)
        case Saved.NAMESAKES:
            return await keeper.suspicions.namesakes(after=after, limit=PAGE_ROWS)
        case Saved.AFTER_HOURS:
            zone = str(services(request).zone)
            return await keeper.suspicions.after_hours(zone=zone, after=after, limit=PAGE_ROWS)
        case Saved.UNREVIEWED:
            return await keeper.suspicions.unreviewed()
        case _:
            return await keeper.audits.search(question, after=after, limit=PAGE_ROWS)


async def _page(
    request: Request,
    who: SignedIn,
    form: dict[str, str],
    results: Results | None,
    *,
    verified: str = "",
    broken: bool = False,
) -> Response:
    keeper, reading = auditing(request), reading_now(request)
    signed = await keeper.heads.last_signed()
    context = {
        "person": _me(who),
        "here": "audit",
        "people": await keeper.people(),
        "plans": await keeper.plans(),
        "actions": sorted((each.value, VERBS.get(each, each.value)) for each in Action),
        "sections": [(each.value, SECTIONS[each].title) for each in Section],
        "questions": QUESTIONS,
        "form": {name: form.get(name, "") for name in _ASKED},
        "results": results,
        "signed": day_and_time(signed.made, reading) if signed is not None else "",
        "signed_late": signed is not None and reading.now - signed.made > timedelta(minutes=5),
        "verified": verified,
        "broken": broken,
    }
    return page(request, "audit/page.html", context)


def _question(form: dict[str, str], saved: Saved | None) -> Question:
    try:
        actions = frozenset({Action(form["action"])}) if form.get("action") else frozenset()
        since, until = _instant(form.get("since", "")), _instant(form.get("until", ""), days=1)
    except ValueError:
        raise HTTPException(400) from None
    if form.get("outcome", "") not in ("", "success", "refused", "failed"):
        raise HTTPException(400)
    plan = form.get("patient", "")
    if saved is Saved.ACCOUNTING:
        if not plan:
            raise HTTPException(400)
        return Question(plan=plan, actions=DISCLOSED, since=datetime.now(UTC) - SIX_YEARS)
    if saved is Saved.EXPORTS:
        return Question(actions=EXPORTED, since=since, until=until)
    return Question(
        actor=form.get("person", ""),
        plan=plan,
        actions=actions,
        section=form.get("section", ""),
        outcome=form.get("outcome", ""),
        since=since,
        until=until,
    )


def _instant(text: str, *, days: int = 0) -> datetime | None:
    """Return the beginning of a day, so many days later."""
    if not text:
        return None
    return datetime.combine(date.fromisoformat(text), time(), UTC) + timedelta(days=days)


def _after(form: dict[str, str]) -> Key | None:
    try:
        return key_from(form.get("after", ""))
    except (ValueError, OverflowError):
        raise HTTPException(400) from None


def _saved(form: dict[str, str]) -> Saved | None:
    try:
        return Saved(form["question"]) if form.get("question") else None
    except ValueError:
        raise HTTPException(400) from None


def _told(form: FormData) -> dict[str, str]:
    return {name: value.strip() for name, value in form.items() if isinstance(value, str) and "\0" not in value}


def _title(saved: Saved | None) -> str:
    if saved is Saved.ACCOUNTING:
        return "Accounting of disclosures"
    return next((title for each, title, _ in QUESTIONS if each is saved), "Found")


async def _record(
    request: Request, who: SignedIn, action: Action, event: str, form: dict[str, str] | None = None
) -> None:
    """Write what is asked before it is asked: no audit, no data."""
    words = {name: value for name, value in (form or {}).items() if value and name in (*_ASKED, "after", "format")}
    await services(request).plans.record([_act(who, action, event, words=words)])


def _act(
    who: SignedIn, action: Action, event: str, *, entry: str = "", outcome: str = "success", words: object = None
) -> Act:
    person = who.person
    return Act(
        plan=HUB, actor=person.person_id, action=action, role=person.role, session=who.session_id, event=event,
        entry=entry, outcome=outcome, words=words or None,  # type: ignore[arg-type]
    )  # fmt: skip


def _me(who: SignedIn) -> PersonView:
    person = who.person
    hue = sum(person.person_id.encode()) % HUES + 1
    return PersonView(person.person_id, person.name, person.profession, hue, initials(person.name))
