"""Comments on entries: with mentions, answered, resolved in place, turned into tasks. Never deleted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, ClassVar

from auth.decisions import Operation
from auth.roles import Participant
from crdt.changes import Amend, Annotate, Change, Root
from crdt.contents import Record
from crdt.fields import Form, Scalar, Value
from crdt.sections import SECTIONS, Section
from hub.live.commands import PlanContent, Refusal
from hub.workflows.arguments import LINE_MAX, Asked, Key
from hub.workflows.contents import stamp, words
from hub.workflows.entries import made
from hub.workflows.grants import barred, missing, standing
from hub.workflows.team import NewId, joined

COMMENT_CHARACTERS_MAX = 4_000
"""A comment is a remark; what is longer belongs into the plan."""

MENTIONS_MAX = 20
"""Persons and roles one comment may call."""


def comments_on(plan: PlanContent, section: Section, entry_id: str) -> dict[str, Record]:
    """Return an entry's comments by key, in order of time."""
    content = plan.sections.get(section)
    found = content.comments.items() if content is not None else ()
    return {key: record for key, record in sorted(found) if words(record, "entry") == entry_id}


def commented(
    section: Section,
    entry_id: str,
    key: str,
    said: str,
    author: str,
    now: datetime,
    *,
    mentions: Sequence[str] = (),
    reply_to: str = "",
) -> Annotate:
    """Return one comment as a change."""
    record: dict[str, Scalar] = {
        "entry": entry_id,
        "words": said.strip(),
        "author": author,
        "made": stamp(now),
        "reply_to": reply_to,
        "mentions": " ".join(dict.fromkeys(mentions)),
        "resolved_by": "",
        "resolved": "",
    }
    return Annotate(section, Root.COMMENTS, key, record)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentMake:
    """A remark on an entry, or an answer to one. ``mentions`` are person ids and roles, resolved by the page."""

    section: Section
    entry: str
    words: Annotated[str, Asked("Comment", wide=True)]
    mentions: Annotated[tuple[str, ...], Asked("Mentioned", hidden=True)] = ()
    reply_to: Annotated[str, Asked("Answer to", hidden=True)] = ""
    name: ClassVar[str] = "comment.make"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the comment; refused when empty, too long, or on what is not in the plan."""
        refusal = missing(self.words, "words", "Write the comment.", self.entry) or barred(
            plan, actor, self.section, Operation.COMMENT, now=now, entry_id=self.entry
        )
        if refusal is not None:
            return refusal
        if plan.entry(self.section, self.entry) is None:
            return Refusal("gone", f"This {SECTIONS[self.section].noun} is not in the plan.", self.entry)
        if len(self.words) > COMMENT_CHARACTERS_MAX:
            told = f"This comment is over {COMMENT_CHARACTERS_MAX:,} characters. Split it."
            return Refusal("form", told, self.entry, "words")
        if len(self.mentions) > MENTIONS_MAX:
            return Refusal("form", f"Mention at most {MENTIONS_MAX} people.", self.entry, "words")
        if self.reply_to and self.reply_to not in comments_on(plan, self.section, self.entry):
            return Refusal("gone", "The comment you answer is not on this entry.", self.entry)
        return [
            commented(
                self.section, self.entry, new_id(), self.words, actor.person_id, now,
                mentions=self.mentions, reply_to=self.reply_to,
            )
        ]  # fmt: skip


def _unresolved(plan: PlanContent, section: Section, key: str) -> Record | Refusal:
    content = plan.sections.get(section)
    record = content.comments.get(key) if content is not None else None
    if record is None:
        return Refusal("gone", "This comment is not in the plan.")
    if words(record, "resolved_by"):
        return Refusal("state", "This comment was resolved already.", words(record, "entry"))
    return record


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentResolve:
    """It is dealt with; it stays in the history."""

    section: Section
    key: Key
    name: ClassVar[str] = "comment.resolve"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the resolution; refused the second time."""
        record = _unresolved(plan, self.section, self.key)
        if isinstance(record, Refusal):
            return record
        refusal = barred(plan, actor, self.section, Operation.COMMENT, now=now, entry_id=words(record, "entry"))
        return refusal or [
            Amend(self.section, Root.COMMENTS, self.key, "resolved_by", actor.person_id),
            Amend(self.section, Root.COMMENTS, self.key, "resolved", stamp(now)),
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentTask:
    """A comment becomes a task with an owner and a day, and is resolved by it."""

    section: Section
    key: Key
    title: Annotated[str, Asked("Task")]
    owner: Annotated[str, Asked("Owner", Form.PERSON)]
    due: Annotated[date, Asked("Due", Form.DATE)]
    name: ClassVar[str] = "comment.task"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the task and the resolution. Words of a restricted section do not leave it; the task only links."""
        record = _unresolved(plan, self.section, self.key)
        if isinstance(record, Refusal):
            return record
        entry_id = words(record, "entry")
        refusal = barred(plan, actor, self.section, Operation.COMMENT, now=now, entry_id=entry_id)
        about = refusal or standing(plan, self.section, entry_id)
        if isinstance(about, Refusal):
            return about
        values: dict[str, Value] = {"title": self.title[:LINE_MAX], "owner": self.owner, "due": self.due.isoformat()}
        if not SECTIONS[self.section].restricted:
            values |= {"detail": words(record, "words"), "supports": {entry_id: True}}
        task = made(plan, actor, now, Section.TASKS, values, new_id)
        if isinstance(task, Refusal):
            return task
        own = joined(plan, actor, new_id, self.title) if self.owner == actor.person_id else []
        return [
            task,
            *own,
            Amend(self.section, Root.COMMENTS, self.key, "resolved_by", actor.person_id),
            Amend(self.section, Root.COMMENTS, self.key, "resolved", stamp(now)),
        ]
