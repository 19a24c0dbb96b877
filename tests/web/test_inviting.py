"""Coming in by an invitation, step by step, and every way in which it must not go."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from auth.invitations import ATTEMPTS_PER_ADDRESS_MAX
from auth.roles import Role
from hub.ids import new_id
from hub.record.journal import Action
from tests.web.house import House, a_form, a_house
from web.mail import Mailbox

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
KIM, MARY = "Grace Kim", "Mary Whitfield"


@pytest.fixture
async def house(demo_database: str, tmp_path: Path) -> AsyncIterator[House]:
    async with a_house(demo_database, tmp_path) as opened:
        yield opened


async def test_from_the_link_to_the_plan_and_back_to_the_inviter(house: House) -> None:
    kim, mary = await house.browser(KIM), await house.browser(MARY)
    link = await house.invited(kim)
    luis = await house.browser()

    opened = await link.open(luis)
    assert opened.status_code == 200
    assert "Enter the code" in opened.text
    assert not await house.rows(Action.REDEEM)
    came = await link.redeem(luis)

    assert came.status_code == 303
    assert came.headers["location"] == f"/plans/{house.plan}/welcome"
    assert "Medicines and allergies" in (await luis.get(came.headers["location"])).text
    assert (await luis.get(f"/plans/{house.plan}/sections/goals")).status_code == 200
    assert (await luis.get(f"/plans/{house.plan}/sections/social_needs")).status_code == 404
    for told in (kim, mary):
        assert "Luis Hart (grandson) used the invitation" in (await told.get("/notifications")).text
    [row] = await house.rows(Action.REDEEM)
    assert (row.outcome, row.role) == ("success", Role.FAMILY)
    assert "Used" in (await kim.get(f"/plans/{house.plan}/invitations")).text


async def test_a_link_s_page_is_the_same_for_every_link(house: House) -> None:
    kim, stranger = await house.browser(KIM), await house.browser()
    link = await house.invited(kim)
    await kim.post(f"/plans/{house.plan}/invitations/{link.invitation_id}/revoke")
    other = await house.invited(kim)

    pages = [await stranger.get(path) for path in (link.path, other.path, f"/i/{new_id()}", "/i/x")]

    assert {page.content for page in pages} == {pages[0].content}
    assert {page.status_code for page in pages} == {200}
    assert {tuple(sorted(set(page.headers) - {"x-request-id"})) for page in pages} == {
        tuple(sorted(set(pages[0].headers) - {"x-request-id"}))
    }


async def test_strangers_get_one_answer_whatever_is_wrong_and_the_same_steps_are_taken(house: House) -> None:
    kim, stranger = await house.browser(KIM), await house.browser(address="203.0.113.9")
    living, dead = await house.invited(kim), await house.invited(kim)
    await kim.post(f"/plans/{house.plan}/invitations/{dead.invitation_id}/revoke")
    wrong = "A" * 43

    answers = [
        await stranger.post(living.path, data={"secret": wrong}),
        await stranger.post(living.path, data={"secret": ""}),
        await stranger.post(dead.path, data={"secret": dead.secret}),
        await stranger.post(f"/i/{new_id()}", data={"secret": living.secret}),
        await stranger.post("/i/x", data={"secret": wrong, "code": living.code}),
        await stranger.post(living.path, data={"secret": living.secret, "code": living.code}),
    ]

    assert {(each.status_code, each.content) for each in answers} == {(410, answers[0].content)}
    assert "careplan" not in str([each.headers.get("set-cookie") for each in answers])
    assert [row.outcome for row in await house.rows(Action.INVITE, event="invitation.open")] == ["refused"] * 3


async def test_of_twenty_redemptions_at_one_instant_one_wins(house: House) -> None:
    link = await house.invited(await house.browser(KIM))
    first = await house.browser()
    await link.open(first)
    cookie = {"careplan-invitation": first.cookies["careplan-invitation"]}
    browsers = [await house.browser(address=f"198.51.100.{number}") for number in range(20)]
    for each in browsers:
        each.cookies.update(cookie)
    before = len(await house.services.directory.participants(house.plan))

    answers = await asyncio.gather(*(link.redeem(each) for each in browsers))

    assert sorted(answer.status_code for answer in answers) == [303] + [410] * 19
    assert len(await house.services.directory.participants(house.plan)) == before + 1
    outcomes = [row.outcome for row in await house.rows(Action.REDEEM)]
    assert sorted(outcomes) == ["refused"] * 19 + ["success"]


async def test_a_redeemed_link_opens_for_nobody_again(house: House) -> None:
    link = await house.invited(await house.browser(KIM))
    luis = await house.browser()
    await link.open(luis)
    await link.redeem(luis)

    for browser in (luis, await house.browser()):
        assert (await link.open(browser)).status_code == 410
        assert (await link.redeem(browser, comes="new")).status_code == 410


async def test_five_wrong_codes_kill_it_for_good_and_the_inviter_is_told(house: House) -> None:
    kim, luis = await house.browser(KIM), await house.browser()
    link = await house.invited(kim)
    await link.open(luis)
    wrong = "0000 0000" if link.code != "0000 0000" else "1111 1111"

    answers = [await link.redeem(luis, wrong) for _ in range(5)]

    tries = [re.findall(r"match\. (\d)", answer.text) for answer in answers]
    assert tries == [["4"], ["3"], ["2"], ["1"], []]
    assert [answer.status_code for answer in answers] == [422] * 4 + [410]
    assert (await link.redeem(luis)).status_code == 410
    assert "five wrong codes" in (await kim.get("/notifications")).text
    assert "Ended after five wrong codes" in (await kim.get(f"/plans/{house.plan}/invitations")).text


async def test_wrong_codes_at_one_instant_are_counted_one_by_one(house: House) -> None:
    link = await house.invited(await house.browser(KIM))
    luis = await house.browser()
    await link.open(luis)
    wrong = "0000 0000" if link.code != "0000 0000" else "1111 1111"

    await asyncio.gather(*(link.redeem(luis, wrong) for _ in range(8)))

    assert (await link.redeem(luis)).status_code == 410
    kept = (await house.access.inviting.of_plan(house.plan))[0][0]
    assert (kept.state, kept.wrong_codes) == ("killed", 5)


async def test_the_code_works_only_in_the_browser_in_which_the_link_was_opened(house: House) -> None:
    link = await house.invited(await house.browser(KIM))
    luis, thief = await house.browser(), await house.browser()
    await link.open(luis)

    assert (await link.redeem(thief)).status_code == 410
    thief.cookies.set("careplan-invitation", "A" * 43)
    assert (await link.redeem(thief)).status_code == 410
    assert (await link.redeem(luis)).status_code == 303


async def test_a_session_that_was_planted_is_not_taken_over(house: House) -> None:
    link = await house.invited(await house.browser(KIM))
    luis, planted = await house.browser(), "A" * 43
    luis.cookies.set("careplan", planted)
    await link.open(luis)

    answer = await link.redeem(luis)

    fresh = re.search(r"careplan=([^;]+);", answer.headers["set-cookie"])
    assert fresh is not None
    assert fresh.group(1) != planted
    other = await house.browser()
    other.cookies.set("careplan", planted)
    assert (await other.get(f"/plans/{house.plan}")).status_code == 303


async def test_another_site_s_page_opens_and_redeems_nothing(house: House) -> None:
    link = await house.invited(await house.browser(KIM))
    luis = await house.browser()
    foreign = {"origin": "https://elsewhere.example", "sec-fetch-site": "cross-site"}

    for data in ({"secret": link.secret}, {"secret": link.secret, "code": link.code}):
        assert (await luis.post(link.path, data=data, headers=foreign)).status_code == 403

    kept = (await house.access.inviting.of_plan(house.plan))[0][0]
    assert kept.state == "sent"


async def test_an_address_waits_after_twenty_tries_and_another_does_not(house: House) -> None:
    link = await house.invited(await house.browser(KIM))
    guesser = await house.browser(address="203.0.113.7")
    assert (await link.open(guesser)).status_code == 200

    answers = [
        await guesser.post(f"/i/{new_id()}", data={"secret": "A" * 43}) for _ in range(ATTEMPTS_PER_ADDRESS_MAX + 1)
    ]

    assert [each.status_code for each in answers] == [410] * ATTEMPTS_PER_ADDRESS_MAX + [429]
    assert (await link.open(guesser)).status_code == 429
    assert (await link.redeem(guesser)).status_code == 429, "the right code waits too"
    assert (await link.open(await house.browser(address="203.0.113.8"))).status_code == 200


async def test_a_sent_code_comes_by_letter_that_names_nobody(house: House) -> None:
    kim, luis = await house.browser(KIM), await house.browser()
    link = await house.invited(kim, delivery="sent", address="luis@demo.example")
    mailbox = house.access.mail
    assert isinstance(mailbox, Mailbox)
    await link.open(luis)
    while len(mailbox.letters()) < 2:
        await asyncio.sleep(0)

    letters = [letter for _, letter in mailbox.letters()]
    code = re.search(r"\d{6}", letters[0].words)
    assert code is not None
    words = " ".join(letter.subject + letter.words for letter in letters)
    assert not re.search(r"Mary|Whitfield|Luis|Kim|plan of|medic", words)
    assert link.secret in letters[1].words
    assert (await link.redeem(luis, code.group())).status_code == 303
    assert link.secret in (await kim.get("/demo/mailbox")).text


async def test_reading_only_is_a_consent_from_the_first_moment(house: House) -> None:
    kim, luis = await house.browser(KIM), await house.browser()
    link = await house.invited(kim, may_change="no")
    await link.open(luis)
    await link.redeem(luis)

    goal = {"description": "More soup", "voice": house.person(MARY).person_id}
    answer = await luis.post(f"/plans/{house.plan}/sections/goals/entries", data=goal)

    assert answer.status_code == 403
    assert "lets you read" in answer.text
    consents = await house.rows(Action.CONSENT, event="consent.record")
    assert {row.section for row in consents} >= {"goals", "medications"}
    assert {(row.words or {})["how"] for row in consents if row.section == "goals"} == {"telephone"}


async def test_sending_anew_voids_the_link_before_under_the_same_consent(house: House) -> None:
    mary, kim, luis = await house.browser(MARY), await house.browser(KIM), await house.browser()
    link = await house.invited(mary)

    again = await kim.post(f"/plans/{house.plan}/invitations/{link.invitation_id}/resend")

    assert again.status_code == 200
    assert (await link.open(luis)).status_code == 410
    [fresh, old] = [each for each, _ in await house.access.inviting.of_plan(house.plan)]
    assert (fresh.state, old.state) == ("sent", "revoked")
    assert (fresh.agreed_how, fresh.sections) == (old.agreed_how, old.sections)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"sections": []}, "Choose at least one part"),
        ({"sections": ["staff_notes"]}, "can&#39;t be shared"),
        ({"how": ""}, "Say how the patient agreed"),
        ({"how": "page"}, "Say how the patient agreed"),
        ({"ends": "2036-01-01"}, "within the next year"),
        ({"ends": "soon"}, "Choose when the access ends"),
        ({"relation": ""}, "Say how this person is related"),
        ({"name": "  "}, "Say who it is for"),
        ({"delivery": "sent", "address": "nowhere"}, "Give an e-mail address"),
    ],
    ids=["nothing", "too much", "no consent", "as if the patient did", "too long", "no date", "who", "name", "address"],
)
async def test_a_form_that_says_too_little_or_asks_too_much_comes_back(
    house: House, typed: dict[str, object], words: str
) -> None:
    kim = await house.browser(KIM)

    answer = await kim.post(f"/plans/{house.plan}/invitations", data=a_form() | typed)

    assert answer.status_code == 422
    assert words in answer.text
    assert await house.access.inviting.of_plan(house.plan) == []


async def test_the_sign_in_of_an_inviter_is_a_fresh_one(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    kim = await house.browser(KIM)
    monkeypatch.setattr("auth.sessions.REAUTHENTICATION_AGE_MAX", timedelta(seconds=-1))

    before = await kim.get(f"/plans/{house.plan}/invitations/new")
    answer = await kim.post(f"/plans/{house.plan}/invitations", data=a_form())

    assert (before.status_code, answer.status_code) == (403, 403)
    assert "Sign in again" in before.text
    assert "Sign in again" in answer.text
    assert 'value="Luis Hart"' in answer.text, "what was typed stays in the form"
    assert await house.access.inviting.of_plan(house.plan) == []


async def test_only_those_who_may_invite_see_and_make_invitations(house: House) -> None:
    link = await house.invited(await house.browser(KIM))
    at = f"/plans/{house.plan}/invitations"
    for name in ("Emily Hart", "Michael Lee", "Tom Becker"):
        other = await house.browser(name)
        assert (await other.get(at)).status_code == 403
        assert (await other.post(at, data=a_form())).status_code == 403
        assert (await other.post(f"{at}/{link.invitation_id}/revoke")).status_code == 403
    assert (await (await house.browser("Nair")).get(at)).status_code == 404
    kept = (await house.access.inviting.of_plan(house.plan))[0][0]
    assert kept.state == "sent"


async def test_another_plan_s_inviter_can_not_withdraw_it(house: House) -> None:
    link = await house.invited(await house.browser(KIM))
    rosa = await house.browser("Rosa Delgado")
    hers = re.search(r"/plans/([0-9a-f-]{36})/mine", (await rosa.get("/panel")).headers["location"])
    assert hers is not None

    await rosa.post(f"/plans/{hers.group(1)}/invitations/{link.invitation_id}/revoke")

    kept = (await house.access.inviting.of_plan(house.plan))[0][0]
    assert kept.state == "sent"


async def test_a_plan_has_only_so_many_invitations_under_way_even_of_many_made_at_one_instant(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.access.inviting.INVITATIONS_WAITING_MAX", 3)
    kim, mary = await house.browser(KIM), await house.browser(MARY)
    at = f"/plans/{house.plan}/invitations"

    answers = await asyncio.gather(*(kim.post(at, data=a_form() | {"name": f"Luis {n}"}) for n in range(6)))
    assert sorted(each.status_code for each in answers) == [200] * 3 + [422] * 3
    mine = await mary.post(at, data=a_form() | {"how": "page"})
    assert "too many invitations under way" in mine.text
    [first, *_] = [each for each, _ in await house.access.inviting.of_plan(house.plan)]
    assert (await kim.post(f"{at}/{first.invitation_id}/resend")).status_code == 200
    assert (await kim.post(f"{at}/{first.invitation_id}/resend")).status_code == 409
    [second, *_] = [each for each, _ in await house.access.inviting.of_plan(house.plan)]
    await kim.post(f"{at}/{second.invitation_id}/revoke")
    assert (await kim.post(at, data=a_form())).status_code == 200

    refused = [row for row in await house.rows(Action.INVITE, event="invitation.make") if row.outcome == "refused"]
    assert {row.reason for row in refused} == {"many"}


async def test_withdrawing_and_inviting_again_all_day_comes_to_an_end(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.access.inviting.INVITATIONS_A_DAY_MAX", 3)
    kim, at = await house.browser(KIM), f"/plans/{house.plan}/invitations"

    for _ in range(3):
        link = await house.invited(kim)
        await kim.post(f"{at}/{link.invitation_id}/revoke")

    assert (await kim.post(at, data=a_form())).status_code == 422


async def test_who_comes_rightly_is_not_counted_among_the_tries_of_an_address(house: House) -> None:
    link = await house.invited(await house.browser(KIM))

    waiting_room = [await link.open(await house.browser()) for _ in range(ATTEMPTS_PER_ADDRESS_MAX + 5)]

    assert {each.status_code for each in waiting_room} == {200}
