"""The family's page: whom it is for, what is on it and what never is, its forms, languages, weight and sheet."""

import asyncio
import html
import re
from dataclasses import replace
from pathlib import Path

import pytest

from auth.roles import Narrowing
from crdt.changes import Assign, Create, Rewrite
from crdt.fields import Kind, Value
from crdt.sections import SECTIONS, Section
from hub.ids import new_id
from hub.record.journal import Act, Action
from tests.web.conftest import As
from tests.web.mary import Mary
from web.rendering import SPOKEN
from web.views.family import SECTIONS_SHOWN

ROOT = Path(__file__).resolve().parents[2]
SWAP = {"hx-request": "true"}
DOORS = (
    *sorted(SPOKEN),
    *("layout.html", "parts/cover.html", "parts/passkey_offer.html", "parts/session_left.html"),
    *("reminders/sent.html", "sharing/visits.html"),
)
"""Pages that speak the language of who comes, before one is signed in and after."""
S = Section
FAMILY_COMMANDS = ("task.accept", "task.complete", "reading.record", "reading.mark_error", "medication.say_taken")
"""What forms of the page ask for, beside a new entry."""


def family_page(mary: Mary, as_person: As, key: str = "kate") -> str:
    answer = as_person(key).get(f"/plans/{mary.plan}/family")
    assert answer.status_code == 200
    return answer.text


def change(mary: Mary, by: str, *changes: Assign | Rewrite | Create) -> None:
    asyncio.run(mary.world.plans.change(mary.plan, mary.people[by], changes))


def words_of(page: str) -> str:
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)))


def test_the_family_is_sent_to_its_own_page_and_others_are_not(mary: Mary, as_person: As) -> None:
    kate = as_person("kate").get(f"/plans/{mary.plan}")

    assert (kate.status_code, kate.headers["location"]) == (303, f"/plans/{mary.plan}/family")
    assert as_person("lee").get(f"/plans/{mary.plan}").status_code == 200


def test_emergency_and_call_lines_come_first_then_medicines(mary: Mary, as_person: As) -> None:
    page = words_of(family_page(mary, as_person))

    order = [
        "Call 911 at once",
        "Call 555-0100 now.",
        "Medicines today",
        "furosemide",
        "Measure",
        "To do",
        "Whom to call",
    ]
    places = [page.index(each) for each in order]
    assert places == sorted(places)
    assert page.index("Call the team") < page.index("Call 555-0100 now.") < page.index("Medicines today")


def test_a_changed_dose_stands_beside_the_one_before(mary: Mary, as_person: As) -> None:
    assert "furosemide 80 mg was 40 mg" in words_of(family_page(mary, as_person))


def test_a_stop_is_told_however_often_the_plan_was_read_since(mary: Mary, as_person: As) -> None:
    """Thirty visits of a team write a thousand rows; the order to stop a medicine stays on the page."""
    change(mary, "lee", Assign(S.MEDICATIONS, mary.entries["furosemide"], "taking", "stopped"))
    reads = [
        Act(plan=mary.plan, actor=mary.people["lee"].person_id, action=Action.READ, section=S.GOALS)
        for _ in range(1_000)
    ]

    async def read() -> None:
        async with mary.world.journal.exclusively(mary.plan) as turn:
            await turn.append(reads)

    def told() -> bool:
        page = words_of(family_page(mary, as_person))
        sheet = words_of(as_person("kate").get(f"/plans/{mary.plan}/family/sheet").text)
        orders = ["Do not take any more furosemide" in each for each in (page, sheet)]
        assert orders == ["Stop taking furosemide." in page] * 2
        return orders[0]

    asyncio.run(read())
    assert told()
    mary.world.clock.pass_by(days=200)
    assert told(), "nobody at home has seen it yet"
    seq = re.search(r'name="seq" value="(\d+)"', family_page(mary, as_person))
    assert seq is not None
    as_person("kate").post(f"/plans/{mary.plan}/family/seen", data={"seq": seq[1]})
    assert not told(), "seen, and older than thirty days"


def test_a_stop_that_was_seen_is_told_for_thirty_days_all_the_same(mary: Mary, as_person: As) -> None:
    change(mary, "lee", Assign(S.MEDICATIONS, mary.entries["furosemide"], "taking", "stopped"))
    as_person("kate").post(f"/plans/{mary.plan}/family/seen", data={"seq": "999999"})

    mary.world.clock.pass_by(days=29)
    assert "Do not take any more furosemide" in words_of(family_page(mary, as_person))
    mary.world.clock.pass_by(days=2)
    assert "Do not take any more furosemide" not in words_of(family_page(mary, as_person))


def test_a_danger_is_told_in_the_readers_language_on_the_page_and_on_the_sheet(mary: Mary, as_person: As) -> None:
    given: dict[str, Value] = {"kind": "medicine", "frequency": "twice daily", "taking": "active", "status": "active"}
    warfarin, ibuprofen = new_id(), new_id()
    change(mary, "lee", Create(S.MEDICATIONS, warfarin, {**given, "name": "warfarin", "dose": "5 mg"}))
    change(mary, "lee", Create(S.MEDICATIONS, ibuprofen, {**given, "name": "ibuprofen", "dose": "400 mg"}))
    told = {
        "en": "Ask before you take this: Ibuprofen makes dangerous bleeding more likely while warfarin is taken.",
        "es": "Pregunte antes de tomarlo: Ibuprofen hace más probable un sangrado peligroso mientras se toma warfarin.",
    }
    for tag, sentence in told.items():
        kate = as_person("kate")
        kate.cookies.set("language", tag)
        for at in ("family", "family/sheet"):
            page = words_of(kate.get(f"/plans/{mary.plan}/{at}").text)
            assert sentence in page
            assert not any(other in page for language, other in told.items() if language != tag)


@pytest.mark.parametrize(
    ("section", "said", "never"),
    [
        (S.MEDICATIONS, "Medicines and allergies are not shared with you.", "No medicines are recorded"),
        (S.MONITORING, "What the team wrote for this is not shared with you.", "has written nothing more"),
        (S.REFERRALS, "Visits are not shared with you.", "No visits are planned."),
        (S.TASKS, "Tasks are not shared with you.", "Nothing is open for you."),
    ],
)
def test_what_is_hidden_is_said_to_be_hidden_and_never_to_be_none(
    mary: Mary, as_person: As, section: Section, said: str, never: str
) -> None:
    kate = replace(mary.people["kate"], consents={section: Narrowing("none")})
    mary.world.directory.members[mary.plan, kate.person_id] = kate
    pages = [family_page(mary, as_person), as_person("kate").get(f"/plans/{mary.plan}/family/sheet").text]

    assert said in words_of(pages[0])
    for page in pages:
        assert never not in words_of(page)


def test_a_note_that_may_mean_an_emergency_is_answered_at_once_with_whom_to_call(mary: Mary, as_person: As) -> None:
    kate, at = as_person("kate"), f"/plans/{mary.plan}/family/notes"

    live = kate.post(at, data={"kind": "question", "words": "She has chest pain right now"}, headers=SWAP)
    plain = kate.post(at, data={"kind": "concern", "words": "She says she wants to die"})
    shown = kate.get(plain.headers["location"].split("#")[0])

    assert "call 911 at once" in live.text
    assert "988" in words_of(shown.text)


def test_where_plain_words_are_missing_the_page_says_so_and_shows_no_clinical_text(mary: Mary, as_person: As) -> None:
    change(mary, "lee", Rewrite(S.MEDICATIONS, mary.entries["aspirin"], "instructions", "CLINICAL-CANARY"))
    page = family_page(mary, as_person)

    assert "The team has not put this in plain words yet." in page
    assert "CLINICAL-CANARY" not in page
    assert "Ejection fraction" not in page
    asked = re.search(r'href="(\?about=[^"]+#ask)"', page)
    assert asked is not None
    form = as_person("kate").get(f"/plans/{mary.plan}/family{asked[1].split('#')[0]}").text
    assert "About " in form
    assert 'name="related"' in form


def test_plain_words_older_than_the_dose_are_marked_for_family_and_staff_until_said_anew(
    mary: Mary, as_person: As
) -> None:
    pill = mary.entries["furosemide"]
    change(mary, "lee", Rewrite(S.MEDICATIONS, pill, "plain_words", "Water pill."))
    mary.world.clock.pass_by(hours=1)
    assert "Out of date" not in family_page(mary, as_person)
    change(mary, "lee", Assign(S.MEDICATIONS, pill, "dose", "20 mg"))

    assert "Out of date: this was changed" in family_page(mary, as_person)
    at = f"/plans/{mary.plan}/entries/medications/{pill}"
    assert "Plain words out of date" in as_person("tan").get(at, headers=SWAP).text
    mary.world.clock.pass_by(hours=1)
    change(mary, "lee", Rewrite(S.MEDICATIONS, pill, "plain_words", "Water pill, half of it."))
    assert "Out of date" not in family_page(mary, as_person)
    assert "Plain words out of date" not in as_person("tan").get(at, headers=SWAP).text


@pytest.mark.parametrize("key", ["kate", "mary", "lee", "tan", "okafor"])
def test_no_word_of_what_a_relative_may_not_read_is_on_the_page(key: str, mary: Mary, as_person: As) -> None:
    for section, declaration in SECTIONS.items():
        values: dict[str, Value] = {
            each.name: f"CANARY-{section.value.upper()}-{each.name}"
            for each in declaration.all_fields
            if each.kind is Kind.TEXT or (each.form == "line" and not each.command)
        }
        hidden = {"family_visible": "no"} if section is S.TASKS else {}
        whole = {**values, "status": "active", "state": "requested", **hidden}
        change(mary, "lee", Create(section, new_id(), whole))
    context = as_person(key)
    everything = family_page(mary, as_person, key) + context.get(f"/plans/{mary.plan}/family/sheet").text

    found = {each.split("-")[0].lower() for each in re.findall(r"CANARY-([A-Z_]+-\w+)", everything)}
    assert S.STAFF_NOTES.value not in found
    assert found <= {each.value for each in SECTIONS_SHOWN} - {S.TASKS.value}
    assert found, "the canaries of open sections are there, so the search sees what it should"
    assert not re.search(r"CANARY-\w+-(handoff_summary|summary|question|instructions|answer_team|barriers)", everything)


def test_a_section_that_consent_hides_leaves_no_trace(mary: Mary, as_person: As) -> None:
    kate = mary.people["kate"]
    hides = {each: Narrowing("none") for each in (S.MEDICATIONS, S.CARE_TEAM, S.ABOUT_ME)}
    mary.world.directory.members[mary.plan, kate.person_id] = replace(kate, consents=hides)
    page = family_page(mary, as_person) + as_person("kate").get(f"/plans/{mary.plan}/family/sheet").text

    for word in ("furosemide", "penicillin", "555-0142"):
        assert word not in page
    rows = asyncio.run(mary.world.journal.history(mary.plan, limit=100))
    read = {row.section for row in rows if row.action == "read" and row.actor == kate.person_id}
    assert read.isdisjoint(hides)
    assert S.TASKS in read


def test_a_question_about_what_one_may_not_see_does_not_name_it(mary: Mary, as_person: As) -> None:
    at = f"/plans/{mary.plan}/family?about="

    assert "Call cardiology" not in as_person("kate").get(at + mary.entries["call"]).text
    assert "About furosemide" in as_person("kate").get(at + mary.entries["furosemide"]).text


def test_a_preview_is_of_one_relative_for_those_who_settle_access(mary: Mary, as_person: As) -> None:
    kate = mary.people["kate"].person_id
    task, values = new_id(), {"title": "Fetch the new scale", "owner": kate, "state": "accepted", "status": "active"}
    change(mary, "ruiz", Create(S.TASKS, task, {**values, "requester": mary.people["ruiz"].person_id}))
    at = f"/plans/{mary.plan}/family"

    hers = as_person("ruiz").get(f"{at}?as={kate}").text
    anyones = as_person("ruiz").get(at).text
    strangers = as_person("tan").get(f"{at}?as={kate}").text
    nobodys = as_person("ruiz").get(f"{at}?as={mary.people['lee'].person_id}").text

    assert "You see the page of Kate Jensen (daughter)." in html.unescape(hers)
    assert "Fetch the new scale" in hers
    assert "I will do it" not in hers
    for page in (anyones, strangers, nobodys):
        assert "You see the page of" not in page
        assert "Fetch the new scale" not in page.split('id="changes"')[0]


def test_a_preview_shows_no_more_than_both_may_see_and_sends_nothing(mary: Mary, as_person: As) -> None:
    doctor = as_person("lee")
    page = doctor.get(f"/plans/{mary.plan}/family").text

    assert "This is a preview" in page
    assert 'class="send' not in page
    assert "Call cardiology for the echo report" not in page
    at = f"/plans/{mary.plan}/family/notes"
    for key in ("lee", "cole", "mary"):
        assert as_person(key).post(at, data={"kind": "question", "words": "x"}).status_code == 403


def test_neither_number_nor_family_name_is_on_the_sheet(mary: Mary, as_person: As) -> None:
    sheet = as_person("kate").get(f"/plans/{mary.plan}/family/sheet").text
    page = family_page(mary, as_person)

    assert "Mary's plan" in html.unescape(sheet)
    assert "Printed 21 November 2026, 8:30 in the morning. Old after 28 November 2026." in sheet
    assert 'src="data:image/svg+xml' in sheet
    for each in (sheet, page):
        assert "129 728" not in each
        assert "1945" not in each
    assert "Jensen" not in words_of(sheet).replace("Kate Jensen", "")


def test_a_reading_is_added_by_a_plain_form_and_refused_with_what_was_typed(mary: Mary, as_person: As) -> None:
    kate, entry = as_person("kate"), mary.entries["weight"]
    at = f"/plans/{mary.plan}/family/readings/{entry}"

    done = kate.post(at, data={"value": "73,9"})
    wrong = kate.post(at, data={"value": "<b>much</b>"})

    to = f"/plans/{mary.plan}/family?done=measure&entry={entry}#measure"
    assert (done.status_code, done.headers["location"]) == (303, to)
    assert "Sent. This is in the green zone." in kate.get(to).text
    assert "Last: 73.9 kg" in family_page(mary, as_person)
    assert wrong.status_code == 422
    assert 'value="&lt;b&gt;much&lt;/b&gt;"' in wrong.text
    assert "for example 72.5" in wrong.text


def test_a_red_reading_is_told_at_once_to_who_sent_it_with_what_to_do_and_whom_to_call(
    mary: Mary, as_person: As
) -> None:
    kate, at = as_person("kate"), f"/plans/{mary.plan}/family/readings/{mary.entries['weight']}"

    told = kate.post(at, data={"value": "76.4"}, headers=SWAP).text
    in_spanish = as_person("kate")
    in_spanish.cookies.set("language", "es")

    assert told.startswith("Sent. This is in the red zone. Call 555-0100 now. Call the team now: ")
    assert told.endswith("If it gets worse, call 911.")
    assert "Red zone." in family_page(mary, as_person)
    page = words_of(as_person("ruiz").get(f"/plans/{mary.plan}").text)
    assert "76.4 kg, 2.3 higher in" in page
    assert "red since" in page
    answer = in_spanish.post(at, data={"value": "76.5"}, headers=SWAP).text
    assert answer.startswith("Enviado. Está en la zona roja.")


def test_an_unlikely_reading_is_asked_about_and_an_impossible_one_refused(mary: Mary, as_person: As) -> None:
    kate, at = as_person("kate"), f"/plans/{mary.plan}/family/readings/{mary.entries['weight']}"

    asked = kate.post(at, data={"value": "164"}, headers=SWAP)
    plain = kate.post(at, data={"value": "164"})
    impossible = kate.post(at, data={"value": "0"}, headers=SWAP)
    pounds = kate.post(at, data={"value": "164 lb"}, headers=SWAP)
    sure = kate.post(at, data={"value": "84", "sure": "84"}, headers=SWAP)

    assert (asked.status_code, asked.headers["asks"]) == (422, "sure")
    assert "If it is 164 lb, type the unit" in asked.text
    assert re.search(r'<label class="sure" hx-morph-skip><input type="checkbox" name="sure" value="164"', plain.text)
    assert (impossible.status_code, "asks" in impossible.headers) == (422, False)
    assert "164 lb is 74.39 kg." in pounds.text
    assert sure.status_code == 200


def test_who_sent_a_reading_takes_it_back_and_it_stands_struck_through(mary: Mary, as_person: As) -> None:
    kate = as_person("kate")
    kate.post(f"/plans/{mary.plan}/family/readings/{mary.entries['weight']}", data={"value": "76.4"})
    back = re.search(r'action="([^"]+/error)"', family_page(mary, as_person))
    assert back is not None

    assert kate.post(back[1]).status_code == 303

    page = family_page(mary, as_person)
    assert "<s>76.4 kg</s>" in page
    assert "Last: 74.6 kg" in page
    assert "Red zone." not in page


def test_a_letter_sent_again_after_a_lost_answer_is_taken_as_sent(mary: Mary, as_person: As) -> None:
    kate, at = as_person("kate"), f"/plans/{mary.plan}/family/notes"
    letter = {"kind": "question", "words": "May she drive?", "when": "2026-11-21T08:00:00+00:00"}

    answers = [kate.post(at, data=letter, headers=SWAP) for _ in range(2)]

    assert [(each.status_code, each.text) for each in answers] == [(200, "Sent.")] * 2
    assert family_page(mary, as_person).count("May she drive?") == 1


def test_an_answer_of_the_team_stands_under_the_question(mary: Mary, as_person: As) -> None:
    asked = mary.entries["question"]
    assert "Waits for an answer" in family_page(mary, as_person)
    doctor = as_person("lee")
    doctor.post(f"/plans/{mary.plan}/entries/caregiver_log/{asked}/question.answer", data={"answer": "No, sit up."})

    page = words_of(family_page(mary, as_person))

    assert page.index("three pillows") < page.index("No, sit up. Dr Mina Lee")
    assert "The team has answered" in page


def test_a_task_is_taken_on_and_done_and_nobody_elses_can_be(mary: Mary, as_person: As) -> None:
    kate, task = mary.people["kate"], new_id()
    values: dict[str, Value] = {
        "title": "Fill the pill box",
        "owner": kate.person_id,
        "state": "requested",
        "status": "active",
    }
    change(
        mary, "ruiz", Create(S.TASKS, task, {**values, "due": "2026-11-22", "requester": mary.people["ruiz"].person_id})
    )
    browser, at = as_person("kate"), f"/plans/{mary.plan}/family/tasks"
    assert "I will do it" in family_page(mary, as_person)

    assert browser.post(f"{at}/{task}/accept").status_code == 303
    assert browser.post(f"{at}/{task}/complete").status_code == 303
    assert browser.post(f"{at}/{task}/complete").status_code == 409
    assert browser.post(f"{at}/{mary.entries['call']}/complete").status_code == 403
    assert browser.post(f"{at}/{task}/cancel").status_code == 404
    assert "Fill the pill box" not in family_page(mary, as_person).split('id="changes"')[0]


def test_what_changed_is_new_until_it_is_marked_as_read(mary: Mary, as_person: As) -> None:
    page = family_page(mary, as_person)
    seq = re.search(r'name="seq" value="(\d+)"', page)
    assert seq is not None
    assert "data-fresh" in page

    as_person("kate").post(f"/plans/{mary.plan}/family/seen", data={"seq": seq[1]})

    assert "data-fresh" not in family_page(mary, as_person)
    assert as_person("kate").post(f"/plans/{mary.plan}/family/seen", data={"seq": "-1"}).status_code == 400


def test_each_part_comes_alone_for_a_swap(mary: Mary, as_person: As) -> None:
    kate = as_person("kate")
    part = kate.get(f"/plans/{mary.plan}/family/today", headers=SWAP)

    assert part.text.lstrip().startswith('<section id="today"')
    assert "<html" not in part.text
    assert kate.get(f"/plans/{mary.plan}/family/today").status_code == 303
    assert kate.get(f"/plans/{mary.plan}/family/staff_notes", headers=SWAP).status_code == 404
