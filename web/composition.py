"""The hub behind the pages, put together: the one place where an engine is built and the live plans are started."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from web.services import Services
from web.settings import Settings


@asynccontextmanager
async def hub_services(settings: Settings) -> AsyncIterator[Services]:
    """Start the hub for these settings and stop it, draining what is under way."""
    raise NotImplementedError
    yield
