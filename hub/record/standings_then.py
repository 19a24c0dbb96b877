"""Who could see what at an instant, answered from the journal alone: its grants, redemptions, consents, removals.

What the store says now may have changed since; the rows say what was true when. A row that is not understood opens
nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from auth.roles import Basis, Narrowing, Participant, Role
from crdt.sections import Section
from hub.record.chain import JSON
from hub.record.journal import Action, Row

ACCESS: Final = frozenset({Action.GRANT, Action.REVOKE, Action.CONSENT, Action.REDEEM, Action.BREAK_GLASS})
"""Rows that change who may see what."""


def participant_then(rows: Iterable[Row], plan_id: str, person_id: str, at: datetime) -> Participant | None:
    """Return the person's part in the plan at the instant, from the rows of ``ACCESS`` in their order; None without."""
    found: Participant | None = None
    narrowings: dict[Section, Narrowing] = {}
    for row in rows:
        if row.recorded > at or row.outcome != "success":
            continue
        words = row.words or {}
        subject = str(words.get("person") or row.entry)
        if row.action is Action.BREAK_GLASS and row.actor == person_id:
            found = _in_emergency(found, row, plan_id, words)
        if subject != person_id:
            continue
        if row.action is Action.CONSENT and row.section:
            _narrow(narrowings, Section(row.section), words)
        elif row.action is Action.REVOKE and row.event == "participant.remove":
            found = replace(found, removed=True) if found is not None else None
        elif row.action is Action.GRANT and row.event == "participant.end" and found is not None:
            found = replace(found, ends=_instant(words.get("after")))
        elif row.action in (Action.GRANT, Action.REDEEM):
            found = _joined(row, plan_id, person_id, words) or found
    return replace(found, consents=narrowings) if found is not None else None


def _joined(row: Row, plan_id: str, person_id: str, words: Mapping[str, JSON]) -> Participant | None:
    role = str(words.get("role", ""))
    if role not in set(Role):
        return None
    chosen = words.get("sections")
    sections = (
        frozenset(Section(str(each)) for each in chosen if each in set(Section)) if isinstance(chosen, list) else None
    )
    return Participant(
        person_id,
        plan_id,
        str(words.get("name", "")),
        Role(role),
        since=row.recorded,
        ends=_instant(words.get("ends")),
        sections=sections,
        basis=next((each for each in Basis if each == words.get("basis")), Basis.NONE),
    )


def _in_emergency(found: Participant | None, row: Row, plan_id: str, words: Mapping[str, JSON]) -> Participant | None:
    until = _instant(words.get("until"))
    if until is None or row.role not in set(Role) or (found is not None and not found.removed):
        return found
    return Participant(row.actor, plan_id, "", Role(row.role), since=row.recorded, broke_glass_until=until)


def _narrow(narrowings: dict[Section, Narrowing], section: Section, words: Mapping[str, JSON]) -> None:
    access = words.get("access")
    if isinstance(access, str) and access:
        narrowings[section] = Narrowing(access, _instant(words.get("ends")))
    else:
        narrowings.pop(section, None)


def _instant(value: JSON) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) and value else None
