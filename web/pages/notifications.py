"""What a person was told: who came in, who read in an emergency, what was recorded in their name."""

from starlette.requests import Request
from starlette.responses import Response

from web.asking import access
from web.doors.directory import SignedIn
from web.doors.guards import for_person, services
from web.languages import language_of
from web.reading import reading_now
from web.rendering import elsewhere, page
from web.views.notifications import NotificationView, batched, notification_view
from web.views.people import own_chip


@for_person
async def show(request: Request, who: SignedIn) -> Response:
    """Show what the person was told, the newest first."""
    context = {
        "rows": await told(request, who),
        "person": own_chip(who.person.person_id, who.person.name),
        "here": "told",
    }
    return page(request, "notifications.html", context)


@for_person
async def seen(request: Request, who: SignedIn) -> Response:
    """Mark all of it as seen."""
    await access(request).notifications.mark_seen(who.person.person_id, services(request).now())
    return elsewhere(request, "/notifications")


async def told(request: Request, who: SignedIn, *, unseen: bool = False) -> list[NotificationView]:
    """Return what the person was told, or only what they have not marked as seen."""
    found = access(request)
    rows = [each for each in await found.notifications.of_person(who.person.person_id) if not (unseen and each.seen)]
    people = await found.people.among(
        sorted({name for each in rows for name in _named(each.row.actor, each.row.words)})
    )
    names = {person_id: person.name for person_id, person in people.items()}
    patients = {}
    for plan_id in {each.row.plan for each in rows}:
        patient = await services(request).directory.patient(plan_id)
        patients[plan_id] = patient.name if patient is not None else ""
    reading, words = reading_now(request), language_of(request, who.person)
    mine = who.person.person_id
    return batched([notification_view(each, names, patients[each.row.plan], mine, reading, words) for each in rows])


def _named(actor: str, words: object) -> list[str]:
    found = words.get("person") if isinstance(words, dict) else None
    return [each for each in (actor, found) if isinstance(each, str) and each]
