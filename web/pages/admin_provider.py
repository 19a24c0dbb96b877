"""The identity provider of the staff: tokens by which it adds and removes people, and what its groups may do here."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from hub.access.keeping_rows import KeepingError
from hub.access.machines import SCIM, NewMachine
from hub.access.provisioning import ROLES_OF_GROUPS
from web.doors.directory import SignedIn
from web.doors.guards import for_administrator, keeping, services
from web.doors.machines import SCIM_BASE, machines, provisioning
from web.pages.admin_houses import Houses, houses
from web.pages.admin_people import doer
from web.reading import reading_now
from web.rendering import elsewhere, page
from web.views.people import ROLE_WORDS
from web.views.words import day_and_time


@for_administrator
async def show(request: Request, who: SignedIn) -> Response:
    """Show the tokens and the groups."""
    return await _show(request, await houses(request), "", "", "")


@for_administrator
async def change(request: Request, who: SignedIn) -> Response:
    """Make a token, which is shown this once; end one; give a group a role."""
    form = await request.form()
    found, acting, chosen = provisioning(request), await doer(request, who), await houses(request, form)
    home = chosen.it.organisation_id
    try:
        match form.get("act"):
            case "make":
                days = str(form.get("days", ""))
                told = int(days) if days.isdecimal() and len(days) < 5 else 0
                asked = NewMachine(name=str(form.get("name", "")), days=told, purpose=SCIM, organisation=home)
                _, token = await machines(request).make(acting, asked)
                return await _show(request, chosen, token, "", "")
            case "revoke":
                await machines(request).revoke(acting, str(form.get("machine", "")))
            case "role":
                await found.give_role(acting, home, str(form.get("group", "")), str(form.get("role", "")))
            case _:
                raise HTTPException(400)
    except KeepingError as error:
        return await _show(request, chosen, "", str(error), error.field)
    return elsewhere(request, chosen.back_to("/admin/provider"))


async def _show(request: Request, chosen: Houses, token: str, fault: str, field: str) -> Response:
    found, reading = provisioning(request), reading_now(request)
    home = chosen.it.organisation_id
    groups = await found.rows.groups(home)
    accounts = await found.rows.accounts(home)
    people = await keeping(request).people.among([each.person_id for each in accounts])
    now = services(request).now()
    context = {
        **chosen.context, "token": token, "fault": fault, "field": field, "here": "admin",
        "address": services(request).settings.live_address + SCIM_BASE,
        "machines": [
            (each, day_and_time(each.ends, reading), said, each.opens(now))
            for each in await machines(request).all(SCIM)
            if each.organisation == home
            for said in (day_and_time(each.used, reading) if each.used else "",)
        ],
        "groups": [
            (each, sorted(people[one].name for one in each.members if one in people)) for each in groups
        ],
        "roles": [(role.value, ROLE_WORDS[role]) for role in ROLES_OF_GROUPS],
        "waiting": [person for person in people.values() if not person.active],
        "accounts": len(accounts),
    }  # fmt: skip
    return page(request, "admin/provider.html", context, 422 if fault else 200)
