"""Coming back with a code: what a code proves, and what it never does."""

from dataclasses import replace
from datetime import UTC, datetime

from auth.returning import RETURN_CODE_LASTS, RETURN_TRIES_MAX, ReturnCode, WrongReturn, chosen, prove, return_code

NOW = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)
BROWSER, CODE = "b" * 43, "123456"


def a_code(*people: str) -> ReturnCode:
    return return_code(CODE, BROWSER, people, NOW)


def test_the_right_code_in_the_browser_that_asked_proves_the_mailbox() -> None:
    proved = prove(a_code("ana"), browser=BROWSER, code=" 123-456 ")

    assert isinstance(proved, ReturnCode)
    assert chosen(proved, "ana") == "ana"


def test_a_code_lasts_ten_minutes_and_a_wrong_one_does_not_make_it_longer() -> None:
    wrong = prove(a_code("ana"), browser=BROWSER, code="000000")

    assert isinstance(wrong, WrongReturn)
    assert wrong.code.expires == a_code("ana").expires == NOW + RETURN_CODE_LASTS


def test_another_browser_an_unknown_mailbox_and_what_is_no_code_prove_nothing() -> None:
    assert isinstance(prove(a_code("ana"), browser="c" * 43, code=CODE), WrongReturn)
    assert isinstance(prove(a_code(), browser=BROWSER, code=CODE), WrongReturn)
    for words in ("", "12345", "123456x", "１２３４５６"):
        assert isinstance(prove(a_code("ana"), browser=BROWSER, code=words), WrongReturn)


def test_wrong_codes_are_counted_down_for_known_and_unknown_alike() -> None:
    for people in (("ana",), ()):
        kept, left = a_code(*people), []
        for _ in range(RETURN_TRIES_MAX):
            wrong = prove(kept, browser=BROWSER, code="999999")
            assert isinstance(wrong, WrongReturn)
            kept = wrong.code
            left.append(wrong.tries_left)
        assert left == [2, 1, 0]


def test_only_after_the_right_code_and_only_among_its_people_one_is_chosen() -> None:
    kept = a_code("ana", "ben")

    assert chosen(kept, "ana") == ""
    assert chosen(replace(kept, proved=True), "ben") == "ben"
    assert chosen(replace(kept, proved=True), "eve") == ""


def test_a_code_that_was_right_is_not_right_again() -> None:
    proved = prove(a_code("ana", "ben"), browser=BROWSER, code=CODE)

    assert isinstance(proved, ReturnCode)
    assert isinstance(prove(proved, browser=BROWSER, code=CODE), WrongReturn)
