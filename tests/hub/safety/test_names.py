"""Names are read whole: generics, brands, abbreviations, Spanish; a misspelt one offers the near name."""

import pytest

from hub.safety.names import BRAND_STRENGTHS, INGREDIENTS, PHRASES, RXCUIS, read_name
from hub.safety.names import ProductForm as Form


@pytest.mark.parametrize(
    ("told", "ingredients"),
    [
        ("APAP", ["acetaminophen"]), ("ASA 81", ["aspirin"]), ("HCTZ", ["hydrochlorothiazide"]),
        ("PCN", ["penicillin"]),
        ("NTG", ["nitroglycerin"]), ("Keflex", ["cephalexin"]), ("Amoxil", ["amoxicillin"]),
        ("Paracétamol", ["acetaminophen"]), ("Amoxicilina", ["amoxicillin"]),
        ("Norco 10/325", ["hydrocodone", "acetaminophen"]), ("Metoprolol succinate ER", ["metoprolol"]),
        ("losartan potassium", ["losartan"]), ("potassium chloride ER 20 mEq", ["potassium chloride"]),
        ("Losartan/HCTZ", ["losartan", "hydrochlorothiazide"]), ("TMP-SMX DS", ["sulfamethoxazole", "trimethoprim"]),
        ("St. John's Wort", ["st johns wort"]), ("Vitamin D3 1000 IU", ["cholecalciferol"]),
        ("12 HR Oxycodone Hydrochloride 60 MG Extended Release Oral Tablet [OxyContin]", ["oxycodone"]),
        ("acetaminophen 325 MG / hydrocodone bitartrate 5 MG Oral Tablet", ["acetaminophen", "hydrocodone"]),
        ("Humulin 70/30", ["insulin nph", "insulin regular"]), ("Tylenol #3", ["acetaminophen", "codeine"]),
        ("Klor-Con M20", ["potassium chloride"]), ("Lo Loestrin Fe", ["norethindrone", "ethinyl estradiol"]),
        ("butalbital-acetaminophen-caffeine", ["butalbital", "acetaminophen", "caffeine"]),
        ("Humalog Mix 75/25", ["insulin lispro", "insulin nph"]), ("Wixela Inhub", ["fluticasone", "salmeterol"]),
        ("3 ML insulin glargine 100 UNT/ML Pen Injector [Lantus]", ["insulin glargine"]),
        ("Humalog pen", ["insulin lispro"]), ("Lantus insulin", ["insulin glargine"]), ("insulin", ["insulin regular"]),
        ("albuterol HFA inh", ["albuterol"]), ("INH 300 mg", ["isoniazid"]), ("adalimumab-adaz", ["adalimumab"]),
        ("60 ACTUAT fluticasone propionate 0.25 MG/ACTUAT / salmeterol 0.05 MG/ACTUAT Dry Powder Inhaler",
         ["fluticasone", "salmeterol"]),
        ("EpiPen Jr", ["epinephrine"]), ("metoprolol succ ER 50 mg", ["metoprolol"]), ("Adalat CC", ["nifedipine"]),
        ("Advil Dual Action", ["ibuprofen", "acetaminophen"]), ("doxycycline hyclate", ["doxycycline"]),
        ("morphine sulfate ER 15 mg", ["morphine"]), ("Tylenol PM", ["acetaminophen", "diphenhydramine"]),
    ],
)  # fmt: skip
def test_a_name_in_use_is_read(told: str, ingredients: list[str]) -> None:
    read = read_name(told)

    assert [each.name for each in read.ingredients] == ingredients
    assert read.left == ""


@pytest.mark.parametrize(
    ("told", "near"), [("Metoprlol", "metoprolol"), ("lisinoprill", "lisinopril"), ("Celebra", "celebrex")]
)
def test_a_misspelt_name_matches_nothing_and_offers_the_near_one(told: str, near: str) -> None:
    read = read_name(told)

    assert read.ingredients == ()
    assert near in read.near


@pytest.mark.parametrize(
    "told", ["Zorblax", "T3", "Non-aspirin pain reliever", "aspirin-free tablets", "x" * 400, "—", "???"]
)
def test_what_is_no_known_name_has_no_ingredient(told: str) -> None:
    assert read_name(told).ingredients == ()


def test_words_that_are_not_understood_beside_a_known_name_are_told() -> None:
    assert read_name("Tylenol Sinus Zorblax").left == "zorblax"


@pytest.mark.parametrize(
    ("told", "route", "form"),
    [
        ("diclofenac 1 % gel", "", Form.LOCAL), ("timolol 0.5% eye drops", "", Form.LOCAL), ("Flonase", "", Form.LOCAL),
        ("Lidocaine 5% patch", "", Form.LOCAL), ("fentanyl patch 25 mcg/hr", "", Form.PATCH),
        ("Lovenox", "", Form.INJECTION), ("timolol", "eye", Form.LOCAL), ("estradiol", "transdermal", Form.PATCH),
        ("ibuprofen", "oral", Form.SYSTEMIC), ("Advil liquigels gelcaps", "", Form.SYSTEMIC),
    ],
)  # fmt: skip
def test_the_form_is_read(told: str, route: str, form: Form) -> None:
    assert read_name(told, route).form is form


def test_the_tables_hold_enough_and_agree_with_themselves() -> None:
    assert len(PHRASES) > 1_500
    assert len(RXCUIS) > 250
    assert all(name in INGREDIENTS for parts in PHRASES.values() for name in parts)
    assert all(code.isdecimal() for code in RXCUIS)
    assert {name for name, each in BRAND_STRENGTHS.items() if len(read_name(name).ingredients) != len(each)} == set()


@pytest.mark.parametrize("name", [each for each in INGREDIENTS if "food" not in INGREDIENTS[each].classes])
def test_every_ingredient_is_read_from_its_own_name(name: str) -> None:
    assert name in [each.name for each in read_name(name).ingredients] or PHRASES[name.replace("-", " ")] != (name,)
