"""What a machine sees of a plan: what a role sees, narrowed by its scopes, and two sections never.

A machine has no consent of its own and owns no entry, so what opens by consent or assignment stays closed to it. A
device may do with readings what the patient may, and sees nothing else.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from auth.roles import Narrowing, Participant, Role
from auth.scopes import SmartScope, categories
from crdt.sections import SECTIONS, Section

CLOSED: Final = frozenset({Section.BEHAVIORAL_HEALTH, Section.STAFF_NOTES})
"""Sections that no machine is shown, whatever its role and scopes say: what people tell each other in confidence."""

READING: Final = "rs"
CHANGING: Final = "cu"
WRITING: Final = READING + CHANGING


def types_of(section: Section) -> frozenset[str]:
    """Return the types of R4 that entries of a section are."""
    kinds = {SECTIONS[section].fhir.partition(".")[0]}
    return frozenset(kinds | {"AllergyIntolerance"} if section is Section.MEDICATIONS else kinds)


def sight(
    machine_id: str,
    name: str,
    role: Role,
    scopes: Sequence[SmartScope],
    plan_id: str,
    closed: bool,
    organisation: str = "",
    letters: str = READING,
) -> Participant:
    """Return the machine as a participant of a plan, for ``decide``: each section its scopes do not open is closed.

    ``letters`` are those of which one opens a section: with ``WRITING`` also a scope that lets it change alone, since
    a command asks whether one may see what one changes. What is handed out is asked for with ``READING``.
    """
    opened = frozenset(each for each in Section if each not in CLOSED and _opens(scopes, each, letters))
    consents = {each: Narrowing("read") for each in opened if not _opens(scopes, each, CHANGING)}
    return Participant(
        machine_id, plan_id, name, role, sections=opened, consents=consents, closed=closed, on_behalf_of=organisation
    )


def device_sight(machine_id: str, name: str, plan_id: str, closed: bool, organisation: str) -> Participant:
    """Return a device as a participant of the plan of its patient: in readings it may what the patient may."""
    readings = frozenset({Section.MONITORING})
    return Participant(
        machine_id, plan_id, name, Role.PATIENT, sections=readings, closed=closed, on_behalf_of=organisation
    )


def app_sight(person: Participant, scopes: Sequence[SmartScope]) -> Participant:
    """Return a person's part in a plan as their app has it: what the person sees, narrowed by its scopes, to be read.

    What is kept from every machine is kept from apps too.
    """
    opened = frozenset(each for each in Section if each not in CLOSED and _opens(scopes, each, READING))
    seen = opened if person.sections is None else opened & person.sections
    return replace(person, sections=seen, session_id="")


def _opens(scopes: Sequence[SmartScope], section: Section, letters: str) -> bool:
    return any(categories(scopes, kind, letter) is not None for kind in types_of(section) for letter in letters)
