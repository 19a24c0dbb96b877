"""The medicines to decide, each on a line of its own, those that need thought first."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from crdt.sections import Section
from hub.live.commands import EntryContent
from hub.workflows.comments import comments_on
from hub.workflows.contents import words
from hub.workflows.medications import UNDECIDED, current
from hub.workflows.reconciling import to_decide
from web.views.entries import Reader
from web.views.findings import FindingView, findings_view
from web.views.medicines import MedicineLine, medicine_line
from web.views.rows import short_name

MEDICATIONS = Section.MEDICATIONS


@dataclass(frozen=True, slots=True)
class LineTyped:
    """What was chosen and typed for one medicine."""

    decision: str = ""
    reason: str = ""
    dose: str = ""
    frequency: str = ""
    fault: str = ""


@dataclass(frozen=True, slots=True)
class DecisionLine:
    """One medicine to decide."""

    entry: str
    line: MedicineLine
    dose: str
    frequency: str
    about: str
    findings: tuple[FindingView, ...]
    remarks: tuple[tuple[str, str], ...]
    """(who, words) of open remarks: what was found, what is proposed."""
    typed: LineTyped

    @property
    def danger(self) -> bool:
        """A danger on it is open."""
        return any(each.severity == "danger" for each in self.findings)


@dataclass(frozen=True, slots=True)
class ReconcileView:
    """The page: what needs thought, what is unchanged, what was decided."""

    thought: tuple[DecisionLine, ...]
    unchanged: tuple[DecisionLine, ...]
    """Nothing is found or said about them: they may be continued in one go."""
    decided: tuple[tuple[MedicineLine, str], ...]
    others: int
    """Medicines that wait for somebody else's decision."""
    dangers: tuple[FindingView, ...]
    despite: str = ""
    faults: Mapping[str, str] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """Lines that this reader may decide."""
        return len(self.thought) + len(self.unchanged)


def reconcile_view(
    reader: Reader, typed: Mapping[str, LineTyped], *, despite: str = "", fault: str = ""
) -> ReconcileView:
    """Return what this reader may decide, with what they chose and typed so far."""
    mine = [each for each in to_decide(reader.content, reader.participant, reader.now) if _seen(reader, each)]
    lines = [_line(reader, each, typed.get(each.id, LineTyped())) for each in mine]
    thought = [each for each in lines if each.findings or each.remarks]
    seen = [each for each in current(reader.content) if _seen(reader, each)]
    waiting = [each for each in seen if words(each.values, "reconciliation") in UNDECIDED]
    told = findings_view(reader.participant, reader.content, reader.setting.people.name, reader.now)
    return ReconcileView(
        thought=tuple(sorted(thought, key=lambda each: not each.danger)),
        unchanged=tuple(each for each in lines if not each.findings and not each.remarks),
        decided=tuple(
            (medicine_line(each.values), words(each.values, "reconciliation"))
            for each in seen
            if words(each.values, "reconciliation") not in UNDECIDED
        ),
        others=len(waiting) - len(mine),
        dangers=tuple(each for each in told.open if each.severity == "danger"),
        despite=despite,
        faults={"": fault} if fault else {},
    )


def _seen(reader: Reader, entry: EntryContent) -> bool:
    return reader.sees(MEDICATIONS, entry.id)


def _line(reader: Reader, entry: EntryContent, typed: LineTyped) -> DecisionLine:
    people = reader.setting.people
    told = findings_view(reader.participant, reader.content, people.name, reader.now, entry=entry.id)
    remarks = [
        (short_name(people.name(words(record, "author"))), words(record, "words"))
        for record in comments_on(reader.content, MEDICATIONS, entry.id).values()
        if not words(record, "resolved_by")
    ]
    return DecisionLine(
        entry=entry.id,
        line=medicine_line(entry.values),
        dose=words(entry.values, "dose"),
        frequency=words(entry.values, "frequency"),
        about=words(entry.values, "reason"),
        findings=told.open,
        remarks=tuple(remarks),
        typed=typed,
    )
