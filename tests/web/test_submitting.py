"""A form that is sent twice counts once: by a double click, by a retry, in another process, for every kind of form."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from hub.ids import HUB
from hub.record.journal import Action
from tests.web.house import House, a_form, a_house

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
KIM, RUIZ, EMILY = "Grace Kim", "Elena Ruiz", "Emily Hart"


@pytest.fixture
async def house(demo_database: str, tmp_path: Path) -> AsyncIterator[House]:
    async with a_house(demo_database, tmp_path) as opened:
        yield opened


def a_medicine(house: House, key: str = "k-0") -> tuple[str, dict[str, object]]:
    return f"/plans/{house.plan}/sections/medications/entries", {
        "kind": "medicine",
        "name": "Lisinopril",
        "dose": "10 mg",
        "frequency": "once daily",
        "_page": f"/{key}",
    }


KINDS: dict[str, tuple[str, str, Mapping[str, object]]] = {
    "medicine": (
        RUIZ,
        "/plans/{plan}/sections/medications/entries",
        {"kind": "medicine", "name": "Lisinopril", "dose": "10 mg", "frequency": "once daily"},
    ),
    "task": (KIM, "/plans/{plan}/tasks/line", {"line": "/task Call the pharmacy @becker 3d", "about": ""}),
    "invitation": (KIM, "/plans/{plan}/invitations", a_form()),
    "version": (KIM, "/plans/{plan}/versions", {"name": "Before the weekend"}),
    "family note": (EMILY, "/plans/{plan}/family/notes", {"words": "She slept well.", "kind": "note"}),
    "huddle": (KIM, "/huddles", {"title": "Friday", "plan": "{plan}"}),
}


async def changes(house: House) -> int:
    """Return how much was changed so far, in this plan and in the hub's own journal."""
    plan = await house.rows(Action.EDIT, Action.COMMAND, Action.INVITE, Action.VERSION, Action.CONSENT)
    hub = await house.services.journal.history(HUB, limit=1_000)
    return len(plan) + sum(row.action is Action.COMMAND and row.outcome == "success" for row in hub)


def filled(house: House, kind: str, key: str) -> tuple[str, str, dict[str, object]]:
    person, address, words = KINDS[kind]
    told = {name: value.format(plan=house.plan) if isinstance(value, str) else value for name, value in words.items()}
    return person, address.format(plan=house.plan), told | {"_page": f"/{key}"}


@pytest.mark.parametrize("kind", KINDS)
async def test_two_of_one_form_at_once_and_a_third_later_change_what_one_changes(house: House, kind: str) -> None:
    person, address, words = filled(house, kind, "first")
    browser = await house.browser(person)
    before = await changes(house)

    first, second = await asyncio.gather(browser.post(address, data=words), browser.post(address, data=words))
    once = await changes(house) - before
    third = await browser.post(address, data=words)

    assert first.status_code in (200, 303), first.text
    assert [each.status_code for each in (second, third)] == [first.status_code] * 2
    assert second.text == third.text == first.text, "whoever asks again gets the first answer"
    assert once > 0
    assert await changes(house) - before == once

    other = {"words": "And she ate."} if kind == "family note" else {}  # The log itself takes the same words once.
    again = await browser.post(address, data=filled(house, kind, "second")[2] | other)

    assert again.status_code == first.status_code
    assert await changes(house) - before == 2 * once, "a form rendered anew is another act"


async def test_another_process_knows_the_form_and_leads_to_where_the_first_answer_led(
    house: House, demo_database: str, tmp_path: Path
) -> None:
    browser = await house.browser(RUIZ)
    address, words = a_medicine(house)
    first = await browser.post(address, data=words)
    before = await changes(house)

    async with a_house(demo_database, tmp_path) as other:
        elsewhere = await other.browser()
        elsewhere.cookies.update(browser.cookies)
        again = await elsewhere.post(address, data=words)

        assert again.status_code == first.status_code == 303
        assert again.headers["location"] == first.headers["location"]
        assert await changes(other) == before


async def test_two_processes_that_get_one_form_at_the_same_time_do_it_once(
    house: House, demo_database: str, tmp_path: Path
) -> None:
    browser = await house.browser(RUIZ)
    address, words = a_medicine(house)
    before = await changes(house)

    async with a_house(demo_database, tmp_path) as other:
        elsewhere = await other.browser()
        elsewhere.cookies.update(browser.cookies)
        answers = await asyncio.gather(browser.post(address, data=words), elsewhere.post(address, data=words))

        assert all(each.status_code in (200, 303) for each in answers)
        once = await changes(house) - before
        await browser.post(address, data=a_medicine(house, "another")[1])
        assert await changes(house) - before == 2 * once > 0


async def test_other_words_under_the_same_key_are_another_form(house: House) -> None:
    browser = await house.browser(RUIZ)
    address, words = a_medicine(house)
    await browser.post(address, data=words)
    once = await changes(house)

    await browser.post(address, data=words | {"dose": "20 mg"})

    assert await changes(house) > once


async def test_the_form_that_a_failure_hands_back_is_still_the_first_form(house: House) -> None:
    browser = await house.browser(RUIZ)
    address, words = a_medicine(house)
    await browser.post(address, data=words)
    once = await changes(house)

    await browser.post(address, data=words | {"_page": ["/of-the-failures-page", "/k-0"]})

    assert await changes(house) == once


async def test_what_was_refused_may_be_sent_again(house: House) -> None:
    browser = await house.browser(RUIZ)
    address, words = a_medicine(house)
    refused = await browser.post(address, data=words | {"name": ""})
    assert refused.status_code == 422

    assert (await browser.post(address, data=words | {"name": ""})).status_code == 422
    assert (await browser.post(address, data=words)).status_code == 303


async def test_the_same_form_of_another_person_is_another_form(house: House) -> None:
    address, words = a_medicine(house)
    for named in (RUIZ, KIM):
        browser = await house.browser(named)
        before = await changes(house)
        answer = await browser.post(address, data=words)
        assert answer.status_code != 303 or await changes(house) > before
