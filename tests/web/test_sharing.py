"""Who sees what: recorded, narrowed, ended, previewed; and reading in an emergency with all that follows from it."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest

from hub.record.journal import Action
from tests.web.house import House, a_house

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
KIM, MARY, EMILY, NAIR, RUTH = "Grace Kim", "Mary Whitfield", "Emily Hart", "Priya Nair", "Ruth Adeyemi"
REASON = "Mary collapsed at the dialysis unit and we need her medicines"


@pytest.fixture
async def house(demo_database: str, tmp_path: Path) -> AsyncIterator[House]:
    async with a_house(demo_database, tmp_path) as opened:
        yield opened


def at(house: House, named: str = "", what: str = "") -> str:
    person = f"/{house.person(named).person_id}" if named else ""
    return f"/plans/{house.plan}/sharing{person}{what}"


async def section(house: House, browser: httpx2.AsyncClient, name: str) -> int:
    return (await browser.get(f"/plans/{house.plan}/sections/{name}")).status_code


async def test_the_patient_hides_and_restores_a_section_for_one_person(house: House) -> None:
    mary, emily, lee = await house.browser(MARY), await house.browser(EMILY), await house.browser("Michael Lee")
    assert await section(house, emily, "conditions") == 200
    hide = {"section": "conditions", "access": "none", "how": "page", "ends": "2027-01-31"}

    assert (await mary.post(at(house, EMILY, "/consent"), data=hide)).status_code == 303

    assert await section(house, emily, "conditions") == 404
    assert await section(house, lee, "conditions") == 200
    shown = (await mary.get(at(house, EMILY))).text
    assert "hidden until 31-Jan-2027" in re.sub(r"\s+", " ", shown)
    assert "Mary Whitfield agreed on this page" in shown
    await mary.post(at(house, EMILY, "/consent"), data={"section": "conditions", "access": "", "how": "page"})
    assert await section(house, emily, "conditions") == 200
    rows = await house.rows(Action.CONSENT, event="consent.record")
    assert [(row.words or {})["access"] for row in rows[:2]] == [None, "none"]


async def test_staff_record_what_the_patient_agreed_to_and_the_patient_is_told(house: House) -> None:
    kim, mary, emily = await house.browser(KIM), await house.browser(MARY), await house.browser(EMILY)
    data = {"section": "goals", "access": "read"}

    refused = await kim.post(at(house, EMILY, "/consent"), data=data)
    assert refused.status_code == 422
    assert "Say how the patient agreed" in refused.text
    assert (await kim.post(at(house, EMILY, "/consent"), data=data | {"how": "telephone"})).status_code == 303

    goal = {"description": "More soup", "voice": house.person(MARY).person_id}
    answer = await emily.post(f"/plans/{house.plan}/sections/goals/entries", data=goal)
    assert answer.status_code == 403
    told = (await mary.get("/notifications")).text
    assert "Grace Kim, RN recorded the consent" in told
    assert "reading only for Emily Hart" in told


async def test_removing_a_person_ends_their_access_and_keeps_their_words(house: House) -> None:
    mary, emily = await house.browser(MARY), await house.browser(EMILY)
    assert (await emily.get(f"/plans/{house.plan}/sections/goals")).status_code == 200

    assert (await mary.post(at(house, EMILY, "/remove"))).status_code == 303

    assert (await emily.get(f"/plans/{house.plan}/sections/goals")).status_code == 404
    assert "Emily" in (await mary.get(f"/plans/{house.plan}/sections/caregiver_log")).text
    assert "Access ended" in (await mary.get(at(house))).text
    assert (await mary.post(at(house, EMILY, "/remove"))).status_code == 422


async def test_an_end_date_is_kept_and_one_too_far_is_not(house: House) -> None:
    mary = await house.browser(MARY)
    soon = (house.services.now() + timedelta(days=40)).date().isoformat()

    assert (await mary.post(at(house, EMILY, "/end"), data={"ends": soon})).status_code == 303
    late = await mary.post(at(house, EMILY, "/end"), data={"ends": "2039-01-01"})
    none = await mary.post(at(house, EMILY, "/end"), data={"ends": ""})

    assert late.status_code == 422
    assert none.status_code == 422
    kept = next(each for each in await house.services.directory.participants(house.plan) if each.name == EMILY)
    assert kept.ends is not None
    assert kept.ends.date().isoformat() > soon
    assert f'type="date" value="{soon}"' in (await mary.get(at(house, EMILY))).text, "the day that was asked for"
    assert 'type="date" value="2039-01-01"' in late.text, "what was refused is there to be changed"


async def test_a_refused_consent_is_there_to_be_completed(house: House) -> None:
    kim = await house.browser(KIM)
    data = {"section": "goals", "access": "read", "ends": "2027-01-31", "how": ""}

    refused = (await kim.post(at(house, EMILY, "/consent"), data=data)).text

    goals = refused.split('id="setting-goals"')[1].split("</li>")[0]
    assert 'value="read" checked' in goals
    assert 'type="date" value="2027-01-31"' in goals
    others = refused.replace(goals, "")
    assert "2027-01-31" not in others
    odd = (await kim.post(at(house, EMILY, "/consent"), data=data | {"ends": "soon", "how": "telephone"})).text
    assert 'value="telephone" selected' in odd


@pytest.mark.parametrize("named", [EMILY, "Michael Lee", "Tom Becker", "Ana Torres", "Jonas Falk"])
async def test_only_the_patient_and_who_records_for_them_settles(house: House, named: str) -> None:
    other = await house.browser(named)
    expected = 404 if named == "Jonas Falk" and (await other.get(at(house))).status_code == 404 else 403

    for path in ("", "/looks"):
        assert (await other.get(at(house) + path)).status_code == expected
    assert (await other.get(at(house, "Leah Stein"))).status_code == expected
    assert (await other.get(at(house, "Leah Stein", "/preview"))).status_code == expected
    for what in ("/consent", "/end", "/remove"):
        data = {"section": "goals", "access": "none", "how": "page"}
        assert (await other.post(at(house, "Leah Stein", what), data=data)).status_code == expected
    assert not await house.rows(Action.REVOKE)


async def test_nobody_settles_for_themselves_or_against_the_patient(house: House) -> None:
    kim = await house.browser(KIM)
    data = {"section": "goals", "access": "none", "how": "telephone"}

    for named in (KIM, MARY):
        assert (await kim.post(at(house, named, "/consent"), data=data)).status_code == 422
        assert (await kim.post(at(house, named, "/remove"))).status_code == 422


async def test_the_preview_holds_what_both_may_read_and_is_journaled(house: House) -> None:
    mary, kim = await house.browser(MARY), await house.browser(KIM)
    notes = (await kim.get(f"/plans/{house.plan}/sections/staff_notes")).text
    [note, *_] = re.findall(r'class="to"[^>]*>([^<]{20,})<', notes)

    as_kim = (await mary.get(at(house, KIM, "/preview"))).text
    as_emily = (await kim.get(at(house, EMILY, "/preview"))).text

    assert "Team-only notes" in as_kim
    assert note not in as_kim
    assert note not in as_emily
    assert "It is not open to you" in as_kim
    assert "Not there for them." in as_emily
    assert "data-bound" not in as_kim + as_emily
    [row, *_] = await house.rows(Action.READ, event="sharing.preview")
    assert row.entry == house.person(EMILY).person_id


async def test_who_looked_is_told_in_words_and_looking_there_is_a_look(house: House) -> None:
    mary, lee = await house.browser(MARY), await house.browser("Michael Lee")
    await lee.get(f"/plans/{house.plan}/sections/medications")

    await mary.get(at(house) + "/looks")
    shown = re.sub(r"\s+", " ", (await mary.get(at(house) + "/looks")).text)

    assert re.search(r"<strong>Dr. Michael Lee</strong> cardiology.{0,400}Medicines and allergies", shown)
    assert await house.rows(Action.READ, event="sharing.looks")


async def test_a_clinician_reads_in_an_emergency_and_changes_nothing(house: House) -> None:
    nair = await house.browser(NAIR)
    closed = await nair.get(f"/plans/{house.plan}")
    assert closed.status_code == 404
    assert f"/emergency/{house.plan}" in closed.text

    begun = await nair.post(f"/emergency/{house.plan}", data={"reason": REASON})

    assert begun.headers["location"] == f"/plans/{house.plan}"
    page = (await nair.get(f"/plans/{house.plan}")).text
    assert "Emergency reading until" in page
    assert 'data-access="write"' not in page
    goal = {"description": "More soup", "voice": house.person(MARY).person_id}
    refused = await nair.post(f"/plans/{house.plan}/sections/goals/entries", data=goal)
    assert refused.status_code == 403
    assert "In an emergency you may read, not change" in refused.text
    assert (await nair.get(at(house))).status_code == 403
    assert (await nair.get(f"/plans/{house.plan}/invitations")).status_code == 403
    [row] = await house.rows(Action.BREAK_GLASS)
    assert (row.reason, row.purpose) == (REASON, "emergency")


async def test_the_patient_and_the_privacy_officer_are_told_and_it_is_reviewed_once(house: House) -> None:
    nair, ruth, mary = await house.browser(NAIR), await house.browser(RUTH), await house.browser(MARY)
    await nair.post(f"/emergency/{house.plan}", data={"reason": REASON})

    for told, lands in ((mary, f"/plans/{house.plan}/mine"), (ruth, "/panel")):
        assert REASON in (await told.get(lands)).text
    queue = (await ruth.get("/reviews")).text
    sent = dict(re.findall(r'name="(plan|person|began)" value="([^"]+)"', queue))
    sent["began"] = sent["began"].replace("&#43;", "+")
    empty = await ruth.post("/reviews", data=sent | {"verdict": "justified", "words": " "})
    done = await ruth.post("/reviews", data=sent | {"verdict": "unjustified", "words": "She was not at the unit."})
    again = await ruth.post("/reviews", data=sent | {"verdict": "justified", "words": "Second thoughts."})

    assert [empty.status_code, done.status_code, again.status_code] == [422, 303, 422]
    assert "Nothing waits for a review" in (await ruth.get("/reviews")).text
    assert "did not find it justified" in (await mary.get("/notifications")).text
    assert "She was not at the unit." in (await mary.get(at(house))).text


async def test_only_the_privacy_officer_has_the_queue_and_only_clinicians_the_door(house: House) -> None:
    for named in (KIM, MARY, "Jonas Falk", NAIR):
        other = await house.browser(named)
        assert (await other.get("/reviews")).status_code == 404
    for named in (MARY, EMILY, RUTH, "Jonas Falk"):
        other = await house.browser(named)
        assert (await other.get("/emergency")).status_code == 404
        assert (await other.post(f"/emergency/{house.plan}", data={"reason": REASON})).status_code == 404
    assert not await house.rows(Action.BREAK_GLASS)


def without_keys(page: str) -> str:
    """Return a page without what tells one rendering of its forms from the next; whose they are stays."""
    return re.sub(r'(name="_page" value="[^"/]*)/[^"]+"', r'\1"', page)


async def test_the_door_says_the_same_of_a_plan_that_is_not_there(house: House) -> None:
    nair = await house.browser(NAIR)
    unknown = "0" * 8 + house.plan[8:]

    there, not_there = await nair.get(f"/emergency/{house.plan}"), await nair.get(f"/emergency/{unknown}")

    assert without_keys(there.text).replace(house.plan, "") == without_keys(not_there.text).replace(unknown, "")
    assert (await nair.post(f"/emergency/{house.plan}", data={"reason": "x" * 40})).status_code == 422
    assert (await nair.post(f"/emergency/{unknown}", data={"reason": REASON})).status_code == 422
    found = await nair.post("/emergency", data={"number": "1297287652", "born": "1956-05-14"})
    assert found.headers["location"] == f"/emergency/{house.plan}"
    assert (await nair.post("/emergency", data={"number": "1297287652", "born": "1956-05-15"})).status_code == 422


async def test_what_the_patient_hides_stays_hidden_in_an_emergency(house: House) -> None:
    nair, mary = await house.browser(NAIR), await house.browser(MARY)
    await nair.post(f"/emergency/{house.plan}", data={"reason": REASON})
    assert await section(house, nair, "social_needs") == 200
    assert await section(house, nair, "behavioral_health") == 404
    mine = await mary.post(at(house, NAIR, "/consent"), data={"section": "goals", "access": "none", "how": "page"})

    assert mine.status_code == 303
    assert await section(house, nair, "goals") == 404


async def test_a_consent_about_someone_who_reads_in_an_emergency_leads_to_a_page_that_is_there(house: House) -> None:
    mary, nair = await house.browser("Mary Whitfield"), await house.browser("Priya Nair")
    reason = {"reason": "She collapsed at the dialysis unit, no one else is here"}
    assert (await nair.post(f"/emergency/{house.plan}", data=reason)).status_code == 303
    hide = {"section": "goals", "access": "none", "how": "page", "ends": ""}

    answer = await mary.post(at(house, "Priya Nair", "/consent"), data=hide)

    assert answer.headers["location"] == f"/plans/{house.plan}/sharing"
    assert (await mary.get(answer.headers["location"])).status_code == 200
    assert (await nair.get(f"/plans/{house.plan}/sections/goals")).status_code == 404


async def test_who_changes_a_member_of_the_plan_signs_in_anew(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    mary = await house.browser("Mary Whitfield")
    before = await house.services.directory.participants(house.plan)
    monkeypatch.setattr("auth.sessions.REAUTHENTICATION_AGE_MAX", timedelta(seconds=-1))

    longer = await mary.post(at(house, EMILY, "/end"), data={"ends": "2027-02-01"})
    consent = {"section": "goals", "access": "none", "how": "page", "ends": ""}
    narrower = await mary.post(at(house, EMILY, "/consent"), data=consent)

    assert (longer.status_code, narrower.status_code) == (422, 422)
    for answer in (longer, narrower):
        assert "Sign in again before you" in answer.text
        assert f'href="/sign-in?next={at(house, EMILY).replace("/", "%2F")}"' in answer.text
    assert await house.services.directory.participants(house.plan) == before
    removed = await mary.post(at(house, EMILY, "/remove"))
    assert removed.status_code == 422
    assert "Sign in again before you end" in removed.text
    assert await house.services.directory.participants(house.plan) == before


async def test_the_patient_ends_an_emergency_reading_and_it_is_over(house: House) -> None:
    nair, mary = await house.browser(NAIR), await house.browser(MARY)
    await nair.post(f"/emergency/{house.plan}", data={"reason": REASON})
    assert (await nair.get(f"/plans/{house.plan}")).status_code == 200
    assert "End the reading of" in (await mary.get(at(house))).text

    ended = await mary.post(at(house, NAIR, "/end-reading"))

    assert ended.status_code == 303
    assert (await nair.get(f"/plans/{house.plan}")).status_code == 404
    assert "End the reading of" not in (await mary.get(at(house))).text
    row = (await house.rows(Action.REVOKE, event="break_glass.end"))[0]
    assert (row.outcome, (row.words or {})["person"]) == ("success", house.person(NAIR).person_id)
    await mary.post(at(house, NAIR, "/end-reading"))
    assert (await house.rows(Action.REVOKE, event="break_glass.end"))[0].outcome == "refused"


async def test_who_reads_in_an_emergency_is_not_removed_as_a_member_and_nothing_is_written_as_if(house: House) -> None:
    nair, kim = await house.browser(NAIR), await house.browser(KIM)
    await nair.post(f"/emergency/{house.plan}", data={"reason": REASON})
    before = len(await house.rows(Action.REVOKE))

    fault = await house.access.sharing.end(await house.member(KIM), house.person(NAIR).person_id)

    assert "End that reading instead" in fault
    assert len(await house.rows(Action.REVOKE)) == before
    assert (await kim.post(at(house, NAIR, "/end-reading"))).status_code == 303
    assert (await nair.get(f"/plans/{house.plan}")).status_code == 404


async def test_nobody_but_who_settles_access_ends_it(house: House) -> None:
    """Each of them may sign in and takes part; only the patient, primary care and the care manager settle."""
    for named in ("Michael Lee", EMILY):
        fault = await house.access.sharing.end(await house.member(named), house.person("Tom Becker").person_id)

        assert fault == "Only the patient, a guardian, primary care or the care manager changes who has access."
        until = await house.access.sharing.end_on(await house.member(named), house.person(EMILY).person_id, None)
        assert until == fault
        assert "ends an emergency reading" in await house.access.sharing.end_reading(await house.member(named), "x")


async def test_what_the_patient_closed_by_hand_only_the_patient_opens(house: House) -> None:
    mary, kim, emily = await house.browser(MARY), await house.browser(KIM), await house.browser(EMILY)
    await mary.post(at(house, EMILY, "/consent"), data={"section": "goals", "access": "none", "how": "page"})
    claimed = {"section": "goals", "how": "telephone"}

    for access in ("", "read"):
        refused = await kim.post(at(house, EMILY, "/consent"), data=claimed | {"access": access})
        assert refused.status_code == 422
        assert "Only the patient opens it again" in refused.text
    soon = await kim.post(at(house, EMILY, "/consent"), data=claimed | {"access": "none", "ends": "2027-01-31"})

    assert soon.status_code == 422
    assert await section(house, emily, "goals") == 404
    await mary.post(at(house, EMILY, "/consent"), data={"section": "goals", "access": "", "how": "page"})
    assert await section(house, emily, "goals") == 200
    assert (await kim.post(at(house, EMILY, "/consent"), data=claimed | {"access": "read"})).status_code == 303
