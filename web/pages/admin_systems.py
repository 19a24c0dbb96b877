"""Systems that read plans as FHIR: an administrator makes their tokens, says what they may see, and ends them."""

import json

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from auth.machine_tokens import public_keys
from hub.access.keeping_rows import KeepingError
from hub.access.machines import FHIR, SIGHTS, NewMachine
from hub.fhir.parameters import PARAMETERS
from web.doors.directory import SignedIn
from web.doors.guards import for_administrator, services
from web.doors.machines import FHIR_BASE, ISSUING_AT, machines
from web.pages.admin_houses import houses
from web.pages.admin_people import doer
from web.reading import reading_now
from web.rendering import elsewhere, page
from web.views.people import ROLE_WORDS
from web.views.words import day_and_time


@for_administrator
async def show(request: Request, who: SignedIn) -> Response:
    """Show the systems that read plans, and the form for another."""
    return await _show(request, "", None, {})


@for_administrator
async def change(request: Request, who: SignedIn) -> Response:
    """Make a system's token, which is shown this once, or end it."""
    form = await request.form()
    acting = await doer(request, who)
    try:
        match form.get("act"):
            case "make":
                await houses(request, form)
                made, token = await machines(request).make(acting, _asked(form))
                return await _show(request, token or made.machine_id, None, {}, signs=not token)
            case "revoke":
                await machines(request).revoke(acting, str(form.get("machine", "")))
            case _:
                raise HTTPException(400)
    except KeepingError as error:
        return await _show(request, "", error, {name: str(value) for name, value in form.items()})
    return elsewhere(request, "/admin/systems")


def _asked(form: FormData) -> NewMachine:
    """Return what was typed.

    Raises:
        KeepingError: the keys are none.
    """
    told, keys = str(form.get("keys", "")).strip(), None
    if told:
        try:
            keys = public_keys(json.loads(told))
        except (ValueError, RecursionError) as error:
            words = "Paste a JWK Set." if isinstance(error, json.JSONDecodeError) else str(error)
            raise KeepingError(words, "keys") from error
    return NewMachine(
        name=str(form.get("name", "")),
        days=_number(form, "days"),
        purpose=FHIR,
        role=str(form.get("role", "")),
        scopes=str(form.get("scopes", "")).split(),
        requests_a_minute=_number(form, "rate"),
        keys=keys,
        organisation=str(form.get("organisation", "")),
    )


def _number(form: FormData, name: str) -> int:
    told = str(form.get(name, ""))
    return int(told) if told.isdecimal() and len(told) < 6 else 0


async def _show(
    request: Request, token: str, fault: KeepingError | None, typed: dict[str, str], *, signs: bool = False
) -> Response:
    reading, now = reading_now(request), services(request).now()
    defaults = {"name": "", "days": "365", "rate": "1200", "role": "care_manager", "scopes": _everything(), "keys": ""}
    chosen = await houses(request, typed)
    context = {
        **chosen.context, "names": {each.organisation_id: each.name for each in chosen.every},
        "token": token, "signs": signs, "here": "admin",
        "fault": str(fault) if fault is not None else "", "field": fault.field if fault is not None else "",
        "address": services(request).settings.live_address + FHIR_BASE,
        "token_address": services(request).settings.live_address + FHIR_BASE + ISSUING_AT,
        "typed": defaults | typed,
        "roles": [(role.value, ROLE_WORDS[role]) for role in SIGHTS],
        "role_words": {role.value: ROLE_WORDS[role] for role in SIGHTS},
        "machines": [
            (each, day_and_time(each.ends, reading), said, each.opens(now))
            for each in await machines(request).all(FHIR)
            for said in (day_and_time(each.used, reading) if each.used else "",)
        ],
    }  # fmt: skip
    return page(request, "admin/systems.html", context, 422 if fault is not None else 200)


def _everything() -> str:
    return " ".join(f"system/{kind}.rs" for kind in PARAMETERS)
