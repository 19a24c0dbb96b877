"""A result that a laboratory tells closes the line of the stay that waits for it, and calls who waits.

It is tied to a line by a number that stands in the line, else by its code, else by its words alone, which is said. A
result that could be of two lines closes none: a person has to say of which it is.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Final

from auth.roles import Participant, Role
from crdt.changes import Change, Include
from crdt.sections import Section
from hub.live.commands import EntryContent, PlanContent, Refusal
from hub.record.jobs import Job
from hub.workflows.coming_home import result_tasks
from hub.workflows.comments import COMMENT_CHARACTERS_MAX, commented
from hub.workflows.contents import active, members, words
from hub.workflows.hospital_stays import TELL_STAY
from hub.workflows.panels import holds
from hub.workflows.team import NewId
from hub.workflows.transition_clocks import clock_owners

TRANSITIONS: Final = Section.TRANSITIONS
NUMBER_CHARACTERS_MIN: Final = 4
"""A shorter number may be a day or a count in somebody's words."""


class Tie(StrEnum):
    """By what a result was found to be of a line."""

    NUMBER = "by its number"
    CODE = "by its code"
    WORDS = "by its words alone: look whether it is this one"


@dataclass(frozen=True, slots=True, kw_only=True)
class ComingResult:
    """A result as it was told: numbers of the order, LOINC codes, the test's name, the values in words."""

    numbers: tuple[str, ...]
    codes: tuple[str, ...]
    name: str
    words: str


@dataclass(frozen=True, slots=True)
class AwaitedLine:
    """The line of a stay that a result is of, and by what."""

    stay: EntryContent
    result: str
    tie: Tie


def line_of(plan: PlanContent, result: ComingResult) -> AwaitedLine | None:
    """Return the one line that waits for this result, ``None`` where none does or more than one might."""
    waiting = [(stay, each) for stay in active(plan, TRANSITIONS) for each in members(stay.values, "pending_results")]
    for tie, fits in ((Tie.NUMBER, _by_number), (Tie.CODE, _by_code), (Tie.WORDS, _by_words)):
        found = [(stay, each) for stay, each in waiting if fits(each, result)]
        if len(found) == 1:
            return AwaitedLine(*found[0], tie)
        if found:
            return None
    return None


def _by_number(line: str, result: ComingResult) -> bool:
    told = set(re.findall(r"[\w./-]+", line.casefold()))
    return any(len(each) >= NUMBER_CHARACTERS_MIN and each.casefold() in told for each in result.numbers)


def _by_code(line: str, result: ComingResult) -> bool:
    told = set(re.findall(r"[0-9]+-[0-9]", line))
    return any(each in told or holds(line, f"{each} ") for each in result.codes)


def _by_words(line: str, result: ComingResult) -> bool:
    asked, told = (set(re.findall(r"[^\W_]+", each.casefold())) for each in (line, result.name))
    return bool(asked) and bool(told) and (asked <= told or told <= asked)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultFollow:
    """Results that a laboratory told, each closing the line that waits for it; the hub's own command."""

    results: tuple[ComingResult, ...]
    facility: str
    message: str
    name: ClassVar[str] = "result.follow"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the closed lines, each with a remark that holds the result and calls who waits."""
        changed: list[Change] = []
        closed: set[tuple[str, str]] = set()
        for result in self.results:
            line = line_of(plan, result)
            if line is None or (line.stay.id, line.result) in closed:
                continue
            closed.add((line.stay.id, line.result))
            where = f"{self.facility}, " if self.facility else ""
            said = (
                f"Result: {line.result}. {result.name}: {result.words or 'no value was told'} ({where}tied {line.tie})."
            )
            changed += [
                Include(TRANSITIONS, line.stay.id, "pending_results", line.result, False),
                commented(
                    TRANSITIONS, line.stay.id, new_id(), said[:COMMENT_CHARACTERS_MAX], "", now,
                    mentions=who_waits(plan, line.stay, line.result),
                ),
            ]  # fmt: skip
        return changed

    def follow_ups(self, plan: PlanContent, changes: Sequence[Change], now: datetime) -> Sequence[Job]:
        """Return the telling of each stay that got a result."""
        stays = {each.entry: each for each in changes if isinstance(each, Include)}
        found = []
        for entry_id, change in stays.items():
            stay = plan.entry(TRANSITIONS, entry_id)
            also = " ".join(who_waits(plan, stay, change.member)) if stay is not None else ""
            payload = {"plan": plan.plan_id, "entry": entry_id, "what": "result", "facility": self.facility,
                       "setting": "", "message": self.message, "also": also}  # fmt: skip
            found.append(Job(kind=TELL_STAY, payload=payload))
        return found


def who_waits(plan: PlanContent, stay: EntryContent, result: str) -> tuple[str, ...]:
    """Return who waits for a result: who asked for it and who was to get it, who has a clock; else primary care."""
    asked = result_tasks(plan, stay.id).get(result)
    waits = [words(asked.values, name) for name in ("requester", "owner")] if asked is not None else []
    waits += [plan.creator(TRANSITIONS, stay.id), *clock_owners(stay.values).values()]
    return tuple(dict.fromkeys(filter(None, waits))) or (Role.PRIMARY_CARE.value,)
