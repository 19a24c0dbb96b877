"""The door of the live socket: the session cookie, the exact origin and host, and a part in the plan, or nothing."""

import asyncio
from pathlib import Path

import pytest

from hub.access.changes import AccessChanges
from hub.demo.registering import seed_hub
from hub.ids import HUB, new_id
from hub.live.gatekeepers import Admitted, TurnedAway
from hub.live.lines import CloseCode
from hub.process.clocks import SystemClock
from hub.store.engine import create_engine
from hub.store.journal import PostgresJournal
from hub.store.looks import Looks
from hub.store.participants import Participants
from hub.store.people import People
from hub.store.plans import Plans
from hub.store.sessions import Sessions
from tests.harness.databases import Databases
from web.doors.directory import SignedIn
from web.doors.gatekeeping import StoreGatekeeper
from web.doors.store_directory import StoreDirectory, Stores
from web.settings import Mode, Settings

ORIGIN, HOST = "http://127.0.0.1:8000", "127.0.0.1:8000"
pytestmark = pytest.mark.slow


async def _at_the_door(url: str, folder: Path) -> None:
    engine = create_engine(url)
    seeded = await seed_hub(engine, only=("mary",))
    assert seeded is not None, "the database was empty"
    journal, clock = PostgresJournal(engine), SystemClock()
    stores = Stores(People(engine), Sessions(engine), Participants(engine), Plans(engine), Looks(engine))
    directory = StoreDirectory(stores, journal, clock.now, AccessChanges(journal))
    settings = Settings(mode=Mode.DEMO, origin=ORIGIN, data_dir=folder, checkpoints_dir=folder)
    gatekeeper = StoreGatekeeper(settings, directory, stores, clock.now)
    await journal.create_plan(HUB)
    plan, lee = seeded.plans["mary"].plan_id, seeded.people["lee"]

    async def knock(*, cookies: str, origin: str = ORIGIN, host: str = HOST, at: str = plan) -> object:
        answer = await gatekeeper.admit(cookies=cookies, origin=origin, host=host, plan_id=at)
        return answer.code if isinstance(answer, TurnedAway) else answer

    token = await directory.sign_in(lee.person_id, method="demo", agent="")
    cookie = f"other=1; careplan={token}"
    try:
        admitted = await knock(cookies=cookie)
        assert isinstance(admitted, Admitted)
        assert admitted.version == (await gatekeeper.access_versions([plan]))[plan]
        admitted = admitted.participant
        assert (admitted.person_id, admitted.plan_id) == (lee.person_id, plan)
        assert admitted.session_id
        assert await knock(cookies="") is CloseCode.SIGN_IN
        assert await knock(cookies="careplan=forged") is CloseCode.SIGN_IN
        for origin in ("", "null", "https://elsewhere.example", ORIGIN + ".elsewhere.example"):
            assert await knock(cookies=cookie, origin=origin) is CloseCode.NO_PLAN
        assert await knock(cookies=cookie, host="rebound.example") is CloseCode.NO_PLAN
        assert await knock(cookies=cookie, at=new_id()) is CloseCode.NO_PLAN
        carmen = await directory.sign_in(seeded.people["carmen"].person_id, method="demo", agent="")
        assert await knock(cookies=f"careplan={carmen}") is CloseCode.NO_PLAN

        assert await gatekeeper.ended_sessions([admitted.session_id]) == frozenset()
        who = await directory.signed_in(token, active=False)
        assert isinstance(who, SignedIn)
        await directory.sign_out(who)
        assert await gatekeeper.ended_sessions([admitted.session_id, ""]) == {admitted.session_id}
        assert await knock(cookies=cookie) is CloseCode.SIGN_IN
        assert lee.person_id in await gatekeeper.standing(plan, [lee.person_id, new_id()])
        assert plan in await gatekeeper.access_versions([plan])
    finally:
        await journal.close()
        await engine.dispose()


def test_only_a_signed_in_member_on_our_own_page_comes_in_and_only_until_they_sign_out(
    databases: Databases, tmp_path: Path
) -> None:
    with databases.clone() as url:
        asyncio.run(_at_the_door(url, tmp_path))
