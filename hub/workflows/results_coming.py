"""A result that a laboratory tells closes the line of the stay that waits for it, and calls who waits.

It is tied to a line by a number that stands in the line, else by its code, else by its words alone, which is said. A
result that could be of two lines closes none: those who wait are told, and a person says of which it is.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Final

from auth.roles import Participant, Role
from crdt.changes import Annotate, Append, Change, Include
from crdt.fields import LINE_CHARACTERS_MAX
from crdt.sections import Section
from hub.live.commands import EntryContent, PlanContent, Refusal
from hub.record.jobs import Job
from hub.workflows.awaited_results import SAID_CHARACTERS_MAX, came, code_of, results_come, withdrawn
from hub.workflows.coming_home import result_tasks
from hub.workflows.comments import COMMENT_CHARACTERS_MAX, commented
from hub.workflows.contents import active, members, words
from hub.workflows.hospital_stays import TELL_STAY
from hub.workflows.panels import answers
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
    identifier: str = ""
    """The sender's own name for it, where it has one: what came once closes nothing again."""


@dataclass(frozen=True, slots=True)
class AwaitedLine:
    """The line of a stay that a result is of, and by what."""

    stay: EntryContent
    result: str
    tie: Tie


def line_of(plan: PlanContent, result: ComingResult) -> AwaitedLine | None:
    """Return the one line that waits for this result, ``None`` where none does or more than one might."""
    found = lines_of(plan, result)
    return found[0] if len(found) == 1 else None


def lines_of(plan: PlanContent, result: ComingResult) -> tuple[AwaitedLine, ...]:
    """Return the lines that this result might be of: those tied by the strongest tie there is."""
    if has_come(plan, result):
        return ()
    waiting = [(stay, each) for stay in active(plan, TRANSITIONS) for each in members(stay.values, "pending_results")]
    for tie, fits in ((Tie.NUMBER, _by_number), (Tie.CODE, _by_code), (Tie.WORDS, _by_words)):
        found = [AwaitedLine(stay, each, tie) for stay, each in waiting if fits(stay, each, result)]
        if found:
            return tuple(found)
    return ()


def corrected_of(plan: PlanContent, result: ComingResult) -> AwaitedLine | None:
    """Return the line that this result closed before, saying something else; ``None`` for what is no correction."""
    for stay in active(plan, TRANSITIONS):
        came_as = [each for each in results_come(stay.values) if words(each, "identifier") == result.identifier]
        if result.identifier and came_as and words(came_as[-1], "words") != _said(result)[:SAID_CHARACTERS_MAX]:
            return AwaitedLine(stay, words(came_as[-1], "result"), Tie.NUMBER)
    return None


def follows(plan: PlanContent, result: ComingResult) -> bool:
    """Say whether anything follows from the result: it is waited for, or corrects one that came."""
    return bool(lines_of(plan, result)) or corrected_of(plan, result) is not None


def has_come(plan: PlanContent, result: ComingResult) -> bool:
    """Say whether a result of this name came before: sent again it changes nothing."""
    known = (words(each, "identifier") for stay in active(plan, TRANSITIONS) for each in results_come(stay.values))
    return bool(result.identifier) and result.identifier in known


def _said(result: ComingResult) -> str:
    return result.words or "no value was told"


def _by_number(stay: EntryContent, line: str, result: ComingResult) -> bool:
    told = set(re.findall(r"[\w./-]+", line.casefold()))
    return any(len(each) >= NUMBER_CHARACTERS_MIN and each.casefold() in told for each in result.numbers)


def _by_code(stay: EntryContent, line: str, result: ComingResult) -> bool:
    return answers(code_of(stay.values, line) or line, result.codes)


def _by_words(stay: EntryContent, line: str, result: ComingResult) -> bool:
    """Say whether one of both names holds the other; where both have a code, the codes have spoken."""
    if result.codes and code_of(stay.values, line):
        return False
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
        """Return the closed lines, each with a remark that holds the result and calls who waits; where a result might
        be of several, a remark that asks of which."""
        changed: list[Change] = []
        closed: set[tuple[str, str]] = set()
        for result in self.results:
            corrected = corrected_of(plan, result)
            lines = [corrected] if corrected is not None else list(lines_of(plan, result))
            lines = [each for each in lines if (each.stay.id, each.result) not in closed]
            if len(lines) == 1:
                closed.add((lines[0].stay.id, lines[0].result))
                changed += self._closed(plan, lines[0], result, now, new_id, again=corrected is not None)
            elif lines:
                changed.append(self._asked(plan, lines, result, now, new_id))
        return changed

    def _closed(
        self, plan: PlanContent, line: AwaitedLine, result: ComingResult, now: datetime, new_id: NewId, *, again: bool
    ) -> list[Change]:
        """Return the closed line with its result; ``again``: it came before, and is corrected."""
        where = f"{self.facility}, " if self.facility else ""
        said = f"{'Corrected result' if again else 'Result'}: {line.result}. {result.name}: {_said(result)} "
        said += f"({where}tied {line.tie})."
        told = {"name": result.name, "codes": " ".join(result.codes)[:LINE_CHARACTERS_MAX], "from": self.facility,
                "identifier": result.identifier, "message": self.message}  # fmt: skip
        record = came(line.stay.values, line.result, _said(result), now, told=told)
        remark = commented(
            TRANSITIONS, line.stay.id, new_id(), said[:COMMENT_CHARACTERS_MAX], "", now,
            mentions=who_waits(plan, line.stay, line.result),
        )  # fmt: skip
        gone = [] if again else [Include(TRANSITIONS, line.stay.id, "pending_results", line.result, False)]
        return [*gone, Append(TRANSITIONS, line.stay.id, "results", new_id(), record), remark]

    def _asked(
        self, plan: PlanContent, lines: Sequence[AwaitedLine], result: ComingResult, now: datetime, new_id: NewId
    ) -> Change:
        """Return the remark that asks of which line a result is; it calls everybody who waits for one of them."""
        names = " or ".join(dict.fromkeys(each.result for each in lines))
        said = f"A result came that may be of {names}. Say of which: {result.name}: {result.words}"
        waits = [who for each in lines for who in who_waits(plan, each.stay, each.result)]
        return commented(
            TRANSITIONS, lines[0].stay.id, new_id(), said[:COMMENT_CHARACTERS_MAX], "", now,
            mentions=tuple(dict.fromkeys(waits)),
        )  # fmt: skip

    def follow_ups(self, plan: PlanContent, changes: Sequence[Change], now: datetime) -> Sequence[Job]:
        """Return the telling of each stay that got a result."""
        return _tellings(plan, changes, "result", self.facility, self.message)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultWithdraw:
    """What came by this message was of somebody else: the line waits again; the hub's own command."""

    message: str
    name: ClassVar[str] = "result.withdraw"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return each line that waits again, with a remark that calls who waits; nothing where it stands so already."""
        changed: list[Change] = []
        for stay in active(plan, TRANSITIONS):
            for record in results_come(stay.values):
                if words(record, "message") != self.message:
                    continue
                result = words(record, "result")
                said = f"The result of {result} that came was of somebody else. Do not use it; it is still to come."
                remark = commented(
                    TRANSITIONS, stay.id, new_id(), said, "", now, mentions=who_waits(plan, stay, result)
                )
                gone = Append(TRANSITIONS, stay.id, "results", new_id(), withdrawn(record, self.message, now))
                changed += [Include(TRANSITIONS, stay.id, "pending_results", result, True), gone, remark]
        return changed

    def follow_ups(self, plan: PlanContent, changes: Sequence[Change], now: datetime) -> Sequence[Job]:
        """Return the telling of each stay whose result is not one."""
        return _tellings(plan, changes, "no-result", "", f"{self.message} withdrawn")


def _tellings(plan: PlanContent, changes: Sequence[Change], what: str, facility: str, message: str) -> list[Job]:
    """Return the telling of each stay that these changes remark on, to those whom the remarks call."""
    stays: dict[str, dict[str, None]] = {}
    for change in changes:
        if isinstance(change, Annotate):
            told = stays.setdefault(str(change.record["entry"]), {})
            told.update(dict.fromkeys(str(change.record.get("mentions", "")).split()))
    return [
        Job(kind=TELL_STAY, payload={"plan": plan.plan_id, "entry": entry, "what": what, "facility": facility,
                                     "setting": "", "message": message, "also": " ".join(called)})
        for entry, called in stays.items()
    ]  # fmt: skip


def who_waits(plan: PlanContent, stay: EntryContent, result: str) -> tuple[str, ...]:
    """Return who waits for a result: who asked for it and who was to get it, who has a clock; else primary care."""
    asked = result_tasks(plan, stay.id).get(result)
    waits = [words(asked.values, name) for name in ("requester", "owner")] if asked is not None else []
    waits += [plan.creator(TRANSITIONS, stay.id), *clock_owners(stay.values).values()]
    return tuple(dict.fromkeys(filter(None, waits))) or (Role.PRIMARY_CARE.value,)
