"""The patient, the team, the family and the organisation as resources, and the names by which resources know them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from auth.roles import PATIENT_SIDE, Participant, Role
from hub.fhir.places import Json

PERSON: Final = "urn:careplan-hub:person"
NUMBER: Final = "urn:careplan-hub:number"
_GENDERS: Final = frozenset({"male", "female", "other", "unknown"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Whom the plan is for, as its resources name them. ``patient_id`` is the id of the Patient resource."""

    patient_id: str
    family: str
    given: str
    born: str = ""
    """As much as is known, as in ``1956-05``."""
    gender: str = "unknown"
    numbers: tuple[tuple[str, str], ...] = ()
    """System and value of each number; a system that is no address is said in words."""
    language: str = ""
    phone: str = ""
    person: str = ""
    """The patient's own person, where they sign in."""
    organisation_id: str = ""
    organisation: str = ""


def patient_resource(subject: Subject) -> Json:
    """Return the Patient, with what US Core asks of one where it is known."""
    name = {"use": "official", "family": subject.family, "given": subject.given.split() or None}
    resource: Json = {
        "resourceType": "Patient",
        "id": subject.patient_id,
        "name": [{key: value for key, value in name.items() if value}],
        "gender": subject.gender if subject.gender in _GENDERS else "other",
    }
    if subject.numbers:
        resource["identifier"] = [_identifier(system, value) for system, value in subject.numbers]
    if subject.born:
        resource["birthDate"] = subject.born
    if subject.phone:
        resource["telecom"] = [{"system": "phone", "value": subject.phone}]
    if subject.language:
        coding = {"system": "urn:ietf:bcp:47", "code": subject.language}
        resource["communication"] = [{"language": {"coding": [coding]}, "preferred": True}]
    if subject.organisation_id:
        resource["managingOrganization"] = _organisation_reference(subject)
    return resource


def _identifier(system: str, value: str) -> Json:
    if ":" in system and " " not in system:
        return {"system": system, "value": value}
    return {"system": NUMBER, "value": value, **({"type": {"text": system}} if system else {})}


def organisation_resource(subject: Subject) -> Json | None:
    """Return the plan's home organisation, ``None`` where it is not named."""
    if not subject.organisation_id:
        return None
    return {
        "resourceType": "Organization",
        "id": subject.organisation_id,
        "active": True,
        "name": subject.organisation or "Home organisation",
    }


def _organisation_reference(subject: Subject) -> Json:
    return {"reference": f"Organization/{subject.organisation_id}", "display": subject.organisation or "Home"}


def person_resources(people: Sequence[Participant], subject: Subject) -> list[Json]:
    """Return everyone who takes part: RelatedPersons of the family, and of the others Practitioner and role."""
    patient = {"reference": f"Patient/{subject.patient_id}"}
    found: list[Json] = []
    for person in people:
        identity = {"identifier": [{"system": PERSON, "value": person.person_id}], "name": [{"text": person.name}]}
        match person.role:
            case Role.PATIENT:
                continue
            case Role.FAMILY | Role.GUARDIAN:
                related: Json = {"resourceType": "RelatedPerson", "id": person.person_id, **identity}
                related["patient"] = patient
                if person.profession:
                    related["relationship"] = [{"text": person.profession}]
                found.append(related)
            case _:
                found.append({"resourceType": "Practitioner", "id": person.person_id, **identity})
                found.append(_practitioner_role(person, subject))
    return found


def _practitioner_role(person: Participant, subject: Subject) -> Json:
    role: Json = {
        "resourceType": "PractitionerRole",
        "id": f"{person.person_id}-role",
        "practitioner": {"reference": f"Practitioner/{person.person_id}", "display": person.name},
        "code": [{"text": person.role.value.replace("_", " ")}],
    }
    if person.profession:
        role["specialty"] = [{"text": person.profession}]
    if subject.organisation_id:
        role["organization"] = _organisation_reference(subject)
    return role


@dataclass(frozen=True, slots=True)
class PlanReferences:
    """Names people and entries of one plan as it leaves: entries only where they leave as well."""

    people: Mapping[str, Participant]
    patient_id: str
    types: Mapping[str, str] = field(default_factory=dict)
    """The type of the resource of each entry that leaves."""

    def person(self, person_id: str) -> Json | None:
        """Return the Reference, by id alone for someone who is no member any more."""
        identifier = {"system": PERSON, "value": person_id}
        known = self.people.get(person_id)
        if known is None:
            return {"identifier": identifier, "display": "someone who is not in this plan"}
        kind = "RelatedPerson" if known.role in PATIENT_SIDE else "Practitioner"
        kind = "Patient" if known.role is Role.PATIENT else kind
        target = self.patient_id if known.role is Role.PATIENT else person_id
        return {"reference": f"{kind}/{target}", "identifier": identifier, "display": known.name}

    def entry(self, entry_id: str) -> Json | None:
        """Return the Reference to an entry that leaves; a care team's member is in no reference."""
        kind = self.types.get(entry_id, "")
        return {"reference": f"{kind}/{entry_id}"} if kind and "." not in kind else None

    def person_of(self, reference: object) -> str | None:
        """Return the id that our identifier says."""
        return person_in(reference)

    def entry_of(self, reference: object) -> str | None:
        """Return the id at the end of the Reference."""
        target = reference.get("reference") if isinstance(reference, Mapping) else None
        return target.rsplit("/", 1)[-1] if isinstance(target, str) else None


def person_in(reference: object) -> str | None:
    """Return the id of a person of a hub like this one that a Reference says, ``None`` where it says none."""
    identifier = reference.get("identifier") if isinstance(reference, Mapping) else None
    if not isinstance(identifier, Mapping) or identifier.get("system") != PERSON:
        return None
    value = identifier.get("value")
    return value if isinstance(value, str) else None
