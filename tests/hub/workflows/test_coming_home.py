"""After a discharge: attempts count as CMS says, who takes a clock has it waiting on them, results find who waits."""

from datetime import timedelta

import pytest

from crdt.sections import Section
from hub.workflows.coming_home import (
    TransitionAskResult,
    TransitionAttempt,
    TransitionCheck,
    TransitionResult,
    TransitionTake,
    checks,
    result_tasks,
)
from hub.workflows.contents import members, stamp, words
from hub.workflows.transition_clocks import TransitionClock, clock_owners, clocks
from hub.workflows.waiting import WaitingKind, waiting_on
from tests.hub.workflows.plans import Bench

TRANSITIONS = Section.TRANSITIONS


def home(bench: Bench, *results: str, due: int = 3) -> str:
    return bench.put(
        TRANSITIONS, by=bench.doctor, event="discharged", facility="Northside", setting="inpatient",
        destination="home", start=stamp(bench.now - timedelta(days=5)), end=stamp(bench.now - timedelta(hours=6)),
        contact_due=bench.day(due), visit_due=bench.day(7), medicines_reconciled="no",
        pending_results=dict.fromkeys(results, True),
    )  # fmt: skip


def contact(bench: Bench, stay: str, after: int = 0) -> TransitionClock:
    day = (bench.now + timedelta(days=after)).date()
    return next(each for each in clocks(bench.plan, bench.entry(TRANSITIONS, stay), day) if each.name == "contact")


def tries(bench: Bench, stay: str, hours_ago: float, reached: str = "no") -> None:
    when = bench.now - timedelta(hours=hours_ago)
    bench.perform(bench.nurse, TransitionAttempt(entry=stay, reached=reached, how="telephone", when=when))


def test_two_attempts_in_time_and_apart_count_and_are_not_the_contact(bench: Bench) -> None:
    stay = home(bench, due=0)
    tries(bench, stay, 5)
    assert (contact(bench, stay, 3).late, contact(bench, stay, 3).counts) == (3, False)
    tries(bench, stay, 4.5)
    assert contact(bench, stay, 3).attempts == 1, "two calls in one hour are one attempt"
    tries(bench, stay, 2)

    counted = contact(bench, stay, 3)
    assert (counted.done, counted.late, counted.counts) == (False, 0, True)

    tries(bench, stay, 1, reached="yes")
    met = contact(bench, stay, 3)
    assert (met.done, met.counts) == (True, False)


def test_attempts_after_the_day_do_not_count(bench: Bench) -> None:
    stay = home(bench, due=-1)
    tries(bench, stay, 5)
    tries(bench, stay, 2)

    assert (contact(bench, stay).late, contact(bench, stay).attempts) == (1, 0)


def test_an_attempt_lies_between_the_discharge_and_now(bench: Bench) -> None:
    stay = home(bench)
    for when in (bench.now + timedelta(hours=1), bench.now - timedelta(hours=7)):
        refusal = bench.refused(bench.nurse, TransitionAttempt(entry=stay, reached="no", when=when))
        assert refusal.field == "when"


def test_who_takes_a_clock_has_it_waiting_from_the_first_day_until_it_is_met(bench: Bench) -> None:
    stay = home(bench)

    def mine() -> list[tuple[str, int]]:
        waiting = waiting_on(bench.plan, bench.nurse, bench.now)
        return [(each.words, each.late) for each in waiting if each.kind is WaitingKind.COMING_HOME]

    assert mine() == []
    bench.perform(bench.nurse, TransitionTake(entry=stay, clock="contact"))
    assert mine() == [("Contact after Northside", 0)]
    assert bench.refused(bench.nurse, TransitionTake(entry=stay, clock="contact")).code == "state"
    bench.perform(bench.social, TransitionTake(entry=stay, clock="contact"))
    assert mine() == []
    assert clock_owners(bench.entry(TRANSITIONS, stay).values) == {"contact": bench.social.person_id}
    bench.perform(bench.nurse, TransitionTake(entry=stay, clock="contact"))
    tries(bench, stay, 1, reached="yes")
    assert mine() == []


def test_a_result_has_an_owner_and_a_day_and_once_it_comes_its_line_closes_and_who_waits_is_told(bench: Bench) -> None:
    stay = home(bench, "lipid panel", "biopsy")
    ask = TransitionAskResult(entry=stay, result="lipid panel", owner=bench.nurse.person_id, due=bench.now.date())
    bench.perform(bench.doctor, ask)
    task = result_tasks(bench.plan, stay)["lipid panel"]
    assert (words(task.values, "owner"), words(task.values, "state")) == (bench.nurse.person_id, "requested")
    assert bench.refused(bench.doctor, ask).code == "state"
    assert bench.refused(bench.doctor, TransitionResult(entry=stay, result="x-ray", words="Clear.")).field == "result"

    bench.perform(bench.social, TransitionResult(entry=stay, result="lipid panel", words="LDL 128 mg/dL."))

    assert members(bench.entry(TRANSITIONS, stay).values, "pending_results") == ("biopsy",)
    for who in (bench.nurse, bench.doctor):
        told = [each for each in waiting_on(bench.plan, who, bench.now) if each.kind is WaitingKind.MENTION]
        assert len(told) == 1, f"{who.name} waits for it"


def test_the_checklist_holds_the_last_word_on_each_item(bench: Bench) -> None:
    stay = home(bench)
    for state, said in (("open", "No cuff."), ("seen to", "Cuff and notebook.")):
        bench.perform(bench.nurse, TransitionCheck(entry=stay, item="equipment", state=state, words=said))

    told = checks(bench.entry(TRANSITIONS, stay).values)
    assert {item: words(record, "words") for item, record in told.items()} == {"equipment": "Cuff and notebook."}
    assert (
        bench.refused(bench.nurse, TransitionCheck(entry=stay, item="cat", state="open", words="Fed.")).code == "form"
    )


@pytest.mark.parametrize("who", ["patient", "daughter"])
def test_the_family_logs_no_attempt(bench: Bench, who: str) -> None:
    stay = home(bench)

    assert bench.refused(getattr(bench, who), TransitionAttempt(entry=stay, reached="yes")).code
