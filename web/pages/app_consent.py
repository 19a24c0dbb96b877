"""An app asks a person for access: what it may read and of whom, in plain words, until the person says yes or no.

The app's page sends the browser to ``/authorize``. The session's cookie is strict and that request comes from another
site, so a page of ours goes on by itself to the one that asks; the same way leads back, since a form may lead to our
own pages alone.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from auth.app_tokens import OFFLINE, PATIENT, AccessRefusedError
from hub.access.apps import AppAnswer
from hub.directory.names import search_key
from hub.ids import HUB
from hub.record.journal import Act, Action
from web.asking import access
from web.doors.directory import Membership, SignedIn
from web.doors.entrances import way_to_prove
from web.doors.guards import for_anyone, for_person, services
from web.doors.machines import FHIR_BASE, apps
from web.pages.admin_people import doer
from web.rendering import page
from web.views.apps import ScopeLine, scope_lines

CHOICES_MAX: Final = 20
"""Patients to choose from; a name that is typed brings the others."""

PARAMETERS: Final = (
    "response_type", "client_id", "redirect_uri", "scope", "state", "aud", "code_challenge", "code_challenge_method",
)  # fmt: skip
"""Of a request for access; any other is passed over."""

NO_APP: Final = "This app is not registered here. Ask whoever gave you the app."
OVER: Final = "The app's request is over, or was answered. Go back to the app and begin again."


@for_anyone
async def authorize(request: Request) -> Response:
    """Take an app's request for access, and go on to the page that asks the person."""
    told = {name: each for name in PARAMETERS if (each := request.query_params.getlist(name))}
    try:
        request_id = await apps(request).ask(told, _base(request))
    except AccessRefusedError as error:
        return RedirectResponse(error.onward, 303) if error.onward else _said(request, str(error))
    if request_id is None:
        return _said(request, NO_APP)
    onward = request.app.url_path_for("app_allow", request=request_id)
    return page(request, "sign_in/onward.html", {"onward": onward, "done": "One moment"})


@for_person
async def show(request: Request, who: SignedIn) -> Response:
    """Show what an app asks for, and of whom, to be allowed or not."""
    return await _show(request, who)


@for_person
async def answer(request: Request, who: SignedIn) -> Response:
    """Take the person's answer, and lead their browser back to the app with it."""
    form = await request.form()
    if form.get("act") == "find":
        return await _show(request, who, named=str(form.get("named", "")))
    said = None
    if form.get("act") == "allow":
        chosen = await _chosen(request, who, [str(each) for each in form.getlist("scope")], str(form.get("plan", "")))
        if not isinstance(chosen, AppAnswer):
            return chosen
        said = chosen
    acting = await doer(request, who)
    try:
        onward = await apps(request).answer(acting, _request_id(request), _base(request), said)
    except AccessRefusedError as error:
        return _said(request, str(error))
    if onward is None:
        return _said(request, OVER)
    done = "Access given" if said is not None else "No access given"
    return page(request, "sign_in/onward.html", {"onward": onward, "done": done})


async def _chosen(request: Request, who: SignedIn, scopes: Sequence[str], plan: str) -> AppAnswer | Response:
    """Return what the person allowed, or the page that says what is lacking."""
    try:
        found = await apps(request).asked(_request_id(request), _base(request))
    except AccessRefusedError as error:
        return _said(request, str(error))
    if found is None:
        return _said(request, OVER)
    if not await access(request).reauthenticated(who):
        return await _show(request, who, fault="Sign in again before you give an app access.", again=True, status=403)
    asked = found[1].scopes
    allowed = [each for each in asked if each in scopes]
    if not any("/" in each and each != PATIENT for each in allowed):
        return await _show(request, who, fault="Leave at least one thing that the app may read.", status=422)
    if not _of_one(asked):
        return AppAnswer(scopes=allowed)
    mine = await _places(request, who, allowed)
    place = next((each for each in mine if each.patient.plan_id == plan), None)
    if place is None:
        return await _show(request, who, fault="Choose whom the app may read about.", status=422)
    return AppAnswer(scopes=[*allowed, *([PATIENT] if PATIENT in asked else [])], plan=place.patient.plan_id)


def _of_one(scopes: Sequence[str]) -> bool:
    return PATIENT in scopes or any(each.startswith("patient/") for each in scopes)


async def _places(request: Request, who: SignedIn, scopes: Sequence[str]) -> list[Membership]:
    """Return the plans of the person in which these scopes open anything."""
    now = services(request).now()
    found = await services(request).directory.places(who)
    return [each for each in found if scope_lines(scopes, [each.participant], now)]


async def _show(
    request: Request, who: SignedIn, *, named: str = "", fault: str = "", again: bool = False, status: int = 200
) -> Response:
    try:
        found = await apps(request).asked(_request_id(request), _base(request))
    except AccessRefusedError as error:
        return _said(request, str(error))
    if found is None:
        return _said(request, OVER)
    app, asked = found
    places = await _places(request, who, asked.scopes)
    wanted = search_key(named)
    matching = [each for each in places if wanted in search_key(each.patient.name)]
    one = _of_one(asked.scopes)
    if one and len(places) > 1:
        await services(request).plans.record([_listed(who, len(matching))])
    lines: Sequence[ScopeLine] = scope_lines(
        asked.scopes, [each.participant for each in places], services(request).now()
    )
    onward = request.app.url_path_for("app_allow", request=_request_id(request))
    context: Mapping[str, object] = {
        "app": app.name,
        "site": asked.redirect.partition("://")[2].partition("/")[0],
        "request": _request_id(request),
        "lines": lines,
        "one": one,
        "choices": [(each.patient.plan_id, each.patient.name) for each in matching[:CHOICES_MAX]],
        "more": max(0, len(matching) - CHOICES_MAX),
        "several": len(places) > 1,
        "named": named,
        "lasting": OFFLINE in asked.scopes,
        "fault": fault,
        "prove": await way_to_prove(request, who, onward) if again else "",
    }
    return page(request, "apps/allow.html", context, status)


def _listed(who: SignedIn, count: int) -> Act:
    return Act(
        plan=HUB, actor=who.person.person_id, action=Action.SEARCH, role=who.person.role, session=who.session_id,
        event="app.choose", words={"count": count},
    )  # fmt: skip


def _said(request: Request, words: str) -> Response:
    return page(request, "apps/refused.html", {"words": words}, 400)


def _request_id(request: Request) -> str:
    return str(request.path_params["request"])


def _base(request: Request) -> str:
    return services(request).settings.live_address + FHIR_BASE
