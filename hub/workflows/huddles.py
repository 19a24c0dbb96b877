"""Huddle decisions: decided with tasks, read back by their owners, signed over a hash, immutable from then on."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, ClassVar, Final

from auth.decisions import EntryFacts, Operation, decide
from auth.roles import Participant
from crdt.changes import Append, Assign, Change, Create, Include
from crdt.fields import Form, Value
from crdt.sections import Section
from hub.live.commands import EntryContent, PlanContent, Refusal
from hub.workflows.arguments import LINE_MAX, Asked
from hub.workflows.contents import members, records, stamp, words
from hub.workflows.entries import faults_of
from hub.workflows.grants import commanded, missing
from hub.workflows.steps import Step, joined_by, tasks_of
from hub.workflows.tasks import ASKED, TASKS
from hub.workflows.team import NewId, joined, next_place

HUDDLES: Final = Section.HUDDLES

ATTENDEES_MAX: Final = 30

SIGNED_FIELDS: Final = (
    "date", "topic", "summary", "decision", "options", "dissent", "contingency", "decider", "revisit_on",
    "family_words",
)  # fmt: skip
"""What a signature covers, beside those who attended, the tasks and what was read back."""


def content_hash(entry: EntryContent) -> str:
    """Return the SHA-256 of what is signed, in hexadecimal: canonical JSON of the fields above, sets in order."""
    said: dict[str, object] = {name: words(entry.values, name) for name in SIGNED_FIELDS}
    said["attendees"] = members(entry.values, "attendees")
    said["tasks"] = members(entry.values, "tasks")
    said["read_back"] = [dict(sorted(each.items())) for each in records(entry.values, "read_back").values()]
    told = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(told.encode()).hexdigest()


def signers(entry: EntryContent) -> tuple[str, ...]:
    """Return who has signed."""
    return members(entry.values, "signed_by")


def is_signed(entry: EntryContent) -> bool:
    """Say whether anyone has signed: from then on nothing in it changes."""
    return bool(signers(entry)) or bool(words(entry.values, "content_hash"))


def owners_of(plan: PlanContent, entry: EntryContent) -> dict[str, list[str]]:
    """Return the tasks of a decision by their owners."""
    found: dict[str, list[str]] = {}
    for task_id in members(entry.values, "tasks"):
        owner = words(task.values, "owner") if (task := plan.entry(TASKS, task_id)) is not None else ""
        if owner:
            found.setdefault(owner, []).append(task_id)
    return found


def has_read_back(entry: EntryContent) -> frozenset[str]:
    """Return who has read back."""
    return frozenset(words(each, "person") for each in records(entry.values, "read_back").values())


def to_read_back(plan: PlanContent, entry: EntryContent) -> tuple[str, ...]:
    """Return the attending owners who have not read back yet; an absent owner accepts the task in their own time."""
    attending = set(members(entry.values, "attendees"))
    return tuple(sorted((set(owners_of(plan, entry)) & attending) - has_read_back(entry)))


@dataclass(frozen=True, slots=True, kw_only=True)
class HuddleDecide:
    """What was decided about one patient, with its tasks."""

    topic: Annotated[str, Asked("Topic")]
    decision: Annotated[str, Asked("Decide", wide=True)]
    summary: Annotated[str, Asked("Worry", wide=True)] = ""
    steps: Annotated[tuple[Step, ...], Asked("Do")] = ()
    contingency: Annotated[str, Asked("If", wide=True)] = ""
    options: Annotated[str, Asked("Options weighed", wide=True)] = ""
    dissent: Annotated[str, Asked("Dissent", wide=True)] = ""
    family_words: Annotated[str, Asked("For the family, in plain words", wide=True)] = ""
    decider: Annotated[str, Asked("Decided by", Form.PERSON)] = ""
    attendees: Annotated[tuple[str, ...], Asked("Attended", Form.PERSON)] = ()
    revisit_on: Annotated[date | None, Asked("Look again on", Form.DATE)] = None
    name: ClassVar[str] = "huddle.decide"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the decision and its tasks; refused while a task lacks its owner or its day."""
        typed = self._typed(actor)
        for name, message in faults_of(HUDDLES, typed).items():
            return Refusal("form", message, "", name)
        attending = {*self.attendees, actor.person_id, str(typed["decider"])}
        if len(attending) > ATTENDEES_MAX:
            return Refusal("form", f"At most {ATTENDEES_MAX} people attend.", "", "attendees")
        tasks = tasks_of(plan, actor, now, self.steps, "steps", new_id)
        if isinstance(tasks, Refusal):
            return tasks
        values = typed | {
            "date": plan.day_of(now).isoformat(),
            "attendees": dict.fromkeys(sorted(attending), True),
            "tasks": {task.entry: True for task in tasks},
            "status": "active",
            "source": "person",
            "position": next_place(plan, HUDDLES),
        }
        known = EntryFacts(creator=actor.person_id, values=values)
        decision = decide(actor, HUDDLES, Operation.CREATE, entry=known, now=now)
        if not decision.allowed:
            return Refusal(decision.code, decision.reason)
        return [Create(HUDDLES, new_id(), values), *tasks, *joined_by(plan, actor, new_id, tasks)]

    def _typed(self, actor: Participant) -> dict[str, Value]:
        typed: dict[str, Value] = {
            "topic": self.topic.strip(),
            "decision": self.decision.strip(),
            "summary": self.summary.strip(),
            "contingency": self.contingency.strip(),
            "options": self.options.strip(),
            "dissent": self.dissent.strip(),
            "family_words": self.family_words.strip(),
            "decider": self.decider or actor.person_id,
        }
        if self.revisit_on is not None:
            typed["revisit_on"] = self.revisit_on.isoformat()
        return typed


@dataclass(frozen=True, slots=True, kw_only=True)
class HuddleReadBack:
    """An owner says in their own words what they will do, and thereby accepts the tasks still asked of them."""

    entry: str
    words: Annotated[str, Asked("I will")]
    name: ClassVar[str] = "huddle.read_back"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the read-back and the acceptances; refused for who owns none of its tasks, and the second time."""
        empty = missing(self.words, "words", "Say what you will do.", self.entry)
        entry = empty or commanded(plan, actor, HUDDLES, self.entry, self.name, now)
        if isinstance(entry, Refusal):
            return entry
        if is_signed(entry):
            return Refusal("signed", "This decision is signed. Nothing in it changes.", self.entry)
        if len(self.words) > LINE_MAX:
            return Refusal("form", f"Shorten it to {LINE_MAX} characters.", self.entry, "words")
        own = owners_of(plan, entry).get(actor.person_id, [])
        if not own:
            return Refusal("person", "Only an owner of one of its tasks reads back.", self.entry)
        if actor.person_id in has_read_back(entry):
            return Refusal("state", "You have read back already.", self.entry)
        record = {"person": actor.person_id, "words": self.words.strip(), "when": stamp(now)}
        changed: list[Change] = [Append(HUDDLES, self.entry, "read_back", new_id(), record)]
        asked = [each for each in own if words(plan.entries(TASKS)[each].values, "state") in ASKED]
        changed += [Assign(TASKS, each, "state", "accepted") for each in asked]
        if asked:
            changed += joined(plan, actor, new_id, words(plan.entries(TASKS)[asked[0]].values, "title"))
        return changed


@dataclass(frozen=True, slots=True, kw_only=True)
class HuddleSign:
    """An attendee signs what they saw: the hash that the page showed."""

    entry: str
    seen: Annotated[str, Asked("Hash of what was shown", hidden=True)]
    name: ClassVar[str] = "huddle.sign"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the signature; refused where the decision changed since ``seen``, or who owes a read-back is here."""
        entry = commanded(plan, actor, HUDDLES, self.entry, self.name, now)
        if isinstance(entry, Refusal):
            return entry
        if actor.person_id in signers(entry):
            return Refusal("state", "You have signed this already.", self.entry, "signed_by")
        waiting = len(to_read_back(plan, entry))
        if waiting:
            told = "1 owner has" if waiting == 1 else f"{waiting} owners have"
            return Refusal("open", f"{told} still to read back.", self.entry, "read_back")
        stands = content_hash(entry)
        kept = words(entry.values, "content_hash")
        if self.seen != stands or kept not in ("", stands):
            return Refusal("stale", "It was changed since you read it. Read it again, then sign.", self.entry)
        signature = Include(HUDDLES, self.entry, "signed_by", actor.person_id, True)
        return [signature] if kept else [Assign(HUDDLES, self.entry, "content_hash", stands), signature]
