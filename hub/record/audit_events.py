"""Rows of the journal as FHIR R4 ``AuditEvent`` in the shapes of IHE BALP (Basic Audit Log Patterns).

Pure: a trace in, a resource out. People and plans are named by their ids, patients by that of their plan: who may
know the names has the directory.
"""

from collections.abc import Mapping
from datetime import UTC
from typing import Final, NamedTuple, TypeAlias

from hub.ids import HUB
from hub.record.journal import Action
from hub.store.audits import Trace

Resource: TypeAlias = dict[str, object]

_BALP: Final = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit."
_EVENT: Final = "http://terminology.hl7.org/CodeSystem/audit-event-type"
_REST: Final = "http://hl7.org/fhir/restful-interaction"
_DICOM: Final = "http://dicom.nema.org/resources/ontology/DCM"
_LIFECYCLE: Final = "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle"
_PARTICIPATION: Final = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
_ENTITY: Final = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
_OBJECT: Final = "http://terminology.hl7.org/CodeSystem/object-role"
_SOURCE: Final = "http://terminology.hl7.org/CodeSystem/security-source-type"
_OURS: Final = "urn:careplan-hub:event"


class Coding(NamedTuple):
    """A code of a system with its words."""

    system: str
    code: str
    display: str


class Shape(NamedTuple):
    """How an action is told: profile (of a patient's record, of another), type, subtypes, CRUDE letter."""

    of_patient: str
    of_other: str
    type: Coding
    subtypes: tuple[Coding, ...]
    action: str


_REST_TYPE: Final = Coding(_EVENT, "rest", "Restful Operation")
_READ: Final = Coding(_REST, "read", "read")
_ATTRIBUTES: Final = Coding(_DICOM, "110113", "Security Alert")
_ROLES: Final = Coding(_DICOM, "110136", "Security Roles Changed")
_SIGN: Final = Coding(_DICOM, "110114", "User Authentication")
_UPDATE: Final = Shape("PatientUpdate", "Update", _REST_TYPE, (Coding(_REST, "update", "update"),), "U")
_EXPORT: Final = Coding(_DICOM, "110106", "Export")
_DISCLOSE: Final = Coding(_LIFECYCLE, "disclose", "Disclose Record Lifecycle Event")
_ACCESS: Final = Shape("", "", _ATTRIBUTES, (_ROLES,), "E")

SHAPES: Final[Mapping[str, Shape]] = {
    Action.EDIT: _UPDATE,
    Action.COMMAND: _UPDATE,
    Action.IMPORT: _UPDATE,
    Action.READ: Shape("PatientRead", "Read", _REST_TYPE, (_READ,), "R"),
    Action.CREATE: Shape("PatientCreate", "Create", _REST_TYPE, (Coding(_REST, "create", "create"),), "C"),
    Action.SEARCH: Shape("PatientQuery", "Query", _REST_TYPE, (Coding(_REST, "search", "search"),), "E"),
    Action.EXPORT: Shape("PrivacyDisclosure.Source", "", _EXPORT, (_DISCLOSE, _READ), "R"),
    Action.DISCLOSE: Shape("PrivacyDisclosure.Source", "", _EXPORT, (_DISCLOSE, _READ), "R"),
    Action.SIGN_IN: Shape("", "", _SIGN, (Coding(_DICOM, "110122", "Login"),), "E"),
    Action.SIGN_OUT: Shape("", "", _SIGN, (Coding(_DICOM, "110123", "Logout"),), "E"),
    Action.BREAK_GLASS: Shape(
        "", "", _ATTRIBUTES, (Coding(_DICOM, "110127", "Emergency Override Started"),), "E"
    ),
}  # fmt: skip
"""Everything else is a change of who may do what, or a refusal of one."""

_OUTCOMES: Final = {"success": "0", "refused": "4", "failed": "8"}


def audit_event(trace: Trace, site: str) -> Resource:
    """Return the row as an ``AuditEvent``; ``site`` names the hub that keeps the record."""
    shape = SHAPES.get(trace.action, _ACCESS)
    of_patient = trace.plan != HUB
    profile = shape.of_patient if of_patient else shape.of_other
    event: Resource = {"resourceType": "AuditEvent", "id": f"{trace.plan}-{trace.seq}"}
    if profile:
        event["meta"] = {"profile": [_BALP + profile]}
    subtypes = [*shape.subtypes, *([Coding(_OURS, trace.event, "")] if trace.event else [])]
    event |= {
        "type": _coded(shape.type),
        "subtype": [_coded(each) for each in subtypes],
        "action": shape.action,
        "recorded": trace.recorded.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "outcome": _OUTCOMES[trace.outcome],
    }
    if trace.reason:
        event["outcomeDesc"] = trace.reason
    if trace.purpose:
        event["purposeOfEvent"] = [{"text": trace.purpose}]
    event |= {
        "agent": _agents(trace, shape, site),
        "source": {
            "site": site,
            "observer": {"display": "careplan-hub"},
            "type": [_coded(Coding(_SOURCE, "4", "Application Server"))],
        },
    }
    if entities := _entities(trace, of_patient, profile):
        event["entity"] = entities
    return event


def _agents(trace: Trace, shape: Shape, site: str) -> list[Resource]:
    reads = shape.action == "R"
    server, browser = ("110153", "110152") if reads else ("110152", "110153")
    names = {"110153": "Source Role ID", "110152": "Destination Role ID"}
    person: Resource = {"identifier": {"value": trace.actor}} if trace.actor else {"display": "careplan-hub"}
    user: Resource = {
        "type": _concept(
            Coding(_PARTICIPATION, "IRCP", "information recipient")
            if reads or trace.action == Action.SEARCH
            else Coding(_PARTICIPATION, "INF", "informant")
        ),
        "who": person,
        "requestor": True,
    }
    if trace.role:
        user["role"] = [{"text": trace.role}]
    if trace.policy:
        user["policy"] = [f"urn:careplan-hub:policy:{trace.policy}"]
    session: Resource = {"identifier": {"value": trace.session}} if trace.session else {"display": "careplan-hub"}
    agents: list[Resource] = [
        {"type": _concept(Coding(_DICOM, server, names[server])), "who": {"display": site}, "requestor": False},
        {"type": _concept(Coding(_DICOM, browser, names[browser])), "who": session, "requestor": False},
        user,
    ]
    if trace.on_behalf_of:
        agents.append({"who": {"identifier": {"value": trace.on_behalf_of}}, "requestor": False})
    return agents


def _entities(trace: Trace, of_patient: bool, profile: str) -> list[Resource]:
    entities: list[Resource] = []
    if of_patient:
        entities.append(
            {
                "what": {"identifier": {"value": trace.plan}},
                "type": _coded(Coding(_ENTITY, "1", "Person")),
                "role": _coded(Coding(_OBJECT, "1", "Patient")),
            }
        )
    path = "/".join(part for part in (trace.section, trace.entry, trace.field) if part)
    if trace.action == Action.SEARCH:
        entities.append(_object("24", "Query", path or "journal") | {"query": "am91cm5hbA=="})
    elif trace.action in (Action.EXPORT, Action.DISCLOSE):
        entities.append(_object("3", "Report", path or "plan"))
    elif path or profile:
        entities.append(_object("4", "Domain Resource", path or ("plan" if of_patient else "hub")))
    return entities


def _object(role: str, words: str, path: str) -> Resource:
    return {
        "what": {"identifier": {"value": path}},
        "type": _coded(Coding(_ENTITY, "2", "System Object")),
        "role": _coded(Coding(_OBJECT, role, words)),
    }


def _coded(coding: Coding) -> Resource:
    told: Resource = {"system": coding.system, "code": coding.code}
    return told | ({"display": coding.display} if coding.display else {})


def _concept(coding: Coding) -> Resource:
    return {"coding": [_coded(coding)]}
