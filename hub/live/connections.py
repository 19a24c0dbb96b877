"""One open socket in a room: whose it is, which sections it has open, and what it may do there right now."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from auth.decisions import Grant, Operation, facts_of
from auth.grants import compile_grants
from auth.roles import Participant
from crdt.effects import Scope
from crdt.intakes import Intake
from crdt.sections import Section
from crdt.sessions import PlanSession
from hub.live.changes import SoftChanges
from hub.live.lines import Line
from hub.live.open_sections import OpenSection

ANSWERS_KEPT_MAX: Final = 1_000
"""Answers that depend on an entry, remembered per connection; a fresh set begins when they are full."""

_WRITING: Final = frozenset({Grant.CONTRIBUTE, Grant.WRITE_OWN, Grant.WRITE})


@dataclass(slots=True)
class JoinedSection:
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
    intake: Intake | None = None
    """What it sent and is being taken in over several beats; what it sent behind it waits."""
    unsaved: int = 0
    """Messages to acknowledge with the answer to our step 1: the answer itself, as far as the page counts it, and
    updates put aside because it will hold them."""


class Connection:
    """A participant's socket. Equal only to itself."""

    __slots__ = (
        "_answers",
        "_granted",
        "departed",
        "expelled",
        "gone",
        "inbox_bytes",
        "inbox_frames",
        "line",
        "missed",
        "open_sections",
        "participant",
        "readings",
        "refusals",
        "resting",
        "session",
        "watching",
    )

    def __init__(self, participant: Participant, line: Line, now: datetime) -> None:
        self.line = line
        self.readings: dict[Section, JoinedSection] = {}
        self.open_sections: frozenset[Section] = frozenset()
        """Sections whose content it has been given: what presence may tell it about."""
        self.watching = False
        self.missed = SoftChanges()
        """Changes that came while its socket was paused."""
        self.departed: set[int] = set()
        """Client ids of who went while its socket was paused."""
        self.inbox_frames = 0
        self.inbox_bytes = 0
        self.gone = False
        """The socket has ended; edits that had arrived are still taken."""
        self.expelled = False
        """It was put out for cause: of what it sent, nothing counts that has to be judged again."""
        self.resting = False
        """Its socket is not read, because its share of the inbox is full."""
        self.refusals = 0
        self._answers: dict[tuple[Section, str, str], tuple[int, str]] = {}
        self.stands(participant, now)
        self.session = PlanSession(self.scopes)

    def stands(self, participant: Participant, now: datetime) -> None:
        """Take over what the store now says of this person; every remembered answer is void."""
        self.participant = participant
        self._granted = compile_grants(participant, now)
        self._answers.clear()

    @property
    def grants(self) -> Mapping[Section, Grant]:
        """What the page was made for: where one of these changes, the page has to be told."""
        return self._granted.levels

    @property
    def readable(self) -> frozenset[Section]:
        """The sections it may be told of."""
        return self._granted.sections

    @property
    def scopes(self) -> Mapping[Section, Scope]:
        """The sections whose documents this person may have, each with what the client is told of it."""
        grants = self._granted.levels
        return {each: Scope.WRITE if grants[each] in _WRITING else Scope.READ for each in self._granted.documents}

    def outlived(self, now: datetime) -> bool:
        """Return whether time alone has changed what this person may do (invariant 6)."""
        return not self._granted.holds(now)

    def leave_behind(self, section: Section, before: bytes) -> None:
        """Remember what a paused reader had of the section, where it was not left behind before."""
        reading = self.readings[section]
        if reading.behind is None:
            reading.behind = before

    def settle_open_sections(self) -> None:
        """Bring ``open_sections`` up to date with the readings."""
        self.open_sections = frozenset(section for section, reading in self.readings.items() if reading.admitted)

    def may_write(self, section: OpenSection, entry: str, field: str, now: datetime) -> str:
        """Return ``""`` where this participant may change the field, else the reason in words (invariant 6).

        Asked for every touched field of every update. What depends on the entry is remembered until a register of the
        section changes; an end date counts from its very instant.
        """
        if self.outlived(now):
            self.stands(self.participant, now)
        anywhere = self._granted.write(section.section, field)
        if anywhere is not None:
            return "" if anywhere.allowed else anywhere.reason
        key = (section.section, entry, field)
        known = self._answers.get(key)
        if known is not None and known[0] == section.facts_version:
            return known[1]
        values = section.document.values(entry)
        facts = None
        if values is not None:
            facts = facts_of(section.section, section.person(section.document.creator(entry)), values)
        decision = self._granted.decide(section.section, Operation.WRITE, field=field, entry=facts)
        reason = "" if decision.allowed else decision.reason
        if len(self._answers) >= ANSWERS_KEPT_MAX:
            self._answers.clear()
        self._answers[key] = (section.facts_version, reason)
        return reason
