"""Rows of the journal as files for others: CSV, NDJSON, FHIR. A trace is a line, so that files of any length stream.

A file goes with a detached signature (Ed25519, 64 bytes) and the public key; ``HOW_TO_CHECK`` says how anyone checks
it without the hub.
"""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

import msgspec

from hub.record.audit_events import audit_event
from hub.store.audits import Trace
from hub.store.suspicions import DormantGrant


class Format(StrEnum):
    """What a file of traces is."""

    CSV = "csv"
    NDJSON = "ndjson"
    FHIR = "fhir"


ENDINGS: Final[Mapping[Format, str]] = {Format.CSV: "csv", Format.NDJSON: "ndjson", Format.FHIR: "fhir.ndjson"}

HOW_TO_CHECK: Final = """This file was signed with the hub's Ed25519 key. To check it, with OpenSSL 3 alone:

    openssl pkeyutl -verify -pubin -inkey key.pub.pem -rawin -in {file} -sigfile {file}.sig

"Signature Verified Successfully" means: not one byte was changed since the hub wrote it. Compare key.pub.pem with the
key that the hub's operator publishes; the same key signs the checkpoints of the journal.
"""

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_GRANT_COLUMNS: Final = ("patient", "who", "plan", "person", "role", "since", "last_read")
_COLUMNS: Final = ("recorded", "patient", "who", *(name for name in Trace.__struct_fields__ if name != "recorded"))


@dataclass(frozen=True, slots=True)
class Names:
    """Names for ids, where the reader may know them."""

    people: Mapping[str, str] = field(default_factory=dict)
    patients: Mapping[str, str] = field(default_factory=dict)


def preface(form: Format) -> bytes:
    """Return what stands before the first line."""
    return _line(list(_COLUMNS)) if form is Format.CSV else b""


def line(form: Format, trace: Trace, names: Names, site: str) -> bytes:
    """Return a trace as a line of the file."""
    if form is Format.FHIR:
        return msgspec.json.encode(audit_event(trace, site)) + b"\n"
    told = {"recorded": _instant(trace.recorded)}
    told |= {"patient": names.patients.get(trace.plan, ""), "who": names.people.get(trace.actor, "")}
    values = [told[name] if name in told else getattr(trace, name) for name in _COLUMNS]
    if form is Format.NDJSON:
        return msgspec.json.encode(dict(zip(_COLUMNS, values, strict=True))) + b"\n"
    return _line([_harmless(value) for value in values])


def grants_preface(form: Format) -> bytes:
    """Return what stands before the first line of grants."""
    return _line(list(_GRANT_COLUMNS)) if form is Format.CSV else b""


def grant_line(form: Format, grant: DormantGrant, names: Names) -> bytes:
    """Return a grant that nobody uses as a line of the file. It is no event, so FHIR has no form for it."""
    assert form is not Format.FHIR, "a grant is no event"
    told = {"patient": names.patients.get(grant.plan, ""), "who": names.people.get(grant.person, "")}
    told |= {"plan": grant.plan, "person": grant.person, "role": grant.role, "since": _instant(grant.since)}
    told["last_read"] = _instant(grant.last_read) if grant.last_read is not None else ""
    if form is Format.NDJSON:
        return msgspec.json.encode(told) + b"\n"
    return _line([_harmless(told[name]) for name in _GRANT_COLUMNS])


def _instant(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _line(values: list[object]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow(values)
    return text.getvalue().encode()


def _harmless(value: object) -> object:
    """Keep a spreadsheet from taking someone's words for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
