"""Whether the process lives, and whether it can serve."""

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from hub.ids import HUB
from hub.journal import JournalAwayError
from web.guards import for_anyone, services
from web.settings import loopback


@for_anyone
async def alive(request: Request) -> Response:
    """Answer that the process is up; asks nobody."""
    return PlainTextResponse("alive")


@for_anyone
async def ready(request: Request) -> Response:
    """Answer whether the record can be reached: 503 takes the process out of a balancer."""
    try:
        await services(request).journal.history(HUB, limit=1)
    except JournalAwayError:
        return PlainTextResponse("the record is out of reach", 503)
    return PlainTextResponse("ready")


@for_anyone
async def metrics(request: Request) -> Response:
    """Return the counters of this process to someone on this machine; a scraper comes through a local agent."""
    if request.client is None or not loopback(request.client.host):
        return PlainTextResponse("Not here.", 404)
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
