"""The way home after a discharge as one list: clocks with time left and owner, attempts, results, what must be true."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import quote_plus

from auth.decisions import Operation
from crdt.sections import Section
from hub.live.commands import EntryContent
from hub.workflows.awaited_results import code_of, results_come
from hub.workflows.coming_home import ITEMS, RESULT_TASK, checks, result_tasks
from hub.workflows.contents import active, day, instant, members, plain_day, records, words
from hub.workflows.grants import barred
from hub.workflows.medications import current, unreconciled
from hub.workflows.tasks import OPEN
from hub.workflows.transition_clocks import (
    ATTEMPTS_THAT_COUNT,
    RULES,
    TransitionClock,
    clock_owners,
    clocks,
    in_window,
    window_ends,
)
from web.views.entries import Reader
from web.views.words import count, day_and_time, sentence

TRANSITIONS: Final = Section.TRANSITIONS

_DONE_FIELDS: Final[Mapping[str, str]] = {"contact": "contact_done", "visit": "visit_done"}


@dataclass(frozen=True, slots=True)
class ClockCard:
    """One clock: ``rank`` good, waits or late; ``acts`` are commands of the stay, as (command, words, query)."""

    title: str
    rank: str
    state: str
    told: str
    rule: str
    owner: str
    acts: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class HomeLine:
    """One line of the checklist."""

    kind: str
    words: str
    more: str
    who: str
    state: str
    rank: str
    done: bool = False
    acts: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ComingHomeView:
    """The page."""

    title: str
    told: str
    clocks: tuple[ClockCard, ...]
    lines: tuple[HomeLine, ...]
    attempts: tuple[tuple[str, str, str, str], ...]
    """When, who, how and whether somebody was reached, what was said."""
    ended: bool
    may: bool

    @property
    def done(self) -> int:
        """Lines that are done."""
        return sum(each.done for each in self.lines)


def coming_home_view(reader: Reader, stay: EntryContent) -> ComingHomeView:
    """Return the page of one discharge."""
    plan, values, today = reader.content, stay.values, reader.setting.reading.today
    may = not barred(plan, reader.participant, TRANSITIONS, Operation.COMMAND, now=reader.now, entry_id=stay.id,
                     command="transition.check")  # fmt: skip
    running = clocks(plan, stay, today)
    left = instant(values, "end")
    results = [*_results(reader, stay, may=may), *_came(reader, stay)]
    lines = [*results, *_tasks(reader, stay), *_items(reader, stay, may=may)]
    return ComingHomeView(
        title=words(values, "facility") or "place not named",
        told=f"left {plain_day(plan.day_of(left))}, to {words(values, 'destination')}" if left is not None else "",
        clocks=(*(_card(reader, stay, each, may=may) for each in running), *_window(reader, stay)),
        lines=tuple(sorted(lines, key=lambda line: (line.done, line.rank != "late"))),
        attempts=tuple(_attempt(reader, each) for each in reversed(records(values, "attempts").values())),
        ended=not in_window(plan, stay, today),
        may=may,
    )


def _card(reader: Reader, stay: EntryContent, clock: TransitionClock, *, may: bool) -> ClockCard:
    today = reader.setting.reading.today
    ahead = (clock.due - today).days
    rank, state = "waits", f"{count(ahead, 'day')} left" if ahead else "due today"
    if clock.done:
        done = instant(stay.values, _DONE_FIELDS.get(clock.name, ""))
        rank, state = "good", f"Done {_when(reader, done)}" if done is not None else "Done"
    elif clock.counts:
        state = f"{clock.attempts} attempts in time count. Go on until somebody is reached"
    elif clock.late:
        rank, state = "late", f"{count(clock.late, 'day')} late"
    told = f"by {plain_day(clock.due)}"
    if clock.name == "contact" and not clock.done and 0 < clock.attempts < ATTEMPTS_THAT_COUNT:
        told += "; 1 attempt in time, one more counts"
    if clock.name == "medicines reconciled":
        open_still, all_of_them = len(unreconciled(reader.content)), len(current(reader.content))
        told += f"; {all_of_them - open_still} of {all_of_them} decided"
    owner = clock_owners(stay.values).get(clock.name, "")
    who = f"{reader.setting.people.name(owner)}, accepted" if owner else "" if clock.done else "Nobody has taken it yet"
    acts: list[tuple[str, str, str]] = []
    if may and not clock.done:
        if clock.name == "contact":
            acts.append(("transition.attempt", "Log an attempt", ""))
        elif clock.name == "visit":
            acts.append(("transition.visited", "It took place", ""))
        if owner != reader.participant.person_id:
            acts.append(("transition.take", "Take it", f"clock={clock.name.replace(' ', '+')}"))
    return ClockCard(sentence(clock.name), rank, state, told, RULES[clock.name], who, tuple(acts))


def _window(reader: Reader, stay: EntryContent) -> tuple[ClockCard, ...]:
    last = window_ends(reader.content, stay.values)
    if last is None or not in_window(reader.content, stay, reader.setting.reading.today):
        return ()
    ahead = (last - reader.setting.reading.today).days
    return (
        ClockCard("30 days", "plain", f"{count(ahead, 'day')} left", f"ends {plain_day(last)}", RULES["30 days"], ""),
    )


def _when(reader: Reader, instant: datetime) -> str:
    return day_and_time(instant, reader.setting.reading)


def _attempt(reader: Reader, record: Mapping[str, object]) -> tuple[str, str, str, str]:
    told = {name: str(record.get(name) or "") for name in ("when", "by", "how", "reached", "note")}
    when = instant({"when": told["when"]}, "when")
    reached = "reached" if told["reached"] == "yes" else "not reached"
    who = reader.setting.people.name(told["by"])
    return (_when(reader, when) if when is not None else "", who, f"{told['how']}, {reached}", told["note"])


def _results(reader: Reader, stay: EntryContent, *, may: bool) -> list[HomeLine]:
    """Return the results that are to come, each with the code by which a laboratory's answer will be known."""
    asked, today = result_tasks(reader.content, stay.id), reader.setting.reading.today
    found = []
    for result in members(stay.values, "pending_results"):
        task, code = asked.get(result), code_of(stay.values, result)
        query = f"result={quote_plus(result)}"
        acts = [("transition.result", "It came", query)] if may else []
        if may and not code:
            acts.append(("transition.code_result", "Give its code", query))
        due = day(task.values, "due") if task is not None else None
        if task is None and may:
            acts.append(("transition.ask_result", "Ask somebody for it", query))
        late = due is not None and due < today
        state = f"by {plain_day(due)}" if due is not None else "no date"
        who = reader.setting.people.name(words(task.values, "owner")) if task is not None else "Nobody has it"
        coded = f"LOINC {code}" if code else "no code: an answer is known by its words alone"
        more = ", ".join(filter(None, (words(task.values, "state") if task is not None else "", coded)))
        rank = "late" if late else "waits"
        found.append(HomeLine("Result to come", result, more, who, state, rank, acts=tuple(acts)))
    return found


def _came(reader: Reader, stay: EntryContent) -> list[HomeLine]:
    """Return the results that came, the last word on each."""
    found = {words(each, "result"): each for each in results_come(stay.values)}
    lines = []
    for name, record in found.items():
        by, when = words(record, "by"), instant(record, "when")
        who = reader.setting.people.name(by) if by else words(record, "from") or "The hub"
        state = f"came {_when(reader, when)}" if when is not None else "came"
        lines.append(HomeLine("Result", name, words(record, "words"), who, state, "good", done=True))
    return lines


def _tasks(reader: Reader, stay: EntryContent) -> list[HomeLine]:
    found = []
    for task in active(reader.content, Section.TASKS):
        title, state = words(task.values, "title"), words(task.values, "state")
        named = stay.id in members(task.values, "supports") and not title.startswith(RESULT_TASK)
        if named and reader.sees(Section.TASKS, task.id):
            due = day(task.values, "due")
            late = state in OPEN and due is not None and due < reader.setting.reading.today
            who = reader.setting.people.name(words(task.values, "owner"))
            when = f"by {plain_day(due)}" if due is not None else ""
            rank = "late" if late else "waits" if state in OPEN else "good"
            found.append(HomeLine("Task", title, state, who, when, rank, done=state not in OPEN))
    return found


def _items(reader: Reader, stay: EntryContent, *, may: bool) -> list[HomeLine]:
    told, found = checks(stay.values), []
    for item in ITEMS:
        record = told.get(item)
        state = words(record, "state") if record is not None else "not asked yet"
        done = state in ("seen to", "not needed")
        when = instant(record, "when") if record is not None else None
        who = reader.setting.people.name(words(record, "by")) if record is not None else ""
        acts = (("transition.check", "Note it", f"item={item.replace(' ', '+')}"),) if may else ()
        said = words(record, "words") if record is not None else "Nobody has said yet."
        on = _when(reader, when) if when is not None else ""
        found.append(HomeLine(sentence(item), said, on, who, state, "good" if done else "waits", done, acts))
    return found
