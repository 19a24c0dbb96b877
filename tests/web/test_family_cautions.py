"""What the rules say to the people at home."""

from crdt.sections import Section
from hub.safety.rules import FAMILY_DOES
from hub.workflows.family import UNFITTING, Advice
from tests.hub.workflows.plans import NOW, Bench
from web.views.family_cautions import cautions_of, medicines_that_go_on


def test_a_danger_gives_its_reason_and_leaves_what_to_do_to_the_caution() -> None:
    bench = Bench()
    medicine = {"kind": "medicine", "taking": "active", "frequency": "once daily"}
    warfarin = bench.put(Section.MEDICATIONS, name="warfarin", dose="5 mg", **medicine)
    ibuprofen = bench.put(Section.MEDICATIONS, name="ibuprofen", dose="400 mg", **medicine)

    found, spanish = cautions_of(bench.plan, NOW), cautions_of(bench.plan, NOW, "es")

    assert {each.advice for each in found[ibuprofen]} == {Advice.ASK}
    assert medicines_that_go_on(bench.plan) == {warfarin}
    told = [each.words for some in found.values() for each in some]
    assert any("bleeding" in each for each in told)
    assert not any(does in each for does in FAMILY_DOES.values() for each in told)
    (in_spanish,) = spanish[ibuprofen]
    assert in_spanish.words == "Ibuprofen hace más probable un sangrado peligroso mientras se toma warfarin."
    assert (in_spanish.language, in_spanish.advice) == ("es", Advice.ASK)


def test_times_of_day_that_do_not_fit_how_often_are_asked_about_first() -> None:
    bench = Bench()
    medicine = {"kind": "medicine", "taking": "active", "frequency": "once daily", "dose": "25 mg"}
    twice = bench.put(Section.MEDICATIONS, name="sertraline", times={"morning": True, "bedtime": True}, **medicine)
    once = bench.put(Section.MEDICATIONS, name="metformin", times={"morning": True, "bedtime": False}, **medicine)

    found = cautions_of(bench.plan, NOW)

    assert [(each.advice, each.words) for each in found[twice]] == [(Advice.ASK, UNFITTING)]
    assert once not in found
