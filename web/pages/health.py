"""Whether the process lives, and whether it can serve."""

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from hub.ids import HUB
from hub.live.plans import CarePlans
from hub.record.journal import JournalAwayError
from hub.sockets.live_socket import LIVE
from web.counting import count
from web.doors.guards import for_anyone, services
from web.settings import loopback


@for_anyone
async def alive(request: Request) -> Response:
    """Answer that the process is up; asks nobody."""
    return PlainTextResponse("alive")


@for_anyone
async def ready(request: Request) -> Response:
    """Answer whether the record can be reached: 503 takes the process out of a balancer."""
    plans = services(request).state.get(LIVE)
    if isinstance(plans, CarePlans) and plans.draining:
        return PlainTextResponse("the process is ending", 503)
    if isinstance(plans, CarePlans) and plans.counts().storage_away:
        return PlainTextResponse("the record is out of reach", 503)
    try:
        await services(request).journal.history(HUB, limit=1)
    except JournalAwayError:
        return PlainTextResponse("the record is out of reach", 503)
    return PlainTextResponse("ready")


@for_anyone
async def metrics(request: Request) -> Response:
    """Return what all processes behind this port count, to someone on this machine: a scraper uses a local agent."""
    if request.client is None or not loopback(request.client.host):
        return PlainTextResponse("Not here.", 404)
    plans = services(request).state.get(LIVE)
    if isinstance(plans, CarePlans):
        count(plans)
    return Response(generate_latest(_registry(request)), media_type=CONTENT_TYPE_LATEST)


def _registry(request: Request) -> CollectorRegistry:
    folder = services(request).settings.measures_dir
    if folder is None:
        return REGISTRY
    everyone = CollectorRegistry()
    MultiProcessCollector(everyone, path=str(folder))  # type: ignore[no-untyped-call]
    return everyone
