"""Every page of the hub: where it is, what it answers to, and, on its endpoint, who may come.

To add a page: a module in ``web/pages`` with an endpoint that names its guard (``web/guards.py``) and says in its
docstring what it does, a template, and one line here.
"""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from web.guards import for_anyone
from web.pages import entries, health, panel, plan, sections, sign_in, static_files


@for_anyone
async def home(request: Request) -> Response:
    """Go to the panel, or to sign in from there."""
    return RedirectResponse("/panel", 303)


PLAN = "/plans/{plan_id}"
SECTION = PLAN + "/sections/{section}"
ENTRY = PLAN + "/entries/{section}/{entry}"

ROUTES: tuple[BaseRoute, ...] = (
    Route("/", home, name="home"),
    Route("/sign-in", sign_in.show, name="sign_in"),
    Route("/sign-in/demo", sign_in.become, name="sign_in_demo", methods=["POST"]),
    Route("/sign-out", sign_in.sign_out, name="sign_out", methods=["POST"]),
    Route("/theme", sign_in.theme, name="theme", methods=["POST"]),
    Route("/panel", panel.show, name="panel"),
    Route(PLAN, plan.show, name="plan"),
    Route(PLAN + "/history", plan.history, name="plan_history"),
    Route(PLAN + "/seen", panel.seen, name="panel_seen", methods=["POST"]),
    Route(SECTION, sections.show, name="section"),
    Route(SECTION + "/entries/new", entries.new, name="entry_new"),
    Route(SECTION + "/entries", entries.create, name="entry_create", methods=["POST"]),
    Route(ENTRY, entries.show, name="entry"),
    Route(ENTRY + "/history", entries.history, name="entry_history"),
    Route(ENTRY + "/edit", entries.edit_form, name="entry_edit", methods=["GET"]),
    Route(ENTRY + "/edit", entries.edit, name="entry_edited", methods=["POST"]),
    Route(ENTRY + "/{command}", entries.ask, name="entry_ask", methods=["GET"]),
    Route(ENTRY + "/{command}", entries.act, name="entry_act", methods=["POST"]),
    Route("/static/{hash}/{file:path}", static_files.show, name="static"),
    Route("/healthz", health.alive, name="alive"),
    Route("/readyz", health.ready, name="ready"),
    Route("/metrics", health.metrics, name="metrics"),
)
