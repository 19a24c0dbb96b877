"""Words composed by an input method, a dead key or a phone's keyboard, while a colleague types in the same text."""

from collections.abc import Callable

import pytest
from playwright.sync_api import CDPSession, expect

from tests.browser.seats import Seat, a_medicine, show_all_fields
from tests.harness.hubs import Hub

pytestmark = pytest.mark.slow

DOCTOR, PHARMACIST = "Dr. Elena Ruiz", "Tom Becker, PharmD"

Sit = Callable[..., Seat]


class InputMethod:
    """Chromium's own path of an input method: words are marked as composed until they are committed."""

    def __init__(self, seat: Seat) -> None:
        self._session: CDPSession = seat.page.context.new_cdp_session(seat.page)

    def compose(self, words: str) -> None:
        """Show these words as composed, in place of those before."""
        told = {"text": words, "selectionStart": len(words), "selectionEnd": len(words)}
        self._session.send("Input.imeSetComposition", told)

    def commit(self, words: str) -> None:
        """Put these words in place of what was composed."""
        self._session.send("Input.insertText", {"text": words})


def put_caret(seat: Seat, path: str, offset: int) -> None:
    seat.control(path).focus()
    seat.control(path).evaluate(f"control => control.setSelectionRange({offset}, {offset})")


def selection(seat: Seat) -> tuple[int, int]:
    start, end = seat.page.evaluate("[document.activeElement.selectionStart, document.activeElement.selectionEnd]")
    return start, end


def two_in_a_text(sit: Sit, hub: Hub) -> tuple[Seat, Seat, str]:
    doctor, pharmacist = sit(hub, DOCTOR), sit(hub, PHARMACIST)
    path = a_medicine(doctor)
    show_all_fields(pharmacist, path)
    text = f"{path}/instructions"
    doctor.control(text).fill("walk twice daily")
    expect(pharmacist.control(text)).to_have_value("walk twice daily")
    doctor.expect_saved()
    return doctor, pharmacist, text


def test_a_colleague_who_types_at_both_ends_takes_nothing_from_a_word_composed_in_the_middle(
    shared_hub: Hub, sit: Sit
) -> None:
    doctor, pharmacist, text = two_in_a_text(sit, shared_hub)
    method = InputMethod(doctor)
    put_caret(doctor, text, len("walk "))
    method.compose("s")

    put_caret(pharmacist, text, 0)
    pharmacist.page.keyboard.type("Please ")
    put_caret(pharmacist, text, len("Please walk twice daily"))
    pharmacist.page.keyboard.type(" for a week")
    pharmacist.expect_saved()
    method.compose("slowly")
    expect(doctor.control(text)).to_have_value("walk slowlytwice daily")
    method.commit("slowly ")

    expect(doctor.control(text)).to_have_value("Please walk slowly twice daily for a week")
    assert selection(doctor) == (19, 19)
    doctor.page.keyboard.type("and ")
    for seat in (doctor, pharmacist):
        expect(seat.control(text)).to_have_value("Please walk slowly and twice daily for a week")
    doctor.expect_saved()


def test_a_composition_that_is_given_up_leaves_the_colleagues_words(shared_hub: Hub, sit: Sit) -> None:
    doctor, pharmacist, text = two_in_a_text(sit, shared_hub)
    method = InputMethod(doctor)
    put_caret(doctor, text, len("walk "))
    method.compose("zz")
    put_caret(pharmacist, text, 0)
    pharmacist.page.keyboard.type("Please ")
    pharmacist.expect_saved()

    method.compose("")
    doctor.control(text).blur()

    for seat in (doctor, pharmacist):
        expect(seat.control(text)).to_have_value("Please walk twice daily")


def test_words_composed_one_after_the_other_and_a_colleague_typing_on_both_sides_come_to_the_same_text(
    shared_hub: Hub, sit: Sit
) -> None:
    doctor, pharmacist, text = two_in_a_text(sit, shared_hub)
    method = InputMethod(doctor)
    put_caret(doctor, text, len("walk "))

    for index, word in enumerate(("uno", "dos", "tres", "cuatro")):
        for length in range(1, len(word) + 1):
            method.compose(word[:length])
            put_caret(pharmacist, text, 0 if length % 2 else len(pharmacist.value(text)))
            pharmacist.page.keyboard.type(str(index))
        method.commit(f"{word} ")

    expect(doctor.control(text)).to_have_value("333221100walk uno dos tres cuatro twice daily0122333")
    expect(pharmacist.control(text)).to_have_value(doctor.value(text))
    assert doctor.value(text)[: selection(doctor)[0]].endswith("walk uno dos tres cuatro ")
    doctor.expect_saved()
