"""A hospital stay told from home: never a stay by itself, settled once, and one with what a hospital tells."""

from dataclasses import replace
from datetime import timedelta

import pytest

from crdt.sections import Section
from hub.live.authority import the_hub
from hub.live.commands import Refusal
from hub.workflows.contents import instant, stamp, words
from hub.workflows.home_reports import (
    CONFIRMED,
    KNOWN,
    TELL_REPORT,
    TOLD_BY_HOSPITAL,
    StayConfirm,
    StayDeny,
    StayKnown,
    StayReport,
    open_reports,
    report_told,
)
from hub.workflows.hospital_stays import StayFollow
from hub.workflows.questions import TELL, QuestionAnswer, QuestionAsk
from hub.workflows.waiting import WaitingKind, waiting_on
from tests.hub.workflows.plans import PLAN, Bench

LOG, STAYS = Section.CAREGIVER_LOG, Section.TRANSITIONS


def told(bench: Bench, where: str = "emergency room", hours_ago: float = 1, place: str = "Northside") -> str:
    report = StayReport(whereabouts=where, place=place, since=bench.now - timedelta(hours=hours_ago))
    return bench.perform(bench.daughter, report)[0]


def stays(bench: Bench) -> list[dict[str, object]]:
    return [dict(each.values) for each in bench.plan.entries(STAYS).values()]


@pytest.mark.parametrize("who", ["daughter", "patient"])
def test_a_report_from_home_is_no_stay_and_waits_on_the_team(bench: Bench, who: str) -> None:
    report = StayReport(whereabouts="emergency room", place="Northside", words="She fell.")
    [entry] = bench.perform(getattr(bench, who), report)

    assert stays(bench) == []
    assert words(bench.entry(LOG, entry).values, "words").endswith("Northside since 20-Nov-2026 15:00\nShe fell.")
    for each in (bench.doctor, bench.nurse, bench.social):
        [waiting] = waiting_on(bench.plan, each, bench.now)
        assert waiting.kind is WaitingKind.STAY_REPORT
        assert waiting.commands == ("stay.confirm", "stay.known", "stay.deny")
    assert waiting_on(bench.plan, bench.specialist, bench.now) == ()


def test_a_report_tells_the_team_at_once_and_the_steward_when_its_day_is_over(bench: Bench) -> None:
    command = StayReport(whereabouts="hospital")
    changes = command.changes(bench.plan, bench.daughter, bench.now, lambda: "0190dddd-0000-7000-8000-000000000001")
    assert not isinstance(changes, Refusal)

    at_once, later = command.follow_ups(bench.plan, changes, bench.now)

    assert (at_once.kind, at_once.due) == (TELL_REPORT, None)
    assert later.kind == TELL
    assert later.due is not None
    assert later.due > bench.now


def test_the_same_report_again_is_there_once(bench: Bench) -> None:
    report = StayReport(whereabouts="hospital", place="Northside", when=bench.now)
    bench.perform(bench.daughter, report)

    assert bench.refused(bench.daughter, report).code == "again"
    bench.perform(bench.patient, report)
    assert len(open_reports(bench.plan)) == 2, "two people told it"


@pytest.mark.parametrize(
    ("report", "field"),
    [
        (StayReport(whereabouts="on the moon"), "whereabouts"),
        (StayReport(whereabouts="hospital", place="x" * 501), "words"),
    ],
)
def test_a_report_that_cannot_be_is_refused_beside_its_field(bench: Bench, report: StayReport, field: str) -> None:
    assert bench.refused(bench.daughter, report).field == field
    for off in (timedelta(hours=1), timedelta(days=-367)):
        late = replace(report, whereabouts="hospital", place="", since=bench.now + off)
        assert bench.refused(bench.daughter, late).field == "since"


@pytest.mark.parametrize("who", ["specialist", "pharmacist", "nurse", "doctor"])
def test_only_those_at_home_and_who_writes_their_notes_report(bench: Bench, who: str) -> None:
    assert bench.refused(getattr(bench, who), StayReport(whereabouts="hospital")).code


def test_the_team_makes_a_stay_of_it_and_those_at_home_read_so(bench: Bench) -> None:
    entry = told(bench)
    began = instant(bench.entry(LOG, entry).values, "since")

    [stay] = bench.perform(bench.nurse, StayConfirm(entry=entry))

    values = bench.entry(STAYS, stay).values
    assert [words(values, name) for name in ("event", "setting", "facility", "source")] == [
        "visited", "emergency department", "Northside", "person",
    ]  # fmt: skip
    assert instant(values, "start") == began
    report = bench.entry(LOG, entry).values
    assert (report["answer"], report["answered_by"], report["stay"]) == (CONFIRMED, bench.nurse.person_id, stay)
    assert open_reports(bench.plan) == []
    assert bench.refused(bench.doctor, StayDeny(entry=entry, answer="No.")).code == "state"


def test_a_second_report_of_the_same_stay_makes_no_second_stay(bench: Bench) -> None:
    bench.perform(bench.nurse, StayConfirm(entry=told(bench)))
    again = told(bench, "hospital", 2)

    assert bench.refused(bench.nurse, StayConfirm(entry=again)).code == "state"
    [near] = StayKnown.beginning(bench.plan, bench.entry(LOG, again), bench.now).values()
    bench.perform(bench.nurse, StayKnown(entry=again, stay=near))
    assert len(stays(bench)) == 1
    assert bench.value(LOG, again, "answer") == KNOWN


def test_home_again_ends_the_stay_that_goes_on_and_starts_its_clocks(bench: Bench) -> None:
    medicine = bench.put(Section.MEDICATIONS, kind="medicine", name="aspirin", taking="active", reconciliation="yes")
    came = told(bench, "hospital", 60)
    [stay] = bench.perform(bench.nurse, StayConfirm(entry=came))
    home = told(bench, "home again", 0.5, place="")

    bench.perform(bench.nurse, StayConfirm(entry=home, visit_days="7"))

    values = bench.entry(STAYS, stay).values
    assert (values["event"], values["destination"]) == ("discharged", "home")
    assert values["contact_due"] == "2026-11-24"
    assert bench.value(Section.MEDICATIONS, medicine, "reconciliation") == "unreconciled"
    assert len(stays(bench)) == 1


def test_home_again_of_a_stay_nobody_recorded_asks_since_when_and_what_it_was(bench: Bench) -> None:
    home = told(bench, "home again")

    assert bench.refused(bench.nurse, StayConfirm(entry=home)).field == "start"
    began = bench.now - timedelta(days=2)
    assert bench.refused(bench.nurse, StayConfirm(entry=home, start=began)).field == "setting"
    [stay] = bench.perform(bench.nurse, StayConfirm(entry=home, start=began, setting="inpatient"))
    assert bench.value(STAYS, stay, "event") == "discharged"


def test_not_so_is_said_in_words_to_those_at_home(bench: Bench) -> None:
    entry = told(bench)

    assert bench.refused(bench.social, StayDeny(entry=entry, answer=" ")).field == "answer"
    bench.perform(bench.social, StayDeny(entry=entry, answer="She is at the day clinic, as planned."))
    assert bench.value(LOG, entry, "answer") == "She is at the day clinic, as planned."
    assert stays(bench) == []


def test_a_stay_that_the_hospital_tells_settles_the_reports_of_it_and_no_others(bench: Bench) -> None:
    same, earlier = told(bench, hours_ago=2), told(bench, hours_ago=80)
    home = told(bench, "home again", 1)
    stay = {"event": "visited", "setting": "emergency department", "facility": "NORTHSIDE",
            "start": stamp(bench.now - timedelta(hours=3)), "end": "", "destination": "", "reason": ""}  # fmt: skip
    follow = StayFollow(entry="0190dddd-0000-7000-8000-000000000009", was={}, stay=stay)

    bench.perform(the_hub(PLAN), follow)

    assert bench.value(LOG, same, "answer") == TOLD_BY_HOSPITAL
    assert {each.id for each in open_reports(bench.plan)} == {earlier, home}
    assert len(stays(bench)) == 1
    assert bench.refused(bench.nurse, StayConfirm(entry=same)).code == "state"


def test_words_of_an_emergency_in_a_report_come_before_all_else(bench: Bench) -> None:
    report = StayReport(whereabouts="emergency room", words="Chest pain, she cannot breathe.")
    bench.perform(bench.daughter, report)

    [waiting] = waiting_on(bench.plan, bench.nurse, bench.now)
    assert waiting.kind is WaitingKind.HELP_NOW
    assert waiting.commands[0] == "stay.confirm"


def test_a_note_that_is_no_report_is_not_settled_as_one(bench: Bench) -> None:
    [note] = bench.perform(bench.daughter, QuestionAsk(kind="question", words="May she climb stairs?"))

    assert bench.refused(bench.nurse, StayConfirm(entry=note)).code == "state"
    bench.perform(bench.nurse, QuestionAnswer(entry=note, answer="Yes."))


def test_a_report_says_where_and_since_when(bench: Bench) -> None:
    since = {"since": "2026-11-20T14:00:00+00:00"}

    assert report_told({"whereabouts": "hospital", "place": "Northside", **since}, bench.plan.zone) == (
        "In hospital, Northside, since 20-Nov-2026 14:00"
    )
    assert report_told({"whereabouts": "home again"}, bench.plan.zone) == "Home again"
