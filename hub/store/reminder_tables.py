"""Tables of reminders: what people chose, what the clinic set, what is to be told, how far each journal was read."""

from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from hub.reminders.choices import Matter
from hub.store import columns
from hub.store.columns import among, binary, given, maybe, metadata, of, when, words

reminder_choice: Final = sa.Table(
    "reminder_choice",
    metadata,
    of("person", "person", primary_key=True),
    sa.Column("channels", postgresql.JSONB, nullable=False, server_default=sa.text("'{}'")),
    words("language"),
    words("quiet_begins"),
    words("quiet_ends"),
    words("zone"),
    words("hour"),
    words("mobile"),
    maybe("texts_agreed"),
    maybe("texts_stopped"),
    words("mail_failed"),
    when("changed"),
    sa.CheckConstraint("(quiet_begins = '') = (quiet_ends = '')", name="quiet"),
    sa.CheckConstraint("texts_agreed is null or mobile <> ''", name="texts_agreed"),
    sa.Index("reminder_choice_mobile", "mobile", postgresql_where=sa.text("mobile <> ''")),
)
"""What a person chose; an empty text is as the clinic has it. How it came about stands in the hub's journal."""

reminder_default: Final = sa.Table(
    "reminder_default",
    metadata,
    of("organisation", "organisation", primary_key=True),
    sa.Column("home", postgresql.JSONB, nullable=False),
    sa.Column("staff", postgresql.JSONB, nullable=False),
    words("quiet_begins", None),
    words("quiet_ends", None),
    words("hour", None),
    when("changed"),
)
"""What an organisation set for whoever has not chosen."""

reminder: Final = sa.Table(
    "reminder",
    metadata,
    columns.id_column(),
    of("person", "person"),
    words("plan"),
    words("matter", None),
    words("section"),
    words("entry"),
    words("occasion", None),
    given("due"),
    when("made"),
    words("state", "waiting"),
    words("letter"),
    maybe("ended"),
    among("matter", Matter),
    among("state", ("waiting", "told", "dropped")),
    sa.CheckConstraint("(state = 'waiting') = (ended is null)", name="ended"),
    sa.UniqueConstraint("person", "plan", "matter", "entry", "occasion"),
    sa.Index("reminder_due", "due", postgresql_where=sa.text("state = 'waiting'")),
    sa.Index("reminder_plan", "plan", "matter", postgresql_where=sa.text("state = 'waiting'")),
    sa.Index("reminder_letter", "letter", postgresql_where=sa.text("letter <> ''")),
    sa.Index("reminder_ended", "ended", postgresql_where=sa.text("ended is not null")),
)
"""What somebody is told of, once: ``occasion`` tells one time from another. It points to an entry, and says nothing."""

reminder_reading: Final = sa.Table(
    "reminder_reading",
    metadata,
    of("plan", "plan", primary_key=True),
    columns.count("seq"),
    columns.count("asked"),
    columns.count("answered"),
    sa.CheckConstraint("answered <= asked", name="answered"),
)
"""Up to which row each plan's journal was read for reminders. Whoever changes on which terms people are told counts
``asked`` on: what is planned is found anew, and ``answered`` follows."""

calendar_feed: Final = sa.Table(
    "calendar_feed",
    metadata,
    of("person", "person", primary_key=True),
    sa.Column("token_hash", binary, nullable=False, unique=True),
    when("made"),
    maybe("used"),
    sa.CheckConstraint("length(token_hash) = 32", name="token_hash"),
)
"""Whose appointments a calendar may ask for by an address that nobody guesses; the address itself is kept nowhere."""

REMINDERS: Final = (reminder_choice, reminder_default, reminder, reminder_reading, calendar_feed)
