"""Clocks are told of before they are late: at which instants, to whom, and not once they were met."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from crdt.changes import Assign
from crdt.sections import Section
from hub.live.commands import PlanContent, Refusal
from hub.record.jobs import Job
from hub.workflows.agendas import Brief, Cause, flags
from hub.workflows.clock_alarms import AHEAD, BEHIND, OWNER, instant_before, still_runs, tellings_of, whom_to_tell
from hub.workflows.coming_home import TransitionAttempt, TransitionFollow, TransitionTake
from hub.workflows.contents import stamp
from hub.workflows.transition_clocks import clocks
from hub.workflows.transitions import TransitionRecord
from hub.workflows.waiting import WaitingKind, waiting_on
from tests.hub.workflows.plans import PLAN, Bench

STAYS = Section.TRANSITIONS


def recorded(bench: Bench, **more: object) -> tuple[str, list[Job]]:
    """Record a discharge an hour ago, and return the stay and the jobs that come of it."""
    typed = {"event": "discharged", "facility": "Northside", "setting": "inpatient", "destination": "home",
             "start": bench.now - timedelta(days=3), "end": bench.now - timedelta(hours=1)} | more  # fmt: skip
    command = TransitionRecord(**typed)  # type: ignore[arg-type]
    changes = command.changes(bench.plan, bench.nurse, bench.now, lambda: "0190dddd-0000-7000-8000-000000000002")
    assert not isinstance(changes, Refusal)
    jobs = list(command.follow_ups(bench.plan, changes, bench.now))
    return bench.perform(bench.nurse, command)[0], jobs


def at(jobs: list[Job], clock: str, step: str) -> datetime | None:
    return next(each.due for each in jobs if (each.payload["clock"], each.payload["step"]) == (clock, step))


def test_a_discharge_puts_down_two_tellings_for_each_clock_before_its_day_is_over(bench: Bench) -> None:
    _, jobs = recorded(bench)

    assert {(each.payload["clock"], each.payload["step"]) for each in jobs} == {
        (clock, step) for clock in AHEAD for step in (OWNER, BEHIND)
    }
    assert at(jobs, "contact", OWNER) == datetime(2026, 11, 23, 8, tzinfo=UTC), "the Monday before Tuesday"
    assert at(jobs, "contact", BEHIND) == datetime(2026, 11, 24, 8, tzinfo=UTC)
    for each in jobs:
        last = datetime.fromisoformat(str(each.payload["due"])).replace(tzinfo=UTC) + timedelta(days=1)
        assert each.due is not None
        assert each.due < last, "while there is time"


@pytest.mark.parametrize(
    ("zone", "due", "days", "instant"),
    [
        ("America/New_York", date(2026, 11, 27), 1, datetime(2026, 11, 25, 13, tzinfo=UTC)),  # Thanksgiving is passed.
        ("America/Chicago", date(2026, 11, 2), 0, datetime(2026, 11, 2, 14, tzinfo=UTC)),  # Clocks were put back.
        ("Pacific/Honolulu", date(2026, 12, 14), 1, datetime(2026, 12, 11, 18, tzinfo=UTC)),  # A weekend is passed.
    ],
)
def test_it_is_told_at_eight_where_the_plan_is_at_home_on_a_day_with_open_offices(
    zone: str, due: date, days: int, instant: datetime
) -> None:
    assert instant_before(PlanContent(PLAN, {}, zone=ZoneInfo(zone)), due, days) == instant


def test_a_discharge_told_when_the_last_morning_is_gone_is_told_on_at_once_and_only_to_who_stands_behind(
    bench: Bench,
) -> None:
    _, jobs = recorded(bench, end=bench.now - timedelta(days=2))
    of_contact = [each for each in jobs if each.payload["clock"] == "contact"]

    assert [(each.payload["step"], each.due) for each in of_contact] == [(BEHIND, None)]


def test_an_old_discharge_tells_nobody_of_what_is_late_already(bench: Bench) -> None:
    _, jobs = recorded(bench, start=bench.now - timedelta(days=60), end=bench.now - timedelta(days=40))

    assert jobs == []


def test_a_clock_that_moves_is_told_of_by_its_new_day_and_not_by_the_old_one(bench: Bench) -> None:
    stay, jobs = recorded(bench)
    old = str(jobs[0].payload["due"])
    moved = tellings_of(bench.plan, [Assign(STAYS, stay, "contact_due", "2026-11-25")], bench.now)
    bench.plan = PlanContent(PLAN, bench.plan.sections, bench.plan.people)

    assert "2026-11-25" in {each.payload["due"] for each in moved}
    assert still_runs(bench.plan, bench.entry(STAYS, stay), "contact", old, bench.now) is not None
    assert still_runs(bench.plan, bench.entry(STAYS, stay), "contact", "2026-11-25", bench.now) is None


def test_a_met_clock_is_not_told_of(bench: Bench) -> None:
    stay, jobs = recorded(bench)
    due = next(str(each.payload["due"]) for each in jobs if each.payload["clock"] == "contact")
    bench.perform(bench.nurse, TransitionAttempt(entry=stay, reached="yes"))

    assert still_runs(bench.plan, bench.entry(STAYS, stay), "contact", due, bench.now) is None


def test_the_owner_is_told_first_then_their_backup_and_the_steward(bench: Bench) -> None:
    stay, _ = recorded(bench)
    keeper, stands_behind = bench.doctor.person_id, bench.social.person_id
    bench.put(Section.CARE_TEAM, person=keeper, steward="yes", accepted="yes")
    bench.put(Section.CARE_TEAM, person=bench.nurse.person_id, backup=stands_behind, accepted="yes")
    nobody = bench.entry(STAYS, stay)
    assert [whom_to_tell(bench.plan, nobody, "contact", step) for step in (OWNER, BEHIND)] == [(keeper,), (keeper,)]

    bench.perform(bench.nurse, TransitionTake(entry=stay, clock="contact"))

    taken = bench.entry(STAYS, stay)
    assert whom_to_tell(bench.plan, taken, "contact", OWNER) == (bench.nurse.person_id,)
    assert whom_to_tell(bench.plan, taken, "contact", BEHIND) == (stands_behind, keeper)
    assert whom_to_tell(bench.plan, taken, "visit", OWNER) == (keeper,)


def test_a_stay_that_goes_on_stands_on_the_agenda_until_it_ends_and_waits_on_who_follows_it(bench: Bench) -> None:
    stay = bench.put(STAYS, event="admitted", setting="inpatient", facility="Northside",
                     start=stamp(bench.now - timedelta(days=2)))  # fmt: skip

    def reasons() -> list[tuple[str, str]]:
        found = flags(Brief(bench.plan, ""), bench.now)
        return [(each.words, each.who) for each in found if each.cause is Cause.IN_HOSPITAL]

    said = "In Northside since 18-Nov-2026 15:00"
    assert reasons() == [(f"{said}, nothing decided: nobody follows it yet", "")]
    bench.perform(bench.nurse, TransitionFollow(entry=stay))
    assert reasons() == [(said, bench.nurse.person_id)]
    assert [each.kind for each in waiting_on(bench.plan, bench.nurse, bench.now)] == [WaitingKind.IN_HOSPITAL]
    assert bench.refused(bench.nurse, TransitionFollow(entry=stay)).code == "state"

    bench.perform(bench.nurse, TransitionRecord(entry=stay, event="discharged", destination="home", end=bench.now))
    assert reasons() == []
    assert bench.refused(bench.social, TransitionFollow(entry=stay)).code == "state"
    assert clocks(bench.plan, bench.entry(STAYS, stay), bench.now.date())


@pytest.mark.parametrize(
    ("values", "stands"),
    [
        ({"event": "visited", "setting": "emergency department", "hours": 20}, True),
        ({"event": "visited", "setting": "emergency department", "hours": 100}, False),
        ({"event": "visited", "setting": "emergency department", "hours": 20, "end": 10}, False),
        ({"event": "admitted", "setting": "skilled nursing", "hours": 500}, False),
        ({"event": "admitted", "setting": "inpatient", "hours": 500}, True),
    ],
)
def test_what_counts_as_being_in_a_hospital(bench: Bench, values: dict[str, object], stands: bool) -> None:
    def ago(name: str) -> str:
        return stamp(bench.now - timedelta(hours=int(str(values[name])))) if name in values else ""

    bench.put(STAYS, event=values["event"], setting=values["setting"], facility="Northside", start=ago("hours"),
              end=ago("end"))  # fmt: skip
    assert any(each.cause is Cause.IN_HOSPITAL for each in flags(Brief(bench.plan, ""), bench.now)) is stands

    bench.put(STAYS, event="admitted", setting="inpatient", facility="Elsewhere", start=stamp(bench.now))
    [now] = [each for each in flags(Brief(bench.plan, ""), bench.now) if each.cause is Cause.IN_HOSPITAL]
    assert "Elsewhere" in now.words, "another stay has followed it"
