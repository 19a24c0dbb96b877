"""Two lists of medicines side by side: each line with what each list says, what differs, and what was decided."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from auth.decisions import EntryFacts, Operation, decide, sections_readable
from auth.roles import Participant
from crdt.sections import Section
from hub.safety.pairing import DOSE, FORM, NAME, OFTEN, ROUTE, STRENGTH
from hub.workflows.comments import comments_on
from hub.workflows.contents import plain_day, words
from hub.workflows.grants import barred
from hub.workflows.list_decisions import (
    ASK,
    CHANGE,
    CONTINUE,
    HOLD,
    OPEN,
    STOP,
    LineDecision,
    dangers,
    open_lines,
    outcome,
    sources_of,
    why,
)
from hub.workflows.list_sheets import PARTS, following, sheet_of
from hub.workflows.medicine_lists import (
    THE_PLAN,
    LineGroup,
    LineItem,
    ListLine,
    MedicineList,
    lines_of,
    of_the_house,
)
from hub.workflows.steps import Step
from web.views.entries import Reader
from web.views.findings import FindingView, findings_view
from web.views.medicines import tall_man, unbroken
from web.views.rows import short_name
from web.views.words import day_and_time

MEDICATIONS: Final = Section.MEDICATIONS

TITLES: Final[Mapping[LineGroup, str]] = {
    LineGroup.DIFFERS: "Differs",
    LineGroup.HOME: "Only at home",
    LineGroup.OTHER: "Only on the other list",
    LineGroup.SAME: "The same",
}
NOTHING_TYPED: Final[Mapping[str, str]] = dict.fromkeys(
    ("dose", "frequency", "reason", "until", "asked", "question", "family", "despite"), ""
)
_DONE: Final = {CONTINUE: "Continue", CHANGE: "Change", STOP: "Stop", HOLD: "Hold", ASK: "Asked"}


@dataclass(frozen=True, slots=True)
class CellView:
    """What one list says of a line; ``marks`` names what differs in it."""

    source: str
    name: str
    generic: str
    """The ingredients, where the name is a brand."""
    dose: str
    how: str
    which: int
    stopped: bool
    taking: str
    original: str


@dataclass(frozen=True, slots=True)
class DecidedView:
    """What somebody decided on a line."""

    words: str
    who: str
    when: str
    why: str
    open: bool
    """It is a question: the line stays open."""


@dataclass(frozen=True, slots=True)
class LineTypedView:
    """What was typed on a line that could not be decided so, and why not."""

    fault: str = ""
    about: str = ""
    """The field that it is about."""
    typed: Mapping[str, str] = field(default_factory=lambda: NOTHING_TYPED)


@dataclass(frozen=True, slots=True)
class PairView:
    """One line of the two lists."""

    key: str
    name: str
    left: tuple[CellView, ...]
    right: tuple[CellView, ...]
    differs: tuple[str, ...]
    shares: tuple[str, ...]
    findings: tuple[FindingView, ...]
    """Those that stand on this line."""
    dangers: tuple[str, ...]
    """What each danger says that this line has a part in, also where it stands on another."""
    remarks: tuple[tuple[str, str], ...]
    decided: DecidedView | None
    may: bool
    choices: tuple[tuple[int, str], ...]
    """Where it differs: which of the lists counts, by its place and its dose."""
    typed: LineTypedView


@dataclass(frozen=True, slots=True)
class GroupView:
    """Lines of one group."""

    group: str
    title: str
    lines: tuple[PairView, ...]


@dataclass(frozen=True, slots=True)
class ListsView:
    """The page of two lists."""

    lists: tuple[tuple[MedicineList, str, str], ...]
    """Each list that waits, with who brought it and when."""
    home: str
    other: str
    groups: tuple[GroupView, ...]
    findings: tuple[FindingView, ...]
    dangers: tuple[tuple[str, str], ...]
    """What each danger says, and the key of the line on which it is answered."""
    total: int
    decided: int
    open: tuple[tuple[str, str], ...]
    """Key and name of each line that blocks the signature."""
    sheet: tuple[tuple[str, Sequence[Mapping[str, str]]], ...]
    steps: tuple[Step, ...]
    signs: bool
    """The reader decides on every line."""
    continues: int
    """Lines that are the same, open, without a danger, and the reader's to decide."""
    stood: str = ""
    fault: str = ""


def lists_view(
    reader: Reader,
    lists: Sequence[MedicineList],
    decisions: Mapping[str, LineDecision],
    team: Sequence[Participant],
    *,
    typed: Mapping[str, LineTypedView] | None = None,
    stood: str = "",
    fault: str = "",
) -> ListsView:
    """Return the page as this reader may see it."""
    lines, sources = lines_of(reader.content, lists), sources_of(lists)
    people = reader.setting.people
    found = findings_view(reader.participant, outcome(reader.content, lines, decisions), people.name, reader.now)
    told = dangers(reader.content, lines, decisions, reader.now)
    dangerous: dict[str, list[str]] = {}
    for danger, about in told:
        for line in about:
            dangerous.setdefault(line.key, []).append(danger.text)
    pairs = {
        line.key: _pair(
            reader, line, lists, decisions, found.open, dangerous.get(line.key, []), (typed or {}).get(line.key)
        )
        for line in lines
    }
    missing = open_lines(lines, decisions)
    house = of_the_house(lists)
    other = [each.source for each in lists if each.list_id not in house]
    plain = {entry.id: words(entry.values, "plain_words") for entry in reader.content.entries(MEDICATIONS).values()}
    sheet = sheet_of(lines, decisions, sources, plain)
    known = {line.key: each for line in lines if (each := decisions.get(line.key)) is not None}
    at_home = [each.source for each in lists if each.list_id in house]
    return ListsView(
        lists=tuple((each, people.name(each.person), _when(reader, each)) for each in lists),
        home=" and ".join(["the plan", *at_home]).capitalize() if at_home else "The plan",
        other=" and ".join(other),
        groups=tuple(
            GroupView(
                group.value, _title(group, other), tuple(pairs[each.key] for each in lines if each.group is group)
            )
            for group in LineGroup
            if any(each.group is group for each in lines)
        ),
        findings=found.open,
        dangers=tuple((each.text, about[0].key) for each, about in told if about),
        total=len(lines),
        decided=len(lines) - len(missing),
        open=tuple((each.key, each.name) for each in missing),
        sheet=tuple((PARTS[name], some) for name, some in sheet.items() if some),
        steps=tuple(following(lines, known, team, reader.participant.person_id, reader.setting.reading.today)),
        signs=bool(lines) and all(pairs[each.key].may for each in lines),
        continues=sum(
            line.group is LineGroup.SAME and pairs[line.key].may and not pairs[line.key].dangers for line in missing
        ),
        stood=stood,
        fault=fault,
    )


def may_decide(reader: Reader, line: ListLine) -> bool:
    """Say whether the reader may decide on the line: on the plan's medicine, or on a new one."""
    if MEDICATIONS not in sections_readable(reader.participant, reader.now):
        return False
    if line.entry:
        no = barred(
            reader.content,
            reader.participant,
            MEDICATIONS,
            Operation.COMMAND,
            now=reader.now,
            entry_id=line.entry,
            command="medication.reconcile",
        )
        return no is None
    new = EntryFacts(creator=reader.participant.person_id, values={"kind": "medicine", "reconciliation": CONTINUE})
    return decide(reader.participant, MEDICATIONS, Operation.CREATE, entry=new, now=reader.now).allowed


def _title(group: LineGroup, other: Sequence[str]) -> str:
    return f"Only from {' and '.join(other)}" if group is LineGroup.OTHER and other else TITLES[group]


def _when(reader: Reader, each: MedicineList) -> str:
    return day_and_time(each.received, reader.setting.reading) if each.received is not None else ""


def _pair(
    reader: Reader,
    line: ListLine,
    lists: Sequence[MedicineList],
    decisions: Mapping[str, LineDecision],
    found: Sequence[FindingView],
    dangerous: Sequence[str],
    typed: LineTypedView | None,
) -> PairView:
    sources, house = sources_of(lists), of_the_house(lists)
    cells = [(item.list_id in house, _cell(item, place, sources)) for place, item in enumerate(line.items)]
    decision = decisions.get(line.key)
    people = reader.setting.people
    remarks = [
        (short_name(people.name(words(record, "author"))), words(record, "words"))
        for record in (comments_on(reader.content, MEDICATIONS, line.entry).values() if line.entry else ())
        if not words(record, "resolved_by")
    ]
    mine = line.entry or line.key
    return PairView(
        key=line.key,
        name=line.name,
        left=tuple(cell for left, cell in cells if left),
        right=tuple(cell for left, cell in cells if not left),
        differs=line.differs,
        shares=line.shares,
        findings=tuple(each for each in found if each.entry == mine),
        dangers=tuple(dict.fromkeys(dangerous)),
        remarks=tuple(remarks[-2:]),
        decided=_decided(reader, line, decision, sources) if decision is not None else None,
        may=may_decide(reader, line),
        choices=_choices(line, sources) if line.group is LineGroup.DIFFERS else (),
        typed=typed or LineTypedView(),
    )


def _choices(line: ListLine, sources: Mapping[str, str]) -> tuple[tuple[int, str], ...]:
    """Return what the buttons say: the doses where they tell the lists apart, else the names of the lists."""
    told = [f"As {sources.get(each.list_id, '')}" for each in line.items]
    doses = [each.medicine.dose for each in line.items]
    named = doses if len(set(doses)) == len(doses) and all(doses) else told
    return tuple((place, named[place]) for place, each in enumerate(line.items) if not each.medicine.stopped)


def _cell(item: LineItem, place: int, sources: Mapping[str, str]) -> CellView:
    medicine = item.medicine
    ingredients = [each.name for each in item.product.ingredients]
    lower = medicine.name.lower()
    generic = "" if not ingredients or any(each in lower for each in ingredients) else ", ".join(ingredients)
    return CellView(
        source=sources.get(item.list_id, ""),
        name=medicine.name if generic else tall_man(medicine.name),
        generic=generic,
        dose=unbroken(medicine.dose),
        how=", ".join(unbroken(each) for each in (medicine.route, medicine.frequency) if each),
        which=place,
        stopped=medicine.stopped,
        taking=item.taking if item.taking in ("on hold", "planned") else "",
        original=medicine.original if item.list_id != THE_PLAN else "",
    )


def _decided(reader: Reader, line: ListLine, decision: LineDecision, sources: Mapping[str, str]) -> DecidedView:
    told = _DONE[decision.decision]
    if decision.decision == CONTINUE and not line.entry:
        told = "Continue, new"
    elif decision.decision == CHANGE:
        medicine = line.items[decision.which or 0].medicine
        to = " ".join(filter(None, (decision.dose or medicine.dose, decision.frequency or medicine.frequency)))
        told = f"Change to {to}"
    elif decision.decision == HOLD and decision.until is not None:
        told = f"Hold until {plain_day(decision.until)}"
    elif decision.decision == ASK:
        told = f"Asked {short_name(reader.setting.people.name(decision.asked))}"
    reason = why(line, decision, sources)
    when = day_and_time(decision.when, reader.setting.reading) if decision.when is not None else ""
    who = "You" if decision.person == reader.participant.person_id else reader.setting.people.name(decision.person)
    despite = f" All the same: {decision.despite}" if decision.despite else ""
    return DecidedView(told, who, when, f"{reason}{despite}".strip(), decision.decision in OPEN)


MARKS: Final[Mapping[str, str]] = {
    NAME: "NAME not checked",
    FORM: "FORM differs",
    STRENGTH: "STRENGTH differs",
    DOSE: "DOSE differs",
    OFTEN: "HOW OFTEN differs",
    ROUTE: "ROUTE differs",
    "USE": "One list stops or holds it",
}
