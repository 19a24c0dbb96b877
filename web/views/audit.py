"""The journal for auditors in words: who did what in whose plan, and with what outcome. Never what was written."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from crdt.sections import SECTIONS, Section
from hub.ids import HUB
from hub.record.exports import Names
from hub.record.journal import Action
from hub.store.audits import Key, Trace
from hub.store.suspicions import DormantGrant
from web.auditing import Saved
from web.views.words import Moment, Reading, day, moment

QUESTIONS: Final = (
    (Saved.STRANGERS, "Opened by someone not on the team", "Readings while the person had no part in the plan."),
    (Saved.AFTER_HOURS, "After hours", "Staff who read before 06:00, after 20:00 or at a weekend."),
    (Saved.NAMESAKES, "Same surname", "Staff who read the plan of a patient with their surname."),
    (Saved.UNREVIEWED, "Emergency access without review", "Break-glass readings nobody has reviewed yet."),
    (Saved.EXPORTS, "Exports and disclosures", "Everything that left the hub."),
    (Saved.DORMANT, "Dormant grants", "People who may read a plan and have not for 90 days."),
)
"""The saved questions that need no patient, in the order of the page."""

VERBS: Final = {
    Action.EDIT: "changed", Action.COMMAND: "changed", Action.READ: "opened", Action.REFUSE: "was refused",
    Action.CREATE: "opened the plan", Action.GRANT: "gave access", Action.REVOKE: "ended access",
    Action.CONSENT: "recorded consent", Action.INVITE: "invited", Action.REDEEM: "accepted an invitation",
    Action.BREAK_GLASS: "broke the glass", Action.REVIEW: "reviewed emergency access", Action.SIGN_IN: "signed in",
    Action.SIGN_OUT: "signed out", Action.SEARCH: "searched the journal", Action.EXPORT: "exported",
    Action.IMPORT: "imported", Action.DISCLOSE: "disclosed", Action.NOTIFY: "was notified",
    Action.ADMIN: "administered",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Named:
    """A person or a patient in a field: the words there, the id they stand for, or what is to be chosen from."""

    text: str = ""
    ident: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    fault: str = ""


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One row as the page shows it."""

    when: Moment
    second: str
    who: str
    role: str
    did: str
    event: str
    where: str
    patient: str
    refused: bool
    reason: str
    seq: int
    plan: str


@dataclass(frozen=True, slots=True)
class Unused:
    """One dormant grant as the page shows it."""

    who: str
    role: str
    patient: str
    since: str
    last: str


@dataclass(frozen=True, slots=True)
class Results:
    """One page of answers."""

    title: str
    lines: Sequence[AuditLine] = ()
    grants: Sequence[Unused] | None = None
    after: str = ""
    unfinished_until: str = ""
    """How far back a search came that ended early."""


def line_of(trace: Trace, names: Names, reading: Reading) -> AuditLine:
    """Return a trace as a line."""
    section = SECTIONS[Section(trace.section)].title if trace.section in set(Section) else trace.section
    where = " / ".join(part for part in (section, trace.field.replace("_", " "), _tail(trace.entry)) if part)
    local = trace.recorded.astimezone(reading.zone)
    return AuditLine(
        when=moment(trace.recorded, reading),
        second=f"{day(local.date())} {local:%H:%M:%S}",
        who=names.people.get(trace.actor, "") or (f"person {_tail(trace.actor)}" if trace.actor else "The hub"),
        role=trace.role.replace("_", " "),
        did=VERBS.get(Action(trace.action), trace.action) if trace.action in set(Action) else trace.action,
        event=trace.event,
        where=where,
        patient="" if trace.plan == HUB else names.patients.get(trace.plan, f"plan {_tail(trace.plan)}"),
        refused=trace.outcome != "success",
        reason=trace.reason,
        seq=trace.seq,
        plan=trace.plan,
    )


def unused_of(grant: DormantGrant, names: Names, reading: Reading) -> Unused:
    """Return a dormant grant as the page shows it."""
    last = grant.last_read
    return Unused(
        names.people.get(grant.person, f"person {_tail(grant.person)}"),
        grant.role.replace("_", " "),
        names.patients.get(grant.plan, f"plan {_tail(grant.plan)}"),
        day(grant.since.astimezone(reading.zone).date()),
        day(last.astimezone(reading.zone).date()) if last is not None else "never",
    )


def key_text(key: Key | None) -> str:
    """Return a key as a form carries it."""
    return f"{key.recorded.astimezone(UTC).isoformat()} {key.plan} {key.seq}" if key is not None else ""


def key_from(text: str) -> Key | None:
    """Return the key of a form, ``None`` where there is none.

    Raises:
        ValueError: it is not one of ours.
    """
    if not text:
        return None
    recorded, plan, seq = text.split(" ")
    instant = datetime.fromisoformat(recorded)
    if instant.tzinfo is None:
        raise ValueError(text)
    return Key(instant, plan, int(seq))


def _tail(identifier: str) -> str:
    return identifier[-6:]
