from datetime import timedelta
from typing import Any

import pytest

from crdt.sections import Section
from hub.safety.plan_rules import findings
from hub.workflows.earlier_results import results_at_hand
from tests.hub.workflows.plans import NOW, Bench
from tests.hub.workflows.test_referrals import a_referral


def rules(bench: Bench) -> list[str]:
    return [finding.rule for finding in findings(bench.plan, NOW)]


def a_goal(bench: Bench, low: Any = None, high: Any = None, **values: Any) -> str:
    whole = {"description": "A1c", "voice": bench.doctor.person_id, "owner": bench.doctor.person_id, "unit": "%",
             "due": bench.day(30), "measure": "4548-4 Hemoglobin A1c", "lifecycle": "active", "target_low": low,
             "target_high": high, **values}  # fmt: skip
    return bench.put(Section.GOALS, by=bench.doctor, **whole)


def a_measure(bench: Bench, *readings: tuple[float, int], **values: object) -> str:
    log = {
        str(number): {"value": value, "when": (NOW - timedelta(days=ago)).isoformat()}
        for number, (value, ago) in enumerate(readings)
    }
    whole = {"measure": "33914-3 eGFR", "unit": "mL/min", "readings": log, **values}
    return bench.put(Section.MONITORING, **whole)


@pytest.mark.parametrize(
    ("state", "due", "expected"),
    [
        ("requested", 1, ["task-unowned"]),
        ("rejected", 1, ["task-unowned"]),
        ("requested", -1, ["task-unowned", "task-overdue"]),
        ("accepted", -1, ["task-overdue"]),
        ("accepted", 0, []),
        ("completed", -9, []),
        ("cancelled", -9, []),
    ],
)
def test_a_task_is_told_while_nobody_owns_it_or_it_is_late(
    bench: Bench, state: str, due: int, expected: list[str]
) -> None:
    bench.put(Section.TASKS, title="Call", owner=bench.social.person_id, due=bench.day(due), state=state)

    assert rules(bench) == expected


@pytest.mark.parametrize(
    ("state", "expected_by", "expected"),
    [
        ("requested", 3, ["referral-unowned"]),
        ("accepted", 3, []),
        ("accepted", -3, ["referral-late"]),
        ("closed", -3, []),
        ("draft", -3, []),
    ],
)
def test_a_referral_is_told_while_it_is_silent(bench: Bench, state: str, expected_by: int, expected: list[str]) -> None:
    a_referral(bench, state, expected_by=bench.day(expected_by))

    assert rules(bench) == expected


@pytest.mark.parametrize(
    ("values", "fires"), [((120, 121, 122), False), ((120, 170, 121), False), ((120, 170, 171), True)]
)
def test_readings_are_told_once_they_are_out_of_zone_often_enough(
    bench: Bench, values: tuple[float, ...], fires: bool
) -> None:
    a_measure(
        bench, *((value, 3 - n) for n, value in enumerate(values)), measure="8480-6 Systolic", green="100..129",
        red="160..", persistence="2 of 3",
    )  # fmt: skip

    assert (rules(bench) == ["out-of-zone"]) is fires


def test_a_test_that_was_repeated_too_soon_is_told(bench: Bench) -> None:
    a_measure(bench, (41.0, 60), (38.0, 20), repeat_days=90)
    a_measure(bench, (41.0, 120), (38.0, 20), repeat_days=90)

    assert rules(bench) == ["test-repeated"]


@pytest.mark.parametrize(("ago", "told"), [(20, "within 20 days;"), (1, "within 1 day;")])
def test_days_are_counted_in_words(bench: Bench, ago: int, told: str) -> None:
    a_measure(bench, (41.0, ago + 5), (38.0, 5), repeat_days=90)

    (finding,) = findings(bench.plan, NOW)
    assert told in finding.explanation


def test_whoever_orders_a_test_sees_the_result_that_is_at_hand(bench: Bench) -> None:
    a_measure(bench, (38.0, 20), repeat_days=90)

    (result,) = results_at_hand(bench.plan, "egfr", NOW)

    assert (result.value, result.again) == (38.0, (NOW + timedelta(days=70)).date())
    assert results_at_hand(bench.plan, "potassium", NOW) == ()
    assert results_at_hand(bench.plan, "", NOW) == ()
    assert results_at_hand(bench.plan, "egfr", NOW + timedelta(days=71)) == ()


@pytest.mark.parametrize(
    ("one", "other", "fires"),
    [
        ((None, 7.0), (7.5, 8.0), True),
        ((7.5, None), (None, 7.0), True),
        ((None, 7.0), (None, 8.0), False),
        ((6.5, 7.5), (7.5, 8.0), False),
    ],
)
def test_goals_contradict_where_no_value_meets_both(
    bench: Bench, one: tuple[float | None, float | None], other: tuple[float | None, float | None], fires: bool
) -> None:
    a_goal(bench, *one)
    a_goal(bench, *other)

    assert (rules(bench) == ["goals-contradict"]) is fires


def test_goals_of_other_measures_units_or_times_do_not_contradict(bench: Bench) -> None:
    a_goal(bench, None, 7.0)
    a_goal(bench, 8.0, None, measure="8480-6 Systolic")
    a_goal(bench, 53.0, None, unit="mmol/mol")
    a_goal(bench, 8.0, None, lifecycle="cancelled")

    assert rules(bench) == []


@pytest.mark.parametrize("lacking", ["measure", "due", "owner"])
def test_a_goal_that_lacks_its_measure_day_or_owner_is_told(bench: Bench, lacking: str) -> None:
    a_goal(bench, **{lacking: ""})

    assert rules(bench) == ["goal-incomplete"]


def test_a_review_date_that_passed_is_told_in_every_section(bench: Bench) -> None:
    for section in (Section.CONDITIONS, Section.SOCIAL_NEEDS, Section.ADVANCE_CARE):
        bench.put(section, review_due=bench.day(-1))
        bench.put(section, review_due=bench.day(0))

    assert rules(bench) == ["review-passed"] * 3


def test_many_appointments_are_a_burden(bench: Bench) -> None:
    for day in range(5):
        assert "burden-of-visits" not in rules(bench)
        a_referral(bench, "scheduled", appointment=(NOW + timedelta(days=day + 1)).isoformat())

    assert rules(bench) == ["burden-of-visits"]


def test_an_empty_plan_is_quiet(bench: Bench) -> None:
    assert rules(bench) == []
