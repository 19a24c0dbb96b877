"""The family's page as values: what is told, to whom, and which plain words are out of date."""

from dataclasses import replace
from datetime import timedelta

import pytest

from auth.roles import Narrowing
from crdt.sections import SECTIONS, Section
from hub.workflows.family import Advice, Caution, family_view
from hub.workflows.questions import QuestionAsk
from hub.workflows.suggestions import SuggestionMake, suggested_medicines
from hub.workflows.wordings import WORDINGS, changed_of, stale_entries
from tests.hub.workflows.plans import NOW, Bench
from tests.hub.workflows.test_views import MEDICATIONS, a_medicine, an_edit


def test_the_family_is_told_of_older_changes_until_they_have_looked(bench: Bench) -> None:
    water = a_medicine(bench, plain_words="Water pill.")
    old = an_edit(bench, MEDICATIONS, water, "dose", "40 mg", "80 mg", minutes=-50_000)
    edits = (replace(old, seq=7),)

    def told(looked: dict[Section, int]) -> list[tuple[str, bool]]:
        view = family_view(bench.plan, bench.daughter, {}, {}, edits, NOW, looked)
        return [(each.words, each.fresh) for each in view.changes]

    assert told({MEDICATIONS: 6}) == [("furosemide: 80 mg now (was 40 mg).", True)]
    assert told({MEDICATIONS: 7}) == []


@pytest.mark.parametrize(
    ("reconciliation", "suggested", "found", "told"),
    [
        ("continue", False, (), []),
        ("", False, (), []),
        ("unreconciled", False, (), [Advice.ASK]),
        ("prepared", False, (), [Advice.ASK]),
        ("continue", True, (), [Advice.ASK]),
        ("continue", False, (Caution(Advice.ASK, "It can harm the kidneys."),), [Advice.ASK]),
        ("prepared", False, (Caution(Advice.KEEP, "Stopping it suddenly is dangerous."),), [Advice.KEEP, Advice.KEEP]),
    ],
)
def test_a_medicine_that_is_not_settled_is_never_told_as_simply_todays(
    bench: Bench, reconciliation: str, suggested: bool, found: tuple[Caution, ...], told: list[Advice]
) -> None:
    pill = a_medicine(bench, reconciliation=reconciliation)
    asked = frozenset({pill}) if suggested else frozenset()

    view = family_view(bench.plan, bench.daughter, {}, {}, (), NOW, cautions={pill: found}, suggested=asked)

    ((_, (medicine,)),) = view.today
    assert [each.advice for each in medicine.cautions] == told


def test_what_must_not_be_stopped_suddenly_is_kept_going_whatever_is_open_about_it(bench: Bench) -> None:
    pill = a_medicine(bench, reconciliation="unreconciled")
    found = {pill: (Caution(Advice.ASK, "It adds to the bleeding."),)}

    view = family_view(bench.plan, bench.daughter, {}, {}, (), NOW, cautions=found, must_go_on=frozenset({pill}))

    ((_, (medicine,)),) = view.today
    assert [each.advice for each in medicine.cautions] == [Advice.KEEP, Advice.KEEP]


def test_a_medicine_with_an_open_suggestion_about_its_dose_is_one_under_decision(bench: Bench) -> None:
    pill, other = a_medicine(bench), a_medicine(bench)
    bench.perform(bench.nurse, SuggestionMake(section=MEDICATIONS, entry=pill, field="dose", value="20 mg"))
    bench.perform(bench.nurse, SuggestionMake(section=MEDICATIONS, entry=other, field="route", value="oral"))

    assert suggested_medicines(bench.plan) == {pill}


def test_the_family_is_told_nothing_of_what_it_may_not_see_nor_of_its_own_edits(bench: Bench) -> None:
    note = bench.put(Section.STAFF_NOTES, words="between us")
    task = bench.put(
        Section.TASKS, title="Staff only", owner=bench.nurse.person_id, due=bench.day(1), state="requested"
    )
    mine = bench.put(Section.CAREGIVER_LOG, by=bench.daughter, kind="question", words="Why?", when=NOW.isoformat())
    edits = (
        an_edit(bench, Section.STAFF_NOTES, note, "words", "", "between us", made=True),
        an_edit(bench, Section.TASKS, task, "status", "", "active", made=True),
        an_edit(bench, Section.CAREGIVER_LOG, mine, "answer", "", "x", actor=bench.daughter.person_id),
    )

    assert family_view(bench.plan, bench.daughter, {}, {}, edits, NOW).changes == ()


def test_an_answer_is_told_with_the_question(bench: Bench) -> None:
    asked = bench.put(Section.CAREGIVER_LOG, by=bench.daughter, kind="question", words="Why?", when=NOW.isoformat())
    edits = (an_edit(bench, Section.CAREGIVER_LOG, asked, "answer", "", "Because."),)

    view = family_view(bench.plan, bench.daughter, {}, {}, edits, NOW)

    assert [each.words for each in view.changes] == ["The team has answered: “Why?”"]


def test_every_wording_is_out_of_date_once_what_it_explains_has_changed(bench: Bench) -> None:
    for section, wording in WORDINGS.items():
        told = {each.name for each in SECTIONS[section].all_fields}
        assert {wording.field} | wording.tells <= told
    problem = bench.put(Section.CONDITIONS, name="Heart attack", kind="problem", plain_words="A blocked vessel.")
    changed = {
        (Section.CONDITIONS, problem, "plain_words"): NOW - timedelta(hours=2),
        (Section.CONDITIONS, problem, "summary"): NOW - timedelta(hours=1),
    }

    assert stale_entries(bench.plan, changed) == {problem}
    assert stale_entries(bench.plan, changed | {(Section.CONDITIONS, problem, "plain_words"): NOW}) == frozenset()


def test_a_note_from_home_sent_twice_is_there_once(bench: Bench) -> None:
    note = QuestionAsk(kind="question", words="Why?", when=NOW - timedelta(hours=1))
    bench.perform(bench.daughter, note)

    assert bench.refused(bench.daughter, note).code == "again"
    bench.perform(bench.daughter, replace(note, words="Why now?"))
    assert len(bench.plan.entries(Section.CAREGIVER_LOG)) == 2


def test_what_the_patient_hides_of_themselves_is_not_the_page_s_title(bench: Bench) -> None:
    bench.put(Section.ABOUT_ME, by=bench.patient, preferred_name="Mary", what_matters="Home")
    hides = replace(bench.daughter, consents={Section.ABOUT_ME: Narrowing("none")})

    assert family_view(bench.plan, bench.daughter, {}, {}, (), NOW).called == "Mary"
    assert family_view(bench.plan, hides, {}, {}, (), NOW).called == ""


def test_words_that_came_with_the_entry_are_old_once_a_row_of_several_fields_changed_what_they_explain(
    bench: Bench,
) -> None:
    water = a_medicine(bench, plain_words="Water pill.")
    made = an_edit(bench, MEDICATIONS, water, "status", "", "active", made=True)
    dose = an_edit(bench, MEDICATIONS, water, "dose", "40 mg", "80 mg", minutes=1)

    assert stale_entries(bench.plan, changed_of({}, [made])) == frozenset()
    assert stale_entries(bench.plan, changed_of({}, [made, dose])) == {water}
