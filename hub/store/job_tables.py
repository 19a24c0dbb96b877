"""The queue's tables, as ``pgqueuer`` reads and writes them, under names of ours, and what waits to be sent by it."""

from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from hub.jobs.letters import Occasion
from hub.store import columns
from hub.store.columns import metadata

_text: Final = sa.Text(collation="C")
_status: Final = postgresql.ENUM(
    "queued", "picked", "successful", "exception", "canceled", "deleted", "failed", name="job_status", metadata=metadata
)
_queued: Final = sa.text("status = 'queued'")


def _number() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True)


def _moment(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()"))


job: Final = sa.Table(
    "job",
    metadata,
    _number(),
    sa.Column("priority", sa.Integer, nullable=False),
    sa.Column("queue_manager_id", sa.Uuid),
    *(_moment(name) for name in ("created", "updated", "heartbeat", "execute_after")),
    sa.Column("status", _status, nullable=False),
    sa.Column("entrypoint", _text, nullable=False),
    sa.Column("dedupe_key", _text),
    sa.Column("payload", sa.LargeBinary),
    sa.Column("headers", postgresql.JSONB),
    sa.Column("attempts", sa.Integer, nullable=False, server_default=sa.text("0")),
    sa.Column("slot", sa.BigInteger),
    sa.Index("job_ep_ea_idx", "entrypoint", "execute_after", postgresql_where=_queued),
    sa.Index("job_ep_prio_id_idx", "entrypoint", sa.text("priority desc"), "id", postgresql_where=_queued),
    sa.Index("job_picked_heartbeat_idx", "heartbeat", postgresql_where=sa.text("status = 'picked'")),
    sa.Index(
        "job_picked_slot_idx",
        "entrypoint",
        "slot",
        unique=True,
        postgresql_where=sa.text("status = 'picked' and slot is not null"),
    ),
    sa.Index("job_queue_manager_id_idx", "queue_manager_id", postgresql_where=sa.text("queue_manager_id is not null")),
    sa.Index(
        "job_unique_dedupe_key",
        "dedupe_key",
        unique=True,
        postgresql_where=sa.text("status in ('queued', 'picked') and dedupe_key is not null"),
    ),
)
"""What waits and what is being done; a job that is done is gone."""

job_log: Final = sa.Table(
    "job_log",
    metadata,
    _number(),
    _moment("created"),
    sa.Column("job_id", sa.BigInteger, nullable=False),
    sa.Column("status", _status, nullable=False),
    sa.Column("priority", sa.Integer, nullable=False),
    sa.Column("entrypoint", _text, nullable=False),
    sa.Column("traceback", postgresql.JSONB),
    sa.Column("aggregated", sa.Boolean, server_default=sa.text("false")),
    sa.Index("job_log_created", "created"),
    sa.Index("job_log_job_id_status", "job_id", sa.text("created desc")),
)
"""Each job's course, without what it carries; kept for a month."""

job_statistics: Final = sa.Table(
    "job_statistics",
    metadata,
    _number(),
    sa.Column(
        "created", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("date_trunc('sec'::text, now())")
    ),
    sa.Column("count", sa.BigInteger, nullable=False),
    sa.Column("priority", sa.Integer, nullable=False),
    sa.Column("status", _status, nullable=False),
    sa.Column("entrypoint", _text, nullable=False),
)
"""Wanted by the library; empty, since ``/metrics`` counts."""

letter: Final = sa.Table(
    "letter",
    metadata,
    columns.id_column(),
    columns.words("occasion", None),
    columns.words("plan"),
    columns.words("about"),
    columns.words("sender"),
    columns.words("sealed", None),
    columns.when("made"),
    columns.given("expires"),
    columns.count("unanswered"),
    columns.words("outcome", "waiting"),
    columns.words("reason"),
    columns.maybe("ended"),
    columns.words("person"),
    columns.words("channel", "mail"),
    columns.words("gateway"),
    columns.maybe("delivered"),
    columns.maybe("opened"),
    columns.among("occasion", Occasion),
    columns.among("channel", ("mail", "text")),
    columns.among("outcome", ("waiting", "sent", "failed")),
    sa.CheckConstraint("(outcome = 'waiting') = (ended is null) and (ended is null or sealed = '')", name="ended"),
    sa.Index("letter_plan", "plan", "made", postgresql_where=sa.text("plan <> ''")),
    sa.Index("letter_made", "made"),
    sa.Index("letter_gateway", "gateway", postgresql_where=sa.text("gateway <> ''")),
)
"""Letters on their way and what became of them; ``sealed`` is what one says and to whom, until it has left."""
