"""Huddles as rows: what comes back, what two processes do at the same instant, what a signature makes final."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from auth.roles import Role
from hub.huddles.keeping import Actor, Huddles
from hub.huddles.rooms import HuddleRooms
from hub.ids import HUB, new_id
from hub.process.clocks import SystemClock
from hub.record.journal import Act, Action, Head, JournalAwayError
from hub.store.engine import open_engine
from hub.store.huddles import HuddleRows
from hub.store.journal import PostgresJournal, PostgresTurn
from hub.workflows.huddle_driving import End, Next, Park, Sign
from hub.workflows.huddle_moves import JoinHuddle, StartHuddle, Take
from hub.workflows.huddle_states import Course, Huddle, No, Stand, frame_hash, signature_hash
from tests.hub.huddles.test_rooms import Doorman, Wire
from tests.hub.store.conftest import Store

pytestmark = pytest.mark.anyio


def huddles_on(engine: AsyncEngine, journal: PostgresJournal) -> Huddles:
    clock = SystemClock()

    rooms = HuddleRooms(Doorman(), Wire("here"), clock)
    return Huddles(journal, HuddleRows(engine), rooms, lambda plan, seq: None, clock.now, new_id)


async def a_running(store: Store) -> tuple[Huddles, Huddle, Actor, Actor]:
    grace, elena = [Actor((await store.a_person(name=name)).person_id, Role.CARE_MANAGER) for name in ("Grace", "El")]
    plans = [(await store.a_plan()).plan_id for _ in range(3)]
    huddles = huddles_on(store.engine, store.journal)
    made = await huddles.plan(grace, "Morning", plans)
    assert isinstance(made, Huddle)
    for move, who in ((JoinHuddle(), elena), (StartHuddle(), grace)):
        made = await huddles.make(made.huddle_id, move, who)
        assert isinstance(made, Huddle)
    return huddles, made, grace, elena


async def test_what_is_kept_comes_back(store: Store) -> None:
    huddles, made, grace, _ = await a_running(store)

    assert await huddles.get(made.huddle_id) == made
    assert [each.huddle_id for each in await huddles.listed([made.items[0].plan_id], "")] == [made.huddle_id]
    assert [each.huddle_id for each in await huddles.listed([], grace.person_id)] == [made.huddle_id]
    assert await huddles.listed([], new_id()) == []


async def test_two_processes_that_press_next_at_once_go_on_by_one(store: Store, database: str) -> None:
    huddles, made, grace, _ = await a_running(store)
    engine = await open_engine(database)
    journal = PostgresJournal(engine)
    other = huddles_on(engine, journal)

    outcomes = await asyncio.gather(*(each.make(made.huddle_id, Next(seen=made.current), grace)
                                      for each in (huddles, other)))  # fmt: skip

    await journal.close()
    await engine.dispose()
    assert sorted(type(each).__name__ for each in outcomes) == ["Huddle", "No"]
    told = next(each for each in outcomes if isinstance(each, No))
    assert told.code == "stale"
    now = await huddles.get(made.huddle_id)
    assert now is not None
    assert now.current == made.items[1].plan_id
    rows = await store.journal.history(HUB, limit=20)
    assert [(row.action, row.outcome) for row in rows if row.event == "huddle.next"].count(
        (Action.REFUSE, "refused")
    ) == 1
    plan_rows = await store.journal.history(made.items[0].plan_id, limit=5)
    assert [row.event for row in plan_rows].count("huddle.next") == 1


async def test_of_two_who_take_over_and_of_two_who_end_one_wins(store: Store, database: str) -> None:
    huddles, made, grace, elena = await a_running(store)
    tom = Actor((await store.a_person(name="Tom")).person_id, Role.PHARMACIST)
    assert isinstance(await huddles.make(made.huddle_id, JoinHuddle(), tom), Huddle)
    take = Take(seen=grace.person_id, driver_here=False)

    taken = await asyncio.gather(*(huddles.make(made.huddle_id, take, who) for who in (elena, tom)))

    (winner,) = [each for each in taken if isinstance(each, Huddle)]
    driver = elena if winner.driver == elena.person_id else tom
    ended = await asyncio.gather(*(huddles.make(made.huddle_id, End(seen=made.current), driver) for _ in range(2)))
    assert sorted(type(each).__name__ for each in ended) == ["Huddle", "No"]


async def test_a_patient_is_carried_into_a_planned_huddle_or_a_new_one(store: Store) -> None:
    huddles, made, grace, _ = await a_running(store)
    first, second = made.items[0].plan_id, made.items[1].plan_id
    await huddles.make(made.huddle_id, Park(seen=first), grace)
    await huddles.make(made.huddle_id, Park(seen=second), grace)

    fresh = await huddles.carry(made.huddle_id, first, grace)
    assert isinstance(fresh, Huddle)
    again = await huddles.carry(made.huddle_id, second, grace, fresh.huddle_id)

    assert isinstance(again, Huddle)
    assert again.huddle_id == fresh.huddle_id
    assert [item.plan_id for item in again.items] == [first, second]
    assert again.course is Course.PLANNED
    before = await huddles.get(made.huddle_id)
    assert before is not None
    assert before.tally(Stand.CARRIED) == 2
    assert isinstance(await huddles.carry(made.huddle_id, first, grace), No)


async def test_a_process_that_dies_between_the_huddle_and_the_plan_has_done_neither(
    store: Store, owner: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    huddles, made, grace, _ = await a_running(store)
    first = made.items[0].plan_id
    heads = await store.journal.heads([HUB, first])
    also = PostgresTurn.also

    async def dies(turn: PostgresTurn, plan: str, acts: Sequence[Act]) -> Head:
        pid = await turn._driver.fetchval("select pg_backend_pid()")
        async with owner.connect() as connection:
            await connection.execute(sa.text("select pg_terminate_backend(:pid, 10_000)"), {"pid": pid})
        return await also(turn, plan, acts)

    for act in (lambda: huddles.make(made.huddle_id, Next(seen=first), grace), lambda: huddles.carry(
        made.huddle_id, made.items[2].plan_id, grace
    )):  # fmt: skip
        with monkeypatch.context() as dying:
            dying.setattr(PostgresTurn, "also", dies)
            with pytest.raises(JournalAwayError):
                await act()  # type: ignore[no-untyped-call]
        assert await huddles.get(made.huddle_id) == made
        assert await store.journal.heads([HUB, first]) == heads
    again = await huddles.make(made.huddle_id, Next(seen=first), grace)

    assert isinstance(again, Huddle)
    assert again.current == made.items[1].plan_id
    rows = await store.journal.history(first, limit=5)
    assert [row.event for row in rows].count("huddle.next") == 1


async def test_a_signature_covers_the_hash_of_each_decision_and_stands_in_the_journal(store: Store) -> None:
    huddles, made, grace, elena = await a_running(store)
    ended = await huddles.make(made.huddle_id, End(seen=made.current), grace)
    assert isinstance(ended, Huddle)
    one, other = ({made.items[0].plan_id: digest} for digest in ("a" * 64, "b" * 64))
    for who, decisions in ((grace, one), (elena, other)):
        move = Sign(seen=frame_hash(ended), decisions=decisions)
        assert isinstance(await huddles.make(made.huddle_id, move, who), Huddle)

    rows = await store.journal.history(HUB, limit=10)
    signed = {row.actor: (row.words or {})["signed"] for row in rows if row.event == "huddle.sign_off"}
    now = await huddles.get(made.huddle_id)
    assert now is not None
    assert signed == {
        grace.person_id: signature_hash(now, one), elena.person_id: signature_hash(now, other)
    }  # fmt: skip
    assert len({*signed.values(), signature_hash(now, {}), frame_hash(now)}) == 4


async def test_a_signed_huddle_stays_as_it_is_whoever_writes_to_the_table(store: Store, owner: AsyncEngine) -> None:
    huddles, made, grace, elena = await a_running(store)
    ended = await huddles.make(made.huddle_id, End(seen=made.current), grace)
    assert isinstance(ended, Huddle)
    both = await asyncio.gather(*(huddles.make(made.huddle_id, Sign(seen=frame_hash(ended), decisions={}), who)
                                  for who in (grace, grace, elena)))  # fmt: skip

    assert sorted(type(each).__name__ for each in both) == ["Huddle", "Huddle", "No"]
    for change in ("title = 'x'", "ended = now()", "content_hash = ''"):
        with pytest.raises(sa.exc.DBAPIError, match="stays as it is"):
            async with owner.begin() as connection:
                await connection.execute(sa.text(f"update huddle set {change}"))
    with pytest.raises(sa.exc.DBAPIError, match="stays as it is"):
        async with owner.begin() as connection:
            await connection.execute(sa.text("update huddle_attendee set signed = null"))


async def test_the_database_knows_but_one_current_patient(store: Store) -> None:
    _, made, _, _ = await a_running(store)
    rows = HuddleRows(store.engine)
    two = tuple(replace(item, stand=Stand.CURRENT) for item in made.items)

    with pytest.raises(sa.exc.IntegrityError):
        async with store.journal.exclusively(HUB) as turn:
            await rows.keep(turn, replace(made, items=two))


async def test_the_list_forgets_huddles_that_ended_long_ago(store: Store) -> None:
    huddles, made, grace, _ = await a_running(store)
    await huddles.make(made.huddle_id, End(seen=made.current), grace)
    rows = HuddleRows(store.engine)
    later: datetime = store.now + timedelta(days=1)

    assert await rows.among([], grace.person_id, later) == []
