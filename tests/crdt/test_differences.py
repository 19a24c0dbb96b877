"""Differences: what an update did, in one line."""

import pytest

from crdt.changes import Assign, Create, Root
from crdt.contents import Touched
from crdt.differences import WORDS_SHOWN_MAX, in_words
from crdt.documents import SectionDocument
from crdt.fields import Kind
from crdt.sections import SECTIONS, Section
from tests.crdt.builders import HUB_CLIENT, WALK

MEDICATIONS = SECTIONS[Section.MEDICATIONS]


def test_a_dose_that_changed_is_told_from_what_to_what() -> None:
    document = SectionDocument(Section.MEDICATIONS)
    values = {"kind": "medicine", "name": "Metoprolol", "dose": "25 mg", "frequency": "once daily"}
    document.perform([Create(Section.MEDICATIONS, WALK, values)], client=HUB_CLIENT)

    accepted = document.perform([Assign(Section.MEDICATIONS, WALK, "dose", "50 mg")], client=HUB_CLIENT)

    assert [in_words(MEDICATIONS, "Metoprolol", one) for one in accepted.touched] == [
        "changed Metoprolol, dose: 25 mg -> 50 mg"
    ]


@pytest.mark.parametrize(
    ("touched", "line"),
    [
        (Touched(WALK, "dose", "", Kind.REGISTER, "", "5", "", 0), "dose: empty -> 5"),
        (Touched(WALK, "dose", "", Kind.REGISTER, True, None, "", 0), "dose: yes -> empty"),
        (
            Touched(WALK, "dose", "", Kind.REGISTER, "5", "5", "", 0),
            "dose: 5 stays, written at the same time by someone else",
        ),
        (Touched(WALK, "times", "morning", Kind.SET, None, True, "", 0), "times of day: added morning"),
        (Touched(WALK, "times", "morning", Kind.SET, True, False, "", 0), "times of day: removed morning"),
        (Touched(WALK, "instructions", "", Kind.TEXT, None, None, "with\nfood", 0), "instructions: wrote “with food”"),
        (Touched(WALK, "instructions", "", Kind.TEXT, None, None, "", 1), "instructions: deleted 1 character"),
        (
            Touched(WALK, "instructions", "", Kind.TEXT, None, None, "a", 2),
            "instructions: wrote “a”, deleted 2 characters",
        ),
    ],
)
def test_each_kind_of_field_is_told_in_its_own_way(touched: Touched, line: str) -> None:
    assert in_words(MEDICATIONS, "", touched) == f"changed a medicine, {line}"


def test_a_suggestion_is_told_as_one() -> None:
    touched = Touched("key", "state", "", Kind.REGISTER, "open", "accepted", "", 0, Root.SUGGESTIONS)

    assert in_words(MEDICATIONS, "", touched) == "changed a suggestion, state: accepted"


def test_a_line_stays_a_line() -> None:
    touched = Touched(WALK, "instructions", "", Kind.TEXT, None, None, "x" * 10_000, 0)

    assert len(in_words(MEDICATIONS, "y" * 10_000, touched)) < 3 * WORDS_SHOWN_MAX
