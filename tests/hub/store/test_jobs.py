"""The queue in Postgres: a job commits with what causes it, and is done by one of many workers, at least once."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from hub.jobs.handlers import Handlers, NotDoneError, Patience
from hub.record.jobs import Job, Payload
from hub.store.engine import connected
from hub.store.job_worker import TIDY, JobWorker
from hub.store.jobs import enqueue, tidy

pytestmark = pytest.mark.anyio

SOON = Patience(tries_max=3, first=timedelta(0))


class Bell:
    """Counts what was done, and rings when it was enough."""

    def __init__(self, enough: int) -> None:
        self.done: Counter[str] = Counter()
        self.rung = asyncio.Event()
        self._enough = enough

    async def work(self, payload: Payload) -> None:
        self.done[str(payload["it"])] += 1
        if self.done.total() >= self._enough:
            self.rung.set()


def handlers_of(bell: Bell) -> Handlers:
    handlers = Handlers()
    handlers.add("bell.ring", bell.work)
    return handlers


def a_job(it: str = "it", *, due: datetime | None = None, key: str = "") -> Job:
    return Job(kind="bell.ring", payload={"it": it}, due=due, key=key)


async def waiting(engine: AsyncEngine) -> int:
    async with connected(engine) as connection:
        return int(await connection.scalar(sa.text(f"select count(*) from job where entrypoint <> '{TIDY}'")) or 0)


async def test_a_job_is_there_if_what_causes_it_is_committed_and_only_then(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        await enqueue(connection, [a_job()])
        await connection.rollback()
    assert await waiting(engine) == 0

    async with connected(engine) as connection:
        await enqueue(connection, [a_job()])
    assert await waiting(engine) == 1


async def test_of_jobs_with_one_key_one_waits(engine: AsyncEngine) -> None:
    for _ in range(2):
        async with connected(engine) as connection:
            await enqueue(connection, [a_job("a", key="k"), a_job("b")])

    assert await waiting(engine) == 3


async def test_jobs_are_done_by_one_of_two_workers_each_and_those_not_due_stay(engine: AsyncEngine) -> None:
    bell, names = Bell(enough=30), [str(number) for number in range(30)]
    workers = [JobWorker(engine, handlers_of(bell)) for _ in range(2)]
    async with connected(engine) as connection:
        await enqueue(connection, [a_job("later", due=datetime.now(UTC) + timedelta(hours=1))])
    for worker in workers:
        await worker.start()
    async with connected(engine) as connection:
        await enqueue(connection, [a_job(name) for name in names])

    await bell.rung.wait()
    for worker in workers:
        await worker.stop()

    assert bell.done == Counter(names)
    assert await waiting(engine) == 1


async def test_a_job_whose_worker_fell_silent_is_done_by_another(engine: AsyncEngine) -> None:
    bell = Bell(enough=1)
    async with connected(engine) as connection:
        await enqueue(connection, [a_job()])
        await connection.execute(
            sa.text(
                "update job set status = 'picked', queue_manager_id = gen_random_uuid(),"
                " heartbeat = now() - interval '31 seconds'"
            )
        )
    worker = JobWorker(engine, handlers_of(bell))
    await worker.start()

    await bell.rung.wait()
    await worker.stop()

    assert await waiting(engine) == 0


async def test_a_job_that_fails_is_tried_again_and_given_up_in_the_end(engine: AsyncEngine) -> None:
    told = asyncio.get_running_loop().create_future()
    tries = 0

    async def fail(_payload: Payload) -> None:
        nonlocal tries
        tries += 1
        raise NotDoneError("away")

    async def tell(payload: Payload, code: str) -> None:
        told.set_result((payload, code))

    handlers = Handlers()
    handlers.add("bell.ring", fail, given_up=tell, patience=SOON)
    async with connected(engine) as connection:
        await enqueue(connection, [a_job()])
    worker = JobWorker(engine, handlers)
    await worker.start()

    assert await told == ({"it": "it"}, "away")
    await worker.stop()

    assert tries == SOON.tries_max
    assert await waiting(engine) == 0


async def test_a_job_under_way_when_the_hub_ends_goes_back_into_the_queue(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.store.job_worker.STOP_SECONDS_MAX", 0.0)
    begun, bell = asyncio.Event(), Bell(enough=1)

    async def hang(_payload: Payload) -> None:
        begun.set()
        await asyncio.Event().wait()

    handlers = Handlers()
    handlers.add("bell.ring", hang)
    async with connected(engine) as connection:
        await enqueue(connection, [a_job()])
    worker = JobWorker(engine, handlers)
    await worker.start()
    await begun.wait()
    await worker.stop()
    assert await waiting(engine) == 1

    after = JobWorker(engine, handlers_of(bell))
    await after.start()
    await bell.rung.wait()
    await after.stop()

    assert await waiting(engine) == 0


async def test_the_worker_goes_on_when_its_connection_was_cut(engine: AsyncEngine, owner: AsyncEngine) -> None:
    bell = Bell(enough=1)
    worker = JobWorker(engine, handlers_of(bell))
    await worker.start()
    async with connected(owner) as connection:
        await connection.execute(
            sa.text(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid()"
            )
        )
    async with connected(engine) as connection:
        await enqueue(connection, [a_job()])

    await bell.rung.wait()
    await worker.stop()


async def test_what_was_laid_aside_is_taken_up_again_and_what_is_old_is_forgotten(engine: AsyncEngine) -> None:
    async with connected(engine) as connection:
        await enqueue(connection, [a_job()])
        await connection.execute(sa.text("update job set status = 'failed'"))
        await connection.execute(sa.text("update job_log set created = now() - interval '31 days'"))
        await tidy(connection)

        assert await connection.scalar(sa.text("select status::text from job")) == "queued"
        assert await connection.scalar(sa.text("select count(*) from job_log")) == 0


async def test_the_queue_goes_on_after_a_fault_that_nobody_thought_of(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    bell, work, faults = Bell(enough=1), JobWorker._work, [RuntimeError("nobody thought of it")]

    async def at_first_wrong(worker: JobWorker) -> None:
        if faults:
            raise faults.pop()
        await work(worker)

    monkeypatch.setattr(JobWorker, "_work", at_first_wrong)
    monkeypatch.setattr("hub.store.job_worker.RECONNECT_SECONDS", 0.0)
    worker = JobWorker(engine, handlers_of(bell))
    await worker.start()
    async with connected(engine) as connection:
        await enqueue(connection, [a_job()])

    await bell.rung.wait()
    await worker.stop()

    assert [(record.levelname, record.message) for record in caplog.records if record.name == "hub.jobs"] == [
        ("ERROR", "the queue failed, and begins anew")
    ]
