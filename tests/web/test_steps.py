"""What a stranger asks about is answered by the same steps whether it is there or not: the same statements, in order.

Time tells what an answer does not. The same statements on indexed rows take the same time; a look-up that one answer
has and another has not would show.
"""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import event

from hub.ids import new_id
from tests.web.house import House, a_house

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
_ASKED: ContextVar[list[str]] = ContextVar("asked")
KIM, NAIR, WRONG = "Grace Kim", "Priya Nair", "A" * 43


@pytest.fixture
async def house(demo_database: str, tmp_path: Path) -> AsyncIterator[House]:
    async with a_house(demo_database, tmp_path) as opened:
        yield opened


@contextmanager
def statements(house: House) -> Iterator[list[str]]:
    """Collect what the store is asked by what is awaited here; the hub's own polls run in contexts of their own."""
    said: list[str] = []
    token = _ASKED.set(said)
    engine = house.access.people._engine.sync_engine

    def asked(_: object, __: object, statement: str, *___: object) -> None:
        if _ASKED.get(None) is said:
            said.append(re.sub(r"\s+", " ", statement))

    event.listen(engine, "before_cursor_execute", asked)
    try:
        yield said
    finally:
        event.remove(engine, "before_cursor_execute", asked)
        _ASKED.reset(token)


async def steps(house: House, browser: httpx2.AsyncClient, path: str, data: dict[str, str]) -> tuple[int, list[str]]:
    with statements(house) as said:
        answer = await browser.post(path, data=data)
    return answer.status_code, said


@pytest.mark.parametrize("code", ["", "12345678"], ids=["opening", "redeeming"])
async def test_a_link_is_refused_by_the_same_steps_whatever_is_wrong_with_it(house: House, code: str) -> None:
    kim, stranger = await house.browser(KIM), await house.browser(address="203.0.113.9")
    living, dead = await house.invited(kim), await house.invited(kim)
    await kim.post(f"/plans/{house.plan}/invitations/{dead.invitation_id}/revoke")
    more = {"code": code} if code else {}
    tries = [(living.path, WRONG), (dead.path, dead.secret), (f"/i/{new_id()}", WRONG), ("/i/x", WRONG)]

    found = [await steps(house, stranger, path, {"secret": secret} | more) for path, secret in tries]

    assert {status for status, _ in found} == {410}
    assert [said for _, said in found] == [found[0][1]] * len(tries)
    assert len(found[0][1]) > 5


async def test_a_code_is_asked_for_by_the_same_steps_for_every_address(house: House) -> None:
    link = await house.invited(await house.browser(KIM), delivery="spoken", address="")
    luis, stranger = await house.browser(), await house.browser(address="203.0.113.9")
    await link.open(luis)
    await link.redeem(luis)
    addresses = [house.person(KIM).email or "kim@demo.example", "nobody@demo.example", "luis@demo.example"]

    found = [await steps(house, stranger, "/sign-in/code", {"address": each, "next": ""}) for each in addresses]

    assert {status for status, _ in found} == {200}
    assert [said for _, said in found] == [found[0][1]] * len(addresses)


async def test_a_plan_that_is_not_one_s_own_is_refused_by_the_same_steps_as_one_that_is_not_there(house: House) -> None:
    nair = await house.browser(NAIR)
    await nair.get("/panel")
    found = []
    for plan in (house.plan, new_id(), "x"):
        with statements(house) as said:
            answer = await nair.get(f"/plans/{plan}")
        found.append((answer.status_code, said))

    assert {status for status, _ in found} == {404}
    assert [said for _, said in found] == [found[0][1]] * 3
