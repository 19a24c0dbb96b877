"""Photos and papers as pages show them, beside the words with which they came."""

from dataclasses import dataclass
from datetime import datetime

from auth.decisions import Operation
from auth.roles import PATIENT_SIDE, Participant
from hub.live.commands import EntryContent, PlanContent
from hub.workflows.attachments import CAREGIVER_LOG, AttachmentHide, AttachmentKind, attachments_of
from hub.workflows.grants import barred

_KILO = 1_000


@dataclass(frozen=True, slots=True)
class AttachmentView:
    """One of them."""

    key: str
    picture: bool
    size: str
    """As in ``340 KB``."""
    may_hide: bool


def attached_to(
    plan: PlanContent, entry: EntryContent, said: str, viewer: Participant, now: datetime
) -> tuple[AttachmentView, ...]:
    """Return what came with one thing that was said in an entry that the viewer sees, but what is hidden."""
    came = [each for each in attachments_of(entry.values) if each.said == said and not each.hidden]
    if not came:
        return ()
    hides = barred(plan, viewer, CAREGIVER_LOG, Operation.COMMAND, now=now, entry_id=entry.id,
                   command=AttachmentHide.name) is None  # fmt: skip
    return tuple(
        AttachmentView(
            each.key,
            each.kind is AttachmentKind.PICTURE,
            size_words(each.size),
            hides and (viewer.role not in PATIENT_SIDE or each.by == viewer.person_id),
        )
        for each in came
    )


def size_words(size: int) -> str:
    """Return a number of bytes as people read it."""
    return f"{size / _KILO / _KILO:.1f} MB" if size >= _KILO * _KILO else f"{max(1, round(size / _KILO))} KB"
