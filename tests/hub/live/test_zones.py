"""Every plan has the clock of where it is at home."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from hub.live.commands import PlanContent
from hub.live.zones import Zones
from web.views.local_times import instant_for_form, instant_from_form

EVERYWHERE = ("Pacific/Honolulu", "America/New_York", "UTC", "Europe/Berlin", "Asia/Kathmandu", "Pacific/Kiritimati")


def test_a_plan_has_its_own_organisations_clock_and_others_the_default_one() -> None:
    zones = Zones()
    assert zones.of("any") is UTC

    zones.know("America/New_York", {"elsewhere": "Pacific/Honolulu", "damaged": "No/Where"})

    assert zones.of("any") == zones.default == ZoneInfo("America/New_York")
    assert zones.of("elsewhere") == ZoneInfo("Pacific/Honolulu")
    assert zones.of("damaged") is UTC


@given(zone=st.sampled_from(EVERYWHERE), instant=st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1)))  # noqa: DTZ001
def test_the_day_of_a_plan_is_the_day_on_the_wall_there_to_the_last_second(zone: str, instant: datetime) -> None:
    there = ZoneInfo(zone)
    content = PlanContent("plan", {}, zone=there)
    last = datetime.combine(instant.date(), datetime.max.time(), there).replace(microsecond=0)

    assert content.day_of(last.astimezone(UTC)) == instant.date()
    assert content.day_of(last.astimezone(UTC) + timedelta(seconds=1)) == instant.date() + timedelta(days=1)


@given(zone=st.sampled_from(EVERYWHERE), instant=st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1)))  # noqa: DTZ001
def test_a_time_typed_is_the_time_shown_or_none_that_the_clock_jumped_over(zone: str, instant: datetime) -> None:
    typed, there = f"{instant:%Y-%m-%dT%H:%M}", ZoneInfo(zone)

    meant = instant_from_form(typed, there)

    assert meant == typed or instant_for_form(meant, there) == typed


def test_a_time_that_the_clock_jumped_over_is_no_instant() -> None:
    assert instant_from_form("2026-03-08T02:30", ZoneInfo("America/New_York")) == "2026-03-08T02:30"
    assert instant_from_form("9999-12-31T23:59", ZoneInfo("America/New_York")) == "9999-12-31T23:59"
