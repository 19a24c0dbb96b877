"""Signing in and out. In the demo a visitor on this machine chooses whom to be."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from auth.roles import PATIENT_SIDE, STAFF_OF_PLANS, Role
from web.doors.directory import Account, SignedIn
from web.doors.entrances import CLEARED, entrances
from web.doors.guards import for_anyone, for_person, services
from web.languages import language_at_door
from web.mail import NoMail
from web.rendering import THEME_COOKIE, THEMES, elsewhere, page
from web.settings import loopback
from web.views.people import ROLE_WORDS, PersonView, hue_of
from web.views.words import initials

AGENT_CHARACTERS_MAX: Final = 200
COOKIE_SECONDS_MAX: Final = 12 * 60 * 60
"""The cookie ends with the session's absolute end; the row ends it earlier when idle."""

_GROUPS: Final = (
    ("The care team", STAFF_OF_PLANS),
    ("The patient's side", PATIENT_SIDE),
    ("Oversight", frozenset({Role.AUDITOR, Role.ADMIN})),
)


@for_anyone
async def show(request: Request) -> Response:
    """Show the ways to sign in: in the demo, the people one may become."""
    groups = _groups(await services(request).directory.people()) if _demo(request) else []
    language = language_at_door(request)
    context = {
        "groups": groups,
        "next": own_address(request.query_params.get("next", "")),
        "refusal": "",
        "work": services(request).settings.oidc is not None,
        "demo": _demo(request),
        "code": sends_codes(request),
        "say": language.say,
        "lang": language.tag,
    }
    return page(request, "sign_in/page.html", context)


@for_anyone
async def become(request: Request) -> Response:
    """Begin a session as one of the demo's people; a page that is not there outside the demo and off this machine."""
    if not _demo(request):
        raise HTTPException(404)
    form = await request.form()
    try:
        token = await services(request).directory.sign_in(
            str(form.get("person", "")),
            method="demo",
            agent=request.headers.get("user-agent", "")[:AGENT_CHARACTERS_MAX],
        )
    except KeyError:
        raise HTTPException(400) from None
    answer = elsewhere(request, own_address(str(form.get("next", ""))))
    settings = services(request).settings
    answer.set_cookie(
        settings.session_cookie,
        token,
        max_age=COOKIE_SECONDS_MAX,
        path="/",
        secure=settings.secure_cookies,
        httponly=True,
        samesite="strict",
    )
    return answer


@for_person
async def sign_out(request: Request, who: SignedIn) -> Response:
    """End the session in every window and process, and at the provider where it began there."""
    await services(request).directory.sign_out(who)
    services(request).plans.sessions_ended([who.session_id])
    answer = elsewhere(request, await _provider_logout(request, who) or "/sign-in")
    answer.delete_cookie(services(request).settings.session_cookie, path="/", httponly=True, samesite="strict")
    answer.headers["clear-site-data"] = CLEARED
    return answer


async def _provider_logout(request: Request, who: SignedIn) -> str:
    """Return the way on to a page of ours that leads to the provider's logout, ``""`` where there is none.

    A form may only lead to our own pages (``form-action``), so the provider's address is behind one of them.
    """
    if services(request).settings.oidc is None:
        return ""
    found = entrances(request)
    hint = await found.take_hint(who.session_id)
    return f"/sign-out/work?{urlencode({'ticket': await found.keep_logout(hint)})}" if hint else ""


@for_person
async def theme(request: Request, who: SignedIn) -> Response:
    """Keep the choice of light or dark on this device."""
    form = await request.form()
    chosen = str(form.get("theme", ""))
    answer = elsewhere(request, own_address(str(form.get("next", ""))))
    if chosen in THEMES:
        answer.set_cookie(THEME_COOKIE, chosen, max_age=31_536_000, path="/", httponly=True, samesite="strict")
    else:
        answer.delete_cookie(THEME_COOKIE, path="/")
    return answer


def sends_codes(request: Request) -> bool:
    """Return whether people can come back with a code: only where letters leave."""
    found = services(request).access
    return found is not None and not isinstance(found.mail, NoMail)


def own_address(address: str) -> str:
    """Return a path of ours, the panel for anything that could lead elsewhere."""
    plain = address.startswith("/") and not address.startswith("//")
    return address if plain and "\\" not in address and address.isprintable() else "/panel"


def _demo(request: Request) -> bool:
    client = request.client
    return services(request).settings.demo and client is not None and loopback(client.host)


def _groups(people: Sequence[Account]) -> list[tuple[str, list[PersonView]]]:
    """Return the people by group, those of one role together."""
    roles = list(Role)
    ordered = sorted(people, key=lambda each: (roles.index(each.role), each.name))
    views = {
        each.person_id: PersonView(
            each.person_id,
            each.name,
            ", ".join(dict.fromkeys(filter(None, (each.profession, ROLE_WORDS[each.role])))),
            hue_of(each.person_id),
            initials(each.name),
        )
        for each in ordered
    }
    groups = [
        (title, [views[each.person_id] for each in ordered if each.role in roles_of]) for title, roles_of in _GROUPS
    ]
    return [(title, found) for title, found in groups if found]
