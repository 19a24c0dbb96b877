"""The page of one measure: its chart with zones and changed doses, and the table that says the same."""

import re
from datetime import UTC, datetime

import pytest

from crdt.changes import Assign
from crdt.sections import Section
from hub.workflows.digests import FieldEdit
from tests.web.conftest import As
from tests.web.mary import Mary
from tests.web.test_family import change, words_of
from web.views.readings import dose_changes

S = Section


def test_the_page_draws_every_reading_with_its_zones_and_says_the_same_in_a_table(mary: Mary, as_person: As) -> None:
    at = f"/plans/{mary.plan}/entries/monitoring/{mary.entries['weight']}"
    assert f'href="{at}/readings"' in as_person("ruiz").get(at, headers={"HX-Request": "true"}).text

    page = as_person("ruiz").get(f"{at}/readings").text

    assert page.count('class="dot"') == 3
    assert set(re.findall(r'class="band" data-zone="(\w+)"', page)) >= {"green", "yellow"}
    assert "74.6 kg" in words_of(page)
    assert "<style" not in page
    assert " style=" not in page


def test_a_dose_changed_meanwhile_is_marked_on_the_line_of_time(mary: Mary, as_person: As) -> None:
    medicine = mary.entries["furosemide"]
    change(mary, "ruiz", Assign(S.MEDICATIONS, medicine, "dose", "12.5 mg"))
    kate, weight = as_person("kate"), mary.entries["weight"]
    kate.post(f"/plans/{mary.plan}/family/readings/{weight}", data={"value": "74.7"})

    page = as_person("ruiz").get(f"/plans/{mary.plan}/entries/monitoring/{weight}/readings").text

    assert "Doses changed meanwhile" in page
    assert "→ 12.5 mg" in page


def test_what_was_entered_in_error_is_struck_through_with_why_and_not_drawn(mary: Mary, as_person: As) -> None:
    ruiz, at = as_person("ruiz"), f"/plans/{mary.plan}/entries/monitoring/{mary.entries['weight']}"
    mark = re.search(r'href="[^"]+/reading\.mark_error\?key=([^"]+)"', ruiz.get(f"{at}/readings").text)
    assert mark is not None

    ruiz.post(f"{at}/reading.mark_error", data={"key": mark[1], "reason": "of the neighbour"})

    page = ruiz.get(f"{at}/readings").text
    assert page.count('class="dot"') == 2
    assert "<s>74.6 kg</s>" in page
    assert "entered in error: of the neighbour" in words_of(page)


@pytest.mark.parametrize("section", ["goals", "medications"])
def test_only_a_measure_has_such_a_page(mary: Mary, as_person: As, section: str) -> None:
    at = f"/plans/{mary.plan}/entries/{section}/{mary.entries['weight']}/readings"

    assert as_person("ruiz").get(at).status_code == 404


def test_of_the_medicines_history_only_doses_beginnings_and_ends_are_marked() -> None:
    when = datetime(2026, 11, 20, tzinfo=UTC)
    edits = [
        FieldEdit(S.MEDICATIONS, "a", name, before, after, "x", when)
        for name, before, after in (("dose", "5 mg", "10 mg"), ("taking", "active", "stopped"), ("name", "a", "b"))
    ]

    assert [edit.field for edit, _ in dose_changes(edits, {"a": "Lisinopril"})] == ["dose", "taking"]
    assert dose_changes(edits, {"b": "Other"}) == []
