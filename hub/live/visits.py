"""Who opened which section when: a read is one row per person, section and visit, not one per reconnect."""

from collections import OrderedDict
from collections.abc import Iterable
from typing import Final, NamedTuple

from auth.roles import Participant
from crdt.sections import Section

VISIT_SECONDS_MAX: Final = 30 * 60
"""Whoever comes back after that begins a new visit; a visit never lasts longer without a new row."""

VISITS_REMEMBERED_MAX: Final = 100_000
"""Beyond it the oldest are forgotten, which costs a row too many and never one too few."""


class Visit(NamedTuple):
    """One person's stay in one section, in one session."""

    plan_id: str
    person_id: str
    session_id: str
    section: Section


class Visits:
    """The reads this process knows to be in the journal."""

    def __init__(self) -> None:
        self._recorded: OrderedDict[Visit, float] = OrderedDict()

    def missing(self, participant: Participant, sections: Iterable[Section], now: float) -> list[Section]:
        """Return those sections whose reading by this person has no row yet in this visit, ``now`` in seconds."""
        return [
            section
            for section in sections
            if now - self._recorded.get(_visit(participant, section), -VISIT_SECONDS_MAX) >= VISIT_SECONDS_MAX
        ]

    def recorded(self, participant: Participant, sections: Iterable[Section], now: float) -> None:
        """Remember that the rows are committed."""
        for section in sections:
            visit = _visit(participant, section)
            self._recorded[visit] = now
            self._recorded.move_to_end(visit)
        while len(self._recorded) > VISITS_REMEMBERED_MAX:
            self._recorded.popitem(last=False)


def _visit(participant: Participant, section: Section) -> Visit:
    return Visit(participant.plan_id, participant.person_id, participant.session_id, section)
