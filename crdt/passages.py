"""Who wrote which words of a text: its runs with the ids under which they were written."""

from collections.abc import Iterator
from dataclasses import dataclass

from crdt.places import Author, Place, Run


@dataclass(frozen=True, slots=True)
class Passage:
    """Words that one client id wrote in one go, standing side by side in a text."""

    words: str
    client: int
    clock: int
    """Of the first UTF-16 unit; the next passage of the same client id may well have a smaller one."""


def passages(place: Place, authors: dict[int, Author], words: str) -> list[Passage]:
    """Return a text in passages: together they are exactly its words."""
    units = words.encode("utf-16-le")
    found: list[Passage] = []
    at = 0
    for client, start, end in _living(place, authors):
        said = units[2 * at : 2 * (at + end - start)].decode("utf-16-le", "replace")
        at += end - start
        last = found[-1] if found else None
        if (
            last is not None
            and last.client == client
            and last.clock + len(last.words.encode("utf-16-le")) // 2 == start
        ):
            found[-1] = Passage(last.words + said, client, last.clock)
        else:
            found.append(Passage(said, client, start))
    assert at * 2 == len(units), "what lives of a text's runs is the text"
    return found


def _living(place: Place, authors: dict[int, Author]) -> Iterator[tuple[int, int, int]]:
    run: Run | None = place.first
    while run is not None:
        for start, end in authors[run.client].dead.lacking(run.start, run.end):
            yield run.client, start, end
        run = run.after
