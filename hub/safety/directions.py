"""What directions come to: how much in one day, how often, on how many days a week. What is not understood is said."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from hub.safety.sigs import Part, Piece, scan

_AMOUNTS: Final = frozenset({Part.MASS, Part.COUNT, Part.BARE, Part.VOLUME, Part.STRENGTHS})
_RATES: Final = frozenset({Part.TIMES, Part.DAILY, Part.MOMENT, Part.MEALS, Part.DAYS, Part.ONCE})

NO_UNIT: Final = "unit missing"
NO_RATE: Final = "how often it is taken is not given"
NO_MOST: Final = "taken when needed, with no most per day"
CONTRADICTS: Final = "the directions contradict each other"


@dataclass(frozen=True, slots=True)
class Directions:
    """Directions as understood. ``fault`` says why they are not, and then nothing else counts.

    ``daily``: the most in one day, in milligrams of each ingredient in their order, ``None`` where that can't be said.
    ``times``: how often on a day on which it is taken. ``days_a_week``: 7 for every day. ``lacks``: why ``daily`` is
    ``None`` though every word was understood.
    """

    daily: tuple[float, ...] | None = None
    single: tuple[float, ...] | None = None
    times: float | None = None
    days_a_week: float | None = None
    when_needed: bool = False
    fault: str = ""
    lacks: str = ""
    strengths: tuple[float, ...] = ()


@dataclass(slots=True)
class _Step:
    """One amount with its rate. ``phase``: it stands for other days than the step before it, not for the same day."""

    pieces: list[Piece] = field(default_factory=list)
    phase: bool = False

    def has(self, *parts: Part) -> bool:
        return any(each.part in parts for each in self.pieces)

    def of(self, part: Part) -> list[Piece]:
        return [each for each in self.pieces if each.part is part]


class _DirectionsError(ValueError):
    """The directions are not understood; its words say why."""


def understand(
    dose: str, frequency: str = "", *, parts: int = 1, strengths: Sequence[float] = (), doubt_units: bool = True
) -> Directions:
    """Return what a dose and how often it is taken come to, for a product with ``parts`` ingredients.

    ``strengths``: milligrams of each ingredient in one piece, where the product's name says so.
    """
    scans = [scan(each, parts=parts) for each in (dose, frequency)]
    for told, read in zip((dose, frequency), scans, strict=True):
        if read.left:
            return Directions(fault=f"not understood: “{read.left}”" if told.strip() else NO_RATE)
    try:
        return _composed([*scans[0].pieces], [*scans[1].pieces], parts, tuple(strengths), doubt_units)
    except _DirectionsError as fault:
        return Directions(fault=str(fault))


def _composed(
    dose: list[Piece], frequency: list[Piece], parts: int, strengths: tuple[float, ...], doubt_units: bool
) -> Directions:
    bare = [each for each in dose if each.part is Part.BARE]
    if doubt_units and bare and not any(each.part in (Part.COUNT, Part.FORM) for each in dose):
        raise _DirectionsError(NO_UNIT)
    steps = _steps([*dose, *frequency])
    pieces = any(step.has(Part.COUNT) for step in steps)
    most = {
        ("count" if pieces else "times") if each.unit == "either" else each.unit: each.value
        for step in steps
        for each in step.of(Part.MOST)
    }
    needed = any(step.has(Part.NEEDED) for step in steps)
    if not any(step.has(*_AMOUNTS) for step in steps) and not any(step.has(*_RATES) for step in steps):
        if most and "mg" in most and parts == 1:
            return Directions(daily=(most["mg"],), when_needed=needed, days_a_week=7)
        return Directions(when_needed=needed, lacks=NO_MOST if needed else "")
    strengths = _strengths_of(steps, strengths, parts)
    days = _days_a_week(steps)
    amounts = [_amount(step, strengths, parts, steps) for step in steps]
    rates = [_rate(step, most) for step in steps]
    rates = _shared(rates)
    times = max((each for each in rates if each is not None), default=None)
    lacks = _lacking(amounts, rates, needed)
    daily = None if lacks else _in_one_day(steps, amounts, rates)
    daily = _capped(daily, most, strengths, parts)
    if daily is not None:
        lacks = ""
    single = next((each for each in amounts if each is not None), None)
    return Directions(daily, single, times, days, needed, "", lacks, strengths)


def _steps(pieces: Sequence[Piece]) -> list[_Step]:
    steps = [_Step()]
    then = False
    for piece in pieces:
        here = steps[-1]
        if piece.part is Part.THEN:
            then = True
            continue
        starts = piece.part in (Part.MASS, Part.COUNT, Part.BARE, Part.VOLUME)
        told_how = here.has(*_RATES, Part.LASTS)
        if starts and here.has(*_AMOUNTS) and (told_how or then):
            steps.append(_Step(phase=then or here.has(Part.LASTS, Part.DAYS)))
            then = False
        steps[-1].pieces.append(piece)
    return steps


def _strengths_of(steps: Sequence[_Step], strengths: tuple[float, ...], parts: int) -> tuple[float, ...]:
    told = [each.values for step in steps for each in step.of(Part.STRENGTHS)]
    if len(set(told)) > 1 or (told and len(told[0]) != parts):
        raise _DirectionsError("the strengths do not fit the ingredients")
    if told or strengths or parts > 1:
        return told[0] if told else strengths
    of_a_piece = {
        step.of(Part.MASS)[0].value
        for step in steps
        if len(step.of(Part.MASS)) == 1
        and step.of(Part.MASS)[0].unit == "mg"
        and step.has(Part.COUNT, Part.FORM)
        and not step.has(Part.OPEN)
    }
    return tuple(of_a_piece) if len(of_a_piece) == 1 else ()


def _amount(step: _Step, strengths: tuple[float, ...], parts: int, steps: Sequence[_Step]) -> tuple[float, ...] | None:
    """Return the milligrams of each ingredient in one taking, ``None`` where they can't be said."""
    masses, counts = step.of(Part.MASS), [*step.of(Part.COUNT), *step.of(Part.BARE)]
    if len(counts) > 1 and len({each.value for each in counts}) > 1:
        raise _DirectionsError(CONTRADICTS)
    count = counts[0].value if counts else None
    volumes = step.of(Part.VOLUME)
    if volumes:
        return _of_volume(volumes, steps, masses)
    if masses:
        return _of_masses(step, masses, count, strengths, parts)
    if step.has(Part.STRENGTHS) or count is not None:
        return tuple(each * (1.0 if count is None else count) for each in strengths) if strengths else None
    return None


def _of_masses(
    step: _Step, masses: list[Piece], count: float | None, strengths: tuple[float, ...], parts: int
) -> tuple[float, ...] | None:
    values = {each.value for each in masses}
    units = {each.unit for each in masses}
    if len(units) > 1:
        raise _DirectionsError(CONTRADICTS)
    if len(values) > 1:
        larger, smaller = max(values), min(values)
        if count is None or abs(larger - smaller * count) > 1e-6 or len(values) > 2:
            raise _DirectionsError(CONTRADICTS)
        count, mass = None, larger  # "1000 mg (2 tablets of 500 mg)"
    else:
        mass = masses[0].value
    if units != {"mg"}:
        return None
    if count is not None:
        mass = _counted(step, mass, count, strengths)
    if parts > 1:
        return None
    return (mass,)


def _counted(step: _Step, mass: float, count: float, strengths: tuple[float, ...]) -> float:
    """Return the milligrams of so many pieces: ``2 tablets of 500 mg`` are 1,000; ``1000 mg (2 tablets)`` too."""
    order = [each.part for each in step.pieces if each.part in (Part.MASS, Part.COUNT, Part.BARE)]
    of = any(each.unit == "of" for each in step.of(Part.COUNT))
    known = strengths[0] if len(strengths) == 1 and not step.has(Part.OPEN) else None
    if known is not None and abs(known * count - mass) < 1e-6:
        return mass
    if known is not None and abs(known - mass) > 1e-6:
        raise _DirectionsError(CONTRADICTS)
    if order[0] is not Part.MASS and step.has(Part.OPEN) and not step.has(Part.EACH) and count != 1:
        raise _DirectionsError("it is not clear whether the amount is of one piece or of all")
    if order[0] is Part.MASS and step.has(Part.OPEN):
        return mass  # "1000 mg (2 tablets)"
    if of or order[0] in (Part.COUNT, Part.BARE):
        return mass * count
    return mass * count if count != 1 else mass


def _of_volume(volumes: list[Piece], steps: Sequence[_Step], masses: list[Piece]) -> tuple[float, ...] | None:
    strong = {each.value for step in steps for each in step.of(Part.CONCENTRATION) if each.unit == "mg"}
    if len(strong) > 1 or len({(each.value, each.unit) for each in volumes}) > 1:
        raise _DirectionsError(CONTRADICTS)
    if volumes[0].unit != "ml":
        return None
    if strong:
        return (volumes[0].value * next(iter(strong)),)
    return (masses[0].value,) if len(masses) == 1 and masses[0].unit == "mg" else None


def _rate(step: _Step, most: dict[str, float]) -> float | None:
    """Return how often on one day, ``None`` where the step does not say.

    Raises:
        _DirectionsError: it says two different things.
    """
    exact = {each.value for each in step.of(Part.TIMES)}
    if len(exact) > 1:
        raise _DirectionsError(CONTRADICTS)
    moments = float(len(step.of(Part.MOMENT)))
    meals = 3.0 if step.has(Part.MEALS) else 0.0
    days, once = step.of(Part.DAYS), step.has(Part.ONCE)
    interval = any(each.unit == "interval" for each in days)
    if interval and (step.has(Part.DAILY) or len(days) > 1):
        raise _DirectionsError(CONTRADICTS)
    if exact:
        rate = next(iter(exact))
        if moments and moments != rate and moments + meals != rate and not (meals and rate == moments):
            raise _DirectionsError(CONTRADICTS)
    elif moments or meals:
        rate = moments + meals
        if once and rate > 1:
            raise _DirectionsError(CONTRADICTS)
    elif step.has(Part.DAILY, Part.DAYS, Part.ONCE):
        rate = 1.0
    else:
        return most.get("times")
    return min(rate, most["times"]) if "times" in most else rate


def _shared(rates: list[float | None]) -> list[float | None]:
    """A rate said once at the end stands for all steps before it that say none."""
    last: float | None = None
    filled: list[float | None] = []
    for rate in reversed(rates):
        last = rate if rate is not None else last
        filled.append(last)
    return filled[::-1]


def _lacking(amounts: Sequence[tuple[float, ...] | None], rates: Sequence[float | None], needed: bool) -> str:
    if any(rate is None for rate in rates):
        return NO_MOST if needed else NO_RATE
    if any(amount is None for amount in amounts):
        return "how much is taken at a time is not given in mg"
    return ""


def _in_one_day(
    steps: Sequence[_Step], amounts: Sequence[tuple[float, ...] | None], rates: Sequence[float | None]
) -> tuple[float, ...]:
    """Return the most in one day: steps of one day added, of the phases the highest."""
    days: list[list[float]] = []
    for step, amount, rate in zip(steps, amounts, rates, strict=True):
        assert amount is not None, "nothing lacks"
        assert rate is not None, "nothing lacks"
        taken = [each * rate for each in amount]
        loading = bool(days) and step.phase and steps[0].has(Part.ONCE) and not steps[0].has(Part.LASTS)
        if days and (not step.phase or loading):
            days[-1] = [one + other for one, other in zip(days[-1], taken, strict=True)]
        else:
            days.append(taken)
    return tuple(max(each) for each in zip(*days, strict=True))


def _capped(
    daily: tuple[float, ...] | None, most: dict[str, float], strengths: tuple[float, ...], parts: int
) -> tuple[float, ...] | None:
    """Return the amount with the most that the directions allow in a day."""
    if "count" in most and strengths:
        allowed = tuple(each * most["count"] for each in strengths)
        return allowed if daily is None else tuple(min(one, other) for one, other in zip(daily, allowed, strict=True))
    if "mg" in most and parts == 1:
        return (most["mg"],) if daily is None else (min(daily[0], most["mg"]),)
    return daily


def _days_a_week(steps: Sequence[_Step]) -> float | None:
    told = [each for step in steps for each in step.of(Part.DAYS)]
    if not told:
        rated = any(step.has(Part.TIMES, Part.DAILY, Part.MOMENT, Part.MEALS) for step in steps)
        return 7.0 if rated else None
    if any(each.unit == "rest" for each in told) or any(not step.has(Part.DAYS) for step in steps):
        return 7.0
    return min(7.0, sum(each.value for each in told if each.unit != "weekly") or told[0].value)
