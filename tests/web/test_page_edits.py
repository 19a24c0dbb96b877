"""What one may change on a plan's page: by forms, by suggestions, and what crossed."""

import asyncio
import html
import re

from crdt.changes import Annotate, Assign, Root
from crdt.fields import Scalar
from crdt.sections import Section
from tests.web.conftest import As
from tests.web.mary import Mary
from tests.web.test_pages import plan_of


def test_a_suggestion_is_accepted_by_the_sections_writer(mary: Mary, as_person: As) -> None:
    browser = as_person("lee")
    assert "Pulse 88 on three mornings." in browser.get(f"/plans/{mary.plan}").text
    page = plan_of(mary, as_person, "lee")
    key = re.search(r'data-suggestion="([^"]+)"', page)
    assert key is not None

    at = f"/plans/{mary.plan}/entries/medications/{mary.entries['metoprolol succinate']}"
    answer = browser.post(at + "/suggestion.accept", data={"key": key[1]})

    assert answer.status_code == 303
    assert "50\u00a0mg" in browser.get(f"/plans/{mary.plan}").text


def test_two_values_that_crossed_are_told_to_both_writers_who_choose_by_the_value(mary: Mary, as_person: As) -> None:
    entry, lee, ruiz = mary.entries["furosemide"], mary.people["lee"], mary.people["ruiz"]
    kept: dict[str, Scalar] = {
        "entry": entry, "field": "dose", "value": '"60 mg"', "words": "", "state": "open",
        "made": "2026-11-21T08:02:00+00:00", "proposer": lee.person_id, "beside": mary.people["tan"].person_id,
    }  # fmt: skip
    changes = [Annotate(Section.MEDICATIONS, Root.SUGGESTIONS, "k1", kept)]
    asyncio.run(mary.world.plans.change(mary.plan, ruiz, changes))
    browser, at = as_person("lee"), f"/plans/{mary.plan}/entries/medications/{entry}"

    shown = browser.get(f"/plans/{mary.plan}").text
    opened = plan_of(mary, as_person, "lee")
    answer = browser.post(at + "/suggestion.keep", data={"key": "k1"})

    following = shown.split('id="next"')[1]
    assert "Two values" in following
    assert re.search(r"Keep 80.mg", following)
    assert re.search(r"Take 60.mg", following)
    assert re.search(r"Also changed by Dr\.? (Mina )?Lee", shown.split(f'id="entry-{entry}"')[1])
    assert "had not seen it" in opened
    assert "Keep 80" not in as_person("cole").get(f"/plans/{mary.plan}").text
    assert answer.status_code == 303
    after = browser.get(f"/plans/{mary.plan}").text
    assert "Two values" not in after
    assert re.search(r"80.mg", after)


def test_zones_that_contradict_each_other_say_so_beside_the_live_field(mary: Mary, as_person: As) -> None:
    weight, lee = mary.entries["weight"], mary.people["lee"]
    before = plan_of(mary, as_person, "cole")
    asyncio.run(mary.world.plans.change(mary.plan, lee, [Assign(Section.MONITORING, weight, "red", "1..500")]))

    page = plan_of(mary, as_person, "cole")

    assert "Give each value one zone." not in before
    field = page.split(f'data-field="monitoring/{weight}/red"')[1].split('data-field="')[0]
    assert "Give each value one zone." in field


def test_the_form_of_a_suggestion_begins_with_what_stands_there(mary: Mary, as_person: As) -> None:
    at = f"/plans/{mary.plan}/entries/medications/{mary.entries['furosemide']}/suggestion.make?field=dose"

    page = as_person("ruiz").get(at).text

    assert re.search(r'name="value"[^>]*value="80 mg"', page)
    assert 'name="field" value="dose"' in page


def form_of(page: str) -> dict[str, list[str]]:
    """Return what a browser without scripts would send of the page's last form, unchanged."""
    body = page.split('class="form"')[1].split("</form>")[0]
    sent: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', body):
        sent.setdefault(name, []).append(html.unescape(value))
    for name in re.findall(r' name="([^"]+)"', body):
        if not name.startswith("was."):
            sent[name] = sent.get("was." + name, [""])
    return sent


def test_a_field_is_edited_by_a_form_without_scripts_and_the_rest_is_left_alone(mary: Mary, as_person: As) -> None:
    browser = as_person("lee")
    at = f"/plans/{mary.plan}/entries/medications/{mary.entries['aspirin']}"
    form = form_of(browser.get(at + "/edit").text)
    browser.post(at + "/edit", data={**form, "frequency": ["twice daily"]})

    answer = browser.post(at + "/edit", data={**form, "dose": ["162 mg"]})

    assert answer.status_code == 303
    values = browser.get(at + "/edit").text
    assert 'value="162 mg"' in values
    assert 'value="twice daily"' in values


def test_the_family_edits_its_own_words_by_a_form(mary: Mary, as_person: As) -> None:
    browser = as_person("kate")
    at = f"/plans/{mary.plan}/entries/caregiver_log/{mary.entries['question']}"
    assert f'href="{at}/edit"' in plan_of(mary, as_person, "kate")

    form = form_of(browser.get(at + "/edit").text)
    answer = browser.post(at + "/edit", data={**form, "words": ["She slept well."]})

    assert answer.status_code == 303
    assert "She slept well." in browser.get(f"/plans/{mary.plan}/family").text


def test_there_is_no_form_for_what_one_may_not_change(mary: Mary, as_person: As) -> None:
    at = f"/plans/{mary.plan}/entries/medications/{mary.entries['aspirin']}/edit"

    assert as_person("cole").get(at).status_code == 403


def test_an_edit_with_a_fault_keeps_what_was_typed(mary: Mary, as_person: As) -> None:
    browser = as_person("lee")
    at = f"/plans/{mary.plan}/entries/medications/{mary.entries['aspirin']}/edit"
    form = form_of(browser.get(at).text)

    answer = browser.post(at, data={**form, "dose": [""], "instructions": ["With milk"]})

    assert answer.status_code == 422
    assert "DOSE is needed." in answer.text
    assert "With milk" in answer.text
