import unicodedata

import pytest

from crdt.characters import visible
from crdt.fields import Field

BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


@pytest.mark.parametrize("character", BIDI)
def test_no_character_turns_words_around(character: str) -> None:
    assert visible(f"Smith{character}gnp.exe") == "Smithgnp.exe"


@pytest.mark.parametrize("character", [chr(each) for each in (0, 7, 0x1B, 0x7F, 0x200B, 0x2060, 0xAD, 0xFEFF, 0xE0041)])
def test_what_has_no_width_is_taken_out(character: str) -> None:
    assert visible(f"{character}kate@example.com{character}") == "kate@example.com"
    assert visible(character * 3) == ""


@pytest.mark.parametrize("ends", ["\r\n", "\r", "\u2028", "\u2029", "\x85", "\v", "\f"])
def test_every_line_break_is_one(ends: str) -> None:
    assert visible(f"first{ends}second") == "first\nsecond"


@pytest.mark.parametrize(
    "words",
    [
        "Zoë Nguyễn", "الحسيني", "می\u200cخواهم", "क्\u200dष", "👩\u200d⚕️", "❤️", "日本語", "5 µg\t2 x", "e\u0301",
        "👨‍👩‍👧", "🏴",
    ],
)  # fmt: skip
def test_what_people_write_stays_as_it_is(words: str) -> None:
    assert visible(words) == words


@pytest.mark.parametrize("words", ["Kate\u200d", "\u200cKate", "Ka \u200dte", "a\u200d\u200db"])
def test_a_joiner_that_joins_nothing_is_taken_out(words: str) -> None:
    assert "\u200d" not in visible(words)
    assert "\u200c" not in visible(words)


def test_every_format_and_control_character_is_known() -> None:
    stays = {"\t", "\n", "\u200c", "\u200d"}
    for number in range(0x110000):
        character = chr(number)
        if unicodedata.category(character) in ("Cc", "Cf") and character not in stays:
            before = f"a{character}b"
            if visible(before) == before:  # Signs of Arabic, Syriac, Egyptian and shorthand that are drawn.
                assert number in {*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD} or (
                    0x13430 <= number <= 0x1345F
                ), hex(number)


def test_half_a_surrogate_is_no_character() -> None:
    assert visible("a\ud83db") == "ab"


def test_a_register_of_one_line_takes_nothing_that_cannot_be_seen() -> None:
    line = Field(name="dose", label="Dose")

    assert line.fault("4\u202e0 mg") == "Dose holds a character that can't be seen. Type it again."
    assert line.fault("40\u200b mg") != ""
    assert line.fault("40 \u00b5g") == ""
