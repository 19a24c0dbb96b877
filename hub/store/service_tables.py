"""Tables of a hub in service: machines that may call it, accounts and groups that a provider keeps, absences, transfers
of plans, saved views of panels, photos and papers. ``hub/store/tables.py`` takes them in."""

from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from auth.roles import Role
from hub.store import columns
from hub.store.columns import among, binary, given, metadata, of, text, when, words
from hub.workflows.attachments import AttachmentKind

_NEVER: Final = (Role.ADMIN, Role.AUDITOR)

machine: Final = sa.Table(
    "machine",
    metadata,
    columns.id_column(),
    words("name", None),
    words("purpose", None),
    of("organisation", "organisation"),
    sa.Column("scope", postgresql.ARRAY(text), nullable=False, server_default=sa.text("'{}'")),
    sa.Column("token_hash", binary, unique=True),
    sa.Column("requests_a_minute", sa.Integer, nullable=False, server_default=sa.text("1200")),
    of("made_by", "person"),
    when("made"),
    given("ends"),
    columns.maybe("revoked"),
    columns.maybe("used"),
    words("role"),
    sa.Column("keys", postgresql.JSONB(none_as_null=True)),
    of("plan", "plan", nullable=True),
    sa.Column("measures", postgresql.ARRAY(text), nullable=False, server_default=sa.text("'{}'")),
    sa.CheckConstraint("name <> ''", name="named"),
    sa.CheckConstraint("length(token_hash) = 32", name="token_hash"),
    sa.CheckConstraint("token_hash is not null or keys is not null", name="credential"),
    sa.CheckConstraint("ends > made", name="ends"),
    sa.CheckConstraint("(purpose = 'device') = (plan is not null)", name="device"),
    sa.Index("machine_of_plan", "plan", postgresql_where=sa.text("plan is not null")),
)
"""Credentials of machines; the token itself is kept nowhere. ``purpose`` names the one door that it opens. A device is
bound to one plan and to measures of it."""

machine_access: Final = sa.Table(
    "machine_access",
    metadata,
    sa.Column("token_hash", binary, primary_key=True),
    of("machine", "machine"),
    sa.Column("scope", postgresql.ARRAY(text), nullable=False),
    when("made"),
    given("ends"),
    sa.CheckConstraint("length(token_hash) = 32", name="token_hash"),
)
"""Short-lived tokens that machines got for a signed assertion."""

machine_assertion: Final = sa.Table(
    "machine_assertion",
    metadata,
    of("machine", "machine", primary_key=True),
    sa.Column("jti_hash", binary, primary_key=True),
    given("ends"),
)
"""Assertions that were used: none is taken twice, in any process."""

scim_account: Final = sa.Table(
    "scim_account",
    metadata,
    of("person", "person", primary_key=True),
    of("organisation", "organisation"),
    words("user_name", None),
    sa.Column("attributes", postgresql.JSONB, nullable=False),
    columns.flag("admitted"),
    when("created"),
    when("changed"),
    columns.maybe("gone"),
    sa.Index(
        "scim_account_user_name",
        "organisation",
        sa.text("lower(user_name)"),
        unique=True,
        postgresql_where=sa.text("gone is null"),
    ),
)
"""People whom an identity provider keeps. ``admitted``: an administrator gave the role by hand, no group has to."""

scim_group: Final = sa.Table(
    "scim_group",
    metadata,
    columns.id_column(),
    of("organisation", "organisation"),
    sa.Column("attributes", postgresql.JSONB, nullable=False),
    words("role"),
    when("created"),
    when("changed"),
    among("role", ("", *(role.value for role in Role if role not in _NEVER))),
)
"""Groups of a provider with the role that an administrator gave them, ``''`` for none; never that of an administrator
or auditor."""

absence: Final = sa.Table(
    "absence",
    metadata,
    columns.id_column(),
    of("person", "person"),
    of("stand_in", "person"),
    given("begins"),
    given("ends"),
    of("made_by", "person"),
    when("made"),
    sa.CheckConstraint("ends > begins", name="ends"),
    sa.CheckConstraint("stand_in <> person", name="other"),
    sa.Index("absence_of", "person", "ends"),
    sa.Index("absence_by", "stand_in", "ends"),
)
"""Who is away, and who stands in; one that ends early has its end moved."""

transfer: Final = sa.Table(
    "transfer",
    metadata,
    columns.id_column(),
    of("plan", "plan"),
    of("steward", "person"),
    of("organisation", "organisation"),
    of("offered_by", "person"),
    words("reason", None),
    when("offered"),
    columns.maybe("answered"),
    sa.Column("accepted", sa.Boolean),
    words("answer"),
    sa.CheckConstraint("reason <> ''", name="reason"),
    sa.CheckConstraint("(answered is null) = (accepted is null)", name="answered"),
    sa.Index("transfer_open", "plan", unique=True, postgresql_where=sa.text("answered is null")),
)
"""A plan offered to another steward, of this organisation or another; one at a time."""

saved_view: Final = sa.Table(
    "saved_view",
    metadata,
    of("person", "person", primary_key=True),
    sa.Column("name", text, primary_key=True),
    words("asked", None),
    columns.flag("begins"),
    when("made"),
    sa.CheckConstraint("name <> ''", name="named"),
    sa.CheckConstraint("asked <> ''", name="asked"),
    sa.Index("saved_view_begins", "person", unique=True, postgresql_where=sa.text("begins")),
)
"""What a person asks of their panel, under a name; with at most one of them their panel begins."""

attachment: Final = sa.Table(
    "attachment",
    metadata,
    columns.id_column(),
    of("plan", "plan"),
    of("person", "person"),
    words("entry"),
    words("kind", None),
    sa.Column("content", binary),
    sa.Column("digest", binary, nullable=False),
    when("made"),
    columns.maybe("named"),
    columns.maybe("hidden"),
    columns.maybe("erased"),
    among("kind", AttachmentKind),
    sa.CheckConstraint("length(content) between 1 and 10485760", name="content"),
    sa.CheckConstraint("length(digest) = 32", name="digest"),
    sa.CheckConstraint("(content is null) = (erased is not null)", name="erased"),
    sa.Index("attachment_sent", "person", "made"),
    sa.Index("attachment_of_entry", "plan", "entry"),
    sa.Index("attachment_unnamed", "made", postgresql_where=sa.text("named is null")),
)
"""Photos and papers that people sent: what they show. ``named`` once the plan names it; who sees it says the plan."""

experience: Final = sa.Table(
    "experience",
    metadata,
    columns.id_column(),
    of("organisation", "organisation"),
    of("plan", "plan"),
    of("person", "person"),
    sa.Column("answers", postgresql.JSONB, nullable=False),
    words("words"),
    given("made"),
    sa.Index("experience_of", "plan", "person", "made"),
    sa.Index("experience_made", "made"),
)
"""How care is for the people at home: their answers, for the clinic alone. In no plan."""

SERVICE: Final = (
    machine, machine_access, machine_assertion, scim_account, scim_group, absence, transfer, saved_view, attachment,
    experience,
)  # fmt: skip
