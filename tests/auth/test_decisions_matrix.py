"""Every role x section x field x action x state against a second reading of the design's matrix."""

from collections import Counter
from collections.abc import Iterator

import pytest

from auth.commands import COMMANDS, Operation
from auth.decisions import EntryFacts, decide
from auth.grants import compile_grants
from auth.roles import CLINICIANS, Narrowing, Participant, Role
from crdt.fields import Value
from crdt.sections import SECTIONS, Section
from tests.auth.builders import HOUR, ME, NOW, OTHER, PATIENT, PLAN, a_participant
from tests.auth.oracle import CELLS, COLUMN_OF, COMMAND_ROWS, ROLES, Reader, expected


def entries_of(section: Section) -> list[EntryFacts | None]:
    """The entries among which every rule of the section tells a difference, and none at all."""
    mine: list[dict[str, Value]] = [{name: ME} for name in SECTIONS[section].owners]
    special: dict[Section, list[dict[str, Value]]] = {
        Section.CARE_TEAM: [{"steward": "yes"}],
        Section.GOALS: [{"voice": PATIENT}, {"voice": OTHER}, {"voice": PATIENT, "owner": ME}],
        Section.MEDICATIONS: [{"reconciliation": "continue"}, {"reconciliation": "continue", "prescriber": ME}],
        Section.TASKS: [
            {"state": "accepted", "owner": ME},
            {"state": "received", "owner": OTHER, "family_visible": "yes"},
            {"state": "in progress", "family_visible": "yes", "requester": ME},
            {"family_visible": "no", "owner": ME},
        ],
        Section.REFERRALS: [
            {"kind": "community"},
            {"kind": "community", "recipient": OTHER, "asker": OTHER},
            {"kind": "specialist", "recipient": ME, "asker": OTHER},
            {"kind": "specialist", "recipient": OTHER, "asker": ME},
        ],
        Section.SOCIAL_NEEDS: [{"sensitive": "yes"}, {"sensitive": "no"}],
        Section.CAREGIVER_LOG: [
            {"answer": "Rest.", "answered_by": OTHER},
            {"readers": "the team alone"},
            {"readers": "the team alone", "asked_from": "team"},
            {"to": ME},
        ],
        Section.HUDDLES: [
            {"attendees": {ME: True}},
            {"attendees": {ME: False}},
            {"signed_by": {OTHER: True}},
            {"signed_by": {OTHER: False}, "attendees": {ME: True}},
            {"content_hash": "e3b0", "attendees": {ME: True}},
        ],
        Section.ADVANCE_CARE: [{"code_status": "full code"}, {"verified_by": OTHER}],
    }
    entries = [EntryFacts(creator, frozenset(), {}) for creator in (ME, OTHER)]
    entries += [EntryFacts(OTHER, frozenset(), values) for values in mine + special.get(section, [])]
    return [None, *entries]


def states_of(role: Role, section: Section) -> Iterator[tuple[Participant, Reader, str]]:
    """Every state a participant can be in, with its reading and the plan asked about."""

    def reader(state: str, *, granted: bool = False, assigned: bool = False) -> Reader:
        return Reader(role, ME, ME if role is Role.PATIENT else PATIENT, state, granted, assigned)

    def consent(access: str, *, over: bool = False) -> dict[Section, Narrowing]:
        return {section: Narrowing(access, NOW - HOUR if over else NOW + HOUR)}

    here = frozenset({section})
    yield a_participant(role), reader("member"), ""
    yield a_participant(role), reader("out"), "another plan"
    yield a_participant(role, removed=True), reader("out"), PLAN
    yield a_participant(role, removed=True, broke_glass_until=NOW + HOUR), reader("out"), PLAN
    yield a_participant(role, ends=NOW), reader("out"), PLAN
    yield a_participant(role, since=NOW + HOUR), reader("out"), PLAN
    yield a_participant(role, ends=NOW + HOUR, since=NOW), reader("member"), PLAN
    yield a_participant(role, sections=frozenset(Section) - here), reader("out"), PLAN
    yield a_participant(role, sections=here), reader("member"), PLAN
    yield a_participant(role, consents=consent("none")), reader("out"), PLAN
    yield a_participant(role, consents=consent("a word of the future")), reader("out"), PLAN
    yield a_participant(role, consents=consent("none", over=True)), reader("member"), PLAN
    yield a_participant(role, consents=consent("read")), reader("read only"), PLAN
    yield a_participant(role, consents=consent("granted")), reader("member", granted=True), PLAN
    yield a_participant(role, consents=consent("granted", over=True)), reader("member"), PLAN
    yield a_participant(role, assigned=here), reader("member", assigned=True), PLAN
    if role is Role.GUARDIAN:
        closed = "out" if section in (Section.SOCIAL_NEEDS, Section.BEHAVIORAL_HEALTH) else "member"
        yield a_participant(role, confidential_from=NOW), reader(closed), PLAN
        yield a_participant(role, confidential_from=NOW + HOUR), reader("member"), PLAN
        opened = a_participant(role, confidential_from=NOW, consents=consent("granted"))
        yield opened, reader("member", granted=True), PLAN
        over = a_participant(role, confidential_from=NOW, consents=consent("granted", over=True))
        yield over, reader(closed), PLAN
    glass = "glass" if role in CLINICIANS else "out"
    yield a_participant(role, broke_glass_until=NOW + HOUR), reader(glass), PLAN
    yield a_participant(role, broke_glass_until=NOW + HOUR, consents=consent("none")), reader("out"), PLAN
    yield (
        a_participant(role, broke_glass_until=NOW + HOUR, consents=consent("granted")),
        reader(glass, granted=True),
        PLAN,
    )
    yield a_participant(role, broke_glass_until=NOW), reader("out"), PLAN


def questions_of(section: Section) -> list[tuple[Operation, str, str]]:
    names = [each.name for each in SECTIONS[section].all_fields]
    simple = (Operation.READ, Operation.WRITE, Operation.SUGGEST)
    asked = [(action, name, "") for action in simple for name in ("", *names, "no_such_field")]
    asked += [(action, "", "") for action in (Operation.CREATE, Operation.RETIRE, Operation.COMMENT)]
    asked += [(Operation.COMMAND, "", command) for command in (*COMMANDS, "no.such_command", "")]
    return asked + [(Operation.COMMAND, name, "suggestion.accept") for name in names]


def test_the_second_reading_knows_every_role_section_and_command() -> None:
    assert {section for _, section in CELLS} == set(Section)
    assert len(CELLS) == len(Role) * len(Section)
    assert set(ROLES.values()) == set(Role)
    assert set(COMMAND_ROWS) == set(COMMANDS)


@pytest.mark.parametrize("section", Section)
@pytest.mark.parametrize("role", Role)
def test_every_answer_is_the_designs(role: Role, section: Section, totals: Counter[str]) -> None:
    entries, questions = entries_of(section), questions_of(section)
    wrong: list[object] = []
    met: set[Reader] = set()
    for participant, reader, plan in states_of(role, section):
        grants = compile_grants(participant, NOW)
        # Once a state was met with every entry, its other causes are with a few; out is out with a few.
        few = reader.state == "out" or reader in met
        met.add(reader)
        for entry in entries[:2] if few else entries:
            for action, field, command in questions:
                answer = decide(
                    participant, section, action, field=field, entry=entry, now=NOW, command=command, plan=plan
                )
                if answer.allowed != expected(reader, section, action, field, entry, command):
                    wrong.append((reader, entry, action, field, command, answer))
                assert answer.reason, answer
                if plan in ("", PLAN):
                    compiled = grants.decide(section, action, field=field, entry=entry, command=command)
                    assert compiled == answer, (reader, entry, action, field, command)
                totals["decisions compared with the design"] += 1
                totals[f"of them {'allowed' if answer.allowed else 'denied'}"] += 1
    assert wrong == [], (len(wrong), wrong[:3], COLUMN_OF[role])
