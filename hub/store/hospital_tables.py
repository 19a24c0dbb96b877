"""The tables of what hospitals tell: messages as they came, stays in plans, and who somebody was found to be."""

from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from hub.store import columns
from hub.store.columns import among, binary, metadata, of, text, when, words

DOORS: Final = ("mllp", "fhir")
STATES: Final = ("received", "applied", "parked", "waiting", "aside")
"""``received``: to be applied; ``parked``: could not be read, or not be applied; ``waiting``: for a person to say who
it is; ``aside``: nothing follows, and the reason says why."""

hospital_message: Final = sa.Table(
    "hospital_message",
    metadata,
    columns.id_column(),
    sa.Column("number", sa.BigInteger, sa.Identity(), nullable=False, unique=True),
    words("door", None),
    words("sender"),
    words("application"),
    words("facility"),
    words("control"),
    columns.flag("original"),
    sa.Column("digest", binary, nullable=False),
    sa.Column("content", binary, nullable=False),
    when("received"),
    words("answer", None),
    sa.Column("fault", postgresql.JSONB),
    words("trigger"),
    words("visit"),
    columns.maybe("occurred"),
    sa.Column("people", postgresql.ARRAY(text), nullable=False, server_default=sa.text("'{}'")),
    words("state", None),
    words("reason"),
    of("patient", "patient", nullable=True),
    columns.maybe("settled"),
    among("door", DOORS),
    among("answer", ("AA", "AE", "AR")),
    among("state", STATES),
    sa.CheckConstraint("length(digest) = 32", name="digest"),
    sa.CheckConstraint("length(content) <= 262144", name="content"),
    sa.CheckConstraint("(answer = 'AA') = (fault is null)", name="fault"),
    sa.Index("hospital_message_once", "door", "sender", "application", "facility", "control", "digest", unique=True),
    sa.Index(
        "hospital_message_original",
        "door", "sender", "application", "facility", "control",
        unique=True,
        postgresql_where=sa.text("original"),
    ),
    sa.Index("hospital_message_visit", "visit", "number", postgresql_where=sa.text("visit <> ''")),
    sa.Index("hospital_message_state", "state", "received", postgresql_where=sa.text("state <> 'applied'")),
    sa.Index(
        "hospital_message_people", "people", postgresql_using="gin", postgresql_where=sa.text("state = 'waiting'")
    ),
)  # fmt: skip
"""A message as it was received. ``original`` is the first of its sender's control id; ``people`` are the keys of the
numbers by which it names its patient."""

hospital_stay: Final = sa.Table(
    "hospital_stay",
    metadata,
    columns.words("visit", None),
    of("plan", "plan"),
    words("entry", None),
    sa.Column("told", postgresql.JSONB, nullable=False),
    sa.Column("marked", postgresql.JSONB, nullable=False),
    sa.PrimaryKeyConstraint("visit", "plan"),
)
"""Which entry of a plan a visit is; what the messages said of it when it was changed last; and how the medicines stood
that its discharge made wait."""

hospital_identity: Final = sa.Table(
    "hospital_identity",
    metadata,
    columns.id_column("key"),
    of("patient", "patient", nullable=True),
    of("decided_by", "person", nullable=True),
    when("decided"),
    columns.flag("merged"),
)
"""Who the one with this number is, as a person decided or a hospital merged them; nobody of ours where ``patient`` is
null."""

HOSPITALS: Final = (hospital_message, hospital_stay, hospital_identity)
"""All three, for whoever needs the whole schema."""
