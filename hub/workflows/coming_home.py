"""After a discharge: attempts of contact, who sees to which clock, results that are to come, and the one checklist."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, ClassVar, Final

from auth.roles import Participant
from crdt.changes import Append, Assign, Change, Include
from crdt.contents import Record
from crdt.fields import Form
from crdt.sections import Section
from hub.live.commands import EntryContent, PlanContent, Refusal
from hub.record.jobs import Job
from hub.workflows.arguments import Asked
from hub.workflows.awaited_results import came, code_of, coded
from hub.workflows.clock_alarms import tellings_of
from hub.workflows.comments import commented
from hub.workflows.contents import Values, active, instant, members, records, stamp, words
from hub.workflows.grants import commanded, missing
from hub.workflows.ongoing_stays import going_on
from hub.workflows.panels import is_loinc, usual_code
from hub.workflows.steps import Step, joined_by, tasks_of
from hub.workflows.tasks import OPEN
from hub.workflows.team import NewId
from hub.workflows.transition_clocks import clock_owners

TRANSITIONS: Final = Section.TRANSITIONS

CLOCKS: Final = ("contact", "visit", "medicines reconciled")
STAY: Final = "stay"
"""What somebody takes who follows a stay that goes on, in the same log as the clocks."""
WAYS: Final = ("telephone", "portal", "text message", "in person", "letter")
ITEMS: Final = ("equipment", "services", "education", "who is at home", "what to do if")
"""What must be true at home, beside the clocks and the results."""
SEEN_TO: Final = ("seen to", "not needed", "open")
RESULT_TASK: Final = "Get the result: "
RESULT_CHARACTERS_MAX: Final = 200


def checks(values: Values) -> Mapping[str, Record]:
    """Return the last word on each item of the checklist."""
    return {words(each, "item"): each for each in records(values, "checks").values()}


def result_tasks(plan: PlanContent, stay: str) -> dict[str, EntryContent]:
    """Return the open task of each result that is to come, by the result's name."""
    return {
        words(each.values, "title").removeprefix(RESULT_TASK): each
        for each in active(plan, Section.TASKS)
        if stay in members(each.values, "supports")
        and words(each.values, "title").startswith(RESULT_TASK)
        and words(each.values, "state") in OPEN
    }


def _home(plan: PlanContent, actor: Participant, now: datetime, entry_id: str, command: str) -> EntryContent | Refusal:
    entry = commanded(plan, actor, TRANSITIONS, entry_id, command, now)
    if not isinstance(entry, Refusal) and words(entry.values, "event") != "discharged":
        return Refusal("state", "This begins with a discharge.", entry_id)
    return entry


@dataclass(frozen=True, slots=True, kw_only=True)
class TransitionAttempt:
    """Somebody tried to reach the person or the family; whoever was reached meets the clock."""

    entry: str
    reached: Annotated[str, Asked("Reached", choices=("yes", "no"))]
    how: Annotated[str, Asked("How", choices=WAYS)] = "telephone"
    when: Annotated[datetime | None, Asked("When", Form.INSTANT)] = None
    note: Annotated[str, Asked("What was said, or left", wide=True)] = ""
    name: ClassVar[str] = "transition.attempt"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the attempt in the log, and the contact where somebody was reached for the first time."""
        entry = _home(plan, actor, now, self.entry, self.name)
        if isinstance(entry, Refusal):
            return entry
        tried, left = self.when or now, instant(entry.values, "end")
        if tried > now + timedelta(minutes=5):
            return Refusal("form", "This lies ahead. Note it when it happened.", self.entry, "when")
        if left is not None and tried < left:
            return Refusal("form", "This lies before the discharge.", self.entry, "when")
        if self.reached not in ("yes", "no") or self.how not in WAYS:
            return Refusal("form", "Say how, and whether somebody was reached.", self.entry, "reached")
        record = {"when": stamp(tried), "how": self.how, "reached": self.reached, "note": self.note.strip()[:500],
                  "by": actor.person_id}  # fmt: skip
        changed: list[Change] = [Append(TRANSITIONS, self.entry, "attempts", new_id(), record)]
        if self.reached == "yes" and not words(entry.values, "contact_done"):
            changed.append(Assign(TRANSITIONS, self.entry, "contact_done", stamp(tried)))
        return changed


@dataclass(frozen=True, slots=True, kw_only=True)
class TransitionTake:
    """Somebody takes a clock upon themselves: from then on it waits on them."""

    entry: str
    clock: Annotated[str, Asked("What", choices=CLOCKS)]
    name: ClassVar[str] = "transition.take"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the record of who took it."""
        entry = _home(plan, actor, now, self.entry, self.name)
        if isinstance(entry, Refusal):
            return entry
        if self.clock not in CLOCKS:
            return Refusal("form", f"Choose one of: {', '.join(CLOCKS)}.", self.entry, "clock")
        if clock_owners(entry.values).get(self.clock) == actor.person_id:
            return Refusal("state", "You have it already.", self.entry, "clock")
        record = {"clock": self.clock, "person": actor.person_id, "when": stamp(now)}
        return [Append(TRANSITIONS, self.entry, "clock_owners", new_id(), record)]

    def follow_ups(self, plan: PlanContent, changes: Sequence[Change], now: datetime) -> Sequence[Job]:
        """Return the tellings of the clocks before they are late."""
        return tellings_of(plan, changes, now)


@dataclass(frozen=True, slots=True, kw_only=True)
class TransitionFollow:
    """Somebody keeps in touch with the hospital while the patient is there: the stay waits on them until it ends."""

    entry: str
    name: ClassVar[str] = "transition.follow"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the record of who follows the stay; refused for one that is over."""
        entry = commanded(plan, actor, TRANSITIONS, self.entry, self.name, now)
        if isinstance(entry, Refusal):
            return entry
        if not going_on(entry, now):
            return Refusal("state", "This stay is over.", self.entry)
        if clock_owners(entry.values).get(STAY) == actor.person_id:
            return Refusal("state", "You follow it already.", self.entry)
        record = {"clock": STAY, "person": actor.person_id, "when": stamp(now)}
        return [Append(TRANSITIONS, self.entry, "clock_owners", new_id(), record)]


@dataclass(frozen=True, slots=True, kw_only=True)
class TransitionCheck:
    """What stands of one item of the checklist: seen to, not needed, or open, with words."""

    entry: str
    item: Annotated[str, Asked("What", choices=ITEMS)]
    state: Annotated[str, Asked("State", choices=SEEN_TO)]
    words: Annotated[str, Asked("In words", wide=True)]
    name: ClassVar[str] = "transition.check"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the record."""
        refusal = missing(self.words, "words", "Say how it stands.", self.entry)
        entry = refusal or _home(plan, actor, now, self.entry, self.name)
        if isinstance(entry, Refusal):
            return entry
        if self.item not in ITEMS or self.state not in SEEN_TO:
            return Refusal("form", "Choose what it is about, and how it stands.", self.entry, "item")
        record = {"item": self.item, "state": self.state, "words": self.words.strip()[:500], "by": actor.person_id,
                  "when": stamp(now)}  # fmt: skip
        return [Append(TRANSITIONS, self.entry, "checks", new_id(), record)]


def _awaiting(
    plan: PlanContent, actor: Participant, now: datetime, entry_id: str, command: str, result: str
) -> EntryContent | Refusal:
    """Return the stay whose result is to come, or why the person may not do this."""
    entry = _home(plan, actor, now, entry_id, command)
    if isinstance(entry, Refusal) or result in members(entry.values, "pending_results"):
        return entry
    return Refusal("form", "This result is not to come any more. Choose one that is.", entry_id, "result")


@dataclass(frozen=True, slots=True, kw_only=True)
class TransitionAskResult:
    """A result that is to come gets an owner and a day."""

    entry: str
    result: Annotated[str, Asked("Result")]
    owner: Annotated[str, Asked("Owner", Form.PERSON)]
    due: Annotated[date, Asked("By", Form.DATE)]
    name: ClassVar[str] = "transition.ask_result"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the task that names the stay; one at a time for each result."""
        entry = _awaiting(plan, actor, now, self.entry, self.name, self.result)
        if isinstance(entry, Refusal):
            return entry
        if self.result in result_tasks(plan, self.entry):
            return Refusal("state", "Somebody is asked for it already.", self.entry, "result")
        step = Step(title=f"{RESULT_TASK}{self.result}", owner=self.owner, due=self.due)
        made = tasks_of(plan, actor, now, (step,), "steps", new_id, supports=self.entry)
        return made if isinstance(made, Refusal) else [*made, *joined_by(plan, actor, new_id, made)]


@dataclass(frozen=True, slots=True, kw_only=True)
class TransitionExpectResult:
    """A result is still to come that nobody wrote down at the discharge."""

    entry: str
    result: Annotated[str, Asked("Result", help="One test, for example blood culture or 24331-1 Lipid panel.")]
    name: ClassVar[str] = "transition.expect_result"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the new line; refused for one that stands there already."""
        result = " ".join(self.result.split())
        refusal = missing(result, "result", "Enter which result is to come.", self.entry)
        entry = refusal or _home(plan, actor, now, self.entry, self.name)
        if isinstance(entry, Refusal):
            return entry
        if len(result) > RESULT_CHARACTERS_MAX:
            told = f"At most {RESULT_CHARACTERS_MAX} characters: the name of the test is enough."
            return Refusal("form", told, self.entry, "result")
        if result in members(entry.values, "pending_results"):
            return Refusal("state", "This result is waited for already.", self.entry, "result")
        return [Include(TRANSITIONS, self.entry, "pending_results", result, True)]


@dataclass(frozen=True, slots=True, kw_only=True)
class TransitionCodeResult:
    """A result that is to come gets the code by which a laboratory's answer is known, however its name is spelt."""

    entry: str
    result: Annotated[str, Asked("Result")]
    code: Annotated[
        str, Asked("Code (LOINC)", help="For example 600-7, or the test's usual name: blood culture, lipid panel.")
    ]
    name: ClassVar[str] = "transition.code_result"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the record of the code; refused for what is no LOINC code and no name that is known here."""
        entry = _awaiting(plan, actor, now, self.entry, self.name, self.result)
        if isinstance(entry, Refusal):
            return entry
        typed = self.code.strip()
        code = typed if is_loinc(typed) else usual_code(typed)
        if not code:
            told = "This is no LOINC code: digits, a hyphen and a check digit that fits, as in 600-7."
            return Refusal("form", told, self.entry, "code")
        if code == code_of(entry.values, self.result):
            return Refusal("state", "It has this code already.", self.entry, "code")
        return [Append(TRANSITIONS, self.entry, "results", new_id(), coded(self.result, code, actor.person_id, now))]


@dataclass(frozen=True, slots=True, kw_only=True)
class TransitionResult:
    """A result came, typed in: its line is closed, and whoever waits for it is told."""

    entry: str
    result: Annotated[str, Asked("Result")]
    words: Annotated[str, Asked("What it says", wide=True)]
    name: ClassVar[str] = "transition.result"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the closed line, and a remark with the result that calls who asked for it and who was to get it."""
        refusal = missing(self.words, "words", "Enter what it says.", self.entry)
        entry = refusal or _awaiting(plan, actor, now, self.entry, self.name, self.result)
        if isinstance(entry, Refusal):
            return entry
        asked = result_tasks(plan, self.entry).get(self.result)
        waits = [words(asked.values, name) for name in ("requester", "owner")] if asked is not None else []
        waits += [plan.creator(TRANSITIONS, self.entry), *clock_owners(entry.values).values()]
        called = [each for each in dict.fromkeys(waits) if each and each != actor.person_id]
        said = f"Result: {self.result}. {self.words.strip()}"
        record = came(entry.values, self.result, self.words.strip(), now, person=actor.person_id)
        return [
            Include(TRANSITIONS, self.entry, "pending_results", self.result, False),
            Append(TRANSITIONS, self.entry, "results", new_id(), record),
            commented(TRANSITIONS, self.entry, new_id(), said, actor.person_id, now, mentions=called),
        ]
