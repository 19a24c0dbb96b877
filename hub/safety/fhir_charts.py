"""FHIR R4 resources of one patient as the rules see them: what is stored elsewhere, read and never altered."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from math import isclose
from typing import Any, Final, TypeAlias

from hub.safety.charts import Chart, ChartAllergy, ChartMedicine, ChartProblem, ChartValue, Product
from hub.safety.conditions import measure_of
from hub.safety.names import read_name
from hub.safety.plan_charts import years

Resource: TypeAlias = Mapping[str, Any]

RXNORM: Final = "http://www.nlm.nih.gov/research/umls/rxnorm"
LOINC: Final = "http://loinc.org"
RESOURCES_MAX: Final = 5_000
_TAKEN: Final = frozenset({"active", "draft", "intended", "unknown", ""})
_NO_ALLERGY: Final = {
    "716186003": "no known allergies", "409137002": "no known drug allergies",
    "428607008": "no known environmental allergies",
    "429625007": "no known food allergies", "1631000175102": "unknown",
}  # fmt: skip
_UNITS: Final = {
    "tab": "tablet",
    "{tbl}": "tablet",
    "{tablet}": "tablet",
    "{capsule}": "capsule",
    "cap": "capsule",
    "1": "tablet",
    "": "tablet",
}


class ResourceError(ValueError):
    """The resources can't be read as those of one patient; the message says why."""


def resources_of(document: object) -> list[Resource]:
    """Return the resources of a Bundle, of a list, or the one resource itself.

    Raises:
        ResourceError: it is none of these, or too large.
    """
    if isinstance(document, Mapping) and document.get("resourceType") == "Bundle":
        entries = document.get("entry") or []
        if not isinstance(entries, list):
            raise ResourceError("The Bundle's entries are not a list.")
        found = [each.get("resource") for each in entries if isinstance(each, Mapping)]
        resources = [each for each in found if isinstance(each, Mapping)]
        nested = [one for each in resources if each.get("resourceType") == "Bundle" for one in resources_of(each)]
        resources = [each for each in resources if each.get("resourceType") != "Bundle"] + nested
    elif isinstance(document, Mapping) and isinstance(document.get("resourceType"), str):
        resources = [document]
    elif (
        isinstance(document, list)
        and document
        and all(isinstance(each, Mapping) and "resourceType" in each for each in document)
    ):
        resources = [one for each in document for one in resources_of(each)]
    else:
        raise ResourceError("This is no FHIR Bundle and no FHIR resource.")
    if len(resources) > RESOURCES_MAX:
        raise ResourceError(f"More than {RESOURCES_MAX:,} resources are no list of one person.")
    return resources


def read_resources(resources: Sequence[Resource], today: date) -> Chart:
    """Return the chart of one patient's resources.

    Raises:
        ResourceError: they are of more than one patient, or an element is not what R4 says.
    """
    try:
        return _Reader(resources, today).chart()
    except (AttributeError, KeyError, TypeError, IndexError) as error:
        raise ResourceError("An element does not have the shape that FHIR R4 gives it.") from error


class _Reader:
    def __init__(self, resources: Sequence[Resource], today: date) -> None:
        self._resources = resources
        self._today = today
        self._unread: list[tuple[str, str]] = []
        self._medications = {
            str(each.get("id", "")): each for each in resources if each.get("resourceType") == "Medication"
        }

    def chart(self) -> Chart:
        patients = self._of("Patient")
        self._of_one_patient(patients)
        patient = patients[0] if patients else {}
        return Chart(
            tuple(
                line for each in self._of("MedicationRequest", "MedicationStatement") if (line := self._medicine(each))
            ),
            tuple(allergy for each in self._of("AllergyIntolerance") if (allergy := self._allergy(each))),
            tuple(problem for each in self._of("Condition") if (problem := self._problem(each))),
            tuple(line for each in self._of("Observation") for line in self._labs(each)),
            years(_day(str(patient.get("birthDate", ""))), self._today),
            {"female": "female", "male": "male"}.get(str(patient.get("gender", "")), ""),
            tuple(self._unread),
        )

    def _of(self, *kinds: str) -> list[Resource]:
        return [each for each in self._resources if each.get("resourceType") in kinds]

    def _of_one_patient(self, patients: Sequence[Resource]) -> None:
        told = {str(each.get("id", "")) for each in patients}
        for each in self._of(
            "MedicationRequest", "MedicationStatement", "AllergyIntolerance", "Condition", "Observation"
        ):
            reference = (each.get("subject") or each.get("patient") or {}).get("reference", "")
            if reference:
                told.add(str(reference).removeprefix("urn:uuid:").rsplit("/", 1)[-1])
        if len(told - {""}) > 1:
            raise ResourceError("The resources are of more than one patient.")

    def _medicine(self, each: Resource) -> ChartMedicine | None:
        if str(each.get("status", "")) not in _TAKEN or each.get("doNotPerform") is True:
            return None
        line = medicine_line(each, self._medications, fallback=len(self._unread))
        if apart := apart_of(each, line):
            self._unread.append((line.name, apart))
        return line

    def _allergy(self, each: Resource) -> ChartAllergy | None:
        verification = _code_of(each.get("verificationStatus"))
        if verification == "entered-in-error":
            return None
        status = _code_of(each.get("clinicalStatus"))
        concept = each.get("code") or {}
        names = [*_texts(concept), *(_NO_ALLERGY[code] for code in _codes(concept) if code in _NO_ALLERGY)]
        reactions = [one for told in each.get("reaction") or [] for one in _reactions(told)]
        if not names:
            names = [one for told in each.get("reaction") or [] for one in _texts(told.get("substance") or {})]
        kind = each.get("type")
        return ChartAllergy(
            _identity(each, 0),
            names[0] if names else "",
            ", ".join(reactions),
            status if status in ("inactive", "resolved") else verification,
            str(each.get("criticality", "")),
            kind == "intolerance" and not reactions,
        )

    def _problem(self, each: Resource) -> ChartProblem | None:
        if _code_of(each.get("verificationStatus")) in ("entered-in-error", "refuted"):
            return None
        concept = each.get("code") or {}
        texts = _texts(concept)
        return ChartProblem(
            _identity(each, 0), texts[0] if texts else "", _codes(concept), _code_of(each.get("clinicalStatus"))
        )

    def _labs(self, each: Resource) -> Iterable[ChartValue]:
        if str(each.get("status", "")) in ("entered-in-error", "cancelled"):
            return
        period = (each.get("effectivePeriod") or {}).get("end", "")
        when = _day(
            str(each.get("effectiveDateTime") or each.get("effectiveInstant") or period or each.get("issued") or "")[
                :10
            ]
        )
        for part in (each, *(each.get("component") or [])):
            concept, quantity = part.get("code") or {}, part.get("valueQuantity") or {}
            texts, codes = _texts(concept), _codes(concept, LOINC)
            value = quantity.get("value", part.get("valueInteger"))
            unit = str(quantity.get("unit") or quantity.get("code") or "")
            if isinstance(said := part.get("valueString"), str):
                value, unit = self._said(texts[0] if texts else "", said, codes)
            if not isinstance(value, int | float) or isinstance(value, bool):
                continue
            line = ChartValue(_identity(each, 0), texts[0] if texts else "", float(value), unit, codes, when)
            measure = measure_of(line)
            if measure is not None and unit.strip().lower() not in measure.factors and quantity.get("code"):
                line = ChartValue(line.entry, line.name, line.value, str(quantity["code"]), codes, when)
            yield line

    def _said(self, name: str, told: str, codes: tuple[str, ...]) -> tuple[float | None, str]:
        """Return the number and the unit of a value that is told in words; what can't be read is told as unread."""
        found = _WORDED.fullmatch(told.strip())
        if found is not None:
            return float(found[1]), (found[2] or "").strip()
        measure = measure_of(ChartValue("", name, 0.0, "", codes))
        if measure is not None:
            self._unread.append((f"{measure.name} “{told[:40]}”", "the value is not understood"))
        return None, ""


_WORDED: Final = re.compile(r"[<>]?=? ?(\d+(?:\.\d+)?) ?(\D.*)?")


def medicine_line(each: Resource, medications: Mapping[str, Resource], *, fallback: int = 0) -> ChartMedicine:
    """Return a MedicationRequest or MedicationStatement as a line, whatever its status; ``medications`` by their ids.

    Raises:
        AttributeError, KeyError, TypeError, IndexError: an element does not have the shape that R4 gives it.
    """
    concept = _concept(each, medications)
    texts, codes = _texts(concept), _codes(concept, RXNORM)
    name = _best(texts)
    dosages, said, structured = _directions(each)
    entry = _identity(each, fallback)
    route = " ".join(_texts(one.get("route") or {})[0] for one in dosages if _texts(one.get("route") or {}))
    line = ChartMedicine(entry, name, said, "", _route(route), codes)
    built = ChartMedicine(entry, name, structured, "", _route(route), codes)
    if structured and (not said or _clearer(built, line)):
        return built
    return line


def apart_of(each: Resource, line: ChartMedicine) -> str:
    """Return why a medicine's written directions and its structured ones do not say the same, ``""`` where they do."""
    _, said, structured = _directions(each)
    one, other = (Product(replace(line, dose=words)).directions.daily for words in (said, structured))
    if not said or not structured or one is None or other is None or all(map(isclose, one, other)):
        return ""
    return f"its directions say two things: “{said}” and “{structured}”"


def _directions(each: Resource) -> tuple[list[Resource], str, str]:
    """Return the dosages of a medicine, what their texts say, and what their structure says in words."""
    dosages = each.get("dosageInstruction") or each.get("dosage") or []
    told = [" ".join(str(one.get("text", "")).split()) for one in dosages]
    return dosages, _together(dosages, told), _together(dosages, [_structured(one) for one in dosages])


def _concept(each: Resource, medications: Mapping[str, Resource]) -> Resource:
    concept: Resource = each.get("medicationCodeableConcept") or {}
    reference = each.get("medicationReference") or {}
    if concept or not reference:
        return concept
    target = str(reference.get("reference", ""))
    contained = {str(one.get("id", "")): one for one in each.get("contained") or []}
    found = contained.get(target.removeprefix("#")) or medications.get(
        target.rsplit("/", 1)[-1].removeprefix("urn:uuid:")
    )
    code: Resource = (found or {}).get("code") or {}
    return code or ({"text": reference["display"]} if reference.get("display") else {})


def _identity(each: Resource, fallback: int) -> str:
    return f"{each.get('resourceType')}/{each.get('id') or f'{fallback}-{id(each)}'}"


def _texts(concept: Resource) -> list[str]:
    told = [concept.get("text"), *(one.get("display") for one in concept.get("coding") or [])]
    return list(dict.fromkeys(str(each).strip() for each in told if isinstance(each, str) and each.strip()))


def _codes(concept: Resource, system: str = "") -> tuple[str, ...]:
    return tuple(
        str(one["code"])
        for one in concept.get("coding") or []
        if one.get("code") and (not system or one.get("system") == system)
    )


def _code_of(concept: Any) -> str:
    if isinstance(concept, str):
        return concept
    codes = _codes(concept or {})
    return codes[0] if codes else str((concept or {}).get("text", "")).lower()


def _best(texts: Sequence[str]) -> str:
    """Return the name that says most: one that is understood with its strength, else one that is understood."""
    readings = [(text, read_name(text)) for text in texts]
    known = [(text, one) for text, one in readings if one.ingredients and not one.left]
    for text, one in known:
        if one.strength:
            return text
    return known[0][0] if known else (texts[0] if texts else "")


def _reactions(told: Resource) -> list[str]:
    found = [text for one in told.get("manifestation") or [] for text in _texts(one)[:1]]
    severity = told.get("severity")
    return [*found, *(["anaphylaxis"] if severity == "severe" and not found else [])]


def _route(told: str) -> str:
    return re.sub(r"\s+route\b", "", told, flags=re.I).strip()


def _clearer(one: ChartMedicine, other: ChartMedicine) -> bool:
    mine, theirs = Product(one).directions, Product(other).directions
    return (mine.daily is not None and theirs.daily is None) or (bool(theirs.fault) and not mine.fault)


def _together(dosages: Sequence[Resource], told: Sequence[str]) -> str:
    steps = {one.get("sequence") for one in dosages} - {None}
    return (" then " if len(steps) > 1 else ", ").join(each.rstrip(".") for each in told if each)


def _structured(dosage: Resource) -> str:
    """Return a structured dosage as words that the grammar of directions reads."""
    told = [_amount(dosage), _timing(dosage.get("timing") or {})]
    if dosage.get("asNeededBoolean") is True or dosage.get("asNeededCodeableConcept"):
        told.append("as needed")
    most = dosage.get("maxDosePerPeriod") or {}
    numerator, denominator = most.get("numerator") or {}, most.get("denominator") or {}
    if (
        numerator.get("value") is not None
        and denominator.get("value") == 1
        and str(denominator.get("unit") or denominator.get("code")) in ("d", "day")
    ):
        told.append(f"max {numerator['value']:g} {_unit(numerator)} per day")
    return " ".join(each for each in told if each)


def _amount(dosage: Resource) -> str:
    for one in dosage.get("doseAndRate") or []:
        quantity, spread = one.get("doseQuantity") or {}, one.get("doseRange") or {}
        if quantity.get("value") is not None:
            return f"{quantity['value']:g} {_unit(quantity)}"
        high = spread.get("high") or {}
        if high.get("value") is not None:
            return f"{high['value']:g} {_unit(high)}"
    return ""


def _unit(quantity: Resource) -> str:
    told = str(quantity.get("unit") or quantity.get("code") or "").strip()
    return _UNITS.get(told.lower(), told)


def _timing(timing: Resource) -> str:
    repeat = timing.get("repeat") or {}
    codes = _texts(timing.get("code") or {})
    period, unit = repeat.get("period"), str(repeat.get("periodUnit", ""))
    often = repeat.get("frequencyMax") or repeat.get("frequency") or 1
    days = ", ".join(str(each) for each in repeat.get("dayOfWeek") or [])
    if period is None or not unit:
        return days or (codes[0] if codes else "")
    if unit == "d" and period == 1:
        return f"{often:g} times a day {days}".strip()
    if unit == "wk" and period == 1:
        return days or f"{often:g} times a week"
    if unit == "h" and often == 1:
        return f"every {period:g} hours"
    units = {"d": "days", "wk": "weeks", "mo": "months"}
    return f"every {period:g} {units[unit]}" if often == 1 and unit in units else (codes[0] if codes else "")


def _day(told: str) -> date | None:
    if re.fullmatch(r"\d{4}", told):
        told = f"{told}-12-31"
    if re.fullmatch(r"\d{4}-\d{2}", told):
        told = f"{told}-28"
    try:
        return date.fromisoformat(told[:10])
    except ValueError:
        return None
