"""Where the work is: what waits on me, tasks in one line, referrals round their loop, visit updates."""

from starlette.routing import BaseRoute, Route

from web.pages import referrals, tasks, visits, work

PLAN = "/plans/{plan_id}"
REFERRAL = PLAN + "/referrals"

WORK_ROUTES: tuple[BaseRoute, ...] = (
    Route("/work", work.show, name="work", methods=["GET"]),
    Route("/work", work.settle, name="work_settle", methods=["POST"]),
    Route("/work/count", work.number, name="work_count"),
    Route(PLAN + "/tasks/line", tasks.line_form, name="task_line", methods=["GET"]),
    Route(PLAN + "/tasks/line", tasks.line, name="task_line_add", methods=["POST"]),
    Route(PLAN + "/visit", visits.show, name="visit", methods=["GET"]),
    Route(PLAN + "/visit", visits.publish, name="visit_publish", methods=["POST"]),
    Route(REFERRAL + "/new", referrals.new, name="referral_new", methods=["GET"]),
    Route(REFERRAL + "/new", referrals.create, name="referral_create", methods=["POST"]),
    Route(REFERRAL + "/{entry}", referrals.show, name="referral"),
    Route(REFERRAL + "/{entry}/take-back", referrals.take_back, name="visit_take_back", methods=["POST"]),
)
