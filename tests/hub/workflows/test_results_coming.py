"""Results that come close the one line that waits for them: by number, then code, then words, and never by a guess."""

from datetime import timedelta

import pytest

from crdt.sections import Section
from hub.live.authority import the_hub
from hub.workflows.coming_home import TransitionAskResult
from hub.workflows.contents import members, stamp, words
from hub.workflows.results_coming import ComingResult, ResultFollow, Tie, line_of
from hub.workflows.waiting import WaitingKind, waiting_on
from tests.hub.workflows.plans import PLAN, Bench

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
