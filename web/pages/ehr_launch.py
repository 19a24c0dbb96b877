"""Launched from an EHR: to the EHR and back to learn who is open there, then to the plan, in a tab of its own.

The EHR's page sends the browser to ``/launch``. Both ways lead over another site, without our strict session cookie, so
a page of ours goes on by itself to the one that asks who is signed in.
"""

import secrets
from collections.abc import Mapping
from datetime import datetime

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from auth.ehr_launch import LAUNCH_CHARACTERS_MAX, LaunchError, LaunchUnderWay
from auth.sessions import SIGN_IN_AGE_MAX, TOKEN_BYTES, hash_token, is_token
from hub.ids import HUB
from hub.record.chain import JSON
from hub.record.journal import Act, Action
from hub.store.tickets import Purpose
from web.doors.directory import SignedIn
from web.doors.entrances import entrances
from web.doors.guards import for_anyone, for_person, services
from web.doors.machines import ehrs
from web.rendering import elsewhere, page

NO_EHR = "This EHR is not registered here. Ask the hub's administrator."
OVER = "This launch is over. Press the button in the EHR again."
NO_PLAN = "The patient who is open in the EHR has no plan here that you take part in."


@for_anyone
async def begin(request: Request) -> Response:
    """Send the browser back to the EHR that launched the hub, to learn which patient is open there."""
    issuer = request.query_params.get("iss", "").rstrip("/")
    launch = request.query_params.get("launch", "")
    known = await ehrs(request).rows.by_issuer(issuer)
    if known is None or not 0 < len(launch) <= LAUNCH_CHARACTERS_MAX:
        return _said(request, NO_EHR)
    try:
        address, under_way = await ehrs(request).client.begin(known.issuer, known.client_id, launch)
    except LaunchError as error:
        return _said(request, str(error), 503)
    answer = RedirectResponse(address, 303)
    await entrances(request).keep(answer, Purpose.LAUNCH, _kept(under_way))
    return answer


@for_anyone
async def back(request: Request) -> Response:
    """Take the EHR's answer, once and only in the browser that was sent, and go on to the plan."""
    found = entrances(request)
    words = await found.take(request, Purpose.LAUNCH)
    if words is None or "state" not in words:
        return _said(request, OVER)
    query = {name: value for name, value in request.query_params.items() if name in ("state", "code", "error")}
    try:
        numbers = await ehrs(request).client.finish(query, _under_way(words))
    except LaunchError as error:
        return _said(request, str(error))
    token = secrets.token_urlsafe(TOKEN_BYTES)
    told: dict[str, JSON] = {"numbers": [[system, value] for system, value in numbers]}
    await found.tickets.put(hash_token(token), Purpose.LAUNCH, told, expires=found.now() + SIGN_IN_AGE_MAX)
    onward = request.app.url_path_for("launch_open", launch=token)
    answer = page(request, "sign_in/onward.html", {"onward": onward, "done": "One moment"})
    answer.headers.append("set-cookie", found.under_way_cookie.clear())
    return answer


@for_person
async def arrive(request: Request, who: SignedIn) -> Response:
    """Go to the plan of the patient who is open in the EHR, if the person takes part in it."""
    token, found = str(request.path_params["launch"]), entrances(request)
    words = await found.tickets.take(hash_token(token), Purpose.LAUNCH, found.now()) if is_token(token) else None
    numbers = words.get("numbers") if words is not None else None
    if not isinstance(numbers, list):
        return _said(request, OVER)
    plans = await ehrs(request).plans_of([(str(each[0]), str(each[1])) for each in numbers if isinstance(each, list)])
    mine = {each.patient.plan_id for each in await services(request).directory.places(who)}
    plan = next((each for each in plans if each in mine), "")
    if plan:
        return elsewhere(request, f"/plans/{plan}")
    await services(request).plans.record([_no_plan(who)])
    return _said(request, NO_PLAN, 404)


def _no_plan(who: SignedIn) -> Act:
    """Return the row of a launch that opened nothing: the same whether there is such a plan or not."""
    return Act(
        plan=HUB, actor=who.person.person_id, action=Action.REFUSE, role=who.person.role, session=who.session_id,
        outcome="refused", reason=NO_PLAN, event="launch.open",
    )  # fmt: skip


def _kept(under_way: LaunchUnderWay) -> Mapping[str, JSON]:
    return {
        "issuer": under_way.issuer, "client_id": under_way.client_id, "state": under_way.state,
        "verifier": under_way.verifier, "token_endpoint": under_way.token_endpoint,
        "began": under_way.began.isoformat(),
    }  # fmt: skip


def _under_way(words: Mapping[str, JSON]) -> LaunchUnderWay:
    names = ("issuer", "client_id", "state", "verifier", "token_endpoint")
    told = {name: str(words[name]) for name in names}
    return LaunchUnderWay(**told, began=datetime.fromisoformat(str(words["began"])))


def _said(request: Request, words: str, status: int = 400) -> Response:
    return page(request, "launch/said.html", {"words": words}, status)
