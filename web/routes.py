"""Every page of the hub: where it is, what it answers to, and, on its endpoint, who may come.

To add a page: a module in ``web/pages`` with an endpoint that names its guard (``web/doors/guards.py``) and says in its
docstring what it does, a template, and one line here.
"""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from web.doors import cds, gateways, scim_doors
from web.doors.fhir_doors import FHIR_ROUTES
from web.doors.guards import for_anyone
from web.doors.machines import APPS_AT, AUTHORIZE_AT, FHIR_BASE, KEYS_AT, LAUNCH_AT, LAUNCHED_AT, SCIM_BASE
from web.gateways import GATEWAY_AT
from web.pages import (
    admin,
    admin_apps,
    admin_ehrs,
    admin_people,
    admin_provider,
    admin_reminders,
    admin_servers,
    admin_systems,
    admin_units,
    app_consent,
    attachments,
    audit,
    audit_export,
    beginnings,
    calendars,
    coming_home,
    copies,
    csv_files,
    devices,
    ehr_launch,
    emergencies,
    entries,
    experience,
    explaining,
    family,
    files,
    findings,
    handoffs,
    health,
    history,
    hospital_alerts,
    huddle_lines,
    huddle_records,
    huddle_room,
    huddles,
    invitations,
    lists,
    mailbox,
    mine,
    my_apps,
    my_sessions,
    notifications,
    offline,
    origins,
    panel,
    panel_views,
    passkeys,
    patients,
    plan,
    plan_connections,
    questions,
    readings,
    reconciling,
    redeeming,
    referrals,
    reminders,
    restoring,
    returning,
    search,
    sections,
    sharing,
    sign_in,
    static_files,
    stays,
    tasks,
    versions,
    visits,
    work,
    work_sign_in,
)


@for_anyone
async def home(request: Request) -> Response:
    """Go to the panel, or to sign in from there."""
    return RedirectResponse("/panel", 303)


PLAN = "/plans/{plan_id}"
SECTION = PLAN + "/sections/{section}"
ENTRY = PLAN + "/entries/{section}/{entry}"
INVITATIONS = PLAN + "/invitations"
SHARING = PLAN + "/sharing"
QUESTION = PLAN + "/questions/{entry}"
REFERRAL = PLAN + "/referrals"
HUDDLE = "/huddles/{huddle_id}"

HISTORY_ROUTES: tuple[BaseRoute, ...] = (
    Route(PLAN + "/history", history.of_plan, name="plan_history"),
    Route(PLAN + "/as-of", versions.as_of, name="plan_as_of"),
    Route(PLAN + "/compare", versions.compare, name="plan_compare"),
    Route(PLAN + "/files", files.show, name="plan_files", methods=["GET"]),
    Route(PLAN + "/files", files.bring, name="plan_files_bring", methods=["POST"]),
    Route(PLAN + "/files/plan", files.take, name="plan_take", methods=["GET"]),
    Route(PLAN + "/files/lines", files.decide, name="plan_lines", methods=["POST"]),
    Route(PLAN + "/files/lines/{line}", files.original, name="plan_line_original", methods=["GET"]),
    Route(PLAN + "/connections", plan_connections.show, name="connections", methods=["GET"]),
    Route(PLAN + "/connections", plan_connections.change, name="connections_change", methods=["POST"]),
    Route(PLAN + "/devices", devices.show, name="devices", methods=["GET"]),
    Route(PLAN + "/devices", devices.change, name="devices_change", methods=["POST"]),
    Route(PLAN + "/versions", versions.name, name="plan_version", methods=["POST"]),
    Route(SECTION + "/restore", restoring.ask, name="section_restore", methods=["GET"]),
    Route(SECTION + "/restore", restoring.restore, name="section_restored", methods=["POST"]),
    Route(ENTRY + "/history", history.of_entry, name="entry_history"),
    Route(ENTRY + "/origins/{line}", origins.show, name="entry_origin"),
    Route(ENTRY + "/readings", readings.of_measure, name="readings"),
    Route(ENTRY + "/restore", restoring.ask, name="entry_restore", methods=["GET"]),
    Route(ENTRY + "/restore", restoring.restore, name="entry_restored", methods=["POST"]),
    Route(ENTRY + "/why", explaining.ask, name="entry_why", methods=["GET"]),
    Route(ENTRY + "/why", explaining.explain, name="entry_explained", methods=["POST"]),
    Route(ENTRY + "/writers", explaining.writers, name="entry_writers"),
)
"""The history of a plan: what happened, how it was, what to restore, why, who wrote what; and the plan as a file."""

WORK_ROUTES: tuple[BaseRoute, ...] = (
    Route("/work", work.show, name="work", methods=["GET"]),
    Route("/work", work.settle, name="work_settle", methods=["POST"]),
    Route("/work/count", work.number, name="work_count"),
    Route(PLAN + "/tasks/line", tasks.line_form, name="task_line", methods=["GET"]),
    Route(PLAN + "/tasks/line", tasks.line, name="task_line_add", methods=["POST"]),
    Route(PLAN + "/reconcile", reconciling.show, name="reconcile", methods=["GET"]),
    Route(PLAN + "/reconcile", reconciling.decide, name="reconcile_decide", methods=["POST"]),
    Route(PLAN + "/coming-home/{entry}", coming_home.show, name="coming_home"),
    Route(PLAN + "/handoff/{entry}", handoffs.show, name="handoff", methods=["GET"]),
    Route(PLAN + "/handoff/{entry}/{act}", handoffs.act, name="handoff_act", methods=["POST"]),
    Route(PLAN + "/lists", lists.show, name="lists", methods=["GET"]),
    Route(PLAN + "/lists", lists.bring, name="lists_bring", methods=["POST"]),
    Route(PLAN + "/lists/decide", lists.decide, name="lists_decide", methods=["POST"]),
    Route(PLAN + "/lists/sign", lists.sign, name="lists_sign", methods=["POST"]),
    Route(PLAN + "/lists/remove", lists.remove, name="lists_remove", methods=["POST"]),
    Route(PLAN + "/lists/file", lists.bring_file, name="lists_bring_file", methods=["POST"]),
    Route(PLAN + "/lists/sheet", lists.sheet, name="lists_sheet", methods=["GET"]),
    Route(PLAN + "/questions/new", questions.new, name="question_new", methods=["GET"]),
    Route(PLAN + "/questions", questions.ask, name="question_ask", methods=["POST"]),
    Route(PLAN + "/questions/{entry}", questions.show, name="question", methods=["GET"]),
    Route(PLAN + "/questions/{entry}", questions.say, name="question_say", methods=["POST"]),
    Route(
        PLAN + "/questions/{entry}/attachments", attachments.of_question, name="question_attachments", methods=["GET"]
    ),
    Route(
        PLAN + "/questions/{entry}/attachments", attachments.send_with_answer, name="question_attach", methods=["POST"]
    ),
    Route(PLAN + "/attachments/{attachment}", attachments.show, name="attachment", methods=["GET"]),
    Route(PLAN + "/attachments/{attachment}", attachments.hide, name="attachment_hide", methods=["POST"]),
    Route(PLAN + "/visit", visits.show, name="visit", methods=["GET"]),
    Route(PLAN + "/visit", visits.publish, name="visit_publish", methods=["POST"]),
    Route(REFERRAL + "/new", referrals.new, name="referral_new", methods=["GET"]),
    Route(REFERRAL + "/new", referrals.create, name="referral_create", methods=["POST"]),
    Route(REFERRAL + "/{entry}", referrals.show, name="referral"),
    Route(REFERRAL + "/{entry}/take-back", referrals.take_back, name="visit_take_back", methods=["POST"]),
)
"""What waits on me, tasks in one line, referrals round their loop, visit updates."""

AUDIT_ROUTES: tuple[BaseRoute, ...] = (
    Route("/audit", audit.show, name="audit", methods=["GET"]),
    Route("/audit", audit.search, name="audit_search", methods=["POST"]),
    Route("/audit/verify", audit.verify, name="audit_verify", methods=["POST"]),
    Route("/audit/export", audit_export.export, name="audit_export", methods=["POST"]),
)
"""Audit: search, verification, signed exports."""

APP_ROUTES: tuple[BaseRoute, ...] = (
    Route(AUTHORIZE_AT, app_consent.authorize, name="app_authorize"),
    Route(APPS_AT, my_apps.show, name="apps", methods=["GET"]),
    Route(APPS_AT, my_apps.end, name="apps_end", methods=["POST"]),
    Route(APPS_AT + "/allow/{request}", app_consent.show, name="app_allow", methods=["GET"]),
    Route(APPS_AT + "/allow/{request}", app_consent.answer, name="app_answer", methods=["POST"]),
    Route(LAUNCH_AT, ehr_launch.begin, name="launch"),
    Route(LAUNCHED_AT, ehr_launch.back, name="launch_back"),
    Route(LAUNCH_AT + "/{launch}", ehr_launch.arrive, name="launch_open"),
)
"""Apps that a person gives access to, by SMART on FHIR; and the hub as an app of EHRs, launched by a button there."""

ENTRANCE_ROUTES: tuple[BaseRoute, ...] = (
    Route("/sign-in/work", work_sign_in.begin, name="sign_in_work"),
    Route("/sign-in/work/back", work_sign_in.back, name="sign_in_back"),
    Route("/sign-in/work/logged-out", work_sign_in.logged_out, name="logged_out", methods=["POST"]),
    Route("/sign-out/work", work_sign_in.leave, name="sign_out_work"),
    Route("/sign-in/passkey", passkeys.challenge, name="passkey_challenge"),
    Route("/sign-in/passkey/use", passkeys.use, name="passkey_use", methods=["POST"]),
    Route("/sign-in/code", returning.show, name="return", methods=["GET"]),
    Route("/sign-in/code", returning.ask, name="return_ask", methods=["POST"]),
    Route("/sign-in/code/enter", returning.enter, name="return_enter", methods=["POST"]),
    Route("/passkeys/offer", returning.offer, name="passkey_offer"),
    Route("/passkeys/new", passkeys.options, name="passkey_options"),
    Route("/passkeys", passkeys.add, name="passkey_add", methods=["POST"]),
    Route("/passkeys/forget", passkeys.forget, name="passkey_forget", methods=["POST"]),
    Route("/sessions", my_sessions.show, name="sessions", methods=["GET"]),
    Route("/sessions", my_sessions.end, name="sessions_end", methods=["POST"]),
    Route("/sessions/left", my_sessions.left, name="session_left"),
    Route("/sessions/keep", my_sessions.left, name="session_keep", methods=["POST"]),
)
"""Signing in by a work account, a passkey or a code, and where one is signed in."""

DIRECTORY_ROUTES: tuple[BaseRoute, ...] = (
    Route("/admin", admin.show, name="admin", methods=["GET"]),
    Route("/admin", admin.test_letter, name="admin_test_letter", methods=["POST"]),
    Route("/admin/organisation", admin.organisation, name="admin_organisation", methods=["GET"]),
    Route("/admin/organisation", admin.change_organisation, name="admin_organisation_change", methods=["POST"]),
    Route("/admin/organisation/add", admin.add_organisation, name="admin_organisation_add", methods=["POST"]),
    Route("/admin/provider", admin_provider.show, name="admin_provider", methods=["GET"]),
    Route("/admin/provider", admin_provider.change, name="admin_provider_change", methods=["POST"]),
    Route("/admin/reminders", admin_reminders.show, name="admin_reminders", methods=["GET"]),
    Route("/admin/reminders", admin_reminders.change, name="admin_reminders_change", methods=["POST"]),
    Route("/admin/experience", experience.told, name="admin_experience", methods=["GET"]),
    Route("/admin/systems", admin_systems.show, name="admin_systems", methods=["GET"]),
    Route("/admin/systems", admin_systems.change, name="admin_systems_change", methods=["POST"]),
    Route("/admin/apps", admin_apps.show, name="admin_apps", methods=["GET"]),
    Route("/admin/apps", admin_apps.change, name="admin_apps_change", methods=["POST"]),
    Route("/admin/ehrs", admin_ehrs.show, name="admin_ehrs", methods=["GET"]),
    Route("/admin/ehrs", admin_ehrs.change, name="admin_ehrs_change", methods=["POST"]),
    Route("/admin/servers", admin_servers.show, name="admin_servers", methods=["GET"]),
    Route("/admin/servers", admin_servers.change, name="admin_servers_change", methods=["POST"]),
    Route("/admin/people/file", csv_files.people, name="people_file", methods=["GET"]),
    Route("/admin/people/file", csv_files.bring_people, name="people_file_bring", methods=["POST"]),
    Route("/patients/file", csv_files.patients, name="patients_file", methods=["GET"]),
    Route("/patients/file", csv_files.bring_patients, name="patients_file_bring", methods=["POST"]),
    Route("/admin/units", admin_units.show, name="admin_units", methods=["GET"]),
    Route("/admin/units", admin_units.keep, name="admin_unit_keep", methods=["POST"]),
    Route("/admin/people", admin_people.show, name="admin_people", methods=["GET"]),
    Route("/admin/people", admin_people.add, name="admin_people_add", methods=["POST"]),
    Route("/admin/people/{person}", admin_people.person, name="admin_person", methods=["GET"]),
    Route("/admin/people/{person}", admin_people.change, name="admin_person_change", methods=["POST"]),
    Route("/hospitals", hospital_alerts.show, name="hospital_alerts", methods=["GET"]),
    Route("/hospitals", hospital_alerts.decide, name="hospital_decide", methods=["POST"]),
    Route("/patients", patients.show, name="patients", methods=["GET"]),
    Route("/patients", patients.search, name="patients_search", methods=["POST"]),
    Route("/patients/new", patients.new, name="patient_new", methods=["GET"]),
    Route("/patients/new", patients.register, name="patient_register", methods=["POST"]),
    Route("/patients/likely", patients.likely, name="patients_likely", methods=["POST"]),
    Route("/patients/offers", patients.offers, name="plan_offers", methods=["GET"]),
    Route("/patients/offers", patients.answer, name="plan_offer_answer", methods=["POST"]),
    Route("/patients/{patient}", patients.patient, name="patient", methods=["GET"]),
    Route("/patients/{patient}", patients.change, name="patient_change", methods=["POST"]),
)
"""The directory: what is left to do, people, the organisation, patients with their plans and teams."""

_KEPT = ["GET", "PUT", "PATCH", "DELETE"]
SCIM_ROUTES: tuple[BaseRoute, ...] = (
    Route(SCIM_BASE + "/ServiceProviderConfig", scim_doors.config, name="scim_config"),
    Route(SCIM_BASE + "/ResourceTypes", scim_doors.resource_types, name="scim_resource_types"),
    Route(SCIM_BASE + "/ResourceTypes/{id}", scim_doors.resource_types, name="scim_resource_type"),
    Route(SCIM_BASE + "/Schemas", scim_doors.schemas, name="scim_schemas"),
    Route(SCIM_BASE + "/Schemas/{id}", scim_doors.schemas, name="scim_schema"),
    Route(SCIM_BASE + "/Users", scim_doors.users, name="scim_users", methods=["GET", "POST"]),
    Route(SCIM_BASE + "/.search", scim_doors.search, name="scim_search", methods=["POST"]),
    Route(SCIM_BASE + "/Users/.search", scim_doors.search_users, name="scim_users_search", methods=["POST"]),
    Route(SCIM_BASE + "/Groups/.search", scim_doors.search_groups, name="scim_groups_search", methods=["POST"]),
    Route(SCIM_BASE + "/Users/{user}", scim_doors.user, name="scim_user", methods=_KEPT),
    Route(SCIM_BASE + "/Groups", scim_doors.groups, name="scim_groups", methods=["GET", "POST"]),
    Route(
        SCIM_BASE + "/Groups/{group}", scim_doors.group, name="scim_group", methods=["GET", "PUT", "PATCH", "DELETE"]
    ),
    Route(SCIM_BASE + "/{elsewhere:path}", scim_doors.nowhere, name="scim_nowhere"),
)
"""SCIM 2.0: people and groups that an identity provider keeps."""


def _home(name: str) -> tuple[BaseRoute, ...]:
    """Return what both pages of those at home answer to, under the name of one."""
    at = f"{PLAN}/{name}"
    return (
        Route(at, family.show, name=name),
        Route(at + "/sheet", family.sheet, name=f"{name}_sheet"),
        Route(at + "/readings/{entry}", family.read, name=f"{name}_read", methods=["POST"]),
        Route(at + "/readings/{entry}/{key}/error", family.mark_error, name=f"{name}_mark_error", methods=["POST"]),
        Route(at + "/doses/{entry}", family.say_taken, name=f"{name}_say_taken", methods=["POST"]),
        Route(at + "/notes", family.write, name=f"{name}_write", methods=["POST"]),
        Route(at + "/learn", family.learn, name=f"{name}_learn", methods=["GET"]),
        Route(at + "/experience", experience.show, name=f"{name}_experience", methods=["GET"]),
        Route(at + "/experience", experience.tell, name=f"{name}_experience_tell", methods=["POST"]),
        Route(at + "/attachments", attachments.at_home, name=f"{name}_attachments", methods=["GET"]),
        Route(at + "/attachments", attachments.send_from_home, name=f"{name}_attach", methods=["POST"]),
        Route(at + "/stay", family.telling, name=f"{name}_telling", methods=["GET"]),
        Route(at + "/stay", family.tell_of_stay, name=f"{name}_stay", methods=["POST"]),
        Route(at + "/notes/{entry}/{verb}", family.say_more, name=f"{name}_say_more", methods=["POST"]),
        Route(at + "/tasks/{entry}/{verb}", family.act, name=f"{name}_act", methods=["POST"]),
        Route(at + "/seen", family.seen, name=f"{name}_seen", methods=["POST"]),
        Route(at + "/settings", family.settings, name=f"{name}_settings", methods=["POST"]),
        Route(at + "/app.webmanifest", offline.manifest, name=f"{name}_manifest"),
    )


MINE = PLAN + "/mine"
HOME_ROUTES: tuple[BaseRoute, ...] = (
    *_home("family"),
    Route(PLAN + "/family/{block}", family.block, name="family_block"),
    *_home("mine"),
    Route(MINE + "/words/{part}/{entry}", mine.say, name="mine_say", methods=["POST"]),
    Route(MINE + "/goals", mine.add, name="mine_add", methods=["POST"]),
    Route(MINE + "/wrong", mine.correct, name="mine_correct", methods=["POST"]),
    Route(MINE + "/{block}", family.block, name="mine_block"),
)
"""The family's page and the patient's own."""

HUDDLE_ROUTES: tuple[BaseRoute, ...] = (
    Route("/huddles", huddles.show, name="huddles", methods=["GET"]),
    Route("/huddles", huddles.create, name="huddle_create", methods=["POST"]),
    Route("/huddles/add", huddles.add, name="huddle_add", methods=["POST"]),
    Route(HUDDLE, huddle_room.show, name="huddle"),
    Route(HUDDLE + "/stage", huddle_room.stage, name="huddle_stage"),
    Route(HUDDLE + "/minutes", huddle_records.minutes, name="huddle_minutes"),
    Route(HUDDLE + "/mine", huddle_records.mine, name="huddle_mine"),
    Route(HUDDLE + "/sign", huddle_records.sign, name="huddle_sign", methods=["POST"]),
    Route(HUDDLE + "/carry", huddle_records.carry, name="huddle_carry", methods=["POST"]),
    Route(HUDDLE + "/lines", huddle_lines.note, name="huddle_note", methods=["POST"]),
    Route(HUDDLE + "/assign", huddle_lines.assign, name="huddle_assign", methods=["POST"]),
    Route(HUDDLE + "/read-back", huddle_lines.read_back, name="huddle_read_back", methods=["POST"]),
    Route(HUDDLE + "/{move}", huddle_room.act, name="huddle_act", methods=["POST"]),
)
"""Huddles: agenda, live room, minutes, signatures."""

REMINDER_ROUTES: tuple[BaseRoute, ...] = (
    Route("/reminders", reminders.show, name="reminders"),
    Route("/reminders/choices", reminders.choices, name="reminder_choices", methods=["GET"]),
    Route("/reminders/choices", reminders.choose, name="reminder_choose", methods=["POST"]),
    Route("/reminders/calendar", calendars.change, name="calendar_change", methods=["POST"]),
    Route("/calendar/{token}", calendars.show, name="calendar"),
    Route("/told/{letter}", reminders.go, name="told"),
    Route(GATEWAY_AT, gateways.told, name="gateway_told", methods=["POST"]),
)
"""What I am told, and how I want it."""

ROUTES: tuple[BaseRoute, ...] = (
    Route("/", home, name="home"),
    Route("/sign-in", sign_in.show, name="sign_in"),
    Route("/sign-in/demo", sign_in.become, name="sign_in_demo", methods=["POST"]),
    Route("/sign-out", sign_in.sign_out, name="sign_out", methods=["POST"]),
    Route("/theme", sign_in.theme, name="theme", methods=["POST"]),
    Route("/panel", panel.show, name="panel"),
    Route("/panel/views", panel_views.keep, name="panel_views", methods=["POST"]),
    Route("/search", search.show, name="search", methods=["GET"]),
    Route("/search", search.found, name="search_for", methods=["POST"]),
    Route("/cds-services", cds.discover, name="cds_services"),
    Route("/cds-services/{service}", cds.call, name="cds_service", methods=["POST"]),
    Route(PLAN, plan.show, name="plan"),
    Route(PLAN + "/next", plan.next_up, name="plan_next"),
    Route(PLAN + "/problems", plan.by_problem, name="plan_problems"),
    Route(PLAN + "/margins.css", plan.margins, name="plan_margins"),
    Route(PLAN + "/copy", copies.show, name="plan_copy", methods=["GET"]),
    Route(PLAN + "/copy", copies.take, name="plan_copy_take", methods=["POST"]),
    Route(PLAN + "/begin", beginnings.show, name="plan_beginning", methods=["GET"]),
    Route(PLAN + "/begin", beginnings.begin, name="plan_begin", methods=["POST"]),
    *HISTORY_ROUTES,
    Route(PLAN + "/seen", panel.seen, name="panel_seen", methods=["POST"]),
    *WORK_ROUTES,
    Route(SECTION, sections.show, name="section"),
    Route(PLAN + "/stays/{move}", stays.ask, name="stay", methods=["GET"]),
    Route(PLAN + "/stays/{move}", stays.record, name="stay_record", methods=["POST"]),
    Route(SECTION + "/entries/new", entries.new, name="entry_new"),
    Route(SECTION + "/entries", entries.create, name="entry_create", methods=["POST"]),
    Route(PLAN + "/findings", findings.show, name="plan_findings"),
    Route(SECTION + "/findings", findings.try_out, name="findings_try", methods=["POST"]),
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
    Route(SHARING + "/{person}/end-reading", sharing.end_reading, name="sharing_end_reading", methods=["POST"]),
    Route(SHARING + "/{person}/remove", sharing.remove, name="sharing_remove", methods=["POST"]),
    Route("/emergency", emergencies.find, name="emergency_find", methods=["GET"]),
    Route("/emergency", emergencies.found, name="emergency_found", methods=["POST"]),
    Route("/emergency/{plan}", emergencies.ask, name="emergency", methods=["GET"]),
    Route("/emergency/{plan}", emergencies.begin, name="emergency_begin", methods=["POST"]),
    Route("/reviews", emergencies.queue, name="reviews", methods=["GET"]),
    Route("/reviews", emergencies.review, name="review", methods=["POST"]),
    Route("/notifications", notifications.show, name="notifications"),
    Route("/notifications/seen", notifications.seen, name="notifications_seen", methods=["POST"]),
    *REMINDER_ROUTES,
    Route("/demo/mailbox", mailbox.show, name="mailbox"),
    *AUDIT_ROUTES,
    *DIRECTORY_ROUTES,
    *SCIM_ROUTES,
    Route(FHIR_BASE + KEYS_AT, admin_servers.keys, name="fhir_keys"),
    *FHIR_ROUTES,
    *APP_ROUTES,
    *ENTRANCE_ROUTES,
    *HOME_ROUTES,
    *HUDDLE_ROUTES,
    Route("/offline.js", offline.worker, name="offline_worker"),
    Route("/sessions/stays", offline.stays, name="offline_stays"),
    Route("/static/{hash}/{file:path}", static_files.show, name="static"),
    Route("/healthz", health.alive, name="alive"),
    Route("/readyz", health.ready, name="ready"),
    Route("/metrics", health.metrics, name="metrics"),
)
