"""Questions on the team's pages and on those at home: who reads, by when, who sees, and how they end."""

import re

import pytest

from auth.roles import Narrowing
from crdt.sections import Section
from hub.workflows.contents import words
from tests.web.conftest import As
from tests.web.fakes import NOW
from tests.web.mary import Mary
from tests.web.test_family import SWAP

LOG = Section.CAREGIVER_LOG


def newest(mary: Mary) -> tuple[str, dict[str, object]]:
    """The id and the values of the note that was made last."""
    entries = mary.world.plans._contents[mary.plan].entries(LOG)
    last = max(entries)
    return last, dict(entries[last].values)


def test_the_page_at_home_says_who_reads_and_by_when_and_sends_it_there(mary: Mary, as_person: As) -> None:
    kate, at = as_person("kate"), f"/plans/{mary.plan}/family"
    page = kate.get(at).text
    assert "Medicines: Ana Ruiz, by 23 November 2026, 4:00 in the afternoon" in page
    assert "A worry: Ana Ruiz, by 23 November 2026, 12:00 noon." in page
    assert "Your team reads this, and Mary Jensen." in page
    assert "Only the team reads this, not" not in page, "Mary has not agreed to that"
    tan = mary.people["tan"].person_id
    assert f'<option value="person:{tan}"' in kate.get(f"{at}?to=one").text

    kate.post(at + "/notes", data={"kind": "question", "words": "With milk?", "whom": f"person:{tan}"}, headers=SWAP)

    entry, values = newest(mary)
    assert (values["to"], values["asked_from"], values["readers"]) == (tan, "home", "everyone")
    assert "Waits for an answer from Wei Tan, by" in kate.get(at).text
    tan_page = as_person("tan")
    assert "With milk?" in tan_page.get("/work").text
    assert tan_page.post(f"/plans/{mary.plan}/questions/{entry}", data={"answer": "Yes."}).status_code == 303
    kate.post(f"{at}/notes/{entry}/reply", data={"words": "Warm milk?"}, headers=SWAP)
    assert re.search(r"With milk\?.*Yes\..*Warm milk\?", kate.get(at).text, re.DOTALL)
    tan_page.post(f"/plans/{mary.plan}/questions/{entry}", data={"answer": "Warm as well.", "seen": "3"})
    assert "This answers it" in kate.get(at).text
    assert kate.post(f"{at}/notes/{entry}/accept", headers=SWAP).status_code == 200
    assert "Ended: it is answered." in kate.get(at).text
    assert kate.post(f"{at}/notes/{entry}/reply", data={"words": "More"}, headers=SWAP).status_code == 409


def test_words_to_the_team_alone_stay_from_the_patients_page_plan_and_history(mary: Mary, as_person: As) -> None:
    kate = mary.people["kate"]
    agreed = {LOG: Narrowing("granted", None)}
    mary.world.directory.members[mary.plan, kate.person_id] = type(kate)(
        kate.person_id, kate.plan_id, kate.name, kate.role, kate.profession, kate.since, consents=agreed
    )
    browser, at = as_person("kate"), f"/plans/{mary.plan}/family"
    assert "Only the team reads this, not Mary Jensen." in browser.get(at).text

    sent = {"kind": "concern", "words": "I shouted at her", "readers": "the team alone"}
    assert browser.post(at + "/notes", data=sent, headers=SWAP).status_code == 200

    entry, _values = newest(mary)
    patient, nurse = as_person("mary"), as_person("ruiz")
    for page in ("/mine", "?view=whole", "/history", "/sections/caregiver_log", f"/entries/caregiver_log/{entry}"):
        assert "I shouted" not in patient.get(f"/plans/{mary.plan}{page}").text, page
    for page in (f"/questions/{entry}", "?view=whole", "/history"):
        assert "I shouted" in nurse.get(f"/plans/{mary.plan}{page}").text, page
    assert "Only the team and Kate Jensen read this." in nurse.get(f"/plans/{mary.plan}/questions/{entry}").text
    assert "I shouted" in browser.get(at).text


def test_one_of_the_team_asks_another_or_somebody_at_home_and_is_told_who_reads_it(mary: Mary, as_person: As) -> None:
    okafor, new = as_person("okafor"), f"/plans/{mary.plan}/questions"
    page = okafor.get(f"{new}/new?about={mary.entries['aspirin']}").text
    assert "About aspirin" in page
    assert "Ana Ruiz reads it and answers by 23-Nov-2026 16:00." in page
    assert "The team reads this, and Mary Jensen, Kate Jensen." in page
    lost = okafor.post(new, data={"words": "Kept words", "whom": "person:nobody"})
    assert (lost.status_code, "Kept words" in lost.text) == (422, True)

    asked = okafor.post(new, data={"words": "Is it enough?", "whom": "medicines", "about": mary.entries["aspirin"]})

    entry, values = newest(mary)
    assert asked.headers["location"].endswith(entry)
    assert (values["readers"], values["related"]) == ("the team alone", mary.entries["aspirin"])
    assert "Is it enough?" not in as_person("mary").get(f"/plans/{mary.plan}/mine").text
    assert "Is it enough?" in as_person("ruiz").get("/work").text
    okafor.post(new, data={"words": "How are you?", "whom": f"person:{mary.people['mary'].person_id}"})
    home = as_person("mary").get(f"/plans/{mary.plan}/mine").text
    assert "How are you?" in home
    assert "The team asks you, and waits for your answer." in home


def test_dangerous_words_answer_at_once_and_a_refused_reply_keeps_its_words(mary: Mary, as_person: As) -> None:
    kate, at = as_person("kate"), f"/plans/{mary.plan}/family/notes"
    kate.post(at, data={"kind": "question", "words": "May she walk?"}, headers=SWAP)
    entry, _values = newest(mary)

    told = kate.post(f"{at}/{entry}/reply", data={"words": "She has chest pain now"}, headers=SWAP)
    assert "911" in told.text
    assert "These words may mean an emergency" in as_person("lee").get(f"/plans/{mary.plan}/questions/{entry}").text
    kept = kate.post(f"{at}/{entry}/reply", data={"words": " "})
    assert (kept.status_code, "Write your answer." in kept.text) == (422, True)
    assert as_person("lee").post(f"{at}/{entry}/reply", data={"words": "x"}).status_code == 403


def test_a_call_and_a_task_end_it_from_its_own_page(mary: Mary, as_person: As) -> None:
    kate, ruiz = as_person("kate"), as_person("ruiz")
    kate.post(f"/plans/{mary.plan}/family/notes", data={"kind": "question", "words": "May she drive?"}, headers=SWAP)
    entry, _values = newest(mary)
    path = f"/plans/{mary.plan}/entries/caregiver_log/{entry}"

    sent = {"said": "Not yet.", "spoken_with": "Kate", "returns": "loop"}
    ended = ruiz.post(f"{path}/question.phone", data=sent)

    assert ended.headers["location"].startswith(f"/plans/{mary.plan}/questions/{entry}")
    assert "Ended: answered by telephone, says Ana Ruiz." in ruiz.get(f"/plans/{mary.plan}/questions/{entry}").text
    assert words(newest(mary)[1], "answer") == f"By telephone with Kate, 21-Nov-2026 {NOW:%H:%M}: Not yet."  # type: ignore[arg-type]


@pytest.mark.parametrize("person", ["mary", "kate"])
def test_whoever_is_at_home_is_led_to_their_own_page(mary: Mary, as_person: As, person: str) -> None:
    answer = as_person(person).get(f"/plans/{mary.plan}/questions/new?about={mary.entries['aspirin']}")

    assert answer.headers["location"].endswith(f"about={mary.entries['aspirin']}#notes")
