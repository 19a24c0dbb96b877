"""Pages as people get them: what they show, keep back, keep, and say."""

import asyncio
import html
import re
from dataclasses import replace

import pytest
from markupsafe import escape

from auth.decisions import sections_readable
from crdt.changes import Assign, Change, Create, Include, Rewrite
from crdt.fields import Form, Kind
from crdt.sections import SECTIONS, Section
from hub.ids import new_id
from hub.record.journal import Action
from hub.workflows.entries import MADE_BY_COMMAND
from tests.web.conftest import As
from tests.web.fakes import NOW
from tests.web.mary import Mary
from web.views.problems import PARTS

SCRIPT = "<script>alert('x')</script>\"'&"


def plan_of(mary: Mary, as_person: As, key: str) -> str:
    """The plan of Mary with every row open, as a person sees it."""
    answer = as_person(key).get(f"/plans/{mary.plan}", params={"view": "whole", "open": list(mary.entries.values())})
    assert answer.status_code == 200
    return answer.text


@pytest.mark.parametrize(("who", "name"), [("lee", "My patients"), ("mary", "My plans"), ("kate", "My plans")])
def test_nobody_is_told_that_they_are_their_own_patient(who: str, name: str, mary: Mary, as_person: As) -> None:
    failed = as_person(who).get("/plans/0190dddd-0000-7000-8000-000000000001").text

    assert set(re.findall(r"My \w+", failed)) == {name}


def test_the_panel_says_what_changed_and_what_is_overdue(mary: Mary, as_person: As) -> None:
    page = as_person("lee").get("/panel").text

    assert "JENSEN, Mary" in page
    assert "1 day late" in page, "the contact after her discharge"
    assert "contact due 20-Nov-2026, 1 day late" in page
    assert page.index("JENSEN, Mary") < page.index("ABARA, Tomas")
    assert re.search(r"\d+ new<", page)


def test_marking_seen_clears_the_news_and_only_up_to_what_was_told(mary: Mary, as_person: As) -> None:
    browser = as_person("lee")
    seq = re.search(r'name="seq" value="(\d+)"', browser.get("/panel").text)
    assert seq is not None

    answer = browser.post(f"/plans/{mary.plan}/seen", data={"seq": seq[1]}, headers={"hx-request": "true"})

    assert answer.status_code == 200
    assert "Nothing new" in answer.text
    assert "Nothing new" in browser.get("/panel").text


def test_ones_own_changes_are_no_news(mary: Mary, as_person: As) -> None:
    card = as_person("lee").get("/panel").text

    assert "Call cardiology for the echo report" not in card.split('class="news"')[1].split("</p>")[0]


@pytest.mark.parametrize("key", ["lee", "okafor", "ruiz", "tan", "cole", "singh", "mary", "kate"])
def test_a_page_holds_the_sections_one_may_read_and_no_trace_of_the_others(key: str, mary: Mary, as_person: As) -> None:
    page = plan_of(mary, as_person, key)

    # Kate is named as the one who speaks for Mary, which opens the section on it.
    agent = frozenset({Section.ADVANCE_CARE}) if key == "kate" else frozenset()
    readable = sections_readable(replace(mary.people[key], assigned=agent), NOW)
    for section in Section:
        assert (f'id="section-{section}"' in page) == (section in readable), section
        if section not in readable:
            assert html.escape(SECTIONS[section].title) not in page
            assert f"plan:changed-{section}" not in page
    if Section.STAFF_NOTES not in readable:
        assert "Worried about money" not in page
    if Section.BEHAVIORAL_HEALTH not in readable:
        assert "Low mood" not in page


def test_a_plan_one_may_not_see_answers_as_one_that_is_not_there(mary: Mary, as_person: As) -> None:
    browser = as_person("kate")
    other = next(plan for plan in mary.world.directory.patients if plan != mary.plan)

    unseen, unknown = browser.get(f"/plans/{other}"), browser.get(f"/plans/{new_id()}")
    restricted = browser.get(f"/plans/{mary.plan}/sections/staff_notes")
    nonsense = browser.get(f"/plans/{mary.plan}/sections/nonsense")

    assert {each.status_code for each in (unseen, unknown, restricted, nonsense)} == {404}
    assert unseen.text == unknown.text == restricted.text == nonsense.text


async def _refusals(mary: Mary) -> int:
    rows = await mary.world.journal.history("00000000-0000-0000-0000-000000000000", limit=100)
    return sum(1 for row in rows if row.action is Action.REFUSE)


@pytest.mark.anyio
async def test_knocking_at_a_plan_is_journaled_whether_it_is_there_or_not(mary: Mary, as_person: As) -> None:
    browser = as_person("kate")
    other = next(plan for plan in mary.world.directory.patients if plan != mary.plan)

    browser.get(f"/plans/{other}")
    browser.get(f"/plans/{new_id()}")

    assert await _refusals(mary) == 2


def test_the_reader_of_a_section_gets_words_and_its_writer_gets_controls(mary: Mary, as_person: As) -> None:
    dose = f'data-field="medications/{mary.entries["furosemide"]}/dose"'

    written = plan_of(mary, as_person, "lee").split(dose)[1].split('class="field-message"')[0]
    read = plan_of(mary, as_person, "cole").split(dose)[1].split('class="field-message"')[0]

    assert 'data-access="write"' in written
    assert "<textarea" in written
    assert "data-bound" in written
    assert 'data-access="read"' in read
    assert "<output" in read
    assert "<textarea" not in read


def test_whoever_may_only_propose_is_offered_a_suggestion_with_the_reason(mary: Mary, as_person: As) -> None:
    page = plan_of(mary, as_person, "ruiz")

    assert 'data-section="medications" data-access="propose"' in page
    assert "suggestion.make?field=dose" in page
    assert "may change Medicines and allergies" in page


def test_the_patients_goal_is_the_patients(mary: Mary, as_person: As) -> None:
    goal = f'data-field="goals/{mary.entries["church"]}/description"'

    assert 'data-access="write"' in plan_of(mary, as_person, "mary").split(goal)[1][:150]
    assert 'data-access="propose"' in plan_of(mary, as_person, "lee").split(goal)[1][:150]


def test_the_family_gets_no_bound_fields(mary: Mary, as_person: As) -> None:
    assert "data-bound" not in plan_of(mary, as_person, "kate")


def test_the_banner_follows_the_rules_for_patients_names(mary: Mary, as_person: As) -> None:
    page = plan_of(mary, as_person, "lee")
    banner = page.split('class="banner"')[1].split("</section>")[0]
    words = re.sub(r"<[^>]+>", " ", banner)

    assert "JENSEN, Mary" in words
    assert "14-Jul-1945 (81y)" in words
    assert "Known allergies" in words
    assert "Watcher" in words
    assert ":" not in words


@pytest.mark.anyio
@pytest.mark.parametrize("section", [each for each in Section if each not in (Section.BEHAVIORAL_HEALTH,)])
async def test_words_in_any_field_are_escaped(section: Section, mary: Mary, as_person: As) -> None:
    values = {
        field.name: {SCRIPT: True} if field.kind is Kind.SET else SCRIPT
        for field in SECTIONS[section].all_fields
        if field.kind is not Kind.LOG and field.name not in ("status", "position")
    }
    if section is Section.MEDICATIONS:
        values["kind"] = "medicine"
    create = Create(section, new_id(), {**values, "status": "active", "position": 1.0})
    await mary.world.plans.change(mary.plan, mary.people["lee"], [create])

    browser = as_person("lee")
    opened = f"/plans/{mary.plan}?open={create.entry}"
    entry = f"/plans/{mary.plan}/entries/{section}/{create.entry}"
    for address in (f"/plans/{mary.plan}", opened, "/panel", entry, f"{entry}/history"):
        page = browser.get(address).text
        assert "<script>alert" not in page
    assert "&lt;script&gt;" in browser.get(opened).text


def test_a_new_entry_is_made_and_found_without_scripts(mary: Mary, as_person: As) -> None:
    browser = as_person("lee")
    form = {"name": "Chronic kidney disease", "kind": "problem", "clinical_status": "active"}
    form["owner"] = mary.people["lee"].person_id

    answer = browser.post(f"/plans/{mary.plan}/sections/conditions/entries", data=form)

    assert answer.status_code == 303
    assert answer.headers["location"].startswith(f"/plans/{mary.plan}#entry-")
    assert "Chronic kidney disease" in browser.get(f"/plans/{mary.plan}").text


def test_a_form_with_a_fault_keeps_what_was_typed_and_says_it_beside_the_field(mary: Mary, as_person: As) -> None:
    browser = as_person("lee")
    form = {"name": "Gout & " + SCRIPT, "kind": "problem", "clinical_status": "active", "onset": "31-31-2026"}

    answer = browser.post(f"/plans/{mary.plan}/sections/conditions/entries", data=form)

    assert answer.status_code == 422
    assert str(escape("Gout & " + SCRIPT)) in answer.text
    assert "Choose owner." in answer.text
    assert re.search(r'name="onset"[^>]*aria-invalid="true"', answer.text)
    assert "<script>alert" not in answer.text


@pytest.mark.parametrize("section", [each for each in Section if each not in MADE_BY_COMMAND])
def test_every_section_that_takes_entries_has_a_form_with_a_label_for_each_control(
    section: Section, mary: Mary, as_person: As
) -> None:
    page = as_person("lee").get(f"/plans/{mary.plan}/sections/{section}/entries/new")
    if page.status_code != 200:
        return

    body = page.text.split('class="form"')[1]
    for name in re.findall(r'<(?:input|select|textarea) id="([^"]+)"', body):
        assert f'for="{name}"' in body
    required = [field for field in SECTIONS[section].fields if field.required and field.form is not Form.CHOICE]
    assert all(f'name="{field.name}"' in body for field in required)


def test_an_entry_is_retired_with_a_reason_and_stays_listed(mary: Mary, as_person: As) -> None:
    browser = as_person("lee")
    at = f"/plans/{mary.plan}/entries/medications/{mary.entries['aspirin']}/entry.retire"

    without = browser.post(at, data={"reason": ""})
    done = browser.post(at, data={"reason": "Bleeding"})

    assert without.status_code == 422
    assert "Enter why." in without.text
    assert done.status_code == 303
    page = browser.get(f"/plans/{mary.plan}").text
    assert "1 retired" in page
    assert "Retired: Bleeding" in page


def test_a_swap_gets_the_slot_and_the_word_that_the_section_changed(mary: Mary, as_person: As) -> None:
    browser = as_person("lee")
    at = f"/plans/{mary.plan}/entries/tasks/{mary.entries['call']}/task.start"

    answer = browser.post(at, headers={"hx-request": "true"})

    assert answer.status_code == 200
    assert answer.headers["hx-trigger"] == "plan:changed-tasks"
    assert "<html" not in answer.text
    assert "In progress" in browser.get(f"/plans/{mary.plan}/sections/tasks", headers={"hx-request": "true"}).text


def test_a_command_out_of_state_says_what_is_true_now(mary: Mary, as_person: As) -> None:
    browser = as_person("lee")
    at = f"/plans/{mary.plan}/entries/tasks/{mary.entries['call']}"
    browser.post(at + "/task.start")

    again = browser.post(at + "/task.start", headers={"hx-request": "true"})

    assert again.status_code == 409
    assert "in progress now" in again.text


def test_what_someone_else_has_to_do_is_refused_with_whose_it_is(mary: Mary, as_person: As) -> None:
    at = f"/plans/{mary.plan}/entries/tasks/{mary.entries['scale']}/task.accept"

    answer = as_person("tan").post(at, headers={"hx-request": "true"})

    assert answer.status_code == 403
    assert "owner" in answer.text


@pytest.mark.parametrize("command", ["nonsense", "entry.create", "history.x"])
def test_an_unknown_command_is_not_there(command: str, mary: Mary, as_person: As) -> None:
    at = f"/plans/{mary.plan}/entries/tasks/{mary.entries['call']}/{command}"

    assert as_person("lee").post(at).status_code == 404


def test_history_says_who_changed_what_from_what_to_what(mary: Mary, as_person: As) -> None:
    answer = as_person("cole").get(f"/plans/{mary.plan}/entries/medications/{mary.entries['furosemide']}/history")

    assert "Dr Mina Lee" in answer.text
    assert re.search(r"<del>40.mg</del>.*<ins>80.mg</ins>", answer.text)


@pytest.mark.anyio
async def test_a_reading_that_cannot_be_recorded_is_not_served(mary: Mary, as_person: As) -> None:
    browser = as_person("lee")
    mary.world.plans.away = True

    answer = browser.get(f"/plans/{mary.plan}")

    assert answer.status_code == 503
    assert "Jensen" not in answer.text
    assert answer.headers["retry-after"] == "5"


def test_nobody_is_sent_to_sign_in_because_the_store_is_away(mary: Mary, as_person: As) -> None:
    browser = as_person("lee")
    mary.world.directory.away = True

    assert browser.get("/panel").status_code == 503


@pytest.mark.anyio
async def test_opening_a_plan_is_a_row_for_each_section(mary: Mary, as_person: As) -> None:
    plan_of(mary, as_person, "tan")

    rows = await mary.world.journal.history(mary.plan, limit=500)
    read = {row.section for row in rows if row.action is Action.READ}
    assert read == sections_readable(mary.people["tan"], NOW)


def test_a_page_that_renews_itself_keeps_no_session_alive(mary: Mary, as_person: As) -> None:
    browser = as_person("lee")
    mary.world.directory.activity.clear()

    browser.get(f"/plans/{mary.plan}/sections/goals", headers={"hx-request": "true"})
    for fetched in ("cors", "same-origin", "no-cors"):  # By a script of the page, or by the browser when it likes.
        browser.get("/panel", headers={"sec-fetch-mode": fetched})
    browser.get("/panel", headers={"sec-fetch-mode": "navigate"})
    browser.get("/panel")

    assert mary.world.directory.activity == [False, False, False, False, True, True]


@pytest.mark.anyio
async def test_the_history_keeps_back_fields_that_one_may_not_see(mary: Mary, as_person: As) -> None:
    entry = new_id()
    values = {"topic": "Money", "decision": "Weigh daily", "dissent": "Jordan disagreed", "status": "active"}
    await mary.world.plans.change(mary.plan, mary.people["lee"], [Create(Section.HUDDLES, entry, values)])
    await mary.world.plans.change(
        mary.plan, mary.people["lee"], [Rewrite(Section.HUDDLES, entry, "dissent", "Strongly")]
    )
    await mary.world.plans.change(mary.plan, mary.people["lee"], [Assign(Section.HUDDLES, entry, "topic", "Debt")])

    browser = as_person("mary")
    told = browser.get(f"/plans/{mary.plan}/entries/huddles/{entry}/history").text
    page = browser.get(f"/plans/{mary.plan}").text + browser.get("/panel").text

    assert "Weigh daily" in told
    for kept_back in ("Jordan disagreed", "Strongly", "Debt", "Money"):
        assert kept_back not in told
        assert kept_back not in page


def test_every_id_on_the_page_is_there_once_and_every_label_has_its_control(mary: Mary, as_person: As) -> None:
    page = plan_of(mary, as_person, "lee")

    ids = re.findall(r'\sid="([^"]+)"', page)
    assert [each for each in ids if ids.count(each) > 1] == []
    assert set(re.findall(r'<label for="([^"]+)"', page)) <= set(ids)
    assert 'href="#main"' in page
    assert 'id="main"' in page
    assert "style=" not in page
    assert "onclick" not in page


def test_signing_out_ends_the_session(mary: Mary, as_person: As) -> None:
    browser = as_person("lee")
    (session,) = {each.session_id for each in mary.world.directory.sessions.values()}

    browser.post("/sign-out")

    assert browser.get("/panel").status_code == 303
    assert mary.world.plans.ended == [session]


@pytest.mark.parametrize("address", ["//evil.example", "https://evil.example", "/\\evil.example", "panel"])
def test_signing_in_leads_nowhere_else(address: str, mary: Mary, as_person: As) -> None:
    form = {"person": mary.people["lee"].person_id, "next": address}

    assert as_person("").post("/sign-in/demo", data=form).headers["location"] == "/panel"


def test_the_plans_history_tells_of_readable_sections_alone(mary: Mary, as_person: As) -> None:
    told = as_person("kate").get(f"/plans/{mary.plan}/history").text

    assert "Walk to church on Sundays" in told
    assert "Worried about money" not in told
    assert "Low mood" not in told


def test_the_plan_by_problem_puts_each_entry_under_what_it_names_and_leaves_nothing_out(
    mary: Mary, as_person: As
) -> None:
    its, lee, at = mary.entries, mary.people["lee"], f"/plans/{mary.plan}"
    changes: list[Change] = [
        Assign(Section.MEDICATIONS, its["furosemide"], "indication", its["hypertension"]),
        Include(Section.TASKS, its["scale"], "supports", its["hypertension"], present=True),
    ]
    asyncio.run(mary.world.plans.change(mary.plan, lee, changes))

    plan, page = as_person("lee").get(at).text, as_person("lee").get(f"{at}/problems").text

    assert f'href="{at}/problems"' in plan
    cards = {re.findall("#entry-([0-9a-f-]+)", card)[0]: card for card in page.split('<section class="problem"')[1:]}
    assert f"#entry-{its['furosemide']}" in cards[its["hypertension"]]
    assert f"#entry-{its['scale']}" in cards[its["hypertension"]]
    assert f"#entry-{its['furosemide']}" not in cards[its["infarct"]]
    rest = page.split("Under no problem")[1]
    assert f"#entry-{its['furosemide']}" not in rest
    for section in PARTS:
        shown = plan.split(f'id="section-{section}"')[1].split('<section id="section-')[0].split('class="settled"')[0]
        rows = re.findall(r'<article class="entry" id="entry-([^"]+)" data-entry="[^"]+"(?! data-allergy)', shown)
        assert [row for row in rows if f"#entry-{row}" not in page and f'{row}" data-allergy' not in shown] == []
    assert as_person("kate").get(f"{at}/problems").text.count("#entry-") < page.count("#entry-")
