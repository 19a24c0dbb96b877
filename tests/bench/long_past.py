"""What a section with a long past costs: ``python -m tests.bench.long_past [CORRECTIONS ...]``.

Two shapes of the same number of corrections: *kept*, slips with the letters that stayed between them, ten thousand in a
text, from a few pages (every slip is a range of its own for ever); *sittings*, five corrections at each of so many
sittings, each with a client id of its own and each replacing what the one before had written (twenty years of four
sittings a working day are 20,000).
"""

import resource
import sys
import time
from collections.abc import Callable
from typing import NamedTuple, TypeVar

from crdt.changes import Change, Create
from crdt.documents import Accepted, SectionDocument
from crdt.intakes import Effort
from crdt.sections import Section
from crdt.updates import FROM_JOURNAL, STRING, Struct, read_update
from hub.fuzz.peers import HUB_CLIENT, MARY, WALK, Anyone, Peer, allowed
from hub.fuzz.writing import a_struct, written

CORRECTIONS_A_TEXT = 10_000
CORRECTIONS_A_SITTING = 5
FIELD = "description"

Made = TypeVar("Made")


class Cost(NamedTuple):
    """Of one section: bytes, and milliseconds of the processor."""

    state: int
    ranges: int
    state_vector: int
    load: float
    gate: float
    content: float
    newcomer: float
    answer: float
    repeated: float
    edit: float


def entry_of(number: int) -> str:
    """Return the id of an entry with a text to correct."""
    return WALK[:-4] + f"{number:04x}"


def empty(texts: int) -> SectionDocument:
    """Return goals with so many texts of one letter."""
    document = SectionDocument(Section.GOALS)
    changes: list[Change] = [Create(Section.GOALS, entry_of(at), {FIELD: "a", "voice": MARY}) for at in range(texts)]
    document.perform(changes, client=HUB_CLIENT)
    return document


def kept(corrections: int) -> bytes:
    """Return the state of a section in which every slip stands between letters that stayed."""
    texts = max(1, corrections // CORRECTIONS_A_TEXT)
    peer = Peer(7)
    peer.receive(empty(texts).state())
    for at in range(texts):
        text = peer.text(entry_of(at), FIELD)
        for number in range(min(corrections, CORRECTIONS_A_TEXT)):
            text.insert(number, "xy")
            del text[number : number + 1]
        peer.sent.clear()
    return bytes(peer.doc.get_update())


def sittings(corrections: int) -> bytes:
    """Return the state of a section that was corrected at many sittings, of which the last one's words stand."""
    document = empty(1)
    ((client, structs),) = read_update(document.state(), FROM_JOURNAL).blocks
    last = next((client, each[1]) for each in structs if each[0] == STRING)
    peer = Peer(7)
    peer.receive(document.state())
    for number in range(max(1, corrections // CORRECTIONS_A_SITTING)):
        own = 1_000 + number
        letters: list[Struct] = []
        deletes = [(last[0], last[1], last[1] + 1)]
        for at in range(CORRECTIONS_A_SITTING):
            letters.append(a_struct(STRING, 2 * at, "xy", origin=last))
            deletes += [(own, 2 * at, 2 * at + (1 if at == CORRECTIONS_A_SITTING - 1 else 2))]
            last = (own, 2 * at + 1)
        peer.receive(written(own, letters, deletes))
    return bytes(peer.doc.get_update())


def cpu(work: Callable[[], Made]) -> tuple[Made, float]:
    """Return what it made, and the milliseconds of the processor that it took."""
    began = time.process_time()
    made = work()
    return made, (time.process_time() - began) * 1_000


def cost_of(state: bytes) -> Cost:
    """Measure what opening, reading, following and writing to such a section costs."""
    document, load = cpu(lambda: SectionDocument(Section.GOALS, state, later=True))
    _, newcomer = cpu(lambda: document.missing_from(b"\x00"))
    _, index = cpu(lambda: document.values(entry_of(0)))
    content, told = cpu(document.content)
    assert content.entries
    peer = Peer(9)
    peer.receive(state)
    answer, repeated = bytes(peer.doc.get_update(document.state_vector())), bytes(peer.doc.get_update())
    _, answered = cpu(lambda: taken_in(document, answer))
    _, again = cpu(lambda: taken_in(document, repeated))
    peer.sent.clear()
    peer.insert(0, "z", entry_of(0), FIELD)
    _, edit = cpu(lambda: written_to(document, peer.sent[-1]))
    ranges = len(read_update(state, FROM_JOURNAL).deletes)
    return Cost(len(state), ranges, len(document.state_vector()), load, index, told, newcomer, answered, again, edit)


def taken_in(document: SectionDocument, update: bytes) -> None:
    """Look through what holds nothing new: a stock provider's answer, or the whole section from one that can't tell."""
    intake = document.intake(update, client=Anyone(), may=allowed)
    while not intake.surveyed:
        refusal = intake.survey(Effort(1 << 30))
        if refusal is not None:
            assert refusal.code == "size", refusal
            return
    assert not intake.slices, "nothing of it is new"


def written_to(document: SectionDocument, update: bytes) -> None:
    """Judge and apply one keystroke."""
    verdict = document.judge(update, client=Anyone(), may=allowed)
    assert isinstance(verdict, Accepted), verdict
    document.apply(verdict)


def main(numbers: list[int]) -> None:
    """Print a table."""
    say = sys.stdout.write
    say("| shape | corrections | " + " | ".join(name.replace("_", " ") for name in Cost._fields) + " | peak MB |\n")
    for shape in (kept, sittings):
        for corrections in numbers:
            cost = cost_of(shape(corrections))
            told = [f"{each:,}" if isinstance(each, int) else f"{each:,.1f}" for each in cost]
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
            say(f"| {shape.__name__} | {corrections:,} | " + " | ".join(told) + f" | {peak} |\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main([int(each) for each in sys.argv[1:]] or [1_000, 10_000, 100_000])
