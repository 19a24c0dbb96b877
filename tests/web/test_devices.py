"""Devices of a patient: paired by the team with measures, heard as long as they are paired, seeing nothing."""

import re
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from crdt.sections import Section
from hub.record.journal import Action
from hub.workflows.contents import words
from tests.web.house import ORIGIN, House

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


async def measures(house: House) -> dict[str, str]:
    content = await house.services.plans.content(house.plan)
    return {words(each.values, "measure")[:6]: each.id for each in content.entries(Section.MONITORING).values()}


async def paired(house: House, by: httpx2.AsyncClient, name: str) -> httpx2.AsyncClient:
    form = {"act": "pair", "name": name, "days": "30", "measure": (await measures(house))["8480-6"]}
    answer = await by.post(f"/plans/{house.plan}/devices", data=form)
    found = re.search(r'class="token">(careplan-[^<]+)<', answer.text)
    assert found is not None, answer.text[:4_000]
    transport = httpx2.ASGITransport(app=house.served, client=("127.0.0.1", 50_000))
    return await house.stack.enter_async_context(
        httpx2.AsyncClient(
            transport=transport, base_url=f"{ORIGIN}/fhir", headers={"authorization": f"Bearer {found[1]}"}, timeout=30
        )
    )


def a_pressure(value: float, when: str, code: str = "8480-6", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation", "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "effectiveDateTime": when, "valueQuantity": {"value": value, "code": "mm[Hg]"}, **more,
    }  # fmt: skip


async def log(house: House) -> list[dict[str, Any]]:
    content = await house.services.plans.content(house.plan)
    held = content.value(Section.MONITORING, (await measures(house))["8480-6"], "readings")
    assert not isinstance(held, str | int | float | None)
    return [dict(each) for each in held.values() if not isinstance(each, bool)]


async def test_a_device_is_paired_sends_its_readings_once_is_seen_by_the_patient_and_ends(house: House) -> None:
    kim, mary, emily = await house.browser("Kim"), await house.browser("Mary"), await house.browser("Emily")
    before = len(await log(house))
    at = house.services.now()

    cuff = await paired(house, kim, "Cuff in the kitchen")
    first = await cuff.post("/Observation", json=a_pressure(151, at.isoformat(), device={"display": "Omron"}))
    again = await cuff.post("/Observation", json=a_pressure(151, at.isoformat()))
    earlier = await cuff.post("/Observation", json=a_pressure(20.1, (at - timedelta(hours=1)).isoformat()) | {
        "valueQuantity": {"value": 20.1, "unit": "kPa"}})  # fmt: skip
    seen = await mary.get(f"/plans/{house.plan}/devices")
    by_patient = await mary.post(
        f"/plans/{house.plan}/devices", data={"act": "pair", "name": "x", "days": "3", "measure": "x"}
    )
    device = re.search(r'name="device" value="([^"]+)"', seen.text)
    assert device is not None
    readings = await kim.get(f"/plans/{house.plan}/entries/monitoring/{(await measures(house))['8480-6']}/readings")
    faulty = await kim.post(f"/plans/{house.plan}/devices", data={"act": "pair", "name": "Other", "days": "9"})
    await kim.post(f"/plans/{house.plan}/devices", data={"act": "end", "device": device[1]})
    late = await cuff.post("/Observation", json=a_pressure(150, at.isoformat()))

    assert (first.status_code, first.content, again.status_code, earlier.status_code) == (201, b"", 200, 201)
    assert "careplan-" not in seen.text
    assert "Cuff in the kitchen" in seen.text
    assert "End this device" not in seen.text
    assert "pairs and ends devices" in by_patient.text
    assert "Choose what it measures." in faulty.text
    assert late.status_code == 401
    found = await log(house)
    assert len(found) == before + 2
    assert {(each["value"], each.get("typed")) for each in found} >= {(151, None), (151, "20.1 kPa")}
    assert "Omron" in readings.text
    assert "Cuff in the kitchen" in readings.text
    assert (await emily.get(f"/plans/{house.plan}/devices")).status_code == 200
    assert [row.words["name"] for row in await house.rows(Action.GRANT, event="device.pair") if row.words] == [
        "Cuff in the kitchen"
    ]
    assert await house.rows(Action.REVOKE, event="device.end")


async def test_a_wrong_clock_is_marked_and_neither_refused_nor_moved_and_the_rules_go_by_when_it_was_received(
    house: House,
) -> None:
    kim = await house.browser("Kim")
    cuff = await paired(house, kim, "Cuff with a flat battery")
    now = house.services.now()

    ahead = await cuff.post("/Observation", json=a_pressure(183, "2031-01-01T08:00:00Z"))
    behind = await cuff.post("/Observation", json=a_pressure(121, "1970-01-01T00:00:00Z"))
    right = await cuff.post("/Observation", json=a_pressure(122, now.isoformat()))
    unlikely = await cuff.post("/Observation", json=a_pressure(39, now.isoformat()))
    odd = await cuff.post("/Observation", json=a_pressure(61, now.isoformat()))
    table = await kim.get(f"/plans/{house.plan}/entries/monitoring/{(await measures(house))['8480-6']}/readings")

    assert (ahead.status_code, behind.status_code, right.status_code, odd.status_code) == (201, 201, 201, 201)
    assert unlikely.status_code == 422
    told = {each["value"]: each for each in await log(house)}
    assert (told[183]["when"], told[183]["clock"]) == ("2031-01-01T08:00:00+00:00", "ahead")
    assert (told[121]["clock"], told[61]["unlikely"]) == ("behind", "yes")
    assert "clock" not in told[122]
    assert "Its clock was wrong and said" in table.text
    assert "Unlikely value. Check it." in table.text


async def test_a_device_sends_readings_of_its_measures_for_its_patient_and_nothing_opens_to_it(house: House) -> None:
    kim = await house.browser("Kim")
    cuff = await paired(house, kim, "Cuff")
    now = house.services.now().isoformat()
    task = {"resourceType": "Task", "status": "requested", "intent": "order"}

    other_measure = await cuff.post("/Observation", json=a_pressure(128, now, "13457-7") | {
        "valueQuantity": {"value": 100, "unit": "mg/dL"}})  # fmt: skip
    other_patient = await cuff.post("/Observation", json=a_pressure(128, now, subject={"reference": "Patient/other"}))
    other_type = await cuff.post("/Task", json=task)
    reading = [(await cuff.get(at)).status_code for at in ("/Observation", "/Patient", "/Observation/1", "/Goal/1")]
    changing = await cuff.put("/Observation/1", json=task)

    assert (other_measure.status_code, other_patient.status_code, other_type.status_code) == (422, 422, 403)
    assert "by this device" in other_measure.text
    assert reading == [401, 401, 401, 401]
    assert changing.status_code == 401
