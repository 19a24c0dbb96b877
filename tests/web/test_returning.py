"""Coming back with a code to one's mailbox: whom it lets in, and what a stranger learns, which is nothing."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest

from auth.returning import RETURN_CODES_IN_ALL_MAX, RETURN_CODES_MAX
from hub.ids import HUB
from hub.record.journal import Act, Action
from tests.harness.databases import executed
from tests.web.house import House, a_house
from web.languages import language
from web.mail import Mailbox, passkey_letter
from web.views.sharing import OWN_WORDS

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
KIM, LUIS = "Grace Kim", "luis@demo.example"


@pytest.fixture
async def house(demo_database: str, tmp_path: Path) -> AsyncIterator[House]:
    async with a_house(demo_database, tmp_path) as opened:
        yield opened


def letters(house: House) -> list[str]:
    mailbox = house.access.mail
    assert isinstance(mailbox, Mailbox)
    return [letter.words for _, letter in mailbox.letters() if letter.subject == "Your code"]


async def code_sent(house: House, before: int) -> str:
    """Return the code of the letter that comes after so many others."""
    async with asyncio.timeout(60):
        while len(letters(house)) <= before:
            await asyncio.sleep(0)
    found = re.search(r"\d{6}", letters(house)[0])
    assert found is not None
    return found.group()


async def came_in(house: House, name: str = "Luis Hart", address: str = LUIS) -> httpx2.AsyncClient:
    """Invite someone by mail and let them in; return their browser."""
    link = await house.invited(await house.browser(KIM), delivery="sent", address=address, name=name)
    browser, before = await house.browser(), len(letters(house))
    await link.open(browser)
    assert (await link.redeem(browser, await code_sent(house, before))).status_code == 303
    return browser


async def ask(browser: httpx2.AsyncClient, address: str = LUIS) -> httpx2.Response:
    return await browser.post("/sign-in/code", data={"address": address, "next": "/panel"})


async def enter(browser: httpx2.AsyncClient, **typed: str) -> httpx2.Response:
    return await browser.post("/sign-in/code/enter", data={"next": "/panel", **typed})


async def test_who_came_by_a_mailed_code_comes_back_by_one_and_is_offered_a_passkey(house: House) -> None:
    first, before = await came_in(house), len(letters(house))
    mine = (await first.get("/sessions")).text
    browser = await house.browser()
    asked = await ask(browser, LUIS.upper())
    assert "If we know the address" in asked.text

    came = await enter(browser, code=await code_sent(house, before))

    assert came.headers["location"] == "/passkeys/offer?next=/panel"
    assert "Come back without a link" in (await browser.get("/passkeys/offer?next=/panel")).text
    assert (await browser.get(f"/plans/{house.plan}/family")).status_code == 200
    assert "code" in (await browser.get("/sessions")).text
    assert mine.count("with invitation") == 1
    assert not re.search(r"Luis|Mary|Hart", letters(house)[0])


async def test_known_and_unknown_addresses_get_one_answer_and_only_the_known_a_letter(house: House) -> None:
    await came_in(house)
    before = len(letters(house))
    addresses = ["nobody@demo.example", house.person(KIM).email or "kim@demo.example", "x@y", LUIS]

    answers = [await ask(await house.browser(), each) for each in addresses]

    assert {(each.status_code, each.content) for each in answers} == {(200, answers[0].content)}
    assert {tuple(sorted(set(each.headers))) for each in answers} == {tuple(sorted(set(answers[0].headers)))}
    assert all("careplan-sign-in=" in each.headers["set-cookie"] for each in answers)
    await code_sent(house, before)
    assert len(letters(house)) == before + 1
    tries = [await enter(await house.browser(), code="123456") for _ in range(2)]
    assert {(each.status_code, each.content) for each in tries} == {(410, tries[0].content)}


async def test_a_code_serves_once_in_its_own_browser_and_ends_after_three_wrong_ones(house: House) -> None:
    await came_in(house)
    browser, other, before = await house.browser(), await house.browser(), len(letters(house))
    await ask(browser)
    code = await code_sent(house, before)
    other.cookies.set("careplan-sign-in", "A" * 43)
    assert (await enter(other, code=code)).status_code == 410
    used = browser.cookies["careplan-sign-in"]
    assert (await enter(browser, code=code)).status_code == 303
    browser.cookies.set("careplan-sign-in", used)
    assert (await enter(browser, code=code)).status_code == 410

    guesser = await house.browser()
    await ask(guesser)
    code = await code_sent(house, before + 1)
    wrong = "000000" if code != "000000" else "111111"
    assert [(await enter(guesser, code=wrong)).status_code for _ in range(3)] == [422, 422, 410]
    assert (await enter(guesser, code=code)).status_code == 410


async def test_of_many_tries_at_one_instant_one_is_judged(house: House) -> None:
    await came_in(house)
    browser, before = await house.browser(), len(letters(house))
    await ask(browser)
    code = await code_sent(house, before)

    answers = await asyncio.gather(*(enter(browser, code=code) for _ in range(10)))

    assert sorted(each.status_code for each in answers) == [303] + [410] * 9


async def test_a_mailbox_gets_five_codes_an_hour_for_one_address_and_the_page_says_the_same(house: House) -> None:
    await came_in(house)
    before = len(letters(house))

    answers = [await ask(await house.browser(address="198.51.100.1")) for _ in range(RETURN_CODES_MAX + 2)]

    await code_sent(house, before + RETURN_CODES_MAX - 1)
    assert len(letters(house)) == before + RETURN_CODES_MAX
    assert {(each.status_code, each.content) for each in answers} == {(200, answers[0].content)}


async def test_a_stranger_who_asks_for_codes_keeps_nobody_out_and_no_mailbox_gets_more_than_twenty(
    house: House,
) -> None:
    await came_in(house)
    before = len(letters(house))
    for _ in range(RETURN_CODES_MAX + 1):
        await ask(await house.browser(address="198.51.100.1"))

    at_home = await house.browser(address="198.51.100.2")
    await ask(at_home)
    assert (await enter(at_home, code=await code_sent(house, before + RETURN_CODES_MAX))).status_code == 303

    for number in range(3, 3 + RETURN_CODES_IN_ALL_MAX):
        await ask(await house.browser(address=f"198.51.100.{number}"))
    await code_sent(house, before + RETURN_CODES_IN_ALL_MAX - 1)
    assert len(letters(house)) == before + RETURN_CODES_IN_ALL_MAX


async def test_an_address_waits_after_twenty_tries(house: House) -> None:
    browser = await house.browser(address="203.0.113.7")

    answers = [await ask(browser, f"{number}@demo.example") for number in range(21)]

    assert [each.status_code for each in answers] == [200] * 20 + [429]


async def test_people_of_one_mailbox_choose_who_they_are_and_nobody_else(house: House) -> None:
    await came_in(house)
    await came_in(house, "Lena Hart")
    browser, before = await house.browser(), len(letters(house))
    await ask(browser)
    emily = house.person("Emily Hart").person_id
    shared = await enter(browser, code=await code_sent(house, before))
    people = dict(re.findall(r'name="person" value="([^"]+)"><span class="chip-name">([^<]+)', shared.text))
    assert sorted(people.values()) == ["Lena Hart", "Luis Hart"]
    assert (await browser.get("/panel")).status_code == 303

    lena = next(each for each, name in people.items() if name == "Lena Hart")
    came = await enter(browser, person=lena)

    assert came.status_code == 303
    assert "Lena Hart" in (await browser.get("/panel", follow_redirects=True)).text
    thief = await house.browser()
    await ask(thief)
    assert (await enter(thief, person=lena)).status_code == 410
    again = await house.browser()
    await ask(again)
    await enter(again, code=await code_sent(house, before + 2))
    assert (await enter(again, person=emily)).status_code == 410


async def test_who_has_come_in_reads_in_their_language_what_they_may_do(house: House) -> None:
    link, browser = await house.invited(await house.browser(KIM)), await house.browser()
    await link.open(browser)
    await link.redeem(browser)

    said = {}
    for tag in ("en", "es"):
        browser.cookies.set("language", tag)
        page = (await browser.get(f"/plans/{house.plan}/welcome")).text
        said[tag] = re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", page)

    assert ("Goals", "you read it and add to it") in said["en"]
    assert ("Metas", "usted lo lee y añade") in said["es"]
    assert {words for _, words in said["es"]}.isdisjoint(OWN_WORDS.values())


async def test_a_spoken_code_proves_no_address_and_staff_have_another_way_in(house: House) -> None:
    link = await house.invited(await house.browser(KIM), address="spoken@demo.example")
    spoken = await house.browser()
    await link.open(spoken)
    await link.redeem(spoken)
    before = len(letters(house))
    assert "you need a new link" in (await spoken.get(f"/plans/{house.plan}/welcome")).text

    for address in ("spoken@demo.example", house.person(KIM).email):
        await ask(await house.browser(), address)

    rows = await house.services.journal.history(HUB, limit=20)
    asked = [row for row in rows if row.event == "code.ask"]
    assert [row.outcome for row in asked] == ["refused"] * 2
    assert len(letters(house)) == before


async def test_the_letter_goes_to_the_address_that_was_proved_however_it_was_typed(house: House) -> None:
    await came_in(house, address="luke@demo.example")
    mailbox, before = house.access.mail, len(letters(house))
    assert isinstance(mailbox, Mailbox)

    for typed in ("LUKE@demo.example", "lu\u212ae@demo.example"):
        await ask(await house.browser(), typed)

    await code_sent(house, before)
    sent = [letter.address for _, letter in mailbox.letters()]
    assert set(sent[:-before]) == {"luke@demo.example"}


async def test_a_passkey_is_made_on_a_fresh_sign_in_only_and_its_owner_is_written_to(
    house: House, demo_database: str
) -> None:
    browser = await house.browser("Grace Kim")
    assert (await browser.get("/passkeys/new")).status_code == 200

    executed(demo_database, "update session set authenticated = authenticated - interval '16 minutes'")

    assert (await browser.get("/passkeys/new")).status_code == 403
    stale = await browser.post("/passkeys", data={"response": "{}"})
    assert stale.status_code == 403
    assert "Sign in again" in stale.json()["words"]
    assert "remove it" in passkey_letter("kim@demo.example", "/sessions", language("en")).words


async def test_someone_put_out_of_the_directory_gets_no_code(house: House) -> None:
    await came_in(house)
    luis = next(each for each in await house.access.people.active() if each.name == "Luis Hart")
    people = house.access.people
    async with house.access.changes.of_sessions() as changing:
        await people.change(changing.turn, replace(luis, active=False))
        await changing.turn.append([Act(plan=HUB, actor="", action=Action.ADMIN, event="person.end")])
    before = len(letters(house))

    await ask(await house.browser())

    assert len(letters(house)) == before


async def test_the_doors_speak_the_language_of_the_browser(house: House) -> None:
    browser = await house.browser()
    browser.headers["accept-language"] = "fr-FR, es-MX;q=0.8, en;q=0.5"

    pages = [await browser.get(each) for each in ("/sign-in", "/sign-in/code", "/i/x")]
    ended = await browser.post("/i/x", data={"secret": ""})

    assert all('<html lang="es"' in each.text for each in (*pages, ended))
    assert "Entrar con una llave de acceso" in pages[0].text
    assert "Le han enviado un enlace" in pages[2].text
    assert "Este enlace ya no vale." in ended.text
