"""Mary's story from where the demo leaves her to the closed loop and the signed huddle, on the rules alone."""

from datetime import timedelta

from crdt.sections import Section
from hub.demo.seeding import members_of, plan_of
from hub.ids import new_id
from hub.live.commands import Command, PlanContent, Refusal
from hub.workflows.contents import records, words
from hub.workflows.huddles import HuddleSign, content_hash
from hub.workflows.imagined import imagined
from hub.workflows.medications import MedicationDecide, unreconciled
from hub.workflows.questions import QuestionAnswer
from hub.workflows.recommendations import ReferralDecideRecommendation, ReferralRecordNeedMet
from hub.workflows.referrals import ReferralAccept, ReferralClose, ReferralSeen
from hub.workflows.steps import Step
from hub.workflows.suggestions import SuggestionAccept, open_suggestions
from hub.workflows.tasks import TaskAccept, TaskComplete
from hub.workflows.transitions import TransitionReconciled, TransitionVisited
from hub.workflows.visits import Start, Stop, VisitPublish
from tests.hub.demo.test_stories import NOW, PEOPLE, patient_of, played


def test_marys_loop_closes_her_medicines_are_reconciled_and_the_huddle_is_signed() -> None:
    plan, labels = played("mary")
    members = members_of(patient_of("mary"), plan_of(patient_of("mary"), PEOPLE, plan.plan_id), PEOPLE, NOW)
    now = NOW + timedelta(days=2)

    def do(key: str, command: Command) -> PlanContent:
        nonlocal plan
        changes = command.changes(plan, members[PEOPLE[key].person_id], now, new_id)
        assert not isinstance(changes, Refusal), (key, command, changes)
        client = next(client for client, person in plan.people.items() if person == PEOPLE[key].person_id)
        plan = imagined(plan, changes, by=client)
        return plan

    cardiology, stay, huddle = labels["cardiology"], labels["stay"], labels["huddle"]
    do("lee", ReferralSeen(entry=cardiology))
    do(
        "lee",
        VisitPublish(
            entry=cardiology,
            answer="Ticagrelor with aspirin for twelve months; metoprolol stays at 25 mg; rehabilitation may start.",
            starts=(
                Start(medicine="pantoprazole", dose="40 mg", frequency="once daily", why="stomach, two antiplatelets"),
            ),
            stops=(Stop(entry=labels["naproxen"], why="bleeding with two antiplatelets"),),
            recommendations=("LDL in six weeks", "Rehabilitation, 36 sessions"),
            plain_words="Your heart heals well. Keep taking both pills for the stent. You may start the training.",
            steps=(Step(title="Order LDL", owner=PEOPLE["ruiz"].person_id, due=(now + timedelta(days=42)).date()),),
        ),
    )
    key = next(key for key, each in open_suggestions(plan, Section.MEDICATIONS).items()
               if words(each, "entry") == labels["naproxen"])  # fmt: skip
    do("ruiz", SuggestionAccept(section=Section.MEDICATIONS, key=key, seen="active"))
    assert plan.value(Section.MEDICATIONS, labels["naproxen"], "taking") == "stopped"

    for recommendation in records(plan.entries(Section.REFERRALS)[cardiology].values, "recommendations"):
        do("ruiz", ReferralDecideRecommendation(entry=cardiology, key=recommendation, decision="accepted"))
    do("ruiz", ReferralClose(entry=cardiology))

    do("ruiz", QuestionAnswer(entry=labels["question"], answer="The 80 mg one. Please throw the 20 mg box away."))
    for medicine in unreconciled(plan):
        do("ruiz", MedicationDecide(entry=medicine.id, decision="continue"))
    do("ruiz", TransitionVisited(entry=stay))
    do("ruiz", TransitionReconciled(entry=stay))

    do("torres", ReferralAccept(entry=labels["rides"]))
    do("torres", ReferralRecordNeedMet(entry=labels["rides"], need_met="yes"))
    do("torres", ReferralClose(entry=labels["rides"]))
    do("emily", TaskAccept(entry=labels["task-cuff"]))
    do("emily", TaskComplete(entry=labels["task-cuff"]))

    for attendee in ("ruiz", "kim", "becker"):
        do(attendee, HuddleSign(entry=huddle, seen=content_hash(plan.entries(Section.HUDDLES)[huddle])))

    assert words(plan.entries(Section.REFERRALS)[cardiology].values, "state") == "closed"
    assert plan.value(Section.SOCIAL_NEEDS, labels["transport"], "need_met") == "yes"
    assert plan.value(Section.TASKS, labels["task-cuff"], "state") == "completed"
    assert plan.value(Section.TRANSITIONS, stay, "medicines_reconciled") == "yes"
    assert unreconciled(plan) == []
