"""Compiled answers are decide's answers, for as long as they say they hold."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from auth.commands import Operation
from auth.decisions import EntryFacts, decide, documents_readable, sections_readable
from auth.grants import compile_grants
from auth.roles import Narrowing, Participant, Role
from crdt.sections import SECTIONS, Section
from tests.auth.builders import HOUR, NOW, a_participant, an_entry
from tests.auth.test_decisions import Question, entries, participants, questions


@given(participants, questions())
def test_compiled_is_decided(participant: Participant, question: Question) -> None:
    section, action, field, entry, command = question

    compiled = compile_grants(participant, NOW).decide(section, action, field=field, entry=entry, command=command)

    assert compiled == decide(participant, section, action, field=field, entry=entry, command=command, now=NOW)


@given(participants, st.sampled_from(Section), entries.filter(lambda each: each is not None))
def test_what_is_answered_without_an_entry_is_decided_for_any(
    participant: Participant, section: Section, entry: EntryFacts
) -> None:
    grants = compile_grants(participant, NOW)

    for field in SECTIONS[section].all_fields:
        anywhere = grants.write(section, field.name)
        if anywhere is not None:
            assert anywhere == decide(participant, section, Operation.WRITE, field=field.name, entry=entry, now=NOW)


@given(participants, questions(), st.integers(0, 7200))
def test_compiled_answers_stay_true_while_they_hold(participant: Participant, question: Question, seconds: int) -> None:
    section, action, field, entry, command = question
    later = NOW + timedelta(seconds=seconds)
    grants = compile_grants(participant, NOW)

    if grants.holds(later):
        compiled = grants.decide(section, action, field=field, entry=entry, command=command)
        assert compiled == decide(participant, section, action, field=field, entry=entry, command=command, now=later)


@given(participants)
def test_compiled_sections_are_the_sections(participant: Participant) -> None:
    grants = compile_grants(participant, NOW)

    assert grants.sections == sections_readable(participant, NOW)
    assert grants.documents == documents_readable(participant, NOW)


def test_answers_hold_until_the_first_end() -> None:
    consents = {Section.GOALS: Narrowing("none", NOW + HOUR / 2), Section.TASKS: Narrowing("none", NOW - HOUR)}
    grants = compile_grants(a_participant(Role.FAMILY, ends=NOW + HOUR, consents=consents), NOW)

    assert grants.until == NOW + HOUR / 2
    assert grants.holds(NOW)
    assert not grants.holds(NOW + HOUR / 2)
    assert not grants.holds(NOW - timedelta(microseconds=1)), "not for what was before"


def test_people_of_the_same_standing_share_their_answers() -> None:
    one, other = a_participant(Role.SPECIALIST), replace(a_participant(Role.SPECIALIST), person_id="another")

    assert compile_grants(one, NOW)._table is compile_grants(other, NOW)._table
    assert compile_grants(a_participant(Role.PATIENT), NOW)._table is not compile_grants(one, NOW)._table


def test_writing_any_entry_is_answered_without_one_where_that_can_be() -> None:
    grants = compile_grants(a_participant(Role.PRIMARY_CARE), NOW)
    dose, description = grants.write(Section.MEDICATIONS, "dose"), grants.write(Section.GOALS, "description")

    assert dose is not None
    assert dose.allowed
    assert description is None
    assert grants.write(Section.MEDICATIONS, "no_such_field") is None
    assert not grants.decide(Section.MEDICATIONS, Operation.WRITE, field="no_such_field", entry=an_entry()).allowed
