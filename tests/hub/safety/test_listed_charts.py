"""A plain list is cut into names, directions, allergies, problems, values and an age; what can't be read is told."""

import pytest

from hub.safety.listed_charts import LINES_MAX, ListError, medicine_of, read_list


@pytest.mark.parametrize(
    ("line", "name", "directions"),
    [
        ("warfarin 5 mg daily", "warfarin", "5 mg daily"),
        ("warfarin, 5, QD", "warfarin", "5, QD"),
        ("Norco 5/325 2 tabs q6h prn", "Norco", "5/325 2 tabs q6h prn"),
        ("Humulin 70/30 20 units BID", "Humulin 70/30", "20 units BID"),
        ("metoprolol succinate ER 50 mg once daily", "metoprolol succinate ER", "50 mg once daily"),
        ("furosemide", "furosemide", ""),
        ("levothyroxine once daily", "levothyroxine", "once daily"),
        ("Vitamin D3 1000 IU daily", "Vitamin D3", "1000 IU daily"),
    ],
)
def test_a_line_is_cut_where_its_directions_begin(line: str, name: str, directions: str) -> None:
    read = medicine_of("m", line)

    assert (read.name, read.dose) == (name, directions)


def test_the_form_is_found_behind_the_strength() -> None:
    assert "gel" in medicine_of("m", "diclofenac 1% gel, 2 g to knee four times daily").route


def test_each_kind_of_line_is_read() -> None:
    chart = read_list(
        "# a list\n- warfarin 5 mg daily\nallergy: penicillin (hives)\nproblem: CKD stage 3b (N18.32)\n"
        "lab: eGFR 38 mL/min 2026-11-20, potassium 5.8 mmol/L\nage: 72\nsex: female\nwarfarin 2 mg (stopped)\n"
    )

    assert [each.name for each in chart.medicines] == ["warfarin"]
    assert chart.allergies[0].name == "penicillin (hives)"
    assert chart.problems[0].codes == ("N18.32",)
    assert [(each.name, each.value, each.unit) for each in chart.labs] == [
        ("eGFR", 38, "mL/min"),
        ("potassium", 5.8, "mmol/L"),
    ]
    assert (chart.age, chart.sex) == (72, "female")
    assert "not taken" in chart.unread[0][1]


@pytest.mark.parametrize("line", ["A1c 6.1 %", "HbA1c: 6.1%", "Hgb A1c 6.1", "A1c = 6.1 %"])
def test_a_measure_with_a_number_in_its_name_is_read(line: str) -> None:
    (value,) = read_list(f"aspirin 81 mg daily\nlab: {line}").labs

    assert value.value == 6.1


def test_a_value_and_an_age_that_can_not_be_read_are_told() -> None:
    chart = read_list("aspirin 81 mg daily\nlab: potassium high\nage: old\nlab: ferritin 12 ng/mL")

    assert [what for what, _ in chart.unread] == ["potassium high", "age: old", "ferritin 12 ng/mL"]


@pytest.mark.parametrize("told", ["", "\n \n# nothing\n", "aspirin\n" * (LINES_MAX + 1)])
def test_an_empty_or_endless_list_is_refused(told: str) -> None:
    with pytest.raises(ListError):
        read_list(told)
