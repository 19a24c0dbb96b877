"""The agenda, the digest, the family's view and what waits: pure functions of a plan, for one viewer."""

import random
from dataclasses import replace
from datetime import timedelta

import pytest

from crdt.changes import Create
from crdt.sections import Section
from hub.live.commands import PlanContent
from hub.workflows.agendas import Brief, Cause, Worry, agenda, card, flags, last_huddle
from hub.workflows.comments import CommentMake
from hub.workflows.digests import FieldEdit, collapsed, digest, grouped
from hub.workflows.family import NO_PLAIN_WORDS, family_view
from hub.workflows.huddles import HuddleDecide
from hub.workflows.previews import preview
from hub.workflows.questions import QuestionAnswer, QuestionCalm
from hub.workflows.steps import Step
from hub.workflows.suggestions import SuggestionMake
from hub.workflows.tasks import TaskAccept
from hub.workflows.waiting import WaitingKind, asked_of_others, by_kind, waiting_on
from tests.hub.workflows.plans import NOW, Bench
from tests.hub.workflows.test_referrals import a_referral
from tests.hub.workflows.test_transitions import a_discharge

MEDICATIONS = Section.MEDICATIONS


def a_medicine(bench: Bench, name: str = "furosemide", **values: object) -> str:
    whole = {"kind": "medicine", "name": name, "dose": "80 mg", "frequency": "once daily", "taking": "active",
             "reconciliation": "continue", "times": {"morning": True}, **values}  # fmt: skip
    return bench.put(MEDICATIONS, by=bench.doctor, **whole)


def a_red_weight(bench: Bench) -> str:
    log = {
        str(n): {"value": value, "when": (NOW - timedelta(days=3 - n)).isoformat()} for n, value in enumerate((71, 72))
    }
    return bench.put(
        Section.MONITORING, measure="29463-7 Body weight", unit="kg", green="66..69", red="70.5..",
        persistence="2 of 3", responder=bench.nurse.person_id, readings=log,
        red_instructions="Cannot breathe lying down: call 911.", red_call="emergency number",
        yellow_instructions="Weight up 1 kg: call the nurse.", yellow_call="call in opening hours",
    )  # fmt: skip


def causes(bench: Bench, pinned: str = "") -> list[Cause]:
    return [flag.cause for flag in flags(Brief(bench.plan, "Mary", pinned), NOW)]


def test_a_quiet_patient_is_not_on_the_agenda() -> None:
    assert agenda([Brief(Bench().plan, "Mary")], NOW) == ()
    assert [item.patient for item in agenda([Brief(Bench().plan, "Mary", "her daughter asked")], NOW)] == ["Mary"]


def test_every_cause_is_seen_and_the_dangerous_stand_first() -> None:
    bench = Bench()
    a_discharge(bench)
    a_red_weight(bench)
    slow = {"key": {"value": 80.0, "when": (NOW - timedelta(days=9)).isoformat()}}
    bench.put(Section.MONITORING, measure="8867-4 Heart rate", expected_days=7.0, readings=slow)
    task = {"title": "Call", "owner": bench.social.person_id}
    bench.put(Section.TASKS, **task, due=bench.day(-2), state="accepted")
    bench.put(Section.TASKS, **task, due=bench.day(2), state="requested")
    a_referral(bench, "accepted", expected_by=bench.day(-6))
    a_medicine(bench, reconciliation="unreconciled")
    a_medicine(bench, name="ibuprofen", dose="400 mg", reconciliation="continue")
    bench.put(Section.CONDITIONS, name="Chronic kidney disease", kind="problem", clinical_status="active")
    bench.put(Section.CAREGIVER_LOG, kind="question", words="Which pill?", when=NOW.isoformat())
    bench.put(Section.CAREGIVER_LOG, kind="concern", words="In hospital", whereabouts="hospital", when=NOW.isoformat())
    bench.put(
        Section.TRANSITIONS, event="visited", setting="emergency department", facility="Mercy", start=NOW.isoformat()
    )
    bench.put(Section.CAREGIVER_LOG, kind="observation", words="Chest pain at night", when=NOW.isoformat())
    bench.put(Section.GOALS, description="Walk", voice=bench.nurse.person_id, review_due=bench.day(-1))

    assert causes(bench, "pinned") == list(Cause)


@pytest.mark.parametrize(("late", "words"), [(1, "Call, 1 day"), (2, "Call, 2 days")])
def test_how_late_a_task_is_is_told_in_days(late: int, words: str) -> None:
    bench = Bench()
    bench.put(Section.TASKS, title="Call", owner=bench.social.person_id, due=bench.day(-late), state="accepted")

    assert [flag.words for flag in flags(Brief(bench.plan, "Mary"), NOW)] == [words]


def test_the_agenda_ranks_by_danger_whatever_the_order_it_is_asked_in() -> None:
    discharged, red, late, quiet_pin = Bench(), Bench(), Bench(), Bench()
    a_discharge(discharged)
    a_red_weight(red)
    for _ in range(5):
        late.put(Section.TASKS, title="Call", owner=late.social.person_id, due=late.day(-9), state="accepted")
    briefs = [
        Brief(discharged.plan, "Discharged"), Brief(red.plan, "Red"), Brief(late.plan, "Late"),
        Brief(quiet_pin.plan, "Pinned", "wants a word"),
    ]  # fmt: skip

    for seed in range(10):
        random.Random(seed).shuffle(briefs)
        assert [item.patient for item in agenda(briefs, NOW)] == ["Discharged", "Red", "Late", "Pinned"]


def test_a_patient_who_died_is_on_the_agenda_only_where_someone_pinned_them() -> None:
    bench = Bench()
    a_red_weight(bench)
    bench.put(Section.TASKS, title="Call", owner=bench.social.person_id, due=bench.day(-9), state="accepted")
    died = replace(bench.plan, deceased="2026-11-19")

    assert agenda([Brief(bench.plan, "Mary")], NOW) != ()
    assert agenda([Brief(died, "Mary")], NOW) == ()
    assert [flag.cause for flag in flags(Brief(died, "Mary", "to say goodbye"), NOW)] == [Cause.PINNED]


def test_a_discharge_leaves_the_agenda_when_its_clocks_are_met_or_over() -> None:
    bench = Bench()
    entry = a_discharge(bench, days=40)
    assert Cause.DISCHARGE not in causes(bench)
    assert bench.value(Section.TRANSITIONS, entry, "event") == "discharged"


def test_the_card_holds_worries_open_tasks_and_contingencies() -> None:
    bench = Bench()
    a_red_weight(bench)
    bench.put(
        Section.CAREGIVER_LOG, by=bench.daughter, kind="concern", words="Breathless at night", when=NOW.isoformat()
    )
    late = bench.put(Section.TASKS, title="Call", owner=bench.social.person_id, due=bench.day(-2), state="accepted")
    bench.put(Section.TASKS, title="Weigh", owner=bench.social.person_id, due=bench.day(2), state="accepted")
    bench.put(Section.TASKS, title="Done", owner=bench.social.person_id, due=bench.day(-2), state="completed")

    told = card(bench.plan, (), {bench.daughter.person_id: "Emily"}, NOW)

    assert told.worry == (Worry("Breathless at night", "Emily, 20-Nov-2026"),)
    assert [entry.values["title"] for entry in told.do] == ["Call", "Weigh"]
    assert told.do[0].id == late
    assert told.contingencies == ("Cannot breathe lying down: call 911.",)
    assert last_huddle(bench.plan, NOW.date()) is None


def an_edit(
    bench: Bench, section: Section, entry: str, field: str, before: str, after: str, **more: object
) -> FieldEdit:
    minutes = int(str(more.pop("minutes", 0)))
    actor = str(more.pop("actor", bench.doctor.person_id))
    when = NOW - timedelta(hours=1) + timedelta(minutes=minutes)
    return FieldEdit(section, entry, field, before, after, actor, when, made=bool(more.get("made")))


def test_several_edits_of_a_field_are_told_once_from_first_to_last(bench: Bench) -> None:
    edits = [
        an_edit(bench, MEDICATIONS, "m", "dose", "60 mg", "80 mg", minutes=2),
        an_edit(bench, MEDICATIONS, "m", "dose", "40 mg", "60 mg", minutes=1),
        an_edit(bench, MEDICATIONS, "m", "route", "oral", "nasal", minutes=1),
        an_edit(bench, MEDICATIONS, "m", "route", "nasal", "oral", minutes=3),
    ]

    assert [(edit.before, edit.after) for edit in collapsed(edits)] == [("40 mg", "80 mg")]


def test_a_digest_tells_allergies_then_medicines_then_states_then_the_rest(bench: Bench) -> None:
    medicine = a_medicine(bench)
    allergy = bench.put(MEDICATIONS, by=bench.doctor, kind="allergy", name="Penicillin")
    task = bench.put(Section.TASKS, title="Call", owner=bench.social.person_id, due=bench.day(1), state="accepted")
    goal = bench.put(Section.GOALS, description="Walk", voice=bench.nurse.person_id)
    edits = [
        an_edit(bench, Section.GOALS, goal, "due", "", "2026-12-01"),
        an_edit(bench, Section.TASKS, task, "state", "requested", "accepted"),
        an_edit(bench, MEDICATIONS, medicine, "dose", "40 mg", "80 mg"),
        an_edit(bench, MEDICATIONS, allergy, "name", "", "Penicillin", made=True),
        an_edit(bench, MEDICATIONS, medicine, "position", "1", "2"),
        an_edit(bench, MEDICATIONS, medicine, "dose", "1", "2", actor=bench.nurse.person_id, minutes=-9000),
    ]

    lines = digest(
        bench.plan, bench.nurse, edits, {bench.doctor.person_id: "Dr. Ruiz"}, NOW, since=NOW - timedelta(days=1)
    )

    assert [(line.group, line.headline, line.change) for line in lines] == [
        ("Allergies", "Penicillin", "new allergy"),
        ("Medicines", "furosemide", "DOSE: 40 mg → 80 mg"),
        ("States", "Call", "State: requested → accepted"),
        ("Rest", "Walk", "By: 01-Dec-2026"),
    ]
    assert [group for group, _ in grouped(lines)] == ["Allergies", "Medicines", "States", "Rest"]
    assert {line.by for line in lines} == {"Dr. Ruiz"}


def test_what_is_new_is_called_by_its_kind_and_a_medicine_says_how_it_is_taken(bench: Bench) -> None:
    allergy = bench.put(MEDICATIONS, kind="allergy", name="Lisinopril")
    medicine = a_medicine(bench, name="apixaban", dose="5 mg", frequency="twice a day")
    risk = bench.put(Section.CONDITIONS, kind="risk", name="Falls")
    made = [
        an_edit(bench, section, entry, "name", "", "", made=True)
        for section, entry in ((MEDICATIONS, allergy), (MEDICATIONS, medicine), (Section.CONDITIONS, risk))
    ]

    told = digest(bench.plan, bench.nurse, made, {}, NOW)

    assert [line.change for line in told] == ["new allergy", "new medicine: 5 mg, twice a day", "new risk"]
    asked = Create(Section.MEDICATIONS, allergy, {"kind": "allergy", "name": "Lisinopril"})
    assert [line.words for line in preview(bench.plan, [asked], {})] == ["new allergy: Lisinopril"]


def test_a_digest_tells_nobody_their_own_edits_nor_what_they_may_not_see(bench: Bench) -> None:
    note = bench.put(Section.STAFF_NOTES, words="between us")
    medicine = a_medicine(bench)
    edits = [
        an_edit(bench, Section.STAFF_NOTES, note, "words", "", "between us"),
        an_edit(bench, MEDICATIONS, medicine, "dose", "40 mg", "80 mg", actor=bench.daughter.person_id),
    ]

    assert digest(bench.plan, bench.daughter, edits, {}, NOW) == ()
    assert len(digest(bench.plan, bench.nurse, edits, {}, NOW)) == 2


def test_a_patient_sees_of_a_huddle_only_what_is_theirs_to_see(bench: Bench) -> None:
    huddle = bench.put(Section.HUDDLES, topic="t", decision="d", dissent="no", decider=bench.doctor.person_id)
    edits = [
        an_edit(bench, Section.HUDDLES, huddle, "dissent", "", "no"),
        an_edit(bench, Section.HUDDLES, huddle, "decision", "", "d"),
    ]

    lines = digest(bench.plan, bench.patient, edits, {}, NOW)

    assert [line.change for line in lines] == ["Decision changed"]


def test_the_family_sees_todays_medicines_by_time_of_day_and_what_changed(bench: Bench) -> None:
    water = a_medicine(bench, plain_words="Water pill.", times={"morning": True, "noon": True})
    a_medicine(bench, "aspirin", times={}, plain_words="")
    gone = a_medicine(bench, "naproxen", taking="stopped")
    edits = (
        an_edit(bench, MEDICATIONS, water, "dose", "40 mg", "80 mg"),
        an_edit(bench, MEDICATIONS, gone, "taking", "active", "stopped"),
    )
    changed = {
        (MEDICATIONS, water, "plain_words"): NOW - timedelta(days=3),
        (MEDICATIONS, water, "dose"): NOW - timedelta(hours=1),
    }

    view = family_view(bench.plan, bench.daughter, {bench.doctor.person_id: "Dr. Ruiz"}, changed, edits, NOW)

    today = {time: [(each.name, each.was, each.stale, each.plain_words) for each in some] for time, some in view.today}
    assert list(today) == ["morning", "noon", "at another time"]
    assert today["morning"] == [("furosemide", "40 mg", True, "Water pill.")]
    assert today["at another time"] == [("aspirin", "", False, NO_PLAIN_WORDS)]
    assert {each.words for each in view.changes} == {"furosemide: 80 mg now (was 40 mg).", "Stop taking naproxen."}
    assert view.stopped == ("naproxen",)
    assert view.updated == NOW - timedelta(hours=1)


def test_plain_words_written_after_the_change_are_not_stale(bench: Bench) -> None:
    water = a_medicine(bench, plain_words="Water pill.")
    changed = {(MEDICATIONS, water, "plain_words"): NOW, (MEDICATIONS, water, "dose"): NOW - timedelta(hours=1)}

    view = family_view(bench.plan, bench.daughter, {}, changed, (), NOW)

    assert not view.today[0][1][0].stale


def test_the_family_sees_emergencies_first_and_whom_to_call_but_nobody_elses_tasks(bench: Bench) -> None:
    a_red_weight(bench)
    bench.put(Section.CARE_TEAM, person=bench.doctor.person_id, role="primary care", phone="555-0101", steward="no")
    bench.put(Section.CARE_TEAM, person=bench.nurse.person_id, role="nurse", phone="555-0100", steward="yes")
    bench.put(Section.CARE_TEAM, person=bench.social.person_id, role="social worker", phone="")
    bench.put(Section.TASKS, title="Staff only", owner=bench.nurse.person_id, due=bench.day(1), state="requested")
    own = bench.put(
        Section.TASKS, title="Weigh", owner=bench.daughter.person_id, due=bench.day(1), state="requested",
        family_visible="yes",
    )  # fmt: skip

    view = family_view(bench.plan, bench.daughter, {bench.nurse.person_id: "Grace Kim"}, {}, (), NOW)

    assert [(each.words, each.measure, each.low) for each in view.emergency] == [
        ("Cannot breathe lying down: call 911.", "Body weight", "70.5")
    ]
    assert [each.words for each in view.call] == ["Weight up 1 kg: call the nurse."]
    assert view.unsorted == ()
    assert [(each.name, each.phone) for each in view.contacts] == [
        ("Grace Kim", "555-0100"),
        ("primary care", "555-0101"),
    ]
    assert [entry.id for entry in view.tasks] == [own]
    assert (view.measures[0].measure, view.measures[0].zone, view.measures[0].last) == ("Body weight", "red", 72.0)


def test_words_that_may_mean_an_emergency_wait_before_everything_else_until_they_are_answered(bench: Bench) -> None:
    bench.put(Section.TASKS, title="Late", owner=bench.nurse.person_id, due=bench.day(-9), state="accepted")
    bench.put(Section.CAREGIVER_LOG, kind="question", words="Which pill?", when=NOW.isoformat())
    note = bench.put(Section.CAREGIVER_LOG, kind="observation", words="She can't breathe", when=NOW.isoformat())

    first = waiting_on(bench.plan, bench.nurse, NOW)[0]
    bench.perform(bench.nurse, QuestionAnswer(entry=note, answer="I call you now."))

    assert (first.kind, first.entry, first.commands) == (
        WaitingKind.HELP_NOW,
        note,
        ("question.answer", "question.calm"),
    )
    assert [each.kind for each in waiting_on(bench.plan, bench.nurse, NOW)] == [
        WaitingKind.TASK_TO_DO,
        WaitingKind.QUESTION,
    ]


def test_one_press_of_the_team_takes_the_mark_of_an_emergency_off_and_the_note_waits_like_others(bench: Bench) -> None:
    note = bench.put(Section.CAREGIVER_LOG, kind="question", words="No chest pain today?", when=NOW.isoformat())
    plain = bench.put(Section.CAREGIVER_LOG, kind="question", words="Which pill?", when=NOW.isoformat())

    assert bench.refused(bench.daughter, QuestionCalm(entry=note)).code != "form"
    assert bench.refused(bench.nurse, QuestionCalm(entry=plain)).code == "state"
    bench.perform(bench.nurse, QuestionCalm(entry=note))

    assert {each.kind for each in waiting_on(bench.plan, bench.nurse, NOW)} == {WaitingKind.QUESTION}
    assert Cause.HELP_NOW not in causes(bench)
    assert bench.refused(bench.doctor, QuestionCalm(entry=note)).code == "state"


def test_a_help_line_stands_where_the_team_put_it_whatever_its_words_say(bench: Bench) -> None:
    """Nobody searches the words: "911" in a line for the nurse makes it no emergency, and none is moved by itself."""
    measure = {"measure": "8480-6 Systolic blood pressure", "responder": bench.nurse.person_id, "red": "160.."}
    told = "Call the nurse now. With chest pain call 911."
    bench.put(Section.MONITORING, **measure, red_instructions=told, red_call="call now", unit="mmHg")
    bench.put(Section.MONITORING, **measure, red_instructions="Call an ambulance.")

    view = family_view(bench.plan, bench.daughter, {}, {}, (), NOW)

    assert view.emergency == ()
    assert [(each.words, each.low, each.unit) for each in view.call] == [(told, "160", "mmHg")]
    assert [each.words for each in view.unsorted] == ["Call an ambulance."]


def test_what_waits_on_a_person_says_which_command_settles_it(bench: Bench) -> None:
    bench.put(Section.TASKS, title="Late", owner=bench.nurse.person_id, due=bench.day(-4), state="accepted")
    bench.put(Section.TASKS, title="New", owner=bench.nurse.person_id, due=bench.day(4), state="requested")
    a_red_weight(bench)
    goal = bench.put(Section.GOALS, description="Walk", voice=bench.nurse.person_id)
    bench.perform(bench.pharmacist, SuggestionMake(section=Section.GOALS, entry=goal, field="unit", value="km"))
    bench.perform(
        bench.doctor, CommentMake(section=Section.GOALS, entry=goal, words="@nurse?", mentions=("care_manager",))
    )

    found = waiting_on(bench.plan, bench.nurse, NOW)

    assert found[0].kind is WaitingKind.RED_ZONE
    assert (found[1].words, found[1].late) == ("Late", 4)
    kinds = by_kind(found)
    assert list(kinds) == [
        WaitingKind.RED_ZONE,
        WaitingKind.TASK_TO_ACCEPT,
        WaitingKind.TASK_TO_DO,
        WaitingKind.SUGGESTION,
        WaitingKind.MENTION,
    ]
    assert kinds[WaitingKind.TASK_TO_ACCEPT][0].commands == ("task.accept", "task.reject")
    assert kinds[WaitingKind.TASK_TO_DO][0].commands == ("task.complete", "task.start", "task.fail")
    assert kinds[WaitingKind.SUGGESTION][0].key
    assert waiting_on(bench.plan, bench.pharmacist, NOW) == ()


def test_a_referral_waits_on_its_recipient_and_then_on_its_asker(bench: Bench) -> None:
    a_referral(bench, "requested")
    assert [each.kind for each in waiting_on(bench.plan, bench.specialist, NOW)] == [WaitingKind.REFERRAL_TO_ANSWER]
    assert [(each.of, each.unowned) for each in asked_of_others(bench.plan, bench.doctor, NOW)] == [
        (bench.specialist.person_id, True)
    ]

    other = Bench()
    a_referral(other, "reported", recommendations={"k": {"words": "Echo", "decision": ""}})
    (waiting,) = waiting_on(other.plan, other.doctor, NOW)
    assert waiting.commands == ("referral.decide_recommendation", "referral.close")


def test_a_huddle_waits_for_read_backs_and_then_for_signatures(bench: Bench) -> None:
    steps = (Step(title="Call", owner=bench.social.person_id, due=NOW.date()),)
    command = HuddleDecide(topic="t", decision="d", steps=steps, attendees=(bench.social.person_id,))
    bench.perform(bench.doctor, command)

    def kinds(plan: PlanContent) -> set[WaitingKind]:
        return {each.kind for each in waiting_on(plan, bench.social, NOW)}

    assert kinds(bench.plan) == {WaitingKind.READ_BACK, WaitingKind.TASK_TO_ACCEPT}
    assert WaitingKind.SIGNATURE not in {each.kind for each in waiting_on(bench.plan, bench.doctor, NOW)}


def test_what_i_asked_of_others_lists_the_late_first(bench: Bench) -> None:
    def ask(title: str, due: int) -> str:
        return bench.put(
            Section.TASKS, title=title, owner=bench.social.person_id, requester=bench.nurse.person_id,
            due=bench.day(due), state="requested",
        )  # fmt: skip

    ask("Soon", 3)
    late = ask("Late", -3)
    bench.perform(bench.social, TaskAccept(entry=late))

    asked = asked_of_others(bench.plan, bench.nurse, NOW)

    assert [(each.words, each.late, each.unowned) for each in asked] == [("Late", 3, False), ("Soon", 0, True)]
