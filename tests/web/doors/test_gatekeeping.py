"""The door of the live socket: the session cookie, the exact origin and host, and a part in the plan, or nothing."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.access.changes import AccessChanges
from hub.demo.registering import seed_hub
from hub.ids import HUB, new_id
from hub.live.gatekeepers import Admitted, TurnedAway
from hub.live.lines import CloseCode
from hub.process.clocks import SystemClock
from hub.record.journal import Act, Action
from hub.store.engine import create_engine
from hub.store.journal import PostgresJournal
from hub.store.looks import Looks
from hub.store.machines import Machines
from hub.store.participants import Participants
from hub.store.people import People, Person
from hub.store.plans import Plans
from hub.store.sessions import Sessions
from hub.workflows.huddle_states import Huddle, HuddleItem
from tests.harness.databases import Databases
from web.doors.desk_admission import StoreDeskAdmission
from web.doors.directory import SignedIn
from web.doors.gatekeeping import StoreGatekeeper
from web.doors.huddle_admission import HuddleAdmission
from web.doors.store_directory import StoreDirectory, Stores
from web.settings import Mode, Settings

ORIGIN, HOST = "http://127.0.0.1:8000", "127.0.0.1:8000"
pytestmark = pytest.mark.slow


async def _at_the_door(url: str, folder: Path) -> None:
    engine = create_engine(url)
    seeded = await seed_hub(engine, only=("mary",))
    assert seeded is not None, "the database was empty"
    journal, clock = PostgresJournal(engine), SystemClock()
    stores = Stores(
        People(engine), Sessions(engine), Participants(engine), Plans(engine), Looks(engine), Machines(engine)
    )
    directory = StoreDirectory(stores, journal, clock.now, AccessChanges(journal))
    settings = Settings(mode=Mode.DEMO, origin=ORIGIN, data_dir=folder, checkpoints_dir=folder)
    gatekeeper = StoreGatekeeper(settings, stores, clock.now)
    await journal.create_plan(HUB)
    plan, lee = seeded.plans["mary"].plan_id, seeded.people["lee"]
    await _at_the_other_doors(settings, directory, stores, journal, plan, seeded.people)

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


async def _at_the_other_doors(
    settings: Settings,
    directory: StoreDirectory,
    stores: Stores,
    journal: PostgresJournal,
    plan: str,
    people: Mapping[str, Person],
) -> None:
    """A huddle and a desk ask what the plan's door asks, and each its own."""
    now = datetime.now(UTC)
    rows, desks = _OneHuddle(plan, now), StoreDeskAdmission(settings, directory, stores, lambda: datetime.now(UTC))
    room = HuddleAdmission(settings, directory, stores, rows, lambda: datetime.now(UTC))
    kim, tom = people["kim"].person_id, people["becker"].person_id

    async def signed_in(person: str) -> str:
        return f"careplan={await directory.sign_in(person, method='demo', agent='')}"

    async def knock(cookies: str, *, origin: str = ORIGIN, host: str = HOST, at: str = rows.id) -> object:
        answer = await room.admit(cookies=cookies, origin=origin, host=host, huddle_id=at)
        return answer.code if isinstance(answer, TurnedAway) else answer.person_id

    async def sit(cookies: str, person: str, *, origin: str = ORIGIN, host: str = HOST) -> object:
        answer = await desks.admit(cookies=cookies, origin=origin, host=host, person_id=person)
        return answer.code if isinstance(answer, TurnedAway) else answer.plans

    cookie, other = await signed_in(kim), await signed_in(tom)
    assert await knock(cookie) == kim
    assert await sit(cookie, kim) == {plan}
    for nobody in ("", "careplan=forged", "careplan="):
        assert await knock(nobody) is CloseCode.SIGN_IN
        assert await sit(nobody, kim) is CloseCode.SIGN_IN
    for elsewhere in ({"origin": ""}, {"origin": "https://elsewhere.example"}, {"host": "rebound.example"}):
        assert await knock(cookie, **elsewhere) is CloseCode.NO_PLAN
        assert await sit(cookie, kim, **elsewhere) is CloseCode.NO_PLAN
    assert await knock(cookie, at=new_id()) is CloseCode.NO_PLAN, "there is no such huddle"
    assert await sit(cookie, tom) is CloseCode.NO_PLAN, "a desk is its owner's alone"
    for stranger in ("carmen", "mary", "emily"):
        assert await knock(await signed_in(people[stranger].person_id)) is CloseCode.NO_PLAN, stranger

    assert await knock(other) == tom
    async with journal.exclusively(plan) as turn:
        await stores.participants.remove(turn, plan, tom, datetime.now(UTC))
        await turn.append([Act(plan=plan, actor=kim, action=Action.REVOKE)])
    assert await knock(other) is CloseCode.NO_PLAN, "removed a moment ago"
    assert await sit(other, tom) == frozenset()
    who = await directory.signed_in(cookie.removeprefix("careplan="), active=False)
    assert isinstance(who, SignedIn)
    await directory.sign_out(who)
    assert await knock(cookie) is CloseCode.SIGN_IN, "signed out"
    assert await sit(cookie, kim) is CloseCode.SIGN_IN


class _OneHuddle:
    """The one huddle there is, about the one plan."""

    def __init__(self, plan: str, now: datetime) -> None:
        self.id = new_id()
        self._huddle = Huddle(self.id, "Friday", "", now, items=(HuddleItem(plan),))

    async def get(self, huddle_id: str) -> Huddle | None:
        return self._huddle if huddle_id == self.id else None


def test_only_a_signed_in_member_on_our_own_page_comes_in_and_only_until_they_sign_out(
    databases: Databases, tmp_path: Path
) -> None:
    with databases.clone() as url:
        asyncio.run(_at_the_door(url, tmp_path))
