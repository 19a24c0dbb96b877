"""Findings as pages show them: at the plan's top and on a medicine's row, with their state and who may set them aside.

Whoever reads for themselves or their family reads the plain sentence and what to do; the team reads the clinicians'.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from auth.decisions import Operation, decide, entry_visible, facts_of, sections_readable
from auth.roles import PATIENT_SIDE, Participant
from crdt.contents import Record
from crdt.sections import Section
from hub.live.commands import PlanContent
from hub.safety.findings import Finding, NotChecked
from hub.safety.plan_charts import screened
from hub.safety.rules import FamilyAdvice, Severity
from hub.workflows.contents import instant, plain_day, words
from hub.workflows.findings import asides

MEDICATIONS: Final = Section.MEDICATIONS

SEVERITY_WORDS: Final[Mapping[Severity, str]] = {
    Severity.DANGER: "Danger, reason missing",
    Severity.CAUTION: "Caution",
    Severity.NOTE: "Note",
}
WITHHELD: Final = "A rule concerns this medicine. Part of what it rests on is not shared with you."


@dataclass(frozen=True, slots=True)
class FindingView:
    """One finding, ready to be shown. ``aside`` says who set it aside, when and why, empty while it is open."""

    rule: str
    severity: str
    word: str
    text: str
    source: str
    entry: str
    """The medicine or allergy on whose row it is answered."""
    fingerprint: str
    ask: bool
    """The family asks before it takes the medicine; else it goes on and calls."""
    aside: str
    may_set_aside: bool


@dataclass(frozen=True, slots=True)
class FindingsView:
    """What the reader is told of a plan, or of one of its medicines: open, set aside, and not checked."""

    open: tuple[FindingView, ...] = ()
    aside: tuple[FindingView, ...] = ()
    not_checked: tuple[NotChecked, ...] = ()

    @property
    def dangers(self) -> int:
        """How many dangers nobody has answered."""
        return sum(each.severity == Severity.DANGER for each in self.open)

    def beyond(self, other: "FindingsView") -> "FindingsView":
        """Return what is said here and not there in the same words."""
        said = {(each.rule, each.text) for each in other.open}
        return FindingsView(
            tuple(each for each in self.open if (each.rule, each.text) not in said),
            not_checked=tuple(each for each in self.not_checked if each not in other.not_checked),
        )


def findings_view(
    participant: Participant, content: PlanContent, name_of: Callable[[str], str], now: datetime, *, entry: str = ""
) -> FindingsView:
    """Return what the rules say of the plan, or of what rests on one entry; nothing to whoever reads no medicines."""
    if MEDICATIONS not in sections_readable(participant, now):
        return FindingsView()
    told = screened(content, now)
    found = [
        each
        for each in told.findings
        if not entry or entry in each.medicine_entries or (not each.medicine_entries and entry in each.entries)
    ]
    known = asides(content) if found else {}
    views = [_view(participant, content, each, known.get(each.fingerprint), name_of, now) for each in found]
    unread = tuple(each for each in told.not_checked if not entry or each.entry == entry)
    return FindingsView(
        tuple(each for each in views if not each.aside), tuple(each for each in views if each.aside), unread
    )


def _view(
    participant: Participant,
    content: PlanContent,
    finding: Finding,
    aside: Record | None,
    name_of: Callable[[str], str],
    now: datetime,
) -> FindingView:
    family = participant.role in PATIENT_SIDE
    shared = all(_sees(participant, content, each, now) for each in finding.entries)
    text = (finding.family if family else finding.text) if shared else WITHHELD
    entry = finding.entries[0] if finding.entries else ""
    held = content.entry(MEDICATIONS, entry)
    facts = facts_of(MEDICATIONS, content.creator(MEDICATIONS, entry), held.values) if held is not None else None
    may = decide(participant, MEDICATIONS, Operation.COMMAND, entry=facts, now=now, command="finding.set_aside").allowed
    return FindingView(
        finding.rule,
        finding.severity.value,
        SEVERITY_WORDS[finding.severity] if not aside else finding.severity.value.capitalize(),
        text,
        finding.source if shared and not family else "",
        entry,
        finding.fingerprint,
        finding.act is FamilyAdvice.ASK,
        _aside(aside, name_of, content) if aside is not None else "",
        may and held is not None,
    )


def _sees(participant: Participant, content: PlanContent, entry: str, now: datetime) -> bool:
    for section in (MEDICATIONS, Section.CONDITIONS, Section.MONITORING):
        held = content.entry(section, entry)
        if held is not None:
            readable = section in sections_readable(participant, now)
            facts = facts_of(section, content.creator(section, entry), held.values)
            return readable and entry_visible(participant, section, facts, now)
    return True


def _aside(record: Record, name_of: Callable[[str], str], content: PlanContent) -> str:
    when = instant(record, "when")
    on = f", {plain_day(content.day_of(when))}" if when is not None else ""
    return f"{name_of(words(record, 'by'))}{on}: {words(record, 'reason')}"
