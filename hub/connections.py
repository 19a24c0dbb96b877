"""One open socket in a room: whose it is, which sections it has open, and what it may do there right now."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from auth.decisions import Action, Grant, documents_readable, facts_of, grant_of, judge
from auth.roles import Participant
from auth.standings import Standing, standing_of
from crdt.effects import Scope
from crdt.sections import Section
from crdt.sessions import PlanSession
from hub.lines import Line
from hub.open_sections import OpenSection

ANSWERS_KEPT_MAX: Final = 1_000
"""Answers of ``decide`` remembered per connection; a fresh set begins when they are full."""

STANDING_SECONDS_MAX: Final = 1.0
"""A standing is worked out anew after that, so that an end date counts within a second (invariant 6)."""

_WRITING: Final = frozenset({Grant.CONTRIBUTE, Grant.WRITE_OWN, Grant.WRITE})


@dataclass(slots=True)
class Reading:
    """A section that this connection has joined."""

    admitted: bool = False
    """The row of the reading is committed: content may be sent (no audit, no data)."""
    follows: bool = False
    """It has had its sync step 2 and receives what is committed from then on."""
    behind: bytes | None = None
    """The state vector it was left at while its socket was paused."""
    asked: bool = False
    """Our sync step 1 is out and its answer has not come: it will hold every update sent before it."""
    asked_again: int = 0
    """How often in a row we had to ask anew."""
    unsaved: int = 0
    """Messages to acknowledge with the answer to our step 1: the answer itself, as far as the page counts it, and
    updates put aside because it will hold them."""


class Connection:
    """A participant's socket. Equal only to itself."""

    __slots__ = (
        "_allowed",
        "_answers",
        "_standings",
        "gone",
        "grants",
        "inbox_bytes",
        "inbox_frames",
        "line",
        "open_sections",
        "participant",
        "readable",
        "readings",
        "refusals",
        "resting",
        "session",
        "watching",
    )

    def __init__(self, participant: Participant, line: Line, now: datetime) -> None:
        self.line = line
        self.readings: dict[Section, Reading] = {}
        self.open_sections: frozenset[Section] = frozenset()
        """Sections whose content it has been given: what presence may tell it about."""
        self.watching = False
        self.inbox_frames = 0
        self.inbox_bytes = 0
        self.gone = False
        """The socket has ended; edits that had arrived are still taken."""
        self.resting = False
        """Its socket is not read, because its share of the inbox is full."""
        self.refusals = 0
        self._allowed: dict[tuple[Section, str], bool] = {}
        self._answers: dict[tuple[Section, str, str], tuple[int, str]] = {}
        self._standings: dict[Section, tuple[datetime, Standing]] = {}
        self.participant = participant
        self._judge(participant, now)
        self.session = PlanSession(scopes_of(participant, now))

    def stands(self, participant: Participant, now: datetime) -> None:
        """Take over what the store now says of this person; every remembered answer is void."""
        self.participant = participant
        self._judge(participant, now)
        self._allowed.clear()
        self._answers.clear()
        self._standings.clear()

    def _judge(self, participant: Participant, now: datetime) -> None:
        self.grants: Mapping[Section, Grant] = {each: grant_of(participant, each, now) for each in Section}
        """What the page was made for: where one of these changes, the page has to be told."""
        self.readable = frozenset(each for each, grant in self.grants.items() if grant is not Grant.NONE)

    def settle_open_sections(self) -> None:
        """Bring ``open_sections`` up to date with the readings."""
        self.open_sections = frozenset(section for section, reading in self.readings.items() if reading.admitted)

    def may_write(self, section: OpenSection, entry: str, field: str, now: datetime) -> str:
        """Return ``""`` where this participant may change the field, else the reason in words (invariant 6).

        Asked for every touched field of every update. What is allowed without looking at the entry is allowed in
        every entry, and remembered until the person's standing changes; any other answer until a register of the
        section does.
        """
        standing = self._standing(section.section, now)
        if self._anywhere(section.section, field, standing):
            return ""
        key = (section.section, entry, field)
        known = self._answers.get(key)
        if known is not None and known[0] == section.facts_version:
            return known[1]
        values = section.document.values(entry)
        facts = None
        if values is not None:
            facts = facts_of(section.section, section.person(section.document.creator(entry)), values)
        decision = judge(standing, self.participant, section.section, Action.WRITE, field=field, entry=facts)
        reason = "" if decision.allowed else decision.reason
        if len(self._answers) >= ANSWERS_KEPT_MAX:
            self._answers.clear()
        self._answers[key] = (section.facts_version, reason)
        return reason

    def _anywhere(self, section: Section, field: str, standing: Standing) -> bool:
        known = self._allowed.get((section, field))
        if known is None:
            known = judge(standing, self.participant, section, Action.WRITE, field=field).allowed
            self._allowed[section, field] = known
        return known

    def _standing(self, section: Section, now: datetime) -> Standing:
        held = self._standings.get(section)
        if held is not None and (now - held[0]).total_seconds() < STANDING_SECONDS_MAX:
            return held[1]
        standing = standing_of(self.participant, section, now)
        self._standings[section] = (now, standing)
        if held is not None and held[1] != standing:
            self._allowed.clear()
            self._answers.clear()
        return standing


def scopes_of(participant: Participant, now: datetime) -> Mapping[Section, Scope]:
    """Return the sections whose documents this person may have, each with what the client is told of it."""
    return {
        section: Scope.WRITE if grant_of(participant, section, now) in _WRITING else Scope.READ
        for section in documents_readable(participant, now)
    }
