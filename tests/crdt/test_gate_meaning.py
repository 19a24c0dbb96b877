"""The gate: what may stand where and by whom, a test a row of the attack table, and honest cases like attacks."""

import pytest

from crdt.changes import Append, Create, Include
from crdt.contents import Accepted, Refusal
from crdt.documents import SectionDocument
from crdt.fields import LINE_CHARACTERS_MAX, MEMBER_CHARACTERS_MAX, SET_MEMBERS_MAX, TEXT_CHARACTERS_MAX, Scalar
from crdt.sections import Section
from crdt.updates import (
    COLLECTED,
    CONTAINER,
    DELETED,
    MAP,
    PLAIN,
    STRING,
    TEXT,
    Squashed,
)
from hub.fuzz.writing import a_struct, written
from tests.crdt.attempts import ME, a_word, container, forbidding, last_id, made_by, place_of, refused, text_ids
from tests.crdt.builders import (
    HUB_CLIENT,
    MARY,
    READ,
    WALK,
    Claim,
    a_peer,
    a_section,
    index_of,
    judged,
    plain,
    taken,
)


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
