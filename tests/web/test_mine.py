"""The patient's own page: landing there, what is on it and what never is, and what one changes from it."""

import asyncio
import gzip
import html
import re
from dataclasses import replace
from pathlib import Path

from auth.roles import Narrowing, Role
from crdt.changes import Create
from crdt.fields import Kind, Value
from crdt.sections import SECTIONS, Section
from hub.ids import new_id
from hub.workflows.contents import words
from tests.web.conftest import As
from tests.web.mary import Mary
from tests.web.test_family import SWAP, change, words_of
from web.views.homes import MINE

ROOT = Path(__file__).resolve().parents[2]
S = Section


def own_page(mary: Mary, as_person: As) -> str:
    answer = as_person("mary").get(f"/plans/{mary.plan}/mine")
    assert answer.status_code == 200
    return answer.text


def entries_of(mary: Mary, section: Section) -> list[dict[str, Value]]:
    content = asyncio.run(mary.world.plans.content(mary.plan))
    return [dict(each.values) for each in content.entries(section).values()]


def test_the_patient_and_the_family_land_on_their_own_pages_and_the_team_on_its_panel(
    mary: Mary, as_person: As
) -> None:
    lands = {key: as_person(key).get("/panel") for key in ("mary", "kate", "lee")}
    plan = {key: as_person(key).get(f"/plans/{mary.plan}").headers.get("location") for key in ("mary", "kate", "lee")}

    assert lands["mary"].headers["location"] == plan["mary"] == f"/plans/{mary.plan}/mine"
    assert lands["kate"].headers["location"] == plan["kate"] == f"/plans/{mary.plan}/family"
    assert (lands["lee"].status_code, plan["lee"]) == (200, None)


def test_who_helps_in_two_plans_chooses_whose_and_sees_no_clinicians_panel(mary: Mary, as_person: As) -> None:
    directory, kate = mary.world.directory, mary.people["kate"]
    other = next(plan for plan in directory.patients if plan != mary.plan)
    directory.members[other, kate.person_id] = replace(kate, plan_id=other)

    page = as_person("kate").get("/panel").text

    assert "Whose plan?" in page
    assert {f'href="/plans/{plan}/family"' for plan in (mary.plan, other)} <= set(re.findall(r'href="[^"]+"', page))
    assert "Not reconciled" not in page


def test_the_own_page_is_the_patients_alone(mary: Mary, as_person: As) -> None:
    at = f"/plans/{mary.plan}/mine"
    for key in ("kate", "lee", "ruiz"):
        person = as_person(key)
        assert person.get(at).headers["location"] == f"/plans/{mary.plan}"
        assert person.get(at + "/sheet").status_code == 404
        assert person.get(at + "/who", headers=SWAP).status_code == 404
        assert person.post(at + "/wrong", data={"words": "x"}).status_code == 403
        assert person.post(at + "/notes", data={"kind": "question", "words": "x"}).status_code == 403


def test_today_changes_goals_team_and_what_the_family_sees_are_in_order(mary: Mary, as_person: As) -> None:
    page = words_of(own_page(mary, as_person))

    order = [
        "Call 911 at once", "Medicines today", "furosemide", "Measure", "Visits", "To do", "What changed",
        "Ask or tell the team", "What matters to me", "Walking to church on Sundays", "My goals", "My team", "Ana Ruiz",
        "Who sees my plan", "What Kate Jensen sees", "This is not right", "My copy of everything",
    ]  # fmt: skip
    place = 0
    for each in order:
        place = page.index(each, place)
    assert "Your team reads this, and Kate Jensen." in page


def test_no_word_of_what_the_patient_may_not_read_is_on_the_page(mary: Mary, as_person: As) -> None:
    closed = {S.MEDICATIONS: Narrowing("none"), S.GOALS: Narrowing("none")}
    for section, declaration in SECTIONS.items():
        values: dict[str, Value] = {
            each.name: f"CANARY-{section.value.upper()}-{each.name}"
            for each in declaration.all_fields
            if each.kind is Kind.TEXT or (each.form == "line" and not each.command)
        }
        change(mary, "lee", Create(section, new_id(), {**values, "status": "active", "state": "requested"}))
    patient = mary.people["mary"]

    def found() -> set[str]:
        pages = own_page(mary, as_person) + as_person("mary").get(f"/plans/{mary.plan}/mine/sheet").text
        return {each.split("-")[0].lower() for each in re.findall(r"CANARY-([A-Z_]+-\w+)", pages)}

    before = found()
    mary.world.directory.members[mary.plan, patient.person_id] = replace(patient, consents=closed)
    after = found()

    assert before <= {each.value for each in MINE.sections}
    assert {S.GOALS, S.MEDICATIONS, S.CARE_TEAM} <= before
    assert after == before - closed.keys()
    assert "furosemide" not in own_page(mary, as_person)


def test_what_is_closed_to_the_family_is_said_on_the_patients_page(mary: Mary, as_person: As) -> None:
    kate = mary.people["kate"]
    closed = replace(kate, consents={S.GOALS: Narrowing("none"), S.CAREGIVER_LOG: Narrowing("none")})
    mary.world.directory.members[mary.plan, kate.person_id] = closed

    page = words_of(own_page(mary, as_person))

    assert "Not: Goals, Home observations and questions" in page
    assert "Your team reads this. Not for emergencies" in page


def test_the_patient_asks_the_team_and_is_told_at_once_whom_to_call_where_words_are_alarming(
    mary: Mary, as_person: As
) -> None:
    browser, at = as_person("mary"), f"/plans/{mary.plan}/mine/notes"

    sent = browser.post(at, data={"kind": "question", "words": "May I walk to church?"})
    alarming = browser.post(at, data={"kind": "concern", "words": "I have chest pain"}, headers=SWAP)

    assert sent.headers["location"] == f"/plans/{mary.plan}/mine?done=notes#notes"
    assert "May I walk to church?" in own_page(mary, as_person)
    assert "call 911 at once" in alarming.text
    assert "May I walk to church?" in as_person("lee").get(f"/plans/{mary.plan}").text


def test_what_matters_and_ones_own_goals_are_said_anew_and_others_goals_are_not(mary: Mary, as_person: As) -> None:
    browser, at = as_person("mary"), f"/plans/{mary.plan}/mine"
    change(mary, "lee", Create(S.GOALS, goal := new_id(), {"description": "A1c below 7", "status": "active"}))

    said = browser.post(f"{at}/words/matters/{mary.entries['about']}", data={"words": "My garden.", "was": ""})
    added = browser.post(f"{at}/goals", data={"kind": "goal", "words": "Plant <b>beans</b>"})
    empty = browser.post(f"{at}/words/matters/{mary.entries['about']}", data={"words": " ", "was": "My garden."})
    other = browser.post(f"{at}/words/goal/{goal}", data={"words": "Beans", "was": "A1c below 7"})

    page = own_page(mary, as_person)
    assert (said.status_code, added.status_code) == (303, 303)
    assert "My garden." in page
    assert "Plant &lt;b&gt;beans&lt;/b&gt;" in page
    assert (empty.status_code, "What matters most is needed." in empty.text) == (422, True)
    assert other.status_code == 403
    assert browser.post(f"{at}/words/staff/{goal}", data={"words": "x"}).status_code == 404


def test_a_dose_is_said_in_one_tap_and_said_anew_and_the_team_sees_what_was_missed(mary: Mary, as_person: As) -> None:
    pill = mary.entries["furosemide"]
    browser, at = as_person("mary"), f"/plans/{mary.plan}/mine/doses/{pill}"
    time = re.search(rf'action="{at}".*?name="time" value="([^"]+)"', own_page(mary, as_person), re.DOTALL)
    assert time is not None

    taken = browser.post(at, data={"time": time[1], "said": "taken"})
    again = browser.post(at, data={"time": time[1], "said": "taken"}, headers=SWAP)
    assert "not taken as prescribed" not in as_person("lee").get(f"/plans/{mary.plan}").text
    missed = browser.post(at, data={"time": time[1], "said": "not taken", "why": "I felt <i>dizzy</i>."}, headers=SWAP)

    assert (taken.status_code, again.text, missed.text) == (303, "Sent.", "Sent.")
    page = own_page(mary, as_person)
    assert re.search(r'data-said="not taken"><b>Not taken</b>.*I felt &lt;i&gt;dizzy', page)
    form = page.split(f'action="{at}"')[1].split("</form>")[0]
    assert re.findall(r'name="said" value="([^"]+)"', form)[0] == "not taken", "Enter says nothing else"
    assert "1 of 1 dose not taken as prescribed" in as_person("lee").get(f"/plans/{mary.plan}").text
    assert "Not taken" in words_of(as_person("kate").get(f"/plans/{mary.plan}/family").text)
    assert as_person("lee").post(at, data={"time": time[1], "said": "taken"}).status_code == 403
    assert browser.post(at, data={"time": "noon at sea", "said": "taken"}).status_code == 409
    assert browser.post(at, data={"time": time[1], "said": "perhaps"}).status_code == 422


def test_what_is_not_right_is_a_task_of_the_steward_with_a_day_once(mary: Mary, as_person: As) -> None:
    browser, at = as_person("mary"), f"/plans/{mary.plan}/mine/wrong"
    lee = mary.people["lee"].person_id
    values: dict[str, Value] = {"person": lee, "role": "primary care", "accepted": "yes", "position": -1.0}
    change(mary, "lee", Create(S.CARE_TEAM, new_id(), {**values, "status": "active", "steward": "no"}))
    told = {"words": "I never took ibuprofen.", "related": mary.entries["furosemide"]}

    assert browser.post(at, data=told).status_code == 303
    assert browser.post(at, data=told, headers=SWAP).text == "Sent."
    assert browser.post(at, data={"words": " "}).status_code == 422

    (task,) = [each for each in entries_of(mary, S.TASKS) if words(each, "title").startswith("Correction asked")]
    assert task["title"] == "Correction asked by the patient: furosemide"
    assert task["owner"] == mary.people["ruiz"].person_id
    assert task["due"] == "2026-12-07", "ten business days, Thanksgiving left out"
    assert task["state"] == "requested"
    page = words_of(own_page(mary, as_person))
    assert "I never took ibuprofen." in page
    assert "Ana Ruiz looks into it, by 7 December 2026." in page
    family = html.unescape(as_person("kate").get(f"/plans/{mary.plan}/family").text)
    assert "I never took ibuprofen." not in family


def test_the_page_speaks_spanish_and_weighs_at_most_forty_kilobytes(mary: Mary, as_person: As) -> None:
    browser = as_person("mary")
    page = browser.get(f"/plans/{mary.plan}/mine")
    files = [
        ROOT / "static" / name for name in ("family.css", "mine.css", "dist/family.js", "dist/away.js", "icon.svg")
    ]
    weight = sum(len(gzip.compress(each)) for each in (page.content, *(path.read_bytes() for path in files)))
    browser.cookies.set("language", "es")
    spanish = words_of(browser.get(f"/plans/{mary.plan}/mine").text)

    assert weight <= 40_000
    assert "Lo que más me importa" in spanish or "importa" in spanish
    assert "Quién ve mi plan" in spanish
    assert MINE.roles == {Role.PATIENT}
    for english in ("My team", "This is not right", "Who sees my plan", "My goals"):
        assert english not in spanish
