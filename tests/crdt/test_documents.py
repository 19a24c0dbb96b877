"""Section documents: commands, content, what a replica lacks, trust in our own journal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycrdt import Doc, Map

from crdt.authoring import ChangeError, smallest_edits
from crdt.changes import (
    Amend,
    Annotate,
    Append,
    Assign,
    Change,
    Create,
    Decide,
    Include,
    Rewrite,
    Root,
)
from crdt.contents import Accepted
from crdt.documents import EMPTY_UPDATE, SectionDocument, UpdateError
from crdt.fields import SET_MEMBERS_MAX, TEXT_CHARACTERS_MAX, Kind
from crdt.sections import SECTIONS, Section
from crdt.updates import FROM_JOURNAL, STRING, read_update, write_state_vector
from hub.fuzz.writing import a_struct, written
from tests.crdt.builders import (
    ANYONE,
    HUB_CLIENT,
    MARY,
    READ,
    WALK,
    a_peer,
    a_section,
    allowed,
    index_of,
    live_of,
    plain,
    plain_doc,
    taken,
)

GOALS = Section.GOALS
REFERRAL = {"kind": "specialist", "to": "Cardiology", "urgency": "urgent", "question": "Stent?"}


def done(document: SectionDocument, *changes: Change) -> Accepted:
    return document.perform(changes, client=HUB_CLIENT)


def test_a_new_entry_has_every_declared_field() -> None:
    for section, declaration in SECTIONS.items():
        document = SectionDocument(section)
        given = {field.name: a_value(field.name, section) for field in declaration.all_fields if field.required}

        done(document, Create(section, WALK, given))  # type: ignore[arg-type]

        content = document.content().entries[WALK]
        assert list(content.values) == [field.name for field in declaration.all_fields]
        assert content.creator == document.creator(WALK) == HUB_CLIENT
        made = live_of(document).get("entries", type=Map)[WALK]
        assert isinstance(made, Map)
        for field in declaration.all_fields:
            if field.kind is not Kind.REGISTER:
                assert field.name in made, "only the server makes containers, so it makes all of them"


def a_value(name: str, section: Section) -> object:
    field = SECTIONS[section].field(name)
    assert field is not None
    if field.choices:
        return field.choices[0]
    for value in ("words", MARY, "2026-11-21", "2026-11-21T08:21:00Z", "yes", 1, "1..2", "555-0100", "es"):
        if field.kind is Kind.TEXT or not field.fault(value):
            return value
    raise AssertionError(f"no value for {name}")


def test_each_change_does_what_it_says() -> None:
    document = a_section()
    done(
        document,
        Assign(GOALS, WALK, "lifecycle", "active"),
        Assign(GOALS, WALK, "target_low", 3),
        Rewrite(GOALS, WALK, "description", "walk né😀 every day"),
        Include(GOALS, WALK, "addresses", READ, False),
        Annotate(GOALS, Root.COMMENTS, "c1", {"entry": WALK, "words": "Well done 😀", "resolved": None}),
        Annotate(GOALS, Root.SUGGESTIONS, "s1", {"entry": WALK, "state": "open"}),
    )
    accepted = done(
        document,
        Amend(GOALS, Root.SUGGESTIONS, "s1", "state", "accepted"),
        Amend(GOALS, Root.SUGGESTIONS, "s1", "decided_by", MARY),
    )

    content = document.content()
    values = content.entries[WALK].values
    assert (values["lifecycle"], values["target_low"], values["unit"]) == ("active", 3, "km")
    assert (values["description"], values["addresses"]) == ("walk né😀 every day", {READ: False})
    assert content.comments == {"c1": {"entry": WALK, "words": "Well done 😀", "resolved": None}}
    assert content.suggestions["s1"] == {"entry": WALK, "state": "accepted", "decided_by": MARY}
    assert [(one.entry, one.field, one.before, one.after, one.root) for one in accepted.touched] == [
        ("s1", "state", "open", "accepted", Root.SUGGESTIONS),
        ("s1", "decided_by", None, MARY, Root.SUGGESTIONS),
    ]
    assert SectionDocument(GOALS, document.state()).content() == content


def test_a_log_s_records_are_added_and_decided() -> None:
    document = SectionDocument(Section.REFERRALS)
    expected = {**REFERRAL, "expected_by": "2026-12-01"}
    done(document, Create(Section.REFERRALS, WALK, expected))
    accepted = done(
        document, Append(Section.REFERRALS, WALK, "recommendations", "r1", {"words": "Statin", "decision": ""})
    )
    done(document, Decide(Section.REFERRALS, WALK, "recommendations", "r1", "decision", "accepted"))

    values = document.values(WALK)
    assert values is not None
    assert values["recommendations"] == {"r1": {"words": "Statin", "decision": "accepted"}}
    assert accepted.touched[0].kind is Kind.LOG
    assert accepted.touched[0].inserted == '{"decision": "", "words": "Statin"}'
    with pytest.raises(ChangeError):
        done(document, Append(Section.REFERRALS, WALK, "recommendations", "r1", {}))
    with pytest.raises(ChangeError):
        done(document, Decide(Section.REFERRALS, WALK, "recommendations", "r9", "decision", "accepted"))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (Create(GOALS, READ, {"description": "again", "voice": MARY}), ""),
        (Create(GOALS, MARY, {"voice": MARY}), "description"),
        (Create(GOALS, MARY, {"description": "", "voice": MARY}), "description"),
        (Create(GOALS, MARY, {"description": "x", "voice": "someone"}), "voice"),
        (Create(GOALS, MARY, {"description": "x", "voice": MARY, "unheard_of": 1}), "unheard_of"),
        (Create(GOALS, MARY, {"description": "x", "voice": MARY, "addresses": "x"}), "addresses"),
        (Create(GOALS, MARY, {"description": 3, "voice": MARY}), "description"),
        (Create(Section.TASKS, MARY, {}), ""),
        (Assign(GOALS, MARY, "unit", "km"), "unit"),
        (Assign(GOALS, WALK, "unheard_of", "km"), "unheard_of"),
        (Assign(GOALS, WALK, "priority", "urgent"), "priority"),
        (Assign(GOALS, WALK, "description", "x"), "description"),
        (Rewrite(GOALS, WALK, "unit", "x"), "unit"),
        (Rewrite(GOALS, WALK, "description", "x" * (TEXT_CHARACTERS_MAX + 1)), "description"),
        (Rewrite(GOALS, WALK, "description", "\x00"), "description"),
        (Rewrite(GOALS, WALK, "description", "\ud83d"), "description"),
        (Rewrite(GOALS, WALK, "description", "half \ufffd"), "description"),
        (Assign(GOALS, WALK, "unit", "half \ud83d"), "unit"),
        (Annotate(GOALS, Root.COMMENTS, "c1", {"words": "\ud83d"}), "words"),
        (Include(GOALS, WALK, "addresses", "no id", True), "addresses"),
        (Include(GOALS, WALK, "addresses", "", True), "addresses"),
        (Include(GOALS, WALK, "unit", MARY, True), "unit"),
        (Append(GOALS, WALK, "addresses", "r1", {}), "addresses"),
        (Amend(GOALS, Root.COMMENTS, "c9", "words", "x"), "words"),
    ],
)
def test_a_change_that_does_not_fit_changes_nothing(change: Change, field: str) -> None:
    document = a_section()
    before = document.state()

    with pytest.raises(ChangeError) as caught:
        done(document, Assign(GOALS, WALK, "unit", "mi"), change)

    assert caught.value.field == field
    assert str(caught.value).endswith(".")
    assert document.state() == before


def test_a_command_can_not_overfill_a_set() -> None:
    document = a_section()
    members = [f"019ab000-0000-7000-8000-{number:012d}" for number in range(100, 100 + SET_MEMBERS_MAX)]

    with pytest.raises(ChangeError):
        done(document, *[Include(GOALS, WALK, "addresses", member, True) for member in members])


def test_a_change_that_changes_nothing_is_nothing_to_journal() -> None:
    document = a_section()

    accepted = done(
        document,
        Assign(GOALS, WALK, "unit", "km"),
        Rewrite(GOALS, WALK, "description", "walk né😀 daily"),
        Include(GOALS, WALK, "addresses", READ, True),
    )

    assert not accepted.changes
    assert accepted.update == EMPTY_UPDATE


@given(st.text("aé😀 \n", max_size=12), st.text("aé😀 \n", max_size=12))
def test_the_smallest_edits_lead_from_the_old_words_to_the_new(old: str, new: str) -> None:
    words = old
    for start, end, replacement in reversed(smallest_edits(old, new)):
        words = words[:start] + replacement + words[end:]

    assert words == new
    assert not smallest_edits(new, new)


@pytest.mark.parametrize("length", [10, 150, 1_500, 15_000])
def test_the_smallest_edits_keep_what_stays(length: int) -> None:
    old = "one two three " * (length // 14)
    new = f"zero {old[: len(old) // 2]}more {old[len(old) // 2 :]}"

    edits = smallest_edits(old, new)

    assert edits
    if length < 1_000:
        assert sum(end - start for start, end, _ in edits) == 0


@given(st.text("aé😀 \n", min_size=1, max_size=12), st.text("aé😀 \n", min_size=1, max_size=12))
def test_a_rewritten_text_is_the_words(old: str, new: str) -> None:
    document = a_section()
    done(document, Rewrite(GOALS, WALK, "description", old))

    done(document, Rewrite(GOALS, WALK, "description", new))

    values = document.values(WALK)
    assert values is not None
    assert values["description"] == new
    assert plain(SectionDocument(GOALS, document.state())) == plain(document)


def test_content_is_the_same_object_until_something_changes() -> None:
    document = a_section()
    before = document.content()
    assert document.content() is before

    done(document, Assign(GOALS, WALK, "unit", "mi"))

    after = document.content()
    assert after is not before
    assert after.entries[READ] is before.entries[READ]
    assert before.entries[WALK].values["unit"] == "km"


def test_a_replica_gets_what_it_lacks() -> None:
    document = a_section()
    peer = a_peer(document)
    done(document, Assign(GOALS, WALK, "unit", "mi"))

    peer.receive(document.missing_from(peer.doc.get_state()))

    assert plain_doc(peer.doc) == plain(document)
    assert not read_update(document.missing_from(document.state_vector()), FROM_JOURNAL).blocks


def test_a_state_vector_that_lies_does_no_harm() -> None:
    document = a_section()
    whole = document.missing_from(b"\x00")
    client, low = next(iter(index_of(document).low_halves))

    for clocks in ({client: low}, {client: 1 << 52}, {99: 1 << 52, 0: 3}, {client: 3}):
        update = document.missing_from(write_state_vector(clocks))

        assert "\ufffd" not in str(read_update(update, FROM_JOURNAL))
        fresh: Doc[Map[object]] = Doc()
        fresh.apply_update(whole)
        fresh.apply_update(update)
        assert plain_doc(fresh) == plain(document)


@pytest.mark.parametrize("data", [b"", b"\x01", b"\x00\x00", b"\xff" * 20])
def test_what_is_no_state_vector_is_refused(data: bytes) -> None:
    with pytest.raises(UpdateError):
        a_section().missing_from(data)


@pytest.mark.parametrize(
    "update",
    [b"", b"\x01", written(5, [a_struct(STRING, 4, "x", origin=(5, 3))]), written(5, [], [(5, 0, 1)])],
)
def test_a_damaged_journal_is_noticed_and_changes_nothing(update: bytes) -> None:
    document = a_section()
    before = document.state()

    with pytest.raises(UpdateError):
        document.replay(update)

    assert document.state() == before
    assert a_section().content() == document.content()


def test_replaying_what_is_known_changes_nothing() -> None:
    document = a_section()
    before = document.content()

    document.replay(document.state())

    assert document.content() == before


def test_what_was_accepted_can_be_applied_after_others_were_judged() -> None:
    document = a_section()
    first, second = a_peer(document, 7), a_peer(document, 8)
    first.insert(0, "a")
    second.insert(0, "b")
    verdicts = [document.judge(peer.sent[0], client=ANYONE, may=allowed) for peer in (first, second)]

    for verdict in verdicts:
        assert isinstance(verdict, Accepted)
        document.apply(verdict)

    values = document.values(WALK)
    assert values is not None
    assert str(values["description"]).startswith("ab")


def test_a_command_follows_what_peers_wrote() -> None:
    document = a_section()
    peer = a_peer(document)
    peer.insert(4, "ing")
    taken(document, peer.sent[0])

    done(document, Rewrite(GOALS, WALK, "description", "walking né😀 weekly"))
    peer.receive(document.missing_from(peer.doc.get_state()))

    assert str(peer.text()) == "walking né😀 weekly"


def test_an_unknown_entry_has_no_values_and_no_creator() -> None:
    assert a_section().values(MARY) is None
    assert a_section().creator(MARY) is None
