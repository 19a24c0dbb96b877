"""Apps of people: asked for exactly, given in plain words, reading what their person sees, ended within a request."""

import json
import re
from typing import Any

import asyncpg
import httpx2
import pytest

from auth.consents import How
from auth.machine_sight import CLOSED
from auth.roles import Narrowing
from crdt.sections import Section
from hub.ids import HUB
from hub.record.journal import Action, Row
from tests.web.doors.apps import BACK, EVERYTHING, SITE, App, an_app
from tests.web.house import House

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

SOME = "Lee"
"""Who takes part in some of the plans."""
USER = " ".join(each for each in EVERYTHING.split() if each.startswith("user/"))


@pytest.fixture(scope="module")
async def app(house: House) -> App:
    return await an_app(house)


def found(told: httpx2.Response) -> list[dict[str, Any]]:
    assert told.status_code == 200, told.text
    return [each["resource"] for each in told.json().get("entry", [])]


def name(resource: dict[str, Any]) -> str:
    return f"{resource['resourceType']}/{resource['id']}"


def targets(resource: dict[str, Any]) -> set[str]:
    """What a Provenance is about."""
    return {each["reference"] for each in resource["target"]} if resource["resourceType"] == "Provenance" else set()


def is_closed(resource: dict[str, Any]) -> bool:
    tags = {tag["code"].partition(":")[0] for tag in resource.get("meta", {}).get("tag", [])}
    return bool(tags & {each.value for each in CLOSED})


async def rows(house: House, plan: str, begins: str) -> list[Row]:
    return [row for row in await house.services.journal.history(plan, limit=500) if row.event.startswith(begins)]


async def test_an_app_reads_what_its_person_allowed_of_one_patient_and_every_reading_is_a_row(
    house: House, app: App
) -> None:
    mary = await house.browser("Mary")
    page = await app.asks(mary)
    client, told = await app.of("Mary")
    patient = told["patient"]

    goals = await client.get("/Goal")
    goal = found(goals)[0]
    read = await client.get(f"/Goal/{goal['id']}")
    everything = await client.get(f"/Patient/{patient}/$everything")
    history = await client.get(f"/Goal/{goal['id']}/_history")
    refused = {
        "another type": (403, await client.get("/Task")),
        "a write": (403, await client.put(f"/Goal/{goal['id']}", json={}, headers={"if-match": 'W/"1"'})),
        "made": (403, await client.post("/Goal", json={"resourceType": "Goal"})),
        "a message": (401, await client.post("/$process-message", json={})),
    }

    assert "Health diary" in page.text
    assert "diary.example" in page.text
    assert re.findall(r'name="scope" value="([^"]+)"', page.text) == [
        "patient/Patient.rs", "patient/Goal.rs", "offline_access",
    ]  # fmt: skip
    assert told["scope"] == "patient/Goal.rs patient/Patient.rs launch/patient offline_access"
    assert told["expires_in"] <= 3_600
    assert {each["subject"]["reference"] for each in found(goals)} == {f"Patient/{patient}"}
    assert read.json() == goal
    assert {each["resourceType"] for each in found(everything)} == {"Goal", "Patient"}
    assert history.status_code == 200
    for what, (status, answer) in refused.items():
        assert answer.status_code == status, (what, answer.text)
    written = (await rows(house, house.plan, "fhir."))[:4]
    assert [row.event for row in written] == ["fhir.history", "fhir.everything", "fhir.read", "fhir.search"]
    for row in written:
        assert (row.actor, row.action) == (house.person("Mary").person_id, Action.DISCLOSE)
        assert (row.words or {})["app"] == "Health diary"
        assert (row.words or {})["app_id"] == app.client_id
    assert (written[2].words or {})["resources"] == [f"Goal/{goal['id']}"]
    assert "by the app Health diary" in (await mary.get(f"/plans/{house.plan}/sharing/looks")).text
    (given,) = await rows(house, house.plan, "app.allow")
    assert (given.action, (given.words or {})["app"]) == (Action.GRANT, "Health diary")


async def test_access_ends_with_the_next_request_for_its_person_alone_and_for_everyone_with_the_app(
    house: House,
) -> None:
    app = await an_app(house, name="Soon over")
    mine, told = await app.of("Mary")
    other, _ = await app.of("Ruiz")
    mary, ruiz = await house.browser("Mary"), await house.browser("Ruiz")
    given = re.findall(r'name="access" value="([^"]+)"', (await mary.get("/apps")).text)
    before = [(await each.get("/Goal")).status_code for each in (mine, other)]

    stranger = await ruiz.post("/apps", data={"access": given[0]})
    still = (await mine.get("/Goal")).status_code
    await mary.post("/apps", data={"access": given[0]})
    after = [(await each.get("/Goal")).status_code for each in (mine, other)]
    again = await app.renewed(mary, told["refresh_token"])
    falk = await house.browser("Falk")
    await falk.post("/admin/apps", data={"act": "end", "app": app.client_id})
    ended = [(await each.get("/Goal")).status_code for each in (mine, other)]
    asking = await app.asks(mary)

    assert (before, stranger.status_code, still) == ([200, 200], 409, 200)
    assert (after, ended) == ([401, 200], [401, 401])
    assert again.json()["error"] == "invalid_grant"
    assert "Ended" in (await mary.get("/apps")).text
    assert asking.status_code == 400
    assert [row.action for row in await rows(house, house.plan, "app.take_back")] == [Action.REVOKE]


async def test_a_request_that_is_not_exact_comes_before_nobody(house: House, app: App) -> None:
    nobody = await house.browser()
    nowhere = {
        "another address": {"redirect_uri": BACK + "/"},
        "no address": {"redirect_uri": ""},
        "another site": {"redirect_uri": "https://evil.example/back"},
        "no app": {"client_id": "nobody"},
    }
    told_to_the_app = {
        "no challenge": {"code_challenge": "", "code_challenge_method": ""},
        "plain": {"code_challenge_method": "plain"},
        "no state": {"state": ""},
        "another hub": {"aud": "https://elsewhere.example/fhir"},
        "no scope": {"scope": "openid"},
        "a token at once": {"response_type": "token"},
    }

    for what, changed in nowhere.items():
        answer = await nobody.get("/authorize", params=app.request(**changed))
        assert answer.status_code == 400, what
        assert "location" not in answer.headers, what
        assert "url=" not in answer.text, what
    for what, changed in told_to_the_app.items():
        answer = await nobody.get("/authorize", params=app.request(**changed))
        assert answer.status_code == 303, what
        assert answer.headers["location"].startswith(f"{BACK}?error="), what
    strangers = await app.asks(nobody)
    assert strangers.status_code == 303
    assert strangers.headers["location"].startswith("/sign-in?next=/apps/allow/")


async def test_who_says_no_gives_nothing_and_an_answer_counts_once(house: House, app: App) -> None:
    mary = await house.browser("Mary")
    page = await app.asks(mary)
    nothing = await mary.post(page.url.path, data={"act": "allow", "plan": house.plan})
    nobody = await mary.post(page.url.path, data={"act": "allow", "scope": ["patient/Goal.rs"]})
    strange = await mary.post(
        page.url.path, data={"act": "allow", "scope": ["patient/Goal.rs"], "plan": await another_plan(house)}
    )
    no = await mary.post(page.url.path, data={"act": "refuse"})
    late = await mary.post(page.url.path, data={"act": "allow", "scope": ["patient/Goal.rs"], "plan": house.plan})

    assert [each.status_code for each in (nothing, nobody, strange, late)] == [422, 422, 422, 400]
    assert f"{BACK}?error=access_denied" in no.text
    assert "code=" not in no.text


async def another_plan(house: House) -> str:
    connection = await asyncpg.connect(house.database_url)
    mary = house.person("Mary").person_id
    query = "select id from plan where id not in (select plan from participant where person = $1) limit 1"
    found = await connection.fetchval(query, mary)
    await connection.close()
    return str(found)


async def test_a_code_serves_once_within_a_minute_and_what_comes_again_ends_the_access(house: House, app: App) -> None:
    mary = await house.browser("Mary")
    other = await an_app(house, name="Another")
    code = await app.allowed(mary)
    wrong = [
        await app.tokens(mary, code, code_verifier="b" * 43),
        await app.tokens(mary, code, redirect_uri=BACK + "/"),
        await other.tokens(mary, code),
        await app.tokens(mary, code[::-1]),
    ]
    right = await app.tokens(mary, code)
    client = await app.reader(right.json()["access_token"])
    works = (await client.get("/Goal")).status_code
    again = await app.tokens(mary, code)
    after = (await client.get("/Goal")).status_code
    late = await app.allowed(mary)
    connection = await asyncpg.connect(house.database_url)
    await connection.execute("update app_code set ends = clock_timestamp() where used is null")
    await connection.close()

    assert {each.json()["error"] for each in wrong} == {"invalid_grant"}
    assert (right.status_code, works, after) == (200, 200, 401)
    assert again.json()["error"] == "invalid_grant"
    assert (await app.tokens(mary, late)).json()["error"] == "invalid_grant"
    assert [row.outcome for row in (await rows(house, HUB, "app.token"))[:2]] == ["refused", "success"]


async def test_a_refresh_token_is_rotated_and_one_that_comes_again_ends_the_family(house: House, app: App) -> None:
    client, told = await app.of("Mary")
    nobody = await house.browser()
    second = (await app.renewed(nobody, told["refresh_token"], scope="patient/Patient.rs")).json()
    narrow = await app.reader(second["access_token"])
    third = (await app.renewed(nobody, second["refresh_token"])).json()
    whole = await app.reader(third["access_token"])
    before = [(await each.get("/Goal")).status_code for each in (client, narrow, whole)]
    reuse = await app.renewed(nobody, second["refresh_token"])
    after = [(await each.get("/Goal")).status_code for each in (client, narrow, whole)]
    last = await app.renewed(nobody, third["refresh_token"])
    _, once = await app.of("Mary", scope="patient/Goal.rs")

    assert before == [200, 403, 200]
    assert (reuse.json()["error"], last.json()["error"]) == ("invalid_grant", "invalid_grant")
    assert after == [401, 401, 401]
    assert "refresh_token" not in once


@pytest.mark.parametrize("named", ["Emily", "Ruiz", "Mary"])
async def test_an_app_sees_what_its_person_takes_out_as_a_file_and_never_what_is_closed_to_machines(
    house: House, app: App, named: str
) -> None:
    client, told = await app.of(named, scope="launch/patient " + EVERYTHING)
    browser = await house.browser(named)
    file = (await browser.get(f"/plans/{house.plan}/files/plan")).json()
    told_own = [each["resource"] for each in file["entry"] if each["resource"]["resourceType"] != "Composition"]
    hidden = {name(each) for each in told_own if is_closed(each)}
    own = {name(each) for each in told_own if not is_closed(each) and not hidden & targets(each)}

    everything = found(await client.get(f"/Patient/{told['patient']}/$everything"))

    assert len(own) > 10
    assert {name(each) for each in everything} == own


async def test_what_the_patient_closes_to_a_person_is_closed_to_their_app_with_its_next_request(
    house: House, app: App
) -> None:
    client, _ = await app.of("Emily", scope="patient/Goal.rs patient/MedicationStatement.rs")
    before = [len(found(await client.get(at))) for at in ("/Goal", "/MedicationStatement")]
    sharing, mary = house.access.sharing, await house.member("Mary")
    emily = house.person("Emily").person_id
    await sharing.narrow(mary, emily, Section.GOALS, Narrowing("none"), how=How.PAGE)
    closed = [len(found(await client.get(at))) for at in ("/Goal", "/MedicationStatement")]
    await sharing.narrow(mary, emily, Section.GOALS, None, how=How.PAGE)

    assert all(before)
    assert closed == [0, before[1]]
    assert len(found(await client.get("/Goal"))) == before[0]


async def test_access_to_one_patient_is_none_to_another_and_user_scopes_end_where_the_person_takes_no_part(
    house: House, app: App
) -> None:
    one, told = await app.of(SOME, scope="launch/patient " + EVERYTHING)
    every, wide = await app.of(SOME, scope=USER)
    patients = {each["id"] for each in found(await every.get("/Patient?_count=200"))}
    mine = {each["id"] for each in found(await one.get("/Patient"))}
    connection = await asyncpg.connect(house.database_url)
    some = house.person(SOME).person_id
    query = "select distinct subject from plan join participant on plan = plan.id where person = $1 and removed is null"
    theirs = {row[0] for row in await connection.fetch(query, some)}
    all_patients = {row[0] for row in await connection.fetch("select subject from plan")}
    other = next(iter(patients - mine))
    asked = [
        f"/Patient/{other}", f"/Patient/{other}/$everything", f"/Goal?patient={other}", f"/Patient?_id={other}",
        "/Patient?name=a", f"/Task?patient=Patient/{other}&_include=Task:patient",
    ]  # fmt: skip
    left = [await one.get(at) for at in asked]
    goal = next(each["id"] for each in found(await every.get(f"/Goal?patient={other}")))
    await connection.execute("update participant set removed = now() where person = $1 and plan = $2", some, house.plan)
    removed = await one.get("/Goal"), await every.get(f"/Goal?patient={told['patient']}")
    await connection.execute("update participant set removed = null where person = $1 and plan = $2", some, house.plan)
    await connection.close()

    assert "patient" not in wide
    assert mine == {told["patient"]}
    assert len(theirs) > 1
    assert patients == theirs < all_patients
    for at, answer in zip(asked, left, strict=True):
        assert answer.status_code == 404 or other not in json.dumps(answer.json().get("entry", [])), at
    assert (await one.get(f"/Goal/{goal}")).status_code == 404
    assert [each.json().get("entry", []) for each in removed] == [[], []]


async def test_pages_of_the_apps_own_site_may_call_the_doors_of_fhir_and_those_of_no_other_site(
    house: House, app: App
) -> None:
    nobody = await house.browser()
    asks = {"access-control-request-method": "GET", "access-control-request-headers": "authorization"}
    allowed: dict[str, list[str]] = {}
    for site in (SITE, "https://evil.example", "null"):
        for at in ("/fhir/Goal", "/fhir/auth/token", "/fhir/.well-known/smart-configuration", "/panel", "/apps"):
            answer = await nobody.request("OPTIONS", at, headers={"origin": site, **asks})
            said = answer.headers.get("access-control-allow-origin", "")
            assert said in ("", site)
            assert "access-control-allow-credentials" not in answer.headers
            allowed.setdefault(site, []).extend([at] if said and answer.status_code == 204 else [])
    client, _ = await app.of("Mary")
    answer = await client.get("/Goal")
    elsewhere = await client.get("/Goal", headers={"origin": "https://evil.example"})

    assert allowed == {
        SITE: ["/fhir/Goal", "/fhir/auth/token", "/fhir/.well-known/smart-configuration"],
        "https://evil.example": [],
        "null": [],
    }
    assert answer.headers["access-control-allow-origin"] == SITE
    assert "Origin" in answer.headers["vary"]
    assert "access-control-allow-origin" not in elsewhere.headers


async def test_a_token_opens_no_page_and_a_cookie_no_door(house: House, app: App) -> None:
    _, told = await app.of("Mary")
    bearer = {"authorization": f"Bearer {told['access_token']}"}
    nobody, mary = await house.browser(), await house.browser("Mary")

    pages = [await nobody.get(at, headers=bearer) for at in (f"/plans/{house.plan}", "/apps", "/panel")]
    doors = [await mary.get(f"/fhir/{at}") for at in ("Goal", f"Patient/{told['patient']}/$everything")]
    as_renewal = await nobody.get("/fhir/Goal", headers={"authorization": f"Bearer {told['refresh_token']}"})

    assert [each.status_code for each in pages] == [303, 303, 303]
    assert [each.status_code for each in (*doors, as_renewal)] == [401, 401, 401]


async def test_only_an_administrator_registers_apps_and_none_that_can_not_be_trusted(house: House) -> None:
    falk, ruiz = await house.browser("Falk"), await house.browser("Ruiz")
    right = {"act": "register", "name": "Diary", "redirects": BACK, "scopes": "patient/Goal.rs", "kind": "public"}
    wrong = [
        {"name": " "}, {"redirects": ""}, {"redirects": "http://diary.example/back"}, {"redirects": BACK + "#x"},
        {"origins": "https://diary.example/"}, {"origins": "*"}, {"scopes": ""}, {"scopes": "system/Goal.rs"},
        {"scopes": "patient/Goal.cruds"},
    ]  # fmt: skip

    for each in wrong:
        answer = await falk.post("/admin/apps", data=right | each)
        assert answer.status_code == 422, each
        assert 'role="alert"' in answer.text
    assert (await ruiz.post("/admin/apps", data=right)).status_code == 404
    server = await an_app(house, kind="confidential", origins="")
    _, told = await server.of("Mary", scope="patient/Goal.rs")
    assert told["access_token"]
    bare = App(house, server.client_id, "")
    mary = await house.browser("Mary")
    assert (await bare.tokens(mary, await bare.allowed(mary))).json()["error"] == "invalid_client"


async def test_what_clients_are_told_is_so(house: House) -> None:
    nobody = await house.browser()
    told = (await nobody.get("/fhir/.well-known/smart-configuration")).json()

    assert told["authorization_endpoint"].endswith("/authorize")
    assert told["code_challenge_methods_supported"] == ["S256"]
    assert {"launch-standalone", "context-standalone-patient", "client-public"} <= set(told["capabilities"])
    assert "sso-openid-connect" not in told["capabilities"]
    assert (await nobody.get(told["management_endpoint"])).status_code == 303
