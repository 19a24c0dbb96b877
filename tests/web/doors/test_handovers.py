"""A referral to someone outside: invited for it, they begin with it, hold it, and get no other by a forged address."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest

from crdt.sections import Section
from hub.ids import new_id
from hub.record.journal import Action
from tests.web.house import House, Link, a_form, a_house

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
RUIZ, QUESTION = "Elena Ruiz", "Is it the thyroid?"
OUTSIDER = {
    "role": "specialist", "name": "Dr. Nora Ivers", "relation": "endocrinology",
    "sections": ["referrals", "medications", "goals"],
}  # fmt: skip


@pytest.fixture
async def house(demo_database: str, tmp_path: Path) -> AsyncIterator[House]:
    async with a_house(demo_database, tmp_path) as opened:
        yield opened


async def asked(house: House, doctor: httpx2.AsyncClient, *, do: str = "invite", **more: str) -> str:
    """Compose a referral to someone outside and return its entry; the form of the invitation comes next."""
    by = (datetime.now(UTC) + timedelta(days=7)).date().isoformat()
    typed = {"kind": "specialist", "to": "Endocrinology", "question": QUESTION, "urgency": "routine", "expected_by": by}
    answer = await doctor.post(f"/plans/{house.plan}/referrals/new", data=typed | {"do": do} | more)
    assert answer.status_code == 303, answer.text
    found = re.search(r"[0-9a-f-]{36}$", answer.headers["location"])
    assert found is not None
    assert do != "invite" or f"/invitations/new?referral={found[0]}" in answer.headers["location"]
    return found[0]


async def standing(house: House, entry: str) -> dict[str, object]:
    content = await house.services.plans.content(house.plan)
    return dict(content.entries(Section.REFERRALS)[entry].values)


async def came(house: House, link: Link) -> tuple[httpx2.AsyncClient, str]:
    """Open the link and type the code in a new browser; return it with its first page."""
    nora = await house.browser()
    await link.open(nora)
    answer = await link.redeem(nora)
    assert answer.status_code == 303
    return nora, str(answer.headers["location"])


async def test_the_first_page_of_who_is_invited_is_the_referral_which_is_theirs_from_then_on(house: House) -> None:
    doctor = await house.browser(RUIZ)
    entry = await asked(house, doctor)
    form = (await doctor.get(f"/plans/{house.plan}/invitations/new?referral={entry}")).text
    assert f'name="referral" value="{entry}"' in form
    assert 'name="role" value="specialist"' in form
    link = await house.invited(doctor, **OUTSIDER, referral=entry)
    assert (await standing(house, entry))["state"] == "requested"

    nora, first = await came(house, link)

    assert first == f"/plans/{house.plan}/referrals/{entry}?first=yes"
    page = await nora.get(first)
    assert page.status_code == 200
    assert QUESTION in page.text
    assert f"/plans/{house.plan}/welcome" in page.text
    values = await standing(house, entry)
    [redeemed] = await house.rows(Action.REDEEM)
    assert (values["state"], values["recipient"]) == ("received", redeemed.actor)
    assert (redeemed.words or {})["referral"] == entry
    commands = [row for row in await house.rows(Action.COMMAND) if row.entry == entry]
    assert [(row.event, row.actor) for row in commands[:2]] == [
        ("referral.take_up", redeemed.actor), ("referral.send", house.person(RUIZ).person_id),
    ]  # fmt: skip
    accepted = await nora.post(f"/plans/{house.plan}/entries/referrals/{entry}/referral.accept")
    assert accepted.status_code == 303
    assert QUESTION in (await doctor.get(f"/plans/{house.plan}/referrals/{entry}")).text


async def test_nobody_is_invited_for_a_referral_that_is_not_the_inviters_to_hand_over(house: House) -> None:
    doctor = await house.browser(RUIZ)
    taken = await asked(house, doctor, do="send", recipient=house.person("Michael Lee").person_id)
    ended = await asked(house, doctor)
    gone = await doctor.post(
        f"/plans/{house.plan}/entries/referrals/{ended}/referral.cancel", data={"reason": "She is well."}
    )
    assert gone.status_code == 303
    others = await house.services.plans.content(house.plan)
    medicine = next(iter(others.entries(Section.MEDICATIONS)))

    for forged in (new_id(), taken, ended, medicine, "../../x", "x" * 300):
        shown = await doctor.get(f"/plans/{house.plan}/invitations/new", params={"referral": forged})
        made = await doctor.post(f"/plans/{house.plan}/invitations", data=a_form() | OUTSIDER | {"referral": forged})
        assert (shown.status_code, made.status_code) == (404, 404), forged

    assert not await house.rows(Action.INVITE)


async def test_who_may_not_send_a_referral_hands_none_over_and_sees_none_by_its_address(house: House) -> None:
    doctor, mary = await house.browser(RUIZ), await house.browser("Mary Whitfield")
    entry = await asked(house, doctor)

    answer = await mary.get(f"/plans/{house.plan}/invitations/new?referral={entry}")

    assert answer.status_code == 404
    assert QUESTION not in answer.text


async def test_they_are_not_invited_for_what_they_could_not_see(house: House) -> None:
    doctor = await house.browser(RUIZ)
    entry = await asked(house, doctor)
    blind = a_form() | OUTSIDER | {"referral": entry, "sections": ["medications"]}

    answer = await doctor.post(f"/plans/{house.plan}/invitations", data=blind)

    assert answer.status_code == 422
    assert "they have to see the referrals" in answer.text
    assert f'name="referral" value="{entry}"' in answer.text
    assert (await standing(house, entry))["state"] == "draft"


async def test_whoever_comes_late_is_let_in_all_the_same_and_sees_what_became_of_it(house: House) -> None:
    doctor = await house.browser(RUIZ)
    entry = await asked(house, doctor)
    link = await house.invited(doctor, **OUTSIDER, referral=entry)
    path = f"/plans/{house.plan}/entries/referrals/{entry}"
    assert (await doctor.post(f"{path}/referral.cancel", data={"reason": "She is well."})).status_code == 303

    nora, first = await came(house, link)

    assert "She is well." in (await nora.get(first)).text
    assert (await standing(house, entry))["state"] == "cancelled"


async def test_an_invitation_sent_anew_is_for_the_same_referral(house: House) -> None:
    doctor = await house.browser(RUIZ)
    entry = await asked(house, doctor)
    void = await house.invited(doctor, **OUTSIDER, referral=entry)
    again = await doctor.post(f"/plans/{house.plan}/invitations/{void.invitation_id}/resend")
    found = re.search(r'value="http[^"]+(/i/[^"#]+)#([^"]+)"', again.text)
    code = re.search(r"The code is</span>([\d ]+)<", again.text)
    assert found is not None
    assert code is not None

    _, first = await came(house, Link(found[1], found[2], code[1]))

    assert first == f"/plans/{house.plan}/referrals/{entry}?first=yes"
