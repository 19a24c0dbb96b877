"""Photos and papers that come with what is said: what the plan holds of them, how many, and who hides one again. Pure.

The plan has of each what it is (kind, bytes, SHA-256), who sent it and with which words; what it shows stands in the
store (``hub.store.attachments``) and leaves it only for somebody who sees the entry and only while it is not hidden.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Final

from auth.roles import PATIENT_SIDE, Participant
from crdt.changes import Append, Change, Decide
from crdt.contents import Record
from crdt.fields import Value
from crdt.sections import Section
from hub.live.commands import EntryContent, PlanContent, Refusal
from hub.record.jobs import Job
from hub.workflows.contents import instant, number, records, retired, stamp, words
from hub.workflows.grants import commanded
from hub.workflows.team import NewId

FIELD: Final = "attachments"
OF_ENTRY_MAX: Final = 20
OF_PLAN_MAX: Final = 300
OF_PLAN_BYTES_MAX: Final = 500 << 20
"""Of all that were ever sent with one plan's questions, the hidden ones included."""

KEEP: Final = "attachment.keep"
"""The kind of the jobs that note in the store what the plan says of an attachment."""

ANSWER: Final = "answer"
"""What stands for the entry's first answer where a record names the words with which it came; ``""``: the first."""

CAREGIVER_LOG: Final = Section.CAREGIVER_LOG


class AttachmentKind(StrEnum):
    """What can be sent."""

    PICTURE = "picture"
    """Made anew as a JPEG by the hub."""
    PAPER = "paper"
    """A PDF, as it came."""


@dataclass(frozen=True, slots=True)
class Attached:
    """What was kept in the store under ``key``, to be named by the plan."""

    key: str
    kind: AttachmentKind
    size: int
    """Bytes."""
    digest: str
    """SHA-256 in hexadecimal."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """One that the plan names; ``said`` is the key of the turn with which it came, ``ANSWER``, or ``""``."""

    key: str
    kind: AttachmentKind
    size: int
    by: str
    when: datetime | None
    said: str
    hidden: bool


def attachments_of(values: Mapping[str, Value]) -> tuple[Attachment, ...]:
    """Return all of an entry in order of time, the hidden ones included."""
    return tuple(_attachment(key, record) for key, record in records(values, FIELD).items())


def _attachment(key: str, record: Record) -> Attachment:
    kind = AttachmentKind.PAPER if words(record, "kind") == AttachmentKind.PAPER else AttachmentKind.PICTURE
    when, size = instant(record, "when"), int(number(record, "bytes") or 0)
    return Attachment(key, kind, size, words(record, "by"), when, words(record, "said"), bool(words(record, "hidden")))


def standing(plan: PlanContent, key: str) -> tuple[EntryContent, Attachment] | None:
    """Return an attachment with its entry while the plan shows it: neither it is hidden nor its entry retired."""
    for entry in plan.entries(CAREGIVER_LOG).values():
        found = next((each for each in attachments_of(entry.values) if each.key == key), None)
        if found is not None:
            return None if found.hidden or retired(entry) else (entry, found)
    return None


def appended(
    plan: PlanContent, entry: str, actor: Participant, attached: Attached, said: str, now: datetime
) -> Append | Refusal:
    """Return the record of an attachment; refused where the entry or the plan has as many as it may."""
    held = [each for some in plan.entries(CAREGIVER_LOG).values() for each in attachments_of(some.values)]
    known = plan.entry(CAREGIVER_LOG, entry)
    if known is not None and len(attachments_of(known.values)) >= OF_ENTRY_MAX:
        return Refusal("form", f"{OF_ENTRY_MAX} photos and papers stand here already. Ask anew.", entry, "file")
    if len(held) >= OF_PLAN_MAX or sum(each.size for each in held) + attached.size > OF_PLAN_BYTES_MAX:
        return Refusal("form", "This plan holds as many photos and papers as it may. Call the team.", entry, "file")
    record = {
        "by": actor.person_id, "when": stamp(now), "kind": attached.kind.value, "bytes": attached.size,
        "digest": attached.digest, "said": said,
    }  # fmt: skip
    return Append(CAREGIVER_LOG, entry, FIELD, attached.key, record)


def noted(changes: Sequence[Change]) -> Sequence[Job]:
    """Return the jobs by which the store notes what these changes say of attachments."""
    found = {each.key: each.entry for each in changes if isinstance(each, Append | Decide) and each.field == FIELD}
    return [
        Job(
            kind=KEEP,
            payload={"attachment": key, "entry": entry, "hidden": any(isinstance(it, Decide) for it in changes)},
        )
        for key, entry in found.items()
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentHide:
    """Whoever sent it, or the team, takes it out of everybody's view. The record keeps that it was there."""

    entry: str
    attachment: str
    name: ClassVar[str] = "question.hide_attachment"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the mark; refused for one of somebody else at home, and where it is hidden already."""
        entry = commanded(plan, actor, CAREGIVER_LOG, self.entry, self.name, now)
        if isinstance(entry, Refusal):
            return entry
        found = next((each for each in attachments_of(entry.values) if each.key == self.attachment), None)
        if found is None or found.hidden:
            return Refusal("gone", "This is not shown any more.", self.entry)
        if actor.role in PATIENT_SIDE and found.by != actor.person_id:
            return Refusal("role", "Only who sent it, or the team, hides it.", self.entry)
        told = {"hidden": stamp(now), "hidden_by": actor.person_id}
        return [Decide(CAREGIVER_LOG, self.entry, FIELD, self.attachment, name, value) for name, value in told.items()]

    def follow_ups(self, plan: PlanContent, changes: Sequence[Change], now: datetime) -> Sequence[Job]:
        """Return the job by which the store notes it."""
        return noted(changes)
