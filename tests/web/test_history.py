"""History, earlier states, restoring, reasons and writers as people get them, and nothing of what is kept from them."""

import re
from datetime import UTC, timedelta

import pytest

from auth.decisions import sections_readable
from crdt.changes import Append, Assign, Create, Rewrite
from crdt.fields import Kind, Scalar
from crdt.sections import SECTIONS, Section
from hub.ids import new_id
from hub.record.journal import Act, Action, Narrowed
from tests.web.conftest import As
from tests.web.fakes import NOW
from tests.web.mary import Mary
from web.views.fields import Setting, log_told
from web.views.people import PlanPeople
from web.views.words import Reading

MEDS = Section.MEDICATIONS
CANARY = "canary-7f3a"


async def changed(mary: Mary, key: str, *changes: Assign | Rewrite | Create, minutes: float = 0) -> None:
    mary.world.clock.pass_by(minutes=minutes)
    await mary.world.plans.change(mary.plan, mary.people[key], list(changes))


def furosemide(mary: Mary) -> str:
    return f"/plans/{mary.plan}/entries/medications/{mary.entries['furosemide']}"


async def last_seq(mary: Mary) -> int:
    return (await mary.world.journal.heads([mary.plan]))[mary.plan].seq


@pytest.mark.anyio
async def test_a_burst_of_typing_is_one_line_with_the_words_that_went_and_came(mary: Mary, as_person: As) -> None:
    entry = mary.entries["furosemide"]
    for words in ("Take in the morning", "Take in the morning with", "Take in the evening with food"):
        await changed(mary, "lee", Rewrite(MEDS, entry, "instructions", words), minutes=1)
    await changed(mary, "lee", Rewrite(MEDS, entry, "instructions", "Take at noon with food"), minutes=30)

    told = as_person("cole").get(furosemide(mary) + "/history?field=instructions").text

    assert told.count('class="history-who"') == 2
    assert "3 edits" in told
    assert re.search(r"<del><span[^>]*> removed: </span>in the evening<span", told)
    assert re.search(r"<ins><span[^>]*> added: </span>at noon<span", told)


@pytest.mark.anyio
async def test_another_writer_in_between_ends_a_burst(mary: Mary, as_person: As) -> None:
    entry = mary.entries["furosemide"]
    for key, words in (("lee", "one"), ("tan", "one two"), ("lee", "one two three")):
        await changed(mary, key, Rewrite(MEDS, entry, "instructions", words), minutes=1)

    told = as_person("cole").get(furosemide(mary) + "/history?field=instructions").text

    assert told.count('class="history-who"') == 3


@pytest.mark.anyio
async def test_the_history_is_filtered_by_person_section_and_days(mary: Mary, as_person: As) -> None:
    browser, at = as_person("lee"), f"/plans/{mary.plan}/history"
    ana = mary.people["ruiz"].person_id

    of_ana = browser.get(at, params={"person": ana}).text
    of_goals = browser.get(at, params={"section": "goals"}).text
    of_today = browser.get(at, params={"from": NOW.date().isoformat()}).text
    of_long_ago = browser.get(at, params={"to": "2020-01-01"}).text

    assert set(re.findall(r'class="history-who"><strong>([^<]+)', of_ana)) == {"Ana Ruiz"}
    assert "Walk to church" in of_goals
    assert "furosemide" not in of_goals
    assert 0 < of_today.count('class="history-who"') < browser.get(at).text.count('class="history-who"')
    assert "Nothing matches" in of_long_ago


def test_no_filter_opens_a_section_that_one_may_not_read(mary: Mary, as_person: As) -> None:
    answer = as_person("kate").get(f"/plans/{mary.plan}/history", params={"section": "staff_notes"})

    assert answer.status_code == 404


@pytest.mark.anyio
@pytest.mark.parametrize("key", ["lee", "okafor", "ruiz", "tan", "cole", "singh", "mary", "kate"])
async def test_no_page_of_the_past_shows_what_one_may_not_read_now(key: str, mary: Mary, as_person: As) -> None:
    made: dict[Section, str] = {}
    for section in Section:
        entry = made[section] = new_id()
        create = Create(section, entry, {"status": "active", **_said(section, f"{CANARY}-{section}")})
        await changed(mary, "lee", create)
    before = await last_seq(mary)
    for section, entry in made.items():
        name = next(iter(_said(section, "")))
        await changed(mary, "lee", Rewrite(section, entry, name, f"{CANARY}-{section}-later"), minutes=1)

    browser, plan = as_person(key), f"/plans/{mary.plan}"
    pages = "".join(
        browser.get(plan + at).text
        for at in ("/history", f"/as-of?seq={before}", "/as-of", f"/compare?from_seq=1&to_seq={before}",
                   f"/compare?from_seq={before}", f"/as-of?seq={before}&person={mary.people['lee'].person_id}")
    )  # fmt: skip
    readable = sections_readable(mary.people[key], NOW)
    for section, entry in made.items():
        if section not in readable and not (key == "kate" and section is Section.ADVANCE_CARE):
            assert f"{CANARY}-{section}" not in pages, section
            for at in ("history", "writers?field=words", f"restore?version={before}", "why?field=words"):
                assert browser.get(f"{plan}/entries/{section}/{entry}/{at}").status_code == 404
            assert browser.get(f"{plan}/sections/{section}/restore?version={before}").status_code == 404
    if key == "lee":
        assert f"{CANARY}-goals" in pages


@pytest.mark.anyio
async def test_no_page_of_the_past_shows_a_field_or_entry_that_one_may_not_see(mary: Mary, as_person: As) -> None:
    huddle, own, before = new_id(), new_id(), await last_seq(mary)
    values = {"topic": f"{CANARY}-topic", "decision": "Weigh daily", "dissent": f"{CANARY}-d", "status": "active"}
    await changed(mary, "lee", Create(Section.HUDDLES, huddle, values), minutes=1)
    note = {"kind": "note", "words": f"{CANARY}-own", "author": mary.people["kate"].person_id, "status": "active"}
    await changed(mary, "kate", Create(Section.CAREGIVER_LOG, own, note), minutes=1)
    await changed(mary, "lee", Rewrite(Section.HUDDLES, huddle, "dissent", f"{CANARY}-e"), minutes=1)

    browser, plan = as_person("mary"), f"/plans/{mary.plan}"
    pages = "".join(browser.get(plan + at).text for at in ("/history", "/as-of", f"/compare?from_seq={before}"))

    assert "Weigh daily" in pages
    for kept_back in ("topic", "-d", "-e"):
        assert f"{CANARY}{'-' if kept_back == 'topic' else ''}{kept_back}" not in pages
    for name in ("dissent", "topic"):
        for at in ("history", "writers", "why"):
            assert browser.get(f"{plan}/entries/huddles/{huddle}/{at}", params={"field": name}).status_code == 404


@pytest.mark.anyio
async def test_what_was_closed_since_is_closed_in_the_past_as_well(mary: Mary, as_person: As) -> None:
    task, tasks = new_id(), Section.TASKS
    values = {"title": f"{CANARY}-task", "family_visible": "yes", "status": "active", "state": "accepted"}
    await changed(mary, "lee", Create(tasks, task, values), minutes=1)
    open_then = await last_seq(mary)
    browser, plan = as_person("kate"), f"/plans/{mary.plan}"
    assert CANARY in browser.get(f"{plan}/as-of?seq={open_then}").text
    told = browser.get(f"{plan}/history").text
    assert task in told

    await changed(mary, "lee", Assign(tasks, task, "family_visible", "no"), minutes=1)

    addresses = ("/history", f"/as-of?seq={open_then}", f"/compare?from_seq=1&to_seq={open_then}")
    pages = [browser.get(plan + at).text for at in addresses]
    assert not any(CANARY in page or task in page for page in pages)
    assert pages[0].count('class="history-who"') == told.count('class="history-who"') - 1


def _said(section: Section, words: str) -> dict[str, str]:
    texts = [each.name for each in SECTIONS[section].fields if each.kind is Kind.TEXT]
    return {texts[0]: words}


@pytest.mark.anyio
async def test_the_plan_is_shown_as_it_was_and_says_so(mary: Mary, as_person: As) -> None:
    entry = mary.entries["furosemide"]
    before = await last_seq(mary)
    await changed(mary, "lee", Assign(MEDS, entry, "dose", "120 mg"), minutes=5)

    past = as_person("lee").get(f"/plans/{mary.plan}/as-of?seq={before}").text
    now = as_person("lee").get(f"/plans/{mary.plan}/as-of").text

    assert "Not the plan of today" in past
    assert "80\u00a0mg" in past or "80 mg" in past
    assert not re.search(r"120.mg", past)
    assert re.search(r"120.mg", now)
    assert "data-bound" not in past
    assert "<textarea" not in past


@pytest.mark.anyio
async def test_reading_an_earlier_state_is_a_row(mary: Mary, as_person: As) -> None:
    as_person("tan").get(f"/plans/{mary.plan}/as-of?seq=3")

    rows = await mary.world.journal.history(mary.plan, narrowed=Narrowed(events=frozenset({"version.read"})), limit=5)
    assert [(row.actor, row.words) for row in rows] == [(mary.people["tan"].person_id, {"version": 3})]


@pytest.mark.anyio
async def test_what_someone_could_see_then_is_answered_from_the_journals_rows(mary: Mary, as_person: As) -> None:
    kate = mary.people["kate"]
    grant = Act(
        plan=mary.plan, actor="", action=Action.REDEEM,
        words={"person": kate.person_id, "role": "family", "sections": ["goals"], "ends": None},
    )  # fmt: skip
    nobody_yet = await last_seq(mary)
    mary.world.clock.pass_by(minutes=1)
    await mary.world.plans.record([grant])
    browser, at = as_person("lee"), f"/plans/{mary.plan}/as-of"

    then = browser.get(at, params={"seq": nobody_yet, "person": kate.person_id}).text
    later = browser.get(at, params={"person": kate.person_id}).text

    assert "had no part in this plan then" in then
    assert "Walk to church" not in then
    assert "Walk to church" in later
    assert "furosemide" not in later


@pytest.mark.anyio
async def test_two_instants_stand_side_by_side(mary: Mary, as_person: As) -> None:
    entry, before = mary.entries["furosemide"], await last_seq(mary)
    await changed(mary, "lee", Assign(MEDS, entry, "dose", "120 mg"), minutes=5)
    await changed(mary, "lee", Assign(MEDS, mary.entries["metoprolol succinate"], "status", "retired"))
    new = Create(Section.GOALS, new_id(), {"description": "Swim", "voice": mary.people["mary"].person_id})
    await changed(mary, "mary", new)

    page = as_person("lee").get(f"/plans/{mary.plan}/compare?from_seq={before}").text

    assert re.search(r"<del>80.mg</del>.*<ins>120.mg</ins>", page, re.S)
    assert set(re.findall(r'data-became="(\w+)"', page)) == {"changed", "retired", "added"}


@pytest.mark.anyio
async def test_a_field_is_restored_by_a_new_edit_with_a_reason(mary: Mary, as_person: As) -> None:
    entry, before = mary.entries["furosemide"], await last_seq(mary)
    await changed(mary, "lee", Assign(MEDS, entry, "dose", "120 mg"), minutes=5)
    browser, form = as_person("lee"), {"field": "dose", "version": str(before)}

    asked = browser.get(furosemide(mary) + "/restore", params=form)
    without = browser.post(furosemide(mary) + "/restore", data={**form, "reason": " "})
    done = browser.post(furosemide(mary) + "/restore", data={**form, "reason": "typed for another patient"})

    assert re.search(r"120.mg", asked.text)
    assert without.status_code == 422
    assert "Say why it is restored." in without.text
    assert done.status_code == 303
    assert (await mary.world.plans.content(mary.plan)).value(MEDS, entry, "dose") == "80 mg"
    assert "typed for another patient" in browser.get(furosemide(mary) + "/history").text


@pytest.mark.anyio
@pytest.mark.parametrize("key", ["ruiz", "cole", "mary"])
async def test_who_may_not_write_is_offered_no_restoring_and_refused_it(key: str, mary: Mary, as_person: As) -> None:
    entry, before = mary.entries["furosemide"], await last_seq(mary)
    await changed(mary, "lee", Assign(MEDS, entry, "dose", "120 mg"), minutes=5)
    browser = as_person(key)

    told = browser.get(furosemide(mary) + "/history").text
    answer = browser.post(
        furosemide(mary) + "/restore", data={"field": "dose", "version": str(before), "reason": "please"}
    )

    assert "Restore what stood before" not in told
    assert answer.status_code == 403
    assert (await mary.world.plans.content(mary.plan)).value(MEDS, entry, "dose") == "120 mg"


@pytest.mark.anyio
async def test_a_reason_is_kept_beside_ones_own_edit_alone(mary: Mary, as_person: As) -> None:
    entry = mary.entries["furosemide"]
    await changed(mary, "lee", Assign(MEDS, entry, "dose", "120 mg"), minutes=1)
    at, form = furosemide(mary) + "/why", {"field": "dose", "reason": "weight up 2 kg"}

    other = as_person("tan").post(at, data=form)
    empty = as_person("lee").post(at, data={**form, "reason": ""})
    kept = as_person("lee").post(at, data=form)
    told = as_person("cole").get(furosemide(mary) + "/history").text

    assert (other.status_code, empty.status_code, kept.status_code) == (403, 422, 303)
    assert told.count("weight up 2 kg") == 1
    newest = told.split('class="history-who"')[1]
    assert re.search(r"120.mg", newest)
    assert "weight up 2 kg" in newest


@pytest.mark.anyio
async def test_a_clinician_names_a_version_and_finds_it_again(mary: Mary, as_person: As) -> None:
    at = f"/plans/{mary.plan}/versions"

    assert as_person("kate").post(at, data={"name": "mine"}).status_code == 403
    assert as_person("lee").post(at, data={"name": " "}).status_code == 422
    assert as_person("lee").post(at, data={"name": "Before the new clinic"}).status_code == 303
    mary.world.clock.pass_by(minutes=5)
    await changed(mary, "lee", Assign(MEDS, mary.entries["furosemide"], "dose", "120 mg"))

    page = as_person("tan").get(f"/plans/{mary.plan}/as-of").text
    seq = re.search(r'as-of\?seq=(\d+)">Before the new clinic', page)
    assert seq is not None
    assert not re.search(r"120.mg", as_person("tan").get(f"/plans/{mary.plan}/as-of?seq={seq[1]}").text)


def test_each_word_says_who_wrote_it(mary: Mary, as_person: As) -> None:
    at = f"/plans/{mary.plan}/entries/goals/{mary.entries['church']}/writers"

    page = as_person("lee").get(at, params={"field": "description"}).text

    assert "Walk to church" in page
    assert re.search(r'<a href="#writer-1" data-hue="\d" aria-describedby="writer-1">', page)
    assert as_person("lee").get(at, params={"field": "lifecycle"}).status_code == 404


@pytest.mark.anyio
async def test_the_days_of_a_filter_are_those_of_the_page(mary: Mary, as_person: As) -> None:
    yesterday = (NOW - timedelta(days=1)).date().isoformat()
    page = as_person("lee").get(f"/plans/{mary.plan}/history", params={"from": yesterday, "to": yesterday}).text

    days = set(re.findall(r'<time datetime="(\d{4}-\d\d-\d\d)', page))
    assert days <= {yesterday}


@pytest.mark.anyio
async def test_readings_are_compared_in_words_and_only_what_came_is_new(mary: Mary, as_person: As) -> None:
    entry, kate = mary.entries["weight"], mary.people["kate"].person_id
    before = await last_seq(mary)
    record: dict[str, Scalar] = {"value": 74.9, "when": "2026-11-21T06:00:00+00:00", "by": kate}
    mary.world.clock.pass_by(minutes=5)
    append = Append(Section.MONITORING, entry, "readings", new_id(), record)
    await mary.world.plans.change(mary.plan, mary.people["kate"], [append])

    page = as_person("lee").get(f"/plans/{mary.plan}/compare?from_seq={before}").text
    pair = page.split("Readings</th>")[1].split("</tr>")[0]

    assert re.search(r"<ins>(<[^>]+>[^<]*</span>)?74.9, 21-Nov-2026 06:00, Kate Jensen; ", pair)
    assert pair.count("<ins>") == 1
    assert kate not in pair
    assert "+00:00" not in pair
    assert "<del>" not in pair, "what stood before stands"


def test_a_log_reads_the_same_however_the_document_holds_it() -> None:
    record: dict[str, Scalar] = {"value": 74.9, "when": "2026-11-21T06:00:00+00:00"}
    later = {**record, "when": "2026-11-22T06:00:00+00:00"}
    other = dict(reversed(record.items()))
    setting = Setting(Reading(NOW, UTC), PlanPeople({}), lambda section, entry: "")

    told = log_told({"b": record, "a": later}, setting)

    assert told == log_told({"a": dict(reversed(later.items())), "b": other}, setting)
    assert ["21-Nov" in told[0], "22-Nov" in told[1]] == [True, True]


@pytest.mark.parametrize("asked", ["to=9999-12-31", "from=0001-01-01", "from=9999-12-31&to=0001-01-01"])
def test_the_first_and_the_last_day_of_the_calendar_can_be_asked_for(mary: Mary, as_person: As, asked: str) -> None:
    assert as_person("lee").get(f"/plans/{mary.plan}/history?{asked}").status_code == 200
