"""Each sheet of a printed plan says whose it is and which page, whatever a name is made of."""

import re

from tests.web.conftest import As
from tests.web.mary import Mary
from web.views.margins import css_string


def test_no_word_ends_the_string_it_stands_in() -> None:
    evil = 'O"Neill\\"; } body { display: none } /* \n </style> é'

    told = css_string(evil)

    assert re.fullmatch(r'"(?:[A-Za-z0-9]|\\[0-9a-f]{6})*"', told)
    read = re.sub(r"\\([0-9a-f]{6})", lambda found: chr(int(found[1], 16)), told[1:-1])
    assert read == evil


def test_the_margin_says_patient_allergies_and_page(mary: Mary, as_person: As) -> None:
    answer = as_person("lee").get(f"/plans/{mary.plan}/margins.css")
    read = re.sub(r"\\([0-9a-f]{6})", lambda found: chr(int(found[1], 16)), answer.text)

    assert answer.headers["content-type"].startswith("text/css")
    assert "JENSEN, Mary" in read
    assert "Known allergies" in read
    assert 'counter(page) " of " counter(pages)' in read


def test_who_may_not_open_the_plan_gets_no_margin(mary: Mary, as_person: As) -> None:
    other = next(plan for plan in mary.world.directory.patients if plan != mary.plan)

    assert as_person("kate").get(f"/plans/{other}/margins.css").status_code == 404
