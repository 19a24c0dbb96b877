"""Two lines are the same medicine by ingredient, form, strength and directions; never by their names alone."""

import pytest

from hub.safety.charts import ChartMedicine, Product
from hub.safety.listed_charts import medicine_of
from hub.safety.pairing import Kinship, compared, pairs, product_of


def a_product(line: str) -> Product:
    return product_of(medicine_of("", line))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("lisinopril 10 mg tablet, take 1 tablet daily", "ZESTRIL 10 mg once daily"),
        ("Toprol XL 25 mg daily", "metoprolol succinate ER 25 mg once daily"),
        ("albuterol inhaler 2 puffs every 4 hours as needed", "ProAir HFA 2 puffs q4h prn"),
        ("insulin glargine 20 units at bedtime", "Lantus 20 units nightly"),
        ("vitamin D3 1,000 units daily", "vitamin D3 1000 units daily"),
        ("furosemide 40 mg twice daily", "Lasix 40 mg bid"),
        ("warfarin 5 mg daily", "Coumadin 5 mg in the evening"),
    ],
)
def test_a_brand_and_its_generic_are_the_same_however_they_are_written(one: str, other: str) -> None:
    assert compared(a_product(one), a_product(other)).likeness is Kinship.SAME
    assert compared(a_product(other), a_product(one)).likeness is Kinship.SAME


@pytest.mark.parametrize(
    ("one", "other", "differs"),
    [
        ("atorvastatin 20 mg at bedtime", "Lipitor 80 mg at bedtime", ("DOSE",)),
        ("metoprolol tartrate 25 mg daily", "metoprolol succinate ER 25 mg daily", ("FORM",)),
        ("bupropion SR 150 mg daily", "bupropion XL 150 mg daily", ("FORM",)),
        ("lisinopril 20 mg tablet, 1/2 tablet daily", "lisinopril 10 mg tablet, 1 tablet daily", ("STRENGTH",)),
        ("furosemide 40 mg daily", "furosemide 40 mg twice daily", ("HOW OFTEN",)),
        ("warfarin 5 mg in the morning", "warfarin 5 mg in the evening", ("HOW OFTEN",)),
        ("methotrexate 10 mg weekly", "methotrexate 10 mg daily", ("HOW OFTEN",)),
        ("insulin glargine 20 units at bedtime", "Lantus 24 units at bedtime", ("DOSE",)),
        ("morphine 15 mg every 12 hours", "morphine oral solution 15 mg every 12 hours", ("FORM",)),
        ("lisinopril 10 mg every blue moon", "lisinopril 10 mg daily", ("DOSE",)),
    ],
)
def test_what_differs_is_said(one: str, other: str, differs: tuple[str, ...]) -> None:
    found = compared(a_product(one), a_product(other))

    assert (found.likeness, found.differs) == (Kinship.SIMILAR, differs)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("lisinopril 10 mg daily", "lisinopril-hydrochlorothiazide 10-12.5 mg daily"),
        ("diclofenac 1% gel apply twice daily", "diclofenac 50 mg tablet twice daily"),
        ("timolol eye drops 1 drop twice daily", "timolol 10 mg tablet twice daily"),
        ("acetaminophen 500 mg as needed", "hydrocodone-acetaminophen 5-325 mg as needed"),
    ],
)
def test_two_that_share_an_ingredient_are_told_and_are_not_one(one: str, other: str) -> None:
    assert compared(a_product(one), a_product(other)).likeness is Kinship.INGREDIENT


def test_names_that_look_alike_are_not_the_same_medicine() -> None:
    for one, other in (("hydroxyzine 25 mg", "hydralazine 25 mg"), ("clonidine 0.1 mg", "clonazepam 0.1 mg")):
        assert compared(a_product(f"{one} daily"), a_product(f"{other} daily")).likeness is Kinship.NONE


def test_a_name_that_is_not_known_is_at_most_alike() -> None:
    found = compared(a_product("foobarium 5 mg daily"), a_product("Foobarium 5 mg daily"))

    assert (found.likeness, found.differs) == (Kinship.SIMILAR, ("NAME",))
    assert compared(a_product("foobarium 5 mg"), a_product("barfoonium 5 mg")).likeness is Kinship.NONE


def test_a_code_that_contradicts_the_words_never_makes_two_lines_the_same() -> None:
    wrong = product_of(ChartMedicine("", "warfarin", "5 mg", "daily", "", ("29046",)))  # The code of lisinopril.

    assert wrong.contradicts == "lisinopril"
    assert compared(wrong, a_product("lisinopril 5 mg daily")).likeness is Kinship.NONE
    assert compared(wrong, a_product("warfarin 5 mg daily")).likeness is not Kinship.SAME


def test_of_two_strengths_each_finds_its_own() -> None:
    home = [a_product("metformin 500 mg daily"), a_product("metformin 1000 mg daily")]
    hospital = [a_product("Glucophage 1000 mg daily"), a_product("metformin 500 mg daily")]

    assert {there: here for there, (here, _) in pairs(home, hospital).items()} == {0: 1, 1: 0}
