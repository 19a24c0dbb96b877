"""What holds for any participant whatever: narrowing narrows, broken glass only reads, deny wins, removed is out."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth.commands import COMMANDS, Operation
from auth.decisions import (
    EntryFacts,
    Grant,
    assignments,
    decide,
    documents_readable,
    entry_visible,
    facts_of,
    fields_visible,
    grant_of,
    remark_visible,
    sections_readable,
)
from auth.policy import MATRIX, Precondition
from auth.roles import CLINICIANS, Narrowing, Participant, Role
from crdt.sections import SECTIONS, Section
from tests.auth.builders import HOUR, ME, NOW, OTHER, PATIENT, a_participant, an_entry

people = st.sampled_from([ME, OTHER, PATIENT, ""])
instants = st.sampled_from([None, NOW - HOUR, NOW, NOW + HOUR])
narrowings = st.builds(Narrowing, st.sampled_from(["none", "read", "granted", "?"]), instants)
some_sections = st.frozensets(st.sampled_from(Section), max_size=4)
participants = st.builds(
    a_participant,
    st.sampled_from(Role),
    ends=instants,
    since=instants,
    removed=st.sampled_from([False, False, False, True]),
    sections=st.none() | some_sections,
    consents=st.dictionaries(st.sampled_from(Section), narrowings, max_size=4),
    broke_glass_until=st.sampled_from([None, None, NOW, NOW + HOUR]),
    assigned=some_sections,
    patient_id=st.sampled_from([PATIENT, ""]),
)
texts = st.sampled_from(["", "yes", "no", "community", "specialist", "accepted", "requested", ME, OTHER, PATIENT])
NAMES = sorted(
    {name for each in SECTIONS.values() for name in each.owners}
    | {"kind", "state", "family_visible", "sensitive", "verified_by", "content_hash", "requester", "answer", "steward"}
)
entries = st.none() | st.builds(
    EntryFacts, people, st.frozensets(people, max_size=1), st.dictionaries(st.sampled_from(NAMES), texts, max_size=5)
)


@st.composite
def questions(draw: st.DrawFn) -> tuple[Section, Operation, str, EntryFacts | None, str]:
    section = draw(st.sampled_from(Section))
    field = draw(st.sampled_from(["", *(each.name for each in SECTIONS[section].all_fields)]))
    command = draw(st.sampled_from(["", *COMMANDS]))
    return section, draw(st.sampled_from(Operation)), field, draw(entries), command


Question = tuple[Section, Operation, str, EntryFacts | None, str]


def allowed(participant: Participant, question: Question) -> bool:
    section, action, field, entry, command = question
    return decide(participant, section, action, field=field, entry=entry, command=command, now=NOW).allowed


@given(participants, questions(), narrowings)
def test_a_narrowing_never_widens_but_where_consent_opens(
    participant: Participant, question: Question, narrowing: Narrowing
) -> None:
    section = question[0]
    without = {each: kept for each, kept in participant.consents.items() if each is not section}
    free = replace(participant, consents=without)
    narrowed = replace(participant, consents={**without, section: narrowing})

    if MATRIX[participant.role, section].opening is not Precondition.CONSENT:
        assert allowed(narrowed, question) <= allowed(free, question)


@given(participants, questions())
def test_an_invitations_choice_of_sections_never_widens(participant: Participant, question: Question) -> None:
    assert allowed(participant, question) <= allowed(replace(participant, sections=None), question)


@given(participants, questions())
def test_broken_glass_only_reads_and_only_what_the_role_reads(participant: Participant, question: Question) -> None:
    breaking = replace(participant, broke_glass_until=NOW + HOUR)

    if question[1] is not Operation.READ:
        assert not allowed(breaking, question)
    if participant.role not in CLINICIANS:
        assert not allowed(breaking, question)
    assert allowed(breaking, question) <= allowed(replace(breaking, broke_glass_until=None), question)


@given(participants, questions())
def test_whoever_was_removed_may_nothing(participant: Participant, question: Question) -> None:
    assert not allowed(replace(participant, removed=True), question)


@given(participants, questions())
def test_deny_wins_over_everything_that_could_open(participant: Participant, question: Question) -> None:
    section = question[0]
    hidden = replace(participant, consents={**participant.consents, section: Narrowing("none", None)})

    assert not allowed(replace(hidden, assigned=frozenset(Section), broke_glass_until=NOW + HOUR), question)
    assert not allowed(replace(hidden, assigned=frozenset(Section)), question)


@given(participants, questions())
def test_whoever_may_do_anything_may_read_it(participant: Participant, question: Question) -> None:
    section, action, _, entry, _ = question
    if allowed(participant, question) and action is not Operation.CREATE:
        assert decide(participant, section, Operation.READ, entry=entry, now=NOW).allowed


@given(participants)
def test_a_document_one_receives_is_wholly_ones_to_read(participant: Participant) -> None:
    documents = documents_readable(participant, NOW)

    assert documents <= sections_readable(participant, NOW)
    for section in documents:
        assert fields_visible(participant, section, NOW) == {each.name for each in SECTIONS[section].all_fields}


@given(participants, entries.filter(lambda each: each is not None), st.sampled_from(Section))
def test_no_entry_of_a_document_one_receives_is_hidden(
    participant: Participant, entry: EntryFacts, section: Section
) -> None:
    if section in documents_readable(participant, NOW):
        assert entry_visible(participant, section, entry, NOW)


@given(participants, questions(), st.sampled_from(["", "plan", "another"]))
def test_a_participant_of_another_plan_may_nothing(participant: Participant, question: Question, plan: str) -> None:
    section, action, field, entry, command = question
    answer = decide(participant, section, action, field=field, entry=entry, command=command, now=NOW, plan=plan)

    if plan == "another":
        assert (answer.allowed, answer.code) == (False, "other-plan")


@given(participants, questions())
def test_every_answer_is_a_sentence_with_a_code(participant: Participant, question: Question) -> None:
    section, action, field, entry, command = question
    answer = decide(participant, section, action, field=field, entry=entry, command=command, now=NOW)

    assert answer.code
    assert answer.reason.endswith(".")
    assert answer.reason[0].isupper()
    assert "{" not in answer.reason
    assert ME not in answer.reason.split()


def test_nobody_without_an_id_owns_what_nobody_made() -> None:
    nobody = a_participant(Role.SPECIALIST, person_id="")

    answer = decide(nobody, Section.CONDITIONS, Operation.WRITE, field="name", entry=EntryFacts(), now=NOW)

    assert not answer.allowed


def test_a_refused_command_says_who_may_and_what_to_do() -> None:
    answer = decide(
        a_participant(Role.CARE_MANAGER),
        Section.MEDICATIONS,
        Operation.COMMAND,
        command="medication.decide",
        entry=an_entry(),
        now=NOW,
    )

    assert answer.reason == (
        "Only the prescriber, a pharmacist or primary care decides on this. Send a suggestion instead."
    )
    assert answer.grant is Grant.PROPOSE


def test_a_command_sets_its_own_fields_and_no_others() -> None:
    owner = a_participant(Role.SPECIALIST)
    entry = an_entry(owner=ME, state="in progress")

    def set_by(command: str, field: str) -> bool:
        return decide(owner, Section.TASKS, Operation.WRITE, field=field, entry=entry, command=command, now=NOW).allowed

    assert set_by("task.complete", "state")
    assert set_by("task.complete", "outcome")
    assert set_by("task.complete", "title"), "the owner may write it anyway"
    assert not set_by("task.complete", "requester")
    assert not set_by("", "state")
    assert not set_by("goal.move", "state")
    assert set_by("goal.move", "title"), "outside its section a command has no more and no less than the person"
    assert not set_by("no.such_command", "title")


@pytest.mark.parametrize("role", [each for each in Role if each is not Role.PRIMARY_CARE])
def test_no_one_but_a_signer_sets_a_code_status(role: Role) -> None:
    person = a_participant(role, assigned=frozenset(Section))

    for command in ("", *COMMANDS):
        for entry in (None, an_entry(creator=ME, agent=ME)):
            answer = decide(
                person,
                Section.ADVANCE_CARE,
                Operation.WRITE,
                field="code_status",
                entry=entry,
                command=command,
                now=NOW,
            )
            assert not answer.allowed, command


def test_words_with_a_voice_are_the_patients_while_the_patient_is_unknown() -> None:
    somebody = a_participant(Role.PRIMARY_CARE, patient_id="")

    def may(voice: str) -> bool:
        entry = an_entry(voice=voice)
        return decide(somebody, Section.GOALS, Operation.WRITE, field="description", entry=entry, now=NOW).allowed

    assert [may(""), may(ME), may(OTHER)] == [True, True, False]


def test_the_family_receives_no_document_at_all() -> None:
    assert documents_readable(a_participant(Role.FAMILY), NOW) == frozenset()


def test_the_patient_receives_every_readable_document_but_the_huddles() -> None:
    patient = a_participant(Role.PATIENT)

    assert sections_readable(patient, NOW) - documents_readable(patient, NOW) == {
        Section.HUDDLES,
        Section.CAREGIVER_LOG,
    }
    assert fields_visible(patient, Section.HUDDLES, NOW) == {"decision", "family_words"}
    assert fields_visible(patient, Section.STAFF_NOTES, NOW) == frozenset()


def test_an_agent_of_the_family_reads_what_is_to_be_done_if_things_change() -> None:
    daughter = a_participant(Role.FAMILY)
    agent = a_participant(Role.FAMILY, assigned=frozenset({Section.ADVANCE_CARE}))

    assert Section.ADVANCE_CARE not in sections_readable(daughter, NOW)
    assert Section.ADVANCE_CARE in sections_readable(agent, NOW)
    assert not entry_visible(daughter, Section.ADVANCE_CARE, an_entry(agent=OTHER), NOW)
    assert entry_visible(daughter, Section.ADVANCE_CARE, an_entry(agent=ME), NOW)
    assert entry_visible(agent, Section.ADVANCE_CARE, an_entry(agent=OTHER), NOW)


@pytest.mark.parametrize(
    ("visible", "owner", "seen"), [("yes", OTHER, True), ("", ME, True), ("", OTHER, False), ("no", ME, False)]
)
def test_the_family_sees_tasks_shown_to_it_and_its_own(visible: str, owner: str, seen: bool) -> None:
    daughter = a_participant(Role.FAMILY)

    assert entry_visible(daughter, Section.TASKS, an_entry(owner=owner, family_visible=visible), NOW) is seen


def test_behavioural_health_opens_to_primary_care_by_consent_only_and_only_until_it_ends() -> None:
    def grant(narrowing: Narrowing | None) -> Grant:
        consents = {Section.BEHAVIORAL_HEALTH: narrowing} if narrowing else {}
        return grant_of(a_participant(Role.PRIMARY_CARE, consents=consents), Section.BEHAVIORAL_HEALTH, NOW)

    assert grant(None) is Grant.NONE
    assert grant(Narrowing("granted", NOW + HOUR)) is Grant.READ
    assert grant(Narrowing("granted", NOW)) is Grant.NONE
    assert grant(Narrowing("read", None)) is Grant.NONE


def test_what_colleagues_remark_to_each_other_does_not_reach_the_family() -> None:
    daughter, pharmacist = a_participant(Role.FAMILY), a_participant(Role.PHARMACIST)

    assert remark_visible(pharmacist, Section.MEDICATIONS, OTHER, NOW)
    assert not remark_visible(pharmacist, Section.SOCIAL_NEEDS, ME, NOW)
    assert not remark_visible(daughter, Section.MEDICATIONS, OTHER, NOW)
    assert remark_visible(daughter, Section.MEDICATIONS, ME, NOW)
    assert not remark_visible(daughter, Section.STAFF_NOTES, ME, NOW)
    assert not remark_visible(a_participant(Role.FAMILY, person_id=""), Section.MEDICATIONS, "", NOW)


def test_facts_name_the_persons_of_the_owner_fields() -> None:
    facts = facts_of(Section.TASKS, OTHER, {"owner": ME, "backup": "", "title": "Call"})

    assert facts.owners == {ME}
    assert assignments(ME, [(Section.TASKS, facts), (Section.GOALS, an_entry(owner=OTHER))]) == {Section.TASKS}
    assert assignments("", [(Section.TASKS, an_entry(owner=""))]) == frozenset()
