"""What the API says of itself: the CapabilityStatement and the SMART configuration, made from the tables it goes by."""

from typing import Final

from auth.machine_sight import CLOSED, types_of
from crdt.sections import Section
from hub.fhir.parameters import PARAMETERS, ParameterKind
from hub.fhir.places import Json

SINCE: Final = "2026-11-28"

_NOT_WRITTEN: Final = CLOSED | {Section.CARE_TEAM, Section.HUDDLES, Section.TRANSITIONS}
"""Who takes part is invited; a huddle is held; a stay is told by a hospital (``$process-message``)."""

WRITABLE: Final = frozenset(
    {kind for section in Section if section not in _NOT_WRITTEN for kind in types_of(section)} | {"MedicationRequest"}
)
"""Types that may be written. A MedicationRequest becomes a MedicationStatement of the plan."""

VERSIONED: Final = frozenset(kind for section in Section if section not in CLOSED for kind in types_of(section))
"""Types of which versions are kept: those that are entries or readings."""
_MESSAGES: Final = "http://hl7.org/fhir/OperationDefinition/MessageHeader-"
_REPORT: Final[Json] = {
    "type": "DiagnosticReport",
    "interaction": [{"code": "create"}],
    "documentation": "A result that is waited for. It is kept, answered 202, and closes the line of its stay.",
}
_OAUTH: Final = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"


def capability(base: str, token_address: str, authorize_address: str) -> Json:
    """Return the CapabilityStatement of the hub at ``base``."""
    security: Json = {
        "cors": True,
        "service": [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/restful-security-service",
                        "code": "SMART-on-FHIR",
                    }
                ]
            }
        ],
        "description": "A token of an administrator, SMART Backend Services, or an app that a person gives access.",
    }
    told = [("token", token_address), ("authorize", authorize_address)]
    security["extension"] = [
        {"url": _OAUTH, "extension": [{"url": name, "valueUri": address} for name, address in told]}
    ]
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": SINCE,
        "kind": "instance",
        "software": {"name": "careplan-hub"},
        "implementation": {"description": "Shared care plans", "url": base},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "json"],
        "patchFormat": ["application/json-patch+json"],
        "rest": [
            {
                "mode": "server",
                "security": security,
                "resource": [*(_resource(kind) for kind in sorted(PARAMETERS)), _REPORT],
                "operation": [{"name": "process-message", "definition": f"{_MESSAGES}process-message"}],
            }
        ],
    }


def _resource(kind: str) -> Json:
    parameters = PARAMETERS[kind]
    made: Json = {
        "type": kind,
        "interaction": [{"code": each} for each in _interactions(kind)],
        "versioning": "versioned-update" if kind in WRITABLE else "versioned",
        "readHistory": kind in VERSIONED,
        "updateCreate": False,
        "conditionalCreate": kind in WRITABLE,
        "searchParam": [{"name": each.name, "type": each.kind.value} for each in parameters.values()],
    }
    named = [each.name for each in parameters.values() if each.kind is ParameterKind.REFERENCE]
    if named:
        made["searchInclude"] = [f"{kind}:{name}" for name in named]
    reverse = [
        f"{source}:{each.name}"
        for source, others in sorted(PARAMETERS.items())
        for each in others.values()
        if each.kind is ParameterKind.REFERENCE and source != kind
    ]
    made["searchRevInclude"] = reverse
    operations = {
        "Patient": ("everything", "http://hl7.org/fhir/OperationDefinition/Patient-everything"),
        "CarePlan": ("document", "urn:careplan-hub:operation:CarePlan-document"),
    }
    if kind in operations:
        name, definition = operations[kind]
        made["operation"] = [{"name": name, "definition": definition}]
    return made


def _interactions(kind: str) -> list[str]:
    kept = ["vread", "history-instance"] if kind in VERSIONED else []
    return ["read", "search-type", *kept, *(["create", "update", "patch"] if kind in WRITABLE else [])]


def smart_configuration(token_address: str, authorize_address: str, apps_address: str) -> Json:
    """Return what ``.well-known/smart-configuration`` says; ``apps_address`` is where people end what they gave."""
    systems = [f"system/{kind}.{'crus' if kind in WRITABLE else 'rs'}" for kind in sorted(PARAMETERS)]
    people = [f"{level}/{kind}.rs" for level in ("patient", "user") for kind in sorted(PARAMETERS)]
    return {
        "authorization_endpoint": authorize_address,
        "token_endpoint": token_address,
        "management_endpoint": apps_address,
        "token_endpoint_auth_methods_supported": ["private_key_jwt", "client_secret_basic", "none"],
        "token_endpoint_auth_signing_alg_values_supported": ["RS384", "ES384"],
        "response_types_supported": ["code"],
        "code_challenge_methods_supported": ["S256"],
        "grant_types_supported": ["client_credentials", "authorization_code", "refresh_token"],
        "scopes_supported": ["launch/patient", "offline_access", *people, *systems, "system/DiagnosticReport.c"],
        "capabilities": [
            "launch-standalone",
            "context-standalone-patient",
            "client-public",
            "client-confidential-symmetric",
            "client-confidential-asymmetric",
            "permission-patient",
            "permission-user",
            "permission-offline",
            "permission-v1",
            "permission-v2",
        ],
    }
