"""A patient's story as steps: who did what, how long ago. Every step passes the same rules as on a page.

The journal's clock can't be turned back, so its rows all say today; what a step says of the past (due days, readings,
stays, since when something waits) it says as of its own ``ago``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from itertools import groupby
from typing import ClassVar

from auth.decisions import Operation
from auth.roles import Participant
from crdt.changes import Assign, Change, Rewrite
from crdt.fields import Kind, Scalar, Value
from crdt.sections import SECTIONS, Section
from hub.demo.people import Cast
from hub.live.commands import Command, PlanContent, Refusal
from hub.workflows.entries import EntryCreate
from hub.workflows.grants import barred
from hub.workflows.imagined import imagined
from hub.workflows.readings import ReadingRecord

STEPS_TOGETHER_MAX = 20
"""Steps of one person and kind that are performed as one; each entry of it still gets a row of its own."""

_IMAGINED_CLIENT = 0


@dataclass(frozen=True, slots=True)
class StoryStep:
    """One command of one person. The first ids it asks for are ``ids``, so that later steps can name what it made."""

    actor: str
    command: Command
    ids: tuple[str, ...] = ()
    ago: timedelta = timedelta()


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryEdit:
    """One field edited in place, as in the live page."""

    section: Section
    entry: str
    field: str
    value: Scalar
    name: ClassVar[str] = "entry.edit"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: Callable[[], str]
    ) -> Sequence[Change] | Refusal:
        """Return the edit, where the person may make it."""
        refusal = barred(plan, actor, self.section, Operation.WRITE, now=now, entry_id=self.entry, field=self.field)
        if refusal is not None:
            return refusal
        declared = SECTIONS[self.section].field(self.field)
        if declared is not None and declared.kind is Kind.TEXT:
            return [Rewrite(self.section, self.entry, self.field, str(self.value))]
        return [Assign(self.section, self.entry, self.field, self.value)]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryBatch:
    """Steps of one person and kind in a row, performed as one command under the name of its steps."""

    steps: tuple[StoryStep, ...]
    name: ClassVar[str] = "demo.story"
    brought_in: ClassVar[bool] = True

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: Callable[[], str]
    ) -> Sequence[Change] | Refusal:
        """Return all changes, each step judged on what those before it made; the first refusal refuses all."""
        mine = next((client for client, person in plan.people.items() if person == actor.person_id), _IMAGINED_CLIENT)
        plan = PlanContent(plan.plan_id, plan.sections, {**plan.people, mine: actor.person_id}, plan.seq)
        whole: list[Change] = []
        for step in self.steps:
            changes = step.command.changes(plan, actor, now - step.ago, _first(step.ids, new_id))
            if isinstance(changes, Refusal):
                return Refusal(changes.code, f"{step.command}: {changes.reason}", changes.entry, changes.field)
            whole += changes
            plan = imagined(plan, changes, by=mine)
        return whole


def _first(ids: Sequence[str], new_id: Callable[[], str]) -> Callable[[], str]:
    """Return a mint that gives these ids before new ones."""
    given = iter(ids)
    return lambda: next(given, "") or new_id()


@dataclass(slots=True)
class Story:
    """The steps of one plan in the making. Labels stand for the ids of what a step makes."""

    cast: Cast
    now: datetime
    new_id: Callable[[], str]
    steps: list[StoryStep] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)
    made: set[str] = field(default_factory=set)
    """Labels of what was made: each names one thing, for other systems know an entry by its id alone."""

    def id(self, label: str) -> str:
        """Return the id for a label, minted when it is first named."""
        return self.labels.setdefault(label, self.new_id())

    def day(self, offset: int) -> str:
        """Return a date, days from today; negative for the past."""
        return (self.now + timedelta(days=offset)).date().isoformat()

    def at(self, offset: float, hour: int = 14) -> datetime:
        """Return an instant, days from today, at that hour UTC."""
        return (self.now + timedelta(days=offset)).replace(hour=hour, minute=0, second=0, microsecond=0)

    def do(self, actor: str, command: Command, *labels: str, ago: float = 0) -> None:
        """A person commands something, days ago; what it makes gets the labels in the order in which it is made."""
        assert not self.made & set(labels), f"one thing a label: {labels}"
        self.made |= set(labels)
        ids = tuple(self.id(label) for label in labels)
        self.steps.append(StoryStep(self.cast[actor].person_id, command, ids, timedelta(days=ago)))

    def add(self, actor: str, section: Section, label: str = "", *, ago: float = 0, **values: object) -> None:
        """A person adds an entry. Tuples are sets; values may name people by their key in the cast."""
        typed = {name: self._value(section, name, value) for name, value in values.items() if value != ""}
        self.do(actor, EntryCreate(section=section, values=typed), *filter(None, (label,)), ago=ago)

    def edit(self, actor: str, section: Section, label: str, field_name: str, value: Scalar) -> None:
        """A person edits a field in place."""
        self.do(actor, StoryEdit(section=section, entry=self.id(label), field=field_name, value=value))

    def readings(self, actor: str, label: str, *values: float, device: str = "") -> None:
        """A person took one reading a day, the last one yesterday."""
        for number, value in enumerate(values):
            ago = len(values) - number
            command = ReadingRecord(entry=self.id(label), value=f"{value:g}", when=self.at(-ago, 12), device=device)
            self.do(actor, command)

    def _value(self, section: Section, name: str, value: object) -> Value:
        declared = SECTIONS[section].field(name)
        assert declared is not None, f"{section} has no field {name}"
        if isinstance(value, tuple):
            return {self._member(str(each), declared.form): True for each in value}
        if isinstance(value, str):
            return self._member(value, declared.form)
        assert isinstance(value, int | float), "a demo value is words, a number or a tuple"
        return value

    def _member(self, value: str, form: str) -> str:
        if form == "person":
            return self.cast[value].person_id
        return self.id(value) if form == "entry" else value

    def batches(self) -> list[tuple[str, StoryBatch]]:
        """Return the steps of one person and kind in a row as batches, in the order of the story."""
        found: list[tuple[str, StoryBatch]] = []
        for (actor, name), steps in groupby(self.steps, key=lambda step: (step.actor, step.command.name)):
            some = tuple(steps)
            for start in range(0, len(some), STEPS_TOGETHER_MAX):
                found.append((actor, _batch_of(name)(steps=some[start : start + STEPS_TOGETHER_MAX])))
        return found


@cache
def _batch_of(name: str) -> type[StoryBatch]:
    """Return the batch of that name, so that the journal tells what was done and not that it was a demo."""
    return type(StoryBatch.__name__, (StoryBatch,), {"name": name, "__slots__": ()})


Teller = Callable[[Story], None]
"""Writes one patient's steps into a story."""
