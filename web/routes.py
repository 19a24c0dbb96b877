"""Every page of the hub: where it is, what it answers to, and, on its endpoint, who may come.

To add a page: a module in ``web/pages`` with an endpoint that names its guard (``web/guards.py``) and says in its
docstring what it does, a template, and one line here.
"""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from web.audit_routes import AUDIT_ROUTES
from web.entrance_routes import ENTRANCE_ROUTES
from web.family_routes import FAMILY_ROUTES
from web.guards import for_anyone
from web.history_routes import HISTORY_ROUTES
from web.huddle_routes import HUDDLE_ROUTES
from web.pages import (
    emergencies,
    entries,
    health,
    invitations,
    mailbox,
    notifications,
    panel,
    plan,
    redeeming,
    sections,
    sharing,
    sign_in,
    static_files,
)
from web.work_routes import WORK_ROUTES


@for_anyone
async def home(request: Request) -> Response:
    """Go to the panel, or to sign in from there."""
    return RedirectResponse("/panel", 303)


PLAN = "/plans/{plan_id}"
SECTION = PLAN + "/sections/{section}"
ENTRY = PLAN + "/entries/{section}/{entry}"
INVITATIONS = PLAN + "/invitations"
SHARING = PLAN + "/sharing"

ROUTES: tuple[BaseRoute, ...] = (
    Route("/", home, name="home"),
    Route("/sign-in", sign_in.show, name="sign_in"),
    Route("/sign-in/demo", sign_in.become, name="sign_in_demo", methods=["POST"]),
    Route("/sign-out", sign_in.sign_out, name="sign_out", methods=["POST"]),
    Route("/theme", sign_in.theme, name="theme", methods=["POST"]),
    Route("/panel", panel.show, name="panel"),
    Route(PLAN, plan.show, name="plan"),
    *HISTORY_ROUTES,
    Route(PLAN + "/seen", panel.seen, name="panel_seen", methods=["POST"]),
    *WORK_ROUTES,
    Route(SECTION, sections.show, name="section"),
    Route(SECTION + "/entries/new", entries.new, name="entry_new"),
    Route(SECTION + "/entries", entries.create, name="entry_create", methods=["POST"]),
    Route(ENTRY, entries.show, name="entry"),
    Route(ENTRY + "/edit", entries.edit_form, name="entry_edit", methods=["GET"]),
    Route(ENTRY + "/edit", entries.edit, name="entry_edited", methods=["POST"]),
    Route(ENTRY + "/{command}", entries.ask, name="entry_ask", methods=["GET"]),
    Route(ENTRY + "/{command}", entries.act, name="entry_act", methods=["POST"]),
    Route(INVITATIONS, invitations.show, name="invitations", methods=["GET"]),
    Route(INVITATIONS, invitations.create, name="invitation_create", methods=["POST"]),
    Route(INVITATIONS + "/new", invitations.new, name="invitation_new"),
    Route(INVITATIONS + "/{invitation}/resend", invitations.resend, name="invitation_resend", methods=["POST"]),
    Route(INVITATIONS + "/{invitation}/revoke", invitations.revoke, name="invitation_revoke", methods=["POST"]),
    Route("/i/{invitation}", redeeming.show, name="invited", methods=["GET"]),
    Route("/i/{invitation}", redeeming.come_in, name="come_in", methods=["POST"]),
    Route(PLAN + "/welcome", redeeming.welcome, name="welcome"),
    Route(SHARING, sharing.show, name="sharing"),
    Route(SHARING + "/looks", sharing.looks, name="sharing_looks"),
    Route(SHARING + "/{person}", sharing.person, name="sharing_person"),
    Route(SHARING + "/{person}/preview", sharing.preview, name="sharing_preview"),
    Route(SHARING + "/{person}/consent", sharing.narrow, name="sharing_narrow", methods=["POST"]),
    Route(SHARING + "/{person}/end", sharing.end, name="sharing_end", methods=["POST"]),
    Route(SHARING + "/{person}/remove", sharing.remove, name="sharing_remove", methods=["POST"]),
    Route("/emergency", emergencies.find, name="emergency_find", methods=["GET"]),
    Route("/emergency", emergencies.found, name="emergency_found", methods=["POST"]),
    Route("/emergency/{plan}", emergencies.ask, name="emergency", methods=["GET"]),
    Route("/emergency/{plan}", emergencies.begin, name="emergency_begin", methods=["POST"]),
    Route("/reviews", emergencies.queue, name="reviews", methods=["GET"]),
    Route("/reviews", emergencies.review, name="review", methods=["POST"]),
    Route("/notifications", notifications.show, name="notifications"),
    Route("/notifications/seen", notifications.seen, name="notifications_seen", methods=["POST"]),
    Route("/demo/mailbox", mailbox.show, name="mailbox"),
    *AUDIT_ROUTES,
    *ENTRANCE_ROUTES,
    *FAMILY_ROUTES,
    *HUDDLE_ROUTES,
    Route("/static/{hash}/{file:path}", static_files.show, name="static"),
    Route("/healthz", health.alive, name="alive"),
    Route("/readyz", health.ready, name="ready"),
    Route("/metrics", health.metrics, name="metrics"),
)
