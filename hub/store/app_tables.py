"""Tables of apps: those an administrator registered, what they ask for, what people gave them, and the tokens of that;
of EHRs in which the hub is an app itself, and of FHIR servers that it reads.

Declared like those of ``hub/store/tables.py``, which takes them in."""

from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from hub.store import columns
from hub.store.columns import among, binary, given, metadata, of, text, when, words


def _list(name: str) -> sa.Column[object]:
    found: sa.Column[object] = sa.Column(name, postgresql.ARRAY(text), nullable=False, server_default=sa.text("'{}'"))
    return found


app: Final = sa.Table(
    "app",
    metadata,
    columns.id_column(),
    words("name", None),
    _list("redirects"),
    _list("origins"),
    _list("scope"),
    columns.flag("kept"),
    sa.Column("secret_hash", binary),
    of("made_by", "person"),
    when("made"),
    columns.maybe("ended"),
    sa.CheckConstraint("name <> ''", name="named"),
    sa.CheckConstraint("length(secret_hash) = 32", name="secret_hash"),
    sa.CheckConstraint("redirects <> '{}'", name="redirects"),
)
"""Apps that people may give access to. ``kept``: they may ask for access that lasts. An app without a secret can keep
none."""

app_request: Final = sa.Table(
    "app_request",
    metadata,
    columns.id_column(),
    of("app", "app"),
    sa.Column("asked", postgresql.JSONB, nullable=False),
    given("ends"),
    sa.Index("app_request_ends", "ends"),
)
"""What an app asks for, from its coming to a person's answer."""

app_access: Final = sa.Table(
    "app_access",
    metadata,
    columns.id_column(),
    of("app", "app"),
    of("person", "person"),
    of("plan", "plan", nullable=True),
    of("patient", "patient", nullable=True),
    _list("scope"),
    when("made"),
    given("ends"),
    columns.maybe("ended"),
    columns.maybe("used"),
    sa.CheckConstraint("ends > made", name="ends"),
    sa.CheckConstraint("(plan is null) = (patient is null)", name="patient_of_plan"),
    sa.Index("app_access_by_person", "person"),
    sa.Index("app_access_by_app", "app"),
)
"""What a person gave to an app. With a patient it is for that one alone, given in one of their plans."""

app_code: Final = sa.Table(
    "app_code",
    metadata,
    sa.Column("code_hash", binary, primary_key=True),
    of("access", "app_access"),
    words("redirect", None),
    words("challenge", None),
    given("ends"),
    columns.maybe("used"),
    sa.CheckConstraint("length(code_hash) = 32", name="code_hash"),
)
"""Codes on their way to an app; each is used once, and one that comes again ends the access."""

app_token: Final = sa.Table(
    "app_token",
    metadata,
    sa.Column("token_hash", binary, primary_key=True),
    of("access", "app_access"),
    words("kind", None),
    _list("scope"),
    when("made"),
    given("ends"),
    columns.maybe("used"),
    among("kind", ("access", "renewal")),
    sa.CheckConstraint("length(token_hash) = 32", name="token_hash"),
    sa.Index("app_token_by_access", "access"),
)
"""Tokens of apps by their hash. A renewal is used once, and one that comes again ends the access."""

ehr: Final = sa.Table(
    "ehr",
    metadata,
    columns.id_column(),
    words("name", None),
    words("issuer", None),
    words("client_id", None),
    of("made_by", "person"),
    when("made"),
    columns.maybe("ended"),
    sa.CheckConstraint("name <> ''", name="named"),
    sa.Index("ehr_issuer", "issuer", unique=True, postgresql_where=sa.text("ended is null")),
)
"""EHRs in which a button opens the hub; ``client_id`` is how the hub is known there."""

fhir_server: Final = sa.Table(
    "fhir_server",
    metadata,
    columns.id_column(),
    words("name", None),
    words("base", None),
    words("client_id", None),
    of("made_by", "person"),
    when("made"),
    columns.maybe("ended"),
    sa.CheckConstraint("name <> ''", name="named"),
)
"""FHIR servers that the hub may read, with the client id that it has there."""

fhir_source: Final = sa.Table(
    "fhir_source",
    metadata,
    columns.id_column(),
    of("plan", "plan"),
    of("server", "fhir_server"),
    words("patient", None),
    sa.Column("hours", sa.Integer, nullable=False),
    of("made_by", "person"),
    when("made"),
    given("due"),
    columns.maybe("ended"),
    columns.maybe("since"),
    columns.maybe("came"),
    sa.Column("brought", sa.Integer, nullable=False, server_default=sa.text("0")),
    columns.maybe("failed"),
    words("fault"),
    words("lacking"),
    sa.CheckConstraint("hours > 0", name="hours"),
    sa.CheckConstraint("(failed is null) = (fault = '')", name="fault"),
    sa.Index("fhir_source_plan_index", "plan"),
    sa.Index("fhir_source_due", "due", postgresql_where=sa.text("ended is null")),
)
"""Patients of servers who are read for a plan, and how the last reading went."""

APPS: Final = (app, app_request, app_access, app_code, app_token, ehr, fhir_server, fhir_source)
