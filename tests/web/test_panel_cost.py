"""A page about forty patients asks the database a few times, not a few times a patient, cold or warm."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from hub.demo.registering import StoreRegistering, seed_hub
from hub.demo.seeding import PATIENTS, Seeded, members_of
from hub.ids import new_id
from hub.live.read_models import renew
from hub.record.journal import Act, Batch
from hub.store.engine import open_engine
from hub.store.entries import Entries
from hub.store.job_worker import JobWorker
from hub.store.journal import PostgresJournal
from web.app import create_app
from web.settings import Mode, Settings

ORIGIN = "http://127.0.0.1:8000"
PLANS = 40
FRAMES = ("BEGIN;", ";", "ROLLBACK;", "COMMIT;")
"""What the driver says around statements."""

BESIDE = (" job ", "job_log", '"careplan_jobs"', "pg_notify", "information_schema", "pg_enum", "pg_indexes")
"""What the hub's queue of jobs asks on its own connections while it waits: it depends on the time a page takes."""
ABOUT_TYPES = ("typeinfo_tree", "current_setting('jit')")
"""What the driver asks of a new connection."""

COLD_MAX = 20
"""No plan is opened: what any page asks, and the entries of all plans by one query. 14 were counted."""

WARM_MAX = 10
"""Who is it, which plans, who is in them, what is new, what was last: 7 were counted."""

pytestmark = pytest.mark.slow


async def forty_plans(url: str) -> Seeded:
    """Fill the database with the demo and copies of its plans under other names."""
    engine = await open_engine(url)
    seeded = await seed_hub(engine)
    assert seeded is not None, "the database was empty"
    journal, now = PostgresJournal(engine), datetime.now(UTC)
    registering = StoreRegistering(engine, journal)
    for number in range(len(PATIENTS), PLANS):
        patient = PATIENTS[number % len(PATIENTS)]
        source = seeded.plans[patient.key]
        plan = replace(source, plan_id=new_id(), mrn=f"000 {number:04}", given=f"{source.given} {number}")
        members = list(members_of(patient, plan, seeded.people, now).values())
        await registering.open_plan(plan, members, {}, {}, added_by=seeded.people["kim"].person_id, now=now)
        rows = [row for row in await journal.since(source.plan_id, 0) if row.update is not None]
        names = [name for name in Act.__struct_fields__ if name not in ("plan", "words")]
        acts = [
            Act(plan=plan.plan_id, words=msgspec.json.decode(row.told or "null"), **{n: getattr(row, n) for n in names})
            for row in rows
        ]
        head = (await journal.heads([plan.plan_id]))[plan.plan_id]
        assert await journal.append([Batch(plan.plan_id, head, acts)])
        await renew(Entries(engine), journal, plan.plan_id)
    await journal.close()
    await engine.dispose()
    return seeded


def _of_a_page(statement: str) -> bool:
    words = " ".join(statement.split())
    return words not in FRAMES and not any(each in words for each in (*BESIDE, *ABOUT_TYPES))


async def nothing(_: object) -> None:
    """Stand for what is not to happen."""


@contextmanager
def statements() -> Iterator[list[str]]:
    """Gather what connections that are made from now on are asked."""
    asked: list[str] = []

    def connected(connection: object, _: object) -> None:
        connection.driver_connection.add_query_logger(  # type: ignore[attr-defined]
            lambda query: asked.append(query.query) if _of_a_page(query.query) else None
        )

    def executed(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if _of_a_page(statement):  # What is prepared, the driver's own log leaves out.
            asked.append(statement)

    sa.event.listen(sa.pool.Pool, "connect", connected)
    sa.event.listen(sa.Engine, "before_cursor_execute", executed)
    try:
        yield asked
    finally:
        sa.event.remove(sa.pool.Pool, "connect", connected)
        sa.event.remove(sa.Engine, "before_cursor_execute", executed)


@pytest.mark.parametrize(("address", "shown"), [("/panel", '<article class="patient'), ("/work", "/plans/")])
def test_forty_patients_cost_a_few_queries(
    address: str, shown: str, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(JobWorker, "start", nothing)  # What is done beside pages at its own times is not counted.
    monkeypatch.setattr(JobWorker, "stop", nothing)
    seeded = asyncio.run(forty_plans(database))
    settings = Settings(
        mode=Mode.DEMO, origin=ORIGIN, data_dir=tmp_path, checkpoints_dir=tmp_path, database_url=database
    )
    counted = []
    with (
        statements() as asked,
        TestClient(
            create_app(settings), base_url=ORIGIN, headers={"origin": ORIGIN}, client=("127.0.0.1", 50_000)
        ) as client,
    ):
        client.post("/sign-in/demo", data={"person": seeded.people["ruiz"].person_id}, follow_redirects=False)
        for _ in range(3):
            asked.clear()
            answer = client.get(address)
            counted.append(len(asked))
            assert answer.status_code == 200
            assert answer.text.count(shown) >= PLANS

    cold, *warm = counted
    assert cold <= COLD_MAX, counted
    assert min(warm) <= WARM_MAX, counted  # The least: the hub's other loops ask as well.
