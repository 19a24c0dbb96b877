"""Whether the process lives, and whether it can serve."""

import hmac
from typing import Final
from urllib.parse import urlsplit

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

FORWARDED: Final = frozenset(
    {"forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"}
)


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
    """Return what all processes behind this port count, to whoever holds the token of the settings.

    Without a token only a hub whose own address is this machine answers, and only to this machine: before any other a
    proxy stands, whose requests come from the same machine as often as not, with no header to tell them by.
    """
    settings = services(request).settings
    if not (_bears(request, settings.metrics_token) if settings.metrics_token else _local(request, settings.origin)):
        return PlainTextResponse("Not here.", 404)
    plans = services(request).state.get(LIVE)
    if isinstance(plans, CarePlans):
        count(plans)
    return Response(generate_latest(_registry(request)), media_type=CONTENT_TYPE_LATEST)


def _bears(request: Request, token: str) -> bool:
    return hmac.compare_digest(request.headers.get("authorization", "").encode(), f"Bearer {token}".encode())


def _local(request: Request, origin: str) -> bool:
    here = request.client is not None and loopback(request.client.host)
    forwarded = FORWARDED & {name.lower() for name in request.headers}
    return here and not forwarded and loopback(urlsplit(origin).hostname or "")


def _registry(request: Request) -> CollectorRegistry:
    folder = services(request).settings.measures_dir
    if folder is None:
        return REGISTRY
    everyone = CollectorRegistry()
    MultiProcessCollector(everyone, path=str(folder))  # type: ignore[no-untyped-call]
    return everyone
