"""Who is here, and in which field: said by the page, signed by the hub, shown only where the field may be read.

A page says ``{"field", "draft", "caret"}``. The hub writes person, name and role into it, so that nobody can appear
as somebody else, and leaves field, draft and caret out for every reader who has not opened that section: presence
must tell nothing of a section that one may not read, and a draft is content, which follows the row of its reading.
"""

from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from auth.roles import Participant
from crdt.awareness import GONE, AwarenessState, decode_states, encode_states
from crdt.sections import Section

DRAFT_CHARACTERS_MAX: Final = 500
FIELD_CHARACTERS_MAX: Final = 200
AWAY_SECONDS_MAX: Final = 45
"""A page renews its state every 15 seconds; another process's person unheard of for three such spells has gone."""

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
    clock: int
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

    __slots__ = ("_changed", "_gone", "_here", "_owners", "_said", "_until")

    def __init__(self) -> None:
        self._here: dict[int, Presence] = {}
        self._owners: dict[int, Hashable] = {}
        self._until: dict[int, float] = {}
        self._said: dict[Hashable, tuple[Participant, Collection[Section], bytes]] = {}
        self._changed: set[int] = set()
        self._gone: dict[int, int] = {}

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
        own = [client for client, holder in self._owners.items() if holder == owner]
        if state.client not in own and own:
            if state.text == GONE:
                return
            self._remove(own[0])  # A page that began anew speaks under a new id.
        if state.text == GONE:
            self._remove(state.client, clock=state.clock)
            return
        self._place(owner, _stamped(participant, readable, state), until=float("inf"))

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
        for client in [client for client, holder in self._owners.items() if holder == owner]:
            self._remove(client)

    def _place(self, owner: Hashable, here: Presence, *, until: float) -> None:
        self._here[here.client] = here
        self._owners[here.client] = owner
        self._until[here.client] = until
        self._gone.pop(here.client, None)
        self._changed.add(here.client)

    def _remove(self, client: int, clock: int | None = None) -> None:
        here = self._here.pop(client, None)
        if here is not None:
            del self._owners[client], self._until[client]
            self._changed.discard(client)
            self._gone[client] = max(here.clock + 1, clock or 0)

    def take_changes(self) -> tuple[list[Presence], dict[int, int]]:
        """Return who changed and who went (client id to clock) since the last call."""
        changed = [self._here[client] for client in self._changed]
        gone, self._gone, self._changed = self._gone, {}, set()
        return changed, gone

    def everyone(self) -> list[Presence]:
        """Return all who are here."""
        return list(self._here.values())

    def owner_of(self, client: int) -> Hashable | None:
        """Return whose state it is: a connection here, or the id of another process."""
        return self._owners.get(client)


def update_for(open_sections: Collection[Section], changed: Iterable[Presence], gone: Mapping[int, int]) -> bytes:
    """Return the awareness update for readers who have these sections open."""
    states = [AwarenessState(each.client, each.clock, each.text(open_sections)) for each in changed]
    return encode_states(states + [AwarenessState(client, clock, GONE) for client, clock in gone.items()])


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
        clock=state.clock,
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
