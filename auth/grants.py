"""A participant's answers worked out once, so that judging a keystroke is a look-up in a dict.

Equal to ``decide`` for every question while ``holds(now)``: what depends on the entry is asked of the same ``judge``.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache, lru_cache
from typing import Final

from auth.commands import Operation
from auth.decisions import Decision, EntryFacts, documents_among, judge
from auth.policy import Grant, Reach, hides_entries, looks_into_entry
from auth.roles import Participant, Role
from auth.standings import Standing, granted, standing_of
from crdt.sections import SECTIONS, Section

_Answers = Mapping[tuple[Operation, str], Decision]

TABLES_KEPT_MAX: Final = 1_024
"""Standings of which the answers are kept: roles times the consents in force, far fewer than people."""

_FIELDLESS: Final = (Operation.CREATE, Operation.RETIRE, Operation.COMMENT)


class Grants:
    """What one participant may do from ``compiled`` until ``until`` (``None`` for as long as nothing else changes).

    Compile again when the participant changes; the answers change by themselves only at ``until``. People of the same
    standing share the answers themselves.
    """

    __slots__ = ("_table", "compiled", "participant", "until")

    def __init__(self, participant: Participant, now: datetime) -> None:
        self.participant = participant
        self.compiled = now
        self.until = _next_change(participant, now)
        standings = tuple(standing_of(participant, each, now) for each in Section)
        self._table = _table(participant.role, standings, participant.assigned)

    @property
    def levels(self) -> Mapping[Section, Grant]:
        """What the participant may do in each section at most, in one word."""
        return self._table.levels

    @property
    def sections(self) -> frozenset[Section]:
        """The sections the participant may see as HTML."""
        return self._table.sections

    @property
    def documents(self) -> frozenset[Section]:
        """The sections whose document the participant may receive."""
        return self._table.documents

    def holds(self, now: datetime) -> bool:
        """Return whether the answers are those of ``now``."""
        return self.compiled <= now and (self.until is None or now < self.until)

    def decide(
        self,
        section: Section,
        action: Operation,
        *,
        field: str = "",
        entry: EntryFacts | None = None,
        command: str = "",
    ) -> Decision:
        """Return what ``decide`` would."""
        if not command:
            answer = self._table.answers[section].get((action, field))
            if answer is not None:
                return answer
        standing = self._table.standings[section]
        return judge(standing, self.participant, section, action, field=field, entry=entry, command=command)

    def write(self, section: Section, field: str) -> Decision | None:
        """Return the answer to writing this field of any entry, or ``None`` where it depends on the entry."""
        return self._table.writes[section].get(field)


def compile_grants(participant: Participant, now: datetime) -> Grants:
    """Return the participant's answers, good while ``holds`` says so."""
    return Grants(participant, now)


def _next_change(participant: Participant, now: datetime) -> datetime | None:
    """Return the first instant after ``now`` at which time alone changes an answer."""
    instants = [participant.ends, participant.since, participant.broke_glass_until, participant.confidential_from]
    instants.extend(narrowing.ends for narrowing in participant.consents.values())
    return min((each for each in instants if each is not None and each > now), default=None)


class _Table:
    """The answers for everyone of one role, standing and assignment."""

    __slots__ = ("answers", "documents", "levels", "sections", "standings", "writes")

    def __init__(self, role: Role, standings: Sequence[Standing], assigned: frozenset[Section]) -> None:
        anyone = _anyone(role, assigned)
        self.standings: Mapping[Section, Standing] = dict(zip(Section, standings, strict=True))
        self.levels: Mapping[Section, Grant] = {
            each: granted(standing, anyone, each) for each, standing in self.standings.items()
        }
        self.sections = frozenset(each for each, grant in self.levels.items() if grant is not Grant.NONE)
        self.documents = documents_among(role, self.sections)
        self.answers: Mapping[Section, _Answers] = {
            section: _independent(role, section, standing, section in assigned)
            for section, standing in self.standings.items()
        }
        self.writes: Mapping[Section, Mapping[str, Decision]] = {
            section: {field: answer for (action, field), answer in answers.items() if action is Operation.WRITE}
            for section, answers in self.answers.items()
        }


@lru_cache(maxsize=TABLES_KEPT_MAX)
def _table(role: Role, standings: tuple[Standing, ...], assigned: frozenset[Section]) -> _Table:
    return _Table(role, standings, assigned)


@cache
def _independent(role: Role, section: Section, standing: Standing, assigned: bool) -> _Answers:
    """Return the answers that are the same for every entry of the section, and for everyone of this standing."""
    if not standing.denied and hides_entries(role, section):
        return {}
    anyone = _anyone(role, frozenset({section} if assigned else ()))
    names = [each.name for each in SECTIONS[section].all_fields]
    questions = [(action, "") for action in _FIELDLESS]
    questions += [(action, name) for action in (Operation.READ, Operation.SUGGEST) for name in ("", *names)]
    questions += [(Operation.WRITE, name) for name in names]
    return {
        (action, name): judge(standing, anyone, section, action, field=name)
        for action, name in questions
        if standing.denied or _same_for_every_entry(standing, section, action, name)
    }


def _anyone(role: Role, assigned: frozenset[Section]) -> Participant:
    return Participant("anyone", "", "", role, assigned=assigned)


def _same_for_every_entry(standing: Standing, section: Section, action: Operation, name: str) -> bool:
    cell = standing.cell
    if action is Operation.READ or standing.reading or action is Operation.COMMENT:
        return True
    if action is Operation.CREATE:
        return not cell.creates
    if section is Section.HUDDLES:
        return False
    if action is Operation.SUGGEST:
        return True
    return cell.reach in (Reach.ANY, Reach.NOTHING) and not (
        action is Operation.WRITE and looks_into_entry(section, name)
    )
