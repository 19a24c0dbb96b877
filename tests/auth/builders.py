"""Participants and entries for the tests of ``auth``."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from auth.decisions import EntryFacts
from auth.roles import Narrowing, Participant, Role
from crdt.fields import Value
from crdt.sections import Section

NOW: Final = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
HOUR: Final = timedelta(hours=1)
ME: Final = "my-id"
OTHER: Final = "other"
PATIENT: Final = "patient"
PLAN: Final = "plan"


def a_participant(
    role: Role,
    *,
    ends: datetime | None = None,
    since: datetime | None = None,
    removed: bool = False,
    sections: frozenset[Section] | None = None,
    consents: Mapping[Section, Narrowing] | None = None,
    broke_glass_until: datetime | None = None,
    assigned: frozenset[Section] = frozenset(),
    person_id: str = ME,
    patient_id: str = PATIENT,
    confidential_from: datetime | None = None,
) -> Participant:
    return Participant(
        person_id=person_id,
        plan_id=PLAN,
        name="Someone",
        role=role,
        since=since,
        ends=ends,
        removed=removed,
        sections=sections,
        consents=consents or {},
        broke_glass_until=broke_glass_until,
        patient_id=person_id if role is Role.PATIENT else patient_id,
        assigned=assigned,
        confidential_from=confidential_from,
    )


def an_entry(*, creator: str = OTHER, **values: Value) -> EntryFacts:
    return EntryFacts(creator=creator, values=values)
