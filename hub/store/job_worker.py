"""The worker of one process: takes up what is due, and goes on where the database was away."""

import asyncio
import logging
from datetime import timedelta
from typing import Final

import asyncpg
import msgspec
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.core.executors import EntrypointExecutor, EntrypointExecutorParameters
from pgqueuer.core.qm import QueueManager
from pgqueuer.domain.errors import FailingListenerError, RetryRequested
from pgqueuer.domain.models import Job as Taken
from sqlalchemy.ext.asyncio import AsyncEngine

from hub.jobs.handlers import Handlers
from hub.record.jobs import Payload
from hub.record.journal import JournalAwayError
from hub.store.away import away
from hub.store.engine import connected, driver_of
from hub.store.jobs import SETTINGS, enqueue, picks, queries_over, tidy

AT_ONCE_MAX: Final = 20
"""Jobs that one process works on at the same time."""
BATCH: Final = 10
SILENT_SECONDS_MAX: Final = 30.0
"""A job whose worker has not been heard of for so long is taken up by another."""
POLL_SECONDS: Final = 30.0
"""How often it looks without having been told."""
RECONNECT_SECONDS: Final = 1.0
STOP_SECONDS_MAX: Final = 1.0
"""What is being done may be finished when the hub ends; the rest goes back into the queue."""
TIDY_EVERY: Final = timedelta(minutes=10)
TIDY: Final = "jobs.tidy"

_log = logging.getLogger("hub.jobs")
_payloads: Final[msgspec.json.Decoder[dict[str, object]]] = msgspec.json.Decoder(dict)


class JobWorker:
    """Works on the jobs of ``handlers`` until it is stopped."""

    def __init__(self, engine: AsyncEngine, handlers: Handlers) -> None:
        self._engine = engine
        self._handlers = handlers
        self._stopping = asyncio.Event()
        self._manager: QueueManager | None = None
        self._task: asyncio.Task[None] | None = None
        handlers.add_every(TIDY, TIDY_EVERY, self._tidy)

    async def start(self) -> None:
        """Begin; the jobs that are done again and again are put down where they are not."""
        async with connected(self._engine) as connection:
            await enqueue(connection, self._handlers.repeated())
        self._task = asyncio.create_task(self._keep(), name="jobs")

    async def stop(self) -> None:
        """Finish what is being done, as far as it takes no longer than ``STOP_SECONDS_MAX``, and take nothing more."""
        self._stopping.set()
        if self._manager is not None:
            self._manager.shutdown.set()
        if self._task is not None:
            await self._task

    async def _keep(self) -> None:
        while not self._stopping.is_set():
            try:
                with away():
                    await self._work()
            except (JournalAwayError, FailingListenerError, asyncpg.PostgresError) as error:
                _log.warning("the queue lost its connection", extra={"error": type(error).__name__})
                await _within(self._stopping, RECONNECT_SECONDS)
            except Exception as error:  # noqa: BLE001 - whatever it is, letters and clocks hang on the queue: it begins anew.
                _log.error("the queue failed, and begins anew", extra={"error": type(error).__name__})
                await _within(self._stopping, RECONNECT_SECONDS)

    async def _work(self) -> None:
        async with self._engine.connect() as connection:
            driver = await driver_of(connection)
            try:
                queries = queries_over(driver)
                self._manager = manager = QueueManager(queries, SETTINGS.channel)
                for kind in self._handlers.kinds():
                    manager.register_executor(kind, self._executor(queries))
                if self._stopping.is_set():
                    return
                await manager.run(
                    dequeue_timeout=timedelta(seconds=POLL_SECONDS),
                    batch_size=BATCH,
                    max_concurrent_tasks=AT_ONCE_MAX,
                    shutdown_on_listener_failure=True,
                    heartbeat_timeout=timedelta(seconds=SILENT_SECONDS_MAX),
                    log_aggregation_interval=timedelta(0),
                )
            finally:
                self._manager = None
                await connection.invalidate()  # It listens, and its answers may be missed: nobody else's from now on.

    def _executor(self, queries: Queries) -> EntrypointExecutor:
        async def run(taken: Taken) -> None:
            await self._run(queries, taken)

        return EntrypointExecutor(
            EntrypointExecutorParameters(concurrency_limit=0, func=run, accepts_context=False, on_failure="hold")
        )

    async def _run(self, queries: Queries, taken: Taken) -> None:
        """Do one job.

        Raises:
            RetryRequested: it is to be done again later.
        """
        payload: Payload = _payloads.decode(taken.payload or b"{}")  # type: ignore[assignment]
        tries = await picks(queries, taken.id)
        work = asyncio.create_task(self._handlers.run(taken.entrypoint, payload, tries))
        stopped = asyncio.create_task(self._stopped())
        try:
            await asyncio.wait({work, stopped}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopped.cancel()
            if not work.done():
                work.cancel()
            await asyncio.wait({work, stopped})
        if work.cancelled():
            raise RetryRequested(timedelta(0), "the hub ended")
        later = work.result()
        if later is not None:
            raise RetryRequested(later.after, later.code)

    async def _stopped(self) -> None:
        await self._stopping.wait()
        await asyncio.sleep(STOP_SECONDS_MAX)

    async def _tidy(self, _payload: Payload) -> None:
        async with connected(self._engine) as connection:
            await tidy(connection)


async def _within(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
