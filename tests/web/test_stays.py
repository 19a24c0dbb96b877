"""Moves between places of care, recorded on a page."""

import asyncio
import re

import pytest

from crdt.sections import Section
from tests.web.conftest import As
from tests.web.mary import Mary


def stays(mary: Mary) -> list[dict[str, object]]:
    content = asyncio.run(mary.world.plans.content(mary.plan))
    return [dict(each.values) for each in content.entries(Section.TRANSITIONS).values()]


@pytest.mark.parametrize("key", ["ruiz", "lee"])
def test_a_stay_begins_and_ends_by_two_forms_and_the_second_knows_which(mary: Mary, as_person: As, key: str) -> None:
    browser, at = as_person(key), f"/plans/{mary.plan}/stays"
    before = len(stays(mary))
    came = {"facility": "Northside General", "setting": "inpatient", "start": "2026-11-20T08:00"}

    first = browser.post(f"{at}/came", data=came)
    form = browser.get(f"{at}/home").text
    home = {"destination": "home", "end": "2026-11-21T07:00", "visit_days": "7", "pending": "TSH, blood  culture"}
    second = browser.post(f"{at}/home", data=home)

    assert (first.status_code, second.status_code) == (303, 303)
    assert not re.search(r'name="facility"', form), "the stay that goes on is the one that ends"
    (added,) = stays(mary)[before:]
    assert added["pending_results"] == {"TSH": True, "blood culture": True}
    assert (added["event"], added["contact_due"], added["visit_due"]) == ("discharged", "2026-11-24", "2026-11-28")


def test_an_hour_that_comes_twice_is_asked_for_and_one_that_the_clock_jumps_over_is_refused(
    mary: Mary, as_person: As
) -> None:
    mary.world.plans.zones.know("America/New_York", {})
    browser, at = as_person("ruiz"), f"/plans/{mary.plan}/stays/came"
    came = {"facility": "Northside General", "setting": "inpatient"}

    jumped = browser.post(at, data={**came, "start": "2026-03-08T02:30"})
    twice = browser.post(at, data={**came, "start": "2026-11-01T01:30"})
    said = browser.post(at, data={"setting": "inpatient", "start": "2026-11-01T01:30", "which.start": "second"})
    done = browser.post(at, data={**came, "start": "2026-11-01T01:30", "which.start": "second"})

    assert (jumped.status_code, twice.status_code, said.status_code) == (422, 422, 422)
    assert "There is no 02:30 on 08-Mar-2026" in jumped.text
    assert "which.start" not in jumped.text
    assert "comes twice" in twice.text
    assert "By the clock of New York." in twice.text
    assert re.search(r'name="which.start" value="first">01:30 EDT', twice.text)
    assert re.search(r'name="which.start" value="second" checked>01:30 EST', said.text), "the choice is kept"
    assert done.status_code == 303
    assert stays(mary)[-1]["start"] == "2026-11-01T06:30:00+00:00"


def test_what_is_missing_is_said_beside_its_field_with_what_was_typed(mary: Mary, as_person: As) -> None:
    answer = as_person("ruiz").post(f"/plans/{mary.plan}/stays/came", data={"facility": "St. <b>Mary</b>"})

    assert answer.status_code == 422
    assert "St. &lt;b&gt;Mary&lt;/b&gt;" in answer.text
    assert "Enter when it began." in answer.text


def test_who_may_record_no_stay_is_shown_no_form_and_an_unknown_move_is_not_there(mary: Mary, as_person: As) -> None:
    assert as_person("kate").get(f"/plans/{mary.plan}/stays/came").status_code == 403
    assert as_person("kate").post(f"/plans/{mary.plan}/stays/came", data={"facility": "x"}).status_code == 403
    assert as_person("ruiz").get(f"/plans/{mary.plan}/stays/vanished").status_code == 404


def test_the_way_home_is_one_page_from_which_an_attempt_is_logged_and_to_which_one_comes_back(
    mary: Mary, as_person: As
) -> None:
    content = asyncio.run(mary.world.plans.content(mary.plan))
    (stay,) = [
        each.id for each in content.entries(Section.TRANSITIONS).values() if each.values["event"] == "discharged"
    ]
    at, act = f"/plans/{mary.plan}/coming-home/{stay}", f"/plans/{mary.plan}/entries/transitions/{stay}"
    kim = as_person("ruiz")

    asked = kim.post(f"{act}/transition.check", data={"item": "equipment", "state": "seen to", "words": "Has a cuff.",
                                                      "returns": "loop"})  # fmt: skip
    tried = kim.post(f"{act}/transition.attempt", data={"reached": "no", "how": "telephone", "note": "No answer."})
    kim.post(f"{act}/transition.take", data={"clock": "visit"})
    page = kim.get(at).text

    assert (asked.status_code, tried.status_code) == (303, 303)
    assert asked.headers["location"].startswith(at), "one comes back to the list"
    for told in ("Has a cuff.", "No answer.", "not reached", "accepted", "1 of 5 done", "MLN908628"):
        assert told in page, told
    assert "After coming home" in kim.get("/work").text
    assert as_person("kate").get(at).status_code == 200, "the family sees how it stands"
    assert "transition.check" not in as_person("kate").get(at).text
    assert kim.get(f"/plans/{mary.plan}/coming-home/{mary.plan}").status_code == 404


def test_a_handoff_is_written_given_read_back_on_its_page_and_keeps_what_was_typed(mary: Mary, as_person: As) -> None:
    stay = next(iter(asyncio.run(mary.world.plans.content(mary.plan)).entries(Section.TRANSITIONS)))
    at = f"/plans/{mary.plan}/handoff/{stay}"
    ruiz, lee = as_person("ruiz"), as_person("lee")
    typed = {
        "severity": "watcher",
        "summary": "Home on day 3.",
        "actions": "Call her\nINR",
        "contingency": "Fever: call.",
    }

    half = ruiz.post(f"{at}/write", data={**typed, "contingency": ""})
    early = ruiz.post(f"{at}/give")
    assert (half.status_code, early.status_code) == (303, 409)
    assert "Write what to watch for" in early.text
    assert ruiz.post(f"{at}/write", data=typed).status_code == 303
    assert ruiz.post(f"{at}/give").status_code == 303
    assert "Read back and accept" not in ruiz.get(at).text, "who gave it does not accept it"
    assert "Read back and accept" in lee.get(at).text
    day = {"steps.0.owner": mary.people["ruiz"].person_id, "steps.0.due": "2026-11-30", "steps.1.due": "2026-11-30"}
    chosen = {**day, "steps.0.title": "Call her", "steps.1.owner": mary.people["lee"].person_id}
    refused = lee.post(f"{at}/accept", data={**chosen, "synthesis": " "})
    assert refused.status_code == 422
    assert 'value="Call her" checked' in refused.text
    taken = lee.post(f"{at}/accept", data={**chosen, "synthesis": "Ana calls her; I look at the INR."})
    assert taken.status_code == 303

    page = lee.get(at).text
    assert "Read back and accepted." in page
    assert "Ana calls her; I look at the INR." in page
    tasks = asyncio.run(mary.world.plans.content(mary.plan)).entries(Section.TASKS).values()
    assert [each.values["title"] for each in tasks if each.values["title"] in ("Call her", "INR")] == ["Call her"]
    assert as_person("kate").post(f"{at}/write", data=typed).status_code == 403
