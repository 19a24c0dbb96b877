"""Clinical text rules, one fact a test."""

from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest

from web.views.local_times import instant_from_form, start_of_day
from web.views.medicines import AllergyStatus, allergies, medicine_line, tall_man
from web.views.words import (
    Reading,
    count,
    day,
    initials,
    language,
    moment,
    number,
    short,
    span,
    years_old,
)

NOW = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)


def test_a_date_names_its_month_and_year() -> None:
    assert day(date(2026, 3, 1)) == "01-Mar-2026"


@pytest.mark.parametrize(
    ("value", "words"), [(5.0, "5"), (0.5, "0.5"), (3600, "3,600"), (2.50, "2.5"), (0, "0"), (-1.25, "-1.25")]
)
def test_a_number_has_a_leading_and_no_trailing_zero(value: float, words: str) -> None:
    assert number(value) == words


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (timedelta(seconds=5), "just now"),
        (timedelta(seconds=-5), "just now"),
        (timedelta(minutes=7), "7 min ago"),
        (timedelta(hours=3), "today 05:30"),
        (timedelta(hours=20), "yesterday 12:30"),
        (timedelta(days=9), "12-Nov-2026"),
        (timedelta(minutes=-3), "today 08:33"),
    ],
)
def test_relative_time_always_carries_the_absolute(ago: timedelta, words: str) -> None:
    told = moment(NOW - ago, Reading(NOW))

    assert told.words == words
    assert "-2026 " in told.absolute


@pytest.mark.parametrize("zone", [UTC, ZoneInfo("America/New_York"), ZoneInfo("Asia/Tokyo")])
@pytest.mark.parametrize("on", [date.min, date(2026, 11, 27), date.max])
def test_every_date_that_a_form_takes_begins_and_ends_somewhere(on: date, zone: tzinfo) -> None:
    assert start_of_day(on, zone) <= start_of_day(on, zone, days=1)


def test_time_is_told_where_the_page_is_read() -> None:
    there = Reading(NOW, ZoneInfo("America/New_York"))

    assert moment(NOW - timedelta(hours=5), there).absolute == "20-Nov-2026 22:30"


def test_a_local_time_of_a_form_becomes_an_instant_and_anything_else_stays_as_typed() -> None:
    zone = ZoneInfo("America/New_York")

    assert instant_from_form("2026-11-21T08:21", zone) == "2026-11-21T13:21:00+00:00"
    assert instant_from_form("tomorrow", zone) == "tomorrow"


@pytest.mark.parametrize(
    ("value", "words"), [("60..80", "60 to 80"), ("..130", "130 or below"), ("180..", "180 or above"), ("x", "x")]
)
def test_a_range_has_no_comparison_signs(value: str, words: str) -> None:
    assert span(value) == words


def test_an_age_is_in_completed_years() -> None:
    assert years_old(date(1945, 11, 22), NOW.date()) == 80
    assert years_old(date(1945, 11, 21), NOW.date()) == 81


def test_small_words() -> None:
    assert count(1, "day") == "1 day"
    assert count(1200, "day") == "1,200 days"
    assert language("es-MX") == "Spanish"
    assert language("tlh") == "tlh"
    assert initials("Dr Mina Lee") == "ML"
    assert initials("Kate") == "K"
    assert short("word " * 40).endswith(" …")


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("Metoprolol", "metoprolol"),
        ("hydralazine", "hydrALAZINE"),
        ("Hydroxyzine", "hydrOXYzine"),
        ("furosemide LASIX", "furosemide LASIX"),
    ],
)
def test_generic_names_are_lower_case_or_tall_man_and_brands_stay(name: str, printed: str) -> None:
    assert tall_man(name) == printed


def test_a_long_dose_wraps_between_words_and_never_between_a_number_and_its_unit() -> None:
    line = medicine_line({"name": "ibuprofen", "dose": "1 and 1/2 tablets of 800 mg at bedtime"})

    assert line.attributes[0].words == "1\u00a0and 1/2\u00a0tablets of 800\u00a0mg at bedtime"


def test_a_medicine_line_labels_the_dose_alone_and_breaks_nowhere_inside_an_attribute() -> None:
    line = medicine_line({"name": "furosemide", "dose": "80 mg", "route": "oral", "frequency": "once daily"})

    assert line.words == "furosemide — DOSE 80\u00a0mg — oral — once\u00a0daily"
    assert ":" not in line.words


def test_allergies_have_four_labels_and_no_other() -> None:
    known = {"kind": "allergy", "name": "penicillin", "reaction": "rash"}
    none = {"kind": "allergy", "name": "No known allergies"}

    assert allergies(None).status is AllergyStatus.UNAVAILABLE
    assert allergies([]).status is AllergyStatus.NOT_RECORDED
    assert allergies([none]).status is AllergyStatus.NONE_KNOWN
    assert allergies([none, known]).status is AllergyStatus.KNOWN
    assert allergies([known]).substances == (("penicillin", "rash"),)


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ({"name": "Nil known"}, AllergyStatus.NONE_KNOWN),
        ({"name": "x", "statement": "no known allergies"}, AllergyStatus.NONE_KNOWN),
        ({"name": "Unknown"}, AllergyStatus.NOT_KNOWN),
        ({"name": "x", "statement": "asked, unknown"}, AllergyStatus.NOT_KNOWN),
        ({"name": "No known allergy to aspirin"}, AllergyStatus.NOT_RECORDED),
        ({"name": "Penicillin", "verification": "tolerates"}, AllergyStatus.NOT_RECORDED),
        ({"name": "Latex"}, AllergyStatus.KNOWN),
        ({"name": "Zzyzx"}, AllergyStatus.KNOWN),
    ],
)
def test_a_statement_on_allergies_is_no_allergy(line: dict[str, str], status: AllergyStatus) -> None:
    told = allergies([{"kind": "allergy", **line}])

    assert told.status is status
    assert bool(told.substances) == (status is AllergyStatus.KNOWN)


def test_the_worst_allergy_is_named_first() -> None:
    lines = [("Ibuprofen", "", ""), ("Codeine", "nausea", "low"), ("Penicillin", "anaphylaxis", "high")]
    told = allergies([{"kind": "allergy", "name": n, "reaction": r, "criticality": c} for n, r, c in lines])

    assert [name for name, _ in told.substances] == ["Penicillin", "Ibuprofen", "Codeine"]


def test_a_retired_or_refuted_allergy_is_not_known() -> None:
    refuted = {"kind": "allergy", "name": "latex", "verification": "refuted"}
    retired = {"kind": "allergy", "name": "latex", "status": "retired"}

    assert allergies([refuted, retired]).status is AllergyStatus.NOT_RECORDED
