"""Every row of the journal as FHIR: R4 by a parser that is not ours, and what IHE BALP requires of each profile."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import fhirkit
import pytest

from hub.ids import HUB
from hub.record.audit_events import audit_event
from hub.record.journal import Action
from hub.store.audits import Trace

BALP = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit."
CLIENT_ASKS = {"110153": "client", "110152": "server"}
"""Who sends is the source (DICOM 110153), who takes in the destination (110152): of a reading the server sends."""


class Required(NamedTuple):
    """What BALP fixes in a profile: type, one of these subtypes, action, the part of the person, entities."""

    type: str
    subtypes: frozenset[str]
    action: str
    user: str
    entities: frozenset[tuple[str, str]]


PATIENT, DATA, REPORT, QUERY = ("1", "1"), ("2", "4"), ("2", "3"), ("2", "24")


def required(kind: str, subtypes: str, action: str, user: str, *entities: tuple[str, str]) -> Required:
    return Required(kind, frozenset(subtypes.split()), action, user, frozenset(entities))


PROFILES = {
    "PatientRead": required("rest", "read vread", "R", "IRCP", PATIENT, DATA),
    "Read": required("rest", "read vread", "R", "IRCP", DATA),
    "PatientCreate": required("rest", "create", "C", "INF", PATIENT, DATA),
    "Create": required("rest", "create", "C", "INF", DATA),
    "PatientUpdate": required("rest", "update patch", "U", "INF", PATIENT, DATA),
    "Update": required("rest", "update patch", "U", "INF", DATA),
    "PatientQuery": required("rest", "search search-type", "E", "IRCP", PATIENT, QUERY),
    "Query": required("rest", "search search-type", "E", "IRCP", QUERY),
    "PrivacyDisclosure.Source": required("110106", "disclose", "R", "", PATIENT, REPORT),
}

EXAMPLES = {
    "BasicReadServer": "PatientRead", "BasicReadNoPatient": "Read", "BasicCreate1": "PatientCreate",
    "BasicUpdate1": "PatientUpdate", "BasicQueryPost": "PatientQuery", "BasicQueryGetNoPatient": "Query",
    "PrivacyDisclosure-source": "PrivacyDisclosure.Source",
}  # fmt: skip


def a_trace(action: Action, plan: str, **told: Any) -> Trace:
    values: dict[str, Any] = {
        "plan": plan, "seq": 7, "recorded": datetime(2026, 11, 21, 8, 21, 0, 123456, UTC), "actor": "ana",
        "on_behalf_of": "mary", "role": "specialist", "session": "s", "action": action.value, "section": "goals",
        "entry": "e", "field": "due", "event": "entry.edit", "purpose": "treatment", "policy": "1",
        "outcome": "success", "reason": "moved away",
    }  # fmt: skip
    return Trace(**values | told)


def profile_of(event: dict[str, Any]) -> str:
    return next((each.removeprefix(BALP) for each in event.get("meta", {}).get("profile", [])), "")


def missing(event: dict[str, Any], profile: str) -> list[str]:
    """Return what the profile requires and the event lacks."""
    wanted, found = PROFILES[profile], []
    if event["type"]["code"] != wanted.type or event.get("action") != wanted.action:
        found.append("type or action")
    if not wanted.subtypes & {each["code"] for each in event.get("subtype", [])}:
        found.append("subtype")
    if "outcome" not in event or "recorded" not in event:
        found.append("outcome or recorded")
    agents = [
        ({code["code"] for code in each.get("type", {}).get("coding", [])}, each) for each in event.get("agent", [])
    ]
    for role in CLIENT_ASKS:
        if not any(role in codes and each.get("who") and each["requestor"] is False for codes, each in agents):
            found.append(f"agent {CLIENT_ASKS[role]}")
    if not any((not wanted.user or wanted.user in codes) and each["requestor"] for codes, each in agents):
        found.append("user")
    entities = event.get("entity", [])
    held = {(each.get("type", {}).get("code", ""), each.get("role", {}).get("code", "")) for each in entities}
    found += [f"entity {each}" for each in wanted.entities - held]
    if QUERY in wanted.entities and not any(each.get("query") for each in entities):
        found.append("query")
    if not all(each.get("what") or each.get("query") for each in entities):
        found.append("what")
    if not event["source"].get("observer"):
        found.append("observer")
    return found


@pytest.mark.parametrize("plan", ["01a20091-0000-7000-8000-000000000000", HUB])
@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("outcome", ["success", "refused", "failed"])
def test_every_row_is_an_audit_event_with_all_that_its_profile_requires(
    plan: str, action: Action, outcome: str
) -> None:
    bare = {"section": "", "entry": "", "field": "", "event": "", "purpose": "", "policy": "", "reason": ""}
    for told in ({}, bare, {"actor": "", "session": "", "role": "", "on_behalf_of": ""}):
        event: dict[str, Any] = json.loads(
            json.dumps(audit_event(a_trace(action, plan, outcome=outcome, **told), "hub"))
        )

        assert [str(issue) for issue in fhirkit.validate(json.dumps(event))] == []
        profile = profile_of(event)
        assert (missing(event, profile) if profile else []) == [], (profile, event)


def test_each_profile_of_the_record_is_used() -> None:
    used = {profile_of(dict(audit_event(a_trace(action, plan), "hub"))) for action in Action for plan in ("p", HUB)}

    assert used - {""} == set(PROFILES)


@pytest.mark.parametrize("part", ["type", "recorded", "agent", "source"])
def test_the_parser_refuses_what_lacks_an_element_of_r4(part: str) -> None:
    event = dict(audit_event(a_trace(Action.READ, "p"), "hub"))
    del event[part]

    assert any(part in str(issue) for issue in fhirkit.validate(json.dumps(event)))


@pytest.mark.skipif("CAREPLAN_FHIR_EXAMPLES" not in os.environ, reason="needs the example packages")
@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_of_balp_have_what_is_required_here(name: str) -> None:
    folder = Path(os.environ["CAREPLAN_FHIR_EXAMPLES"]) / "ihe-balp-auditevent"
    event = json.loads((folder / f"AuditEvent-ex-audit{name}.json").read_text())

    assert profile_of(event) == EXAMPLES[name]
    assert missing(event, EXAMPLES[name]) == []
