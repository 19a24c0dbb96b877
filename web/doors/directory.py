"""What pages ask of the store: people, sessions, who takes part in which plan, and what each has looked at."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from auth.roles import Participant, Role
from crdt.sections import Section
from hub.record.journal import Latest, Row


@dataclass(frozen=True, slots=True)
class Account:
    """Someone who may sign in."""

    person_id: str
    name: str
    role: Role
    profession: str = ""
    locale: str = "en"
    """The language that the person reads, as a BCP 47 tag."""
    may_audit: bool = False
    may_administer: bool = False
    organisation: str = ""
    clock: str = ""
    """The time zone by whose clock the person reads their own lists; empty: the first organisation's."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person with a session that has not ended."""

    person: Account
    session_id: str


@dataclass(frozen=True, slots=True)
class Patient:
    """Whom a plan is for."""

    plan_id: str
    family_name: str
    given_name: str
    born: date | None
    gender: str
    number: str
    born_words: str = ""
    """As much of the date of birth as is known, as in ``1956-05``."""
    time_zone: str = "UTC"
    """The home organisation's."""
    emergency_number: str = "911"
    """The home organisation's, as are the telephones of its day and its night."""
    day_phone: str = ""
    night_phone: str = ""
    closed: bool = False
    """The plan can only be read."""
    template: str = ""
    """What the plan was opened with."""
    deceased: str = ""
    """The day on which the patient died, ``""`` for the living."""
    moved: str = ""
    """Where the patient moved to."""
    same_as: str = ""
    """The record that goes on for the same human being, where this one does not."""
    archived: bool = False
    steward: str = ""
    """The person who answers for the plan being kept."""

    @property
    def name(self) -> str:
        """Given and family name."""
        return f"{self.given_name} {self.family_name}".strip()

    @property
    def known_birth(self) -> str:
        """As much of the date of birth as is known, ``""`` for nothing."""
        return self.born_words or (self.born.isoformat() if self.born is not None else "")


@dataclass(frozen=True, slots=True)
class Membership:
    """A plan with the part a person has in it."""

    patient: Patient
    participant: Participant


class Directory(Protocol):
    """Every method raises ``hub.record.journal.JournalAwayError`` when the store can't be reached."""

    async def people(self) -> Sequence[Account]:
        """Return everyone who may sign in: for the demo's page of people to become."""

    async def signed_in(self, token: str, *, active: bool) -> SignedIn | None:
        """Return who holds this session, ``None`` where there is none; ``active`` counts the request as activity."""

    async def sign_in(self, person_id: str, *, method: str, agent: str) -> str:
        """Begin a session, journaled, and return its token, which is kept nowhere else.

        Raises:
            KeyError: there is no such person.
        """

    async def not_ended(self, person_id: str, session_id: str, plan_id: str) -> bool:
        """Say whether nobody ended this sign-in, whose time may be over, and the person still takes part in the plan.

        The same answer for a sign-in, a person or a plan that is not there.
        """

    async def sign_out(self, who: SignedIn) -> None:
        """End the session everywhere, journaled; nothing happens where it has ended."""

    async def participant(self, plan_id: str, who: SignedIn) -> Participant | None:
        """Return the person's part in the plan, ``None`` where there is none, or no such plan."""

    async def participants(self, plan_id: str) -> Sequence[Participant]:
        """Return everyone who takes part in the plan now."""

    async def patient(self, plan_id: str) -> Patient | None:
        """Return whom the plan is for."""

    async def places(self, who: SignedIn) -> Sequence[Membership]:
        """Return the plans that the person takes part in now."""

    async def looked(self, who: SignedIn, plan_id: str) -> Mapping[Section, int]:
        """Return the journal's row up to which the person has seen each section, for those ever looked at."""

    async def look(self, who: SignedIn, plan_id: str, seen: Mapping[Section, int]) -> None:
        """Keep up to which row the person has seen the sections; it never goes back."""

    async def unlook(self, who: SignedIn, plan_id: str, was: Mapping[Section, int]) -> None:
        """Take a look back: the sections are seen up to these rows again, never further than they are."""

    async def news(self, who: SignedIn, wanted: Mapping[str, Collection[Section]]) -> Mapping[str, Sequence[Row]]:
        """Return what others changed in these sections since the person looked, by plan, in one query."""

    async def versions(self, who: SignedIn, plan_ids: Sequence[str]) -> Mapping[str, tuple[int, int]]:
        """Return of each plan what moves on when anything in it changes, and when the person looks at it.

        A plan that is left out is to be read anew each time.
        """

    async def last(self, wanted: Mapping[str, Collection[Section]]) -> Mapping[str, Latest]:
        """Return who last changed anything in these sections, by plan, in one query."""

    async def teams(self, plan_ids: Sequence[str]) -> Mapping[str, Sequence[Participant]]:
        """Return everyone who takes part in each plan now, in one query."""
