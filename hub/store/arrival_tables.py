"""The tables of files that came in for a plan: declared apart, since a module is no longer than one can read."""

from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from hub.store import columns

LINE_STATES: Final = ("proposed", "accepted", "declined", "replaced")

arrival: Final = sa.Table(
    "arrival",
    columns.metadata,
    columns.id_column(),
    columns.of("plan", "plan"),
    columns.words("source", None),
    columns.words("file", None),
    columns.words("person", None),
    columns.words("login", None),
    columns.when("received"),
    sa.Column("report", postgresql.JSONB, nullable=False),
    sa.Index("arrival_of_plan", "plan", "received"),
)
"""A file that came in: from where, by whom (a person of the hub, or who ran the command), and what is with it."""

arrival_line: Final = sa.Table(
    "arrival_line",
    columns.metadata,
    columns.id_column(),
    columns.of("arrival", "arrival"),
    columns.of("plan", "plan"),
    columns.count("number"),
    columns.words("section", None),
    columns.words("entry", None),
    columns.words("key", None),
    columns.words("digest", None),
    columns.flag("is_new"),
    sa.Column("fields", postgresql.JSONB, nullable=False),
    columns.words("original", None),
    columns.words("state", None),
    columns.maybe("decided"),
    columns.words("decided_by"),
    columns.words("reason"),
    columns.among("state", LINE_STATES),
    sa.Index("arrival_line_of_plan", "plan", "state"),
    sa.Index("arrival_line_waiting", "plan", "key", unique=True, postgresql_where=sa.text("state = 'proposed'")),
)
"""One entry that a file brings, or changes; ``original`` is its resource as it came."""

ARRIVALS: Final = (arrival, arrival_line)
"""Both, for whoever needs the whole schema."""
