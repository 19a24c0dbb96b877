"""Codes as people type them; kept so that the database alone does not tell them."""

import hmac
import random

import pytest

from auth.passcodes import code_matches, hash_code, normal, sent_code, spoken_code


@pytest.mark.parametrize(
    ("typed", "digits"),
    [
        ("123456", "123456"),
        (" 123 456\n", "123456"),
        ("1234-5678", "12345678"),
        ("1234.5678", "12345678"),
        ("12345", ""),
        ("1234567", ""),
        ("12345a", ""),
        ("", ""),
        ("١٢٣٤٥٦", ""),
        ("²²²²²²", ""),
    ],
)
def test_what_a_person_types_is_read_kindly_and_only_digits_count(typed: str, digits: str) -> None:
    assert normal(typed) == digits


def test_codes_are_of_full_length_and_match_themselves() -> None:
    below = random.Random(7).randrange
    for make, length in ((sent_code, 6), (spoken_code, 8)):
        for _ in range(200):
            code = make(below)
            assert len(normal(code)) == length
            assert code_matches(code, "secret", hash_code(code, "secret"))


def test_a_code_of_zeros_keeps_them() -> None:
    assert sent_code(lambda _: 0) == "000000"
    assert spoken_code(lambda _: 7) == "0000 0007"


def test_no_code_matches_no_code() -> None:
    assert not code_matches("", "secret", hash_code("", "secret"))
    assert not code_matches("what", "secret", hash_code("ever", "secret"))


def test_a_code_is_kept_under_the_secret() -> None:
    assert hash_code("123456", "one") != hash_code("123456", "two")
    assert hash_code("123 456", "one") == hmac.digest(b"one", b"123456", "sha256")
    assert not code_matches("123456", "two", hash_code("123456", "one"))
