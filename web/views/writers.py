"""Who wrote which words of a text, and when: ids of the document for the person, the journal's rows for the instant."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from crdt.passages import Passage
from crdt.updates import Update
from hub.record.journal import Row
from web.views.fields import Setting
from web.views.history import BURST
from web.views.people import hue_of
from web.views.words import Moment, moment


@dataclass(frozen=True, slots=True)
class Written:
    """Words of one person that came in one burst of typing; ``when`` is that of the first."""

    number: int
    words: str
    who: str
    role: str
    hue: int
    when: Moment | None
    person: str


def written_by(
    passages: Sequence[Passage],
    strokes: Sequence[tuple[Row, Update]],
    people: Mapping[int, str],
    setting: Setting,
) -> list[Written]:
    """Return the text in stretches of one person and burst; together they are exactly its words."""
    rows = _rows_by_clock(strokes)
    found: list[Written] = []
    before: Row | None = None
    for passage in passages:
        for words, row in _pieces(passage, rows.get(passage.client, ([], []))):
            person = people.get(passage.client, row.actor if row is not None else "")
            when = moment(row.recorded, setting.reading) if row is not None else None
            last = found[-1] if found else None
            if last is not None and last.person == person and _close(before, row):
                found[-1] = replace(last, words=last.words + words)
            else:
                found.append(_written(len(found) + 1, words, person, when, setting))
            before = row
    return found


def _written(number: int, words: str, person: str, when: Moment | None, setting: Setting) -> Written:
    known = setting.people.person(person)
    return Written(
        number,
        words,
        setting.people.name(person),
        known.role if known is not None else "",
        hue_of(person),
        when,
        person,
    )


def _close(one: Row | None, other: Row | None) -> bool:
    """Say whether two rows belong to one burst of typing."""
    if one is None or other is None:
        return one is other
    return abs(one.recorded - other.recorded) <= BURST


def _rows_by_clock(strokes: Sequence[tuple[Row, Update]]) -> dict[int, tuple[list[int], list[Row]]]:
    """Return for each client id the first clocks of its rows, ascending, and the rows."""
    firsts: dict[int, list[tuple[int, Row]]] = {}
    for row, update in strokes:
        for client, structs in update.blocks:
            firsts.setdefault(client, []).append((structs[0][1], row))
    ordered = {client: sorted(some, key=lambda each: (each[0], each[1].seq)) for client, some in firsts.items()}
    return {client: ([clock for clock, _ in some], [row for _, row in some]) for client, some in ordered.items()}


def _pieces(passage: Passage, rows: tuple[list[int], list[Row]]) -> list[tuple[str, Row | None]]:
    """Return a passage in parts of one row each."""
    clocks, of = rows
    pieces: list[tuple[str, Row | None]] = []
    clock = passage.clock
    for character in passage.words:
        at = bisect_right(clocks, clock) - 1
        row = of[at] if at >= 0 else None
        if pieces and pieces[-1][1] is row:
            pieces[-1] = (pieces[-1][0] + character, row)
        else:
            pieces.append((character, row))
        clock += 2 if character > "\uffff" else 1
    return pieces
