"""Results that come close the one line that waits for them: by number, then code, then words, and never by a guess."""

from dataclasses import replace
from datetime import timedelta

import pytest

from crdt.sections import Section
from hub.live.authority import the_hub
from hub.workflows.awaited_results import results_come
from hub.workflows.coming_home import (
    TransitionAskResult,
    TransitionCodeResult,
    TransitionExpectResult,
    TransitionResult,
)
from hub.workflows.contents import members, stamp, words
from hub.workflows.referral_asking import ReferralAsk, results_offered
from hub.workflows.results_coming import ComingResult, ResultFollow, ResultWithdraw, Tie, line_of
from hub.workflows.waiting import WaitingKind, waiting_on
from tests.hub.workflows.plans import PLAN, Bench, an_id

STAYS = Section.TRANSITIONS
LIPIDS = ComingResult(numbers=("A4711",), codes=("57698-3", "13457-7"), name="Lipid panel", words="LDL 128 mg/dL")


def a_stay(bench: Bench, *pending: str) -> str:
    return bench.put(STAYS, by=bench.doctor, event="discharged", facility="Northside", setting="inpatient",
                     destination="home", start=stamp(bench.now - timedelta(days=3)), end=stamp(bench.now),
                     pending_results=dict.fromkeys(pending, True))  # fmt: skip


@pytest.mark.parametrize(
    ("pending", "line", "tie"),
    [
        (("lipids (A4711)", "lipid panel"), "lipids (A4711)", Tie.NUMBER),
        (("lipid panel", "biopsy"), "lipid panel", Tie.CODE),
        (("13457-7 LDL", "lipoprotein"), "13457-7 LDL", Tie.CODE),
        (("cholesterol profile, 24331-1", "biopsy"), "cholesterol profile, 24331-1", Tie.CODE),
        (("blood culture", "biopsy"), "", None),
        (("lipid panel, first", "lipid panel, second"), "", None),
    ],
)
def test_a_line_is_found_by_number_then_code_and_not_where_two_might_be_meant(
    bench: Bench, pending: tuple[str, ...], line: str, tie: Tie | None
) -> None:
    a_stay(bench, *pending)

    found = line_of(bench.plan, LIPIDS)

    assert ((found.result, found.tie) if found is not None else ("", None)) == (line, tie)


def test_words_alone_tie_a_result_without_code_and_that_is_said(bench: Bench) -> None:
    stay = a_stay(bench, "Blood culture", "urine culture")
    culture = ComingResult(numbers=(), codes=(), name="Culture, blood", words="No growth in 5 days")
    assert line_of(bench.plan, ComingResult(numbers=(), codes=(), name="culture", words="")) is None, "which one?"

    bench.perform(the_hub(PLAN), ResultFollow(results=(culture,), facility="NGH", message="m"))

    assert members(bench.entry(STAYS, stay).values, "pending_results") == ("urine culture",)
    [remark] = bench.plan.sections[STAYS].comments.values()
    assert "tied by its words alone" in words(remark, "words")


def test_who_asked_and_who_was_to_get_it_are_called_and_each_line_closes_once(bench: Bench) -> None:
    stay = a_stay(bench, "lipid panel")
    ask = TransitionAskResult(entry=stay, result="lipid panel", owner=bench.nurse.person_id, due=bench.now.date())
    bench.perform(bench.doctor, ask)
    follow = ResultFollow(results=(LIPIDS, LIPIDS), facility="NGH", message="m")
    changes = follow.changes(bench.plan, the_hub(PLAN), bench.now, lambda: "0190dddd-0000-7000-8000-000000000004")
    assert isinstance(changes, list)
    [job] = follow.follow_ups(bench.plan, changes, bench.now)
    assert job.payload["also"] == f"{bench.doctor.person_id} {bench.nurse.person_id}"

    bench.perform(the_hub(PLAN), follow)

    for who in (bench.doctor, bench.nurse):
        assert WaitingKind.MENTION in {each.kind for each in waiting_on(bench.plan, who, bench.now)}
    assert len(bench.plan.sections[STAYS].comments) == 1
    assert line_of(bench.plan, LIPIDS) is None


def test_one_value_of_a_panel_leaves_the_panel_to_come_and_three_quarters_answer_it(bench: Bench) -> None:
    a_stay(bench, "lipid panel", "CMP")
    some = ("13457-7", "2085-9", "2093-3")

    def panel(*codes: str) -> ComingResult:
        return ComingResult(numbers=(), codes=codes, name="Chemistry", words="")

    assert line_of(bench.plan, panel("18262-6")) is None
    assert (found := line_of(bench.plan, panel(*some))) is not None
    assert (found.result, found.tie) == ("lipid panel", Tie.CODE)
    assert line_of(bench.plan, panel("24320-4")) is None, "the basic panel is a part of the comprehensive one"


def test_a_line_that_nobody_can_tell_gets_its_code_from_a_person_and_is_found_by_it(bench: Bench) -> None:
    stay = a_stay(bench, "the cultures")
    culture = ComingResult(numbers=(), codes=("600-7",), name="Bacteria identified", words="No growth")
    assert line_of(bench.plan, culture) is None

    code = TransitionCodeResult(entry=stay, result="the cultures", code="600-8")
    assert bench.refused(bench.doctor, code).field == "code", "its check digit does not fit"
    bench.perform(bench.doctor, TransitionCodeResult(entry=stay, result="the cultures", code="Blood culture"))

    assert (found := line_of(bench.plan, culture)) is not None
    assert (found.result, found.tie) == ("the cultures", Tie.CODE)
    assert line_of(bench.plan, ComingResult(numbers=(), codes=("630-4",), name="the cultures", words="")) is None


def test_a_result_that_may_be_of_two_lines_closes_none_and_asks_all_who_wait(bench: Bench) -> None:
    stay = a_stay(bench, "lipid panel, first", "lipid panel, second")

    bench.perform(the_hub(PLAN), ResultFollow(results=(LIPIDS,), facility="NGH", message="m"))

    assert len(members(bench.entry(STAYS, stay).values, "pending_results")) == 2
    [remark] = bench.plan.sections[STAYS].comments.values()
    assert "may be of lipid panel, first or lipid panel, second" in words(remark, "words")
    assert bench.doctor.person_id in words(remark, "mentions")


def test_a_corrected_result_is_told_and_the_same_one_again_is_not(bench: Bench) -> None:
    stay = a_stay(bench, "lipid panel")
    named = replace(LIPIDS, identifier="urn:lab|A4711")
    follow = ResultFollow(results=(named,), facility="NGH", message="m")
    bench.perform(the_hub(PLAN), follow)
    bench.perform(the_hub(PLAN), follow)
    assert len(bench.plan.sections[STAYS].comments) == 1

    corrected = replace(named, words="LDL 182 mg/dL")
    bench.perform(the_hub(PLAN), ResultFollow(results=(corrected,), facility="NGH", message="n"))

    said = [words(each, "words") for each in bench.plan.sections[STAYS].comments.values()]
    assert sorted(each.split(":")[0] for each in said) == ["Corrected result", "Result"]
    assert words(results_come(bench.entry(STAYS, stay).values)[-1], "words") == "LDL 182 mg/dL"


def test_a_result_of_somebody_else_is_taken_back_and_its_line_waits_again(bench: Bench) -> None:
    stay = a_stay(bench, "lipid panel")
    bench.perform(the_hub(PLAN), ResultFollow(results=(LIPIDS,), facility="NGH", message="m"))
    withdraw = ResultWithdraw(message="m")

    changes = withdraw.changes(bench.plan, the_hub(PLAN), bench.now, an_id)
    assert isinstance(changes, list)
    [job] = withdraw.follow_ups(bench.plan, changes, bench.now)
    bench.perform(the_hub(PLAN), withdraw)
    bench.perform(the_hub(PLAN), withdraw)

    assert job.payload["what"] == "no-result"
    assert members(bench.entry(STAYS, stay).values, "pending_results") == ("lipid panel",)
    assert not results_come(bench.entry(STAYS, stay).values)
    assert len(bench.plan.sections[STAYS].comments) == 2
    assert line_of(bench.plan, LIPIDS) is not None


def test_a_result_of_a_stay_is_shown_before_its_test_is_asked_again_by_group_not_spelling(bench: Bench) -> None:
    stay = a_stay(bench)
    bench.perform(bench.doctor, TransitionExpectResult(entry=stay, result="24331-1  Lipid panel"))
    again = TransitionExpectResult(entry=stay, result="24331-1 Lipid panel")
    assert bench.refused(bench.doctor, again).code == "state"
    bench.perform(bench.doctor, TransitionResult(entry=stay, result="24331-1 Lipid panel", words="LDL 128 mg/dL"))
    ask = ReferralAsk(kind="specialist", to="Cardiology", question="Statin?", urgency="routine", tests_asked="LDL",
                      expected_by=(bench.now + timedelta(days=9)).date())  # fmt: skip

    refusal = bench.refused(bench.doctor, ask)

    assert refusal.field == "repeat_why"
    assert "Lipid panel LDL 128 mg/dL on 20-Nov-2026" in refusal.reason
    assert "Lipid panel: LDL 128 mg/dL, 20-Nov-2026" in results_offered(bench.plan, bench.doctor, bench.now)
    bench.now += timedelta(days=31)
    bench.perform(bench.doctor, replace(ask, expected_by=(bench.now + timedelta(days=9)).date()))
