"""FHIR at the hub's door: machines read what role and scopes let them, each reading is a row, nothing hidden leaves."""

import json
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg
import fhirkit
import httpx2
import pytest
from joserfc.jwk import ECKey
from joserfc.jwt import encode

from auth.machine_tokens import public_keys
from auth.scopes import read_scopes
from crdt.fields import Form, Kind
from crdt.sections import SECTIONS, Section
from hub.access.keeping_rows import Doer, KeepingError
from hub.access.machines import FHIR, SCIM, NewMachine
from hub.fhir.capability import capability
from hub.fhir.parameters import PARAMETERS, ParameterKind
from hub.ids import HUB, new_id
from hub.record.journal import Action, Row
from tests.web.house import ORIGIN, House, a_house

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

ALL = " ".join(f"system/{kind}.rs" for kind in PARAMETERS)
ISSUING_AT = f"{ORIGIN}/fhir/auth/token"
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
S = Section
NEVER = {S.BEHAVIORAL_HEALTH, S.STAFF_NOTES}


@pytest.fixture
async def house(demo_database: str, tmp_path: Path) -> AsyncIterator[House]:
    async with a_house(demo_database, tmp_path) as found:
        yield found


async def a_token(house: House, scopes: str = ALL, role: str = "care_manager", **more: Any) -> str:
    assert house.services.machines is not None
    asked = NewMachine(
        name=more.pop("name", "An EHR"), days=30, purpose=more.pop("purpose", FHIR), role=role, scopes=scopes.split(),
        **more,
    )  # fmt: skip
    _, token = await house.services.machines.make(Doer(house.person("Falk")), asked)
    return token


async def a_machine(house: House, scopes: str = ALL, role: str = "care_manager", **more: Any) -> httpx2.AsyncClient:
    token = await a_token(house, scopes, role, **more)
    transport = httpx2.ASGITransport(app=house.served, client=("127.0.0.1", 50_000))
    headers = {"authorization": f"Bearer {token}"}
    return await house.stack.enter_async_context(
        httpx2.AsyncClient(transport=transport, base_url=f"{ORIGIN}/fhir", headers=headers, timeout=30)
    )


async def bundle(client: httpx2.AsyncClient, at: str) -> dict[str, Any]:
    answer = await client.get(at)
    assert answer.status_code == 200, (at, answer.text)
    assert answer.headers["content-type"] == "application/fhir+json"
    told: dict[str, Any] = answer.json()
    return told


def resources(told: dict[str, Any], mode: str = "") -> list[dict[str, Any]]:
    return [each["resource"] for each in told.get("entry", []) if mode in ("", each.get("search", {}).get("mode"))]


async def mary(client: httpx2.AsyncClient) -> str:
    return str(resources(await bundle(client, "/Patient?family=Whitfield"))[0]["id"])


async def machine_rows(house: House, plan: str) -> list[Row]:
    rows = await house.services.journal.history(plan, limit=2_000)
    return [row for row in rows if row.event.startswith("fhir.")]


async def test_a_system_reads_searches_and_follows_a_plan_with_a_row_in_the_plan_for_each_request(
    house: House,
) -> None:
    client = await a_machine(house)
    patient = await mary(client)
    before = len(await machine_rows(house, house.plan))

    goals = await bundle(client, f"/Goal?patient={patient}&_include=Goal:patient&_revinclude=Provenance:target")
    goal = resources(goals, "match")[0]
    read = await client.get(f"/Goal/{goal['id']}")
    again = await client.get(f"/Goal/{goal['id']}", headers={"if-none-match": read.headers["etag"]})
    everything = await bundle(client, f"/Patient/{patient}/$everything")
    document = await bundle(client, f"/CarePlan/{house.plan}/$document")
    rows = list(reversed(await machine_rows(house, house.plan)))[before:]

    assert read.json() == goal
    assert (again.status_code, again.content) == (304, b"")
    assert {each["resourceType"] for each in resources(goals, "include")} == {"Patient", "Provenance"}
    assert goals["total"] == len(resources(goals, "match"))
    assert [row.event for row in rows] == ["fhir.search", "fhir.read", "fhir.read", "fhir.everything", "fhir.document"]
    assert {row.action for row in rows} == {Action.DISCLOSE}
    told = rows[0].words or {}
    assert told["machine"] == "An EHR"
    assert told["resources"] == [f"{each['resourceType']}/{each['id']}" for each in resources(goals)]
    assert (rows[3].words or {})["count"] == everything["total"]
    for each in [*resources(everything), document]:
        assert [str(issue) for issue in fhirkit.validate(json.dumps(each))] == []


async def test_the_pages_of_a_search_hold_each_resource_once_and_all_of_them(house: House) -> None:
    client = await a_machine(house)

    whole = resources(await bundle(client, "/Task?_count=200"))
    found: list[str] = []
    at = "/Task?_count=3"
    while at:
        page = await bundle(client, at)
        assert len(resources(page)) <= 3
        found += [each["id"] for each in resources(page)]
        at = next((each["url"] for each in page["link"] if each["relation"] == "next"), "")

    done = resources(await bundle(client, "/Task?status=completed&_count=200"))
    mine = {each["id"] for each in whole if each["status"] == "completed"}

    assert {each["id"] for each in done} == mine
    assert 0 < len(mine) < len(whole)
    assert [each for each in whole if each["id"] in mine] == done
    assert len(whole) > 6
    assert sorted(found) == sorted(each["id"] for each in whole)


async def test_what_is_refused_is_refused_with_an_outcome_and_a_search_without_a_hit_is_a_row_of_the_hub(
    house: House,
) -> None:
    client, narrow = await a_machine(house), await a_machine(house, "system/Goal.rs")
    stranger = await a_machine(house, purpose=SCIM)
    patient = await mary(client)
    task = resources(await bundle(client, f"/Task?patient={patient}"))[0]["id"]
    before = len(await machine_rows(house, HUB))
    in_plan = len(await machine_rows(house, house.plan))

    answers = {
        "of another door": (401, await stranger.get(f"/Goal?patient={patient}")),
        "no token": (401, await client.get("/Goal", headers={"authorization": ""})),
        "no scope": (403, await narrow.get(f"/Task/{task}")),
        "no scope for what is included": (403, await narrow.get("/Goal?_revinclude=Task:focus")),
        "unknown": (404, await client.get(f"/Goal/{new_id()}")),
        "unknown type": (404, await client.get("/Account/1")),
        "elsewhere": (404, await client.get("/Goal/1/2/3/4")),
        "changed without a scope": (403, await client.put(f"/Goal/{task}", json={})),
        "made of others": (405, await client.put(f"/CarePlan/{house.plan}", json={})),
        "deleted": (405, await client.delete(f"/Goal/{task}")),
        "xml": (406, await client.get("/Goal?_format=xml")),
        "xml by header": (406, await client.get("/Goal", headers={"accept": "application/fhir+xml"})),
        "posted as JSON": (415, await client.post("/Goal/_search", json={})),
        "no date": (400, await client.get("/Task?authored-on=yesterday")),
        "no reference": (400, await client.get("/Task?_include=Task:status")),
        "unknown, strictly": (400, await client.get("/Goal?shoe=42", headers={"prefer": "handling=strict"})),
        "no page": (400, await client.get("/Goal?_page=%7F")),
        "a count of everything": (400, await client.get("/Goal?_summary=count")),
    }
    none = await bundle(client, f"/Goal?patient={patient}&lifecycle-status=rejected")
    lenient = await bundle(client, f"/Goal?patient={patient}&lifecycle-status=rejected&shoe=42")

    for what, (status, answer) in answers.items():
        assert answer.status_code == status, (what, answer.text)
        assert answer.json()["resourceType"] == "OperationOutcome", what
        assert [str(issue) for issue in fhirkit.validate(answer.text)] == [], what
    assert "entry" not in none
    assert none["total"] == 0
    assert "shoe" in resources(lenient, "outcome")[0]["issue"][0]["diagnostics"]
    rows = (await machine_rows(house, HUB))[: -before or None]
    assert [(row.event, (row.words or {})["asked"]) for row in rows[:2]] == [
        ("fhir.search", f"Goal?patient={patient}&lifecycle-status=rejected")
    ] * 2
    assert len(await machine_rows(house, house.plan)) == in_plan
    posted = await client.post("/Goal/_search", data={"patient": patient})
    assert posted.json()["total"] > 0


async def test_a_token_ends_at_once_counts_its_requests_and_opens_no_plan_of_another_organisation(
    house: House, demo_database: str
) -> None:
    client, hurried = await a_machine(house), await a_machine(house, requests_a_minute=2)
    patient = await mary(client)
    assert house.services.machines is not None

    hurry = [(await hurried.get("/Goal?patient=x")).status_code for _ in range(3)]
    connection = await asyncpg.connect(demo_database)
    other = new_id()
    await connection.execute(
        "insert into organisation (id, name, number_system) values ($1, 'Elsewhere', $2)", other, f"urn:uuid:{other}"
    )
    home = await connection.fetchval("select organisation from plan where id = $1", house.plan)
    await connection.execute("update plan set organisation = $1 where id = $2", other, house.plan)
    elsewhere = [await client.get(f"/{at}") for at in (f"CarePlan/{house.plan}", f"Patient/{patient}")]
    searched = await bundle(client, f"/Goal?patient={patient}")
    await connection.execute(
        "update plan set organisation = $1, closed = now(), archived = now() where id = $2", home, house.plan
    )
    archived = await client.get(f"/CarePlan/{house.plan}")
    await connection.execute("update plan set closed = null, archived = null where id = $1", house.plan)
    await connection.close()
    there = await client.get(f"/CarePlan/{house.plan}")
    for machine in await house.services.machines.all(FHIR):
        await house.services.machines.revoke(Doer(house.person("Falk")), machine.machine_id)
    ended = await client.get(f"/CarePlan/{house.plan}")

    assert hurry == [200, 200, 429]
    assert [each.status_code for each in elsewhere] == [404, 404]
    assert searched["total"] == 0
    assert (archived.status_code, there.status_code, ended.status_code) == (404, 200, 401)


async def test_no_system_is_let_in_as_more_than_a_colleague_or_without_an_end(house: House) -> None:
    assert house.services.machines is not None
    falk = Doer(house.person("Falk"))
    right: dict[str, Any] = {"name": "EHR", "role": "care_manager", "scopes": ALL.split(), "days": 30}
    wrong: list[dict[str, Any]] = [
        {"role": "behavioral_health"}, {"role": "patient"}, {"role": ""}, {"scopes": ()}, {"name": " "}, {"days": 401},
        {"scopes": ("patient/Goal.rs",)}, {"scopes": ("system/Goal.sr",)}, {"requests_a_minute": 0},
    ]  # fmt: skip

    for each in wrong:
        with pytest.raises(KeepingError):
            await house.services.machines.make(falk, NewMachine(purpose=FHIR, **(right | each)))
    with pytest.raises(KeepingError):
        await house.services.machines.make(Doer(house.person("Ruiz")), NewMachine(purpose=FHIR, **right))


def an_assertion(machine: str, key: ECKey, now: datetime, **changed: object) -> str:
    claims = {"iss": machine, "sub": machine, "aud": ISSUING_AT, "exp": int(now.timestamp()) + 240, "jti": new_id()}
    return encode({"alg": "ES384", "kid": "one"}, {**claims, **changed}, key, algorithms=["ES384"])


async def test_a_system_that_signs_gets_a_short_token_once_for_each_assertion_and_never_more_than_it_holds(
    house: House,
) -> None:
    keeping, now = house.services.machines, house.services.now()
    assert keeping is not None
    key, other = (ECKey.generate_key("P-384", {"kid": "one"}) for _ in range(2))
    asked = NewMachine(
        name="Warehouse", days=30, purpose=FHIR, role="care_manager", scopes=["system/Goal.rs", "system/Patient.rs"],
        keys=public_keys({"keys": [key.as_dict(private=False)]}),
    )  # fmt: skip
    machine, none = await keeping.make(Doer(house.person("Falk")), asked)
    client = await house.browser()

    async def asks(assertion: str, scope: str = "system/*.rs", **more: str) -> httpx2.Response:
        form = {"grant_type": "client_credentials", "client_assertion_type": JWT_BEARER, "scope": scope}
        return await client.post("/fhir/auth/token", data=form | {"client_assertion": assertion} | more)

    first = an_assertion(machine.machine_id, key, now)
    given = await asks(first)
    headers = {"authorization": f"Bearer {given.json()['access_token']}"}
    refused = {
        "again": await asks(first),
        "another key": await asks(an_assertion(machine.machine_id, other, now)),
        "another audience": await asks(an_assertion(machine.machine_id, key, now, aud=ORIGIN)),
        "over": await asks(an_assertion(machine.machine_id, key, now, exp=int(now.timestamp()) - 120)),
        "too long": await asks(an_assertion(machine.machine_id, key, now, exp=int(now.timestamp()) + 900)),
        "without an id": await asks(an_assertion(machine.machine_id, key, now, jti=None)),
        "another issuer": await asks(an_assertion(machine.machine_id, key, now, iss="x")),
        "unknown": await asks(an_assertion(new_id(), key, now)),
        "nothing": await asks("x"),
        "more than it holds": await asks(an_assertion(machine.machine_id, key, now), "system/Task.rs"),
        "another grant": await asks(an_assertion(machine.machine_id, key, now), grant_type="password"),
    }
    goals = await client.get("/fhir/Goal", headers=headers)
    tasks = await client.get("/fhir/Task", headers=headers)
    rows = [row for row in await house.services.journal.history(HUB, limit=100) if row.event == "machine.token"]
    await keeping.revoke(Doer(house.person("Falk")), machine.machine_id)
    ended = await client.get("/fhir/Goal", headers=headers)
    after = await asks(an_assertion(machine.machine_id, key, now))

    assert none == ""
    assert (given.status_code, given.json()["scope"]) == (200, "system/Goal.rs system/Patient.rs")
    assert given.json()["expires_in"] == 300
    assert {what: each.status_code for what, each in refused.items() if each.status_code not in (400, 401)} == {}
    assert all("access_token" not in each.json() for each in refused.values())
    assert [goals.status_code, tasks.status_code, ended.status_code, after.status_code] == [200, 403, 401, 400]
    assert [row.outcome for row in rows] == ["refused", "success"]
    with pytest.raises(ValueError, match="private"):
        public_keys({"keys": [key.as_dict(private=True)]})


def canary(section: Section) -> str:
    return f"canary-{section}-7391"


async def plant(database: str, plan: str) -> dict[Section, set[str]]:
    """Put a word of its own into every field of words of every entry of a plan; return the entries by section."""
    connection = await asyncpg.connect(database)
    entries: dict[Section, set[str]] = {}
    people = await connection.fetchval("select max(person) from entry where plan = $1", plan)
    for section in (S.BEHAVIORAL_HEALTH, S.STAFF_NOTES, S.CAREGIVER_LOG, S.ADVANCE_CARE):
        for state in ("active", "retired"):
            await connection.execute(
                "insert into entry (plan, section, root, key, creator, person, seq, fields, search_key) "
                "select $1, $2, 'entries', $3, 1, $4, case when $6 then seq else 1 end, $5::jsonb, '' "
                "from head where plan = $1",
                plan, section.value, new_id(), people, json.dumps({"status": state}), section in NEVER,
            )  # fmt: skip
    rows = await connection.fetch(
        "select section, key, fields::text from entry where plan = $1 and root = 'entries'", plan
    )
    for section_name, key, fields in rows:
        section, told = Section(section_name), json.loads(fields)
        words = {
            each.name: canary(section)
            for each in SECTIONS[section].fields
            if each.kind is Kind.TEXT or (each.kind is Kind.REGISTER and each.form is Form.LINE)
        }
        entries.setdefault(section, set()).add(key)
        await connection.execute(
            "update entry set fields = $3::jsonb, search_key = $4 where plan = $1 and key = $2",
            plan, key, json.dumps(told | words), canary(section),
        )  # fmt: skip
    await connection.close()
    return entries


def asked_of(patient: str, plan: str, word: str) -> Iterator[str]:
    """Yield every kind of question the API knows, with every reference to follow, and the word itself to look for."""
    yield f"/Patient/{patient}/$everything"
    yield f"/CarePlan/{plan}/$document"
    followed = [
        f"{kind}:{each.name}"
        for kind, parameters in PARAMETERS.items()
        for each in parameters.values()
        if each.kind is ParameterKind.REFERENCE
    ]
    for kind, parameters in PARAMETERS.items():
        mine = "&".join(f"_include={each}" for each in followed if each.startswith(f"{kind}:"))
        yield f"/{kind}?patient={patient}&{mine}"
        if "code" in parameters:
            yield f"/{kind}?patient={patient}&code:text={word}&_summary=count"
    for kind in ("Patient", "Condition", "Goal"):
        yield f"/{kind}?_count=200"
        for start in range(0, len(followed), 35):
            rest = "&".join(f"_revinclude={each}" for each in followed[start : start + 35])
            yield f"/{kind}?patient={patient}&{rest}"


async def test_no_byte_of_what_a_system_may_not_see_leaves_by_any_question(house: House, demo_database: str) -> None:
    client = await a_machine(house, role="pharmacist")
    patient = await mary(client)
    entries = await plant(demo_database, house.plan)
    hidden = NEVER | {S.SOCIAL_NEEDS}

    left = [(await client.get(at)).text for at in asked_of(patient, house.plan, "canary-behavioral_health")]
    kinds = {section: SECTIONS[section].fhir.partition(".")[0] for section in Section}
    for section in hidden:
        for key in entries.get(section, ()):
            for at in (f"/{kinds[section]}/{key}", f"/Provenance/{key}-last", f"/{kinds[section]}?_id={key}"):
                answer = await client.get(at)
                assert answer.status_code == 404 or answer.json().get("total") == 0, at
                left.append(answer.text.replace(key, ""))  # It was sent; only what else is told counts.
    everything = "\n".join(left)
    connection = await asyncpg.connect(demo_database)
    seen = "select max(seq) from entry where plan = $1 and root = 'entries' and section <> all($2::text[])"
    last_seen = await connection.fetchval(seen, house.plan, [each.value for each in hidden])
    await connection.close()

    assert (await bundle(client, f"/CarePlan/{house.plan}"))["meta"]["versionId"] == str(last_seen)
    for section in hidden:
        assert canary(section) not in everything
        assert not [key for key in entries.get(section, ()) if key in everything]
    for section in set(entries) - hidden:
        assert canary(section) in everything, section


async def test_scopes_leave_out_types_and_categories_and_nothing_refers_to_what_they_leave_out(
    house: House, demo_database: str
) -> None:
    client = await a_machine(house)
    patient = await mary(client)
    entries = await plant(demo_database, house.plan)
    social = "http://hl7.org/fhir/us/core/CodeSystem/us-core-category|sdoh"
    goals = await a_machine(house, "system/Goal.rs system/CarePlan.rs system/Patient.r system/Provenance.s")
    needs = await a_machine(house, f"system/Condition.rs?category={social} system/CarePlan.r system/Patient.r")
    medicines = await a_machine(house, "system/AllergyIntolerance.rs system/CarePlan.r system/Patient.r")

    for narrow, section in ((goals, S.GOALS), (needs, S.SOCIAL_NEEDS), (medicines, S.MEDICATIONS)):
        told = "\n".join(
            [
                (await narrow.get(at)).text
                for at in (
                    f"/Patient/{patient}/$everything", f"/CarePlan/{house.plan}/$document",
                    f"/CarePlan/{house.plan}", f"/Goal?patient={patient}&_revinclude=Provenance:target",
                    f"/Condition?patient={patient}", f"/AllergyIntolerance?patient={patient}",
                )
            ]
        )  # fmt: skip

        assert canary(section) in told
        for other in set(entries) - {section}:
            assert canary(other) not in told, other
            assert not [key for key in entries[other] if key in told], other
    taken = await medicines.get(f"/Patient/{patient}/$everything")
    assert {each["resourceType"] for each in resources(taken.json())} == {"AllergyIntolerance", "CarePlan", "Patient"}
    assert "MedicationStatement" not in taken.text


async def test_an_entry_that_was_taken_out_is_gone_and_a_hidden_one_was_never_there(
    house: House, demo_database: str
) -> None:
    client = await a_machine(house)
    connection = await asyncpg.connect(demo_database)
    one = "select key from entry where plan = $1 and section = 'goals' and root = 'entries' limit 1"
    goal = await connection.fetchval(one, house.plan)
    entries = await plant(demo_database, house.plan)
    await connection.execute(
        """update entry set fields = fields || '{"status": "retired"}' where plan = $1 and key = $2""", house.plan, goal
    )
    await connection.close()

    gone = await client.get(f"/Goal/{goal}")
    hidden = {(await client.get(f"/Condition/{each}")).status_code for each in entries[S.BEHAVIORAL_HEALTH]}

    assert (gone.status_code, gone.json()["issue"][0]["code"]) == (410, "deleted")
    assert hidden == {404}


def test_what_the_api_says_it_can_is_r4() -> None:
    assert [
        str(each)
        for each in fhirkit.validate(
            json.dumps(
                capability(
                    "https://hub.example/fhir", "https://hub.example/fhir/auth/token", "https://hub.example/authorize"
                )
            )
        )
    ] == []
    assert len(read_scopes(ALL.split())) == len(PARAMETERS)
