"""The form of a visit update as it is served: whose plan it is for, and who decides on what it recommends."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.web.house import House, a_house

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
LEE, RUIZ = "Michael Lee", "Elena Ruiz"


@pytest.fixture
async def house(demo_database: str, tmp_path: Path) -> AsyncIterator[House]:
    async with a_house(demo_database, tmp_path) as opened:
        yield opened


async def test_who_prescribes_sees_whose_plan_it_is_and_the_allergies(house: House) -> None:
    lee = await house.browser(LEE)

    page = (await lee.get(f"/plans/{house.plan}/visit")).text

    banner = page.split('aria-label="Patient"')[1].split("</section>")[0]
    assert "WHITFIELD, Mary" in banner
    assert "14-May-1956" in banner
    assert "Penicillin" in banner
    assert f'href="/plans/{house.plan}#section-medications"' in banner


async def test_the_referral_that_waits_is_offered_and_a_new_dose_starts_from_the_old(house: House) -> None:
    lee = await house.browser(LEE)
    at = f"/plans/{house.plan}/visit"

    page = (await lee.get(at)).text
    offered = re.search(rf'{at}\?referral=([0-9a-f-]+)">Answer Dr. Elena Ruiz', page)
    change = re.search(r'lisinopril.{0,200}?value="(alters [0-9a-f-]+)"', page, re.DOTALL)
    assert offered is not None
    assert change is not None
    typed = (await lee.post(at, data={"do": change[1], "cause": "Weight"})).text

    assert re.search(r'name="alters\.0\.dose"[^>]*value="10 mg"', typed)
    assert 'value="Weight"' in typed
    assert "Waits for your answer" not in (await lee.get(f"{at}?referral={offered[1]}")).text


async def test_only_who_may_decide_is_offered_and_the_patients_doctor_first(house: House) -> None:
    lee = await house.browser(LEE)
    ruiz = house.person(RUIZ).person_id

    page = (await lee.get(f"/plans/{house.plan}/visit")).text

    readers = page.split('name="reader"')[1].split("</select>")[0]
    assert re.findall(r'value="([^"]+)" selected', readers) == [ruiz]
    for named in ("Mary Whitfield", "Emily Hart", LEE, "Ruth Adeyemi", "Jonas Falk"):
        assert named not in readers
    for named in (RUIZ, "Grace Kim"):
        assert named in readers


async def test_who_was_chosen_stays_chosen(house: House) -> None:
    lee, kim = await house.browser(LEE), house.person("Grace Kim").person_id
    data = {"reader": kim, "cause": "Weight", "do": "preview"}

    refused = await lee.post(f"/plans/{house.plan}/visit", data=data)

    assert refused.status_code == 422
    readers = refused.text.split('name="reader"')[1].split("</select>")[0]
    assert re.findall(r'value="([^"]+)" selected', readers) == [kim]


async def test_nobody_is_left_to_decide_who_may_not(house: House) -> None:
    lee, mary = await house.browser(LEE), house.person("Mary Whitfield").person_id
    data = {"reader": mary, "cause": "Weight", "answer": "Less salt.", "nothing_to_tell": "yes", "do": "preview"}

    refused = await lee.post(f"/plans/{house.plan}/visit", data=data)
    taken = await lee.post(f"/plans/{house.plan}/visit", data=data | {"reader": house.person(RUIZ).person_id})

    assert refused.status_code == 422
    assert "Choose someone who may decide" in refused.text
    assert "Less salt." in refused.text
    assert taken.status_code == 200
