"""The demo's mailbox: where letters go on a hub that sends none. Outside the demo there is no such page."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from web.asking import access
from web.doors.guards import for_anyone, services
from web.mail import Mailbox
from web.reading import reading_now
from web.rendering import page
from web.settings import loopback
from web.views.words import moment


@for_anyone
async def show(request: Request) -> Response:
    """Show the letters of the demo to a visitor on this machine; a page that is not there for anyone else."""
    client = request.client
    if not services(request).settings.demo or client is None or not loopback(client.host):
        raise HTTPException(404)
    mail = access(request).mail
    if not isinstance(mail, Mailbox):
        raise HTTPException(404)
    reading = reading_now(request)
    letters = [(moment(came, reading), letter, _link(letter.words)) for came, letter in mail.letters()]
    return page(request, "inviting/mailbox.html", {"letters": letters})


def _link(words: str) -> str:
    """Return the link in a letter, ``""`` where it has none."""
    return next((line for line in words.splitlines() if "/i/" in line and line.startswith("http")), "")
