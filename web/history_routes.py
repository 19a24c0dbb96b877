"""Where the history of a plan is: what happened, how it was, what to restore, why, and who wrote what."""

from starlette.routing import BaseRoute, Route

from web.pages import explaining, history, restoring, versions

PLAN = "/plans/{plan_id}"
SECTION = PLAN + "/sections/{section}"
ENTRY = PLAN + "/entries/{section}/{entry}"

HISTORY_ROUTES: tuple[BaseRoute, ...] = (
    Route(PLAN + "/history", history.of_plan, name="plan_history"),
    Route(PLAN + "/as-of", versions.as_of, name="plan_as_of"),
    Route(PLAN + "/compare", versions.compare, name="plan_compare"),
    Route(PLAN + "/versions", versions.name, name="plan_version", methods=["POST"]),
    Route(SECTION + "/restore", restoring.ask, name="section_restore", methods=["GET"]),
    Route(SECTION + "/restore", restoring.restore, name="section_restored", methods=["POST"]),
    Route(ENTRY + "/history", history.of_entry, name="entry_history"),
    Route(ENTRY + "/restore", restoring.ask, name="entry_restore", methods=["GET"]),
    Route(ENTRY + "/restore", restoring.restore, name="entry_restored", methods=["POST"]),
    Route(ENTRY + "/why", explaining.ask, name="entry_why", methods=["GET"]),
    Route(ENTRY + "/why", explaining.explain, name="entry_explained", methods=["POST"]),
    Route(ENTRY + "/writers", explaining.writers, name="entry_writers"),
)
