"""Machines write plans by FHIR as a colleague does at a page: once, judged, journaled, refused with the reason."""

import asyncio
import json
import re
from datetime import timedelta
from typing import Any

import fhirkit
import httpx2
import pytest

from auth.machine_sight import sight
from auth.roles import Role
from crdt.sections import Section
from hub.access.keeping_rows import Doer
from hub.live.commands import Done, Refused
from hub.record.journal import Action, Row
from hub.workflows.awaited_results import results_come
from hub.workflows.contents import members
from hub.workflows.reading_arrivals import ReadingArrive
from hub.workflows.transitions import TransitionRecord
from tests.web.doors.test_fhir import S, a_machine, bundle, machine_rows, mary, plant, resources
from tests.web.house import House

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
WRITES = " ".join(
    f"system/{kind}.crus"
    for kind in ("Observation", "Task", "Goal", "Condition", "MedicationStatement", "AllergyIntolerance")
)
EVERYTHING_WRITTEN = f"{WRITES} system/Patient.rs"


def an_ldl(patient: str, value: float = 3.0, unit: str = "mmol/L", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": "13457-7"}], "text": "LDL cholesterol"},
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": "2026-11-20T07:30:00-05:00",
        "valueQuantity": {"value": value, "unit": unit, "system": UCUM, "code": unit},
        **more,
    }


async def commands(house: House) -> list[Row]:
    rows = await house.services.journal.history(house.plan, limit=100)
    return [row for row in rows if row.action in (Action.COMMAND, Action.REFUSE)]


async def readings(client: httpx2.AsyncClient, patient: str) -> list[dict[str, Any]]:
    told = resources(await bundle(client, f"/Observation?patient={patient}&code=13457-7&_count=200"))
    return [each for each in told if "valueQuantity" in each]


def refused(answer: httpx2.Response) -> tuple[int, str]:
    told = answer.json()
    assert told["resourceType"] == "OperationOutcome", answer.text
    assert [str(issue) for issue in fhirkit.validate(answer.text)] == []
    return answer.status_code, str(told["issue"][0]["diagnostics"])


async def test_a_reading_that_is_sent_is_in_the_plan_once_in_the_unit_of_its_measure_under_the_name_of_its_sender(
    house: House,
) -> None:
    client = await a_machine(house, EVERYTHING_WRITTEN, name="Laboratory")
    patient = await mary(client)
    before = await readings(client, patient)
    named: dict[str, Any] = {"identifier": [{"system": "urn:lab", "value": "7"}]}

    made = await client.post("/Observation", json=an_ldl(patient, **named))
    again = await client.post("/Observation", json=an_ldl(patient, **named))
    nameless = await client.post("/Observation", json=an_ldl(patient))
    other = await client.post("/Observation", json=an_ldl(patient, 3.2, **named))
    known = await client.post("/Observation", json=an_ldl(patient), headers={"if-none-exist": "identifier=urn:lab|7"})
    after = await readings(client, patient)
    newest = next(row for row in await commands(house) if row.action is Action.COMMAND)

    assert (made.status_code, again.status_code, nameless.status_code, known.status_code) == (201, 200, 200, 200)
    assert refused(other) == (409, "This identifier came before with another value or time.")
    told = made.json()
    assert again.json()["id"] == nameless.json()["id"] == known.json()["id"] == told["id"]
    assert len(after) == len(before) + 1
    assert told["valueQuantity"] == {"value": 116, "unit": "mg/dL"}
    assert told["identifier"] == named["identifier"]
    assert made.headers["location"].endswith(f"/Observation/{told['id']}/_history/{told['meta']['versionId']}")
    assert made.headers["etag"] == f'W/"{told["meta"]["versionId"]}"'
    assert [str(issue) for issue in fhirkit.validate(json.dumps(told))] == []
    assert (newest.event, newest.section) == ("reading.record", Section.MONITORING)
    organisation = (await house.services.machines.all())[0].organisation  # type: ignore[union-attr]
    assert (newest.on_behalf_of, newest.role) == (organisation, "care_manager")
    assert (await house.services.machines.rows.names([newest.actor])) == {newest.actor: "Laboratory"}  # type: ignore[union-attr]
    assert not {each.person_id for each in house.people.values()} & {newest.actor}


async def test_an_observation_of_a_laboratory_closes_the_line_that_waits_for_it_once(house: House) -> None:
    client = await a_machine(house, EVERYTHING_WRITTEN, name="Laboratory")
    patient, plans = await mary(client), house.services.plans
    left = house.services.now() - timedelta(minutes=1)
    record = TransitionRecord(event="discharged", facility="Mercy", setting="inpatient", destination="home",
                              start=left - timedelta(days=3), end=left, pending=("blood culture",))  # fmt: skip
    done = await plans.perform(house.plan, await house.member("Grace Kim"), record)
    assert isinstance(done, Done)
    stay = next(each for each, section in done.created.items() if section is Section.TRANSITIONS)
    culture = an_ldl(
        patient,
        code={"coding": [{"system": LOINC, "code": "600-7"}]},
        valueString="No growth",
        category=[{"coding": [{"code": "laboratory"}]}],
        identifier=[{"system": "urn:lab", "value": "c"}],
    )
    del culture["valueQuantity"]

    early = await client.post("/Observation", json=culture | {"status": "preliminary"})
    made, again = [await client.post("/Observation", json=culture) for _ in range(2)]

    assert [early.status_code, made.status_code, again.status_code] == [422, 200, 200]
    assert "stands there" in made.json()["issue"][0]["diagnostics"]
    values = (await plans.content(house.plan)).entries(Section.TRANSITIONS)[stay].values
    assert members(values, "pending_results") == ()
    assert [each["words"] for each in results_come(values)] == ["600-7 No growth"]


async def test_the_same_reading_sent_at_the_same_instant_is_recorded_once(house: House) -> None:
    client = await a_machine(house, EVERYTHING_WRITTEN)
    patient = await mary(client)

    answers = await asyncio.gather(*(client.post("/Observation", json=an_ldl(patient, 2.7)) for _ in range(4)))
    found = [each["id"] for each in await readings(client, patient) if each["valueQuantity"]["value"] == 104.4]

    assert {each.status_code for each in answers} <= {200, 201}
    assert len(found) == 1


async def test_what_can_not_be_a_reading_is_refused_with_the_element_and_changes_nothing(house: House) -> None:
    client = await a_machine(house, EVERYTHING_WRITTEN)
    patient = await mary(client)
    before = await readings(client, patient)

    def sent(**more: Any) -> dict[str, Any]:
        return an_ldl(patient, **more)

    no_unit = sent()
    no_unit["valueQuantity"] = {"value": 3.0}
    bound = sent()
    bound["valueQuantity"]["comparator"] = "<"
    answers = {
        "unit": await client.post("/Observation", json=sent(unit="mg")),
        "no unit": await client.post("/Observation", json=no_unit),
        "impossible": await client.post("/Observation", json=sent(value=9_999)),
        "bound": await client.post("/Observation", json=bound),
        "no offset": await client.post("/Observation", json=sent(effectiveDateTime="2026-11-20")),
        "future": await client.post("/Observation", json=sent(effectiveDateTime="2031-01-01T00:00:00Z")),
        "wrong": await client.post("/Observation", json=sent(status="entered-in-error")),
        "modifier": await client.post("/Observation", json=sent(modifierExtension=[{"url": "urn:x"}])),
        "strict": await client.post(
            "/Observation", json=sent(bodySite={"text": "arm"}), headers={"prefer": "handling=strict"}
        ),
        "not measured": await client.post(
            "/Observation", json=sent(code={"coding": [{"system": LOINC, "code": "6301-6"}]})
        ),
        "nobody": await client.post("/Observation", json=an_ldl("nobody")),
    }
    long = await client.post("/Observation", json=sent(note=[{"text": "x" * 300_000}]))
    form = await client.post("/Observation", data={"a": "b"})
    broken = await client.post("/Observation", content=b"[" * 90_000, headers={"content-type": "application/json"})
    other = await client.post("/Task", json=sent())

    assert {what: refused(answer)[0] for what, answer in answers.items()} == dict.fromkeys(answers, 422)
    assert answers["unit"].json()["issue"][0]["expression"] == ["Observation.valueQuantity"]
    assert "Known: mg/dL, mmol/L" in refused(answers["unit"])[1]
    assert "can't be" in refused(answers["impossible"])[1]
    assert "bodySite" in refused(answers["strict"])[1]
    assert [refused(each)[0] for each in (long, form, broken, other)] == [413, 415, 400, 400]
    assert await readings(client, patient) == before


async def test_both_numbers_of_a_blood_pressure_are_one_reading_and_who_responds_is_told_of_a_red_one(
    house: House,
) -> None:
    client = await a_machine(house, EVERYTHING_WRITTEN)
    patient = await mary(client)
    panel = an_ldl(patient) | {
        "code": {"coding": [{"system": LOINC, "code": "85354-9"}]},
        "component": [
            {"code": {"coding": [{"system": LOINC, "code": code}]}, "valueQuantity": {"value": value, "code": "mm[Hg]"}}
            for code, value in (("8462-4", 98), ("8480-6", 182))
        ],
    }
    del panel["valueQuantity"]
    panel["effectiveDateTime"] = house.services.now().isoformat()

    made = await client.post("/Observation", json=panel)
    again = await client.post("/Observation", json=panel)
    page = await (await house.browser("Kim")).get(f"/plans/{house.plan}")

    assert (made.status_code, again.status_code) == (201, 200), made.text
    assert made.json()["valueQuantity"] == {"value": 182, "unit": "mmHg"}
    assert "182/98" in page.text


async def test_what_a_reading_has_no_place_for_is_told_and_a_wrong_one_is_marked_never_changed(house: House) -> None:
    client = await a_machine(house, EVERYTHING_WRITTEN)
    patient = await mary(client)

    made = await client.post("/Observation", json=an_ldl(patient, 2.9, bodySite={"text": "arm"}, method={"text": "x"}))
    assert made.status_code == 201, made.text
    at = made.headers["location"].partition("/fhir")[2].partition("/_history")[0]
    standing = (await client.get(at)).json()
    version = {"if-match": f'W/"{standing["meta"]["versionId"]}"'}
    changed = await client.put(at, json=standing | {"valueQuantity": {"value": 60, "unit": "mg/dL"}}, headers=version)
    unversioned = await client.put(at, json=standing | {"status": "entered-in-error"})
    wrong = standing | {"status": "entered-in-error", "note": [{"text": "Of somebody else"}]}
    marked = await client.put(at, json=wrong, headers=version)
    stale = await client.put(at, json=wrong, headers=version)

    assert [each["diagnostics"] for each in made.json()["issue"]] == [
        "Observation.bodySite was not taken: a reading has no place for it.",
        "Observation.method was not taken: a reading has no place for it.",
    ]
    assert (refused(changed)[0], refused(unversioned)[0], refused(stale)[0]) == (422, 428, 412)
    assert (marked.status_code, marked.json()["status"]) == (200, "entered-in-error")


async def test_entries_are_made_changed_and_moved_as_at_a_page_and_a_danger_needs_a_reason(house: House) -> None:
    client = await a_machine(house, EVERYTHING_WRITTEN, "primary_care", name="Clinic EHR")
    patient = {"reference": f"Patient/{await mary(client)}"}
    task = {
        "resourceType": "Task", "status": "requested", "intent": "order", "for": patient,
        "description": "Send the referral letter", "restriction": {"period": {"end": "2026-12-05"}},
        "owner": {"display": house.person("Ruiz").name}, "identifier": [{"system": "urn:ehr", "value": "T1"}],
        "businessStatus": {"text": "draft"},
    }  # fmt: skip
    opioid = {
        "resourceType": "MedicationStatement", "status": "active", "subject": patient,
        "medicationCodeableConcept": {"text": "ibuprofen"},
        "dosage": [{"text": "400 mg by mouth three times a day"}],
    }  # fmt: skip

    made = await client.post("/Task", json=task, headers={"prefer": "return=representation"})
    again = await client.post("/Task", json=task, headers={"prefer": "return=representation"})
    finished = await client.post("/Task", json=task | {"status": "completed", "identifier": []})
    told = made.json()
    at, version = f"/Task/{told['id']}", {"if-match": made.headers["etag"]}
    same = await client.put(at, json=told, headers=version)
    renamed = await client.put(at, json=told | {"description": "Send the letter today"}, headers=version)
    stale = await client.put(at, json=told | {"description": "Never"}, headers=version)
    patch = [{"op": "add", "path": "/priority", "value": "urgent"}, {"op": "test", "path": "/intent", "value": "order"}]
    patched = await client.patch(
        at, json=patch, headers={"if-match": renamed.headers["etag"], "content-type": "application/json-patch+json"}
    )
    cancelled = await client.put(
        at, json=patched.json() | {"status": "cancelled"}, headers={"if-match": patched.headers["etag"]}
    )
    reason = {"status": "cancelled", "statusReason": {"text": "The letter is not needed"}}
    ended = await client.put(at, json=patched.json() | reason, headers={"if-match": patched.headers["etag"]})
    danger = await client.post("/MedicationStatement", json=opioid)
    despite = [{"url": "urn:careplan-hub:fhir:despite", "valueString": "Three days only, kidneys checked"}]
    reasoned = await client.post("/MedicationStatement", json=opioid | {"extension": despite})
    rows = {row.event for row in await commands(house) if row.on_behalf_of}

    assert (made.status_code, again.status_code, refused(finished)[0]) == (201, 200, 422)
    entry = f"/plans/{house.plan}/entries/tasks/{told['id']}"
    shown = await (await house.browser("Ruiz")).get(entry)
    links = re.findall(rf'{entry}/origins/[^"]+', shown.text)  # The newest first: what it was made of is the last.
    original = await (await house.browser("Ruiz")).get(links[-1])
    assert "Task/urn:ehr|T1 as it came" in shown.text
    assert ("Clinic EHR" in shown.text, "businessStatus" in original.text) == (True, True)
    assert (await (await house.browser("Emily")).get(links[-1])).status_code == 404
    assert made.headers["x-not-taken"] == "1"
    assert again.json()["id"] == told["id"]
    assert (same.status_code, same.headers["etag"]) == (200, made.headers["etag"])
    assert (renamed.json()["description"], patched.json()["priority"]) == ("Send the letter today", "urgent")
    assert refused(stale)[0] == 412
    assert refused(cancelled) == (422, "Say why it is no longer needed.")
    assert (ended.json()["status"], ended.json()["statusReason"]["text"]) == ("cancelled", "The letter is not needed")
    assert refused(danger)[0] == 422
    assert "urn:careplan-hub:fhir:despite" in refused(danger)[1]
    assert reasoned.status_code == 201, reasoned.text
    assert {"entry.create", "entry.edit", "task.cancel"} <= rows
    for each in (told, ended.json()):
        assert [str(issue) for issue in fhirkit.validate(json.dumps(each))] == []


async def test_each_version_is_handed_out_as_it_was_and_nothing_that_is_hidden_now_or_then_leaves_by_history(
    house: House,
) -> None:
    client = await a_machine(house, EVERYTHING_WRITTEN, "primary_care")
    patient = await mary(client)
    goal = resources(await bundle(client, f"/Goal?patient={patient}"))[0]
    at = f"/Goal/{goal['id']}"

    first = await client.get(at)
    changed = await client.put(
        at, json=first.json() | {"target": [{"dueDate": "2027-02-01"}]}, headers={"if-match": first.headers["etag"]}
    )
    history = await bundle(client, f"{at}/_history")
    versions = [each["resource"] for each in history["entry"]]
    then = await client.get(f"{at}/_history/{goal['meta']['versionId']}")
    now = await client.get(f"{at}/_history/{changed.json()['meta']['versionId']}")
    kept = await client.get(f"{at}/_history/1", headers={"if-none-match": "x"})
    ahead = await client.get(f"{at}/_history/999999")
    whole = await client.get(f"/CarePlan/{house.plan}/_history")
    narrow = await a_machine(house, "system/Goal.rs")
    other = await narrow.get(f"/Task/{goal['id']}/_history")
    notes = await plant(house.services.settings.database_url, house.plan)
    hidden = {
        (await client.get(f"/{kind}/{key}/_history{of}")).status_code
        for section, kind in ((S.BEHAVIORAL_HEALTH, "Condition"), (S.STAFF_NOTES, "Communication"))
        for key in notes[section]
        for of in ("", "/1", "/999")
    }
    rows = [row.event for row in await machine_rows(house, house.plan)]

    assert changed.status_code == 200, changed.text
    assert versions[0] == changed.json()
    assert {name: told for name, told in versions[1].items() if name != "meta"} == {
        name: told for name, told in goal.items() if name != "meta"
    }
    assert (then.status_code, then.headers["etag"]) == (200, first.headers["etag"])
    assert {**then.json(), "meta": {}} == {**goal, "meta": {}}
    assert now.json() == changed.json()
    assert (kept.status_code, ahead.status_code, whole.status_code, other.status_code) == (404, 404, 403, 403)
    assert hidden <= {403, 404}
    assert {"fhir.vread", "fhir.history"} <= set(rows)
    assert [str(issue) for issue in fhirkit.validate(json.dumps(history))] == []


async def test_a_machine_writes_no_more_than_its_scopes_its_role_and_its_plans_and_nothing_once_it_is_ended(
    house: House,
) -> None:
    reader = await a_machine(house, "system/Observation.rs system/Patient.rs")
    sender = await a_machine(house, "system/Observation.c", name="Writes only")
    pharmacist = await a_machine(house, EVERYTHING_WRITTEN, "pharmacist")
    patient = await mary(reader)
    goal = {
        "resourceType": "Goal", "lifecycleStatus": "active", "description": {"text": "Walk"},
        "subject": {"reference": f"Patient/{patient}"},
    }  # fmt: skip
    hidden = goal | {
        "resourceType": "Condition",
        "meta": {"tag": [{"system": "urn:careplan-hub:section", "code": "behavioral_health"}]},
    }

    no_scope = await reader.post("/Observation", json=an_ldl(patient))
    other_type = await sender.post("/Goal", json=goal)
    blind = await sender.post("/Observation", json=an_ldl(patient, 3.1))
    by_role = await pharmacist.post("/Goal", json=goal)
    closed = await pharmacist.post("/Condition", json=hidden)
    team = await pharmacist.post("/CareTeam", json={"resourceType": "CareTeam"})
    machines = house.services.machines
    assert machines is not None
    mine = next(each for each in await machines.all() if each.name == "Writes only")
    await machines.revoke(Doer(house.person("Falk")), mine.machine_id)
    ended = await sender.post("/Observation", json=an_ldl(patient, 3.3))
    part = sight(mine.machine_id, "", Role.CARE_MANAGER, [], house.plan, closed=False, organisation=mine.organisation)
    under_way = await house.services.plans.perform(house.plan, part, ReadingArrive(readings=(), by_device=False))

    assert (refused(no_scope)[0], refused(other_type)[0]) == (403, 403)
    assert (blind.status_code, blind.content) == (201, b""), blind.text
    assert refused(by_role)[0] == 403
    assert refused(closed)[0] in (403, 422)
    assert refused(team)[0] == 405
    assert ended.status_code == 401
    assert (type(under_way), getattr(under_way, "code", "")) == (Refused, "removed")
    assert all(each["valueQuantity"]["value"] != 127.6 for each in await readings(reader, patient))
