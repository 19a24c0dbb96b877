from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth.roles import Role
from hub.workflows.one_line import Nameable, day_of, mentioned, parse

TODAY = date(2026, 11, 20)
"""A Friday."""

PEOPLE = (
    Nameable("p-ana", "Ana Torres, LCSW", Role.SOCIAL_WORKER),
    Nameable("p-lee", "Dr. Michael Lee", Role.SPECIALIST),
    Nameable("p-kim", "Grace Kim, RN", Role.CARE_MANAGER),
    Nameable("p-ruiz", "Dr. Elena Ruiz", Role.PRIMARY_CARE),
    Nameable("p-cole", "Dr. Hannah Cole", Role.SPECIALIST),
)


@pytest.mark.parametrize(
    ("line", "title", "owner", "due"),
    [
        ("/task Call cardiology for the report @ana today", "Call cardiology for the report", "p-ana", TODAY),
        ("Call @kim tomorrow", "Call", "p-kim", date(2026, 11, 21)),
        ("@pcp look at the potassium by mon", "look at the potassium", "p-ruiz", date(2026, 11, 23)),
        ("Weigh her @care_manager fri", "Weigh her", "p-kim", date(2026, 11, 27)),
        ("Order a scale @grace.kim 2026-12-01", "Order a scale", "p-kim", date(2026, 12, 1)),
        ("Order a scale @nurse in 3 days", "Order a scale", "p-kim", date(2026, 11, 23)),
        ("Order a scale @lee 2w", "Order a scale", "p-lee", date(2026, 12, 4)),
        ("Order a scale @dr.michael.lee tuesday", "Order a scale", "p-lee", date(2026, 11, 24)),
    ],
)
def test_a_line_says_what_who_and_when(line: str, title: str, owner: str, due: date) -> None:
    told = parse(line, PEOPLE, TODAY)

    assert (told.title, told.owner, told.due, told.faults) == (title, owner, due, {})


@pytest.mark.parametrize(
    ("line", "field", "words"),
    [
        ("", "title", "what"),
        ("Call her", "owner", "who"),
        ("Call her @ana", "due", "when"),
        ("Call her @nobody today", "owner", "No one"),
        ("Call her @specialist today", "owner", "More than one"),
        ("Call her @ana @kim today", "owner", "one owner"),
        ("Call her @ana 2026-11-01", "due", "passed"),
    ],
)
def test_what_a_line_leaves_open_is_told(line: str, field: str, words: str) -> None:
    assert words in parse(line, PEOPLE, TODAY).faults[field]


def test_a_whole_line_becomes_the_values_of_a_task() -> None:
    assert parse("/task Call her @ana today", PEOPLE, TODAY).values() == {
        "title": "Call her",
        "owner": "p-ana",
        "due": "2026-11-20",
    }


@given(st.text(max_size=300))
def test_no_line_breaks_the_reader(line: str) -> None:
    told = parse(line, PEOPLE, TODAY)

    assert told.faults or (told.title and told.owner and told.due)


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.sampled_from(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]))
def test_a_day_of_the_week_is_the_next_one(today: date, name: str) -> None:
    due = day_of(name, today)

    assert due is not None
    assert timedelta(days=1) <= due - today <= timedelta(days=7)
    assert due.strftime("%a").lower() == name


def test_comments_call_people_and_roles_once_each() -> None:
    assert mentioned("@ana please ask @pharmacist, and @ana again; mail a@b.c to @nobody", PEOPLE) == (
        "p-ana",
        "pharmacist",
    )
