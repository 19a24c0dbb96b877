"""The page of clinical rules: those of medicines, then those of readings, from the same data that the hub uses."""

from collections.abc import Iterator
from typing import Final

from hub.safety.listing import page as page_of_medicines
from hub.safety.measures import Measurand, Span, all_measures
from hub.workflows.monitoring import BACKUP_AFTER, SETTLED_BY, STEWARD_AFTER
from hub.workflows.zones import DIASTOLIC_SEVERE, EXPECTED_DAYS_MAX, WAIT_MINUTES

_MINUTES: Final = int(BACKUP_AFTER.total_seconds() // 60)

_RULES: Final = (
    (
        "zones",
        "Each measure of a plan has its own red, yellow and green range, set by its team. Where two ranges "
        "share an end, the worse zone has it. A value in a gap between them is yellow. Ranges that overlap, "
        "or yellow beyond red, are refused by forms and marked beside a live field.",
    ),
    (
        "red",
        "One red reading is told at once: to who sent it and to the responder. After an answer the next red "
        "waits until n of the last m are red (persistence, as in 2 of 3), or until it lies further out than "
        f"the answered one. {SETTLED_BY} later readings out of the red settle a red that nobody answered.",
    ),
    (
        "yellow",
        "Told when n of the last m readings since the last answer are yellow or red; 1 of 1 where no "
        "persistence is set.",
    ),
    (
        "blood pressure",
        f"With zones of the upper number alone, a lower number from {DIASTOLIC_SEVERE:g} mmHg on is red "
        "(ACC/AHA 2017).",
    ),
    (
        "too fast a change",
        "Set per measure, as in +2 in 3 days, -5% in 30 days; several with a semicolon between. The last "
        "reading is compared with every counted one within those days; + is a rise, - a fall, neither is both "
        "ways. Told as yellow.",
    ),
    (
        "no reading",
        f"Told as yellow when none came for longer than the expected days (1 to {EXPECTED_DAYS_MAX}), counted "
        "from the last reading, from its answer, or, for a first one, from when the measure was added.",
    ),
    (
        "unanswered red",
        f"To the responder's backup after {_MINUTES} minutes, or as the measure says ({WAIT_MINUTES[0]} to "
        f"{WAIT_MINUTES[1]:,}), to the plan's steward after {STEWARD_AFTER} times that. A responder who is "
        "away is told, and so is their stand-in.",
    ),
    (
        "in error",
        "A reading marked as entered in error is kept, struck through, and counts in no rule.",
    ),
)


def page() -> str:
    """Return the page in Markdown."""
    return page_of_medicines() + "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield from ("", "## What is measured", "")
    yield (
        "Beyond *possible* a value is refused; beyond *likely*, or where it jumps, it is asked about. The ranges are "
        "the hub's own, wider than what clinics see, and are to be reviewed by a clinician. Other units are converted "
        "exactly."
    )
    yield from ("", "| measure | LOINC | unit | possible | likely | asked about at a jump of | other units | source |")
    yield "|---|---|---|---|---|---|---|---|"
    for measure, codes in all_measures():
        yield _row(measure, codes)
    yield from ("", "## When a reading asks for an act", "", "| rule | what the hub does |", "|---|---|")
    yield from (f"| {name} | {told} |" for name, told in _RULES)


def _row(measure: Measurand, codes: tuple[str, ...]) -> str:
    others = ", ".join(unit.name for unit in measure.units[1:])
    step = f"{float(measure.step.part):.0%} in {measure.step.days} days" if measure.step is not None else ""
    spans = f"{_span(measure.possible)} | {_span(measure.likely)}"
    return (
        f"| {measure.key} | {', '.join(codes)} | {measure.unit.name} | {spans} | {step} | {others} | {measure.source} |"
    )


def _span(span: Span) -> str:
    return f"{float(span.low):g} to {float(span.high):g}"
