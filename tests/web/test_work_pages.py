"""What waits on me, remarks, referrals and visit updates as pages without scripts, and who is kept from them."""

import asyncio
from typing import Any

from crdt.sections import Section
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
