from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from crdt.changes import Annotate, Assign, Create, Rewrite, Root
from crdt.sections import Section
from hub.live.commands import Refusal
from hub.workflows.previews import counted, preview
from hub.workflows.recommendations import ReferralDecideRecommendation
from hub.workflows.referral_states import undecided
from hub.workflows.referrals import ReferralClose
from hub.workflows.steps import Step
from hub.workflows.suggestions import open_suggestions
from hub.workflows.visits import Alter, Start, Stop, VisitPublish
from tests.hub.workflows.plans import NOW, Bench
from tests.hub.workflows.test_referrals import a_referral

MEDICATIONS = Section.MEDICATIONS
TOMORROW = (NOW + timedelta(days=1)).date()


def a_medicine(bench: Bench, prescriber: str, name: str = "furosemide", **values: str) -> str:
    whole = {"kind": "medicine", "name": name, "dose": "40 mg", "frequency": "once daily", "taking": "active",
             "prescriber": prescriber, "reconciliation": "unreconciled"}  # fmt: skip
    return bench.put(MEDICATIONS, by=bench.doctor, **{**whole, **values})


def an_update(bench: Bench, **more: Any) -> VisitPublish:
    whole: dict[str, Any] = {"answer": "Heart failure.", "plain_words": "Your heart pumps weakly."}
    entry = more.pop("entry", None) or a_referral(bench, "seen")
    return VisitPublish(entry=entry, **{**whole, **more})


def everything(bench: Bench) -> VisitPublish:
    own = a_medicine(bench, bench.specialist.person_id)
    others = a_medicine(bench, bench.doctor.person_id, "lisinopril", dose="10 mg")
    return an_update(
        bench,
        starts=(Start(medicine="spironolactone", dose="25 mg", frequency="once daily", why="heart failure"),),
        alters=(Alter(entry=own, dose="80 mg", why="weight up 2 kg", seen="40 mg"),),
        stops=(Stop(entry=others, why="cough"),),
        recommendations=("Echo in 3 months",),
        steps=(Step(title="Check potassium", owner=bench.doctor.person_id, due=TOMORROW),),
    )


def test_an_update_changes_referral_medicines_and_tasks_in_one_act(bench: Bench) -> None:
    update = everything(bench)

    bench.perform(bench.specialist, update)

    referral = bench.entry(Section.REFERRALS, update.entry).values
    assert (referral["state"], referral["answer"]) == ("reported", "Heart failure.")
    assert referral["patient_card"] == "Your heart pumps weakly."
    assert len(referral["recommendations"]) == 1  # type: ignore[arg-type]
    by_name = {str(each.values["name"]): each.values for each in bench.plan.entries(MEDICATIONS).values()}
    assert by_name["furosemide"]["dose"] == "80 mg"
    assert by_name["furosemide"]["reconciliation"] == "change"
    assert by_name["spironolactone"]["reconciliation"] == "unreconciled"
    assert by_name["spironolactone"]["prescriber"] == bench.specialist.person_id
    task = next(iter(bench.plan.entries(Section.TASKS).values())).values
    assert (task["title"], task["state"], task["supports"]) == ("Check potassium", "requested", {update.entry: True})


def test_what_exceeds_the_grant_becomes_a_suggestion(bench: Bench) -> None:
    update = everything(bench)

    bench.perform(bench.specialist, update)

    lisinopril = update.stops[0].entry
    assert bench.value(MEDICATIONS, lisinopril, "taking") == "active"
    told = [(each["entry"], each["field"], each["value"], each["words"]) for each in
            open_suggestions(bench.plan, MEDICATIONS).values()]  # fmt: skip
    assert told == [(lisinopril, "taking", '"stopped"', "cough")]


@pytest.mark.parametrize(
    ("broken", "field"),
    [
        ({"answer": " "}, "answer"),
        ({"plain_words": ""}, "plain_words"),
        ({"recommendations": ("",)}, "recommendations.0"),
        ({"starts": (Start(medicine="", dose="1 mg", frequency="once daily", why="x"),)}, "starts.0.medicine"),
        ({"starts": (Start(medicine="a", dose="1 mg", frequency="once daily", why=""),)}, "starts.0.why"),
        ({"steps": (Step(title="Call", owner="", due=TOMORROW),)}, "steps.0.owner"),
        ({"steps": (Step(title="Call", owner="x", due=TOMORROW),)}, "steps.0.owner"),
    ],
)
def test_one_fault_anywhere_and_nothing_changes(bench: Bench, broken: dict[str, Any], field: str) -> None:
    whole = everything(bench)
    before = bench.plan

    refusal = bench.refused(bench.specialist, replace(whole, **broken))

    assert refusal.field == field
    assert bench.plan is before


def test_a_step_has_a_day_that_lies_ahead(bench: Bench) -> None:
    for due in (None, NOW.date() - timedelta(days=1)):
        steps = (Step(title="Call", owner=bench.doctor.person_id, due=due),)
        assert bench.refused(bench.specialist, an_update(bench, steps=steps)).field == "steps.0.due"


def test_a_dose_that_changed_meanwhile_refuses_the_whole_update(bench: Bench) -> None:
    own = a_medicine(bench, bench.specialist.person_id, dose="60 mg")

    update = an_update(bench, alters=(Alter(entry=own, dose="80 mg", why="weight", seen="40 mg"),))

    refusal = bench.refused(bench.specialist, update)
    assert (refusal.code, refusal.field) == ("stale", "alters.0.dose")


def test_a_medicine_is_not_changed_and_stopped_at_once(bench: Bench) -> None:
    own = a_medicine(bench, bench.specialist.person_id)

    update = an_update(bench, alters=(Alter(entry=own, dose="80 mg", why="a"),), stops=(Stop(entry=own, why="b"),))

    assert bench.refused(bench.specialist, update).code == "form"


def test_the_same_dose_is_no_change(bench: Bench) -> None:
    own = a_medicine(bench, bench.specialist.person_id)

    update = an_update(bench, alters=(Alter(entry=own, dose="40 mg", why="a"),))

    assert bench.refused(bench.specialist, update).field == "alters.0.dose"


def test_it_is_published_once_and_by_the_one_who_was_asked(bench: Bench) -> None:
    update = an_update(bench)
    for actor in bench.everyone:
        if actor is not bench.specialist:
            assert bench.refused(actor, update).code not in ("state", "form")

    bench.perform(bench.specialist, update)

    assert "reported now" in bench.refused(bench.specialist, update).reason


def test_there_may_be_nothing_to_tell(bench: Bench) -> None:
    bench.perform(bench.specialist, an_update(bench, plain_words="", nothing_to_tell=True))


def test_the_preview_says_exactly_what_will_change(bench: Bench) -> None:
    changes = bench.judge(bench.specialist, everything(bench))
    assert not isinstance(changes, Refusal)

    lines = preview(bench.plan, changes, {})

    told = [line.words for line in lines]
    assert "furosemide, DOSE: 40 mg → 80 mg" in told
    assert "new medicine: spironolactone - 25 mg - once daily" in told
    assert "suggested: lisinopril, Use: active → stopped" in told
    assert "new task: Check potassium" in told
    assert counted(lines).endswith("in 3 sections")
    assert Counter(line.suggested for line in lines)[True] == 1
    kinds = {type(change) for change in changes}
    assert kinds >= {Create, Assign, Rewrite, Annotate}
    assert any(isinstance(change, Annotate) and change.root is Root.SUGGESTIONS for change in changes)


def test_two_medicines_that_start_stand_one_after_the_other(bench: Bench) -> None:
    starts = tuple(
        Start(medicine=name, dose="1 mg", frequency="once daily", why="x") for name in ("bumetanide", "digoxin")
    )

    bench.perform(bench.specialist, an_update(bench, starts=starts))

    places = [each.values["position"] for each in bench.plan.entries(MEDICATIONS).values()]
    assert len(set(places)) == 2
    assert date.fromisoformat(bench.day(1)) == TOMORROW


def test_a_visit_that_nobody_asked_for_opens_a_loop_that_is_answered(bench: Bench) -> None:
    update = replace(
        everything(bench), entry="", cause="Came by herself, short of breath.", reader=bench.doctor.person_id
    )

    made = bench.perform(bench.specialist, update)

    referral = bench.entry(Section.REFERRALS, made[0]).values
    assert (referral["state"], referral["asker"]) == ("reported", bench.doctor.person_id)
    assert referral["recipient"] == bench.specialist.person_id
    assert referral["answer"] == "Heart failure."
    task = next(iter(bench.plan.entries(Section.TASKS).values())).values
    assert task["supports"] == {made[0]: True}
    (key,) = undecided(referral)
    bench.perform(bench.doctor, ReferralDecideRecommendation(entry=made[0], key=key, decision="accepted"))
    bench.perform(bench.doctor, ReferralClose(entry=made[0]))


def test_a_visit_without_a_referral_says_why_and_who_reads_it(bench: Bench) -> None:
    whole = VisitPublish(answer="Well.", nothing_to_tell=True, cause="Check", reader=bench.doctor.person_id)

    assert bench.refused(bench.specialist, replace(whole, cause="")).field == "cause"
    assert bench.refused(bench.specialist, replace(whole, reader="")).field == "reader"
    for actor in (bench.pharmacist, bench.patient, bench.daughter):
        assert bench.refused(actor, whole)
