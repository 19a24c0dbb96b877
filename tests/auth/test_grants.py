"""Compiled answers are decide's answers, for as long as they say they hold."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from auth.commands import Action
from auth.decisions import EntryFacts, decide, documents_readable, sections_readable
from auth.grants import compile_grants
from auth.roles import Narrowing, Participant, Role
from crdt.sections import SECTIONS, Section
from tests.auth.builders import HOUR, ME, NOW, a_participant, an_entry
from tests.auth.test_decisions import Question, entries, participants, questions


@given(participants, questions())
def test_compiled_is_decided(participant: Participant, question: Question) -> None:
    section, action, field, entry, command = question

    compiled = compile_grants(participant, NOW).decide(section, action, field=field, entry=entry, command=command)

    assert compiled == decide(participant, section, action, field=field, entry=entry, command=command, now=NOW)


@given(participants, st.sampled_from(Section), entries.filter(lambda each: each is not None))
def test_the_gates_question_gets_decides_reason(participant: Participant, section: Section, entry: EntryFacts) -> None:
    may = compile_grants(participant, NOW).may(section, lambda _: entry)

    for field in SECTIONS[section].all_fields:
        answer = decide(participant, section, Action.WRITE, field=field.name, entry=entry, now=NOW)
        assert may("entry", field.name) == ("" if answer.allowed else answer.reason)


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


def test_the_entry_is_asked_for_only_where_it_matters() -> None:
    asked: list[str] = []

    def facts(entry: str) -> EntryFacts:
        asked.append(entry)
        return an_entry(creator=ME)

    primary = compile_grants(a_participant(Role.PRIMARY_CARE), NOW).may(Section.MEDICATIONS, facts)
    specialist = compile_grants(a_participant(Role.SPECIALIST), NOW).may(Section.MEDICATIONS, facts)

    assert primary("e1", "dose") == ""
    assert asked == []
    assert specialist("e2", "dose") == ""
    assert asked == ["e2"]


def test_writing_any_entry_is_answered_without_one_where_that_can_be() -> None:
    grants = compile_grants(a_participant(Role.PRIMARY_CARE), NOW)
    dose, description = grants.write(Section.MEDICATIONS, "dose"), grants.write(Section.GOALS, "description")

    assert dose is not None
    assert dose.allowed
    assert description is None
    assert grants.write(Section.MEDICATIONS, "no_such_field") is None
    assert not grants.decide(Section.MEDICATIONS, Action.WRITE, field="no_such_field", entry=an_entry()).allowed
