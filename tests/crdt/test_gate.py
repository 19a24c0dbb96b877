"""The gate: whose ids, in which order and how much, one test a row of the attack table."""

import pytest

from crdt import held
from crdt.contents import Refusal
from crdt.documents import SectionDocument, server_client
from crdt.gate import CONFLICT_STEPS_MAX, PEER_CLIENT_MAX
from crdt.sections import Section
from crdt.updates import (
    CLOCK_MAX,
    COLLECTED,
    DELETED,
    FRESH_DELETE_RANGES_MAX,
    PLAIN,
    SKIP,
    STRING,
    STRUCTS_MAX,
    UPDATE_BYTES_MAX,
)
from hub.fuzz.battles import Battle
from hub.fuzz.writing import a_struct, written, written_blocks
from tests.crdt.attempts import ME, a_word, container, last_id, made_by, place_of, refused, text_ids
from tests.crdt.builders import (
    HUB_CLIENT,
    MARY,
    READ,
    WALK,
    Claim,
    a_section,
    allowed,
    index_of,
    taken,
)

REPRODUCERS = {
    "hang in read": "010102000401056f7264657204f09f988000",
    "segfault": "0301012d0a05010114a1011d0200010000",
    "abort on a later write": "010101000000014d010005",
    "panic": "0100010500",
    "divide by zero": "01014d01000000",
    "unreachable": "02010105410321050101ffffffff07000500",
    "index out of bounds": "02004d01014dffffffff0f0005014d010101",
}


@pytest.mark.parametrize("update", REPRODUCERS.values(), ids=REPRODUCERS)
def test_what_once_broke_a_document_is_refused(update: str) -> None:
    refused(a_section(), bytes.fromhex(update))
    refused(SectionDocument(Section.GOALS), bytes.fromhex(update))


class TestClients:
    def test_a_client_id_of_someone_else(self) -> None:
        document = a_section()

        verdict = document.judge(a_word(document), client=Claim(frozenset({ME + 1})), may=allowed)

        assert isinstance(verdict, Refusal)
        assert verdict.code == "client"

    def test_a_client_id_kept_for_the_server(self) -> None:
        document = a_section()
        for client in (PEER_CLIENT_MAX + 1, HUB_CLIENT):
            clock = index_of(document).next(client)
            update = written(client, [a_struct(STRING, clock, "x", origin=text_ids(document)[-1])])

            assert refused(document, update).code == "client"

    def test_the_largest_client_id_of_a_browser_is_taken(self) -> None:
        document = a_section()

        taken(document, written(PEER_CLIENT_MAX, [a_struct(STRING, 0, "x", origin=text_ids(document)[-1])]))

    def test_more_than_one_client_block(self) -> None:
        document = a_section()
        struct = a_struct(STRING, 0, "x", origin=text_ids(document)[-1])

        assert refused(document, written_blocks([(ME, [struct]), (ME + 1, [struct])])).code == "client"


class TestClocks:
    def test_a_first_clock_ahead_of_what_is_known(self) -> None:
        document = a_section()

        assert refused(document, a_word(document, clock=1)).code == "clock"

    def test_a_skip_block(self) -> None:
        document = a_section()
        structs = [a_struct(SKIP, 0, length=1), a_struct(STRING, 1, "x", origin=text_ids(document)[-1])]

        assert refused(document, written(ME, structs)).code == "skip"

    def test_a_clock_over_the_bound(self) -> None:
        document = a_section()

        assert refused(document, written(ME, [a_struct(COLLECTED, 0, length=CLOCK_MAX + 1)])).code == "clock"

    def test_what_is_known_already_is_no_change(self) -> None:
        document = a_section()
        word = a_word(document)
        taken(document, word)

        accepted = taken(document, word)

        assert not accepted.changes
        assert document.content().entries[WALK].values["description"] == "walk né😀 dailyx"

    def test_what_is_partly_known_is_cut_to_what_is_new(self) -> None:
        document = a_section()
        last = text_ids(document)[-1]
        taken(document, written(ME, [a_struct(STRING, 0, "ab", origin=last)]))

        accepted = taken(document, written(ME, [a_struct(STRING, 0, "abcd", origin=last)]))

        assert accepted.touched[0].inserted == "cd"
        assert accepted.update == written(ME, [a_struct(STRING, 2, "cd", origin=(ME, 1))])
        assert document.content().entries[WALK].values["description"] == "walk né😀 dailyabcd"

    def test_another_edit_under_clocks_that_are_known(self) -> None:
        document = a_section()
        ids = text_ids(document)
        taken(document, written(ME, [a_struct(STRING, 0, "ab", origin=ids[-1])]))

        for struct in (
            a_struct(STRING, 0, "aB", origin=ids[-1]),
            a_struct(STRING, 0, "aBc", origin=ids[-1]),
            a_struct(STRING, 0, "😀", origin=ids[-1]),
            a_struct(STRING, 0, "ab", origin=ids[0]),
            a_struct(STRING, 0, "ab", origin=ids[-1], right=ids[0]),
            a_struct(STRING, 0, "ab", right=ids[0]),
            a_struct(STRING, 1, "b", origin=ids[0]),
            a_struct(PLAIN, 0, "ab", parent=made_by(container(document, "")), key="unit"),
        ):
            assert refused(document, written(ME, [struct])).code == "differs", struct

    def test_another_value_under_a_clock_that_is_known(self) -> None:
        document = a_section()
        entry = made_by(container(document, ""))
        origin = last_id(place_of(document, "unit"))
        taken(document, written(ME, [a_struct(PLAIN, 0, "4 mg", origin=origin)]))

        for struct in (
            a_struct(PLAIN, 0, "40 mg", origin=origin),
            a_struct(PLAIN, 0, True, origin=origin),
            a_struct(PLAIN, 0, "4 mg", parent=entry, key="unit"),
        ):
            assert refused(document, written(ME, [struct])).code == "differs", struct

    def test_known_words_that_are_deleted_now_count_with_their_deletion_and_not_without(self) -> None:
        document = a_section()
        last = text_ids(document)[-1]
        taken(document, written(ME, [a_struct(STRING, 0, "ab", origin=last)]))
        gone = [a_struct(DELETED, 0, length=2, origin=last)]

        assert refused(document, written(ME, gone)).code == "differs"
        assert refused(document, written(ME, gone, [(ME, 0, 1)])).code == "differs"
        accepted = taken(document, written(ME, gone, [(ME, 0, 2)]))
        again = taken(document, written(ME, gone))

        assert (accepted.changes, again.changes) == (True, False)
        assert (accepted.client, accepted.touched[0].deleted) == (None, 2)
        assert document.content().entries[WALK].values["description"] == "walk né😀 daily"

    def test_more_is_repeated_than_is_worth_comparing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(held, "REPEATED_STRUCTS_MAX", 3)
        document = a_section()
        first = text_ids(document)[0]
        structs = [a_struct(STRING, clock, "x", origin=first) for clock in range(4)]
        taken(document, written(ME, structs))

        assert not taken(document, written(ME, structs[:3])).changes
        assert refused(document, written(ME, structs)).code == "size"


class TestDependencies:
    @pytest.mark.parametrize("field", ["origin", "right", "parent"])
    def test_a_neighbour_or_parent_that_is_not_known(self, field: str) -> None:
        document = a_section()
        for unknown in ((99, 0), (HUB_CLIENT, 10_000)):
            struct = a_struct(STRING, 0, "x", **{field: unknown})  # type: ignore[arg-type]

            assert refused(document, written(ME, [struct])).code == "dependency"

    def test_a_neighbour_of_its_own_future(self) -> None:
        assert refused(a_section(), written(ME, [a_struct(STRING, 0, "x", origin=(ME, 0))])).code == "dependency"

    def test_neighbours_in_different_places(self) -> None:
        document = a_section()
        other = container(document, "description", READ).sequence
        assert other is not None
        struct = a_struct(STRING, 0, "x", origin=text_ids(document)[0], right=last_id(other))

        assert refused(document, written(ME, [struct])).code == "dependency"

    def test_a_neighbour_that_is_gone(self) -> None:
        document = a_section()
        structs = [a_struct(COLLECTED, 0, length=2), a_struct(STRING, 2, "x", origin=(ME, 1))]

        assert refused(document, written(ME, structs)).code == "dependency"

    def test_deleting_what_is_not_written_yet(self) -> None:
        document = a_section()
        known = index_of(document).next(HUB_CLIENT)

        assert refused(document, written(ME, [], [(HUB_CLIENT, known - 1, known + 1)])).code == "dependency"
        assert refused(document, written(ME, [], [(99, 0, 1)])).code == "dependency"


class TestOrder:
    def test_one_neighbour_on_both_sides(self) -> None:
        document = a_section()
        first = text_ids(document)[2]

        assert refused(document, written(ME, [a_struct(STRING, 0, "x", origin=first, right=first)])).code == "order"

    def test_a_right_neighbour_on_the_left(self) -> None:
        document = a_section()
        ids = text_ids(document)

        assert refused(document, written(ME, [a_struct(STRING, 0, "x", origin=ids[3], right=ids[1])])).code == "order"

    def test_neighbours_with_something_between_that_the_right_one_builds_on(self) -> None:
        document = a_section()
        ids = text_ids(document)

        for origin in (ids[1], None):
            struct = a_struct(STRING, 0, "x", origin=origin, right=ids[4])

            assert refused(document, written(ME, [struct])).code == "order"

    def test_neighbours_with_something_between_that_the_left_one_builds_on(self) -> None:
        document = a_section()
        ids = text_ids(document)
        taken(document, written(ME, [a_struct(STRING, 0, "m", origin=ids[1], right=ids[2])]))

        for right in (None, ids[4]):
            struct = a_struct(STRING, 1, "x", origin=(ME, 0), right=right)

            assert refused(document, written(ME, [struct])).code == "order"

    def test_neighbours_that_others_have_written_between_since(self) -> None:
        document = a_section()
        ids = text_ids(document)
        taken(document, written(ME, [a_struct(STRING, 0, "m", origin=ids[1], right=ids[2])]))

        taken(document, written(ME + 1, [a_struct(STRING, 0, "n", origin=ids[1], right=ids[2])]))

        assert document.content().entries[WALK].values["description"] == "wamnlk né😀 daily"

    def test_one_spot_written_into_again_and_again(self) -> None:
        document = a_section()
        left, right = text_ids(document)[:2]
        for number in range(300):
            client = ME + number % 2
            clock = index_of(document).next(client)
            taken(document, written(client, [a_struct(STRING, clock, "x", origin=left, right=right)]))
            right = (client, clock)

        run = index_of(document).run(left)
        while run is not None and run.after is not None:
            assert run.label < run.after.label
            run = run.after

    def test_a_value_with_a_right_neighbour(self) -> None:
        document = a_section()
        unit = last_id(place_of(document, "unit"))

        assert refused(document, written(ME, [a_struct(PLAIN, 0, "mi", right=unit)])).code == "order"


class TestSurrogates:
    def test_an_insertion_into_a_pair(self) -> None:
        document = a_section()
        ids = text_ids(document)
        high = ids[7]
        assert (high[0], high[1] + 1) in index_of(document).low_halves

        for struct in (
            a_struct(STRING, 0, "x", origin=high, right=ids[8]),
            a_struct(STRING, 0, "x", origin=high),
            a_struct(STRING, 0, "x", right=ids[8]),
        ):
            assert refused(document, written(ME, [struct])).code == "surrogate"

    def test_a_deletion_of_half_a_pair(self) -> None:
        document = a_section()
        client, high = text_ids(document)[7]

        for start, end in ((high, high + 1), (high + 1, high + 2), (high + 1, high + 4), (high - 2, high + 1)):
            assert refused(document, written(ME, [], [(client, start, end)])).code == "surrogate"

    def test_a_deletion_of_half_a_pair_of_its_own_update(self) -> None:
        document = a_section()
        struct = a_struct(STRING, 0, "😀", origin=text_ids(document)[0], right=text_ids(document)[1])

        assert refused(document, written(ME, [struct], [(ME, 0, 1)])).code == "surrogate"

    @pytest.mark.parametrize("words", [b"\xed\xa0\xbd", "half \ufffd"], ids=["lone", "replaced"])
    def test_half_a_pair_as_words(self, words: object) -> None:
        document = a_section()
        raw = words if isinstance(words, bytes) else str(words).encode()
        struct = a_struct(STRING, 0, bytes((len(raw),)) + raw, origin=text_ids(document)[0])
        update = written(ME, [struct])
        update = update.replace(bytes((len(raw) + 1, len(raw))) + raw, bytes((len(raw),)) + raw)

        assert refused(document, update).code in ("surrogate", "bytes")


class TestBounds:
    def test_an_update_over_64_kb(self) -> None:
        document = a_section()

        assert refused(document, a_word(document, words="x" * UPDATE_BYTES_MAX)).code == "size"

    def test_too_many_structs(self) -> None:
        structs = [a_struct(COLLECTED, clock) for clock in range(STRUCTS_MAX + 1)]

        assert refused(a_section(), written(ME, structs)).code == "size"

    def test_too_many_deletions_at_once(self) -> None:
        document = a_section()
        words = "x" * (2 * FRESH_DELETE_RANGES_MAX + 4)
        taken(document, a_word(document, words=words))
        ranges = [(ME, 2 * at, 2 * at + 1) for at in range(FRESH_DELETE_RANGES_MAX + 1)]

        assert refused(document, written(ME, [], ranges)).code == "size"
        taken(document, written(ME, [], ranges[:-1]))

    def test_a_contest_for_one_spot_that_never_ends(self) -> None:
        document = a_section()
        first = text_ids(document)[0]
        taken(document, written(ME, [a_struct(STRING, clock, "x", right=first) for clock in range(100)]))
        later = [a_struct(STRING, clock, "y", right=first) for clock in range(CONFLICT_STEPS_MAX // 100 + 1)]

        assert refused(document, written(ME + 1, later)).code == "work"
        taken(document, written(ME + 1, later[:50]))

    @pytest.mark.parametrize("update", ["", "00", "000000", "0001", "01", "010005000000", "ffffffffffffffff7f00"])
    def test_bytes_too_few_or_too_many(self, update: str) -> None:
        assert refused(a_section(), bytes.fromhex(update)).code in ("bytes", "size")


def test_the_server_writes_where_no_peer_can() -> None:
    clients = {server_client(f"plan {plan}", f"person {person}") for plan in range(20) for person in range(20)}

    assert len(clients) == 400
    assert all(PEER_CLIENT_MAX < client < 1 << 53 for client in clients)
    assert server_client("plan", MARY) == HUB_CLIENT


@pytest.mark.parametrize("seed", range(20))
def test_a_refused_update_leaves_no_trace(seed: int) -> None:
    battle = Battle(seed)

    for _ in range(30):
        battle.step()

    battle.check()
    assert battle.refused
