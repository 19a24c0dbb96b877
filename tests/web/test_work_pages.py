"""What waits on me, remarks, referrals and visit updates as pages without scripts, and who is kept from them."""

import asyncio
import re
from typing import Any

from crdt.sections import Section
from hub.record.journal import Action
from hub.workflows.registry import COMMANDS
from tests.web.conftest import As
from tests.web.mary import Mary
from web.views.history import _EVENTS

TASK = {"line": "/task Weigh her @tan fri", "about": ""}


def referral(mary: Mary, name: str = "rehab") -> str:
    return f"/plans/{mary.plan}/referrals/{mary.entries[name]}"


def value(mary: Mary, section: Section, entry: str, field: str) -> Any:
    return asyncio.run(mary.world.plans.content(mary.plan)).value(section, entry, field)


def accepted(mary: Mary, as_person: As) -> None:
    path = f"/plans/{mary.plan}/entries/referrals/{mary.entries['rehab']}/referral.accept"
    assert as_person("okafor").post(path).status_code == 303


def test_a_task_in_one_line_says_what_is_open_and_keeps_the_line(mary: Mary, as_person: As) -> None:
    answer = as_person("lee").post(f"/plans/{mary.plan}/tasks/line", data={"line": "Weigh her", "about": ""})

    assert answer.status_code == 422
    assert "Say who" in answer.text
    assert 'value="Weigh her"' in answer.text
    assert as_person("lee").post(f"/plans/{mary.plan}/tasks/line", data=TASK).status_code == 303
    assert "Weigh her" in as_person("tan").get("/work").text


def test_a_look_at_what_waits_is_one_row_a_plan_that_names_what_was_listed(mary: Mary, as_person: As) -> None:
    as_person("lee").post(f"/plans/{mary.plan}/tasks/line", data=TASK)
    before = len(asyncio.run(mary.world.journal.since(mary.plan, 0)))

    for _ in range(2):
        assert "Weigh her" in as_person("tan").get("/work").text

    looks = [row for row in asyncio.run(mary.world.journal.since(mary.plan, before)) if row.action is Action.READ]
    assert [(row.event, row.section) for row in looks] == [("work", "")]
    shown = (looks[0].words or {})["shown"]
    assert isinstance(shown, list)
    assert Section.TASKS in shown
    assert Section.ABOUT_ME not in shown, "what was not listed was not read"


def test_a_look_at_the_list_of_patients_is_one_row_a_plan_that_names_what_it_told(mary: Mary, as_person: As) -> None:
    as_person("lee").post(f"/plans/{mary.plan}/tasks/line", data={**TASK, "due": "2020-01-01"})
    before = len(asyncio.run(mary.world.journal.since(mary.plan, 0)))

    for _ in range(2):
        assert f"patient-{mary.plan}" in as_person("tan").get("/panel").text

    looks = [row for row in asyncio.run(mary.world.journal.since(mary.plan, before)) if row.action is Action.READ]
    assert [(row.event, row.section) for row in looks] == [("panel", "")]
    shown = (looks[0].words or {})["shown"]
    assert isinstance(shown, list)
    assert {Section.ABOUT_ME, Section.TASKS} <= set(shown)
    assert not {Section.STAFF_NOTES, Section.CAREGIVER_LOG, Section.ADVANCE_CARE} & set(shown), "what was not told"


def test_a_task_is_not_about_what_one_may_not_see(mary: Mary, as_person: As) -> None:
    for about in (f"staff_notes/{mary.entries['rehab']}", "goals/nothing", "nowhere/x"):
        line = {**TASK, "about": about}
        assert as_person("mary").post(f"/plans/{mary.plan}/tasks/line", data=line).status_code in (403, 404, 422)


def test_a_remark_calls_whom_its_words_name_and_nobody_else(mary: Mary, as_person: As) -> None:
    entry = mary.entries["church"]
    path = f"/plans/{mary.plan}/entries/goals/{entry}/comment.make"

    as_person("lee").post(path, data={"words": "Can she? @okafor", "mentions": mary.people["mary"].person_id})

    (record,) = asyncio.run(mary.world.plans.content(mary.plan)).sections[Section.GOALS].comments.values()
    assert record["mentions"] == mary.people["okafor"].person_id
    assert "Can she? @okafor" in as_person("okafor").get("/work").text


def test_what_colleagues_remark_does_not_reach_the_family(mary: Mary, as_person: As) -> None:
    entry = mary.entries["church"]
    path = f"/plans/{mary.plan}/entries/goals/{entry}"
    as_person("lee").post(f"{path}/comment.make", data={"words": "Between us: she is failing. @family"})

    assert "she is failing" in as_person("okafor").get(path).text
    assert "she is failing" not in as_person("kate").get(path).text
    assert "she is failing" not in as_person("kate").get("/work").text


def test_what_waits_is_only_what_waits_on_me(mary: Mary, as_person: As) -> None:
    item = f"{mary.plan}/tasks/{mary.entries['scale']}/"

    answer = as_person("tan").post("/work", data={"do": "accept", "item": item})

    assert answer.status_code == 409
    assert value(mary, Section.TASKS, mary.entries["scale"], "state") == "requested"
    assert as_person("cole").post("/work", data={"do": f"accept {item}"}).status_code == 200
    assert value(mary, Section.TASKS, mary.entries["scale"], "state") == "accepted"


def test_a_suggestion_is_accepted_with_all_that_the_list_sends_and_refused_where_another_value_stands_by_then(
    mary: Mary, as_person: As
) -> None:
    browser, entry = as_person("lee"), mary.entries["metoprolol succinate"]
    shown = browser.get("/work").text.split('id="work-form"')[1]
    sent: dict[str, list[str]] = {}
    for name, words in re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', shown):
        sent.setdefault(name, []).append(words)
    item = re.search(rf'data-item="([^"]*/{entry}/[^"]+)"', shown)
    assert item is not None
    assert len(sent["seen"]) == len(sent["seen_of"])
    assert item[1] in sent["seen_of"]
    before = value(mary, Section.MEDICATIONS, entry, "dose")
    other = {**sent, "seen": ["1 mg"] * len(sent["seen"])}

    refused = browser.post("/work", data={"do": f"accept {item[1]}", **other})

    assert refused.status_code == 409
    assert value(mary, Section.MEDICATIONS, entry, "dose") == before
    assert browser.post("/work", data={"do": f"accept {item[1]}", **sent}).status_code == 200
    assert value(mary, Section.MEDICATIONS, entry, "dose") != before


def test_a_decline_without_a_reason_is_told_and_nothing_changes(mary: Mary, as_person: As) -> None:
    item = f"{mary.plan}/tasks/{mary.entries['scale']}/"

    answer = as_person("cole").post("/work", data={"do": "reject", "item": item, "words": " "})

    assert "Enter why." in answer.text
    assert value(mary, Section.TASKS, mary.entries["scale"], "state") == "requested"


def test_the_badge_counts(mary: Mary, as_person: As) -> None:
    assert as_person("cole").get("/work/count").text.startswith("2<")


def test_the_loop_says_who_is_waited_for_and_how_late(mary: Mary, as_person: As) -> None:
    page = as_person("lee").get(referral(mary)).text

    assert "No answer: 6 days past the day it was expected" in page
    assert "waits on Dr Chidi Okafor" in page
    assert "Echo 14-Nov-2026" in page


def test_those_who_may_not_publish_have_no_form_of_a_visit(mary: Mary, as_person: As) -> None:
    accepted(mary, as_person)
    visit = f"/plans/{mary.plan}/visit?referral={mary.entries['rehab']}"

    assert as_person("okafor").get(visit).status_code == 200
    for key in ("tan", "mary", "kate"):
        assert as_person(key).get(visit).status_code in (403, 404)
        assert as_person(key).get(f"/plans/{mary.plan}/visit").status_code in (403, 404)
        assert as_person(key).get(f"/plans/{mary.plan}/referrals/new").status_code in (403, 404)


def test_rows_are_added_and_words_kept_without_scripts_and_only_what_was_previewed_is_published(
    mary: Mary, as_person: As
) -> None:
    accepted(mary, as_person)
    okafor, path = as_person("okafor"), f"/plans/{mary.plan}/visit"
    typed = {"referral": mary.entries["rehab"], "answer": "Yes, she is.", "nothing_to_tell": "yes"}

    added = okafor.post(path, data={**typed, "do": "add steps"})
    assert 'name="steps.0.title"' in added.text
    assert "Yes, she is." in added.text
    unseen = okafor.post(path, data={**typed, "do": "publish"})
    assert unseen.status_code == 200
    assert "2 changes in 1 section" in unseen.text
    stale = okafor.post(path, data={**typed, "do": "publish", "previewed": "0" * 32})
    assert stale.status_code == 409
    assert "has changed since the preview" in stale.text
    assert value(mary, Section.REFERRALS, mary.entries["rehab"], "state") == "accepted"
    shown = unseen.text.split('name="previewed" value="')[1][:32]
    done = okafor.post(path, data={**typed, "do": "publish", "previewed": shown})
    assert done.headers["location"] == referral(mary)
    assert value(mary, Section.REFERRALS, mary.entries["rehab"], "state") == "reported"


def test_history_tells_every_command_in_words() -> None:
    assert set(COMMANDS) <= set(_EVENTS)


def published(mary: Mary, as_person: As, **more: str) -> str:
    """Dr Okafor answers the referral; returns its page."""
    accepted(mary, as_person)
    okafor, path = as_person("okafor"), f"/plans/{mary.plan}/visit"
    typed = {"referral": mary.entries["rehab"], "answer": "Yes, she is.", "nothing_to_tell": "yes", **more}
    shown = okafor.post(path, data={**typed, "do": "preview"}).text.split('name="previewed" value="')[1][:32]
    assert okafor.post(path, data={**typed, "do": "publish", "previewed": shown}).status_code == 303
    return referral(mary)


def test_what_is_pressed_on_a_loop_without_scripts_comes_back_to_it_and_says_what_is_done(
    mary: Mary, as_person: As
) -> None:
    okafor, loop = as_person("okafor"), referral(mary)
    at = f"/plans/{mary.plan}/entries/referrals/{mary.entries['rehab']}"
    assert '<input type="hidden" name="returns" value="loop">' in okafor.get(loop).text

    pressed = okafor.post(f"{at}/referral.accept", data={"returns": "loop"})
    form = okafor.get(f"{at}/referral.schedule", params={"returns": "loop"})
    faulty = okafor.post(f"{at}/referral.schedule", data={"returns": "loop", "appointment": "nonsense"})

    assert pressed.headers["location"] == f"{loop}?done=referral.accept"
    assert "You accepted the referral." in okafor.get(pressed.headers["location"]).text
    for page in (form, faulty):
        assert f'href="{loop}"' in page.text
        assert 'name="returns" value="loop"' in page.text
    told = okafor.post(f"{at}/comment.make", data={"words": "Dizzy?"}).headers["location"]
    assert told == f"/plans/{mary.plan}?done=comment.make#entry-{mary.entries['rehab']}"
    assert "You remarked." in okafor.get(told).text
    assert '<p class="done"' not in okafor.get(f"{loop}?done=<b>x</b>").text


def test_a_refused_press_on_a_loop_says_what_is_true_now(mary: Mary, as_person: As) -> None:
    accepted(mary, as_person)
    at = f"/plans/{mary.plan}/entries/referrals/{mary.entries['rehab']}"

    again = as_person("okafor").post(f"{at}/referral.accept", data={"returns": "loop"})

    assert again.status_code == 409
    assert "accepted now" in again.text
    assert f'href="{referral(mary)}"' in again.text


def test_an_update_is_taken_back_at_once_by_a_press_and_later_with_a_reason(mary: Mary, as_person: As) -> None:
    loop = published(mary, as_person)
    okafor = as_person("okafor")
    assert 'class="undo"' in okafor.get(loop).text
    assert "take-back" not in as_person("lee").get(loop).text
    mary.world.clock.pass_by(seconds=60)
    later = okafor.get(loop).text
    assert 'class="undo"' not in later
    assert "Why it is taken back" in later

    without = okafor.post(f"{loop}/take-back")
    someone_else = as_person("lee").post(f"{loop}/take-back", data={"reason": "Mine."})
    done = okafor.post(f"{loop}/take-back", data={"reason": "It was about another patient."})

    assert without.status_code == 422
    assert "Say why it is taken back." in without.text
    assert someone_else.status_code == 409
    assert done.status_code == 303
    assert value(mary, Section.REFERRALS, mary.entries["rehab"], "state") != "reported"
    assert value(mary, Section.REFERRALS, mary.entries["rehab"], "answer") == ""


def test_nothing_is_taken_back_once_someone_has_built_on_it(mary: Mary, as_person: As) -> None:
    loop = published(mary, as_person, recommendations="Stress test")
    (key,) = value(mary, Section.REFERRALS, mary.entries["rehab"], "recommendations")
    at = f"/plans/{mary.plan}/entries/referrals/{mary.entries['rehab']}/referral.decide_recommendation"
    declined = {"key": key, "decision": "declined", "reason": "Her knee."}
    assert as_person("lee").post(at, data=declined).status_code == 303

    mary.world.clock.pass_by(seconds=60)
    refused = as_person("okafor").post(f"{loop}/take-back", data={"reason": "Changed my mind."})

    assert refused.status_code == 409
    assert "Recommendations" in refused.text
    assert "Changed my mind." in refused.text
    assert value(mary, Section.REFERRALS, mary.entries["rehab"], "answer") == "Yes, she is."


def test_what_was_declined_stands_in_the_loop_with_its_reason_for_both_sides(mary: Mary, as_person: As) -> None:
    loop = published(mary, as_person, recommendations="Stress test")
    (key,) = value(mary, Section.REFERRALS, mary.entries["rehab"], "recommendations")
    at = f"/plans/{mary.plan}/entries/referrals/{mary.entries['rehab']}/referral.decide_recommendation"
    lee = as_person("lee")

    without = lee.post(at, data={"key": key, "decision": "declined", "returns": "loop"})
    declined = lee.post(at, data={"key": key, "decision": "declined", "reason": "Her knee.", "returns": "loop"})
    twice = lee.post(at, data={"key": key, "decision": "accepted", "returns": "loop"})

    assert (without.status_code, declined.status_code, twice.status_code) == (422, 303, 409)
    assert "Say why you decline it." in without.text
    for key_of in ("lee", "okafor"):
        page = as_person(key_of).get(loop).text
        assert "<strong>Declined</strong>" in page
        assert "Her knee." in page


def test_a_preview_changes_nothing_and_names_what_would_be_a_suggestion_only(mary: Mary, as_person: As) -> None:
    accepted(mary, as_person)
    okafor = as_person("okafor")
    before = asyncio.run(mary.world.plans.content(mary.plan))
    typed = {
        "referral": mary.entries["rehab"], "answer": "Yes.", "nothing_to_tell": "yes", "do": "preview",
        "stops.0.entry": mary.entries["furosemide"], "stops.0.why": "dry",
    }  # fmt: skip

    shown = okafor.post(f"/plans/{mary.plan}/visit", data=typed)

    assert shown.status_code == 200
    assert "data-suggested" in shown.text
    assert asyncio.run(mary.world.plans.content(mary.plan)).sections == before.sections
    hidden = okafor.post(f"/plans/{mary.plan}/visit", data={**typed, "stops.0.entry": "not-there"})
    assert hidden.status_code in (409, 422)
