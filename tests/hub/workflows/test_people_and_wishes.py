import pytest

from crdt.sections import Section
from hub.workflows.advance_care import AdvanceCareSign
from hub.workflows.goals import MACHINE, OPEN, GoalMove
from hub.workflows.question_states import unanswered
from hub.workflows.questions import QuestionAnswer
from hub.workflows.team import TeamAccept, TeamSteward, steward
from tests.hub.workflows.plans import NOW, Bench

STATES = sorted(OPEN | {"completed", "cancelled"})


def a_member(bench: Bench, person: str, accepted: str = "asked", steward: str = "no") -> str:
    return bench.put(
        Section.CARE_TEAM, person=person, role="nurse", responsible_for="calls", accepted=accepted, steward=steward
    )


def test_only_the_person_named_accepts_their_part_and_once(bench: Bench) -> None:
    entry = a_member(bench, bench.social.person_id)
    for actor in bench.everyone:
        if actor is not bench.social:
            assert bench.refused(actor, TeamAccept(entry=entry)).code != "state"

    bench.perform(bench.social, TeamAccept(entry=entry))

    assert bench.refused(bench.social, TeamAccept(entry=entry)).code == "state"


def test_there_is_one_steward_who_accepted(bench: Bench) -> None:
    first = a_member(bench, bench.nurse.person_id, "yes", "yes")
    second = a_member(bench, bench.social.person_id)
    assert bench.refused(bench.doctor, TeamSteward(entry=second)).code == "state"
    bench.perform(bench.social, TeamAccept(entry=second))

    bench.perform(bench.doctor, TeamSteward(entry=second))

    assert steward(bench.plan) == bench.social.person_id
    assert bench.value(Section.CARE_TEAM, first, "steward") == "no"
    assert bench.refused(bench.doctor, TeamSteward(entry=second)).code == "state"


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("to", sorted(MACHINE.moves))
def test_goals_move_by_their_table_alone(bench: Bench, state: str, to: str) -> None:
    goal = bench.put(Section.GOALS, description="Walk", voice=bench.nurse.person_id, lifecycle=state)

    if state in MACHINE.moves[to].sources:
        bench.perform(bench.nurse, GoalMove(entry=goal, to=to))
        assert bench.value(Section.GOALS, goal, "lifecycle") == to
    else:
        assert state in bench.refused(bench.nurse, GoalMove(entry=goal, to=to)).reason


def test_only_primary_care_signs_a_code_status_and_not_twice(bench: Bench) -> None:
    wish = bench.put(Section.ADVANCE_CARE, kind="POLST", priorities="At home")
    command = AdvanceCareSign(entry=wish, code_status="do not resuscitate")
    for actor in bench.everyone:
        if actor is not bench.doctor:
            assert bench.refused(actor, command).code not in ("state", "form")
    assert bench.refused(bench.doctor, AdvanceCareSign(entry=wish, code_status="maybe")).field == "code_status"

    bench.perform(bench.doctor, command)

    assert bench.value(Section.ADVANCE_CARE, wish, "verified_by") == bench.doctor.person_id
    assert bench.refused(bench.doctor, command).code == "state"
    bench.perform(bench.doctor, AdvanceCareSign(entry=wish, code_status="full code"))


def test_a_question_from_home_is_answered_once_by_the_team(bench: Bench) -> None:
    question = bench.put(
        Section.CAREGIVER_LOG, by=bench.daughter, kind="question", words="Which pill?", when=NOW.isoformat()
    )
    assert [entry.id for entry in unanswered(bench.plan)] == [question]
    for actor in (bench.daughter, bench.patient, bench.pharmacist):
        assert bench.refused(actor, QuestionAnswer(entry=question, answer="80")).code != "state"
    assert bench.refused(bench.nurse, QuestionAnswer(entry=question, answer=" ")).field == "answer"

    bench.perform(bench.nurse, QuestionAnswer(entry=question, answer="The 80 mg one."))

    assert unanswered(bench.plan) == []
    assert "The 80 mg one." in bench.refused(bench.doctor, QuestionAnswer(entry=question, answer="x")).reason
