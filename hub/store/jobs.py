"""The queue: jobs put down in a transaction of ours, and the worker that takes them up, by ``pgqueuer``.

``enqueue`` runs the library's statement on the transaction's own connection: what is rolled back leaves no job. Any
number of processes work on one queue: a job is taken by one of them, and by another when that one falls silent.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import msgspec
import sqlalchemy as sa
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment, QueryQueueBuilder, QuerySchedulerBuilder
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.domain.settings import DBSettings
from pgqueuer.domain.types import Channel
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.record.jobs import PAYLOAD_BYTES_MAX, Job
from hub.store.engine import Driver, driver_of
from hub.store.job_tables import job, job_log

SETTINGS: Final = DBSettings(
    prefix="",
    db_schema=None,
    channel=Channel("careplan_jobs"),
    function="tell_of_jobs",
    trigger="job_waits",
    queue_status_type="job_status",
    queue_table="job",
    queue_table_log="job_log",
    statistics_table="job_statistics",
    schedules_table="job_schedule",
)
"""All names, so that no variable of the environment changes one."""

LOG_KEPT: Final = timedelta(days=30)

_NOW: Final = sa.text("select now()")
_PICKS: Final = "select count(*) from job_log where job_id = $1 and status = 'picked'"
_RAISED: Final = {
    "status": "queued",
    "execute_after": sa.func.now(),
    "updated": sa.func.now(),
    "queue_manager_id": None,
}


def queries_over(driver: Driver) -> Queries:
    """Return the library's statements over one connection, for the tables under our names."""
    return Queries(
        AsyncpgDriver(driver),
        QueryBuilderEnvironment(SETTINGS),
        QueryQueueBuilder(SETTINGS),
        QuerySchedulerBuilder(SETTINGS),
    )


async def enqueue(connection: AsyncConnection, jobs: Sequence[Job]) -> None:
    """Put jobs down in the connection's transaction: they are done if it commits, and only then.

    A job that is due waits by the database's clock. One whose ``key`` waits already is left out.
    """
    if not jobs:
        return
    payloads = [msgspec.json.encode(each.payload) for each in jobs]
    assert all(len(each) <= PAYLOAD_BYTES_MAX for each in payloads), "a job names what it is about, and carries little"
    now = await connection.scalar(_NOW)  # Begins the transaction, too, that the driver's own statement joins.
    assert now is not None, "Postgres knows what time it is"
    driver = await driver_of(connection)
    assert driver.is_in_transaction(), "a job commits with what causes it, not before"
    await queries_over(driver).enqueue(
        [each.kind for each in jobs],
        list(payloads),
        [0] * len(jobs),
        [None if each.due is None else max(timedelta(0), each.due - now) for each in jobs],
        [each.key or None for each in jobs],
        on_conflict="skip",
    )


async def picks(queries: Queries, job_id: int) -> int:
    """Return how often a job was begun, a process that ended in the middle of it included."""
    found = await queries.driver.fetch(_PICKS, job_id)
    return int(str(found[0]["count"]))


async def tidy(connection: AsyncConnection) -> None:
    """Forget what happened a month ago, and take up again what the library laid aside because it could not say why."""
    await connection.execute(sa.delete(job_log).where(job_log.c.created < sa.func.now() - LOG_KEPT))
    await connection.execute(sa.update(job).where(job.c.status == "failed").values(_RAISED))
