import json

import pytest

from crdt.changes import Annotate, Root
from crdt.sections import Section
from hub.workflows.imagined import imagined
from hub.workflows.suggestions import (
    SuggestionAccept,
    SuggestionDecline,
    SuggestionKeep,
    SuggestionMake,
    open_suggestions,
)
from hub.workflows.waiting import WaitingKind, waiting_on
from tests.hub.workflows.plans import NOW, Bench

MEDICATIONS = Section.MEDICATIONS


def a_medicine(bench: Bench, **values: str) -> str:
    whole = {"kind": "medicine", "name": "furosemide", "dose": "40 mg", "frequency": "once daily", "taking": "active"}
    return bench.put(MEDICATIONS, by=bench.doctor, **{**whole, **values})


def a_suggestion(bench: Bench, entry: str, value: str = "80 mg") -> str:
    command = SuggestionMake(section=MEDICATIONS, entry=entry, field="dose", value=value, words="weight up 2 kg")
    bench.perform(bench.nurse, command)
    return max(open_suggestions(bench.plan, MEDICATIONS))


def record(bench: Bench, key: str) -> dict[str, object]:
    return dict(bench.plan.sections[MEDICATIONS].suggestions[key])


def test_accepting_makes_the_edit_and_keeps_the_proposers_name(bench: Bench) -> None:
    entry = a_medicine(bench)
    key = a_suggestion(bench, entry)

    bench.perform(bench.doctor, SuggestionAccept(section=MEDICATIONS, key=key, seen="40 mg"))

    assert bench.value(MEDICATIONS, entry, "dose") == "80 mg"
    kept = record(bench, key)
    assert (kept["state"], kept["proposer"], kept["decided_by"]) == (
        "accepted",
        bench.nurse.person_id,
        bench.doctor.person_id,
    )


def test_the_proposer_cannot_accept_what_they_may_not_write(bench: Bench) -> None:
    key = a_suggestion(bench, a_medicine(bench))

    assert bench.refused(bench.nurse, SuggestionAccept(section=MEDICATIONS, key=key)).code not in ("state", "form")


def test_it_is_decided_once(bench: Bench) -> None:
    key = a_suggestion(bench, a_medicine(bench))
    assert bench.refused(bench.doctor, SuggestionDecline(section=MEDICATIONS, key=key, reason=" ")).field == "reason"
    bench.perform(bench.doctor, SuggestionDecline(section=MEDICATIONS, key=key, reason="kidneys"))

    refusal = bench.refused(bench.pharmacist, SuggestionAccept(section=MEDICATIONS, key=key))

    assert refusal.reason == "This suggestion was declined already."


def test_a_page_that_shows_an_old_dose_accepts_nothing(bench: Bench) -> None:
    entry = a_medicine(bench)
    first, second = a_suggestion(bench, entry, "80 mg"), a_suggestion(bench, entry, "60 mg")
    bench.perform(bench.doctor, SuggestionAccept(section=MEDICATIONS, key=first, seen="40 mg"))

    refusal = bench.refused(bench.doctor, SuggestionAccept(section=MEDICATIONS, key=second, seen="40 mg"))

    assert refusal.code == "stale"
    assert "80 mg" in refusal.reason


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("reconciliation", "continue"),
        ("nothing", "x"),
        ("times", "noon"),
        ("route", "by carrier pigeon"),
        ("dose", " "),
    ],
)
def test_nothing_is_suggested_that_could_not_stand_there(bench: Bench, field: str, value: str) -> None:
    command = SuggestionMake(section=MEDICATIONS, entry=a_medicine(bench), field=field, value=value)

    assert bench.judge(bench.nurse, command) is not None
    assert bench.refused(bench.nurse, command).field == field


def test_what_it_says_already_is_not_suggested(bench: Bench) -> None:
    command = SuggestionMake(section=MEDICATIONS, entry=a_medicine(bench), field="dose", value="40 mg")

    assert bench.refused(bench.nurse, command).code == "state"


def test_a_new_entry_can_be_suggested_and_is_made_by_who_accepts(bench: Bench) -> None:
    values = {
        "name": "Fear of falling",
        "kind": "concern",
        "clinical_status": "active",
        "owner": bench.doctor.person_id,
    }
    bench.perform(bench.nurse, SuggestionMake(section=Section.CONDITIONS, values=values, words="she told me"))
    key, record = next(iter(open_suggestions(bench.plan, Section.CONDITIONS).items()))
    assert json.loads(str(record["value"]))["name"] == "Fear of falling"

    made = bench.perform(bench.doctor, SuggestionAccept(section=Section.CONDITIONS, key=key))

    assert bench.value(Section.CONDITIONS, made[0], "name") == "Fear of falling"


def test_a_number_stays_a_number(bench: Bench) -> None:
    goal = bench.put(Section.GOALS, by=bench.doctor, description="A1c", voice=bench.doctor.person_id, target_high=8.0)
    command = SuggestionMake(section=Section.GOALS, entry=goal, field="target_high", value="7.5")
    bench.perform(bench.pharmacist, command)
    key = next(iter(open_suggestions(bench.plan, Section.GOALS)))

    bench.perform(bench.doctor, SuggestionAccept(section=Section.GOALS, key=key, seen="8"))

    assert bench.value(Section.GOALS, goal, "target_high") == 7.5


def test_the_family_does_not_suggest_where_it_may_not_read(bench: Bench) -> None:
    note = bench.put(Section.STAFF_NOTES, words="between us")

    command = SuggestionMake(section=Section.STAFF_NOTES, entry=note, field="words", value="x")

    assert bench.refused(bench.daughter, command).code not in ("form", "gone")


def a_crossing(bench: Bench, entry: str) -> str:
    kept: dict[str, str | int | float | bool | None] = {
        "entry": entry,
        "field": "dose",
        "value": '"30 mg"',
        "words": "",
        "state": "open",
        "proposer": bench.doctor.person_id,
        "beside": bench.pharmacist.person_id,
        "made": "2026-11-27T08:00:00+00:00",
    }
    bench.plan = imagined(bench.plan, [Annotate(MEDICATIONS, Root.SUGGESTIONS, "crossed", kept)], by=0)
    return "crossed"


def test_two_values_that_crossed_wait_on_both_writers_until_one_is_chosen(bench: Bench) -> None:
    entry = a_medicine(bench, dose="15 mg")
    key = a_crossing(bench, entry)
    of = {
        name: [each.kind for each in waiting_on(bench.plan, person, NOW) if each.key == key]
        for name, person in (("doctor", bench.doctor), ("pharmacist", bench.pharmacist), ("nurse", bench.nurse))
    }

    refusal = bench.refused(bench.nurse, SuggestionKeep(section=MEDICATIONS, key=key))
    bench.perform(bench.pharmacist, SuggestionKeep(section=MEDICATIONS, key=key))

    assert of == {"doctor": [WaitingKind.CROSSED], "pharmacist": [WaitingKind.CROSSED], "nurse": []}
    assert refusal.code not in ("state", "form")
    assert bench.value(MEDICATIONS, entry, "dose") == "15 mg"
    assert record(bench, key)["decided_by"] == bench.pharmacist.person_id
    assert not open_suggestions(bench.plan, MEDICATIONS)


def test_of_two_values_that_crossed_the_other_is_taken_as_a_suggestion_is(bench: Bench) -> None:
    entry = a_medicine(bench, dose="15 mg")

    bench.perform(bench.doctor, SuggestionAccept(section=MEDICATIONS, key=a_crossing(bench, entry), seen="15 mg"))

    assert bench.value(MEDICATIONS, entry, "dose") == "30 mg"


def test_a_proposal_is_not_declined_by_keeping_without_a_reason(bench: Bench) -> None:
    key = a_suggestion(bench, a_medicine(bench))

    assert bench.refused(bench.doctor, SuggestionKeep(section=MEDICATIONS, key=key)).reason == "Say why you decline it."
