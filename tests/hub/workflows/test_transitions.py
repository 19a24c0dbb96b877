from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdt.sections import Section
from hub.directory.business_days import business_days_after, federal_holidays, is_business_day
from hub.live.commands import PlanContent
from hub.workflows.medications import MedicationDecide
from hub.workflows.transition_clocks import STAYS, clocks, dues, in_window
from hub.workflows.transitions import TransitionContacted, TransitionReconciled, TransitionRecord, TransitionVisited
from tests.hub.workflows.plans import NOW, PLAN, Bench

TRANSITIONS = Section.TRANSITIONS


def a_discharge(
    bench: Bench, days: int = 1, visit_days: str = "7", setting: str = "inpatient", destination: str = "home"
) -> str:
    command = TransitionRecord(
        event="discharged",
        facility="Northside General",
        setting=setting,
        destination=destination,
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


def of(bench: Bench, entry: str, today: str) -> list[tuple[str, str, int]]:
    found = clocks(bench.plan, bench.entry(TRANSITIONS, entry), date.fromisoformat(today))
    return [(clock.name, clock.due.isoformat(), clock.late) for clock in found if not clock.done]


def test_a_discharge_starts_its_clocks_and_medicines_are_due_by_the_visit(bench: Bench) -> None:
    entry = a_discharge(bench)

    assert of(bench, entry, "2026-11-28") == [
        ("contact", "2026-11-23", 5),
        ("visit", "2026-11-26", 2),
        ("medicines reconciled", "2026-11-26", 2),
    ]


def test_medicines_are_due_on_the_day_of_a_visit_that_came_earlier(bench: Bench) -> None:
    entry = a_discharge(bench, days=4)

    bench.perform(bench.doctor, TransitionVisited(entry=entry, when=NOW - timedelta(days=1)))

    assert ("medicines reconciled", "2026-11-19", 1) in of(bench, entry, "2026-11-20")


@pytest.mark.parametrize(
    ("zone", "left", "contact"),
    [
        ("America/Chicago", "2026-11-24T20:00", "2026-11-27"),
        ("America/New_York", "2026-11-25T20:00", "2026-11-30"),
        ("Pacific/Honolulu", "2026-12-01T23:30", "2026-12-03"),
        ("Pacific/Kiritimati", "2026-12-02T00:10", "2026-12-04"),
        ("America/New_York", "2026-11-01T01:30", "2026-11-03"),
        ("America/New_York", "2027-03-14T03:00", "2027-03-16"),
    ],
)
def test_the_day_of_discharge_is_the_day_where_the_plan_is_at_home(zone: str, left: str, contact: str) -> None:
    home = ZoneInfo(zone)
    bench = Bench(now=datetime(2027, 6, 1, tzinfo=UTC), plan=PlanContent(PLAN, {}, zone=home))
    end = datetime.fromisoformat(left).replace(tzinfo=home)
    command = TransitionRecord(
        event="discharged", facility="General", setting="inpatient", destination="home", start=end - timedelta(days=2),
        end=end,
    )  # fmt: skip

    entry = bench.perform(bench.doctor, command)[0]

    assert bench.value(TRANSITIONS, entry, "contact_due") == contact


@given(
    st.sampled_from(["Pacific/Honolulu", "America/Chicago", "Europe/Madrid", "Pacific/Kiritimati"]),
    st.integers(0, 6 * 365 * 24 * 60).map(lambda minutes: NOW + timedelta(minutes=minutes)),
    st.sampled_from(sorted(STAYS)),
    st.sampled_from([7, 14]),
)
def test_whatever_the_zone_and_the_hour_the_clocks_follow_the_local_day(
    zone: str, left: datetime, setting: str, visit_days: int
) -> None:
    plan = PlanContent(PLAN, {}, zone=ZoneInfo(zone))
    local = plan.day_of(left)

    found = dues(setting, "home", local, visit_days)

    assert (found["visit_due"] - local).days == visit_days
    assert (
        sum(is_business_day(local + timedelta(days=n)) for n in range(1, (found["contact_due"] - local).days + 1)) == 2
    )


@pytest.mark.parametrize(
    ("setting", "destination", "fields"),
    [
        ("inpatient", "home", {"contact_due", "visit_due"}),
        ("observation", "home with home health", {"contact_due", "visit_due"}),
        ("skilled nursing", "assisted living", {"contact_due", "visit_due"}),
        ("emergency department", "home", {"contact_due"}),
        ("inpatient", "skilled nursing", set()),
        ("inpatient", "another hospital", set()),
        ("inpatient", "hospice", set()),
        ("home", "home", set()),
        ("hospice", "home", set()),
    ],
)
def test_only_some_ways_home_start_clocks(setting: str, destination: str, fields: set[str]) -> None:
    assert set(dues(setting, destination, date(2026, 11, 20), 7)) == fields


def test_an_emergency_department_alone_is_followed_up_within_a_week_and_asks_for_no_reconciliation_clock(
    bench: Bench,
) -> None:
    entry = a_discharge(bench, setting="emergency department")

    assert of(bench, entry, "2026-11-20") == [("contact", "2026-11-26", 0)]


def test_a_new_admission_or_a_death_ends_the_clocks_and_an_emergency_visit_does_not(bench: Bench) -> None:
    entry = a_discharge(bench, days=3)
    visit = TransitionRecord(
        event="visited", facility="General", setting="emergency department", start=NOW - timedelta(days=2)
    )
    bench.perform(bench.doctor, visit)
    assert of(bench, entry, "2026-11-20")
    again = TransitionRecord(event="admitted", facility="General", setting="inpatient", start=NOW - timedelta(days=1))

    bench.perform(bench.doctor, again)

    assert of(bench, entry, "2026-11-20") == []
    assert not in_window(bench.plan, bench.entry(TRANSITIONS, entry), NOW.date())


@pytest.mark.parametrize(("given", "field"), [({"destination": ""}, "destination"), ({"setting": ""}, "setting")])
def test_a_way_home_that_leaves_open_which_clocks_run_is_asked_about(
    bench: Bench, given: dict[str, str], field: str
) -> None:
    typed = {"setting": "inpatient", "destination": "home"} | given
    command = TransitionRecord(
        event="discharged",
        facility="General",
        start=NOW - timedelta(days=2),
        end=NOW - timedelta(days=1),
        setting=typed["setting"],
        destination=typed["destination"],
    )

    assert bench.refused(bench.doctor, command).field == field


def test_fourteen_days_where_that_is_enough(bench: Bench) -> None:
    assert bench.value(TRANSITIONS, a_discharge(bench, visit_days="14"), "visit_due") == "2026-12-03"


def test_the_day_of_discharge_is_the_first_of_thirty(bench: Bench) -> None:
    entry = bench.entry(TRANSITIONS, a_discharge(bench))

    assert in_window(bench.plan, entry, date(2026, 12, 18))
    assert not in_window(bench.plan, entry, date(2026, 12, 19))


def test_coming_home_makes_every_medicine_in_use_wait_for_a_decision(bench: Bench) -> None:
    kept, stopped = a_medicine(bench, "continue"), a_medicine(bench, "stop", "stopped")

    a_discharge(bench)

    assert bench.value(Section.MEDICATIONS, kept, "reconciliation") == "unreconciled"
    assert bench.value(Section.MEDICATIONS, stopped, "reconciliation") == "stop"


def test_an_admission_ends_once(bench: Bench) -> None:
    admitted = TransitionRecord(event="admitted", facility="Northside General", start=NOW - timedelta(days=3))
    stay = bench.perform(bench.nurse, admitted)[0]
    assert clocks(bench.plan, bench.entry(TRANSITIONS, stay), NOW.date()) == ()
    home = TransitionRecord(
        entry=stay,
        event="discharged",
        setting="inpatient",
        destination="home",
        end=NOW - timedelta(hours=2),
        summary="one stent",
    )

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
    met = {clock.name: clock.done for clock in clocks(bench.plan, bench.entry(TRANSITIONS, stay), NOW.date())}
    assert met == {"contact": True, "visit": True, "medicines reconciled": False}


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
