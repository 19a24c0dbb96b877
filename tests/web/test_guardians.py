"""A guardian from the invitation on: on what ground they come, what they see, agree to for the patient, and the end."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest

from auth.roles import Role
from hub.record.journal import Action
from tests.web.house import House, Link, a_house

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
KIM, FALK = "Grace Kim", "Jonas Falk"
EVERYTHING = ["medications", "goals", "tasks", "caregiver_log", "social_needs", "behavioral_health", "care_team"]


@pytest.fixture
async def house(demo_database: str, tmp_path: Path) -> AsyncIterator[House]:
    async with a_house(demo_database, tmp_path) as opened:
        yield opened


async def a_childs_plan(house: House, years: int) -> str:
    """Register a child of this age and open a plan with Grace Kim as its steward; the house goes on in it."""
    falk, kim = await house.browser(FALK), house.person(KIM).person_id
    born = datetime.now(UTC).date() - timedelta(days=round(years * 365.25) + 30)
    date = {"year": str(born.year), "month": str(born.month), "day": str(born.day)}
    registered = await falk.post("/patients/new", data={"family": "Prueba", "given": "Nico", "none": "yes", **date})
    at = registered.headers["location"]
    assert (await falk.post(at, data={"act": "open", "steward": kim})).status_code == 303
    house.plan = re.findall(r'name="plan" value="([0-9a-f-]{36})"', (await falk.get(at)).text)[0]
    return house.plan


def a_guardian(**typed: object) -> dict[str, object]:
    ends = datetime.now(UTC).date() + timedelta(days=300)
    form = {
        "role": "guardian", "name": "Ana Prueba", "relation": "mother", "sections": EVERYTHING, "ends": str(ends),
        "basis": "minor", "authority": "birth certificate, seen by G. Kim", "how": "",
    }  # fmt: skip
    return form | typed


async def came_in(house: House, link: Link) -> httpx2.AsyncClient:
    browser = await house.browser()
    await link.open(browser)
    assert (await link.redeem(browser)).status_code == 303
    return browser


async def test_a_guardian_of_a_child_of_fourteen_acts_for_them_and_sees_nothing_confidential(house: House) -> None:
    plan = await a_childs_plan(house, 14)
    kim = await house.browser(KIM)
    at = f"/plans/{plan}/invitations"
    refused = [
        (await kim.post(at, data=a_guardian(**typed) | {"delivery": "spoken", "may_change": "yes"})).text
        for typed in ({"basis": ""}, {"authority": " "}, {"basis": "incapable"})
    ]

    link = await house.invited(kim, **a_guardian())
    ana = await came_in(house, link)
    page = await ana.get(f"/plans/{plan}")
    seen = {
        section: (await ana.get(f"/plans/{plan}/sections/{section}")).status_code
        for section in ("medications", "social_needs", "behavioral_health", "staff_notes")
    }
    told = await kim.get(f"/plans/{plan}/sharing")
    on_the_plan = await kim.get(f"/plans/{plan}")

    assert "Say why this person acts for the patient" in refused[0]
    assert "Say what shows that they may" in refused[1]
    assert "The patient is a minor. Choose that." in refused[2]
    assert page.headers["location"] == f"/plans/{plan}/family"
    home = (await ana.get(page.headers["location"])).text
    assert "This is a preview" not in home
    assert f"/plans/{plan}/sharing" in home
    assert seen == {"medications": 200, "social_needs": 404, "behavioral_health": 404, "staff_notes": 404}
    assert "Acts for the patient, who is a minor. Shown by: birth certificate, seen by G. Kim." in told.text
    assert "between the patient and the team alone, unless the patient opens it" in told.text
    assert re.search(r"Acts for the patient:</strong> <bdi>Ana Prueba</bdi>, mother, until", on_the_plan.text)
    clinic = {"name": "Northside", "time_zone": "UTC", "language": "en", "emergency_number": "911"}
    ages = clinic | {"confidential_age": "13", "majority_age": "14"}
    assert (await (await house.browser(FALK)).post("/admin/organisation", data=ages)).status_code == 303
    assert (await ana.get(f"/plans/{plan}/family")).status_code == 404, "who is of age has no guardian of a minor"
    [row] = await house.rows(Action.REDEEM)
    assert row.role == Role.GUARDIAN
    assert (row.words or {})["basis"] == "minor"


async def test_a_guardian_agrees_in_the_patients_place_and_the_team_alone_ends_it(house: House) -> None:
    plan = await a_childs_plan(house, 9)
    kim = await house.browser(KIM)
    ana = await came_in(house, await house.invited(kim, **a_guardian()))
    [mother] = [each for each in await house.services.directory.participants(plan) if each.role is Role.GUARDIAN]
    section = f"/plans/{plan}/sections/social_needs"
    open_before = (await ana.get(section)).status_code

    aunt = await house.invited(ana, name="Luz Prueba", relation="aunt", how="page")
    uncle = await house.invited(kim, name="Leo Prueba", relation="uncle", how="telephone", agreed=mother.person_id)
    luz = await came_in(house, aunt)
    [guest] = [each for each in await house.services.directory.participants(plan) if each.role is Role.FAMILY]
    settings = f"/plans/{plan}/sharing"
    narrowed = await ana.post(
        f"{settings}/{guest.person_id}/consent", data={"section": "goals", "access": "none", "how": "page"}
    )
    own = await ana.post(f"{settings}/{mother.person_id}/remove")
    ended = await kim.post(f"{settings}/{mother.person_id}/remove")

    assert open_before == 200, "a child of nine has no confidential care of their own"
    assert (narrowed.status_code, own.status_code, ended.status_code) == (303, 422, 303)
    assert (await luz.get(f"/plans/{plan}/sections/goals")).status_code == 404
    assert (await ana.get(f"/plans/{plan}")).status_code == 404
    agreed = {(row.actor, row.on_behalf_of) for row in await house.rows(Action.CONSENT, event="consent.record")}
    assert (mother.person_id, mother.person_id) in agreed
    made = {row.words["relation"]: row for row in await house.rows(Action.INVITE, event="invitation.make") if row.words}
    assert made["aunt"].actor == mother.person_id
    kept = {it.invitation_id: it for it, _ in await house.access.inviting.of_plan(plan)}
    assert kept[uncle.invitation_id].agreed_by == kept[aunt.invitation_id].agreed_by == mother.person_id
