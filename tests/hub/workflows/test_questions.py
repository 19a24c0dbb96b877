"""Questions: whom they wait on and until when, what is late and to whom it rises, and how they end."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from auth.roles import Narrowing, Role
from crdt.changes import Create
from crdt.sections import EVERYONE, TEAM_ALONE, Section
from hub.directory.houses import House
from hub.live.commands import PlanContent, Refusal
from hub.workflows.agendas import Brief, Cause, flags
from hub.workflows.contents import instant, words
from hub.workflows.question_states import Side, days_late, is_urgent, promised, turn_of, turns, unanswered
from hub.workflows.questions import (
    ALREADY_SENT,
    OVER,
    TELL,
    QuestionAccept,
    QuestionAnswer,
    QuestionAsk,
    QuestionCalm,
    QuestionPhone,
    QuestionReply,
    QuestionTask,
)
from hub.workflows.routing import route
from hub.workflows.waiting import WaitingKind, waiting_on
from tests.hub.workflows.plans import NOW, PLAN, Bench

LOG = Section.CAREGIVER_LOG
DRIVES = QuestionAsk(kind="question", words="May she drive?")


def waits(bench: Bench, entry: str) -> dict[str, WaitingKind]:
    """On whom the question waits."""
    return {
        each.role.value: it.kind
        for each in bench.everyone
        for it in waiting_on(bench.plan, each, bench.now)
        if it.entry == entry and it.section is LOG
    }


def test_a_question_says_by_when_it_is_answered_and_puts_down_one_job_for_then(bench: Bench) -> None:
    changes = bench.judge(bench.daughter, DRIVES)
    assert not isinstance(changes, Refusal)
    made = [each for each in changes if isinstance(each, Create)]

    (job,) = DRIVES.follow_ups(bench.plan, made, bench.now)

    assert job.due == House().promised("other", NOW, UTC) == instant(made[0].values, "answer_due")
    assert (job.kind, job.payload["entry"]) == (TELL, made[0].entry)
    assert "drive" not in str(job.payload), "nobody's words wait in the queue"
    told = bench.judge(bench.daughter, QuestionAsk(kind="observation", words="She slept well."))
    assert not isinstance(told, Refusal)
    assert DRIVES.follow_ups(bench.plan, told, bench.now) == []


def test_a_question_goes_back_and_forth_until_whoever_asked_has_the_answer(bench: Bench) -> None:
    (asked,) = bench.perform(bench.daughter, replace(DRIVES, topic="transport", to=bench.social.person_id))
    assert waits(bench, asked) == {"social_worker": WaitingKind.QUESTION}

    bench.perform(bench.social, QuestionAnswer(entry=asked, answer="Where to?"))
    assert (waits(bench, asked), turn_of(bench.entry(LOG, asked).values)) == ({}, Side.ASKER)
    reply = QuestionReply(entry=asked, words="To church.", when=bench.now)
    (job,) = reply.follow_ups(bench.plan, bench.judge(bench.daughter, reply), bench.now)  # type: ignore[arg-type]
    bench.perform(bench.daughter, reply)
    assert job.due == promised(bench.plan, bench.entry(LOG, asked))
    assert bench.refused(bench.daughter, reply).reason == ALREADY_SENT
    assert waits(bench, asked) == {"social_worker": WaitingKind.QUESTION}

    bench.now += timedelta(minutes=5)
    bench.perform(bench.social, QuestionAnswer(entry=asked, answer="Yes, that is near."))
    assert bench.refused(bench.nurse, QuestionAccept(entry=asked)).code == "command-refused"
    bench.perform(bench.daughter, QuestionAccept(entry=asked))

    said = turns(bench.entry(LOG, asked).values)
    assert [each.words for each in said] == ["May she drive?", "Where to?", "To church.", "Yes, that is near."]
    assert (turn_of(bench.entry(LOG, asked).values), waits(bench, asked)) == (Side.NOBODY, {})
    assert bench.refused(bench.daughter, replace(reply, words="And home?")).reason == OVER


def test_two_of_the_team_do_not_answer_past_each_other(bench: Bench) -> None:
    (asked,) = bench.perform(bench.daughter, DRIVES)
    bench.perform(bench.nurse, QuestionAnswer(entry=asked, answer="Not yet."))

    refusal = bench.refused(bench.doctor, QuestionAnswer(entry=asked, answer="Yes.", seen="1"))

    assert (refusal.code, "Not yet." in refusal.reason) == ("state", True)
    bench.perform(bench.doctor, QuestionAnswer(entry=asked, answer="In two weeks.", seen="2"))
    bench.perform(bench.nurse, QuestionPhone(entry=asked, said="Called as well.", spoken_with="Kate"))


def test_past_its_time_a_question_is_late_everywhere_and_rises_to_the_steward(bench: Bench) -> None:
    bench.put(Section.CARE_TEAM, person=bench.nurse.person_id, steward="yes", accepted="yes")
    (asked,) = bench.perform(bench.daughter, replace(DRIVES, topic="transport", to=bench.social.person_id))
    bench.now = promised(bench.plan, bench.entry(LOG, asked)) or NOW
    assert waits(bench, asked) == {"social_worker": WaitingKind.QUESTION}

    bench.now += timedelta(minutes=1)
    assert waits(bench, asked) == dict.fromkeys(("care_manager", "social_worker"), WaitingKind.QUESTION)
    (mine,) = (it for it in waiting_on(bench.plan, bench.nurse, bench.now) if it.entry == asked)
    assert (mine.late, mine.late_today) == (1, True)
    bench.now += timedelta(days=9)
    (flag,) = (it for it in flags(Brief(bench.plan, "Mary"), bench.now) if it.cause is Cause.QUESTION)
    assert flag.words.endswith("answer 9 days late")
    died = replace(bench.plan, deceased="2026-11-20")
    assert (promised(died, bench.entry(LOG, asked)), waiting_on(died, bench.nurse, bench.now)) == (None, ())

    bench.perform(bench.nurse, QuestionPhone(entry=asked, said="Not before the visit.", spoken_with="Kate Jensen"))
    entry = bench.entry(LOG, asked)
    assert words(entry.values, "answer") == "By telephone with Kate Jensen, 02-Dec-2026 15:01: Not before the visit."
    assert (days_late(bench.plan, entry, bench.now), waits(bench, asked)) == (0, {})
    ahead = QuestionPhone(entry=asked, said="x", spoken_with="y", when=bench.now + timedelta(hours=1))
    assert bench.refused(bench.nurse, ahead).reason == OVER


def test_what_came_without_a_promise_has_that_of_its_topic_and_waits_on_whoever_may_answer(bench: Bench) -> None:
    note = bench.put(LOG, by=bench.daughter, kind="concern", words="She is sad.", when="2026-11-20T09:00:00Z")

    assert promised(bench.plan, bench.entry(LOG, note)) == datetime(2026, 11, 20, 13, 0, tzinfo=UTC)
    assert set(waits(bench, note)) == {"primary_care", "care_manager", "social_worker"}
    assert [each.id for each in unanswered(bench.plan)] == [note]


def test_one_of_the_team_asks_another_and_nobody_at_home_sees_it(bench: Bench) -> None:
    ask = replace(DRIVES, words="Is digoxin safe here?", to=bench.pharmacist.person_id, readers=TEAM_ALONE)
    (asked,) = bench.perform(bench.specialist, ask)
    assert waits(bench, asked) == {"pharmacist": WaitingKind.QUESTION}
    for person in (bench.patient, bench.daughter):
        assert bench.refused(person, QuestionReply(entry=asked, words="What?")).code == "hidden"

    bench.perform(bench.pharmacist, QuestionAnswer(entry=asked, answer="With care."))

    assert waits(bench, asked) == {"specialist": WaitingKind.ANSWER}
    bench.perform(bench.specialist, QuestionAnswer(entry=asked, answer="Which level?"))
    assert waits(bench, asked) == {"pharmacist": WaitingKind.QUESTION}
    bench.now += timedelta(days=9)
    assert [it.entry for it in flags(Brief(bench.plan, "Mary"), bench.now) if it.cause is Cause.QUESTION] == [asked]


def test_the_team_asks_somebody_at_home_and_hears_of_it_when_no_answer_comes(bench: Bench) -> None:
    ask = replace(DRIVES, words="How are the ankles?", to=bench.patient.person_id, readers=EVERYONE)
    (asked,) = bench.perform(bench.nurse, ask)
    assert (waits(bench, asked), unanswered(bench.plan)) == ({}, [])

    bench.perform(bench.patient, QuestionReply(entry=asked, words="Thinner."))
    assert waits(bench, asked) == {"care_manager": WaitingKind.ANSWER}
    bench.perform(bench.nurse, QuestionAnswer(entry=asked, answer="And at night?"))
    bench.now += timedelta(days=9)
    assert waits(bench, asked) == {"care_manager": WaitingKind.QUESTION}
    bench.perform(bench.daughter, QuestionReply(entry=asked, words="She collapsed just now"))
    assert is_urgent(bench.entry(LOG, asked).values)
    assert waits(bench, asked)["primary_care"] is WaitingKind.HELP_NOW


def test_a_relative_writes_to_the_team_alone_only_where_the_patient_has_agreed(bench: Bench) -> None:
    ask = QuestionAsk(kind="concern", words="I shouted at him.", readers=TEAM_ALONE)
    assert bench.refused(bench.daughter, ask).code == "team-alone"

    agreed = replace(bench.daughter, consents={LOG: Narrowing("granted", NOW + timedelta(days=1))})
    (asked,) = bench.perform(agreed, ask)

    assert bench.refused(bench.patient, QuestionReply(entry=asked, words="What?")).code == "hidden"
    assert waits(bench, asked)["care_manager"] is WaitingKind.QUESTION
    late = replace(agreed, consents={LOG: Narrowing("granted", NOW)})
    assert bench.refused(late, replace(ask, words="Again.")).code == "team-alone"


def test_a_question_becomes_a_task_and_whoever_asked_is_told(bench: Bench) -> None:
    (asked,) = bench.perform(bench.daughter, QuestionAsk(kind="concern", words="Her scale is broken."))
    made = QuestionTask(entry=asked, title="Bring a new scale", owner=bench.nurse.person_id, due=date(2026, 11, 25))

    bench.perform(bench.nurse, made)

    tasks = [each.values for each in bench.plan.entries(Section.TASKS).values()]
    assert [words(each, "title") for each in tasks] == ["Bring a new scale"]
    answer = words(bench.entry(LOG, asked).values, "answer")
    assert answer == "We do this for you: Bring a new scale, by 25-Nov-2026."
    assert (words(bench.entry(LOG, asked).values, "ended"), waits(bench, asked)) == ("task", {})
    assert bench.refused(bench.patient, QuestionPhone(entry=asked, said="x", spoken_with="y")).code == "command-refused"


def test_words_that_were_calmed_are_looked_at_again_when_new_ones_may_mean_an_emergency(bench: Bench) -> None:
    (asked,) = bench.perform(bench.daughter, QuestionAsk(kind="question", words="She had chest pain in May. Tests?"))
    bench.perform(bench.nurse, QuestionCalm(entry=asked))
    assert not is_urgent(bench.entry(LOG, asked).values)

    bench.perform(bench.daughter, QuestionReply(entry=asked, words="And now she has chest pain again"))

    assert is_urgent(bench.entry(LOG, asked).values)


@pytest.mark.parametrize(
    ("topic", "reads"),
    [
        ("medicines", "pharmacist"),
        ("transport", "social"),
        ("worry", "doctor"),
        ("forms", "social"),
        ("other", "nurse"),
    ],
)
def test_a_topic_leads_to_who_accepted_that_part_else_to_the_steward(bench: Bench, topic: str, reads: str) -> None:
    for person, area, accepted in (
        (bench.pharmacist, "medicines", "yes"), (bench.social, "social", "yes"), (bench.doctor, "monitoring", "yes"),
        (bench.specialist, "coordination", "asked"),
    ):  # fmt: skip
        bench.put(Section.CARE_TEAM, person=person.person_id, areas={area: True}, accepted=accepted)
    bench.put(Section.CARE_TEAM, person=bench.nurse.person_id, steward="yes", accepted="yes")
    members = {each.person_id: each.role for each in bench.everyone}

    assert route(bench.plan, topic, members, {}) == getattr(bench, reads).person_id


def test_who_is_away_or_has_left_is_passed_over(bench: Bench) -> None:
    bench.put(Section.CARE_TEAM, person=bench.pharmacist.person_id, areas={"medicines": True}, accepted="yes")
    members = {each.person_id: each.role for each in bench.everyone}
    pharmacist, doctor = bench.pharmacist.person_id, bench.doctor.person_id

    assert route(bench.plan, "medicines", members, {pharmacist: doctor}) == doctor
    without = {person: role for person, role in members.items() if person != pharmacist}
    assert route(bench.plan, "medicines", without, {}) == bench.nurse.person_id
    assert route(PlanContent(PLAN, {}), "medicines", {bench.daughter.person_id: Role.FAMILY}, {}) == ""
