from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdt.sections import Section
from hub.workflows.business_days import business_days_after, federal_holidays, is_business_day
from hub.workflows.medications import MedicationDecide
from hub.workflows.transitions import (
    TransitionContacted,
    TransitionReconciled,
    TransitionRecord,
    TransitionVisited,
    clocks,
    in_window,
)
from tests.hub.workflows.plans import NOW, Bench

TRANSITIONS = Section.TRANSITIONS


def a_discharge(bench: Bench, days: int = 1, visit_days: str = "7") -> str:
    command = TransitionRecord(
        event="discharged",
        facility="Northside General",
        setting="inpatient",
        start=NOW - timedelta(days=days + 4),
        end=NOW - timedelta(days=days),
        visit_days=visit_days,
    )
    return bench.perform(bench.doctor, command)[0]


def a_medicine(bench: Bench, reconciliation: str, taking: str = "active") -> str:
    return bench.put(
        Section.MEDICATIONS, by=bench.doctor, kind="medicine", name="aspirin", dose="81 mg", frequency="once daily",
        taking=taking, reconciliation=reconciliation,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("left", "count", "due"),
    [
        ("2026-11-19", 2, "2026-11-23"),
        ("2026-11-20", 2, "2026-11-24"),
        ("2026-11-25", 2, "2026-11-30"),
        ("2026-12-24", 2, "2026-12-29"),
        ("2026-07-01", 2, "2026-07-06"),
        ("2027-12-30", 1, "2028-01-03"),
    ],
)
def test_business_days_leave_out_weekends_and_federal_holidays(left: str, count: int, due: str) -> None:
    assert business_days_after(date.fromisoformat(left), count) == date.fromisoformat(due)


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(1, 10))
def test_the_nth_business_day_is_open_and_exactly_n_open_days_away(day: date, count: int) -> None:
    due = business_days_after(day, count)

    between = [day + timedelta(days=n) for n in range(1, (due - day).days + 1)]
    assert is_business_day(due)
    assert sum(map(is_business_day, between)) == count


def test_the_holidays_of_a_year_are_those_of_the_law() -> None:
    told = ["2026-01-01", "2026-01-19", "2026-02-16", "2026-05-25", "2026-06-19", "2026-07-03", "2026-09-07",
            "2026-10-12", "2026-11-11", "2026-11-26", "2026-12-25"]  # fmt: skip

    assert sorted(day.isoformat() for day in federal_holidays(2026)) == told


def test_a_discharge_starts_its_clocks(bench: Bench) -> None:
    values = bench.entry(TRANSITIONS, a_discharge(bench)).values

    assert values["contact_due"] == "2026-11-23"
    assert values["visit_due"] == "2026-11-26"
    assert [(clock.name, clock.due.isoformat(), clock.late) for clock in clocks(values, date(2026, 11, 28))] == [
        ("contact", "2026-11-23", 5),
        ("visit", "2026-11-26", 2),
        ("medicines reconciled", "2026-12-19", 0),
    ]


def test_fourteen_days_where_that_is_enough(bench: Bench) -> None:
    assert bench.value(TRANSITIONS, a_discharge(bench, visit_days="14"), "visit_due") == "2026-12-03"


def test_the_window_is_thirty_days(bench: Bench) -> None:
    values = bench.entry(TRANSITIONS, a_discharge(bench)).values

    assert in_window(values, date(2026, 12, 19))
    assert not in_window(values, date(2026, 12, 20))


def test_coming_home_makes_every_medicine_in_use_wait_for_a_decision(bench: Bench) -> None:
    kept, stopped = a_medicine(bench, "continue"), a_medicine(bench, "stop", "stopped")

    a_discharge(bench)

    assert bench.value(Section.MEDICATIONS, kept, "reconciliation") == "unreconciled"
    assert bench.value(Section.MEDICATIONS, stopped, "reconciliation") == "stop"


def test_an_admission_ends_once(bench: Bench) -> None:
    admitted = TransitionRecord(event="admitted", facility="Northside General", start=NOW - timedelta(days=3))
    stay = bench.perform(bench.nurse, admitted)[0]
    assert clocks(bench.entry(TRANSITIONS, stay).values, NOW.date()) == ()
    home = TransitionRecord(entry=stay, event="discharged", end=NOW - timedelta(hours=2), summary="one stent")

    bench.perform(bench.nurse, home)

    assert bench.value(TRANSITIONS, stay, "handoff_summary") == "one stent"
    assert "discharged now" in bench.refused(bench.nurse, home).reason


def test_medicines_are_reconciled_when_none_waits(bench: Bench) -> None:
    medicine = a_medicine(bench, "continue")
    stay = a_discharge(bench)
    assert "aspirin" in bench.refused(bench.doctor, TransitionReconciled(entry=stay)).reason

    bench.perform(bench.doctor, MedicationDecide(entry=medicine, decision="continue"))
    bench.perform(bench.doctor, TransitionReconciled(entry=stay))

    assert bench.refused(bench.doctor, TransitionReconciled(entry=stay)).code == "state"


def test_a_contact_is_noted_once_after_the_discharge_by_the_team(bench: Bench) -> None:
    stay = a_discharge(bench)
    early = TransitionContacted(entry=stay, when=NOW - timedelta(days=2))
    assert bench.refused(bench.nurse, early).code == "form"
    assert bench.refused(bench.daughter, TransitionContacted(entry=stay)).code not in ("form", "state")

    bench.perform(bench.nurse, TransitionContacted(entry=stay))
    bench.perform(bench.doctor, TransitionVisited(entry=stay))

    assert bench.refused(bench.nurse, TransitionContacted(entry=stay)).code == "state"
    assert [clock.done for clock in clocks(bench.entry(TRANSITIONS, stay).values, NOW.date())] == [True, True, False]


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"event": "vanished"}, "event"),
        ({"event": "admitted", "start": NOW}, "facility"),
        ({"event": "admitted", "facility": "X"}, "start"),
        ({"event": "discharged", "facility": "X", "start": NOW}, "end"),
        ({"event": "admitted", "facility": "X", "start": NOW + timedelta(hours=1)}, "start"),
        ({"event": "discharged", "facility": "X", "start": NOW, "end": NOW - timedelta(days=1)}, "end"),
        ({"event": "admitted", "facility": "X", "start": NOW, "visit_days": "30"}, "visit_days"),
    ],
)
def test_a_stay_that_cannot_be_is_told_beside_its_field(bench: Bench, arguments: dict[str, object], field: str) -> None:
    assert bench.refused(bench.doctor, TransitionRecord(**arguments)).field == field  # type: ignore[arg-type]
