"""Who is here, and in which field: said by the page, signed by the hub, shown only where the field may be read.

A page says ``{"field", "draft", "caret"}``. The hub writes person, name and role into it, so that nobody can appear
as somebody else, and leaves field, draft and caret out for every reader who has not opened that section: presence
must tell nothing of a section that one may not read, and a draft is content, which follows the row of its reading.
"""

from collections.abc import Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import msgspec

from auth.roles import Participant
from crdt.awareness import GONE, AwarenessState, decode_states, encode_state, encode_update
from crdt.sections import Section
from hub.live import lines

DRAFT_CHARACTERS_MAX: Final = 500
FIELD_CHARACTERS_MAX: Final = 200
AWAY_SECONDS_MAX: Final = 45
"""A page renews its state every 15 seconds; another process's person unheard of for three such spells has gone."""

CLOCK_BEGAN: Final = datetime(2026, 1, 1, tzinfo=UTC)
CLOCK_MAX: Final = 1 << 32

HERE_MAX: Final = 500
"""People of one plan that are shown at once; further ones take part unseen."""


class _Identity(msgspec.Struct, frozen=True):
    client: int
    clock: int


class _Position(msgspec.Struct, frozen=True, omit_defaults=True):
    type: _Identity | None = None
    tname: str | None = None
    item: _Identity | None = None
    assoc: int = 0


class Caret(_Position, frozen=True, omit_defaults=True):
    """A relative position of Yjs in its JSON form, or a selection as ``anchor`` and ``head``.

    Read field by field: unknown bytes never reach pycrdt's decoder of positions, which panics on some.
    """

    anchor: _Position | None = None
    head: _Position | None = None


class _Said(msgspec.Struct, frozen=True):
    field: str | None = None
    draft: str | None = None
    caret: Caret | None = None


class _Shown(msgspec.Struct, frozen=True):
    person: str
    name: str
    role: str
    field: str | None
    draft: str | None
    caret: Caret | None


@dataclass(frozen=True, slots=True)
class Presence:
    """One page of one person, open on a plan."""

    client: int
    person_id: str
    name: str
    role: str
    section: Section | None = None
    field: str | None = None
    """``section/entry/field``."""
    draft: str | None = None
    caret: Caret | None = None

    def text(self, open_sections: Collection[Section]) -> str:
        """Return the JSON that a reader with these sections open gets."""
        tells = self.section is not None and self.section in open_sections
        shown = _Shown(
            person=self.person_id,
            name=self.name,
            role=self.role,
            field=self.field if tells else None,
            draft=self.draft if tells else None,
            caret=self.caret if tells else None,
        )
        return msgspec.json.encode(shown).decode()


class Presences:
    """Everyone who is here in one plan, those on other processes included; what changed since it was last told."""

    __slots__ = ("_changed", "_clients", "_gone", "_here", "_owners", "_said", "_told", "_until")

    def __init__(self) -> None:
        self._here: dict[int, Presence] = {}
        self._owners: dict[int, Hashable] = {}
        self._clients: dict[Hashable, int] = {}
        """Page here -> its client id."""
        self._until: dict[int, float] = {}
        self._said: dict[Hashable, tuple[Participant, Collection[Section], bytes]] = {}
        self._changed: set[int] = set()
        self._gone: set[int] = set()
        self._told = 0
        """The clock under which something was last told."""

    @property
    def unsettled(self) -> bool:
        """There is something to tell."""
        return bool(self._said or self._changed or self._gone)

    def say(self, owner: Hashable, participant: Participant, readable: Collection[Section], payload: bytes) -> None:
        """Keep what a page says until ``settle``; only its last word of a beat counts, which bounds the rate."""
        self._said[owner] = (participant, readable, payload)

    def settle(self) -> list[tuple[Hashable, str]]:
        """Take in what was said; return the owners whose bytes were no presence, each with what was wrong."""
        faults: list[tuple[Hashable, str]] = []
        said, self._said = self._said, {}
        for owner, (participant, readable, payload) in said.items():
            try:
                for state in decode_states(payload):
                    self._take(owner, participant, readable, state)
            except (ValueError, msgspec.MsgspecError, RecursionError) as error:
                faults.append((owner, str(error)))
        return faults

    def _take(
        self, owner: Hashable, participant: Participant, readable: Collection[Section], state: AwarenessState
    ) -> None:
        held = self._here.get(state.client)
        if held is not None and self._owners[state.client] != owner and held.person_id != participant.person_id:
            return  # Somebody else's state: not obeyed, and nobody learns of the attempt.
        if held is None and len(self._here) >= HERE_MAX:
            return
        own = self._clients.get(owner)
        if own is not None and state.client != own:
            if state.text == GONE:
                return
            self._remove(own)  # A page that began anew speaks under a new id.
        if state.text == GONE:
            self._remove(state.client)
            return
        self._place(owner, _stamped(participant, readable, state), until=float("inf"))
        self._clients[owner] = state.client

    def from_afar(self, process: str, here: Presence, *, now: float) -> None:
        """Take in a person at another process; renewed there at least every 15 seconds, or gone."""
        if self._owners.get(here.client, process) == process and len(self._here) < HERE_MAX:
            self._place(process, here, until=now + AWAY_SECONDS_MAX)

    def gone_afar(self, process: str, clients: Iterable[int]) -> None:
        """Take out people whom another process reports gone."""
        for client in clients:
            if self._owners.get(client) == process:
                self._remove(client)

    def expire(self, now: float) -> None:
        """Take out people of other processes who were not heard of for ``AWAY_SECONDS_MAX``."""
        for client in [client for client, until in self._until.items() if until <= now]:
            self._remove(client)

    def leave(self, owner: Hashable) -> None:
        """Take out whatever this page said."""
        self._said.pop(owner, None)
        client = self._clients.pop(owner, None)
        if client is not None and self._owners.get(client) == owner:
            self._remove(client)

    def _place(self, owner: Hashable, here: Presence, *, until: float) -> None:
        before = self._owners.get(here.client)
        if before != owner:
            self._clients.pop(before, None)  # The same person's new socket takes a half-dead one's place.
        self._here[here.client] = here
        self._owners[here.client] = owner
        self._until[here.client] = until
        self._gone.discard(here.client)
        self._changed.add(here.client)

    def _remove(self, client: int) -> None:
        here = self._here.pop(client, None)
        if here is not None:
            self._clients.pop(self._owners.pop(client), None)
            del self._until[client]
            self._changed.discard(client)
            self._gone.add(client)

    def take_changes(self) -> tuple[list[Presence], frozenset[int]]:
        """Return who changed and who went (client ids) since the last call."""
        changed = [self._here[client] for client in self._changed]
        gone, self._gone, self._changed = frozenset(self._gone), set(), set()
        return changed, gone

    def tell_clock(self, now: datetime) -> int:
        """Return the clock of all that is told now: higher than any before, here and at the process one came from.

        y-protocols takes a state for old news unless its clock is higher than the last it saw of that client, also
        after the line was lost, and also where the state has more in it than before because one may see more now. So
        the clock is not the page's own: it counts the tenths of seconds since 2026, as many as there can be tellings
        (``hub.live.notices.PRESENCE_SECONDS_MIN``), in the 32 bits that some peers have for it (until 2039).
        """
        self._told = max(self._told + 1, int((now - CLOCK_BEGAN).total_seconds() * 10) % CLOCK_MAX)
        return self._told

    def client_of(self, owner: Hashable) -> int | None:
        """Return under which id a page here speaks."""
        return self._clients.get(owner)

    def everyone(self) -> list[Presence]:
        """Return all who are here."""
        return list(self._here.values())

    def owner_of(self, client: int) -> Hashable | None:
        """Return whose state it is: a connection here, or the id of another process."""
        return self._owners.get(client)


class PresenceRound:
    """What is told of presence at one moment, made once for all readers who have the same sections open."""

    def __init__(self, here: Sequence[Presence], gone: Collection[int], clock: int) -> None:
        self._here = here
        self._clock = clock
        self._gone = {client: encode_state(AwarenessState(client, clock, GONE)) for client in gone}
        self._states: dict[Collection[Section], dict[int, bytes]] = {}
        self._whole: dict[Collection[Section], bytes] = {}

    def to(self, open_sections: frozenset[Section], *, own: int | None, departed: Iterable[int] = ()) -> bytes | None:
        """Return the message for a reader, ``None`` where there is nothing for them.

        Nobody is told of themselves (``own``): a page would take its own older state for a newer one. ``departed`` went
        while the reader did not read.
        """
        states = self._states.get(open_sections)
        if states is None:
            states = {each.client: self._encoded(each.client, each.text(open_sections)) for each in self._here}
            states = self._states[open_sections] = {**self._gone, **states}
        late = {client: self._encoded(client, GONE) for client in departed if client not in states}
        if late or own in states:
            rest = {client: state for client, state in {**late, **states}.items() if client != own}
            return lines.presence(encode_update(rest.values())) if rest else None
        if open_sections not in self._whole:
            self._whole[open_sections] = lines.presence(encode_update(states.values()))
        return self._whole[open_sections] if states else None

    def _encoded(self, client: int, text: str) -> bytes:
        return encode_state(AwarenessState(client, self._clock, text))


def _stamped(participant: Participant, readable: Collection[Section], state: AwarenessState) -> Presence:
    said = msgspec.json.decode(state.text, type=_Said)
    section = section_of(said.field)
    if section is None or section not in readable:
        said = _Said()
        section = None
    if len(said.field or "") > FIELD_CHARACTERS_MAX:
        raise ValueError(f"field of {len(said.field or '')} characters, at most {FIELD_CHARACTERS_MAX}")
    return Presence(
        client=state.client,
        person_id=participant.person_id,
        name=participant.name,
        role=participant.role.value,
        section=section,
        field=said.field,
        draft=said.draft[:DRAFT_CHARACTERS_MAX] if said.draft is not None else None,
        caret=said.caret,
    )


def section_of(field: str | None) -> Section | None:
    if field is None:
        return None
    try:
        return Section(field.partition("/")[0])
    except ValueError:
        return None
