from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from auth.roles import Narrowing, Role
from crdt.changes import Amend, Assign, Root
from crdt.contents import SectionContent
from crdt.sections import Section
from hub.live.commands import PlanContent
from hub.workflows.comments import comments_on
from hub.workflows.contents import records
from hub.workflows.imagined import imagined
from hub.workflows.recommendations import ReferralDecideRecommendation
from hub.workflows.referral_states import undecided
from hub.workflows.suggestions import open_suggestions
from hub.workflows.visit_undoing import TRAVEL, UNDO, VisitTakeBack
from hub.workflows.visits import VisitPublish
from tests.hub.workflows.plans import Bench
from tests.hub.workflows.test_visits import everything

MEDICATIONS, REFERRALS, TASKS = Section.MEDICATIONS, Section.REFERRALS, Section.TASKS


def published(bench: Bench) -> tuple[VisitPublish, VisitTakeBack]:
    """Publish a full update; return it with what takes it back."""
    update = everything(bench)
    before = bench.plan
    bench.perform(bench.specialist, update)
    return update, VisitTakeBack(
        entry=update.entry, publisher=bench.specialist.person_id, before=_some(before), after=_some(bench.plan),
        published=bench.now,
    )  # fmt: skip


def _some(plan: PlanContent) -> Mapping[Section, SectionContent]:
    return {section: plan.sections.get(section, SectionContent()) for section in (MEDICATIONS, REFERRALS, TASKS)}


def test_what_was_published_goes_back_whole_by_new_edits(bench: Bench) -> None:
    update, undo = published(bench)

    bench.perform(bench.specialist, undo)

    referral = bench.entry(REFERRALS, update.entry).values
    assert (referral["state"], referral["answer"], referral["patient_card"]) == ("seen", "", "")
    assert undecided(referral) == {}
    assert len(records(referral, "recommendations")) == 1
    assert bench.value(MEDICATIONS, update.alters[0].entry, "dose") == "40 mg"
    assert bench.value(MEDICATIONS, update.alters[0].entry, "reconciliation") == "unreconciled"
    started = [each for each in bench.plan.entries(MEDICATIONS).values() if each.values["name"] == "spironolactone"]
    assert [each.values["status"] for each in started] == ["retired"]
    assert [(each.values["status"], each.values["state"]) for each in bench.plan.entries(TASKS).values()] == [
        ("retired", "cancelled")
    ]
    assert open_suggestions(bench.plan, MEDICATIONS) == {}
    assert all(each["resolved_by"] for each in comments_on(bench.plan, MEDICATIONS, update.alters[0].entry).values())


def test_it_can_be_published_anew_afterwards(bench: Bench) -> None:
    update, undo = published(bench)
    bench.perform(bench.specialist, undo)

    bench.perform(bench.specialist, VisitPublish(entry=update.entry, answer="Yes.", plain_words="All is well."))

    assert bench.value(REFERRALS, update.entry, "state") == "reported"


def test_one_thing_touched_meanwhile_and_nothing_goes_back(bench: Bench) -> None:
    update, undo = published(bench)
    key = next(iter(undecided(bench.entry(REFERRALS, update.entry).values)))
    bench.perform(bench.doctor, ReferralDecideRecommendation(entry=update.entry, key=key, decision="accepted"))

    refusal = bench.refused(bench.specialist, undo)

    assert "Recommendations" in refusal.reason
    assert "Nothing was taken back" in refusal.reason


def test_a_new_medicine_that_someone_edited_stays(bench: Bench) -> None:
    _, undo = published(bench)
    started = next(e for e in bench.plan.entries(MEDICATIONS).values() if e.values["name"] == "spironolactone")
    bench.plan = imagined(bench.plan, [Assign(MEDICATIONS, started.id, "dose", "12.5 mg")], by=1)

    assert "spironolactone" in bench.refused(bench.specialist, undo).reason


def test_after_ten_seconds_it_goes_back_with_a_reason_which_then_stands_everywhere(bench: Bench) -> None:
    update, undo = published(bench)
    bench.now += UNDO + TRAVEL + timedelta(seconds=1)

    for empty in ("", "  "):
        refusal = bench.refused(bench.specialist, replace(undo, reason=empty))
        assert (refusal.code, refusal.field) == ("form", "reason")
    bench.perform(bench.specialist, replace(undo, reason="Wrong patient."))

    assert bench.value(REFERRALS, update.entry, "state") == "seen"
    assert [each.values["state_reason"] for each in bench.plan.entries(TASKS).values()] == ["Wrong patient."]


def test_what_is_true_now_is_told_of_a_dose_that_someone_changed(bench: Bench) -> None:
    update, undo = published(bench)
    bench.plan = imagined(bench.plan, [Assign(MEDICATIONS, update.alters[0].entry, "dose", "33 mg")], by=1)

    assert "now 33 mg" in bench.refused(bench.specialist, undo).reason


def test_an_update_whose_remark_or_suggestion_was_answered_meanwhile_stays_whole(bench: Bench) -> None:
    update, undo = published(bench)
    remarks = [*comments_on(bench.plan, MEDICATIONS, update.alters[0].entry)]
    suggestions = [*open_suggestions(bench.plan, MEDICATIONS)]
    answered = [(Root.COMMENTS, key, "resolved_by") for key in remarks]
    answered += [(Root.SUGGESTIONS, key, "decided_by") for key in suggestions]
    assert remarks, "an update says something"
    published_plan = bench.plan

    for root, key, name in answered:
        bench.plan = imagined(published_plan, [Amend(MEDICATIONS, root, key, name, "somebody")], by=1)
        assert "a remark on" in bench.refused(bench.specialist, undo).reason, root


@pytest.mark.parametrize("section", [MEDICATIONS, TASKS, REFERRALS])
@pytest.mark.parametrize("access", ["none", "read"])
def test_who_lost_the_right_to_any_part_of_it_takes_nothing_back(bench: Bench, section: Section, access: str) -> None:
    _, undo = published(bench)
    narrowed = replace(bench.specialist, consents={section: Narrowing(access)})  # type: ignore[arg-type]

    assert bench.refused(narrowed, undo)


def test_who_is_a_specialist_no_more_takes_nothing_back(bench: Bench) -> None:
    _, undo = published(bench)
    for role in (Role.SOCIAL_WORKER, Role.PATIENT, Role.FAMILY):
        assert bench.refused(replace(bench.specialist, role=role), undo), role


def test_nobody_else_takes_it_back(bench: Bench) -> None:
    _, undo = published(bench)

    for actor in bench.everyone:
        if actor is not bench.specialist:
            assert bench.refused(actor, undo)


def test_who_answers_the_referral_now_takes_back_no_update_of_another(bench: Bench) -> None:
    _, undo = published(bench)

    refusal = bench.refused(bench.specialist, replace(undo, publisher=bench.doctor.person_id))

    assert "Only who published" in refusal.reason
