"""Pages for what goes wrong: each says what happened and what to do next, and nothing about what there may be."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ExceptionHandler

from auth.roles import CLINICIANS
from hub.record.journal import JournalAwayError
from hub.record.submissions import RepeatedError
from web.languages import _
from web.rendering import elsewhere, is_swap, page

FIELDS_KEPT_MAX: Final = 1_000

NOT_TAKEN: Final = frozenset({413})
"""The form itself is the fault: its words are handed back to be shortened, not to be sent again."""

_log: Final = logging.getLogger("web")


@dataclass(frozen=True, slots=True)
class Failure:
    """One page that says no."""

    title: str
    words: str
    next: str


FAILURES: Final[Mapping[int, Failure]] = {
    400: Failure(
        _("That could not be read"), _("What was sent is not what this page asks for."), _("Go back and try again.")
    ),
    401: Failure(
        _("Sign in again"), _("Your session has ended."), _("Sign in, then go back: what you typed is kept there.")
    ),
    403: Failure(
        _("Not open to you"), _("Your part in this plan does not include that."), _("Ask the care manager about it.")
    ),
    404: Failure(
        _("Nothing here for you"),
        _("There is no such page, or it is not shared with you."),
        _("Check the address, or ask whoever sent it to you."),
    ),
    413: Failure(
        _("This is too long"),
        _("Nothing was saved. One field, or the form as a whole, holds more than it may."),
        _("Go back, shorten or split it, and send it again."),
    ),
    429: Failure(
        _("Too much at once"),
        _("More was asked from here within a minute than people ask. Nothing was saved."),
        _("Wait a minute, then try again."),
    ),
    405: Failure(_("Not here"), _("This page can't do that."), _("Go back and try again.")),
    503: Failure(
        _("The record is out of reach"),
        _("The hub can't reach its record at the moment, so nothing is shown and nothing is saved."),
        _("Keep open pages open: they go on when it is back. Try this page again in a minute."),
    ),
    500: Failure(
        _("Something broke on our side"), _("Nothing you did. It has been noted."), _("Try again in a minute.")
    ),
}


async def on_http(request: Request, error: Exception) -> Response:
    """Answer an ``HTTPException`` with its page; statuses without one get that of 404 or 400."""
    assert isinstance(error, HTTPException), "registered for HTTPException"
    return failure(request, error.status_code, error.headers)


async def on_away(request: Request, error: Exception) -> Response:
    """Answer that the store is away."""
    return failure(request, 503, {"retry-after": "5"})


async def on_repeated(request: Request, error: Exception) -> Response:
    """Answer a form that was taken already as the first time: lead on to where that answer led."""
    found, form = request.app.state.services.submissions, request.state.submission
    way_on = await found.way_on(form.digest) if found is not None and form is not None else ""
    return elsewhere(request, way_on) if way_on else page(request, "repeated.html", {})


async def on_gone(request: Request, error: Exception) -> Response:
    """Answer nobody: whoever asked has gone while it was being read, so nothing was done."""
    return Response(status_code=400)


async def on_broken(request: Request, error: Exception) -> Response:
    """Answer an error of ours, or one of the database that nobody expected; the log has its place."""
    _log.error("a page failed", exc_info=error)
    return failure(request, 500)


def failure(request: Request, status: int, headers: Mapping[str, str] | None = None) -> Response:
    """Return the page for a status."""
    told = FAILURES.get(status) or FAILURES[404 if status < 500 else 500]
    emergency = _emergency(request) if status == 404 else ""
    # Without the bar at the top, which names the address: what is not there and what one may not see are one page.
    typed = _typed(request) if (status >= 500 or status in NOT_TAKEN) and not is_swap(request) else []
    context = {
        "failure": told, "status": status, "emergency": emergency, "person": None, "typed": typed,
        "again": status not in NOT_TAKEN,
    }  # fmt: skip
    answer = page(request, "failure.html", context, status)
    answer.headers.update(headers or {})
    return answer


def _typed(request: Request) -> list[tuple[str, str]]:
    """Return the fields of the form that could not be taken, so that it can be sent again from here."""
    form = getattr(request.state, "typed", b"")
    if request.headers.get("content-type", "").partition(";")[0] != "application/x-www-form-urlencoded":
        return []
    try:
        return parse_qsl(bytes(form).decode(), keep_blank_values=True, max_num_fields=FIELDS_KEPT_MAX)
    except ValueError:
        return []  # No form of ours: nobody typed it.


def _emergency(request: Request) -> str:
    """Return where a clinician goes from the plan of this address in an emergency, whether or not there is one."""
    plan_id, who = request.path_params.get("plan_id"), getattr(request.state, "signed_in", None)
    return f"/emergency/{plan_id}" if plan_id and who is not None and who.person.role in CLINICIANS else ""


HANDLERS: Final[dict[int | type[Exception], ExceptionHandler]] = {
    HTTPException: on_http,
    JournalAwayError: on_away,
    RepeatedError: on_repeated,
    ClientDisconnect: on_gone,
    Exception: on_broken,
}
"""By what went wrong. The last is for what fails outside the pages; those have it nearer (``web.app``)."""
