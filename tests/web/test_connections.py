"""A patient read in another system: paged, paced, asked again when it is busy, proposed, told when it fails."""

import json
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, parse_qsl

import asyncpg
import httpx2
import pytest
from joserfc.jwk import KeySet
from joserfc.jwt import decode

from auth.backend_client import BackendClient
from hub.exchange.connections import FhirConnections
from hub.ids import new_id
from hub.record.journal import Action
from tests.web.house import House

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

BASE = "https://ehr.example/fhir"
ENDPOINT = "https://ehr.example/token"


@dataclass
class Server:
    """A FHIR server as the hub meets it: it verifies the hub's key, pages by two, and is busy when it is told so."""

    patient: dict[str, Any]
    problems: list[str]
    keys: dict[str, Any] = field(default_factory=dict)
    busy: list[int] = field(default_factory=list)
    next_at: str = BASE
    asked: list[str] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)

    async def pause(self, seconds: float) -> None:
        self.waited.append(seconds)

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        if request.url.path == "/fhir/.well-known/smart-configuration":
            return httpx2.Response(200, json={"token_endpoint": ENDPOINT})
        if request.url.path == "/token":
            return self.token(dict(parse_qsl(request.content.decode())))
        assert request.headers["authorization"] == "Bearer t-1"
        if request.url.path == "/fhir/MedicationRequest":
            return httpx2.Response(404)
        self.asked.append(f"{request.url.path}?{request.url.query.decode()}")
        if self.busy:
            return httpx2.Response(self.busy.pop(), headers={"retry-after": "3"})
        if request.url.path == "/fhir/Patient/p-1":
            return httpx2.Response(200, json=self.patient)
        query = parse_qs(request.url.query.decode())
        if request.url.path == "/fhir/Patient":
            asked = query["identifier"][0].partition("|")[2]
            known = any(each["value"] == asked for each in self.patient["identifier"])
            return httpx2.Response(200, json=a_bundle([self.patient] if known else []))
        found = [a_problem(each) for each in self.problems] if request.url.path == "/fhir/Condition" else []
        start = int(query.get("from", ["0"])[0])
        link = f"{self.next_at}/Condition?from={start + 2}" if start + 2 < len(found) else ""
        return httpx2.Response(200, json=a_bundle(found[start : start + 2], link))

    def token(self, form: dict[str, str]) -> httpx2.Response:
        claims = decode(form["client_assertion"], KeySet.import_key_set(self.keys), algorithms=["ES384"]).claims  # type: ignore[arg-type]
        right = (claims["iss"], claims["sub"], claims["aud"]) == ("the-hub", "the-hub", ENDPOINT) and claims["jti"]
        return httpx2.Response(200 if right else 400, json={"access_token": "t-1"})


def a_problem(name: str) -> dict[str, Any]:
    return {
        "resourceType": "Condition", "id": name.lower().replace(" ", "-"), "code": {"text": name},
        "subject": {"reference": "Patient/p-1"},
        "clinicalStatus": {"coding": [{"code": "active"}]},
    }  # fmt: skip


def a_bundle(resources: list[dict[str, Any]], link: str = "") -> dict[str, Any]:
    entries = [{"resource": each} for each in resources]
    links = [{"relation": "next", "url": link}] if link else []
    return {"resourceType": "Bundle", "type": "searchset", "entry": entries, "link": links}


@pytest.fixture(scope="module")
async def server(house: House) -> Server:
    connection = await asyncpg.connect(house.database_url)
    born = await connection.fetchval(
        "select born from patient join plan on subject = patient.id where plan.id = $1", house.plan
    )
    await connection.close()
    name = [{"family": "Whitfield", "given": ["Mary"]}]
    patient = {
        "resourceType": "Patient",
        "id": "p-1",
        "name": name,
        "birthDate": born,
        "identifier": await house.numbers(),
    }
    found = Server(patient, ["Gout of the left foot", "Cataract", "Eczema", "Tinnitus", "Bunion"])
    keeping = connections(house)
    keeping.client = BackendClient(
        "k" * 32, now=house.services.now, mint=new_id, pause=found.pause, transport=httpx2.MockTransport(found.answer)
    )
    falk = await house.browser("Falk")
    found.keys = (await falk.get("/fhir/.well-known/jwks.json")).json()
    form = {"act": "register", "name": "Riverside", "base": BASE + "/", "client_id": "the-hub"}
    assert (await falk.post("/admin/servers", data=form | {"base": "http://ehr.example"})).status_code == 422
    assert (await falk.post("/admin/servers", data=form)).status_code == 303
    return found


def connections(house: House) -> FhirConnections:
    assert house.services.connections is not None
    return house.services.connections


async def test_a_patient_is_found_by_number_read_page_by_page_and_what_is_new_waits_as_proposals(
    house: House, server: Server
) -> None:
    ruiz, mary = await house.browser("Ruiz"), await house.browser("Mary")
    at = f"/plans/{house.plan}/connections"
    (known,) = await connections(house).rows.servers()
    server.busy = [503, 429]

    connected = await ruiz.post(at, data={"act": "connect", "server": known.server_id, "there": "", "hours": "12"})
    page = (await ruiz.get(at)).text
    waiting = (await ruiz.get(f"/plans/{house.plan}/files")).text
    (source,) = await connections(house).rows.of_plan(house.plan)
    first = list(server.asked)
    server.asked.clear()
    server.problems.append("Hay fever")
    await ruiz.post(at, data={"act": "read", "source": source.source_id})
    (again,) = await connections(house).rows.of_plan(house.plan)
    rows = await house.rows(Action.IMPORT, event="import.receive")

    assert connected.status_code == 303
    assert "Came last" in page
    assert "5 new" in page
    assert "Not told there, or not open to the hub: <code>MedicationRequest</code>" in page
    for each in ("Gout of the left foot", "Bunion"):
        assert each in waiting
    assert [each for each in first if "Condition" in each and "from=" in each] == [
        "/fhir/Condition?from=2", "/fhir/Condition?from=4",
    ]  # fmt: skip
    assert 3.0 in server.waited
    assert not any("_lastUpdated" in each for each in first)
    assert all("_lastUpdated=ge" in each for each in server.asked if "patient=" in each)
    assert (source.patient, source.brought, again.brought) == ("p-1", 5, 1)
    assert [(row.words or {})["new"] for row in rows[:2]] == [1, 5]
    assert (await mary.get(at)).status_code == 404


async def test_what_fails_is_told_with_since_when_tried_again_and_brings_nothing(house: House, server: Server) -> None:
    keeping, ruiz = connections(house), await house.browser("Ruiz")
    at = f"/plans/{house.plan}/connections"
    (source,) = [each for each in await keeping.rows.of_plan(house.plan) if each.opens]
    waited = len(await house.rows(Action.IMPORT, event="import.receive"))
    told: list[str] = []

    async def read() -> None:
        await ruiz.post(at, data={"act": "read", "source": source.source_id})
        (now,) = [each for each in await keeping.rows.of_plan(house.plan) if each.opens]
        assert now.failed is not None
        assert now.due - house.services.now() <= timedelta(minutes=15)
        told.append(now.fault)

    server.busy = [500] * 3
    await read()
    server.next_at = "https://evil.example/fhir"
    await read()
    server.next_at, right = BASE, server.patient
    server.patient = right | {"birthDate": "1999-01-01"}
    await read()
    server.patient = right
    page = (await ruiz.get(at)).text
    await keeping.rows.note(source.source_id, due=house.services.now())
    await keeping.read_due()
    (well,) = [each for each in await keeping.rows.of_plan(house.plan) if each.opens]
    await ruiz.post(at, data={"act": "end", "source": source.source_id})
    server.asked.clear()
    await keeping.rows.note(source.source_id, due=house.services.now())
    await keeping.read_due()

    assert told[0] == "The server answered with 500."
    assert told[1] == "The server leads to another address for its next page."
    assert "This plan is of Mary Whitfield" in told[2]
    assert "Fails since" in page
    assert (well.failed, well.fault) == (None, "")
    assert len(await house.rows(Action.IMPORT, event="import.receive")) == waited
    assert server.asked == []


async def test_only_a_clinician_connects_with_what_an_administrator_registered(house: House, server: Server) -> None:
    keeping = connections(house)
    (known,) = await keeping.rows.servers()
    ruiz, at = await house.browser("Ruiz"), f"/plans/{house.plan}/connections"
    form = {"act": "connect", "server": known.server_id, "hours": "12", "there": ""}
    server.patient["identifier"], numbers = [{"system": "x", "value": "y"}], server.patient["identifier"]
    unknown = await ruiz.post(at, data=form)
    server.patient["identifier"] = numbers
    wrong = [await ruiz.post(at, data=form | each) for each in ({"server": new_id()}, {"hours": "0"})]
    emily = await house.browser("Emily")

    assert [each.status_code for each in (unknown, *wrong)] == [422] * 3
    assert "Enter the id there" in unknown.text
    assert (await emily.post(at, data=form)).status_code == 404
    member = await house.member("Ruiz")
    assert not keeping.may_connect(replace(member, closed=True))
    assert json.dumps(server.keys).count('"d"') == 0
