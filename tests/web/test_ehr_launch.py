"""Launched from an EHR: the plan of the patient who is open there, for who takes part in it, and nothing for others."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx2
import pytest

from auth.ehr_launch import EhrClient
from hub.ids import HUB, new_id
from tests.web.doors.apps import ONWARD
from tests.web.house import ORIGIN, House

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

EHR = "https://ehr.example/fhir"


@dataclass
class Ehr:
    """An EHR as the hub meets it: what it was sent, and the patient who is open in it."""

    numbers: list[dict[str, str]]
    patient: str = "p-1"
    asked: dict[str, str] = field(default_factory=dict)
    verified: bool = False

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        match request.url.path:
            case "/fhir/.well-known/smart-configuration":
                told: Mapping[str, Any] = {
                    "authorization_endpoint": "https://ehr.example/authorize",
                    "token_endpoint": "https://ehr.example/token",
                }
            case "/token":
                form = dict(parse_qsl(request.content.decode()))
                self.verified = form["code"] == "right" and bool(form["code_verifier"])
                if not self.verified:
                    return httpx2.Response(400, json={"error": "invalid_grant"})
                told = {"access_token": "t", "token_type": "Bearer", "patient": self.patient}
            case "/fhir/Patient/p-1":
                assert request.headers["authorization"] == "Bearer t"
                told = {"resourceType": "Patient", "id": "p-1", "identifier": self.numbers}
            case _:
                return httpx2.Response(404)
        return httpx2.Response(200, json=told)


@pytest.fixture(scope="module")
async def ehr(house: House) -> Ehr:
    found = Ehr(await house.numbers())
    keeping = house.services.ehrs
    assert keeping is not None
    transport = httpx2.MockTransport(found.answer)
    keeping.client = EhrClient(
        f"{ORIGIN}/launch/back", now=house.services.now, mint=lambda: new_id() + new_id(), transport=transport
    )
    falk = await house.browser("Falk")
    form = {"act": "register", "name": "The EHR", "issuer": EHR + "/", "client_id": "hub"}
    assert (await falk.post("/admin/ehrs", data=form)).status_code == 303
    assert (await falk.post("/admin/ehrs", data=form)).status_code == 422
    assert (await falk.post("/admin/ehrs", data=form | {"issuer": "http://ehr.example"})).status_code == 422
    return found


async def launched(browser: httpx2.AsyncClient, *, code: str = "right", **changed: str) -> httpx2.Response:
    """Press the button in the EHR; return the page on which the person arrives."""
    sent = await browser.get("/launch", params={"iss": EHR, "launch": "l-1"})
    assert sent.status_code == 303, sent.text
    asked = parse_qs(urlsplit(sent.headers["location"]).query)
    assert sent.headers["location"].startswith("https://ehr.example/authorize?")
    assert (asked["aud"], asked["launch"], asked["scope"]) == ([EHR], ["l-1"], ["launch patient/Patient.r"])
    assert asked["code_challenge_method"] == ["S256"]
    came = await browser.get("/launch/back", params={"state": asked["state"][0], "code": code} | changed)
    onward = ONWARD.search(came.text)
    return await browser.get(onward[1]) if onward is not None else came


async def test_who_takes_part_arrives_at_the_plan_of_the_patient_who_is_open_in_the_ehr(house: House, ehr: Ehr) -> None:
    ruiz, nobody = await house.browser("Ruiz"), await house.browser()

    arrived = await launched(ruiz)
    again = await ruiz.get(arrived.request.url.path)
    strange = await launched(nobody)

    assert arrived.status_code == 303
    assert arrived.headers["location"] == f"/plans/{house.plan}"
    assert "This launch is over" in again.text
    assert strange.headers["location"].startswith("/sign-in?next=/launch/")
    assert ehr.verified


async def test_a_patient_without_a_plan_and_one_whose_plan_is_of_others_are_the_same(house: House, ehr: Ehr) -> None:
    okafor, ruiz = await house.browser("Okafor"), await house.browser("Ruiz")
    others = await launched(okafor)
    numbers, ehr.numbers = ehr.numbers, [{"system": "urn:oid:1.2.3", "value": "nobody"}]
    unknown = await launched(ruiz)
    ehr.numbers = numbers
    rows = [row for row in await house.services.journal.history(HUB, limit=50) if row.event == "launch.open"]

    assert (others.status_code, unknown.status_code) == (404, 404)
    assert "has no plan here that you take part in" in others.text
    assert "has no plan here that you take part in" in unknown.text
    assert [row.outcome for row in rows] == ["refused", "refused"]


async def test_a_launch_that_is_forged_refused_or_of_another_ehr_opens_nothing(house: House, ehr: Ehr) -> None:
    ruiz = await house.browser("Ruiz")

    answers = [
        await launched(ruiz, state="another"),
        await launched(ruiz, code="wrong"),
        await launched(ruiz, error="access_denied"),
        await ruiz.get("/launch", params={"iss": "https://evil.example/fhir", "launch": "l"}),
        await ruiz.get("/launch", params={"iss": EHR, "launch": ""}),
        await ruiz.get("/launch/back", params={"state": "s", "code": "right"}),
    ]
    ehr.patient = "../../x"
    answers.append(await launched(ruiz))
    ehr.patient = "p-1"

    assert [each.status_code for each in answers] == [400] * 7
    assert all("No plan was opened" in each.text for each in answers)
