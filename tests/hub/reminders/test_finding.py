"""Who is told of what in a plan: what lies ahead, what others did, and only as long as it is so and may be seen."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from auth.roles import Narrowing, Participant, Role
from crdt.sections import Section
from hub.jobs.letters import Channel
from hub.reminders.choices import NIGHT, ClinicDefaults, Matter, ReminderChoice, Terms, terms_of
from hub.reminders.finding import Reminder, happened, planned, still_so
from hub.workflows.digests import FieldEdit
from hub.workflows.tasks import TaskAccept, TaskComplete, TaskReject
from tests.hub.workflows.plans import Bench

TERMS = terms_of(
    ReminderChoice(person="p", hour=time(9)), ClinicDefaults(quiet=NIGHT), role=Role.PATIENT, mail="a@b.example",
    locale="en", zone=UTC,
)  # fmt: skip


@pytest.fixture
def bench() -> Bench:
    return Bench()


def visit(bench: Bench, *, days: int = 3, state: str = "scheduled", **values: object) -> str:
    when = (bench.now + timedelta(days=days)).isoformat(timespec="seconds")
    return bench.put(Section.REFERRALS, to="Cardiology", state=state, appointment=when, **values)


def ahead(bench: Bench, viewer: Participant, terms: Terms = TERMS) -> list[tuple[Matter, str]]:
    return [(each.matter, each.entry) for each in planned(bench.plan, viewer, terms, bench.now)]


def edit(bench: Bench, section: Section, entry: str, field: str, *, by: Participant, **more: object) -> FieldEdit:
    found = FieldEdit(section, entry, field, "before", "after", by.person_id, bench.now - timedelta(minutes=1), seq=7)
    return replace(found, **more)  # type: ignore[arg-type]


def news(bench: Bench, viewer: Participant, *edits: FieldEdit) -> Sequence[Reminder]:
    return happened(bench.plan, viewer, TERMS, edits, bench.now, begun=bench.now - timedelta(days=300))


def test_patient_and_family_are_told_of_an_appointment_the_day_before_and_staff_are_not(bench: Bench) -> None:
    entry = visit(bench)

    for viewer in (bench.patient, bench.daughter):
        [told] = planned(bench.plan, viewer, TERMS, bench.now)
        assert (told.entry, told.due) == (entry, datetime(2026, 11, 22, 9, tzinfo=UTC))
    assert ahead(bench, bench.nurse) == []


def test_what_is_not_booked_or_over_or_hidden_is_told_to_nobody(bench: Bench) -> None:
    visit(bench, state="accepted")
    visit(bench, days=-1)
    assert ahead(bench, bench.patient) == []

    visit(bench)
    hidden = replace(bench.daughter, consents={Section.REFERRALS: Narrowing("none")})
    assert ahead(bench, hidden) == []
    assert ahead(bench, replace(bench.daughter, removed=True)) == []
    assert ahead(bench, replace(bench.daughter, ends=bench.now)) == []
    assert ahead(bench, replace(bench.daughter, closed=True)) == []


def test_nobody_is_told_anything_once_the_patient_has_died(bench: Bench) -> None:
    entry = visit(bench)
    [told] = planned(bench.plan, bench.patient, TERMS, bench.now)
    bench.plan = replace(bench.plan, deceased="2026-11-20")

    assert ahead(bench, bench.daughter) == []
    assert not still_so(bench.plan, bench.patient, told, bench.now)
    assert news(bench, bench.daughter, edit(bench, Section.REFERRALS, entry, "state", by=bench.nurse)) == []


def test_a_moved_appointment_is_another_one_and_the_old_one_is_told_no_more(bench: Bench) -> None:
    entry = visit(bench)
    [told] = planned(bench.plan, bench.patient, TERMS, bench.now)
    assert still_so(bench.plan, bench.patient, told, bench.now)
    assert not still_so(bench.plan, bench.patient, replace(told, occasion="2026-11-29T15:00:00+00:00"), bench.now)
    assert not still_so(bench.plan, bench.patient, told, bench.now + timedelta(days=4))
    assert entry == told.entry


def test_a_task_is_told_on_its_day_to_its_owner_until_it_is_done(bench: Bench) -> None:
    task = bench.put(Section.TASKS, title="Weigh", owner=bench.daughter.person_id, state="accepted", due=bench.day(2))

    [told] = planned(bench.plan, bench.daughter, TERMS, bench.now)
    assert (told.matter, told.entry, told.due.date().isoformat()) == (Matter.DUE, task, bench.day(2))
    assert ahead(bench, bench.patient) == []

    bench.perform(bench.daughter, TaskComplete(entry=task, outcome="done"))
    assert ahead(bench, bench.daughter) == []
    assert not still_so(bench.plan, bench.daughter, told, bench.now)


def test_what_is_asked_of_one_is_told_soon_and_not_once_it_was_answered(bench: Bench) -> None:
    task = bench.put(Section.TASKS, title="Drive", owner=bench.daughter.person_id, state="requested")
    made = edit(bench, Section.TASKS, task, "status", by=bench.nurse, made=True)

    [told] = news(bench, bench.daughter, made)
    assert (told.matter, told.occasion) == (Matter.DUE, "asked 7")
    assert bench.now < told.due < bench.now + timedelta(minutes=5)
    assert news(bench, bench.patient, made) == []
    assert news(bench, bench.daughter, replace(made, actor=bench.daughter.person_id)) == []
    assert still_so(bench.plan, bench.daughter, told, bench.now)

    before = bench.plan
    bench.perform(bench.daughter, TaskAccept(entry=task))
    assert not still_so(bench.plan, bench.daughter, told, bench.now)
    bench.plan = before
    bench.perform(bench.daughter, TaskReject(entry=task, reason="away"))
    assert not still_so(bench.plan, bench.daughter, told, bench.now)


def test_an_answer_is_told_to_who_asked_and_to_nobody_else(bench: Bench) -> None:
    note = bench.put(
        Section.CAREGIVER_LOG, by=bench.daughter, kind="question", words="May he drive?", answer="Not yet.",
        answered_by=bench.nurse.person_id,
    )  # fmt: skip
    answered = edit(bench, Section.CAREGIVER_LOG, note, "answered_by", by=bench.nurse)

    assert [each.matter for each in news(bench, bench.daughter, answered)] == [Matter.ANSWER]
    assert news(bench, bench.patient, answered) == []
    assert news(bench, bench.nurse, answered) == []


@pytest.mark.parametrize("field", ["dose", "taking", "status"])
def test_several_changes_of_one_medicine_are_one_reminder_to_those_at_home(bench: Bench, field: str) -> None:
    medicine = bench.put(Section.MEDICATIONS, kind="medicine", name="furosemide", dose="80 mg")
    edits = [edit(bench, Section.MEDICATIONS, medicine, each, by=bench.doctor) for each in (field, "frequency")]

    for viewer in (bench.patient, bench.daughter):
        assert [each.matter for each in news(bench, viewer, *edits)] == [Matter.MEDICINE]
    assert news(bench, bench.nurse, *edits) == []
    assert news(bench, replace(bench.daughter, consents={Section.MEDICATIONS: Narrowing("none")}), *edits) == []


def test_the_medicines_with_which_a_plan_begins_and_news_of_last_week_are_no_news(bench: Bench) -> None:
    medicine = bench.put(Section.MEDICATIONS, kind="medicine", name="furosemide", dose="80 mg")
    made = edit(bench, Section.MEDICATIONS, medicine, "status", by=bench.doctor, made=True)

    begun = bench.now - timedelta(minutes=30)
    assert happened(bench.plan, bench.daughter, TERMS, [made], bench.now, begun=begun) == []
    assert news(bench, replace(bench.daughter, since=begun), made) == []
    assert news(bench, bench.daughter, replace(made, recorded=bench.now - timedelta(days=2))) == []
    assert len(news(bench, bench.daughter, made)) == 1


def test_what_happens_at_night_waits_for_the_morning(bench: Bench) -> None:
    task = bench.put(Section.TASKS, title="Drive", owner=bench.daughter.person_id, state="requested")
    bench.now = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)

    [told] = news(bench, bench.daughter, edit(bench, Section.TASKS, task, "status", by=bench.nurse, made=True))

    assert told.due == datetime(2026, 11, 21, 8, tzinfo=UTC)
    assert TERMS.channel(told.matter) is Channel.PAGE


def test_a_stay_is_told_soon_to_who_answers_for_the_patient_and_outside_of_opening_hours_when_they_open(
    bench: Bench,
) -> None:
    stay = bench.put(Section.TRANSITIONS, by=bench.nurse, event="visited", facility="Northside", setting="inpatient")
    made = edit(bench, Section.TRANSITIONS, stay, "status", by=bench.patient, made=True)

    [told] = news(bench, bench.doctor, made)
    assert (told.matter, told.due) == (Matter.HOSPITAL, bench.now + timedelta(minutes=2))
    assert news(bench, bench.specialist, made) == []
    assert news(bench, bench.doctor, edit(bench, Section.TRANSITIONS, stay, "severity", by=bench.nurse)) == []
    assert still_so(bench.plan, bench.doctor, told, bench.now)

    bench.now = datetime(2026, 11, 25, 23, 0, tzinfo=UTC)  # The night before Thanksgiving.
    [later] = news(bench, bench.doctor, replace(made, recorded=bench.now))
    assert later.due == datetime(2026, 11, 27, 8, tzinfo=UTC)
