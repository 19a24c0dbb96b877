"""A file of one patient as entries for one plan: who is meant, what each resource says, and a remark for all the rest.

Two readings of the file: the first learns names (people, medicines, whose file it is), the second reads entries. People
are found in the team by our own identifier or by their name; whoever is not found stays in the original, which is kept.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

from auth.roles import Participant, Role
from crdt.characters import visible
from crdt.fields import LINE_CHARACTERS_MAX, TEXT_CHARACTERS_MAX, Field, Form, Kind, Value
from crdt.sections import SECTIONS, Section
from hub.directory.names import search_key
from hub.fhir.elements import list_of, number_of, words_of
from hub.fhir.files import FileOfResources, Located, Remark, original, plain
from hub.fhir.incoming import Incoming, entries_in, key_of, with_readings
from hub.fhir.observing import Measured, measured
from hub.fhir.people import person_in
from hub.fhir.places import Json, get, place_in
from hub.fhir.shapes import section_of
from hub.safety.fhir_charts import medicine_line

RESOURCES_MAX: Final = 50_000
NAMES_MAX: Final = 20_000
YEARS: Final = ("1850", "2200")
"""A date before or after is a placeholder of another system (0001, 9999), and no day of a plan."""

_NAMED: Final = frozenset({"Practitioner", "RelatedPerson", "Organization"})
_NAMED_BY_HAND: Final = frozenset({Section.TRANSITIONS, Section.SOCIAL_NEEDS})
"""A stay without its place, or a need without its domain, is worth asking for it."""

_READ_OTHERWISE: Final = frozenset(
    {
        *(("target", "detailQuantity", each) for each in ("value", "unit", "code", "system", "comparator")),
        *(("reasonCode", each) for each in ("text", "coding")),
        *(("performer", each) for each in ("display", "reference")),
        *(("target", "detailRange", end, each) for end in ("low", "high") for each in ("unit", "code", "system")),
        ("location", "location"),
        ("serviceProvider",),
    }
)
"""What ``_by_other_elements`` reads."""

_CONTEXT: Final[Mapping[str, str]] = {
    **dict.fromkeys(("Patient", "Practitioner", "PractitionerRole", "RelatedPerson"), "Read for names."),
    **dict.fromkeys(("Organization", "Medication", "Location", "HealthcareService"), "Read for names."),
    "CarePlan": "What it names is read where it comes as a resource.",
    "Composition": "What it names is read where it comes as a resource.",
    "List": "What it names is read where it comes as a resource.",
    "CareTeam": "Who takes part in a plan is invited to it.",
}
_IN_ORIGINAL: Final = "It stands in the original."
_KNOWN_ELEMENTS: Final = frozenset(
    """resourceType id meta text identifier extension subject patient for intent status contained implicitRules language
    code category clinicalStatus verificationStatus medicationReference dosageInstruction dosage type class
    medicationCodeableConcept description""".split()  # noqa: SIM905 - words to read.
)


@dataclass(slots=True)
class NamesLearned:
    """What the first reading learned. ``patients``: each Patient's key with family name, date of birth and numbers."""

    names: dict[str, str] = field(default_factory=dict)
    medications: dict[str, Json] = field(default_factory=dict)
    patients: dict[str, "ArrivingPatient"] = field(default_factory=dict)
    subjects: set[str] = field(default_factory=set)
    resources: int = 0


@dataclass(frozen=True, slots=True)
class ArrivingPatient:
    """Whose file it is."""

    family: str
    given: str
    born: str
    numbers: tuple[str, ...]


class SeveralPatientsError(ValueError):
    """The file is of more than one patient; the message says so."""


def learned(file: FileOfResources) -> NamesLearned:
    """Return what a first reading of the file tells.

    Raises:
        SeveralPatientsError: it is of more than one patient.
    """
    known = NamesLearned()
    for located in file.resources():
        known.resources += 1
        resource = located.resource
        kind, key = str(resource["resourceType"]), key_of(resource)
        if kind == "Patient":
            known.patients[key] = _patient(resource)
        elif kind in _NAMED and len(known.names) < NAMES_MAX:
            known.names[key] = _name(resource)
        elif kind == "Medication" and len(known.medications) < NAMES_MAX:
            known.medications[str(resource.get("id", ""))] = plain(resource)
        for name in ("subject", "patient", "for"):
            target = resource.get(name)
            told = target.get("reference") if isinstance(target, dict) else None
            if isinstance(told, str) and len(known.subjects) < 3:
                known.subjects.add(told.removeprefix("urn:uuid:").rpartition("/")[2])
    if len(known.patients) > 1 or len(known.subjects) > 1:
        raise SeveralPatientsError("The file is of more than one patient. Bring in one patient at a time.")
    return known


def _patient(resource: Json) -> ArrivingPatient:
    names = [each for each in list_of(resource, "name") if isinstance(each, dict)]
    first = next((each for each in names if each.get("use") == "official"), names[0] if names else {})
    given = " ".join(each for each in list_of(first, "given") if isinstance(each, str))
    numbers = (each.get("value") for each in list_of(resource, "identifier") if isinstance(each, dict))
    born = resource.get("birthDate")
    return ArrivingPatient(
        family=words_of(first.get("family")) or words_of(first.get("text")) or "",
        given=given,
        born=born if isinstance(born, str) else "",
        numbers=tuple(each for each in numbers if isinstance(each, str)),
    )


def _name(resource: Json) -> str:
    told = resource.get("name")
    for name in told if isinstance(told, list) else [told]:
        if isinstance(name, str):
            return name
        if isinstance(name, dict):
            parts = [*list_of(name, "given"), name.get("family")]
            return words_of(name.get("text")) or " ".join(each for each in parts if isinstance(each, str))
    return ""


@dataclass(frozen=True, slots=True)
class FileReferences:
    """People of the team, found by identifier or name; entries by the key under which they come."""

    known: NamesLearned
    team: Sequence[Participant]

    def person(self, person_id: str) -> Json | None:
        """Return a Reference: asked only to compare what was written with what stands there."""
        return {"reference": person_id}

    def entry(self, entry_id: str) -> Json | None:
        """Return a Reference, as ``person`` does."""
        return {"reference": entry_id}

    def person_of(self, reference: object) -> str | None:
        """Return the member of the team whom it names, ``None`` where that is nobody or not sure."""
        target = str(reference.get("reference") or "") if isinstance(reference, Mapping) else ""
        ours = person_in(reference) or target.rpartition("/")[2]
        if any(each.person_id == ours for each in self.team):
            return ours
        if not isinstance(reference, Mapping):
            return None
        if target.rpartition("/")[0].endswith("Patient") or target.rpartition("/")[2] in self.known.subjects:
            return next((each.person_id for each in self.team if each.role is Role.PATIENT), None)
        name = self.known.names.get(target) or words_of(reference.get("display"))
        found = [each.person_id for each in self.team if name and search_key(each.name) == search_key(name)]
        return found[0] if len(found) == 1 else None

    def entry_of(self, reference: object) -> str | None:
        """Return the key of the resource that it names."""
        target = reference.get("reference") if isinstance(reference, Mapping) else None
        return "/".join(target.rsplit("/", 2)[-2:]) if isinstance(target, str) else None


class Arriving:
    """The second reading. ``remarks`` grow while ``entries`` is run through."""

    def __init__(self, file: FileOfResources, known: NamesLearned, team: Sequence[Participant], source: str) -> None:
        self._file, self._known = file, known
        self._refer = FileReferences(known, team)
        self._source = source
        self.remarks: list[Remark] = []
        self._passed: dict[str, int] = {}

    def entries(self) -> Iterator[Incoming]:
        """Yield the entries that came, the measures with their readings last."""
        measures: list[Incoming] = []
        observations: list[tuple[Mapping[str, Any], Measured]] = []
        for number, located in enumerate(self._file.resources()):
            if number >= RESOURCES_MAX:
                what = f"The file has more than {RESOURCES_MAX:,} resources."
                self.remarks.append(Remark(located.path, "", "", what, "The rest is not read."))
                break
            try:
                for each in self._read(located, observations):
                    if each.section is Section.MONITORING:
                        measures.append(each)
                    else:
                        yield each
            except (AttributeError, KeyError, TypeError, IndexError, ValueError):
                what = "An element does not have the shape that FHIR R4 gives it."
                self.remarks.append(Remark(located.path, key_of(located.resource), "", what, "Left out."))
        for measure in with_readings(measures, observations):
            if not measure.readings and not measure.ours:
                continue
            yield self._cleaned(Located("", dict(measure.resource)), measure)
        for kind, count in sorted(self._passed.items()):
            done = _CONTEXT.get(kind, "A plan has no place for it: left out.")
            self.remarks.append(Remark("", kind, "", f"{count:,} of this kind.", done))

    def _read(self, located: Located, observations: list[tuple[Mapping[str, Any], Measured]]) -> Iterator[Incoming]:
        resource = plain(located.resource)
        if not resource.get("id"):
            resource["id"] = sha256(original(located.resource).encode()).hexdigest()[:32]
        known = section_of(resource)
        if resource["resourceType"] == "Observation" and (
            known is None or not known.ours or "hasMember" not in resource
        ):
            told = list(measured(resource, self._refer))
            observations += [(resource, each) for each in told]
            if not told and not (known and known.ours):
                what = "It holds no number with a name."
                self.remarks.append(Remark(located.path, key_of(resource), "value", what, "Left out."))
            if told or not (known and known.ours):
                return
        if known is None or _wrong(resource):
            self._pass_over(located, resource)
            return
        for each in entries_in(resource, self._refer):
            if not each.ours:
                self._of_others(located, each)
            cleaned = self._cleaned(located, each)
            if each.ours or SECTIONS[each.section].headline in each.values or each.section in _NAMED_BY_HAND:
                yield cleaned
            else:
                what = "It does not say what it is."
                self.remarks.append(Remark(located.path, key_of(each.resource), "", what, "Left out."))

    def _pass_over(self, located: Located, resource: Json) -> None:
        kind = str(resource["resourceType"])
        if _wrong(resource):
            what = "It was entered in error, or refuted."
            self.remarks.append(Remark(located.path, key_of(resource), "", what, "Left out."))
            return
        self._passed[kind] = self._passed.get(kind, 0) + 1

    def _of_others(self, located: Located, each: Incoming) -> None:
        kind = str(each.resource["resourceType"])
        if kind in ("MedicationRequest", "MedicationStatement"):
            line = medicine_line(each.resource, self._known.medications)
            told = {"name": line.name, "rxcui": line.codes[0] if line.codes else "", "frequency": line.dose}
            each.values.pop("frequency", None)
            each.values |= {"kind": "medicine", **{name: value for name, value in told.items() if value}}
        each.values |= {
            name: told
            for name, told in _by_other_elements(each, self._known.names)
            if name not in each.values and told != ""
        }
        for declared in SECTIONS[each.section].fields:
            place = place_in(declared, kind, SECTIONS[each.section].fhir)
            if place is not None and declared.name not in each.values and get(each.resource, place):
                what = f"{place} says nothing that can be read as {declared.label}."
                self.remarks.append(Remark(located.path, key_of(each.resource), str(place), what, _IN_ORIGINAL))
        left = sorted(unread(each.section, kind, each.resource))
        if left:
            what = f"Not read: {', '.join(left)}."
            self.remarks.append(Remark(located.path, key_of(each.resource), "", what, _IN_ORIGINAL))

    def _cleaned(self, located: Located, each: Incoming) -> Incoming:
        for name, value in list(each.values.items()):
            declared = SECTIONS[each.section].field(name)
            assert declared is not None, "only declared fields are read"
            kept, fault = _kept(declared, value)
            if fault:
                self.remarks.append(Remark(located.path, each.key, declared.label, fault, "Left out."))
            if kept is None:
                del each.values[name]
            else:
                each.values[name] = kept
        each.key = f"{self._source}|{each.key}"
        return each


def _by_other_elements(each: Incoming, names: Mapping[str, str]) -> Iterator[tuple[str, Value]]:
    """Yield what others say in elements that this hub does not write."""
    resource = each.resource
    what = words_of(resource.get("code")) or ""
    if each.section is Section.REFERRALS:
        reasons = [words_of(reason) or "" for reason in list_of(resource, "reasonCode")]
        yield "to", next((told for told in map(words_of, list_of(resource, "performer")) if told), what)
        yield "question", ": ".join(told for told in (what, *reasons) if told)
    elif each.section is Section.GOALS:
        yield from _target(resource)
    elif each.section is Section.TASKS:
        yield "title", what
    elif each.section is Section.TRANSITIONS:
        provider = resource.get("serviceProvider")
        reference = str(provider.get("reference", "")) if isinstance(provider, Mapping) else ""
        places = [place.get("location") for place in list_of(resource, "location") if isinstance(place, Mapping)]
        told = [names.get(reference, ""), *(words_of(place) or "" for place in places)]
        yield "facility", next((name for name in told if name), "")


def _target(resource: Mapping[str, Any]) -> Iterator[tuple[str, Value]]:
    """Yield the target that a Quantity says: below, above, or exactly this."""
    first = next((each for each in list_of(resource, "target") if isinstance(each, Mapping)), {})
    quantity = first.get("detailQuantity")
    if not isinstance(quantity, Mapping):
        return
    value, comparator = number_of(quantity.get("value")), str(quantity.get("comparator", ""))
    if value is not None and not comparator.startswith(">"):
        yield "target_high", value
    if value is not None and not comparator.startswith("<"):
        yield "target_low", value
    yield "unit", words_of(quantity.get("unit")) or words_of(quantity.get("code")) or ""


def _wrong(resource: Mapping[str, Any]) -> bool:
    told = words_of(resource.get("verificationStatus")) or ""
    codes = {
        str(each.get("code"))
        for each in list_of(resource.get("verificationStatus"), "coding")
        if isinstance(each, dict)
    }
    return resource.get("status") == "entered-in-error" or bool({told, *codes} & {"entered-in-error", "refuted"})


def unread(section: Section, kind: str, resource: Mapping[str, Any]) -> set[str]:
    """Return the paths of elements that no field was read from."""
    places = (place_in(each, kind, SECTIONS[section].fhir) for each in SECTIONS[section].fields)
    read = {tuple(name for name, _ in place.steps) for place in places if place is not None} | _READ_OTHERWISE
    ahead = {path[:length] for path in read for length in range(1, len(path))}
    found: set[str] = set()

    def walk(element: object, path: tuple[str, ...]) -> None:
        if isinstance(element, list):
            for item in element:
                walk(item, path)
        elif any(path[:length] in read for length in range(1, len(path) + 1)):
            return
        elif isinstance(element, Mapping) and (not path or path in ahead):
            for name, value in element.items():
                if path or name not in _KNOWN_ELEMENTS:
                    walk(value, (*path, name))
        else:
            found.add(".".join(path))

    walk(resource, ())
    return found


def _kept(declared: Field, value: Value) -> tuple[Value, str]:
    """Return a value as the field may hold it, ``None`` where it may not, and what is wrong with it."""
    if declared.kind is Kind.LOG:
        return value, ""
    if declared.kind is Kind.SET and isinstance(value, Mapping):
        wrong = [fault for each in value if declared.form is not Form.ENTRY and (fault := declared.fault(each))]
        good = {each: True for each in value if declared.form is Form.ENTRY or not declared.fault(each)}
        return good or None, wrong[0] if wrong else ""
    if isinstance(value, Mapping):
        return None, "It is no single value."
    if isinstance(value, str):
        return _kept_words(declared, value)
    return (None, fault) if (fault := declared.fault(value)) else (value, "")


def _kept_words(declared: Field, value: str) -> tuple[Value, str]:
    told = visible(value).strip()
    if declared.form in (Form.DATE, Form.INSTANT) and not YEARS[0] <= told[:4] <= YEARS[1]:
        return None, f"{told[:10]} is no day of a plan."
    if declared.form is Form.ENTRY:
        return told, ""
    if declared.kind is Kind.TEXT:
        long = len(told) > TEXT_CHARACTERS_MAX
        return (None, f"It is over {TEXT_CHARACTERS_MAX:,} characters.") if long else (told or None, "")
    told = " ".join(told.split())
    if len(told) > LINE_CHARACTERS_MAX:
        return None, f"It is over {LINE_CHARACTERS_MAX} characters."
    fault = declared.fault(told)
    return (None, fault) if fault else (told or None, "")
