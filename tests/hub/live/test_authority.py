"""Every command, tried as every role, as a stranger and as one who was removed a moment ago, against the design."""

import asyncio
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import ClassVar

import pytest

import hub.exchange
import hub.workflows
import web.edits
from auth.commands import COMMANDS, OWN_COMMANDS, Operation
from auth.decisions import EntryFacts, facts_of
from auth.roles import Participant, Role
from crdt.changes import Amend, Annotate, Append, Assign, Change, Create, Include, Rewrite, Root
from crdt.fields import Field, Form, Kind, Scalar, Value
from crdt.sections import SECTIONS, Section
from hub.live.authority import the_hub
from hub.live.commands import Done, PlanContent, Refusal, Refused
from hub.record.jobs import Job
from hub.record.journal import Action as Row
from hub.workflows.letters import LetterFail
from tests.auth.oracle import COMMAND_ROWS, Reader, expected
from tests.hub.builders import PATIENT, PLAN, START, LiveHub, a_hub, an_id

pytestmark = pytest.mark.anyio

ME = "0190aaaa-0000-7000-8000-00000000000a"
OTHER = "0190aaaa-0000-7000-8000-00000000000b"
ANYWHERE = (Section.GOALS, Section.MEDICATIONS, Section.TASKS, Section.STAFF_NOTES)
MAKERS = {
    Section.SOCIAL_NEEDS: Role.SOCIAL_WORKER,
    Section.CAREGIVER_LOG: Role.SOCIAL_WORKER,
    Section.BEHAVIORAL_HEALTH: Role.BEHAVIORAL_HEALTH,
}
"""Who adds to a section where primary care does not."""


class Forced:
    """A command whose rule lets everything through: only the room stands between it and the plan."""

    name: ClassVar[str] = ""

    def __init__(self, name: str, section: Section, entry: str, made: Sequence[Change]) -> None:
        self.name = name  # type: ignore[misc]  # A command of our own has one name.
        self.section, self.entry, self._made = section, entry, made

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: Callable[[], str]
    ) -> Sequence[Change] | Refusal:
        return self._made


def a_member(role: Role, person: str = ME) -> Participant:
    patient = person if role is Role.PATIENT else PATIENT
    return Participant(person, PLAN, "Me", role, since=START, session_id=an_id(), patient_id=patient)


def scalar(field: Field) -> Scalar:
    """Return a value that the field takes; a person is ME."""
    if field.choices:
        return field.choices[0]
    taken: dict[str, Scalar] = {
        Form.YES_NO: "yes", Form.NUMBER: 1.0, Form.DATE: "2026-12-01", Form.INSTANT: "2026-12-01T08:00:00Z",
        Form.RANGE: "1..2", Form.PHONE: "555-0100", Form.LANGUAGE: "es", Form.PERSON: ME, Form.ENTRY: an_id(),
    }  # fmt: skip
    return taken.get(field.form, "words")


def change_of(section: Section, entry: str, name: str) -> Change:
    field = SECTIONS[section].field(name)
    assert field is not None, (section, name)
    match field.kind:
        case Kind.TEXT:
            return Rewrite(section, entry, name, "words")
        case Kind.SET:
            return Include(section, entry, name, str(scalar(field)), True)
        case Kind.LOG:
            return Append(section, entry, name, an_id(), {"words": "words"})
        case _:
            return Assign(section, entry, name, scalar(field))


def first_values(section: Section, *, mine: bool) -> dict[str, Value]:
    fields = [each for each in SECTIONS[section].fields if not each.command]
    people = [each for each in fields if each.form is Form.PERSON and each.kind is Kind.REGISTER]
    named = {each.name: ME if mine else OTHER for each in people if mine or each.required}
    free = [each for each in fields if each.required and each.form is not Form.PERSON]
    values: dict[str, Value] = {each.name: scalar(each) for each in free}
    return values | named


async def an_entry(hub: LiveHub, section: Section, *, mine: bool) -> str:
    """Return an entry that somebody else made; ``mine`` where every free field for a person names ME."""
    entry, maker = an_id(), a_member(MAKERS.get(section, Role.PRIMARY_CARE), an_id())
    made = Create(section, entry, first_values(section, mine=mine))
    done = await hub.plans.perform(PLAN, maker, Forced("entry.create", section, "", [made]))
    assert isinstance(done, Done), (section, done)
    return entry


def remark(section: Section, root: Root, entry: str, by: str) -> Annotate:
    said = {"entry": entry, "field": "", "value": "x", "words": "x", "proposer": by, "author": by, "state": "open"}
    kept = ("entry", "words", "author") if root is Root.COMMENTS else tuple(said)
    return Annotate(section, root, an_id(), {name: said[name] for name in kept if name != "author" or kept[-1] == name})


Asked = tuple[Sequence[Change], Callable[[Reader, EntryFacts], bool]]


def set_in(name: str, section: Section) -> list[str]:
    """The fields that the command sets in this section: one for every section names fields that only some have."""
    return [each for each in sorted(COMMANDS[name].sets) if SECTIONS[section].field(each) is not None]


def tried(name: str, section: Section, entry: str) -> Asked:
    """Return changes that make up the command's own authority, and what the design says of them."""
    rule = COMMANDS[name]
    if fields := set_in(name, section):
        made = [change_of(section, entry, each) for each in fields]
        return made, lambda reader, facts: expected(reader, section, Operation.COMMAND, "", facts, name)
    match rule.follows:
        case Operation.CREATE:
            values = first_values(section, mine=False)
            new = facts_of(section, ME, values)
            return [Create(section, an_id(), values)], lambda reader, facts: expected(
                reader, section, Operation.CREATE, "", new, ""
            )
        case Operation.WRITE:
            free = next(
                each.name for each in SECTIONS[section].fields if not each.command and each.kind is not Kind.LOG
            )
            return [change_of(section, entry, free)], lambda reader, facts: expected(
                reader, section, Operation.WRITE, free, facts, ""
            )
        case Operation.SUGGEST:
            return [remark(section, Root.SUGGESTIONS, entry, ME)], lambda reader, facts: expected(
                reader, section, Operation.SUGGEST, "", facts, ""
            )
        case _:
            return (
                [remark(section, Root.COMMENTS, entry, ME)],
                lambda reader, facts: (
                    expected(reader, section, Operation.COMMENT, "", facts, "")
                    and (rule.follows is not None or expected(reader, section, Operation.COMMAND, "", facts, name))
                ),
            )


def the_places() -> Iterator[tuple[str, Section]]:
    for name, (place, _) in COMMAND_ROWS.items():
        yield from ((name, each) for each in (ANYWHERE if place == "any" else (Section(place),)))


async def facts_now(hub: LiveHub, section: Section, entry: str) -> EntryFacts:
    content = await hub.plans.content(PLAN)
    held = content.entry(section, entry)
    assert held is not None, "it was made"
    return facts_of(section, content.creator(section, entry), held.values)


@pytest.mark.parametrize("role", Role)
async def test_every_command_does_for_every_role_what_the_design_says(role: Role) -> None:
    hub = await a_hub(entries=())
    wrong: list[object] = []
    allowed = 0
    for name, section in the_places():
        for mine in (False, True):
            entry = await an_entry(hub, section, mine=mine)
            facts = await facts_now(hub, section, entry)
            made, says = tried(name, section, entry)
            about = "" if COMMANDS[name].follows is Operation.CREATE and not set_in(name, section) else entry

            outcome = await hub.plans.perform(PLAN, a_member(role), Forced(name, section, about, made))

            reader = Reader(role, ME, ME if role is Role.PATIENT else PATIENT, "member", assigned=mine)
            allowed += isinstance(outcome, Done)
            if isinstance(outcome, Done) != says(reader, facts):
                wrong.append((name, section.value, mine, outcome))
    assert wrong == [], (role, len(wrong), wrong[:5])
    assert (allowed > 0) == (role not in (Role.AUDITOR, Role.REGISTRAR))


async def test_who_was_removed_a_moment_ago_does_nothing_any_more() -> None:
    hub = await a_hub(entries=())
    someone = a_member(Role.PRIMARY_CARE)
    for name, section in the_places():
        entry = await an_entry(hub, section, mine=True)
        made, _ = tried(name, section, entry)
        before = len(hub.journal.rows())
        hub.gatekeeper.removed = {ME}

        outcome = await hub.plans.perform(PLAN, someone, Forced(name, section, entry, made))

        hub.gatekeeper.removed = set()
        assert isinstance(outcome, Refused), name
        assert outcome.code == "removed"
        assert [row.action for row in hub.journal.rows()[before:]] == [Row.REFUSE], name


async def test_a_stranger_and_a_member_of_another_plan_do_nothing() -> None:
    hub = await a_hub(entries=())
    elsewhere = replace(a_member(Role.PRIMARY_CARE), plan_id=an_id())
    for name, section in the_places():
        entry = await an_entry(hub, section, mine=True)
        made, _ = tried(name, section, entry)

        outcome = await hub.plans.perform(PLAN, elsewhere, Forced(name, section, entry, made))

        assert isinstance(outcome, Refused), name


async def test_who_loses_access_while_the_command_waits_for_its_turn_does_nothing() -> None:
    hub = await a_hub(entries=())
    entry = await an_entry(hub, Section.GOALS, mine=False)
    someone = a_member(Role.PRIMARY_CARE)
    hub.gatekeeper.members["them"] = someone
    turn = hub.plans._rooms[PLAN].turns
    assert turn.take_if_free()
    change = Forced("entry.edit", Section.GOALS, entry, [Rewrite(Section.GOALS, entry, "description", "Run")])
    waiting = asyncio.ensure_future(hub.plans.perform(PLAN, someone, change))
    await asyncio.sleep(0)

    hub.gatekeeper.members["them"] = replace(someone, role=Role.PHARMACIST)
    turn.give_back()

    outcome = await waiting
    assert isinstance(outcome, Refused), "a pharmacist only suggests goals"
    assert (await hub.plans.content(PLAN)).value(Section.GOALS, entry, "description") != "Run"


async def test_a_command_without_a_line_is_refused_whatever_its_rule_says() -> None:
    hub = await a_hub(entries=())
    entry = await an_entry(hub, Section.GOALS, mine=False)

    made = [Rewrite(Section.GOALS, entry, "description", "Run")]
    outcome = await hub.plans.perform(
        PLAN, a_member(Role.PRIMARY_CARE), Forced("goal.rewrite", Section.GOALS, "", made)
    )

    assert outcome == Refused("unknown-command", "There is no such command here.")


@pytest.mark.parametrize(
    "values",
    [
        {"person": ME, "accepted": "yes", "steward": "yes"},
        {"person": PATIENT, "accepted": "yes", "steward": "no"},
        {"person": ME, "accepted": "asked", "steward": "no"},
    ],
)
async def test_taking_a_task_on_makes_oneself_a_member_and_nobody_else_anything_else(values: dict[str, str]) -> None:
    hub = await a_hub(entries=())
    task = await an_entry(hub, Section.TASKS, mine=True)
    state = Assign(Section.TASKS, task, "state", "accepted")
    ours = {"person": ME, "role": "pharmacist", "responsible_for": "x", "accepted": "yes", "steward": "no"}
    pharmacist = a_member(Role.PHARMACIST)

    def take(more: Change) -> Forced:
        return Forced("task.accept", Section.TASKS, task, [state, more])

    wrong = await hub.plans.perform(PLAN, pharmacist, take(Create(Section.CARE_TEAM, an_id(), ours | values)))
    alone = await hub.plans.perform(
        PLAN, pharmacist, Forced("entry.create", Section.CARE_TEAM, "", [Create(Section.CARE_TEAM, an_id(), ours)])
    )
    right = await hub.plans.perform(PLAN, pharmacist, take(Create(Section.CARE_TEAM, an_id(), ours)))

    assert isinstance(wrong, Refused)
    assert isinstance(alone, Refused), "a consequence goes with what the person may do, never alone"
    assert isinstance(right, Done)


async def test_only_ones_own_remarks_are_taken_back() -> None:
    hub = await a_hub(entries=())
    loop = await an_entry(hub, Section.REFERRALS, mine=True)
    medicine = await an_entry(hub, Section.MEDICATIONS, mine=False)
    for author, done in ((ME, True), (an_id(), False)):
        role = Role.SPECIALIST
        said = remark(Section.MEDICATIONS, Root.SUGGESTIONS, medicine, author)
        made = await hub.plans.perform(
            PLAN, a_member(role, author), Forced("suggestion.make", Section.MEDICATIONS, medicine, [said])
        )
        assert isinstance(made, Done)

        back = Amend(Section.MEDICATIONS, Root.SUGGESTIONS, said.key, "state", "withdrawn")
        outcome = await hub.plans.perform(
            PLAN, a_member(role), Forced("visit.take_back", Section.REFERRALS, loop, [back])
        )

        assert isinstance(outcome, Done) is done


def test_every_command_of_the_house_has_a_line_and_every_line_a_command() -> None:
    modules = [
        importlib.import_module(each.name)
        for room in (hub.workflows, hub.exchange)
        for each in pkgutil.iter_modules(room.__path__, f"{room.__name__}.")
    ]
    named = {
        str(getattr(of, "name"))  # noqa: B009 - a class that has one, as the condition says
        for module in [*modules, web.edits]
        for _, of in inspect.getmembers(module, inspect.isclass)
        if of.__module__ == module.__name__ and isinstance(getattr(of, "name", None), str) and hasattr(of, "changes")
    }
    driving = {each for each in named if each not in COMMANDS}

    assert set(COMMANDS) <= named
    assert driving == OWN_COMMANDS, "moves of a huddle are no commands of a plan: they have no `changes`"


async def test_nobody_can_issue_what_the_hub_does_itself_and_the_hub_does_nothing_else() -> None:
    hub = await a_hub(entries=())
    told = LetterFail(letter=an_id(), owner=OTHER, code="expired")
    for role in Role:
        member = a_member(role, an_id())
        refused = await hub.plans.perform(PLAN, member, told)
        assert isinstance(refused, Refused), role
        assert refused.code == "unknown-command", role
    beyond = await hub.plans.perform(PLAN, the_hub(PLAN), Forced("entry.create", Section.TASKS, "", []))
    assert isinstance(beyond, Refused)

    done = await hub.plans.perform(PLAN, the_hub(PLAN), told)
    again = await hub.plans.perform(PLAN, the_hub(PLAN), told)

    assert isinstance(done, Done)
    assert list(done.created) == [told.letter]
    assert isinstance(again, Done)
    assert not again.created, "one task a letter"


async def test_what_a_command_wants_done_later_is_put_down_where_it_is_done_and_not_where_it_is_refused() -> None:
    class Following(Forced):
        def follow_ups(self, plan: PlanContent, changes: Sequence[Change], now: datetime) -> Sequence[Job]:
            return [Job(kind="task.remind", payload={"entry": self.entry}, due=now)]

    hub = await a_hub(entries=())
    entry = await an_entry(hub, Section.TASKS, mine=False)
    stranger, writer = a_member(Role.FAMILY, an_id()), a_member(Role.PRIMARY_CARE, an_id())
    made = [change_of(Section.TASKS, entry, "title")]

    await hub.plans.perform(PLAN, stranger, Following("entry.edit", Section.TASKS, entry, made))
    assert hub.journal.jobs == []
    done = await hub.plans.perform(PLAN, writer, Following("entry.edit", Section.TASKS, entry, made))

    assert isinstance(done, Done), done
    assert [job.payload for job in hub.journal.jobs] == [{"entry": entry}]
