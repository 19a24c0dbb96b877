"""The pages of those at home open without a network: for how long a browser may keep one.

A browser keeps a page only where its answer says so in the header ``offline-hours``, which stands on a person's own
page alone. How long is chosen per person and device: a cookie names both, so that the next person at the browser has a
choice of their own. What the browser does with it: ``static/src/offline_worker.js``.
"""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

OFFLINE_COOKIE: Final = "offline"
OFFLINE_HEADER: Final = "offline-hours"
"""On a page that may be kept: for how many hours after it was rendered it opens without a network."""

HOURS: Final = (24, 168, 0)
"""What one may choose, the first unless one does: a day, a week, and not on this device at all."""


def hours_kept(request: Request, person_id: str) -> int:
    """Return for how many hours this person's page is kept on this device."""
    whose, _, hours = request.cookies.get(OFFLINE_COOKIE, "").partition(".")
    known = {str(each): each for each in HOURS}
    return known.get(hours, HOURS[0]) if whose == person_id else HOURS[0]


def choice(person_id: str, hours: str) -> str:
    """Return the cookie of a choice, ``""`` for none that can be made."""
    return f"{person_id}.{hours}" if hours in map(str, HOURS) else ""


def let_keep(answer: Response, request: Request, person_id: str) -> None:
    """Have the browser keep this answer, where its person wants that."""
    if hours := hours_kept(request, person_id):
        answer.headers[OFFLINE_HEADER] = str(hours)
