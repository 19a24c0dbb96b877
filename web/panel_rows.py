"""Rows of panels kept at hand: a panel of hundreds is made of those that changed since it was last shown.

A row is the same while nothing in the plan changes that anyone could read, the person has the same part in the plan,
has not looked at it meanwhile, and the hour is the same, for reasons of time such as a day that has passed.
"""

from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeAlias

from web.doors.directory import Membership

if TYPE_CHECKING:
    from web.views.panel import PatientRow

ROWS_KEPT_MAX: Final = 10_000
"""Of all persons together; those that were asked for longest ago make room."""

RowState: TypeAlias = tuple[Membership, tuple[int, int] | None, str]
"""The part in the plan, the versions of plan and look (``None`` where they are not known), the hour."""


class PanelRows:
    """Rows by person and plan, each with the state it was made in."""

    def __init__(self) -> None:
        self._rows: OrderedDict[tuple[str, str], tuple[tuple[object, ...], PatientRow]] = OrderedDict()

    def get(self, person: str, state: RowState) -> "PatientRow | None":
        """Return the row where it was made in this very state."""
        key = (person, state[0].patient.plan_id)
        found = self._rows.get(key)
        if found is None or state[1] is None or found[0] != _said(state):
            return None
        self._rows.move_to_end(key)
        return found[1]

    def keep(self, person: str, state: RowState, row: "PatientRow") -> None:
        """Keep a row for whoever asks in the same state."""
        if state[1] is None:
            return
        self._rows[person, state[0].patient.plan_id] = (_said(state), row)
        if len(self._rows) > ROWS_KEPT_MAX:
            self._rows.popitem(last=False)


def _said(state: RowState) -> tuple[object, ...]:
    """Return what of a state makes a row: in which session somebody reads it does not."""
    place, versions, hour = state
    return replace(place.participant, session_id=""), place.patient, versions, hour
