"""The application: routes, middleware, failures, and the lifespan in which the hub behind it lives."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.middleware.gzip import GZipMiddleware

from web.composition import hub_services
from web.doors.cross_origin import CrossOrigin
from web.failures import HANDLERS, on_broken
from web.forms import Bounded
from web.middleware import Addressed, Answered, Known
from web.pacing import Paced
from web.rendering import Rendering
from web.routes import ROUTES
from web.services import Services
from web.settings import Settings
from web.submitting import Submitted

GZIP_BYTES_MIN = 1_000

Opening = Callable[[Settings], AbstractAsyncContextManager[Services]]
"""Starts everything a page needs and stops it again, draining what is under way."""


def create_app(settings: Settings, opening: Opening = hub_services) -> Starlette:
    """Return the application for these settings; the hub starts and stops with its lifespan."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[dict[str, object]]:
        async with opening(settings) as services:
            app.state.services = services
            yield dict(services.state)

    def services() -> Services:
        found: Services = app.state.services
        return found

    app = Starlette(
        routes=list(ROUTES),
        middleware=[
            Middleware(Answered, settings=settings),
            Middleware(Addressed, settings=settings),
            Middleware(GZipMiddleware, minimum_size=GZIP_BYTES_MIN),
            Middleware(CrossOrigin, services=services),
            Middleware(Known, settings=settings, services=services),
            Middleware(Paced),
            Middleware(Bounded),
            Middleware(Submitted, services=services),
            Middleware(ExceptionMiddleware, handlers={Exception: on_broken}),  # Inside: its page has the headers too.
        ],
        exception_handlers=HANDLERS,
        lifespan=lifespan,
    )
    app.state.rendering = Rendering()
    return app
