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
    second = browser.post(f"{at}/home", data={"destination": "home", "end": "2026-11-21T07:00", "visit_days": "7"})

    assert (first.status_code, second.status_code) == (303, 303)
    assert not re.search(r'name="facility"', form), "the stay that goes on is the one that ends"
    (added,) = stays(mary)[before:]
    assert (added["event"], added["contact_due"], added["visit_due"]) == ("discharged", "2026-11-24", "2026-11-28")


def test_what_is_missing_is_said_beside_its_field_with_what_was_typed(mary: Mary, as_person: As) -> None:
    answer = as_person("ruiz").post(f"/plans/{mary.plan}/stays/came", data={"facility": "St. <b>Mary</b>"})

    assert answer.status_code == 422
    assert "St. &lt;b&gt;Mary&lt;/b&gt;" in answer.text
    assert "Enter when it began." in answer.text


def test_who_may_record_no_stay_is_shown_no_form_and_an_unknown_move_is_not_there(mary: Mary, as_person: As) -> None:
    assert as_person("kate").get(f"/plans/{mary.plan}/stays/came").status_code == 403
    assert as_person("kate").post(f"/plans/{mary.plan}/stays/came", data={"facility": "x"}).status_code == 403
    assert as_person("ruiz").get(f"/plans/{mary.plan}/stays/vanished").status_code == 404
