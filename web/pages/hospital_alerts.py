"""Alerts from hospitals: who it is where no rule was sure, decided once by somebody who may see both identities."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from hub.access.keeping_rows import KeepingError
from web.asking import access
from web.doors.directory import SignedIn
from web.doors.guards import for_registrar, services
from web.doors.hospitals import Hospitals
from web.pages.admin_people import doer
from web.reading import reading_now
from web.rendering import elsewhere, page
from web.views.hospitals import alert_view, parked_view, remembered_view

KEYS_MAX = 40
"""Numbers of one decision."""


@for_registrar
async def show(request: Request, who: SignedIn) -> Response:
    """Show what waits for a decision, and what could not be read."""
    return await _show(request, "")


@for_registrar
async def decide(request: Request, who: SignedIn) -> Response:
    """Say who it is, or nobody of ours; take such a decision back; or have a message applied again."""
    form = await request.form()
    message, acting = str(form.get("message", ""))[:80], await doer(request, who)
    try:
        match form.get("act"):
            case "is" if form.get("patient"):
                await _hospitals(request).deciding.decide(acting, message, str(form["patient"])[:80])
            case "nobody":
                await _hospitals(request).deciding.decide(acting, message, "")
            case "forget":
                await _hospitals(request).deciding.forget(
                    acting, [str(each) for each in form.getlist("key")][:KEYS_MAX]
                )
            case "again":
                await _hospitals(request).deciding.again(acting, message)
            case _:
                raise HTTPException(400)
    except KeepingError as error:
        return await _show(request, str(error))
    return elsewhere(request, "/hospitals")


def _hospitals(request: Request) -> Hospitals:
    found = services(request).hospitals
    assert found is not None, "the guard let nobody in without a store"
    return found


async def _show(request: Request, fault: str) -> Response:
    deciding, reading = _hospitals(request).deciding, reading_now(request)
    remembered = await deciding.remembered()
    people = await access(request).people.among(sorted({each.by for each in remembered if each.by}))
    names = {person_id: person.name for person_id, person in people.items()}
    context = {
        "remembered": [remembered_view(each, names, reading) for each in remembered],
        "alerts": [alert_view(each, reading) for each in await deciding.waiting()],
        "parked": [parked_view(each, reading) for each in await deciding.parked()],
        "counts": await deciding.counts(),
        "fault": fault,
        "here": "patients",
    }
    return page(request, "hospitals/queue.html", context, 409 if fault else 200)
