"""Days, hours and ages where people are: Honolulu to Kiritimati, both days of the clocks' change, to the second."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdt.fields import Form, Value
from hub.live.commands import PlanContent
from hub.workflows.contents import plainly
from hub.workflows.one_line import day_of
from hub.workflows.tasks import days_late
from hub.workflows.transition_clocks import TransitionClock, _clock, dues
from web.languages import language
from web.views.inviting import end_of_day, last_day
from web.views.local_times import (
    FIRST,
    SECOND,
    fault_of_local,
    instant_for_form,
    instant_from_form,
    instants_of,
    last_instant,
    start_of_day,
    typed_instants,
    which_of_two,
    zone_words,
)
from web.views.words import Reading, age, moment

ZONES = (
    "Pacific/Honolulu", "America/Los_Angeles", "America/New_York", "America/St_Johns", "America/Sao_Paulo", "UTC",
    "Europe/Berlin", "Africa/Cairo", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Chatham", "Pacific/Kiritimati",
)  # fmt: skip
NEW_YORK = ZoneInfo("America/New_York")
SECOND_LONG = timedelta(seconds=1)


@cache
def changes_of(zone: str) -> tuple[date, ...]:
    """Return the days of 2026 that are not of 24 hours there."""
    there, first = ZoneInfo(zone), date(2026, 1, 1)
    days = (first + timedelta(days=number) for number in range(365))
    return tuple(on for on in days if length_of(on, there) != timedelta(hours=24))


def length_of(on: date, zone: ZoneInfo) -> timedelta:
    return start_of_day(on, zone, days=1) - start_of_day(on, zone)


zones = st.sampled_from(ZONES)
days = st.one_of(
    st.tuples(zones, st.dates(date(2020, 1, 1), date(2035, 12, 31))),
    st.sampled_from([(zone, on) for zone in ZONES for on in changes_of(zone)]),
)
"""A zone and a day there, often one on which its clocks change."""


@given(days)
def test_what_is_due_on_a_day_is_in_time_to_its_last_second_there_and_late_at_the_next(there: tuple[str, date]) -> None:
    zone, due = there
    plan = PlanContent("plan", {}, zone=ZoneInfo(zone))
    over = start_of_day(due, ZoneInfo(zone), days=1)
    task: dict[str, Value] = {"state": "accepted", "due": due.isoformat()}

    last, next_day = plan.day_of(over - SECOND_LONG), plan.day_of(over)

    assert (days_late(task, last), days_late(task, next_day)) == (0, 1)
    assert (_late(due, last), _late(due, next_day)) == (0, 1)
    assert Reading(over - SECOND_LONG, ZoneInfo(zone)).today == due
    assert (day_of("today", last), day_of("tomorrow", last)) == (due, due + timedelta(days=1))
    reading = Reading(over - SECOND_LONG, ZoneInfo(zone))
    assert moment(start_of_day(due, ZoneInfo(zone)), reading).words.startswith("today")


def _late(due: date, today: date) -> int:
    clock: TransitionClock = _clock("contact", due, False, today)
    return clock.late


@given(days)
def test_who_leaves_in_the_last_second_of_a_day_has_left_on_that_day(there: tuple[str, date]) -> None:
    zone, left = there
    plan = PlanContent("plan", {}, zone=ZoneInfo(zone))
    end = start_of_day(left, ZoneInfo(zone), days=1) - SECOND_LONG

    assert dues("inpatient", "home", plan.day_of(end), 7)["visit_due"] == left + timedelta(days=7)
    assert dues("inpatient", "home", plan.day_of(end + SECOND_LONG), 7)["visit_due"] == left + timedelta(days=8)


@given(days)
def test_a_newborn_is_a_day_old_when_the_day_there_is_over(there: tuple[str, date]) -> None:
    zone, born = there
    plan = PlanContent("plan", {}, zone=ZoneInfo(zone))
    over = start_of_day(born, ZoneInfo(zone), days=1)

    assert (age(born, plan.day_of(over - SECOND_LONG)), age(born, plan.day_of(over))) == ("0d", "1d")


@given(days)
def test_access_until_a_day_ends_with_that_day_there(there: tuple[str, date]) -> None:
    zone, last = there

    ends = end_of_day(last.isoformat(), ZoneInfo(zone))

    assert ends == start_of_day(last, ZoneInfo(zone), days=1)
    assert ends is not None
    assert last_day(ends, ZoneInfo(zone)) == last
    assert ends.astimezone(ZoneInfo(zone)).date() == last + timedelta(days=1)


@pytest.mark.parametrize("zone", ZONES)
def test_the_minutes_that_a_form_can_say_on_a_day_are_the_minutes_of_that_day(zone: str) -> None:
    there = ZoneInfo(zone)
    for on in (*changes_of(zone), date(2026, 6, 15)):
        local = [f"{on}T{hour:02}:{minute:02}" for hour in range(24) for minute in range(60)]
        found = [instant for each in local for instant in instants_of(each, there)]

        assert len(found) == len(set(found)) == length_of(on, there) // timedelta(minutes=1)
        assert all(instant_for_form(each.isoformat(), there).startswith(str(on)) for each in found)


@given(zones, st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1)))  # noqa: DTZ001 - a clock on the wall
def test_what_a_control_shows_means_the_instant_that_it_was_made_from(zone: str, moment_then: datetime) -> None:
    there, instant = ZoneInfo(zone), moment_then.replace(second=0, microsecond=0, tzinfo=UTC)
    shown = instant_for_form(instant.isoformat(), there)
    chosen = [each.value for each in which_of_two(shown, there, instant) if each.chosen]

    assert instant in instants_of(shown, there)
    assert instant_from_form(shown, there, *chosen) == instant.isoformat()
    assert fault_of_local(shown, there) == "" or chosen


def test_a_time_that_does_not_exist_or_comes_twice_is_asked_for_and_never_guessed() -> None:
    jumped, twice = "2026-03-08T02:30", "2026-11-01T01:30"

    assert instant_from_form(jumped, NEW_YORK) == jumped
    assert "There is no 02:30 on 08-Mar-2026" in fault_of_local(jumped, NEW_YORK)
    assert instant_from_form(twice, NEW_YORK) == twice
    assert "01:30 on 01-Nov-2026 comes twice" in fault_of_local(twice, NEW_YORK)
    assert [each.words for each in which_of_two(twice, NEW_YORK, None)] == [
        "01:30 EDT, before the clocks are put back", "01:30 EST, after that",
    ]  # fmt: skip
    assert instant_from_form(twice, NEW_YORK, FIRST) == "2026-11-01T05:30:00+00:00"
    assert instant_from_form(twice, NEW_YORK, SECOND) == "2026-11-01T06:30:00+00:00"
    assert typed_instants([("start", twice), ("which.start", SECOND), ("end", twice)], NEW_YORK) == {
        "start": ["2026-11-01T06:30:00+00:00"], "end": [twice],
    }  # fmt: skip
    assert fault_of_local("tomorrow", NEW_YORK) == fault_of_local("9999-12-31T23:59", NEW_YORK) == ""


def test_a_look_back_takes_the_later_of_two_hours_and_what_follows_a_jump() -> None:
    assert last_instant("2026-11-01T01:30", NEW_YORK) == datetime(2026, 11, 1, 6, 30, tzinfo=UTC)
    assert last_instant("2026-03-08T02:30", NEW_YORK) == datetime(2026, 3, 8, 7, 30, tzinfo=UTC)
    assert last_instant("9999-12-31T23:59", NEW_YORK) is None


def test_days_count_at_home_whatever_clock_somebody_reads_by() -> None:
    late_evening = datetime(2026, 12, 2, 1, 0, tzinfo=UTC)
    far_away = Reading(late_evening, ZoneInfo("Pacific/Kiritimati"), home=NEW_YORK)

    assert (far_away.today, far_away.day_told) == (date(2026, 12, 1), date(2026, 12, 2))
    assert moment(late_evening - timedelta(hours=2), far_away).words == "today 13:00"
    assert language("en").when(late_evening - timedelta(hours=2), far_away) == "today, 1:00 in the afternoon"
    assert language("en").near_day(date(2026, 12, 1), far_away) == "today", "what is due today at home is due today"


def test_instants_are_told_by_the_plan_s_clock_on_paper_and_in_digests() -> None:
    told = datetime.combine(date(2026, 11, 21), time(3, 30), UTC).isoformat()

    assert plainly(told, Form.INSTANT, NEW_YORK) == "20-Nov-2026 22:30"
    assert zone_words(NEW_YORK) == "New York"
