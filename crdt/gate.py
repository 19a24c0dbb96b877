"""The one gate: every byte from a peer that could change a document passes ``judge`` first, deny by default.

A peer may do three things, each with the grant for exactly that field: set a register of an existing entry, switch a
member of a set, insert and delete in an existing text. Everything else is refused by a code and a sentence:

    size        over the bounds of bytes, structs, delete ranges
    work        too many structs contend for one spot
    bytes       cut short, too long, or no update at all
    content     content that no care plan holds: binary, embeds, formats, arrays, XML, subdocuments, BigInt
    skip        a gap declared by the sender
    client      a client id that is someone else's, or kept for the server; several at once
    clock       clocks that do not follow what is known of that client id
    differs     a clock that is known, with another edit than the one that stands under it
    dependency  origins, parents or deleted ids that are not known, are gone, or stand in different places
    order       neighbours that nobody can have seen side by side (see ``crdt.index``)
    surrogate   half a character cut off, or put in
    path        a root, an entry, a container or a field that peers do not write
    command     a field that only a command changes
    value       a value the field's declaration does not allow
    length      a text over ``TEXT_CHARACTERS_MAX``
    members     a set over ``SET_MEMBERS_MAX``
    grant       not allowed to this person, with the reason from ``may``
"""

from collections.abc import Callable, Sequence
from typing import Final, Protocol, TypeAlias

from pycrdt import get_update

from crdt.contents import Refusal
from crdt.fields import MEMBER_CHARACTERS_MAX, SET_MEMBERS_MAX, TEXT_CHARACTERS_MAX, Field, Kind
from crdt.held import Held
from crdt.index import Index
from crdt.places import Holds, Place
from crdt.ranges import Ranges
from crdt.repetitions import GONE, is_repeated
from crdt.trials import Trial
from crdt.updates import (
    COLLECTED,
    DELETED,
    FROM_PEERS,
    PLAIN,
    STRING,
    Limits,
    Squashed,
    Struct,
    Update,
    UpdateError,
    read_update,
    write_state_vector,
)

PEER_CLIENT_MAX: Final = (1 << 32) - 1
"""Larger client ids are the server's: commands write under an id that stands for their participant."""

CONFLICT_STEPS_MAX: Final = 50_000
"""Structs passed while looking for the places of one update's structs; honest ones pass a few."""

May: TypeAlias = Callable[[str, str], str]
"""(entry, field) -> ``""`` when the person may write it, else the reason in words. Asked once a field."""

_REASONS: Final = {
    "size": "This change is too large to be taken at once. Make it in smaller steps.",
    "work": "Too much was written in this one spot at the same time. Load the section anew and try again.",
    "bytes": "This change arrived damaged. Load the section anew and try again.",
    "content": "This change holds something a care plan can't hold.",
    "skip": "Part of this change is missing. Load the section anew and try again.",
    "client": "This page writes under another page's name. Load it anew and try again.",
    "clock": "An earlier change of this page is missing. Load the section anew and try again.",
    "differs": "This page has said something else in the same place before. Load the section anew and try again.",
    "dependency": "This change builds on something that is not in the plan. Load the section anew and try again.",
    "order": "This change stands in no place of its text. Load the section anew and try again.",
    "surrogate": "This change cuts a character in half. Load the section anew and try again.",
    "path": "This part of the plan is not written from here.",
}


class ClientClaim(Protocol):
    """Who may write under which client id."""

    def may_write_as(self, client_id: int) -> bool:
        """Return whether this connection's participant owns the client id, or takes it now as its first writer."""


class RefusedError(Exception):
    """A rule of the gate is broken; carries the refusal."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal


def judge(
    index: Index, data: bytes, client: ClientClaim, may: May, held: Held, limits: Limits = FROM_PEERS
) -> Trial | Refusal:
    """Return the trial of an update that passed, already standing in the index, or why it did not pass.

    ``held`` tells what stands where the update repeats clocks that are known. The caller ends the trial: ``keep`` or
    ``take_back``. After a refusal the index is as it was.
    """
    trial = Trial(index, data)
    index.patience = CONFLICT_STEPS_MAX
    try:
        update = _unknown(trial, read_update(data, limits), held, limits)
        _write(trial, update, client)
        _delete(trial, update, limits.fresh_max)
        _allow(trial, may)
    except UpdateError as error:
        trial.take_back()
        return refusal_of(error)
    except RefusedError as refused:
        trial.take_back()
        return refused.refusal
    return trial


def refusal_of(error: UpdateError) -> Refusal:
    """Return what the person is told of an update that breaks the format, a bound, or fits nowhere."""
    return Refusal(error.code, _REASONS[error.code])


def _unknown(trial: Trial, update: Update, held: Held, limits: Limits) -> Update:
    """Return the update without the structs known already, once they are found to be what is known.

    A sync step 2 that crosses the page's own last update repeats it. What is repeated is cut off, so that the journal
    never holds two versions of one id; what is not repeated but contradicted is refused, so that nobody is told
    "saved" of an edit that stands in no row.
    """
    if not update.blocks:
        return update
    client, structs = update.blocks[0]
    known = trial.index.next(client)
    if structs[0][1] >= known:
        return update
    _compare(trial.index, update, held)
    for struct in structs:
        if struct[1] < known:
            trial.index.unknown_part(client, struct)  # Cut through a surrogate pair, it raises.
    trial.update = get_update(trial.update, write_state_vector({client: known}))
    return read_update(trial.update, limits)


def _compare(index: Index, update: Update, held: Held) -> None:
    """Refuse what is known otherwise, and what is repeated as deleted where nothing says that it is."""
    client, structs = update.blocks[0]
    known = index.next(client)
    said = [struct for struct in structs if struct[1] < known]
    gone = compare(index, client, said, held)
    told = Ranges()
    for of, first, last in update.deletes:
        if of == client:
            told.add(first, last)
    compare_gone(index, client, gone, told)


def compare(index: Index, client: int, said: Sequence[Struct], held: Held) -> list[tuple[int, int]]:
    """Refuse structs that begin below what is known of that client id and say something else than what stands there.

    Return the clocks that they repeat as gone, for ``compare_gone``.

    Raises:
        UpdateError: they differ, or are too many; codes ``differs``, ``size``.
    """
    known = index.next(client)
    end = min(known, said[-1][1] + said[-1][2])
    if not is_repeated(client, said, held.structs(index, client, said[0][1], end)):
        raise UpdateError("differs", f"clocks of {client} up to {end} are known otherwise")
    return [(clock, min(known, clock + length)) for kind, clock, length, *_ in said if kind in GONE]


def compare_gone(index: Index, client: int, repeated: Sequence[tuple[int, int]], told: Ranges) -> None:
    """Refuse clocks that are repeated as gone where neither we nor the ``told`` deletions say so.

    Raises:
        UpdateError: code ``differs``.
    """
    author = index.authors.get(client)
    assert author is not None or not repeated, "what is repeated is known"
    if author is not None and any(author.dead.lacking(*part) for each in repeated for part in told.lacking(*each)):
        raise UpdateError("differs", "what stands is repeated as deleted, and its deletion is not told")


def _write(trial: Trial, update: Update, claim: ClientClaim) -> None:
    for client, structs in update.blocks:
        known = trial.index.next(client)
        if structs[0][1] != known:
            raise UpdateError("clock", f"clock {structs[0][1]} where {known} is next")
        if client > PEER_CLIENT_MAX or not claim.may_write_as(client):
            raise UpdateError("client", "a client id of someone else")
        for struct in structs:
            place = _place(trial.index, struct)
            if place is not None:
                check(struct, place)
            trial.write(client, struct, place)


def _place(index: Index, struct: Struct) -> Place | None:
    """Return the place of a struct that stands on known, living ground; None for one that is already collected."""
    kind, _, _, origin, right, _, _, _ = struct
    low_halves = index.low_halves
    if low_halves and ((origin and (origin[0], origin[1] + 1) in low_halves) or right in low_halves):
        raise UpdateError("surrogate", "it stands between two halves of a character")
    place = index.place(struct)
    if place is None and kind != COLLECTED:
        raise UpdateError("dependency", "it stands beside something that is gone")
    return place


def check(struct: Struct, place: Place) -> None:
    """Refuse a struct that a peer may not write there.

    Raises:
        RefusedError, UpdateError: why not.
    """
    kind, _, _, _, right, _, _, content = struct
    holds = place.container.holds
    field = place.field
    if not place.container.writable or field is None:
        raise UpdateError("path", "not a field of an entry")
    if field.command:
        raise _refused("command", f"{field.label} is changed by its own command.", place)
    if holds is Holds.TEXT:
        _check_text(kind, content, field, place)
        return
    if right is not None:
        raise UpdateError("order", "a value has no right neighbour")
    if kind == DELETED:
        return
    if kind != PLAIN:
        raise UpdateError("path", "only plain values stand under a key")
    if holds is Holds.ENTRY and field.kind is not Kind.REGISTER:
        raise UpdateError("path", "only a register is set")
    for value in content.values if isinstance(content, Squashed) else (content,):
        _check_value(value, field, place)


def _check_value(value: object, field: Field, place: Place) -> None:
    if place.container.holds is Holds.SET:
        _check_member(value, field, place)
        return
    fault = field.fault(value)
    if fault:
        raise _refused("value", fault, place)


def _check_text(kind: int, content: object, field: Field, place: Place) -> None:
    if kind not in (STRING, DELETED):
        raise UpdateError("content", "a text holds characters")
    if isinstance(content, str):
        if "\ufffd" in content:
            raise UpdateError("surrogate", "half a character")
        if "\x00" in content:
            raise _refused("value", f"{field.label} takes words.", place)


def _check_member(content: object, field: Field, place: Place) -> None:
    if not isinstance(content, bool):
        raise _refused("value", f"A member of {field.label} is switched on or off.", place)
    if place.first is not None:
        return
    member = place.key
    if not 0 < len(member) <= MEMBER_CHARACTERS_MAX:
        raise _refused("value", f"{field.label} takes words of 1 to {MEMBER_CHARACTERS_MAX} characters.", place)
    fault = field.fault(member)
    if fault:
        raise _refused("value", fault, place)
    if len(place.container.places) >= SET_MEMBERS_MAX:
        raise _refused("members", f"{field.label} holds {SET_MEMBERS_MAX} at most.", place)


def _delete(trial: Trial, update: Update, fresh_max: int) -> None:
    fresh = 0
    for client, start, end in update.deletes:
        fresh += trial.delete(client, start, end)
        if fresh > fresh_max:
            raise UpdateError("size", f"over {fresh_max} deletions at once")


def _allow(trial: Trial, may: May) -> None:
    """Refuse what the update as a whole may not do: what it deletes included."""
    asked: set[tuple[str, str]] = set()
    for place, tally in trial.tallies.items():
        if tally.squashed:
            raise UpdateError("content", "several values at once, none of them replaced")
        allow(place, tally.characters, may, asked)


def allow(place: Place, characters: int, may: May, asked: set[tuple[str, str]]) -> None:
    """Refuse a change of that place, by which its text grows by so many characters; ``asked`` remembers the grants.

    Raises:
        RefusedError, UpdateError: why not.
    """
    field = place.field
    if field is None or not place.container.writable:
        raise UpdateError("path", "not a field of an entry")
    if place.container.holds is Holds.ENTRY and field.kind is not Kind.REGISTER:
        raise UpdateError("path", "a text or a set stays in its place")
    if field.command:
        raise _refused("command", f"{field.label} is changed by its own command.", place)
    if place.length + characters > TEXT_CHARACTERS_MAX and characters > 0:
        raise _refused("length", f"{field.label} holds {TEXT_CHARACTERS_MAX} characters at most. Split it.", place)
    name = (place.entry, field.name)
    if name not in asked:
        asked.add(name)
        reason = may(place.entry, field.name)
        if reason:
            raise _refused("grant", reason, place)


def _refused(code: str, reason: str, place: Place) -> RefusedError:
    field = place.field
    return RefusedError(Refusal(code, reason, place.entry, field.name if field else ""))
