"""Names are sorted and found as people expect, whatever keyboard they are typed on."""

import pytest

from hub.directory.names import cleaned, search_key, sort_key, sounds


def test_names_stand_where_a_reader_looks_for_them() -> None:
    names = ["Zimmer", "Álvarez", "Özil", "Alvarado", "Suharto", "O’Brien", "Obrador"]

    assert sorted(names, key=sort_key)[:3] == ["Alvarado", "Álvarez", "Obrador"]
    assert sorted(names, key=sort_key)[-1] == "Zimmer"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("Nguyen", "Nguyễn"), ("O'Brien", "O’Brien"), ("álvarez", "Álvarez"), ("smith jones", "Smith Jones"),
     ("anne marie", "Anne\u00a0Marie"), ("obrien", "O'Brien"), ("ａｎａ", "Ana")],
)  # fmt: skip
def test_a_name_is_found_however_it_is_typed(typed: str, kept: str) -> None:
    assert search_key(typed) == search_key(kept) != ""


@pytest.mark.parametrize("name", ["الحسيني", "🍌", "李小龙"])
def test_a_name_of_any_script_is_found_as_it_is_spelt(name: str) -> None:
    assert search_key(name)


def test_nobody_can_hide_or_turn_letters_in_a_name() -> None:
    assert cleaned("Smith\u202egnp.exe") == "Smithgnp.exe"
    assert cleaned("An\u200bna\u2066") == "Anna"
    assert cleaned("\u200d\u202e ") == ""
    assert cleaned("क\u094d\u200dष") == "क\u094d\u200dष", "a joiner between letters joins"


def test_names_that_sound_alike_share_their_sound() -> None:
    assert sounds("Whitfeld") == sounds("Whitfield")
    assert sounds("李") == ()
