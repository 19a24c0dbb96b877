"""Files of people and patients: read as spreadsheets write them, and refused with the place where they are wrong."""

import pytest

from hub.directory.csv_files import CsvError, decoded, read_csv

COLUMNS = ("number", "family", "given")


@pytest.mark.parametrize(
    "content",
    [
        "number,family\n1,García".encode(),
        b"\xef\xbb\xbf" + "number,family\r\n1,García\r\n".encode(),
        "Number;FAMILY\n1;García".encode("utf-16"),
        "number\tfamily\n\n1\tGarcía\n".encode(),
    ],
    ids=["plain", "mark", "utf-16 and semicolons", "tabs and an empty line"],
)
def test_it_is_read_whatever_program_wrote_it(content: bytes) -> None:
    (line,) = read_csv(decoded(content), COLUMNS, {"number"})

    assert line.values == {"number": "1", "family": "García"}
    assert line.fault == ""


def test_a_value_in_quotation_marks_holds_separators_and_what_nobody_sees_goes() -> None:
    (line,) = read_csv('number,family\n"1","O\u2019Brien,\u202e Nora"', COLUMNS, {"number"})

    assert line.values["family"] == "O\u2019Brien, Nora"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "is empty"),
        ("number,surname\n1,x", "“surname” is not known"),
        ("family\nx", "“number” is missing"),
        ("number,number\n1,2", "the same name"),
        ('number,family\n1,"x', "no CSV"),
        ("number\n" + "1\n" * 5_001, "more than 5,000 lines"),
    ],
)
def test_a_file_that_is_none_is_refused_in_a_sentence(text: str, fault: str) -> None:
    with pytest.raises(CsvError, match=fault):
        read_csv(text, COLUMNS, {"number"})


def test_bytes_of_another_encoding_are_refused_and_not_guessed() -> None:
    with pytest.raises(CsvError, match="not UTF-8"):
        decoded("number,family\n1,García".encode("latin-1"))


def test_a_line_that_is_wrong_says_why_and_the_others_are_read() -> None:
    lines = read_csv("number,family\n1\n,x\n3,y\n4," + "z" * 300, COLUMNS, {"number"})

    assert [(each.number, bool(each.fault)) for each in lines] == [(2, True), (3, True), (4, False), (5, True)]
