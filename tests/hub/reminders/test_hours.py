"""Somebody is told at a civil hour by their own clock, never in their quiet hours, whatever the clocks do that day."""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hub.reminders.choices import NIGHT
from hub.reminders.hours import LATEST_BEFORE, Quiet, after_quiet, at, before, next_time, on_day

ZONES = [
    ZoneInfo(name)
    for name in ("America/New_York", "America/Denver", "Pacific/Auckland", "Europe/Madrid", "Asia/Kathmandu")
]
zones = st.sampled_from(ZONES)
clocks = st.times().map(lambda clock: clock.replace(second=0, microsecond=0))
quiets = st.builds(Quiet, clocks, clocks)
instants = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
NINE = time(9)


@example(datetime(2026, 11, 1, 6, 15, tzinfo=UTC), Quiet(time(22), time(1, 30)), ZONES[0])  # An hour comes twice.
@given(instants, quiets, zones)
def test_nothing_is_sent_in_quiet_hours_nor_earlier_nor_a_day_and_an_hour_later(
    instant: datetime, quiet: Quiet, zone: ZoneInfo
) -> None:
    told = after_quiet(instant, quiet, zone)

    assert not quiet.holds(told.astimezone(zone).time())
    assert instant <= told <= instant + timedelta(hours=25)


@given(instants, clocks, quiets, zones, st.integers(1, 60 * 24 * 40))
def test_an_appointment_is_told_before_it_begins_and_not_in_quiet_hours(
    now: datetime, clock: time, quiet: Quiet, zone: ZoneInfo, minutes: int
) -> None:
    appointment = now + timedelta(minutes=minutes)

    told = before(appointment, clock, now, quiet, zone)

    if told is not None:
        assert now <= told <= appointment - LATEST_BEFORE
        assert not quiet.holds(told.astimezone(zone).time())


@given(instants, clocks, zones)
def test_the_next_time_lies_ahead_and_within_a_day_and_an_hour(now: datetime, clock: time, zone: ZoneInfo) -> None:
    assert now < next_time(clock, now, zone) <= now + timedelta(hours=25)


def test_a_thousand_appointments_in_five_zones_are_told_at_nine_the_day_before_by_each_wall() -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    told: Counter[datetime] = Counter()
    for number in range(1_000):
        zone = ZONES[number % 5]
        day = date(2026, 3, 8 + number // 5 % 7)  # With the day on which the clocks of America are put on.
        due = before(at(day, time(15, number % 60), zone), NINE, now, NIGHT, zone)
        assert due is not None
        local = due.astimezone(zone)
        assert (local.date(), local.time()) == (day - timedelta(days=1), NINE)
        told[due] += 1

    assert sum(told.values()) == 1_000
    assert len(told) == 5 * 7  # One instant a zone and day: each person's messages are one.


@pytest.mark.parametrize(
    ("day", "clock", "expected"),
    [
        (date(2026, 3, 8), time(2, 30), "2026-03-08T07:30:00+00:00"),  # Skipped: half past two is half past three.
        (date(2026, 11, 1), time(1, 30), "2026-11-01T05:30:00+00:00"),  # Comes twice: the first counts.
        (date(2026, 3, 8), NINE, "2026-03-08T13:00:00+00:00"),
        (date(2026, 3, 7), NINE, "2026-03-07T14:00:00+00:00"),
    ],
)
def test_an_hour_is_that_of_the_wall_on_the_days_on_which_clocks_change(day: date, clock: time, expected: str) -> None:
    assert at(day, clock, ZoneInfo("America/New_York")).isoformat() == expected


def test_what_is_booked_too_late_for_a_civil_hour_is_not_told_after_it_began() -> None:
    zone = ZoneInfo("America/New_York")
    at_night = at(date(2026, 6, 1), time(22, 30), zone)

    assert before(at(date(2026, 6, 2), time(8, 30), zone), NINE, at_night, NIGHT, zone) is None
    assert before(at(date(2026, 6, 2), time(10), zone), NINE, at_night, NIGHT, zone) == at(
        date(2026, 6, 2), time(8), zone
    )


def test_what_is_due_today_is_told_at_once_after_the_hour_and_at_the_hour_before_it() -> None:
    zone, today = ZoneInfo("Europe/Madrid"), date(2026, 6, 1)

    assert on_day(today, NINE, at(today, time(7), zone), NIGHT, zone) == at(today, NINE, zone)
    late = at(today, time(14), zone)
    assert late < on_day(today, NINE, late, NIGHT, zone) < late + timedelta(minutes=5)
