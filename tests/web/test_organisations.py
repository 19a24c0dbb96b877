"""Two organisations on one hub: each with its hours, clock, reminders, units, people, numbers and provider."""

import html
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from tests.web.house import House, a_house

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"


@pytest.fixture
async def house(demo_database: str, tmp_path: Path) -> AsyncIterator[House]:
    async with a_house(demo_database, tmp_path) as opened:
        yield opened


def chosen(page: str) -> str:
    """The organisation that a page is about."""
    return str(re.findall(r'name="organisation" value="([^"]+)"', page)[0])


async def added(admin: httpx2.AsyncClient, name: str) -> str:
    answer = await admin.post("/admin/organisation/add", data={"added": name})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].partition("=")[2]


async def test_what_is_set_for_one_organisation_is_not_set_for_the_other(house: House) -> None:
    admin = await house.browser("Jonas Falk")
    assert 'aria-label="Organisation"' not in (await admin.get("/admin/organisation")).text, "one needs no choice"
    first = chosen((await admin.get("/admin/organisation")).text)
    second = await added(admin, "Island Clinic")
    again = await admin.post("/admin/organisation/add", data={"added": "island clinic"})
    form = {
        "organisation": second, "name": "Island Clinic", "phone": "808 555 0100", "time_zone": "Pacific/Honolulu",
        "language": "en", "emergency_number": "911", "from-0": "07:00", "to-0": "15:00", "confidential_age": "14",
    }  # fmt: skip
    saved = await admin.post("/admin/organisation", data=form)
    quiet = {"organisation": second, "quiet_begins": "19:00", "quiet_ends": "07:30", "hour": "08:15"}
    reminded = await admin.post("/admin/reminders", data=quiet)
    member = house.person("Grace Kim").person_id
    unit = await admin.post("/admin/units", data={"organisation": second, "name": "Shore ward", "member": member})

    async def page(of: str, organisation: str) -> str:
        return (await admin.get(f"/admin/{of}", params={"organisation": organisation})).text

    assert (again.status_code, saved.status_code, reminded.status_code, unit.status_code) == (422, 303, 303, 303)
    assert unit.headers["location"] == f"/admin/units?organisation={second}"
    for there, sought in (
        ("organisation", 'value="808 555 0100"'),
        ("organisation", 'value="Pacific/Honolulu"'),
        ("reminders", 'value="19:00"'),
        ("units", "Shore ward"),
    ):
        assert sought in await page(there, second), there
        assert sought not in (await page(there, first)).replace('<option value="Pacific/Honolulu">', ""), there
    assert (await admin.get("/admin/units", params={"organisation": "none"})).status_code == 404
    mine = {each.organisation_id: each for each in await house.services.keeping.organisations.all()}  # type: ignore[union-attr]
    assert (mine[second].confidential_age, mine[first].confidential_age) == (14, 13)


async def test_a_file_of_patients_is_chosen_looked_at_and_kept(house: House) -> None:
    desk, at = await house.browser("Noor Patel"), "/patients/file"
    lines = "number;family;given\r\nF-1;Prueba;Zoë\r\n;Nobody;X\r\n".encode("utf-16")

    looked = await desk.post(at, files={"file": ("new.csv", lines, "text/csv")}, data={"csv": ""})
    known = (await desk.get("/patients")).text
    kept = await desk.post(at, files={"none": ("", b"", "text/plain")}, data={"csv": read(looked.text), "act": "keep"})
    again = await desk.post(at, files={"file": ("new.csv", lines, "text/csv")})
    broken = await desk.post(at, files={"file": ("new.csv", b"\xff\x00\xfe", "text/csv")})

    assert "What would happen" in looked.text
    assert "number is missing" in looked.text
    assert "Zoë" not in known, "to look keeps nothing"
    assert "<h2>Done</h2>" in kept.text
    assert "as it is" in again.text
    assert (broken.status_code, "is not UTF-8" in broken.text) == (422, True)


async def test_somebody_reads_their_own_lists_by_their_own_clock_and_a_plan_by_the_clock_of_its_clinic(
    house: House,
) -> None:
    kim = await house.browser("Grace Kim")
    before = clock_of((await kim.get("/notifications")).text)

    chosen = await kim.post("/reminders/choices", data={"zone": "Pacific/Kiritimati"})

    assert chosen.status_code == 303, chosen.text
    assert clock_of((await kim.get("/notifications")).text) == "Pacific/Kiritimati"
    assert clock_of((await kim.get("/panel")).text) == "Pacific/Kiritimati"
    assert clock_of((await kim.get(f"/plans/{house.plan}")).text) == before != "Pacific/Kiritimati"
    other = await house.browser("Noor Patel")
    assert clock_of((await other.get("/notifications")).text) == before


def clock_of(page: str) -> str:
    return str(re.findall(r'<body data-zone="([^"]+)"', page)[0])


def read(page: str) -> str:
    """The lines that a page hands back to be kept."""
    return html.unescape(re.findall(r'<textarea name="csv"[^>]*>(.*?)</textarea>', page, re.DOTALL)[0])


async def test_each_organisation_has_its_own_people_numbers_and_provider(house: House) -> None:
    admin = await house.browser("Jonas Falk")
    first = chosen((await admin.get("/admin/organisation")).text)
    second = await added(admin, "Island Clinic")
    person = {"name": "Leilani Registrar", "role": "registrar", "email": "leilani@demo.example", "organisation": second}
    assert (await admin.post("/admin/people", data=person)).status_code == 303
    keeping = house.services.keeping
    assert keeping is not None
    [leilani] = await keeping.people.by_email("leilani@demo.example")
    house.people[leilani.name] = leilani
    born = {"family": "Prueba", "year": "1950", "number": "4711", "none": "yes"}
    here = await admin.post("/patients/new", data=born)
    there = await (await house.browser("Leilani")).post("/patients/new", data=born | {"family": "Otra"})

    made = await admin.post("/admin/provider", data={"organisation": second, "act": "make", "name": "IdP", "days": "9"})
    token = re.findall(r'class="token">([^<]+)', made.text)[0]
    provider = await house.browser()
    provider.headers.update({"authorization": f"Bearer {token}", "content-type": "application/scim+json"})
    del provider.headers["origin"]
    user = {"schemas": [USER], "userName": "kai", "displayName": "Kai", "emails": [{"value": "kai@x.example"}]}
    kai = (await provider.post("/scim/v2/Users", json=user)).json()["id"]
    group = {"schemas": [GROUP], "displayName": "Nurses", "members": [{"value": kai}]}
    nurses = (await provider.post("/scim/v2/Groups", json=group)).json()["id"]
    role = {"organisation": second, "act": "role", "group": nurses, "role": "care_manager"}
    given = await admin.post("/admin/provider", data=role)
    wrong = await admin.post("/admin/provider", data={**role, "organisation": first})

    assert (here.status_code, there.status_code) == (303, 303), "the same number, at another organisation"
    assert leilani.organisation == second
    found = await keeping.people.get(kai)
    assert found is not None
    assert (found.organisation, found.role, found.active) == (second, "care_manager", True)
    assert (given.status_code, wrong.status_code) == (303, 422)
    pages = [(await admin.get("/admin/provider", params={"organisation": each})).text for each in (first, second)]
    assert ["Nurses" in each for each in pages] == [False, True]
    assert ["<bdi>IdP</bdi>" in each for each in pages] == [False, True]
