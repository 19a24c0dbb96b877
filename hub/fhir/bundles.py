"""A whole plan, as far as one reader may see it, as resources of R4 and as one document Bundle."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final
from xml.sax.saxutils import escape

from auth.decisions import fields_visible, sections_readable
from auth.roles import Participant
from crdt.contents import EntryContent, SectionContent
from crdt.sections import SECTIONS, Section
from hub.fhir.codes import LOINC
from hub.fhir.entries import resource_of
from hub.fhir.observing import reading_resource
from hub.fhir.people import (
    PlanReferences,
    Subject,
    organisation_resource,
    patient_resource,
    person_resources,
)
from hub.fhir.places import Json
from hub.fhir.shapes import SECTION_TAG, type_of
from hub.live.commands import PlanContent
from hub.workflows.contents import active, headline, records
from hub.workflows.grants import visible

JOURNAL_ROW: Final = "urn:careplan-hub:journal"
_HL7: Final = "http://terminology.hl7.org/CodeSystem/"
_ACTIVITIES: Final = (Section.TASKS, Section.REFERRALS)
_NAMED_BY_ELEMENTS: Final = frozenset({Section.CONDITIONS, Section.GOALS, Section.CARE_TEAM, *_ACTIVITIES})


@dataclass(frozen=True, slots=True)
class ChangedLast:
    """Who changed an entry last, when, and which row of the plan's journal says so."""

    person: str
    recorded: datetime
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """What leaves: the content that its reader may see (``seen_by``), whom it is about and who takes part."""

    content: PlanContent
    subject: Subject
    people: Sequence[Participant]
    base: str
    """Where this hub's resources stand, as in ``https://hub.example/fhir``; full addresses begin with it."""
    changes: Mapping[tuple[Section, str], ChangedLast] = field(default_factory=dict)


def seen_by(plan: PlanContent, reader: Participant, now: datetime) -> PlanContent:
    """Return the plan with nothing but the standing entries and fields that the person may see."""
    sections: dict[Section, SectionContent] = {}
    for section in sorted(sections_readable(reader, now)):
        fields = fields_visible(reader, section, now)
        entries = {entry.id: _fields_of(entry, fields) for entry in visible(plan, reader, section, now)}
        sections[section] = SectionContent(MappingProxyType(entries))
    return replace(plan, sections=sections)


def _fields_of(entry: EntryContent, fields: frozenset[str]) -> EntryContent:
    values = {name: value for name, value in entry.values.items() if name in fields}
    return EntryContent(entry.id, MappingProxyType(values), entry.creator)


def resources(leaving: Leaving, kinds: frozenset[str] | None = None) -> list[Json]:
    """Return the plan as resources: the patient and the people first, then CarePlan, then the sections in order.

    ``kinds`` are the types that are wanted, ``None`` for all: what is not wanted is not made.
    """
    plan, subject = leaving.content, leaving.subject
    standing = {section: active(plan, section) for section in Section}
    types = {
        entry.id: type_of(section, entry.values)
        for section, entries in standing.items()
        for entry in entries
        if section is not Section.CARE_TEAM
    }
    refer = PlanReferences({each.person_id: each for each in leaving.people}, subject.patient_id, types)
    patient = {"reference": f"Patient/{subject.patient_id}", "display": f"{subject.given} {subject.family}".strip()}
    told: list[Json] = [patient_resource(subject)]
    told += [each for each in (organisation_resource(subject),) if each is not None]
    told += person_resources(leaving.people, subject)
    body: list[Json] = []
    for section in Section:
        if section is Section.CARE_TEAM:
            body += _care_team(plan.plan_id, standing[section], patient, refer)
            continue
        for entry in standing[section]:
            if kinds is not None and types[entry.id] not in kinds:
                continue
            body.append(resource_of(section, entry.id, entry.values, patient, refer))
            if section is Section.MONITORING:
                code = body[-1]["code"]
                body += [
                    reading_resource(key, record, code, patient, refer)
                    for key, record in records(entry.values, "readings").items()
                ]
    told.append(_care_plan(plan, standing, types, patient, bool(standing[Section.CARE_TEAM])))
    told += body
    told += _medicine_list(plan.plan_id, standing[Section.MEDICATIONS], patient)
    told += _provenances(leaving, types, refer)
    return told if kinds is None else [each for each in told if each["resourceType"] in kinds]


def _care_team(plan_id: str, entries: Sequence[EntryContent], patient: Json, refer: PlanReferences) -> list[Json]:
    if not entries:
        return []
    members: list[Json] = []
    for entry in entries:
        member = resource_of(Section.CARE_TEAM, entry.id, entry.values, patient, refer)
        members.append({name: member[name] for name in ("id", "extension", "member", "role") if name in member})
    return [
        {
            "resourceType": "CareTeam",
            "id": f"{plan_id}-team",
            "meta": {"tag": [{"system": SECTION_TAG, "code": Section.CARE_TEAM.value}]},
            "status": "active",
            "name": SECTIONS[Section.CARE_TEAM].title,
            "subject": patient,
            "participant": members,
        }
    ]


def _care_plan(
    plan: PlanContent,
    standing: Mapping[Section, Sequence[EntryContent]],
    types: Mapping[str, str],
    patient: Json,
    team: bool,
) -> Json:
    def references(section: Section) -> list[Json]:
        return [{"reference": f"{types[entry.id]}/{entry.id}"} for entry in standing[section]]

    made: Json = {
        "resourceType": "CarePlan",
        "id": plan.plan_id,
        "status": "active",
        "intent": "plan",
        "category": [
            {
                "coding": [
                    {"system": "http://hl7.org/fhir/us/core/CodeSystem/careplan-category", "code": "assess-plan"}
                ],
                "text": "care plan",
            }
        ],
        "title": "Shared care plan",
        "subject": patient,
        "careTeam": [{"reference": f"CareTeam/{plan.plan_id}-team"}] if team else [],
        "addresses": references(Section.CONDITIONS),
        "goal": references(Section.GOALS),
        "activity": [{"reference": each} for section in _ACTIVITIES for each in references(section)],
        "supportingInfo": [
            each for section in Section if section not in _NAMED_BY_ELEMENTS for each in references(section)
        ],
    }
    return {name: value for name, value in made.items() if value != []}


def _medicine_list(plan_id: str, entries: Sequence[EntryContent], patient: Json) -> list[Json]:
    medicines = [entry for entry in entries if type_of(Section.MEDICATIONS, entry.values) == "MedicationStatement"]
    if not medicines:
        return []
    return [
        {
            "resourceType": "List",
            "id": f"{plan_id}-medicines",
            "status": "current",
            "mode": "working",
            "title": "Medicines",
            "code": {"coding": [{"system": LOINC, "code": "10160-0"}]},
            "subject": patient,
            "entry": [{"item": {"reference": f"MedicationStatement/{entry.id}"}} for entry in medicines],
        }
    ]


def _provenances(leaving: Leaving, types: Mapping[str, str], refer: PlanReferences) -> list[Json]:
    found: list[Json] = []
    for (_, entry), change in leaving.changes.items():
        who = refer.person(change.person)
        if entry not in types or who is None:
            continue
        author = {"coding": [{"system": _HL7 + "provenance-participant-type", "code": "author"}]}
        row = {"system": JOURNAL_ROW, "value": f"{leaving.content.plan_id}:{change.seq}"}
        found.append(
            {
                "resourceType": "Provenance",
                "id": f"{entry}-last",
                "target": [{"reference": f"{types[entry]}/{entry}"}],
                "recorded": _instant(change.recorded),
                "activity": {"coding": [{"system": _HL7 + "v3-DataOperation", "code": "UPDATE"}]},
                "agent": [{"type": author, "who": who}],
                "entity": [{"role": "source", "what": {"identifier": row}}],
            }
        )
    return found


def _instant(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def document(leaving: Leaving, author: Participant | None, now: datetime, document_id: str) -> Json:
    """Return the plan as a document Bundle, whose Composition names who had it made."""
    told = resources(leaving)
    patient = {"reference": f"Patient/{leaving.subject.patient_id}"}
    refer = PlanReferences({each.person_id: each for each in leaving.people}, leaving.subject.patient_id)
    composition: Json = {
        "resourceType": "Composition",
        "id": document_id,
        "status": "final",
        "type": {"coding": [{"system": LOINC, "code": "18776-5"}], "text": "Plan of care note"},
        "subject": patient,
        "date": _instant(now),
        "author": [refer.person(author.person_id) if author is not None else {"display": "careplan-hub"}],
        "title": "Shared care plan",
        "section": list(_sections(leaving.content, told)),
    }
    if not composition["section"]:
        composition["section"] = [{"title": "Plan", "text": _narrative(["Nothing is recorded yet."])}]
    return {
        "resourceType": "Bundle",
        "id": document_id,
        "type": "document",
        "identifier": {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{document_id}"},
        "timestamp": _instant(now),
        "entry": [entry_of(leaving.base, each) for each in (composition, *told)],
    }


def entry_of(base: str, resource: Json) -> Json:
    """Return a resource as an entry of a Bundle, under its full address."""
    return {"fullUrl": f"{base}/{resource['resourceType']}/{resource['id']}", "resource": resource}


def _sections(plan: PlanContent, told: Sequence[Mapping[str, Any]]) -> Iterable[Json]:
    by_section: dict[str, list[Json]] = {}
    for resource in told:
        for tag in resource.get("meta", {}).get("tag", []):
            reference = {"reference": f"{resource['resourceType']}/{resource['id']}"}
            by_section.setdefault(tag["code"].partition(":")[0], []).append(reference)
    for section in Section:
        if section.value not in by_section:
            continue
        declaration = SECTIONS[section]
        made: Json = {"title": declaration.title}
        if declaration.loinc:
            made["code"] = {"coding": [{"system": LOINC, "code": declaration.loinc[0]}], "text": declaration.title}
        made["text"] = _narrative([headline(section, entry) for entry in active(plan, section)])
        made["entry"] = by_section[section.value]
        yield made


def _narrative(lines: Sequence[str]) -> Json:
    items = "".join(f"<li>{escape(_printable(line))}</li>" for line in lines)
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml"><ul>{items}</ul></div>'}


def _printable(line: str) -> str:
    return "".join(each for each in line if each.isprintable() or each == " ")
