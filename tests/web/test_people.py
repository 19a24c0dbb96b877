"""People as pages show them: one person, one colour, wherever they stand."""

import json
import re
from pathlib import Path

from tests.hub.builders import a_person
from web.views.people import HUES, hue_of, own_chip, people_of

ROOT = Path(__file__).parents[2]


def test_a_person_has_the_same_colour_on_every_page_and_in_the_browser() -> None:
    told = json.loads((ROOT / "tests" / "vectors" / "hues.json").read_text())

    assert {person: hue_of(person) for person in told} == told
    assert len({hue_of(f"person {each}") for each in range(200)}) == HUES


def test_who_else_is_in_a_plan_changes_nobodys_colour() -> None:
    ann, ben = a_person(name="Ann"), a_person(name="Ben")

    alone, together = people_of([ben]).person(ben.person_id), people_of([ann, ben]).person(ben.person_id)

    assert alone == together
    assert alone is not None
    assert alone.hue == own_chip(ben.person_id, "Ben").hue == hue_of(ben.person_id)


def test_no_template_gives_a_person_a_colour_of_its_own() -> None:
    fixed = [
        path.name
        for path in (ROOT / "web" / "templates").rglob("*.html")
        if re.search(r'data-hue="\d', path.read_text())
    ]

    assert fixed == []
