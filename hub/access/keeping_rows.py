"""What everybody who keeps the directory shares: who does it, what is refused, and the rows that say it was done."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import msgspec

from auth.registry import Duty, Keeper, refusal
from auth.roles import Participant, Role
from hub.ids import HUB
from hub.record.chain import JSON
from hub.record.journal import Act, Action
from hub.store.people import Person

STEWARDS: Final = frozenset({Role.PRIMARY_CARE, Role.CARE_MANAGER})
"""Roles that can answer for a plan: those that may write its team."""


FOR_A_TIME: Final = frozenset({Role.FACILITY_NURSE})
"""Roles that take part in a plan for a stay: the day on which they leave it is said when they come."""

STAY_LASTS_MAX: Final = timedelta(days=100)
"""The longest stay in a nursing facility that Medicare pays for (42 CFR 409.61); a longer one is renewed."""


class KeepingError(Exception):
    """An act that was refused; ``field`` names the field to mend, the message is a sentence for the person."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Doer:
    """Who does it, in which session; ``through`` says by which other way than a page, as in ``SCIM``."""

    person: Person
    session_id: str = ""
    through: str = ""


def require(doer: Doer, duty: Duty) -> None:
    """Pass whoever may.

    Raises:
        KeepingError: why not.
    """
    person = doer.person
    fault = refusal(Keeper(person.person_id, person.role, person.may_administer), duty)
    if fault:
        raise KeepingError(fault)


def part_of(plan_id: str, person: Person, ends: datetime | None = None) -> Participant:
    """Return the part that somebody of the staff has in a plan, until ``ends`` where that is said."""
    return Participant(person.person_id, plan_id, person.name, person.role, person.profession, ends=ends)


def joined_row(doer: Doer, plan_id: str, person: Person, ends: datetime | None = None) -> Act:
    """Return the row of somebody who joins a plan."""
    words: dict[str, JSON] = {"name": person.name, "role": person.role.value, "person": person.person_id}
    if ends is not None:
        words["ends"] = ends.isoformat()
    return plan_row(doer, plan_id, Action.GRANT, "participant.add", words, entry=person.person_id)


def plan_row(
    doer: Doer,
    plan_id: str,
    action: Action,
    event: str,
    words: Mapping[str, JSON],
    *,
    reason: str = "",
    entry: str = "",
) -> Act:
    """Return a row of a plan's journal."""
    return Act(
        plan=plan_id, actor=doer.person.person_id, action=action, role=doer.person.role, session=doer.session_id,
        event=event, words=words, reason=reason, entry=entry, purpose=doer.through,
    )  # fmt: skip


def hub_row(doer: Doer, event: str, entry: str, words: Mapping[str, JSON], *, reason: str = "") -> Act:
    """Return a row of the hub's own journal about a person, patient, unit or organisation."""
    return plan_row(doer, HUB, Action.ADMIN, event, words, entry=entry, reason=reason)


def refused_row(act: Act) -> Act:
    """Return the row as one of an act that was refused."""
    return msgspec.structs.replace(act, action=Action.REFUSE, outcome="refused")
