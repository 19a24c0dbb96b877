"""What a closed row says of an entry: text as clinicians write it, in an order that matters."""

from collections.abc import Mapping
from datetime import UTC, date, datetime

import pytest

from auth.roles import Participant, Role
from crdt.fields import Value
from crdt.sections import Section
from web.views.badges import Badge, Tone, badges
from web.views.fields import Setting
from web.views.lines import first_sentences, line_of, near_day
from web.views.people import people_of
from web.views.rows import EntryLine, Glance, Rank, mark_of, short_name
from web.views.words import Reading

NOW = datetime(2026, 11, 27, 15, 0, tzinfo=UTC)
TODAY = NOW.date()

TEAM = people_of(
    Participant(plan_id="p", person_id=key, name=name, role=role)
    for key, name, role in (
        ("ruiz", "Dr. Elena Ruiz", Role.PRIMARY_CARE),
        ("becker", "Tom Becker, PharmD", Role.PHARMACIST),
        ("mary", "Mary Whitfield", Role.PATIENT),
    )
)
GLANCE = Glance(
    Setting(Reading(NOW), TEAM, lambda section, entry: {"nstemi": "Heart attack (non-ST elevation)"}.get(entry, "")),
    frozenset({"mary"}),
)


def said(section: Section, values: Mapping[str, Value]) -> EntryLine:
    return line_of(section, values, GLANCE)


def cells(line: EntryLine) -> dict[str, str]:
    return {cell.role: ", ".join(part.words for part in cell.parts) for cell in line.cells}


MEDICINE: Mapping[str, Value] = {
    "kind": "medicine", "name": "hydralazine", "dose": "25 mg", "route": "oral", "frequency": "three times daily",
    "times": {"morning": True, "noon": True, "evening": True, "bedtime": False}, "indication": "nstemi",
    "prescriber": "ruiz", "taking": "active", "reconciliation": "unreconciled",
}  # fmt: skip


def test_a_medicine_says_name_dose_route_how_often_when_for_what_and_who() -> None:
    line = said(Section.MEDICATIONS, MEDICINE)

    assert line.name == "hydrALAZINE"
    assert line.spoken == "hydralazine"
    assert cells(line) == {"dose": "25\u00a0mg", "how": "oral, three times daily", "reason": "Heart attack, Dr. Ruiz"}
    assert line.times == ("morning", "noon", "evening")
    assert line.settled == ""


@pytest.mark.parametrize("decision", ["unreconciled", "prepared", ""])
def test_a_stopped_medicine_on_which_nothing_is_decided_is_not_folded_away(decision: str) -> None:
    stopped = said(Section.MEDICATIONS, {**MEDICINE, "taking": "stopped", "reconciliation": decision})

    assert stopped.settled == ""


def test_a_medicine_that_was_stopped_and_decided_on_is_folded() -> None:
    assert said(Section.MEDICATIONS, {**MEDICINE, "taking": "stopped", "reconciliation": "stop"}).settled == "stopped"


def test_an_allergy_heads_the_list_and_says_its_reaction() -> None:
    allergy = said(
        Section.MEDICATIONS,
        {"kind": "allergy", "name": "Penicillin", "reaction": "rash, 1988", "criticality": "low",
         "verification": "confirmed"},
    )  # fmt: skip

    assert allergy.allergy
    assert cells(allergy) == {"rest": "allergy rash, 1988; low criticality, confirmed"}


def test_a_task_says_whose_it_is_and_today_as_today() -> None:
    line = said(Section.TASKS, {"title": "Ring the ward", "owner": "becker", "due": "2026-11-27", "state": "accepted"})

    assert (line.name, cells(line)) == ("Ring the ward", {"who": "Tom Becker", "when": "today"})
    assert next(cell for cell in line.cells if cell.role == "when").strong


@pytest.mark.parametrize(("state", "settled"), [("completed", "done"), ("cancelled", "cancelled"), ("rejected", "")])
def test_a_task_that_was_turned_down_stays_in_sight_what_is_done_does_not(state: str, settled: str) -> None:
    assert said(Section.TASKS, {"title": "x", "state": state}).settled == settled


def test_only_the_patient_s_words_have_the_voice() -> None:
    hers = said(Section.GOALS, {"description": "Walk to the lake", "voice": "mary", "owner": "mary"})
    doctors = said(Section.GOALS, {"description": "Pressure below 130", "voice": "ruiz", "owner": "ruiz"})

    assert (hers.voice, cells(hers)["who"]) == (True, "Mary’s words")
    assert (doctors.voice, cells(doctors)["who"]) == (False, "Dr. Ruiz")


def test_a_referral_says_where_in_its_loop_it_is_and_who_is_waited_for() -> None:
    line = said(
        Section.REFERRALS,
        {"to": "Cardiology", "question": "How long?", "state": "scheduled", "asker": "ruiz", "recipient": "becker",
         "appointment": "2026-11-29T15:00:00+00:00", "expected_by": "2026-12-02"},
    )  # fmt: skip

    assert line.steps == ("done",) * 4 + ("here",) + ("ahead",) * 4
    assert cells(line) == {
        "question": "How long?",
        "stage": "Booked 29-Nov 15:00",
        "who": "Tom Becker",
        "when": "02-Dec",
    }


def test_a_reading_says_its_value_its_zone_and_how_it_moved() -> None:
    taken = {
        str(number): {"value": value, "when": f"2026-11-2{number}T08:00:00+00:00"}
        for number, value in ((4, 138), (5, 134), (6, 128))
    }
    line = said(
        Section.MONITORING,
        {"measure": "8480-6 Systolic blood pressure", "unit": "mmHg", "green": "100..129", "yellow": "130..159",
         "red": "160..", "readings": taken},  # type: ignore[dict-item]
    )  # fmt: skip

    assert (line.name, cells(line)["value"]) == ("Systolic blood pressure", "128")
    assert cells(line)["when"] == "26-Nov, 10 lower in 2 days"
    assert [mark.rank for mark in line.marks] == [Rank.GOOD]
    assert line.trend is not None
    assert "138 on 24-Nov" in line.trend.words


@pytest.mark.parametrize("section", Section)
def test_an_entry_without_any_words_still_has_a_row_one_can_open(section: Section) -> None:
    assert said(section, {}).name


@pytest.mark.parametrize(
    ("day", "words"),
    [(TODAY, "today"), (date(2026, 12, 1), "01-Dec"), (date(2027, 1, 8), "08-Jan"), (date(2028, 1, 8), "08-Jan-2028")],
)
def test_a_far_day_has_its_year(day: date, words: str) -> None:
    assert near_day(day, TODAY) == words


def test_a_summary_is_cut_between_its_sentences_and_never_within_one() -> None:
    text = (
        "Chest pain at rest. Troponin raised. One stent to the left anterior descending artery of the heart, at once."
    )

    assert first_sentences(text, 40) == "Chest pain at rest. Troponin raised."
    assert first_sentences("One sentence that is much longer than asked for", 10).endswith("asked for")


@pytest.mark.parametrize(
    ("name", "words"),
    [("Dr. Elena Ruiz", "Dr. Ruiz"), ("Tom Becker, PharmD", "Tom Becker"), ("Suharto", "Suharto")],
)
def test_colleagues_are_named_as_colleagues_name_them(name: str, words: str) -> None:
    assert short_name(name) == words


def test_danger_and_lateness_are_told_apart_and_the_few_words_keep_the_whole() -> None:
    danger, late = (
        mark_of(Badge("Bleeding", Tone.DANGER)),
        mark_of(Badge("Overdue by 1 day", Tone.ALERT, "1 day late", late=True)),
    )

    assert (danger.rank, late.rank) == (Rank.DANGER, Rank.LATE)
    assert (late.words, late.whole) == ("1 day late", "Overdue by 1 day")


@pytest.mark.parametrize(
    ("section", "values"),
    [
        (Section.TASKS, {"state": "requested", "owner": "ruiz", "due": "2026-11-20", "review_due": "2026-11-01"}),
        (Section.REFERRALS, {"state": "requested", "expected_by": "2026-11-20", "state_since": "2026-11-01T00:00Z"}),
        (Section.GOALS, {"due": "2026-11-20"}),
        (Section.TRANSITIONS, {"contact_due": "2026-11-20", "visit_due": "2026-11-22"}),
        (Section.CAREGIVER_LOG, {"kind": "question", "words": "May she walk?", "asked_from": "home"}),
        (Section.MEDICATIONS, {"kind": "medicine", "name": "aspirin", "reconciliation": "unreconciled"}),
    ],
)
def test_no_day_is_late_and_nothing_waits_once_the_patient_has_died(
    section: Section, values: Mapping[str, Value]
) -> None:
    quiet = {Tone.GOOD, Tone.PLAIN}

    assert {each.tone for each in badges(section, values, TEAM, Reading(NOW))} - quiet
    assert {each.tone for each in badges(section, values, TEAM, Reading(NOW, died=True))} <= quiet
