"""Every table and column of the hub, declared once. The migrations make them; a test compares the two.

How a column is declared stands in ``hub/store/columns.py``.
"""

from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from auth.break_glass import Verdict
from auth.consents import How
from auth.invitations import CODES_SENT_MAX, WRONG_CODES_MAX, Delivery, InvitationState
from auth.roles import Basis, Role
from auth.sessions import Idle
from crdt.changes import Root
from crdt.sections import Section
from hub.store import app_tables, arrival_tables, columns, reminder_tables, service_tables
from hub.store.columns import among as _among
from hub.store.columns import binary as _binary
from hub.store.columns import metadata
from hub.store.columns import of as _of
from hub.store.columns import text as _text
from hub.store.columns import when as _when
from hub.store.columns import words as _words
from hub.workflows.huddle_states import Course, Stand

_id, _maybe, _count, _flag = columns.id_column, columns.maybe, columns.count, columns.flag
_given, _instant, _keys = columns.given, columns.instant, columns.keys

JOURNAL_ROLES: Final = ("careplan_app", "careplan_auditor", "careplan_backup")
"""Database roles beside the owner: of the hub, an auditor, a backup. No logins: a login is granted one of them."""

organisation: Final = sa.Table(
    "organisation",
    metadata,
    _id(),
    _words("name", None),
    _words("address"),
    _words("phone"),
    _words("phone_after_hours"),
    _words("time_zone", "UTC"),
    _words("language", "en"),
    _words("emergency_number", "911"),
    sa.Column("opening", postgresql.JSONB, nullable=False, server_default=sa.text("'[]'")),
    sa.Column("holidays", postgresql.JSONB, nullable=False, server_default=sa.text("'[]'")),
    sa.Column("number_system", _text, nullable=False, unique=True),
    _when("created"),
    sa.Column("answer_hours", postgresql.JSONB, nullable=False, server_default=sa.text("'{}'")),
    sa.Column("confidential_age", sa.SmallInteger, nullable=False, server_default=sa.text("13")),
    sa.Column("majority_age", sa.SmallInteger, nullable=False, server_default=sa.text("18")),
    sa.CheckConstraint("name <> ''", name="named"),
    sa.CheckConstraint("confidential_age between 0 and majority_age and majority_age between 14 and 25", name="ages"),
)
"""Clinics and practices. The first one is the default; ``number_system`` names its record numbers everywhere."""

person: Final = sa.Table(
    "person",
    metadata,
    _id(),
    _words("name", None),
    _words("profession"),
    _words("role", None),
    _words("email"),
    _words("phone"),
    _words("locale", "en"),
    sa.Column("issuer", _text),
    sa.Column("subject", _text),
    _flag("may_audit"),
    _flag("may_administer"),
    sa.Column("active", sa.Boolean, nullable=False, server_default=sa.text("true")),
    _when("created"),
    _of("organisation", "organisation", nullable=True),
    *_keys(),
    _among("role", Role),
    sa.CheckConstraint("name <> ''", name="named"),
    sa.CheckConstraint("(issuer is null) = (subject is null)", name="issuer_with_subject"),
    sa.UniqueConstraint("issuer", "subject"),
    sa.Index("person_email", sa.text("lower(email)")),
)

unit: Final = sa.Table(
    "unit",
    metadata,
    _id(),
    _of("organisation", "organisation"),
    _words("name", None),
    _when("created"),
    _maybe("ended"),
    sa.CheckConstraint("name <> ''", name="named"),
)
"""A ward, practice or circle of an organisation; its members are the team that a plan there begins with."""

unit_member: Final = sa.Table(
    "unit_member", metadata, _of("unit", "unit", primary_key=True), _of("person", "person", primary_key=True)
)

patient: Final = sa.Table(
    "patient",
    metadata,
    _id(),
    _of("organisation", "organisation"),
    _words("family", None),
    _words("given"),
    _words("born"),
    _words("gender", "unknown"),
    _words("gender_words"),
    _words("called"),
    _words("language", "en"),
    _flag("interpreter"),
    _words("phone"),
    _words("address"),
    sa.Column("person", _text, sa.ForeignKey("person.id"), unique=True),
    _words("deceased"),
    _when("created"),
    *_keys(),
    _words("moved"),
    _of("same_as", "patient", nullable=True),
    sa.CheckConstraint("family <> ''", name="named"),
    _among("gender", ("female", "male", "other", "unknown")),
    sa.CheckConstraint("born ~ '^([0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?)?$'", name="born"),
)
"""Whom plans are for. ``born`` is as much of the date as is known; ``person`` is the patient's own, who signs in;
``same_as`` names the record that goes on for the same human being."""

identifier: Final = sa.Table(
    "identifier",
    metadata,
    sa.Column("system", _text, primary_key=True),
    sa.Column("key", _text, primary_key=True),
    _words("value", None),
    _of("patient", "patient"),
    sa.CheckConstraint("key <> ''", name="key"),
    sa.Index("identifier_of", "patient"),
    sa.Index("identifier_key", "key"),
)
"""Record numbers: each belongs to a system, such as an organisation's; ``key`` is the value without its spacing."""

plan: Final = sa.Table(
    "plan",
    metadata,
    _id(),
    _of("steward", "person", nullable=True),
    _when("created"),
    _count("grant_version"),
    _of("organisation", "organisation"),
    _of("subject", "patient"),
    _maybe("closed"),
    _words("template"),
    _maybe("archived"),
    sa.CheckConstraint("archived is null or closed is not null", name="archived"),
    sa.Index("plan_subject_index", "subject"),
)
"""``template`` names what the plan was opened with."""

participant: Final = sa.Table(
    "participant",
    metadata,
    _of("plan", "plan", primary_key=True),
    _of("person", "person", primary_key=True),
    _words("role", None),
    _when("since"),
    _maybe("ends"),
    _maybe("removed"),
    sa.Column("sections", postgresql.ARRAY(_text)),
    _words("relation"),
    _of("added_by", "person", nullable=True),
    _words("basis"),
    _words("authority"),
    _among("role", Role),
    _among("basis", Basis),
    sa.CheckConstraint("(role = 'guardian') = (basis <> '')", name="guardian"),
    sa.Index("participant_person", "person"),
)

consent: Final = sa.Table(
    "consent",
    metadata,
    _of("plan", "plan", primary_key=True),
    _of("person", "person", primary_key=True),
    sa.Column("section", _text, primary_key=True),
    sa.Column("recorded", _instant, primary_key=True),
    sa.Column("access", _text),
    _maybe("ends"),
    _words("agreed_by", None),
    _of("recorded_by", "person"),
    _words("how", None),
    _words("text_version", None),
    _among("section", Section),
    _among("access", ("none", "read", "granted")),
    _among("how", How),
    sa.CheckConstraint("ends is null or access is not null", name="ends"),
)
"""As recorded, never changed; the latest of a person and section counts. No access: an earlier one is taken back."""

invitation: Final = sa.Table(
    "invitation",
    metadata,
    _id(),
    _of("plan", "plan"),
    _of("inviter", "person"),
    _words("role", None),
    _words("relation", None),
    sa.Column("sections", postgresql.ARRAY(_text), nullable=False),
    _maybe("access_ends"),
    _given("made"),
    sa.Column("secret_hash", _binary, nullable=False),
    _words("delivery", None),
    _words("state", None),
    sa.Column("code_hash", _binary),
    _maybe("code_expires"),
    sa.Column("browser_hash", _binary),
    sa.Column("codes_sent", sa.SmallInteger, nullable=False),
    sa.Column("wrong_codes", sa.SmallInteger, nullable=False),
    _maybe("opened"),
    _maybe("finished"),
    _of("person", "person", nullable=True),
    _words("name"),
    _words("address"),
    _words("locale", "en"),
    _flag("may_change", default=True),
    _words("agreed_by"),
    _words("agreed_how", How.PAGE.value),
    _words("text_version"),
    _words("referral"),
    _words("basis"),
    _words("authority"),
    _flag("new_person"),
    _among("role", Role),
    _among("basis", Basis),
    _among("delivery", Delivery),
    _among("agreed_how", How),
    _among("state", InvitationState),
    sa.CheckConstraint("length(secret_hash) = 32", name="secret_hash"),
    sa.CheckConstraint(f"wrong_codes between 0 and {WRONG_CODES_MAX}", name="wrong_codes"),
    sa.CheckConstraint(f"codes_sent between 0 and {CODES_SENT_MAX}", name="codes_sent"),
    sa.CheckConstraint("(state = 'redeemed') = (person is not null)", name="redeemed"),
    sa.CheckConstraint("(state in ('redeemed', 'revoked', 'killed')) = (finished is not null)", name="finished"),
    sa.CheckConstraint("(code_hash is null) = (code_expires is null)", name="code_expires"),
    sa.Index("invitation_plan", "plan", "made"),
)

session: Final = sa.Table(
    "session",
    metadata,
    _id(),
    _of("person", "person"),
    sa.Column("token_hash", _binary, nullable=False, unique=True),
    _words("idle", None),
    _given("began"),
    _given("active"),
    _given("authenticated"),
    _maybe("ended"),
    _words("how"),
    _words("provider_sid"),
    sa.Column("address_hash", _binary),
    _words("agent"),
    _among("idle", Idle),
    sa.CheckConstraint("length(token_hash) = 32", name="token_hash"),
    sa.CheckConstraint("active >= began", name="active"),
    sa.Index("session_person", "person", "began"),
    sa.Index("session_provider_sid", "provider_sid", postgresql_where=sa.text("provider_sid <> ''")),
)

ticket: Final = sa.Table(
    "ticket",
    metadata,
    sa.Column("token_hash", _binary, primary_key=True),
    _words("purpose", None),
    sa.Column("words", postgresql.JSONB, nullable=False),
    _given("expires"),
    sa.CheckConstraint("length(token_hash) = 32", name="token_hash"),
    sa.Index("ticket_expires", "expires"),
)
"""What serves once and soon: a socket's ticket, a sign-in under way at the provider, a passkey's challenge."""

attempt: Final = sa.Table(
    "attempt",
    metadata,
    _words("purpose", None),
    sa.Column("address_hash", _binary, nullable=False),
    _given("tried"),
    sa.Index("attempt_address", "purpose", "address_hash", "tried"),
)
"""Tries from an address, to be counted before anything is looked up."""

submission: Final = sa.Table(
    "submission", metadata, sa.Column("digest", _binary, primary_key=True), _when("taken"), _words("way_on"),
    sa.CheckConstraint("length(digest) = 32", name="digest"), sa.Index("submission_taken", "taken"),
)  # fmt: skip
"""Forms that were taken, so that one sent twice counts once."""

passkey: Final = sa.Table(
    "passkey",
    metadata,
    sa.Column("credential", _binary, primary_key=True),
    _of("person", "person"),
    sa.Column("public_key", _binary, nullable=False),
    _count("sign_count"),
    _flag("backed_up"),
    _words("label"),
    _when("made"),
    _maybe("used"),
    sa.Index("passkey_person", "person"),
)

break_glass: Final = sa.Table(
    "break_glass",
    metadata,
    _of("plan", "plan", primary_key=True),
    _of("person", "person", primary_key=True),
    sa.Column("began", _instant, primary_key=True),
    _words("role", None),
    _words("profession"),
    _words("reason", None),
    _given("until"),
    _words("verdict", "pending"),
    _of("reviewer", "person", nullable=True),
    _maybe("reviewed"),
    _words("review_words"),
    _among("role", Role),
    _among("verdict", Verdict),
    sa.CheckConstraint("reason <> ''", name="reason"),
    sa.CheckConstraint("until > began and until <= began + interval '60 minutes'", name="until"),
    sa.CheckConstraint(
        "(verdict = 'pending') = (reviewer is null) and (reviewer is null) = (reviewed is null)", name="reviewed"
    ),
    sa.CheckConstraint("reviewer <> person", name="reviewed_by_another"),
    sa.Index("break_glass_pending", "began", postgresql_where=sa.text("verdict = 'pending'")),
)

looked: Final = sa.Table(
    "looked", metadata, _of("plan", "plan", primary_key=True), _of("person", "person", primary_key=True),
    sa.Column("section", _text, primary_key=True), sa.Column("seq", sa.BigInteger, nullable=False), _when("looked"),
    _among("section", Section),
)  # fmt: skip

notification: Final = sa.Table(
    "notification",
    metadata,
    _of("person", "person", primary_key=True),
    _of("plan", "plan", primary_key=True),
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    _when("made"),
    _maybe("seen"),
    sa.Index("notification_unseen", "person", postgresql_where=sa.text("seen is null")),
)
"""Who was told of which row of a plan's journal; the row says what happened."""

head: Final = sa.Table(
    "head",
    metadata,
    _id("plan"),
    _count("seq"),
    sa.Column("hash", _binary, nullable=False, server_default=sa.text("decode(repeat('00', 32), 'hex')")),
    _flag("entries_kept", default=True),
    sa.CheckConstraint("seq >= 0", name="seq"),
    sa.CheckConstraint("length(hash) = 32", name="hash"),
    # The hot row of a commit: it stays on its page, and nothing but its key is indexed.
    postgresql_with={"fillfactor": 50},
)
"""The end of each plan's journal; its lock is the turn to write. No foreign key: the hub's own journal has one."""

journal: Final = sa.Table(
    "journal",
    metadata,
    sa.Column("plan", _text, primary_key=True),
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    _given("recorded"),
    *(_words(name, None) for name in ("actor", "on_behalf_of", "role", "session", "action", "section", "entry")),
    *(_words(name, None) for name in ("field", "event", "purpose", "policy", "outcome", "reason")),
    sa.Column("update", _binary),
    sa.Column("told", postgresql.JSON),
    sa.Column("prev_hash", _binary, nullable=False),
    sa.Column("hash", _binary, nullable=False),
    sa.Column("salt", _binary),
    sa.Column("content_hash", _binary),
    sa.CheckConstraint("seq > 0", name="seq"),
    sa.CheckConstraint("action <> ''", name="action"),
    _among("outcome", ("success", "refused", "failed")),
    sa.CheckConstraint("length(prev_hash) = 32 and length(hash) = 32", name="hash"),
    sa.CheckConstraint(
        "(salt is null) = (content_hash is null) and (salt is null or length(salt) = 32 and length(content_hash) = 64)",
        name="content_hash",
    ),
    sa.Index("journal_field", "plan", "section", "entry", "field", "seq", postgresql_where=sa.text("section <> ''")),
    sa.Index("journal_actor", "actor", "recorded"),
    sa.Index("journal_plan_recorded", "plan", "recorded"),
    sa.Index("journal_action", "action", "recorded"),
    sa.Index("journal_read", "plan", "actor", "recorded", postgresql_where=sa.text("action = 'read'")),
    sa.Index("journal_section", "section", "recorded", postgresql_where=sa.text("section <> ''")),
    sa.Index("journal_outcome", "outcome", "recorded", postgresql_where=sa.text("outcome <> 'success'")),
)
"""What happened. Append-only by trigger and grant. ``told`` is JSON as it was hashed, byte by byte: never jsonb.

No foreign key to ``head``: the one statement that inserts joins it, and a check a row would halve the rate.
"""

snapshot: Final = sa.Table(
    "snapshot",
    metadata,
    sa.Column("plan", _text, primary_key=True),
    sa.Column("section", _text, primary_key=True),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("state", _binary, nullable=False),
    sa.Column("clients", postgresql.JSONB, nullable=False),
    _when("made"),
    sa.Column("row_hash", _binary),
    sa.Column("digest", _binary),
    _among("section", Section),
)

entry: Final = sa.Table(
    "entry",
    metadata,
    sa.Column("plan", _text, primary_key=True),
    sa.Column("section", _text, primary_key=True),
    sa.Column("root", _text, primary_key=True),
    sa.Column("key", _text, primary_key=True),
    sa.Column("creator", sa.BigInteger, nullable=False),
    _words("person", None),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("fields", postgresql.JSONB, nullable=False),
    _words("search_key", None),
    _among("section", Section),
    _among("root", Root),
    sa.Index("entry_key", "key"),
)
"""What stands in plans at their heads, for lists over many plans: written in the transaction of the journal's rows.

True of plans whose head says ``entries_kept``; others are read from their documents, and made anew from the journal.
"""

checkpoint: Final = sa.Table(
    "checkpoint",
    metadata,
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("root", _binary, nullable=False),
    _words("note", None),
    _when("made"),
    sa.CheckConstraint("length(root) = 32", name="root"),
)
"""Signed notes over all heads; append-only, and only a convenience: what proves anything is the copy elsewhere."""

huddle: Final = sa.Table(
    "huddle",
    metadata,
    _id(),
    _words("title", None),
    _of("maker", "person"),
    _given("made"),
    _words("course", None),
    _of("driver", "person", nullable=True),
    _maybe("since"),
    _maybe("started"),
    _maybe("ended"),
    _words("content_hash"),
    _count("version"),
    _among("course", Course),
    sa.CheckConstraint("title <> ''", name="titled"),
    sa.CheckConstraint("(course = 'planned') = (started is null)", name="started"),
    sa.CheckConstraint("(course = 'ended') = (ended is not null)", name="ended"),
    sa.CheckConstraint("(course = 'running') = (driver is not null)", name="driven"),
    sa.CheckConstraint("content_hash = '' or course = 'ended'", name="signed"),
    sa.Index("huddle_made", "made"),
)
"""Huddles hold no words about patients: those stand in the plans. A signed one stays as it is, by trigger."""

huddle_item: Final = sa.Table(
    "huddle_item",
    metadata,
    _of("huddle", "huddle", primary_key=True),
    _of("plan", "plan", primary_key=True),
    sa.Column("place", sa.Integer, nullable=False),
    _words("stand", None),
    _words("before", None),
    _count("seconds"),
    _flag("flagged"),
    _of("added_by", "person"),
    _among("stand", Stand),
    _among("before", Stand),
    sa.CheckConstraint("seconds >= 0", name="seconds"),
    sa.Index("huddle_item_current", "huddle", unique=True, postgresql_where=sa.text("stand = 'current'")),
)

huddle_attendee: Final = sa.Table(
    "huddle_attendee",
    metadata,
    _of("huddle", "huddle", primary_key=True),
    _of("person", "person", primary_key=True),
    _given("joined"),
    _maybe("signed"),
    sa.Index("huddle_attendee_person_index", "person"),
)

SERVICE: Final = (*app_tables.APPS, *arrival_tables.ARRIVALS, *reminder_tables.REMINDERS, *service_tables.SERVICE)
"""Declared in a module of their own."""
