"""The gate: one test a row of the attack table, and the honest cases that look like attacks."""

import pytest

from crdt import held
from crdt.changes import Append, Create, Include
from crdt.contents import Accepted, Refusal
from crdt.documents import SectionDocument, server_client
from crdt.fields import LINE_CHARACTERS_MAX, MEMBER_CHARACTERS_MAX, SET_MEMBERS_MAX, TEXT_CHARACTERS_MAX, Scalar
from crdt.gate import CONFLICT_STEPS_MAX, PEER_CLIENT_MAX, May
from crdt.places import Container, Place
from crdt.sections import Section
from crdt.updates import (
    CLOCK_MAX,
    COLLECTED,
    CONTAINER,
    DELETED,
    FRESH_DELETE_RANGES_MAX,
    MAP,
    PLAIN,
    SKIP,
    STRING,
    STRUCTS_MAX,
    TEXT,
    UPDATE_BYTES_MAX,
    Id,
    Squashed,
)
from hub.fuzz.battles import Battle
from hub.fuzz.writing import a_struct, written, written_blocks
from tests.crdt.builders import (
    HUB_CLIENT,
    MARY,
    READ,
    WALK,
    Claim,
    a_peer,
    a_section,
    allowed,
    index_of,
    judged,
    plain,
    taken,
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


class TestContent:
    @pytest.mark.parametrize("kind", [2, 3, 5, 6, 9, 11, 12, 31])
    def test_content_that_no_care_plan_holds(self, kind: int) -> None:
        document = a_section()
        struct = a_struct(kind, 0, b"\x01\x01a\x01a", origin=text_ids(document)[-1])

        assert refused(document, written(ME, [struct])).code == "content"

    @pytest.mark.parametrize("of", [0, 3, 4, 5, 6, 7, 15])
    def test_containers_that_no_care_plan_holds(self, of: int) -> None:
        document = a_section()
        struct = a_struct(CONTAINER, 0, of, parent=made_by(container(document, "")), key="unit")

        assert refused(document, written(ME, [struct])).code == "content"

    @pytest.mark.parametrize("of", [MAP, TEXT])
    def test_a_container_anywhere(self, of: int) -> None:
        document = a_section()
        for parent, key in (
            (made_by(container(document, "")), "unit"),
            (made_by(container(document, "")), "barriers"),
            (made_by(container(document, "addresses")), MARY),
            ("entries", "mine"),
        ):
            struct = a_struct(CONTAINER, 0, of, parent=parent, key=key)

            assert refused(document, written(ME, [struct])).code == "path"

    @pytest.mark.parametrize(
        "value",
        [
            b"\x7a" + bytes(8),
            b"\x7f",
            b"\x74\x00",
            b"\x7c\x7f\xc0\x00\x00",
            b"\x7c\x7f\x80\x00\x00",
            b"\x75\x01" * 9 + b"\x7e",
        ],
        ids=["BigInt", "undefined", "binary", "NaN", "infinity", "depth"],
    )
    def test_values_that_are_none(self, value: bytes) -> None:
        document = a_section()
        struct = a_struct(PLAIN, 0, value, parent=made_by(container(document, "")), key="target_low")

        assert refused(document, written(ME, [struct])).code == "content"

    @pytest.mark.parametrize("kind", [PLAIN, CONTAINER])
    def test_anything_but_characters_in_a_text(self, kind: int) -> None:
        document = a_section()
        struct = a_struct(kind, 0, 1, origin=text_ids(document)[-1])

        assert refused(document, written(ME, [struct])).code == "content"

    def test_characters_under_a_key(self) -> None:
        document = a_section()
        struct = a_struct(STRING, 0, "km", origin=last_id(place_of(document, "unit")))

        assert refused(document, written(ME, [struct])).code == "path"

    def test_nothing_but_words_in_a_text(self) -> None:
        document = a_section()

        assert refused(document, a_word(document, words="nul \x00")).code == "value"

    def test_several_values_that_nothing_replaces(self) -> None:
        document = a_section()
        unit = last_id(place_of(document, "unit"))
        squashed = a_struct(PLAIN, 0, Squashed(("a", "b")), length=2, origin=unit)

        assert refused(document, written(ME, [squashed])).code == "content"
        taken(document, written(ME, [squashed, a_struct(PLAIN, 2, "c", origin=(ME, 1))]))
        assert document.content().entries[WALK].values["unit"] == "c"


class TestPaths:
    @pytest.mark.parametrize("root", ["entries", "suggestions", "comments"])
    def test_a_root(self, root: str) -> None:
        for kind, content in ((PLAIN, "x"), (DELETED, None), (CONTAINER, MAP)):
            struct = a_struct(kind, 0, content, parent=root, key="mine")

            assert refused(a_section(), written(ME, [struct])).code == "path"

    def test_a_root_that_is_none(self) -> None:
        assert refused(a_section(), written(ME, [a_struct(STRING, 0, "x", parent="other")])).code == "path"

    def test_a_field_that_is_not_declared(self) -> None:
        document = a_section()
        struct = a_struct(PLAIN, 0, "x", parent=made_by(container(document, "")), key="unheard_of")

        assert refused(document, written(ME, [struct])).code == "path"

    def test_a_key_in_a_text_and_an_item_in_a_map(self) -> None:
        document = a_section()
        in_text = a_struct(STRING, 0, "x", parent=made_by(container(document, "description")), key="k")
        in_map = a_struct(PLAIN, 0, "x", parent=made_by(container(document, "")))

        assert refused(document, written(ME, [in_text])).code == "path"
        assert refused(document, written(ME, [in_map])).code == "path"

    def test_a_parent_that_holds_nothing(self) -> None:
        document = a_section()
        struct = a_struct(PLAIN, 0, "x", parent=last_id(place_of(document, "unit")), key="k")

        assert refused(document, written(ME, [struct])).code == "path"

    @pytest.mark.parametrize("name", ["description", "addresses"])
    def test_a_plain_value_in_place_of_a_container(self, name: str) -> None:
        document = a_section()
        struct = a_struct(PLAIN, 0, "x", origin=last_id(place_of(document, name)))

        assert refused(document, written(ME, [struct])).code == "path"

    @pytest.mark.parametrize("name", ["description", "addresses"])
    def test_a_container_deleted(self, name: str) -> None:
        document = a_section()
        client, clock = last_id(place_of(document, name))

        assert refused(document, written(ME, [], [(client, clock, clock + 1)])).code == "path"
        gone = a_struct(DELETED, 0, origin=(client, clock))
        assert refused(document, written(ME, [gone])).code == "path"

    def test_a_field_that_is_declared_no_more_deleted(self) -> None:
        document = a_section()
        clock = index_of(document).next(HUB_CLIENT)
        former = a_struct(PLAIN, clock, "x", parent=made_by(container(document, "")), key="former")
        document.replay(written(HUB_CLIENT, [former]))

        assert refused(document, written(ME, [], [(HUB_CLIENT, clock, clock + 1)])).code == "path"

    def test_an_entry_deleted(self) -> None:
        document = a_section()
        client, clock = made_by(container(document, ""))

        assert refused(document, written(ME, [], [(client, clock, clock + 1)])).code == "path"

    @pytest.mark.parametrize("name", ["status", "lifecycle", "retired_reason", "source", "position"])
    def test_a_command_field(self, name: str) -> None:
        document = a_section()
        struct = a_struct(PLAIN, 0, "active", parent=made_by(container(document, "")), key=name)

        verdict = refused(document, written(ME, [struct]))

        assert (verdict.code, verdict.entry, verdict.field) == ("command", WALK, name)

    def test_a_command_field_deleted(self) -> None:
        document = SectionDocument(Section.GOALS)
        values = {"description": "walk", "voice": MARY, "lifecycle": "active"}
        document.perform([Create(Section.GOALS, WALK, values)], client=HUB_CLIENT)
        client, clock = last_id(place_of(document, "lifecycle"))

        assert refused(document, written(ME, [], [(client, clock, clock + 1)])).code == "command"

    def test_a_log(self) -> None:
        document = SectionDocument(Section.MONITORING)
        entry: dict[str, str] = {"measure": "29463-7 Body weight", "responder": MARY}
        record: dict[str, Scalar] = {"value": 80, "when": "2026-11-21T08:21:00Z"}
        document.perform(
            [
                Create(Section.MONITORING, WALK, entry),
                Append(Section.MONITORING, WALK, "readings", "r1", record),
            ],
            client=HUB_CLIENT,
        )
        log = container(document, "readings")
        client, clock = last_id(log.places["r1"])

        for update in (
            written(ME, [a_struct(PLAIN, 0, {"value": 9}, parent=made_by(log), key="r2")]),
            written(ME, [a_struct(PLAIN, 0, {"value": 9}, origin=(client, clock))]),
            written(ME, [], [(client, clock, clock + 1)]),
        ):
            assert refused(document, update).code in ("command", "path")


class TestValues:
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("priority", "urgent"),
            ("target_low", "three"),
            ("target_low", True),
            ("due", "tomorrow"),
            ("unit", 3),
            ("unit", "two\nlines"),
            ("unit", "x" * (LINE_CHARACTERS_MAX + 1)),
            ("unit", {"a": 1}),
            ("unit", ["a"]),
            ("owner", "someone"),
        ],
    )
    def test_a_value_that_its_field_does_not_allow(self, name: str, value: object) -> None:
        document = a_section()
        struct = a_struct(PLAIN, 0, value, parent=made_by(container(document, "")), key=name)

        verdict = refused(document, written(ME, [struct]))

        assert (verdict.code, verdict.entry, verdict.field) == ("value", WALK, name)

    @pytest.mark.parametrize("value", ["yes", 1, None, {}])
    def test_a_member_that_is_neither_on_nor_off(self, value: object) -> None:
        document = a_section()
        struct = a_struct(PLAIN, 0, value, parent=made_by(container(document, "addresses")), key=MARY)

        assert refused(document, written(ME, [struct])).code == "value"

    @pytest.mark.parametrize("member", ["", "no id", "x" * (MEMBER_CHARACTERS_MAX + 1)])
    def test_a_member_that_its_set_does_not_allow(self, member: str) -> None:
        document = a_section()
        struct = a_struct(PLAIN, 0, True, parent=made_by(container(document, "addresses")), key=member)

        assert refused(document, written(ME, [struct])).code == "value"

    def test_a_member_too_long_for_any_set(self) -> None:
        document = SectionDocument(Section.MEDICATIONS)
        values = {"kind": "medicine", "name": "Aspirin", "dose": "81 mg", "frequency": "daily"}
        document.perform([Create(Section.MEDICATIONS, WALK, values)], client=HUB_CLIENT)
        parent = made_by(container(document, "ingredients"))
        member = "x" * (MEMBER_CHARACTERS_MAX + 1)

        assert refused(document, written(ME, [a_struct(PLAIN, 0, True, parent=parent, key=member)])).code == "value"
        assert refused(document, written(ME, [a_struct(PLAIN, 0, True, parent=parent, key="")])).code == "value"

    def test_one_member_too_many(self) -> None:
        document = a_section()
        members = [f"019ab000-0000-7000-8000-{number:012d}" for number in range(100, 100 + SET_MEMBERS_MAX)]
        document.perform(
            [Include(Section.GOALS, WALK, "addresses", member, True) for member in members[:-1]], client=HUB_CLIENT
        )
        parent = made_by(container(document, "addresses"))

        new = written(ME, [a_struct(PLAIN, 0, True, parent=parent, key=members[-1])])
        known = written(ME, [a_struct(PLAIN, 0, False, origin=last_id(place_of(document, READ, "addresses")))])

        assert refused(document, new).code == "members"
        taken(document, known)

    def test_a_text_that_grows_too_long(self) -> None:
        document = a_section()
        fits = TEXT_CHARACTERS_MAX - len("walk né😀 daily")

        assert refused(document, a_word(document, words="x" * (fits + 1))).code == "length"
        taken(document, a_word(document, words="x" * fits))

    def test_a_text_that_is_too_long_may_shrink(self) -> None:
        document = a_section()
        taken(document, a_word(document, words="x" * (TEXT_CHARACTERS_MAX - 15)))

        taken(document, written(ME, [], [(ME, 0, 5)]))


class TestGrants:
    def test_a_field_that_one_may_not_write(self) -> None:
        document = a_section()

        def may(entry: str, name: str) -> str:
            return "Only Mary writes this." if (entry, name) == (WALK, "description") else ""

        verdict = document.judge(a_word(document), client=Claim(), may=may)

        assert verdict == Refusal("grant", "Only Mary writes this.", WALK, "description")

    def test_a_deletion_where_one_may_not_write(self) -> None:
        document = a_section()
        client, clock = text_ids(document)[0]

        verdict = document.judge(
            written(ME, [], [(client, clock, clock + 1)]), client=Claim(), may=lambda entry, name: "No."
        )

        assert isinstance(verdict, Refusal)
        assert verdict.code == "grant"

    def test_one_field_among_many_that_one_may_not_write(self) -> None:
        document = a_section()
        peer = a_peer(document)
        with peer.doc.transaction():
            peer.entry()["unit"] = "mi"
            peer.members()[MARY] = True
            peer.insert(0, "x")

        for name in ("unit", "addresses", "description"):
            verdict = document.judge(peer.sent[0], client=Claim(), may=forbidding(name))

            assert isinstance(verdict, Refusal)
            assert (verdict.code, verdict.field) == ("grant", name)

    def test_one_is_asked_once_a_field(self) -> None:
        document = a_section()
        peer = a_peer(document)
        with peer.doc.transaction():
            for word in ("a", "b", "c"):
                peer.insert(0, word)
                peer.entry()["unit"] = word
                peer.members()[MARY] = word == "a"
                peer.members()[READ] = word == "b"
        asked: list[tuple[str, str]] = []

        def may(entry: str, name: str) -> str:
            asked.append((entry, name))
            return ""

        assert isinstance(document.judge(peer.sent[0], client=Claim(), may=may), Accepted)
        assert sorted(asked) == [(WALK, "addresses"), (WALK, "description"), (WALK, "unit")]


class TestHonest:
    def test_own_deleted_content_after_an_offline_spell(self) -> None:
        document = a_section()
        peer = a_peer(document)
        for words in ("one", "two", "three"):
            peer.insert(3, words)
            peer.delete(3, 6)
            peer.entry()["unit"] = words

        accepted = taken(document, peer.doc.get_update(document.state_vector()))

        assert {touched.field for touched in accepted.touched} == {"description", "unit"}
        assert document.content().entries[WALK].values["unit"] == "three"

    def test_own_collected_content(self) -> None:
        document = a_section()

        accepted = taken(document, written(ME, [a_struct(COLLECTED, 0, length=3)]))

        assert accepted.changes
        assert not accepted.touched
        taken(document, a_word(document, clock=3))
        assert SectionDocument(Section.GOALS, document.state()).content() == document.content()

    def test_a_value_that_lost_to_one_its_writer_knew(self) -> None:
        document = a_section()
        offline = a_peer(document, client=7)
        offline.entry()["unit"] = "mi"
        offline.sent.clear()
        online = a_peer(document, client=8)
        online.entry()["unit"] = "m"
        taken(document, online.sent[0])
        offline.receive(document.missing_from(offline.doc.get_state()))

        accepted = taken(document, offline.doc.get_update(document.state_vector()))

        assert [(one.field, one.before, one.after) for one in accepted.touched] == [("unit", "m", "m")]

    def test_a_value_replaced_counts_as_deleted_whether_or_not_its_writer_says_so(self) -> None:
        document = a_section()
        client, clock = last_id(place_of(document, "unit"))
        taken(document, written(ME, [a_struct(PLAIN, 0, "mi", origin=(client, clock))]))

        accepted = taken(document, written(ME, [], [(client, clock, clock + 1)]))

        assert not accepted.changes
        assert index_of(document).authors[client].dead.holds(clock, clock + 1)

    def test_undo_and_redo(self) -> None:
        document = a_section()
        peer = a_peer(document)
        peer.start_undo()
        assert peer.undo is not None
        peer.insert(4, " far 😀")
        peer.delete(0, 2)
        peer.entry()["unit"] = "mi"
        peer.entry()["priority"] = "high"
        for _ in range(4):
            assert peer.undo.undo()
        for _ in range(2):
            assert peer.undo.redo()

        for update in peer.sent:
            taken(document, update)

        assert plain(document)[WALK]["description"] == str(peer.text())

    def test_a_peer_may_go_on_after_another_was_refused(self) -> None:
        document = a_section()
        peer = a_peer(document)
        refused(document, written(ME, [a_struct(PLAIN, 0, "x", parent="entries", key="k")]))
        peer.insert(0, "x")

        taken(document, peer.sent[0])

    def test_judging_twice_is_judging_once(self) -> None:
        document = a_section()
        peer = a_peer(document)
        peer.insert(0, "x")

        first, second = judged(document, peer.sent[0]), judged(document, peer.sent[0])

        assert isinstance(first, Accepted)
        assert isinstance(second, Accepted)
        assert first.touched == second.touched
        assert plain(document)[WALK]["description"] == "walk né😀 daily"
        document.apply(first)
        assert plain(document)[WALK]["description"] == "xwalk né😀 daily"


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
