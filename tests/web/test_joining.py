"""An invitation redeemed by someone who is in the directory already: one person stays one, and nobody is mistaken."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from auth.roles import Role
from hub.record.journal import Action
from tests.web.house import House, Link, a_house
from web.mail import Mailbox

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
KIM, NAIR, FALK = "Grace Kim", "Priya Nair", "Jonas Falk"
SPECIALIST = {"role": "specialist", "relation": "nephrology", "sections": ["goals", "medications", "conditions"]}


@pytest.fixture
async def house(demo_database: str, tmp_path: Path) -> AsyncIterator[House]:
    async with a_house(demo_database, tmp_path) as opened:
        yield opened


async def invited(house: House, **typed: object) -> Link:
    return await house.invited(await house.browser(KIM), **(SPECIALIST | {"name": "P. Nair"} | typed))


async def everyone(house: House) -> set[str]:
    return {each.person_id for each in await house.access.people.active()}


async def test_a_colleague_who_is_signed_in_joins_as_who_they_are(house: House) -> None:
    nair, before = await house.browser(NAIR), await everyone(house)
    link, session = await invited(house), nair.cookies["careplan"]
    asked = await link.open(nair)
    assert "Dr. Priya Nair, who is signed in here" in asked.text

    came = await link.redeem(nair, comes=house.person(NAIR).person_id)

    assert came.headers["location"] == f"/plans/{house.plan}/welcome"
    assert await everyone(house) == before
    assert nair.cookies["careplan"] == session
    assert (await nair.get(f"/plans/{house.plan}/sections/goals")).status_code == 200
    assert (await nair.get(f"/plans/{house.plan}/sections/tasks")).status_code == 404
    [row] = await house.rows(Action.REDEEM)
    assert (row.actor, row.role) == (house.person(NAIR).person_id, Role.SPECIALIST)
    told = await (await house.browser(KIM)).get("/notifications")
    assert "Dr. Priya Nair (nephrology) used the invitation" in told.text


async def test_a_signed_in_browser_is_asked_who_comes_in_and_nothing_is_taken_for_granted(house: House) -> None:
    falk, link = await house.browser(FALK), await invited(house)
    await link.open(falk)

    for comes in ("", "yes", house.person(NAIR).person_id):
        answer = await link.redeem(falk, comes=comes)
        assert answer.status_code == 422
        assert "Say who comes in" in answer.text

    assert not await house.rows(Action.REDEEM)


async def test_someone_else_comes_in_as_someone_new_and_who_was_there_is_signed_out(house: House) -> None:
    falk, before = await house.browser(FALK), await everyone(house)
    link, session = await invited(house), falk.cookies["careplan"]
    await link.open(falk)

    came = await link.redeem(falk, comes="new")

    assert came.status_code == 303
    assert len(await everyone(house) - before) == 1
    assert "P. Nair" in (await falk.get("/panel")).text
    was = await house.browser()
    was.cookies.set("careplan", session)
    assert (await was.get("/panel")).status_code == 303


async def test_who_was_signed_out_meanwhile_is_told_and_not_let_in_as_another(house: House) -> None:
    nair, link = await house.browser(NAIR), await invited(house)
    await link.open(nair)
    await nair.post("/sign-out")

    answer = await link.redeem(nair, comes=house.person(NAIR).person_id)

    assert answer.status_code == 422
    assert "You were signed out meanwhile" in answer.text


async def test_a_member_stays_what_they_are(house: House) -> None:
    lee, link = await house.browser("Michael Lee"), await invited(house, name="M. Lee")
    before = await house.services.directory.participants(house.plan)
    await link.open(lee)

    answer = await link.redeem(lee, comes=house.person("Michael Lee").person_id)

    assert answer.status_code == 422
    assert "You take part in this plan already" in answer.text
    assert await house.services.directory.participants(house.plan) == before
    assert (await house.access.inviting.of_plan(house.plan))[0][0].state == "opened"


@pytest.mark.parametrize(
    ("who", "role"), [(NAIR, "family"), ("Rosa Delgado", "specialist"), ("Rosa Delgado", "family")]
)
async def test_nobody_comes_in_on_a_side_that_is_not_theirs(house: House, who: str, role: str) -> None:
    typed = {} if role == "specialist" else {"role": "family", "relation": "friend"}
    browser, link = await house.browser(who), await invited(house, name="Somebody", **typed)
    await link.open(browser)

    answer = await link.redeem(browser, comes=house.person(who).person_id)

    assert answer.status_code == 422
    assert "not for you in your role here" in answer.text
    assert (await browser.get(f"/plans/{house.plan}")).status_code == 404


async def test_someone_who_was_put_out_comes_back_as_the_same_person(house: House) -> None:
    mary, emily = await house.browser("Mary Whitfield"), await house.browser("Emily Hart")
    emily_id = house.person("Emily Hart").person_id
    await mary.post(f"/plans/{house.plan}/sharing/{emily_id}/remove")
    assert (await emily.get(f"/plans/{house.plan}/family")).status_code == 404
    link = await house.invited(await house.browser(KIM), name="Emily Hart", relation="daughter")
    await link.open(emily)

    assert (await link.redeem(emily, comes=emily_id)).status_code == 303

    assert (await emily.get(f"/plans/{house.plan}/family")).status_code == 200
    assert (await emily.get(f"/plans/{house.plan}/sections/monitoring")).status_code == 404


async def test_a_mailed_code_to_the_address_of_staff_makes_no_second_person_of_it(house: House) -> None:
    browser, before = await house.browser(), await everyone(house)
    link = await invited(house, delivery="sent", address=house.person(NAIR).email.upper())
    mailbox = house.access.mail
    assert isinstance(mailbox, Mailbox)
    await link.open(browser)
    async with asyncio.timeout(60):
        while len(mailbox.letters()) < 2:
            await asyncio.sleep(0)
    code = re.search(r"\d{6}", mailbox.letters()[0][1].words)
    assert code is not None

    answer = await link.redeem(browser, code.group())

    assert answer.status_code == 422
    assert "belongs to someone who has an account here" in answer.text
    assert await everyone(house) == before
    nair = await house.browser(NAIR)
    await link.open(nair)
    async with asyncio.timeout(60):
        while len(mailbox.letters()) < 3:
            await asyncio.sleep(0)
    code = re.search(r"\d{6}", mailbox.letters()[0][1].words)
    assert code is not None
    assert (await link.redeem(nair, code.group(), comes=house.person(NAIR).person_id)).status_code == 303


@pytest.mark.parametrize("whose", [NAIR, ""], ids=["of staff", "of nobody yet"])
async def test_an_address_that_nobody_proved_is_not_kept_for_someone_new(house: House, whose: str) -> None:
    browser, before = await house.browser(), await everyone(house)
    link = await invited(house, address=house.person(whose).email if whose else "someone@demo.example")
    await link.open(browser)

    assert (await link.redeem(browser)).status_code == 303

    [made] = [each for each in await house.access.people.active() if each.person_id not in before]
    assert made.email == ""


async def test_of_many_who_join_at_one_instant_one_does(house: House) -> None:
    nair, link = await house.browser(NAIR), await invited(house)
    await link.open(nair)

    answers = await asyncio.gather(*(link.redeem(nair, comes=house.person(NAIR).person_id) for _ in range(8)))

    assert sorted(each.status_code for each in answers)[:2] == [303, 410]
    assert len([row for row in await house.rows(Action.REDEEM) if row.outcome == "success"]) == 1
