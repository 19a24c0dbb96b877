"""The tables of files that came in for a plan: declared apart, since a module is no longer than one can read."""

from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from hub.store import columns
from hub.store.hospital_tables import HOSPITALS

LIST_KINDS: Final = ("hospital", "pharmacy", "home")
LIST_STATES: Final = ("waiting", "signed", "removed")
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

medicine_list: Final = sa.Table(
    "medicine_list",
    columns.metadata,
    columns.id_column(),
    columns.of("plan", "plan"),
    columns.words("kind", None),
    columns.words("source", None),
    columns.words("written"),
    columns.words("person", None),
    columns.words("arrival"),
    columns.when("received"),
    columns.words("state", None),
    sa.Column("medicines", postgresql.JSONB, nullable=False),
    columns.among("kind", LIST_KINDS),
    columns.among("state", LIST_STATES),
    sa.Index("medicine_list_of_plan", "plan", "state"),
)
"""A list of medicines beside a plan, as it came; ``arrival`` names the file in which it came, where there is one."""

line_decision: Final = sa.Table(
    "line_decision",
    columns.metadata,
    columns.of("plan", "plan", primary_key=True),
    sa.Column("line", columns.text, primary_key=True),
    sa.Column("decision", postgresql.JSONB, nullable=False),
    columns.words("person", None),
    columns.given("decided"),
)
"""What is decided on a line of the lists that wait, until they are signed; the journal keeps each for good."""

list_signature: Final = sa.Table(
    "list_signature",
    columns.metadata,
    columns.id_column(),
    columns.of("plan", "plan"),
    columns.words("person", None),
    columns.given("signed"),
    sa.Column("sheet", postgresql.JSONB, nullable=False),
    sa.Index("list_signature_of_plan", "plan", "signed"),
)
"""A list that was signed, with what is said to the family of it."""

ARRIVALS: Final = (arrival, arrival_line, medicine_list, line_decision, list_signature, *HOSPITALS)
"""All of them, for whoever needs the whole schema."""
