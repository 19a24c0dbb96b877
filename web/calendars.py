"""Appointments as iCalendar (RFC 5545): "Appointment" and when, nothing else. Calendars are read over shoulders."""

from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import urlsplit

from web.languages import Language, _

MADE_BY = "-//Care plan hub//Appointments//EN"


def calendar_of(appointments: Sequence[tuple[str, datetime]], words: Language, origin: str, now: datetime) -> str:
    """Return these appointments, each an id and an instant, as one calendar.

    The id stays that of the appointment when it is moved, so that a calendar moves it, too.
    """
    from icalendar import Calendar, Event  # noqa: PLC0415 - where it is first used: it takes long to import.

    calendar = Calendar()
    calendar.add("prodid", MADE_BY)
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    for entry, when in appointments:
        event = Event()
        event.add("uid", f"{entry}@{urlsplit(origin).hostname or 'localhost'}")
        event.add("dtstamp", now.astimezone(UTC))
        event.add("dtstart", when.astimezone(UTC))
        event.add("summary", words.say(_("Appointment")))
        calendar.add_component(event)
    text: bytes = calendar.to_ical()
    return text.decode()
