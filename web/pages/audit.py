"""The journal for auditors: search it, ask the saved questions, see that it is true.

Whatever is asked is a row of the journal before it is answered. Searches are posted: an address with a patient's name
would stay in histories and logs.
"""

from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response

from crdt.sections import SECTIONS, Section
from hub.ids import HUB
from hub.record.journal import Action
from web.audit_asking import ASKED, AuditForm, act_of, after_of, asked, question_of, record, saved_of
from web.auditing import Saved
from web.doors.directory import SignedIn
from web.doors.guards import auditing, for_auditor, services
from web.reading import reading_now, zone_of
from web.rendering import page
from web.views.audit import QUESTIONS, VERBS, Named, Results, key_text, line_of, unused_of
from web.views.people import PersonView, own_chip
from web.views.words import count, day_and_time

_NOTHING = AuditForm({}, {"person": Named(), "patient": Named()})


@for_auditor
async def show(request: Request, who: SignedIn) -> Response:
    """Show the form of the search, the saved questions and the state of the chain."""
    await record(request, who, Action.READ, "audit.open")
    return await _page(request, who, _NOTHING, None)


@for_auditor
async def search(request: Request, who: SignedIn) -> Response:
    """Answer a search or a saved question, a page at a time."""
    wish = await asked(request, who)
    if not wish.settled:
        return await _page(request, who, wish, None, status=422)
    saved = saved_of(wish.form)
    question, after = question_of(wish.form, saved), after_of(wish.form)
    await record(request, who, Action.SEARCH, f"audit.{saved or 'search'}", wish.form)
    keeper, reading = auditing(request), reading_now(request)
    if saved is Saved.DORMANT:
        grants = await keeper.suspicions.dormant(reading.now)
        names = await keeper.names_of_grants(grants)
        told = Results("Dormant grants", grants=[unused_of(each, names, reading) for each in grants])
        return await _page(request, who, wish, told)
    found = await keeper.answer(saved, question, after=after, zone=str(zone_of(request)))
    names = await keeper.names(found.traces)
    early = found.unfinished and found.after is not None
    told = Results(
        title=_title(saved),
        lines=[line_of(each, names, reading) for each in found.traces],
        after=key_text(found.after),
        unfinished_until=day_and_time(found.after.recorded, reading) if early and found.after else "",
    )
    return await _page(request, who, wish, told)


@for_auditor
async def verify(request: Request, who: SignedIn) -> Response:
    """Check the chain of one plan's journal, as far as one press goes, and say what was found."""
    wish = await asked(request, who)
    if not wish.settled:
        return await _page(request, who, wish, None, status=422)
    plan = wish.form["patient"] or HUB
    keeper = auditing(request)
    found = await keeper.verify(plan)
    outcome = "failed" if found.fault is not None else "success"
    words = {"rows": found.rows, "fault": "" if found.fault is None else str(found.fault)}
    act = act_of(who, Action.REVIEW, "audit.verify", entry=plan, outcome=outcome, words=words)
    await services(request).plans.record([act])
    if found.fault is not None:
        told = f"Not true: {found.fault}. Tell the security officer now; change nothing."
    elif found.rows < found.of:
        told = f"True up to row {found.rows:,} of {found.of:,}; careplan-hub verify checks the rest."
    else:
        told = f"True: {count(found.rows, 'row')}, chain, head and content."
    return await _page(request, who, wish, None, verified=told, broken=found.fault is not None)


async def _page(
    request: Request,
    who: SignedIn,
    wish: AuditForm,
    results: Results | None,
    *,
    status: int = 200,
    verified: str = "",
    broken: bool = False,
) -> Response:
    keeper, reading = auditing(request), reading_now(request)
    signed = await keeper.heads.last_signed()
    context = {
        "person": _me(who),
        "here": "audit",
        "named": wish.named,
        "asked_at": "verify" if request.url.path.endswith("/verify") else "audit",
        "actions": sorted((each.value, VERBS.get(each, each.value)) for each in Action),
        "sections": [(each.value, SECTIONS[each].title) for each in Section],
        "questions": QUESTIONS,
        "form": {name: wish.form.get(name, "") for name in ASKED},
        "results": results,
        "signed": day_and_time(signed.made, reading) if signed is not None else "",
        "signed_late": signed is not None and reading.now - signed.made > timedelta(minutes=5),
        "verified": verified,
        "broken": broken,
    }
    return page(request, "audit/page.html", context, status)


def _title(saved: Saved | None) -> str:
    if saved is Saved.ACCOUNTING:
        return "Accounting of disclosures"
    return next((title for each, title, _ in QUESTIONS if each is saved), "Found")


def _me(who: SignedIn) -> PersonView:
    person = who.person
    return own_chip(person.person_id, person.name, person.profession)
