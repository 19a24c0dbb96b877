"""The end of a huddle, as its room and its minutes show it."""

from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request

from hub.workflows.huddle_states import HuddleItem, Stand, frame_hash
from web.doors.guards import services
from web.huddling import Attending, reader_in, rows_of
from web.reading import zone_of
from web.views.huddles import UNKNOWN, HuddleCard, card_of, clock, owing, patient_name, tally_of
from web.views.words import Moment, Reading, moment


@dataclass(frozen=True, slots=True)
class PatientMinutes:
    """One patient in the minutes; ``card`` is ``None`` where the reader takes no part."""

    item: HuddleItem
    name: str
    card: HuddleCard | None

    @property
    def time(self) -> str:
        """How long it took."""
        return clock(self.item.seconds)


async def ended_context(request: Request, here: Attending, refusal: str = "") -> dict[str, object]:
    """Return what the end of a huddle shows."""
    huddle, now = here.huddle, services(request).now()
    contents = [await services(request).plans.content(item.plan_id) for item in huddle.items]
    own = huddle.attendee(here.me)
    open_ends = {
        content.plan_id: owing(content, huddle.huddle_id)
        for content in contents
        if content.plan_id in here.places and owing(content, huddle.huddle_id)
    }
    return {
        "kept": await _kept(request, here),
        "tally": tally_of(huddle, contents, now),
        "frame": frame_hash(huddle),
        "signed": own.signed if own is not None else None,
        "owing": {patient_name(here.places[plan_id].patient): told for plan_id, told in open_ends.items()},
        "left": [item for item in huddle.items if item.stand in (Stand.PARKED, Stand.WAITING)],
        "began": moment_in(request, huddle.started),
        "over": moment_in(request, huddle.ended),
    }


async def _kept(request: Request, here: Attending) -> list[PatientMinutes]:
    kept = []
    for item in here.huddle.items:
        place = here.places.get(item.plan_id)
        if place is None:
            kept.append(PatientMinutes(item, UNKNOWN, None))
            continue
        reader = await reader_in(request, here, item.plan_id)
        card = card_of(here.huddle, place.patient, reader, await rows_of(request, item.plan_id))
        kept.append(PatientMinutes(item, patient_name(place.patient), card))
    return kept


def moment_in(request: Request, instant: datetime | None) -> Moment | None:
    """Return the instant as the request's reader reads it."""
    found = services(request)
    return moment(instant, Reading(found.now(), zone_of(request))) if instant is not None else None
