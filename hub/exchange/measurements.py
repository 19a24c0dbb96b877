"""An Observation that is sent to be recorded: of which measures of the plan it is a reading, of how much, when. Pure.

Nothing is guessed: a number without a unit, a value that is only a bound, an unknown measure are refused with the
element they stand in. What the readings of a plan have no place for is told.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from crdt.sections import Section
from hub.adt.reports import observed
from hub.fhir.codes import LOINC_FORM, UCUM_NAMES
from hub.fhir.elements import list_of, measure_words, number_of, plain_number, words_of
from hub.fhir.observing import identifier_of
from hub.fhir.outcomes import ApiRefusedError
from hub.ids import known_id
from hub.live.commands import EntryContent, PlanContent
from hub.safety.measures import measure_of
from hub.workflows.contents import active, words
from hub.workflows.reading_arrivals import ArrivedReading
from hub.workflows.results_coming import ComingResult

COMPONENTS_MAX: Final = 20
IDENTIFIER_CHARACTERS_MAX: Final = 200
_PRESSURES: Final = ("systolic", "diastolic")
_STATUS: Final = frozenset({"final", "preliminary", "amended", "corrected"})
_READ: Final = frozenset(
    """resourceType id meta text status category code subject effectiveDateTime effectiveInstant effectivePeriod issued
    valueQuantity valueInteger component device identifier implicitRules language""".split()  # noqa: SIM905
)
_OF_COMPONENT: Final = frozenset({"code", "valueQuantity", "valueInteger", "id"})


@dataclass(frozen=True, slots=True)
class _MeasuredNumber:
    """One number of an Observation, where it stands, and what it is of."""

    path: str
    measure: str
    value: float | int
    unit: str

    @property
    def key(self) -> str:
        """What is measured, in the words of the table of measures."""
        known = measure_of(self.measure)
        return known.key if known is not None else self.measure.casefold()


@dataclass(frozen=True, slots=True)
class Measurements:
    """What an Observation says: the readings, and what of it was not taken."""

    readings: tuple[ArrivedReading, ...]
    remarks: tuple[str, ...]


def measurements(
    resource: Mapping[str, Any], plan: PlanContent, measures: frozenset[str] | None, sender: str, now: datetime
) -> Measurements:
    """Return the readings of the plan's measures. ``measures``: the only ones that the sender may send, if it is bound.

    Raises:
        ApiRefusedError: 422, it can't be recorded.
    """
    if resource.get("modifierExtension"):
        raise ApiRefusedError(422, "A modifier extension changes what it means: not taken.", "modifierExtension")
    if resource.get("status") not in _STATUS:
        raise ApiRefusedError(422, f"A reading is one of: {', '.join(sorted(_STATUS))}.", "Observation.status")
    name = identifier_of(resource)
    if len(name) > IDENTIFIER_CHARACTERS_MAX:
        told = f"An identifier has at most {IDENTIFIER_CHARACTERS_MAX} characters."
        raise ApiRefusedError(422, told, "Observation.identifier")
    parts = _parts(resource)
    when, remarks = _when(resource, now), list(_left(resource))
    device = _device(resource) or sender
    entries = [each for each in active(plan, Section.MONITORING) if measures is None or each.id in measures]
    found = []
    for part in parts:
        entry = _measure(part, entries)
        if entry is None and _beside(part, parts, entries):
            continue  # The lower number of a pressure stands in the reading of the upper one.
        if entry is None:
            told = "is not measured in this plan" + (" by this device." if measures is not None else ".")
            raise ApiRefusedError(422, f"{part.measure} {told} Its team adds the measure first.", part.path)
        value = _typed(part, parts)
        key = known_id(entry.id, name) if name else known_id(entry.id, value, when.isoformat())
        found.append(ArrivedReading(entry=entry.id, key=key, value=value, when=when, device=device, identifier=name))
    return Measurements(tuple(found), tuple(remarks))


def awaited_result(resource: Mapping[str, Any]) -> ComingResult | None:
    """Return the final result of a laboratory that an Observation is, ``None`` for any other."""
    told = observed(resource)
    if told is None or not told.final or resource.get("modifierExtension"):
        return None
    return ComingResult(
        numbers=told.numbers, codes=told.codes, name=told.name, words=told.words, identifier=told.identifier
    )


def _parts(resource: Mapping[str, Any]) -> list[_MeasuredNumber]:
    components = [each for each in list_of(resource, "component") if isinstance(each, Mapping)]
    if len(components) > COMPONENTS_MAX:
        raise ApiRefusedError(422, f"At most {COMPONENTS_MAX} components.", "Observation.component")
    places = [("Observation", resource)] if not components or "valueQuantity" in resource else []
    places += [(f"Observation.component[{number}]", each) for number, each in enumerate(components)]
    found = [_part(path, each) for path, each in places]
    twice = {each.measure for each in found if sum(other.measure == each.measure for other in found) > 1}
    if twice:
        raise ApiRefusedError(422, f"{sorted(twice)[0]} stands there twice.", "Observation.component")
    return found


def _part(path: str, element: Mapping[str, Any]) -> _MeasuredNumber:
    measure = measure_words(element.get("code"))
    if not measure:
        raise ApiRefusedError(422, "Say what is measured, best with a LOINC code.", f"{path}.code")
    quantity = element.get("valueQuantity")
    told = quantity.get("value") if isinstance(quantity, Mapping) else element.get("valueInteger")
    value = number_of(told)
    if value is None:
        raise ApiRefusedError(422, "A reading is a number: valueQuantity or valueInteger.", f"{path}.value")
    if isinstance(quantity, Mapping) and quantity.get("comparator"):
        raise ApiRefusedError(422, "A value that is only a bound is no reading.", f"{path}.valueQuantity.comparator")
    unit = _unit(quantity if isinstance(quantity, Mapping) else {}, measure, path)
    return _MeasuredNumber(path, measure, value, unit)


def _unit(quantity: Mapping[str, Any], measure: str, path: str) -> str:
    """Return the unit in which the number counts, as the table of measures names it: the code first, else the words."""
    told = [each for each in (quantity.get("code"), quantity.get("unit")) if isinstance(each, str) and each.strip()]
    known = measure_of(measure)
    if known is None:
        return told[-1].strip() if told else ""
    for each in told:
        unit = known.unit_called(UCUM_NAMES.get(each.strip(), each.strip()))
        if unit is not None:
            return unit.name
    if not told and not known.unit.name:
        return ""
    names = ", ".join(dict.fromkeys(each.name for each in known.units if each.name)) or "no unit"
    said = f"“{told[0][:40]}” is no unit of this" if told else "A unit is needed"
    raise ApiRefusedError(422, f"{said}. Known: {names}.", f"{path}.valueQuantity")


def _pressure(parts: Sequence[_MeasuredNumber]) -> tuple[_MeasuredNumber, _MeasuredNumber] | None:
    """Return the upper and the lower number of a blood pressure in one unit, where both are told."""
    by_key = {each.key: each for each in parts}
    upper, lower = (by_key.get(each) for each in _PRESSURES)
    return (upper, lower) if upper is not None and lower is not None and upper.unit == lower.unit else None


def _beside(part: _MeasuredNumber, parts: Sequence[_MeasuredNumber], entries: Sequence[EntryContent]) -> bool:
    both = _pressure(parts)
    return both is not None and part is both[1] and _measure(both[0], entries) is not None


def _typed(part: _MeasuredNumber, parts: Sequence[_MeasuredNumber]) -> str:
    """Return the number as a person would type it, of a pressure both."""
    both = _pressure(parts)
    if both is not None and part in both:
        return f"{plain_number(both[0].value)}/{plain_number(both[1].value)} {part.unit}".strip()
    return f"{plain_number(part.value)} {part.unit}".strip()


def _measure(part: _MeasuredNumber, entries: Sequence[EntryContent]) -> EntryContent | None:
    """Return the plan's measure of the same code, else one that is the same measure in the table, else of that name."""
    code = part.measure.partition(" ")[0]
    told = [(each, words(each.values, "measure")) for each in entries]
    if LOINC_FORM.fullmatch(code):
        same = next((each for each, measure in told if measure.partition(" ")[0] == code), None)
        if same is not None:
            return same
    known = measure_of(part.measure)
    if known is not None:
        return next((each for each, measure in told if measure_of(measure) is known), None)
    return next((each for each, measure in told if measure.casefold() == part.measure.casefold()), None)


def _when(resource: Mapping[str, Any], now: datetime) -> datetime:
    period = resource.get("effectivePeriod")
    ends = [period.get("end"), period.get("start")] if isinstance(period, Mapping) else []
    told = [resource.get("effectiveDateTime"), resource.get("effectiveInstant"), *ends, resource.get("issued")]
    first = next((each for each in told if each is not None), None)
    if first is None:
        return now
    try:
        read = datetime.fromisoformat(str(first))
    except ValueError:
        read = None
    if read is None or read.tzinfo is None or not 1 < read.year < 9999:
        words = "Say when it was measured, with the offset from UTC, as in 2026-11-28T07:30:00-05:00."
        raise ApiRefusedError(422, words, "Observation.effective")
    return read


def _device(resource: Mapping[str, Any]) -> str:
    device = resource.get("device")
    return (words_of(device) or "").strip() if isinstance(device, Mapping) else ""


def _left(resource: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is not taken, each element once."""
    left = sorted(resource.keys() - _READ)
    for component in list_of(resource, "component"):
        if isinstance(component, Mapping):
            left += [f"component.{each}" for each in sorted(component.keys() - _OF_COMPONENT)]
    for each in dict.fromkeys(left):
        yield f"Observation.{each[:80]} was not taken: a reading has no place for it."
