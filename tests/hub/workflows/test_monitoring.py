from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdt.changes import Create
from crdt.fields import Value
from crdt.sections import Section
from hub.live.commands import EntryContent
from hub.workflows.agendas import Brief, flags
from hub.workflows.imagined import imagined
from hub.workflows.monitoring import Alarm, Alarmed, alarm, alarms, never_began, readings, tellings, told_to, zone_state
from hub.workflows.waiting import waiting_on
from tests.hub.workflows.plans import NOW, Bench

MONITORING = Section.MONITORING
WEIGHT: dict[str, Value] = {
    "measure": "29463-7 Body weight", "unit": "kg", "green": "66..69", "yellow": "69.1..70.4", "red": "70.5..",
    "persistence": "2 of 3",
}  # fmt: skip
DAY = timedelta(days=1)


def with_readings(*values: float | dict[str, Any], **declared: Value) -> dict[str, Value]:
    """Return a measure with one reading a day, the last an hour ago."""
    log: dict[str, Any] = {}
    for number, value in enumerate(values):
        when = NOW - DAY * (len(values) - 1 - number) - timedelta(hours=1)
        record = value if isinstance(value, dict) else {"value": value}
        log[f"key-{number}"] = {"unit": "kg", "when": when.isoformat(), "sent": when.isoformat(), **record}
    return {**WEIGHT, **declared, "readings": log}


def answered(value: float) -> dict[str, Any]:
    return {"value": value, "answered": "called her", "answered_by": "nurse", "answered_when": NOW.isoformat()}


def open_red(values: dict[str, Value]) -> Alarm | None:
    return next((each for each in alarms(values, NOW) if each.zone == "red"), None)


@pytest.mark.parametrize(
    ("values", "zone", "count"),
    [
        ((), "", 0),
        ((68.0,), "", 0),
        ((68.0, 68.2), "green", 2),
        ((68.0, 70.6, 68.1), "green", 3),
        ((68.0, 70.6, 71.2), "red", 2),
        ((70.6, 71.2, 68.0, 68.0), "green", 3),
        ((69.5, 70.6, 68.0), "yellow", 2),
        ((68.0, 68.0, 70.6), "red", 1),
    ],
)
def test_a_zone_counts_once_it_was_reached_n_of_m_times_and_red_at_once(
    values: tuple[float, ...], zone: str, count: int
) -> None:
    state = zone_state(with_readings(*values))

    assert (state.zone, state.count) == (zone, count)


def test_a_single_red_reading_is_an_alarm_whatever_the_persistence_is() -> None:
    found = alarm(with_readings(68.0, 68.0, 70.6, persistence="3 of 3"), NOW)

    assert found is not None
    assert (found.zone, found.about, found.reading["value"]) == ("red", Alarmed.ZONE, 70.6)


def test_persistence_holds_back_amber() -> None:
    assert alarm(with_readings(68.0, 68.0, 70.0), NOW) is None

    found = alarm(with_readings(68.0, 69.5, 70.0), NOW)

    assert found is not None
    assert found.zone == "yellow"
    assert found.since == NOW - DAY - timedelta(hours=1)


def test_a_red_that_was_answered_comes_again_only_n_of_m_times_or_when_it_is_worse() -> None:
    assert open_red(with_readings(68.0, answered(71.0))) is None
    assert open_red(with_readings(68.0, answered(71.0), 70.8)) is None
    assert open_red(with_readings(68.0, answered(71.0), 70.8, 70.9)) is not None
    assert open_red(with_readings(68.0, answered(71.0), 71.4)) is not None
    assert open_red(with_readings(answered(71.0), 70.8, persistence="1 of 1")) is not None


def test_below_is_worse_where_red_lies_below() -> None:
    zones: dict[str, Value] = {"green": "90..100", "yellow": "88..89", "red": "..87"}

    assert open_red(with_readings(answered(86), 87, **zones)) is None
    assert open_red(with_readings(answered(86), 85, **zones)) is not None


def test_a_red_that_nobody_answered_stands_until_later_readings_settle_it() -> None:
    assert open_red(with_readings(71.0, 68.0, 68.0)) is not None
    assert open_red(with_readings(71.0, 68.0, 68.0, 68.0)) is None


def test_red_is_so_since_the_first_red_of_its_run() -> None:
    found = open_red(with_readings(68.0, 70.6, 71.0, 71.2))

    assert found is not None
    assert (found.key, found.since) == ("key-3", NOW - 2 * DAY - timedelta(hours=1))


@pytest.mark.parametrize("values", [(68.0, 71.0), (68.0, 70.0, 70.0)])
def test_a_reading_entered_in_error_counts_in_no_zone_rule_or_alarm(values: tuple[float, ...]) -> None:
    *before, last = values
    wrong = with_readings(
        *before, {"value": last, "in_error": "typed wrong"}, trend="+2 in 3 days", persistence="1 of 1"
    )

    assert [each["value"] for each in readings(wrong)] == before
    assert zone_state(wrong).zone == zone_state(with_readings(*before, persistence="1 of 1")).zone
    assert open_red(wrong) is None
    assert not any(each.key == f"key-{len(before)}" for each in alarms(wrong, NOW))


def test_a_reading_in_another_unit_counts_in_the_unit_of_now_and_one_that_cannot_be_turned_not_at_all() -> None:
    found = readings(with_readings({"value": 157.0, "unit": "lb"}, {"value": 12.0, "unit": "furlong"}, 71.3))

    assert [each["value"] for each in found] == [71.21, 71.3]


@pytest.mark.parametrize(
    ("trend", "values", "by"),
    [
        ("+2 in 3 days", (66.0, 66.5, 68.1), 2.1),
        ("+2 in 3 days", (66.0, 67.0, 67.5), None),
        ("+2 in 3 days", (68.5, 67.0, 66.0), None),
        ("-2 in 3 days", (68.5, 67.0, 66.0), -2.5),
        ("2 in 3 days", (68.5, 67.0, 66.0), -2.5),
        ("+2 in 3 days", (66.0, 66.0, 66.0, 66.0, 66.0, 68.0), 2.0),
        ("+2 in 3 days", (66.0, 67.0, 67.2, 67.5, 68.0), None),
        ("-5 % in 7 days", (68.0, 67.0, 64.5), -3.5),
        ("", (60.0, 69.0), None),
    ],
)
def test_too_fast_a_change_is_an_alarm_by_the_rule_of_the_measure(
    trend: str, values: tuple[float, ...], by: float | None
) -> None:
    found = list(alarms(with_readings(*values, trend=trend, yellow="", green=""), NOW))

    assert [round(each.by, 1) for each in found if each.about is Alarmed.TREND] == ([by] if by is not None else [])


def test_readings_that_stopped_coming_are_an_alarm_until_one_comes_or_somebody_answers() -> None:
    values = with_readings(68.0, expected_days=2.0)

    def silent(after: timedelta, of: dict[str, Value] = values) -> list[Alarmed]:
        return [each.about for each in alarms(of, NOW + after)]

    assert silent(timedelta(days=1, hours=22)) == []
    assert silent(timedelta(days=1, hours=24)) == [Alarmed.SILENCE]
    later = with_readings({**answered(68.0), "answered_when": (NOW + 2 * DAY).isoformat()}, expected_days=2.0)
    assert silent(timedelta(days=3), later) == []
    assert silent(timedelta(days=4, hours=1), later) == [Alarmed.SILENCE]


def a_red_measure(bench: Bench, **declared: Value) -> EntryContent:
    values = with_readings(68.0, 71.2, responder=bench.nurse.person_id, **declared)
    return bench.entry(MONITORING, bench.put(MONITORING, **values))


def the_team(bench: Bench, *, backup: str = "") -> None:
    bench.put(Section.CARE_TEAM, person=bench.nurse.person_id, role="nurse", backup=backup, steward="no")
    bench.put(Section.CARE_TEAM, person=bench.doctor.person_id, role="doctor", steward="yes")


def told(bench: Bench, entry: EntryContent) -> list[tuple[str, timedelta]]:
    found = alarm(entry.values, NOW)
    assert found is not None
    return [(each.person, each.when - found.told) for each in tellings(bench.plan, entry, found)]


def test_red_is_told_to_who_responds_then_to_the_backup_then_to_the_steward(bench: Bench) -> None:
    the_team(bench, backup=bench.pharmacist.person_id)

    assert told(bench, a_red_measure(bench)) == [
        (bench.nurse.person_id, timedelta(0)),
        (bench.pharmacist.person_id, timedelta(minutes=30)),
        (bench.doctor.person_id, timedelta(hours=1)),
    ]


def test_the_wait_is_a_setting_of_the_measure(bench: Bench) -> None:
    the_team(bench, backup=bench.pharmacist.person_id)

    waits = [wait for _, wait in told(bench, a_red_measure(bench, backup_minutes=10.0))]

    assert waits == [timedelta(0), timedelta(minutes=10), timedelta(minutes=20)]


def test_without_a_backup_the_steward_is_told_in_the_backups_place(bench: Bench) -> None:
    the_team(bench)

    assert told(bench, a_red_measure(bench))[1:] == [(bench.doctor.person_id, timedelta(minutes=30))]


def test_without_a_responder_the_steward_is_told_at_once(bench: Bench) -> None:
    the_team(bench)
    values = with_readings(68.0, 71.2)
    entry = bench.entry(MONITORING, bench.put(MONITORING, **values))

    assert told(bench, entry) == [(bench.doctor.person_id, timedelta(0))]


def test_the_clock_begins_when_the_hub_has_the_reading_however_late_the_phone_sends_it(bench: Bench) -> None:
    the_team(bench, backup=bench.pharmacist.person_id)
    taken = {"value": 71.2, "when": (NOW - 5 * DAY).isoformat(), "sent": NOW.isoformat()}
    values = with_readings(taken, responder=bench.nurse.person_id)
    entry = bench.entry(MONITORING, bench.put(MONITORING, **values))
    found = alarm(entry.values, NOW)
    assert found is not None

    def knows(minutes: int) -> bool:
        return told_to(bench.plan, entry, found, bench.pharmacist.person_id, NOW + timedelta(minutes=minutes))

    assert [knows(29), knows(30)] == [False, True]


def test_amber_stays_with_who_responds(bench: Bench) -> None:
    the_team(bench, backup=bench.pharmacist.person_id)
    values = with_readings(69.5, 70.0, responder=bench.nurse.person_id)
    entry = bench.entry(MONITORING, bench.put(MONITORING, **values))

    assert told(bench, entry) == [(bench.nurse.person_id, timedelta(0))]


@given(st.permutations([3.0, 1.0, 2.0]))
def test_readings_are_ordered_by_when_they_were_taken(order: list[float]) -> None:
    log: dict[str, Any] = {
        f"key-{number}": {"value": value, "when": (NOW + timedelta(hours=value)).isoformat()}
        for number, value in enumerate(order)
    }

    assert [each["value"] for each in readings({"readings": log})] == [1.0, 2.0, 3.0]


def made_days_ago(days: float, **values: Value) -> EntryContent:
    told = f"{int((NOW - DAY * days).timestamp() * 1_000):012x}"
    return EntryContent(f"{told[:8]}-{told[8:]}-7000-8000-000000000001", {**WEIGHT, **values}, 1)


@pytest.mark.parametrize(
    ("entry", "overdue"),
    [
        (made_days_ago(3, expected_days=2.0), True),
        (made_days_ago(1.9, expected_days=2.0), False),
        (made_days_ago(3), False),
        (made_days_ago(3, expected_days=2.0, readings=with_readings(68.0)["readings"]), False),
        (EntryContent("of another system", {**WEIGHT, "expected_days": 2.0}, 1), False),
    ],
)
def test_a_first_reading_that_never_came_is_overdue_from_its_day_on(entry: EntryContent, overdue: bool) -> None:
    since = never_began(entry, NOW)

    assert (since is not None) is overdue
    assert since is None or since == NOW - DAY


def test_a_first_reading_that_never_came_waits_on_the_responder_and_stands_on_the_agenda(bench: Bench) -> None:
    made = made_days_ago(5, expected_days=1.0, responder=bench.nurse.person_id, status="active")
    bench.plan = imagined(bench.plan, [Create(MONITORING, made.id, made.values)], by=0)

    (waits,) = waiting_on(bench.plan, bench.nurse, NOW)

    assert waits.words == "Body weight: no reading yet, overdue since 16-Nov-2026"
    assert waiting_on(bench.plan, bench.doctor, NOW) == ()
    assert [each.words for each in flags(Brief(bench.plan, ""), NOW)] == [waits.words]
    assert waits.commands == ()
