"""Reading a plan in an emergency without being on its team, and the queue in which each such reading is reviewed."""

from datetime import date, datetime
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from auth.break_glass import REASON_CHARACTERS_MAX, REASON_CHARACTERS_MIN, BreakGlass, Verdict
from web.asking import access
from web.doors.directory import SignedIn
from web.doors.entrances import way_to_prove
from web.doors.guards import for_clinician, for_person, services
from web.reading import reading_now
from web.rendering import elsewhere, page
from web.views.people import own_chip
from web.views.sharing import reading_view

NOT_FOUND: Final = "No plan has this number and date of birth. Check both."
SIGN_IN_AGAIN: Final = "reauthenticate"


@for_clinician
async def find(request: Request, who: SignedIn) -> Response:
    """Ask for the number and date of birth of the patient whose plan is needed now."""
    return _finding(request, who, {}, "")


@for_clinician
async def found(request: Request, who: SignedIn) -> Response:
    """Go to the page of an emergency for the patient of exactly this number and date of birth."""
    form = await request.form()
    typed = {name: str(form.get(name, "")).strip()[:40] for name in ("number", "born")}
    plan = await access(request).emergencies.find(typed["number"], _date(typed["born"]), who.person.person_id)
    if plan is None:
        return _finding(request, who, typed, NOT_FOUND)
    return elsewhere(request, f"/emergency/{plan.plan_id}")


@for_clinician
async def ask(request: Request, who: SignedIn) -> Response:
    """Say what reading in an emergency means, and ask why; the same page whether there is such a plan or not."""
    return _asking(request, who, "", "")


@for_clinician
async def begin(request: Request, who: SignedIn) -> Response:
    """Open the plan for an hour, reading only, or show the page again with what is wrong."""
    plan_id = str(request.path_params["plan"])
    reason = str((await request.form()).get("reason", ""))
    glass = await access(request).emergencies.begin(
        plan_id,
        who.person.person_id,
        who.session_id,
        reason,
        reauthenticated=await access(request).reauthenticated(who),
    )
    if isinstance(glass, BreakGlass):
        return elsewhere(request, f"/plans/{plan_id}")
    prove = await way_to_prove(request, who, "/panel") if glass.code == SIGN_IN_AGAIN else ""
    return _asking(request, who, reason, glass.reason, prove=prove)


@for_person
async def queue(request: Request, who: SignedIn) -> Response:
    """Show the privacy officer the emergency readings that wait for a review, the oldest first."""
    return await _queue(request, who, "")


@for_person
async def review(request: Request, who: SignedIn) -> Response:
    """Keep the privacy officer's review of one reading."""
    form = await request.form()
    try:
        began = datetime.fromisoformat(str(form.get("began", "")))
        verdict = Verdict(str(form.get("verdict", "")))
    except ValueError:
        return await _queue(request, who, "Say whether it was justified, and why.")
    if began.tzinfo is None:
        raise HTTPException(400)
    fault = await access(request).emergencies.review(
        str(form.get("plan", "")),
        str(form.get("person", "")),
        began,
        reviewer=who.person.person_id,
        session_id=who.session_id,
        verdict=verdict,
        words=str(form.get("words", ""))[:REASON_CHARACTERS_MAX],
    )
    return await _queue(request, who, fault) if fault else elsewhere(request, "/reviews")


async def _queue(request: Request, who: SignedIn, fault: str) -> Response:
    emergencies = access(request).emergencies
    if not await emergencies.may_review(who.person.person_id):
        raise HTTPException(404)
    reading = reading_now(request)
    rows = [reading_view(each, reading, names={}) for each in await emergencies.pending()]
    patients = {row.plan_id: await services(request).directory.patient(row.plan_id) for row in rows}
    context = {"rows": rows, "patients": patients, "fault": fault, "person": _me(who), "own": who.person.person_id}
    return page(request, "emergency/queue.html", context, 422 if fault else 200)


def _finding(request: Request, who: SignedIn, typed: dict[str, str], fault: str) -> Response:
    context = {"typed": typed, "fault": fault, "person": _me(who)}
    return page(request, "emergency/find.html", context, 422 if fault else 200)


def _asking(request: Request, who: SignedIn, reason: str, fault: str, *, prove: str = "") -> Response:
    context = {
        "reason": reason,
        "fault": fault,
        "prove": prove,
        "characters_min": REASON_CHARACTERS_MIN,
        "characters_max": REASON_CHARACTERS_MAX,
        "person": _me(who),
    }
    return page(request, "emergency/page.html", context, 422 if fault else 200)


def _me(who: SignedIn) -> object:
    return own_chip(who.person.person_id, who.person.name, who.person.profession)


def _date(words: str) -> date | None:
    try:
        return date.fromisoformat(words)
    except ValueError:
        return None
