"""What may be long: known parts cost little, new parts are accepted or refused as a whole, slice by slice."""

import itertools
import sys
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdt import held
from crdt.contents import Accepted, Refusal
from crdt.documents import SectionDocument
from crdt.fields import TEXT_CHARACTERS_MAX
from crdt.gate import May
from crdt.intakes import SLICE_RANGES_MAX, SLICE_STRUCTS_MAX, STEPS_AT_ONCE, Effort, Intake
from crdt.sections import Section
from crdt.updates import (
    COLLECTED,
    DELETED,
    FROM_JOURNAL,
    FROM_SLICES,
    INTAKE_BYTES_MAX,
    INTAKE_STRUCTS_MAX,
    PLAIN,
    SLICE_BYTES_MAX,
    STRING,
    UPDATE_BYTES_MAX,
    Squashed,
    read_update,
    write_state_vector,
)
from hub.fuzz.writing import a_struct, written, written_blocks
from tests.crdt.builders import ANYONE, WALK, Claim, a_peer, a_section, allowed, index_of, plain, plain_doc, taken
from tests.crdt.test_convergence import a_day
from tests.crdt.test_gate import a_word, container, made_by, place_of, text_ids

ME = 5
NOBODY = Claim(frozenset())
ENDLESS = 1 << 40


def surveyed(document: SectionDocument, update: bytes, *, client: Claim = ANYONE, may: May = allowed) -> Intake:
    intake = document.intake(update, client=client, may=may)
    assert intake.survey(Effort(ENDLESS)) is None
    assert intake.surveyed
    return intake


def refused(document: SectionDocument, update: bytes, *, client: Claim = ANYONE, may: May = allowed) -> Refusal:
    refusal = document.intake(update, client=client, may=may).survey(Effort(ENDLESS))
    assert refusal is not None
    return refusal


def all_taken(document: SectionDocument, update: bytes) -> list[Accepted]:
    """Take an update in; every slice must pass."""
    intake = surveyed(document, update)
    told = []
    while intake.slices:
        verdict = document.judge(intake.slices[0], client=ANYONE, may=allowed, limits=FROM_SLICES)
        assert isinstance(verdict, Accepted), verdict
        document.apply(verdict)
        intake.take()
        told.append(verdict)
    return told


def corrections(document: SectionDocument, count: int, *, client: int = ME, clock: int = 0) -> bytes:
    """An update of that client with so many letters typed one behind the other, every second one taken back."""
    first = text_ids(document)[0]
    structs = [a_struct(STRING, clock, "x", origin=first)]
    structs += [a_struct(STRING, clock + at, "x", origin=(client, clock + at - 1)) for at in range(1, count)]
    return written(client, structs, [(client, clock + at, clock + at + 1) for at in range(0, count, 2)])


@given(st.integers(0, 2**32))
def test_taken_in_slices_an_update_does_what_it_does_at_once(seed: int) -> None:
    document, peers, _, start = a_day(seed)
    for peer in peers:
        whole = SectionDocument(document.section, start)
        sliced = SectionDocument(document.section, start)
        update = peer.doc.get_update(whole.state_vector())
        verdict = whole.judge(update, client=ANYONE, may=allowed)
        if isinstance(verdict, Refusal):
            continue  # It brings what others wrote as well.
        whole.apply(verdict)

        all_taken(sliced, update)

        assert plain(sliced) == plain(whole)


def test_what_is_known_leaves_nothing_to_take() -> None:
    document = a_section()
    all_taken(document, corrections(document, 10_000))

    state = document.state()
    intake, effort = document.intake(state, client=NOBODY, may=lambda entry, name: "no"), Effort(ENDLESS)
    intake.survey(effort)

    assert intake.done
    told = read_update(state, FROM_JOURNAL)
    gone = sum(struct[0] in (COLLECTED, DELETED) for _, structs in told.blocks for struct in structs)
    structs = sum(len(structs) for _, structs in told.blocks)
    assert ENDLESS - effort.left <= len(told.deletes) + 2 * structs + gone


def test_an_hour_of_typing_comes_in_slices_that_each_take_no_longer_than_a_beat() -> None:
    document = a_section()
    update = corrections(document, 22_000)
    assert len(update) > UPDATE_BYTES_MAX

    intake = surveyed(document, update)

    read = [read_update(each, FROM_SLICES) for each in intake.slices]
    assert max(len(structs) for each in read for _, structs in each.blocks) == SLICE_STRUCTS_MAX
    assert max(len(each.deletes) for each in read) <= SLICE_RANGES_MAX
    assert sum(len(structs) for each in read for _, structs in each.blocks) == 22_000
    length = place_of_text(document)
    all_taken(document, update)
    assert place_of_text(document) == length + 11_000


def place_of_text(document: SectionDocument) -> int:
    sequence = container(document, "description").sequence
    assert sequence is not None
    return sequence.length


def test_the_survey_stops_where_its_effort_ends_and_goes_on_there() -> None:
    document = a_section()
    all_taken(document, corrections(document, 6_000))
    intake = document.intake(document.state(), client=NOBODY, may=allowed)
    beats = 0

    while not intake.surveyed:
        effort = Effort(STEPS_AT_ONCE)
        assert intake.survey(effort) is None
        assert effort.left > -3 * STEPS_AT_ONCE
        beats += 1

    assert beats > 3


def test_only_a_part_that_is_known_is_cut_off() -> None:
    document = a_section()
    update = corrections(document, 3_000)
    head = written(ME, read_update(update, FROM_JOURNAL).blocks[0][1][:100])
    taken(document, head)

    intake = surveyed(document, update)

    clocks = [structs[0][1] for each in intake.slices for _, structs in read_update(each, FROM_SLICES).blocks]
    assert clocks[0] == 100
    all_taken(document, update)
    assert index_of(document).next(ME) == 3_000


def test_a_struct_of_which_a_part_is_known_is_cut_through() -> None:
    document = a_section()
    first = text_ids(document)[0]
    taken(document, written(ME, [a_struct(STRING, 0, "ab😀", origin=first)]))
    longer = written(ME, [a_struct(STRING, 0, "ab😀cd", origin=first)])

    all_taken(document, longer)

    assert "ab😀cd" in str(plain(document)[WALK]["description"])


def test_a_text_that_is_replaced_is_never_longer_than_it_may_be() -> None:
    document = a_section()
    peer = a_peer(document)
    text = peer.text()
    length = len(str(text).encode())
    for _ in range(40):
        text.insert(length, "y" * 400)
    all_taken(document, peer.doc.get_update(document.state_vector()))
    with peer.doc.transaction():
        del text[0 : len(str(text).encode())]
    for chunk in range(20):
        for at in range(95):
            text.insert(0, f"{chunk:>3}{at:>3}zzzz")

    all_taken(document, peer.doc.get_update(document.state_vector()))

    assert plain(document) == plain_doc(peer.doc)


def test_a_value_is_never_gone_before_the_new_one_is_there() -> None:
    document = a_section()
    peer = a_peer(document)
    entry, text = peer.entry(), peer.text()
    for at in range(700):
        entry["unit"] = f"unit {at}"
        text.insert(0, "x")

    verdicts = all_taken(document, peer.doc.get_update(document.state_vector()))

    assert len(verdicts) > 1
    assert all(touched.after for verdict in verdicts for touched in verdict.touched if touched.field == "unit")
    assert plain(document)[WALK]["unit"] == "unit 699"


class TestRefusedWhole:
    """Nothing of a long change is taken where the survey finds what an honest peer may not do."""

    def test_for_a_grant_that_is_missing_at_its_very_end(self) -> None:
        document = a_section()
        entry = made_by(container(document, ""))
        structs = [a_struct(STRING, at, "x", origin=text_ids(document)[0]) for at in range(2_000)]
        structs.append(a_struct(PLAIN, 2_000, "miles", parent=entry, key="unit"))

        refusal = refused(document, written(ME, structs), may=lambda entry, name: "no" if name == "unit" else "")

        assert (refusal.code, refusal.entry, refusal.field) == ("grant", WALK, "unit")
        assert index_of(document).next(ME) == 0

    def test_for_a_text_that_becomes_too_long(self) -> None:
        document = a_section()

        refusal = refused(document, a_word(document, words="x" * 200_000))

        assert (refusal.code, refusal.field) == ("length", "description")
        assert "Split it" in refusal.reason

    def test_for_deleting_where_one_may_not_write(self) -> None:
        document = a_section()
        client, clock = text_ids(document)[2]

        refusal = refused(document, written(ME, [], [(client, clock, clock + 1)]), may=lambda entry, name: "no")

        assert refusal.code == "grant"

    def test_for_a_client_id_of_someone_else(self) -> None:
        document = a_section()

        assert refused(document, corrections(document, 2_000), client=NOBODY).code == "client"

    def test_for_saying_something_else_where_something_stands(self) -> None:
        document = a_section()
        first = text_ids(document)[0]
        taken(document, written(ME, [a_struct(STRING, 0, "known", origin=first)]))
        other = [a_struct(STRING, 0, "other", origin=first), a_struct(STRING, 5, "x", origin=(ME, 4))]
        gone = [a_struct(COLLECTED, 0, length=5), a_struct(STRING, 5, "x", origin=first)]

        assert refused(document, written(ME, other)).code == "differs"
        assert refused(document, written(ME, gone)).code == "differs"
        all_taken(document, written(ME, gone, [(ME, 0, 5)]))

    def test_for_clocks_that_are_missing(self) -> None:
        document = a_section()

        assert refused(document, corrections(document, 2_000, clock=3)).code == "clock"

    def test_for_a_deletion_of_what_nobody_wrote(self) -> None:
        document = a_section()

        for deletes in ([(ME, 0, 3)], [(77, 0, 1)]):
            assert refused(document, written(ME, [], deletes)).code == "dependency"

    def test_for_neighbours_that_nobody_knows(self) -> None:
        document = a_section()

        for origin in ((ME, 0), (ME, 9), (77, 0)):
            assert refused(document, written(ME, [a_struct(STRING, 0, "x", origin=origin)])).code == "dependency"

    def test_for_two_client_ids_that_bring_something_new(self) -> None:
        document = a_section()
        struct = a_struct(STRING, 0, "x", origin=text_ids(document)[0])

        assert refused(document, written_blocks([(ME, [struct]), (ME + 1, [struct])])).code == "dependency"

    @pytest.mark.parametrize("cut", [1, 2, 5, 9])
    def test_for_bytes_too_few_or_too_many(self, cut: int) -> None:
        document = a_section()
        update = corrections(document, 300)

        assert refused(document, update[:-cut]).code in ("bytes", "dependency")
        assert refused(document, update + b"\x00" * cut).code == "bytes"

    def test_for_a_length_over_all_bounds(self) -> None:
        document = a_section()

        assert refused(document, bytes(INTAKE_BYTES_MAX + 1)).code == "size"
        many = [a_struct(COLLECTED, at) for at in range(INTAKE_STRUCTS_MAX + 1)]
        assert refused(document, written(ME, many)).code == "size"
        assert refused(document, a_word(document, words="x" * (SLICE_BYTES_MAX + 1))).code == "size"


def test_twenty_thousand_characters_of_four_bytes_pass() -> None:
    document = a_section()
    known = place_of_text(document)

    all_taken(document, a_word(document, words="😀" * (TEXT_CHARACTERS_MAX - known)))

    assert place_of_text(document) == TEXT_CHARACTERS_MAX


def test_values_that_were_replaced_come_with_what_replaces_them() -> None:
    document = a_section()
    standing = place_of(document, "unit").last
    assert standing is not None
    typed = [a_struct(STRING, at, "x", origin=text_ids(document)[0]) for at in range(SLICE_STRUCTS_MAX - 1)]
    clock = len(typed)
    values = a_struct(PLAIN, clock, Squashed(("a", "b")), length=2, origin=(standing.client, standing.end - 1))
    last = a_struct(PLAIN, clock + 2, "c", origin=(ME, clock + 1))
    update = written(ME, [*typed, values, last], [(ME, clock, clock + 2)])

    all_taken(document, update)

    assert plain(document)[WALK]["unit"] == "c"
    assert place_of(document, "unit").value == "c"


def many_sittings(count: int) -> SectionDocument:
    """A section at which so many client ids wrote two letters, each behind the one before, and took one back."""
    document = a_section()
    last = text_ids(document)[0]
    for number in range(count):
        own = 1_000 + number
        letters = [a_struct(STRING, 0, "xy", origin=last)]
        taken(document, written(own, letters, [(own, 0, 1)]))
        last = (own, 1)
    return document


def test_what_a_whole_section_costs_to_be_repeated_grows_as_its_client_ids_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read one by one, each of n client ids costs a state vector of n: twenty years would stop every plan there is."""
    reads = []

    def counted(clocks: Mapping[int, int]) -> bytes:
        reads.append(len(clocks))
        return write_state_vector(clocks)

    monkeypatch.setattr(held, "write_state_vector", counted)
    cost = {}
    for sittings in (300, 1_200):
        document = many_sittings(sittings)
        reads.clear()
        surveyed(document, document.state())
        cost[sittings] = sum(reads)

    assert cost[1_200] < 12 * cost[300]


def test_who_repeats_client_ids_in_an_order_of_their_own_pays_for_every_reading() -> None:
    state = many_sittings(600).state()
    blocks = read_update(state, FROM_JOURNAL).blocks
    up = sorted(each for each in blocks if 1_100 <= each[0] < 1_200)
    effort = {}
    for name, order in (("down", up[::-1]), ("up", up)):
        document, left = SectionDocument(Section.GOALS, state), Effort(ENDLESS)
        deletes = [(client, 0, 1) for client, _ in order]
        intake = document.intake(written_blocks(order, deletes), client=ANYONE, may=allowed)
        assert intake.survey(left) is None
        effort[name] = ENDLESS - left.left

    assert effort["up"] > 20 * effort["down"]


def test_a_state_of_many_client_ids_each_behind_the_other_is_read_in_one_go() -> None:
    called = {}
    for sittings in (300, 1_200):
        state = many_sittings(sittings).state()
        count = itertools.count()
        sys.setprofile(lambda frame, event, argument, count=count: next(count))  # type: ignore[misc]
        try:
            SectionDocument(Section.GOALS, state)
        finally:
            sys.setprofile(None)
        called[sittings] = next(count)

    assert called[1_200] < 6 * called[300]


def test_what_was_read_to_be_compared_is_read_anew_once_more_is_written() -> None:
    document = a_section()
    first = text_ids(document)[0]
    said = [a_struct(STRING, 0, "x", origin=first), a_struct(STRING, 1, "y", origin=first)]
    taken(document, written(ME, said[:1]))
    assert not taken(document, written(ME, said[:1])).changes

    taken(document, written(ME, said[1:]))

    assert not taken(document, written(ME, said)).changes
    assert refused(document, written(ME, [said[0], a_struct(STRING, 1, "z", origin=first)])).code == "differs"
