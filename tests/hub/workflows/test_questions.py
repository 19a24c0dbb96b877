"""Questions from home: by which day they are answered, what is late and to whom it rises, and how they end."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdt.changes import Create
from crdt.sections import Section
from hub.live.commands import PlanContent, Refusal
from hub.workflows.business_days import is_business_day
from hub.workflows.contents import words
from hub.workflows.questions import TELL, HomeNote, QuestionAnswer, QuestionPhone, QuestionTask, answer_due, days_late
from hub.workflows.waiting import WaitingKind, waiting_on
from tests.hub.workflows.plans import NOW, PLAN, Bench

LOG = Section.CAREGIVER_LOG
CHICAGO = ZoneInfo("America/Chicago")


@pytest.mark.parametrize(
    ("kind", "written", "due"),
    [
        ("question", "2026-11-23T09:00", "2026-11-24"),
        ("question", "2026-11-25T20:00", "2026-11-27"),  # Thanksgiving is no working day.
        ("question", "2026-11-27T09:00", "2026-11-30"),  # Over the weekend.
        ("concern", "2026-11-23T11:59", "2026-11-23"),
        ("concern", "2026-11-23T12:00", "2026-11-24"),
        ("concern", "2026-11-28T09:00", "2026-11-30"),
        ("strain", "2026-11-23T09:00", "2026-11-25"),
        ("observation", "2026-11-23T09:00", None),
    ],
)
def test_the_day_of_the_answer_is_that_of_the_plans_home(kind: str, written: str, due: str | None) -> None:
    plan = PlanContent(PLAN, {}, zone=CHICAGO)
    when = datetime.fromisoformat(written).replace(tzinfo=CHICAGO).astimezone(UTC)

    assert answer_due(plan, kind, when) == (None if due is None else date.fromisoformat(due))


@given(
    st.integers(0, 2 * 366 * 24 * 60),
    st.sampled_from(["America/Chicago", "Pacific/Auckland", "Asia/Kathmandu", "America/Phoenix"]),
)
def test_an_answer_is_due_on_a_working_day_soon_and_a_worry_never_after_a_question(minutes: int, zone: str) -> None:
    when = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    plan = PlanContent(PLAN, {}, zone=ZoneInfo(zone))
    question, worry = answer_due(plan, "question", when), answer_due(plan, "concern", when)

    assert question is not None
    assert worry is not None
    assert is_business_day(question)
    assert is_business_day(worry)
    assert plan.day_of(when) <= worry <= question <= plan.day_of(when) + timedelta(days=5)


def test_what_is_sent_puts_down_one_job_for_when_its_day_is_over(bench: Bench) -> None:
    note = HomeNote(kind="question", words="May she drive?")
    changes = bench.judge(bench.daughter, note)
    assert not isinstance(changes, Refusal)
    made = [each for each in changes if isinstance(each, Create)]

    (job,) = note.follow_ups(bench.plan, made, bench.now)

    due = answer_due(bench.plan, "question", bench.now)
    assert due is not None
    assert job.due == datetime.combine(due + timedelta(days=1), datetime.min.time(), tzinfo=UTC)
    assert (job.kind, job.payload["entry"]) == (TELL, made[0].entry)
    assert "drive" not in str(job.payload), "nobody's words wait in the queue"
    told = HomeNote(kind="observation", words="She slept well.")
    assert told.follow_ups(bench.plan, made, bench.now) == ()


def test_an_unanswered_question_is_late_in_work_and_huddle_until_it_ends(bench: Bench) -> None:
    (asked,) = bench.perform(bench.daughter, HomeNote(kind="question", words="May she drive?"))
    bench.now = NOW + timedelta(days=9)

    found = next(each for each in waiting_on(bench.plan, bench.nurse, bench.now) if each.entry == asked)
    assert (found.kind, found.late > 0) == (WaitingKind.QUESTION, True)
    assert "question.phone" in found.commands
    bench.perform(bench.nurse, QuestionPhone(entry=asked, said="Not before the visit."))

    entry = bench.entry(LOG, asked)
    assert words(entry.values, "answer") == "By telephone: Not before the visit."
    assert days_late(bench.plan, entry, bench.now) == 0
    assert asked not in {each.entry for each in waiting_on(bench.plan, bench.nurse, bench.now)}
    assert bench.refused(bench.nurse, QuestionAnswer(entry=asked, answer="Yes")).code == "state"


def test_a_question_becomes_a_task_and_whoever_asked_is_told(bench: Bench) -> None:
    (asked,) = bench.perform(bench.daughter, HomeNote(kind="concern", words="Her scale is broken."))
    made = QuestionTask(entry=asked, title="Bring a new scale", owner=bench.nurse.person_id, due=date(2026, 11, 25))

    bench.perform(bench.nurse, made)

    tasks = [each.values for each in bench.plan.entries(Section.TASKS).values()]
    assert [words(each, "title") for each in tasks] == ["Bring a new scale"]
    answer = words(bench.entry(LOG, asked).values, "answer")
    assert answer == "We do this for you: Bring a new scale, by 25-Nov-2026."
    assert bench.refused(bench.patient, QuestionPhone(entry=asked, said="x")).code == "command-refused"
