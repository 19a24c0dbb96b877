"""A search finds one's own patients however their name, number or birth date is typed, and shows nothing unseen."""

from datetime import date

import pytest

from auth.roles import Participant, Role
from tests.web.conftest import As
from tests.web.mary import Mary
from web.doors.directory import Membership, Patient
from web.views.search import actions_found, namesakes, patients_found


def a_place(family: str, given: str, *, born: date = date(1956, 5, 14), number: str = "129 728 7652") -> Membership:
    patient = Patient(family + given, family, given, born, "female", number)
    return Membership(patient, Participant("me", patient.plan_id, "Me", Role.PRIMARY_CARE))


PLACES = [
    a_place("Álvarez", "Núria"),
    a_place("O’Brien", "Mary", born=date(1972, 11, 3), number="129-730-1148"),
    a_place("Nguyễn", "", born=date(1980, 1, 2), number="77"),
]


@pytest.mark.parametrize(
    ("typed", "family"),
    [
        ("alv", "Álvarez"),
        ("NURIA alvarez", "Álvarez"),
        ("obrien", "O’Brien"),
        ("o'brien ma", "O’Brien"),
        ("nguyen", "Nguyễn"),
        ("129 728 7652", "Álvarez"),
        ("1297301148", "O’Brien"),
        ("129-730-1148", "O’Brien"),
        ("14 5 56", "Álvarez"),
        ("14-May-1956", "Álvarez"),
        ("1956-05-14", "Álvarez"),
        ("05/14/1956", "Álvarez"),
        ("3.11.1972", "O’Brien"),
    ],
)
def test_a_patient_is_found_however_it_is_typed(typed: str, family: str) -> None:
    assert [each.name.partition(",")[0] for each in patients_found(PLACES, typed)] == [family.upper()]


@pytest.mark.parametrize("typed", ["", "  ", "%", "zz", "14 5 57", "99999"])
def test_what_fits_nobody_finds_nobody(typed: str) -> None:
    assert patients_found(PLACES, typed) == []


def test_patients_of_one_name_are_called_so() -> None:
    twins = [a_place("Whitfield", "Mary"), a_place("Whitfield", "Máry", born=date(1972, 11, 3)), *PLACES]

    assert len(namesakes(patients_found(twins, "whitf"))) == 2
    assert namesakes(patients_found(twins, "alvarez")) == []


def test_pages_are_found_by_the_beginning_of_their_words() -> None:
    assert [route for _, route in actions_found("wait")] == ["work"]
    assert actions_found("") == []


def test_a_search_asks_by_post_alone_and_finds_only_ones_own_patients(mary: Mary, as_person: As) -> None:
    lee, tan = as_person("lee"), as_person("tan")

    assert 'method="post"' in lee.get("/search").text
    assert f"/plans/{mary.plan}" in lee.post("/search", data={"q": "jens"}).text
    assert "/plans/" not in lee.get("/search", params={"q": "jens"}).text
    assert "Nothing you may read says" in tan.post("/search", data={"q": "nobody of this name"}).text
