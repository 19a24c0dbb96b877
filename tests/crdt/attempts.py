"""What the tests of the gate reach for: places and ids in a document, and updates that it is to refuse."""

from crdt.contents import Refusal
from crdt.documents import SectionDocument
from crdt.gate import May
from crdt.places import Container, Place
from crdt.updates import (
    STRING,
    Id,
)
from hub.fuzz.writing import a_struct, written
from tests.crdt.builders import (
    WALK,
    index_of,
    judged,
    plain,
)

ME = 5


def container(document: SectionDocument, name: str, entry: str = WALK) -> Container:
    """The container of an entry's field, or of the entry itself."""
    return next(of for of in index_of(document).containers.values() if (of.entry, of.name) == (entry, name))


def made_by(of: Container) -> Id:
    assert of.struct is not None
    return of.struct


def place_of(document: SectionDocument, key: str, name: str = "", entry: str = WALK) -> Place:
    return container(document, name, entry).places[key]


def last_id(place: Place) -> Id:
    assert place.last is not None
    return place.last.client, place.last.end - 1


def text_ids(document: SectionDocument) -> list[Id]:
    """The ids of the first entry's words in their order: ``walk né😀 daily`` has 15."""
    place = container(document, "description").sequence
    assert place is not None
    run, ids = place.first, []
    while run is not None:
        ids += [(run.client, clock) for clock in range(run.start, run.end)]
        run = run.after
    return ids


def refused(document: SectionDocument, update: bytes) -> Refusal:
    """Judge what must not pass, and see that it leaves no trace."""
    before = (document.state(), plain(document), index_of(document).clocks(), sorted(index_of(document).low_halves))
    verdict = judged(document, update)
    assert isinstance(verdict, Refusal), "it was to be refused"
    assert verdict.reason
    assert before == (
        document.state(),
        plain(document),
        index_of(document).clocks(),
        sorted(index_of(document).low_halves),
    )
    return verdict


def a_word(document: SectionDocument, clock: int = 0, words: object = "x") -> bytes:
    return written(ME, [a_struct(STRING, clock, words, origin=text_ids(document)[-1])])


def forbidding(name: str) -> May:
    return lambda entry, field: "No." if field == name else ""
