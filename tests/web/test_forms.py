"""Forms come in at one place: bounded before anything looks at them, readable, without what can't be seen."""

import re
import threading
from collections.abc import Callable
from types import FrameType
from urllib.parse import urlencode

import pytest
from starlette.routing import Route

from crdt.sections import Section
from hub.workflows.arguments import WORDS_MAX
from hub.workflows.registry import COMMANDS, arguments
from tests.web.conftest import As
from tests.web.mary import Mary
from web.forms import (
    FIELDS_MAX,
    FORM_BYTES_MAX,
    LINE_VALUE_MAX,
    NAME_CHARACTERS_MAX,
    FormError,
    characters_max,
    read_form,
)
from web.routes import ROUTES

ROW = {"steps": ("title", "owner", "due"), "starts": ("medicine", "dose", "frequency", "why")}
MEAN = ("@a ", "@Lee.Kate @in 3 d, 1 of a@b.../((((\u202e ")
"""What a parser likes least, over and over."""

STEPS_PER_CHARACTER_MAX = 60
"""Calls and returns of Python that one character of a form may cost, on top of what an empty form costs."""


def longest(name: str, words: str) -> str:
    """Return the longest value that a field of this name takes."""
    most = characters_max(name)
    return (words * (most // len(words) + 1))[:most]


def counted(act: Callable[[], object]) -> int:
    """Return how many calls and returns of Python functions this takes, in whichever thread."""
    steps = 0

    def step(frame: FrameType, event: str, argument: object) -> None:
        nonlocal steps
        steps += 1

    threading.setprofile(step)  # A test client answers each request in a thread of its own.
    try:
        act()
    finally:
        threading.setprofile(None)
    return steps


@pytest.mark.parametrize("form", [b"a=%00", b"a%00=b", b"a=%FF", b"a=\xe9", b"n" * (NAME_CHARACTERS_MAX + 1) + b"=x"])
def test_what_is_no_text_is_no_form(form: bytes) -> None:
    with pytest.raises(FormError) as refused:
        read_form(form)

    assert refused.value.status == 400


@pytest.mark.parametrize("name", ["line", "words", "steps.0.title", "was.description", "logout_token", "nobody_knows"])
def test_a_value_is_as_long_as_its_name_allows_and_no_longer(name: str) -> None:
    most = characters_max(name)

    assert read_form(urlencode({name: "x" * most}).encode()) == [(name, "x" * most)]
    with pytest.raises(FormError) as refused:
        read_form(urlencode({name: "x" * (most + 1)}).encode())
    assert refused.value.status == 413


def test_a_form_has_a_bounded_number_of_values() -> None:
    assert len(read_form(b"&".join([b"a=1"] * FIELDS_MAX))) == FIELDS_MAX
    with pytest.raises(FormError):
        read_form(b"&".join([b"a=1"] * (FIELDS_MAX + 1)))


def test_a_form_is_read_without_what_cannot_be_seen() -> None:
    sent = urlencode({"address": "\u200bkate@example.com", "name": "Kate\u202e", "words": "a\r\nb\u2028c"}).encode()

    assert read_form(sent) == [("address", "kate@example.com"), ("name", "Kate"), ("words", "a\nb\nc")]


def test_a_field_of_words_takes_what_the_plan_takes_and_a_line_takes_less() -> None:
    assert characters_max("description") == characters_max("was.description") == characters_max("answer") == WORDS_MAX
    assert characters_max("starts.3.why") in (WORDS_MAX, LINE_VALUE_MAX)
    assert characters_max("next") == characters_max("born") == LINE_VALUE_MAX


def test_a_note_that_is_too_long_is_handed_back_with_its_words(mary: Mary, as_person: As) -> None:
    said = "much too much " * 2_000

    refused = as_person("lee").post(
        f"/plans/{mary.plan}/entries/goals/{mary.entries['church']}/comment.make", data={"words": said}
    )

    assert refused.status_code == 413
    assert "Nothing was saved." in refused.text
    assert said.strip() in refused.text
    assert "Try again" not in refused.text


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"--x\r\n", "multipart/form-data; boundary=x", 415),
        (b"{}", "application/json", 415),
        (b"words=%00", "application/x-www-form-urlencoded", 400),
        (b"words=Caf%E9", "application/x-www-form-urlencoded", 400),
        (b"x" * (FORM_BYTES_MAX + 1), "application/x-www-form-urlencoded", 413),
    ],
)
def test_what_is_no_form_of_ours_is_refused_everywhere(
    content: bytes, kind: str, status: int, mary: Mary, as_person: As
) -> None:
    browser = as_person("lee")
    for at in (
        f"/plans/{mary.plan}/entries/goals/{mary.entries['church']}/comment.make",
        "/sign-in/code",
        "/theme",
        "/huddles",
    ):
        assert browser.post(at, content=content, headers={"content-type": kind}).status_code == status, at


def test_no_address_with_a_zero_in_it_reaches_a_page(mary: Mary, as_person: As) -> None:
    browser = as_person("lee")
    named = [route for route in ROUTES if isinstance(route, Route) and "{" in route.path]
    for route in named:
        path = re.sub(r"{[^}]+}", "%00x", route.path)
        for method in route.methods or ():
            assert browser.request(method, path).status_code == 404, path
    assert len(named) > 40
    assert browser.get(f"/plans/{mary.plan}/history?field=%00").status_code == 400
    assert browser.get("/panel?" + "x" * 40_001).status_code == 414


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_the_longest_value_of_every_field_of_a_command_costs_what_its_length_costs(
    name: str, mary: Mary, as_person: As
) -> None:
    browser = as_person("lee")
    section, entry = _place_of(name, mary)
    at = f"/plans/{mary.plan}/entries/{section}/{entry}/{name}"
    named = [each.name for each in arguments(name) if not each.row and each.name != "values"]
    named += [f"{each.name}.0.{row}" for each in arguments(name) for row in (row.name for row in each.row)]
    empty = counted(lambda: browser.post(at, data={}))
    for field in named or ["words"]:
        for mean in MEAN:
            value = longest(field, mean)
            answers: list[int] = []

            steps = counted(lambda: answers.append(browser.post(at, data={field: value}).status_code))  # noqa: B023

            assert answers[0] < 500, (field, mean)
            assert steps - empty < 20_000 + STEPS_PER_CHARACTER_MAX * len(value), (field, mean, steps, empty)


def _place_of(name: str, mary: Mary) -> tuple[Section, str]:
    return (
        (Section.TASKS, mary.entries["scale"]) if name.startswith("task.") else (Section.GOALS, mary.entries["church"])
    )
