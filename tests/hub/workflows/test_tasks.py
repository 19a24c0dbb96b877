from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from auth.roles import Participant
from crdt.sections import Section
from hub.live.commands import Command
from hub.workflows.entries import EntryCreate
from hub.workflows.tasks import (
    CLOSED,
    MACHINE,
    OPEN,
    TaskAccept,
    TaskCancel,
    TaskComplete,
    TaskFail,
    TaskHold,
    TaskReassign,
    TaskReceive,
    TaskReject,
    TaskResume,
    TaskStart,
    days_late,
    overdue,
    unowned,
)
from hub.workflows.waiting import asked_of_others, waiting_on
from tests.hub.workflows.plans import Bench

STATES = sorted(OPEN | CLOSED)


def a_task(bench: Bench, owner: Participant, state: str = "requested", **values: str) -> str:
    return bench.put(
        Section.TASKS,
        title="Call cardiology for the report",
        owner=owner.person_id,
        requester=bench.nurse.person_id,
        due=values.pop("due", bench.day(2)),
        state=state,
        **values,
    )


def command(verb: str, entry: str, other: str) -> Command:
    made: dict[str, Command] = {
        "receive": TaskReceive(entry=entry),
        "accept": TaskAccept(entry=entry),
        "reject": TaskReject(entry=entry, reason="away next week"),
        "start": TaskStart(entry=entry),
        "hold": TaskHold(entry=entry, reason="waits for the laboratory"),
        "resume": TaskResume(entry=entry),
        "complete": TaskComplete(entry=entry, outcome="report received"),
        "fail": TaskFail(entry=entry, reason="no one answers"),
        "cancel": TaskCancel(entry=entry, reason="no longer needed"),
        "reassign": TaskReassign(entry=entry, owner=other),
    }
    return made[verb]


def mover(bench: Bench, verb: str) -> Participant:
    """Who may move it: the asker cancels and reassigns, the owner does the rest."""
    return bench.nurse if verb in ("cancel", "reassign") else bench.social


LEGAL = [(verb, state) for verb, move in MACHINE.moves.items() for state in sorted(move.sources)]
ILLEGAL = [(verb, state) for verb, move in MACHINE.moves.items() for state in STATES if state not in move.sources]


def test_the_table_covers_every_state_and_closed_ones_stay_closed() -> None:
    assert {move.target for move in MACHINE.moves.values()} == set(STATES)
    reopened = {state for state in CLOSED if MACHINE.verbs_from(state)}
    assert reopened == {"rejected"}, "only what was rejected can be asked of someone else"


@pytest.mark.parametrize(("verb", "state"), LEGAL)
def test_every_move_of_the_table_is_possible(bench: Bench, verb: str, state: str) -> None:
    entry = a_task(bench, bench.social, state)

    bench.perform(mover(bench, verb), command(verb, entry, bench.pharmacist.person_id))

    assert bench.value(Section.TASKS, entry, "state") == MACHINE.moves[verb].target


@pytest.mark.parametrize(("verb", "state"), ILLEGAL)
def test_every_other_move_is_refused_with_what_is_true_now(bench: Bench, verb: str, state: str) -> None:
    entry = a_task(bench, bench.social, state)

    refusal = bench.refused(mover(bench, verb), command(verb, entry, bench.pharmacist.person_id))

    assert refusal.code == "state"
    assert state in refusal.reason


@pytest.mark.parametrize("verb", ["receive", "accept", "reject", "start"])
def test_nobody_but_the_owner_answers_for_a_task(bench: Bench, verb: str) -> None:
    state = sorted(MACHINE.moves[verb].sources)[0]
    entry = a_task(bench, bench.social, state, family_visible="yes")

    for actor in bench.everyone:
        if actor is not bench.social:
            refusal = bench.refused(actor, command(verb, entry, ""))
            assert refusal.code not in ("state", "form")


def test_the_second_acceptance_is_told_that_it_is_accepted(bench: Bench) -> None:
    entry = a_task(bench, bench.social)
    bench.perform(bench.social, TaskAccept(entry=entry))

    refusal = bench.refused(bench.social, TaskAccept(entry=entry))

    assert refusal.reason == "This task is accepted now, so it can't be accepted."


def test_accepting_makes_one_a_member_of_the_team_once(bench: Bench) -> None:
    first, second = a_task(bench, bench.social), a_task(bench, bench.social)

    bench.perform(bench.social, TaskAccept(entry=first))
    bench.perform(bench.social, TaskAccept(entry=second))

    team = bench.plan.entries(Section.CARE_TEAM).values()
    assert [(each.values["person"], each.values["accepted"]) for each in team] == [(bench.social.person_id, "yes")]


def test_accepting_a_task_accepts_the_part_one_was_asked_for(bench: Bench) -> None:
    asked = bench.put(Section.CARE_TEAM, person=bench.social.person_id, role="social worker", accepted="asked")
    entry = a_task(bench, bench.social)

    bench.perform(bench.social, TaskAccept(entry=entry))

    assert bench.value(Section.CARE_TEAM, asked, "accepted") == "yes"
    assert len(bench.plan.entries(Section.CARE_TEAM)) == 1


def test_a_family_member_accepts_their_task_and_joins_a_team_they_may_not_write(bench: Bench) -> None:
    entry = a_task(bench, bench.daughter, family_visible="yes")

    bench.perform(bench.daughter, TaskAccept(entry=entry))
    bench.perform(bench.daughter, TaskComplete(entry=entry))

    assert bench.value(Section.TASKS, entry, "state") == "completed"
    assert len(bench.plan.entries(Section.CARE_TEAM)) == 1


def test_who_stands_in_becomes_the_owner_by_accepting(bench: Bench) -> None:
    entry = a_task(bench, bench.social, backup=bench.pharmacist.person_id)

    bench.perform(bench.pharmacist, TaskAccept(entry=entry))

    assert bench.value(Section.TASKS, entry, "owner") == bench.pharmacist.person_id
    assert bench.value(Section.TASKS, entry, "backup") == bench.social.person_id


@pytest.mark.parametrize("verb", ["reject", "hold", "fail", "cancel"])
def test_no_means_why(bench: Bench, verb: str) -> None:
    state = sorted(MACHINE.moves[verb].sources)[0]
    entry = a_task(bench, bench.social, state)
    silent = type(command(verb, entry, ""))(entry=entry, reason="  ")  # type: ignore[call-arg]

    refusal = bench.refused(mover(bench, verb), silent)

    assert (refusal.code, refusal.field) == ("form", "reason")


def test_staff_say_what_came_of_it(bench: Bench) -> None:
    entry = a_task(bench, bench.social, "accepted")

    refusal = bench.refused(bench.social, TaskComplete(entry=entry))

    assert refusal.field == "outcome"


def test_a_task_given_to_someone_else_waits_for_them(bench: Bench) -> None:
    entry = a_task(bench, bench.social, "accepted")

    bench.perform(bench.nurse, TaskReassign(entry=entry, owner=bench.pharmacist.person_id, due=date(2026, 12, 1)))

    values = bench.entry(Section.TASKS, entry).values
    assert (values["owner"], values["state"], values["due"]) == (bench.pharmacist.person_id, "requested", "2026-12-01")
    assert unowned(values)
    assert bench.refused(bench.social, TaskStart(entry=entry)).code != "state", "it is no longer theirs"


def test_a_task_taken_back_by_its_asker_is_accepted_at_once(bench: Bench) -> None:
    entry = a_task(bench, bench.social, "rejected")

    bench.perform(bench.nurse, TaskReassign(entry=entry, owner=bench.nurse.person_id))

    assert bench.value(Section.TASKS, entry, "state") == "accepted"


def test_what_one_asks_of_oneself_is_accepted_and_of_others_is_not(bench: Bench) -> None:
    def make(owner: Participant) -> str:
        values = {"title": "Order a scale", "owner": owner.person_id, "due": bench.day(1)}
        return bench.perform(bench.nurse, EntryCreate(section=Section.TASKS, values=values))[0]

    own, others = make(bench.nurse), make(bench.social)

    assert bench.value(Section.TASKS, own, "state") == "accepted"
    assert bench.value(Section.TASKS, others, "state") == "requested"
    assert bench.value(Section.TASKS, others, "requester") == bench.nurse.person_id


def test_unowned_and_overdue_are_computed(bench: Bench) -> None:
    late = bench.entry(Section.TASKS, a_task(bench, bench.social, "accepted", due=bench.day(-3))).values
    asked = bench.entry(Section.TASKS, a_task(bench, bench.social, due=bench.day(0))).values
    done = bench.entry(Section.TASKS, a_task(bench, bench.social, "completed", due=bench.day(-3))).values
    today = bench.now.date()

    assert (overdue(late, today), days_late(late, today), unowned(late)) == (True, 3, False)
    assert (overdue(asked, today), unowned(asked)) == (False, True)
    assert overdue(asked, today + timedelta(days=1))
    assert not overdue(done, today)


@pytest.mark.parametrize(
    ("zone", "late"),
    [("UTC", 1), ("America/New_York", 0), ("Pacific/Honolulu", 0), ("Pacific/Kiritimati", 1), ("Europe/Berlin", 1)],
)
def test_a_task_is_late_once_its_day_is_over_where_the_plan_is_at_home(bench: Bench, zone: str, late: int) -> None:
    """2 December 01:00 in UTC is still 1 December in the evening all over America."""
    entry = a_task(bench, bench.nurse, "accepted", due="2026-12-01")
    there = replace(bench.plan, zone=ZoneInfo(zone))

    waiting = waiting_on(there, bench.nurse, datetime(2026, 12, 2, 1, tzinfo=UTC))

    assert {each.entry: each.late for each in waiting}[entry] == late


def test_nothing_waits_on_anybody_once_the_patient_has_died(bench: Bench) -> None:
    a_task(bench, bench.doctor)
    plan = replace(bench.plan, deceased="2026-11-20")

    assert waiting_on(bench.plan, bench.doctor, bench.now)
    assert asked_of_others(bench.plan, bench.nurse, bench.now)
    assert waiting_on(plan, bench.doctor, bench.now) == ()
    assert asked_of_others(plan, bench.nurse, bench.now) == ()
