"""Where I am signed in: every browser of mine, one to end, or all of them at once."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from auth.sessions import expires
from web.doors.directory import SignedIn
from web.doors.entrances import CLEARED, entrances
from web.doors.guards import for_person, services
from web.languages import _, language_of
from web.reading import reading_now
from web.rendering import elsewhere, page
from web.views.people import own_chip

_HOW = {
    "oidc": _("work account"), "passkey": _("passkey"), "code": _("code"), "invitation": _("invitation"),
    "demo": _("demonstration"),
}  # fmt: skip


@for_person
async def show(request: Request, who: SignedIn) -> Response:
    """Show the sign-ins of the person, this one first, and their passkeys."""
    found, reading, words = entrances(request), reading_now(request), language_of(request, who.person)
    sessions = await found.entering.sessions_of(who.person.person_id)
    rows = [
        {
            "id": each.session_id,
            "how": _HOW.get(each.how, each.how),
            "began": words.moment(each.began, reading),
            "active": words.moment(each.active, reading),
            "here": each.session_id == who.session_id,
        }
        for each in sorted(sessions, key=lambda each: each.session_id != who.session_id)
    ]
    passkeys = [
        {"id": each.passkey.credential_id.hex(), "label": each.label, "made": words.moment(each.made, reading)}
        for each in await found.entering.passkeys_of(who.person.person_id)
    ]
    me = own_chip(who.person.person_id, who.person.name, who.person.profession)
    return page(request, "sign_in/sessions.html", {"rows": rows, "passkeys": passkeys, "person": me})


@for_person
async def end(request: Request, who: SignedIn) -> Response:
    """End one of one's own sign-ins, or all of them, here and at every live page."""
    form = await request.form()
    which = str(form.get("session", ""))[:40]
    if not which and form.get("all") != "yes":
        return elsewhere(request, "/sessions")
    await entrances(request).entering.end(who.person.person_id, which)
    if which not in ("", who.session_id):
        return elsewhere(request, "/sessions")
    answer = elsewhere(request, "/sign-in")
    answer.headers.append("set-cookie", entrances(request).session_cookie.clear())
    answer.headers["clear-site-data"] = CLEARED
    return answer


@for_person
async def left(request: Request, who: SignedIn) -> Response:
    """Tell how many seconds the session lasts if nothing more is done; a form sent here keeps it."""
    session = await entrances(request).entering.session(who.person.person_id, who.session_id)
    now = services(request).now()
    seconds = (expires(session) - now).total_seconds() if session is not None else 0
    return JSONResponse({"seconds": max(0, int(seconds))})
