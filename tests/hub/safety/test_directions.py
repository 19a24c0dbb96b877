"""Directions count only when every word of them is understood; then by their upper end, never by a smaller number."""

import pytest

from hub.safety.directions import CONTRADICTS, NO_MOST, NO_RATE, NO_UNIT, understand
from hub.safety.sigs import WORDS_MAX, Part, scan

READ = [
    ("25 mg", "one-half tablet twice daily", 25),
    ("1.000 mg", "QID", None),
    ("500 mg x 2 tid", "", 3000),
    ("500 mg", "BID x 10", None),
    ("500 mg", "1-2 tabs q4-6h prn pain, max 8/day", 4000),
    ("250 mg tablet", "2 tablets on day 1, then 1 tablet daily on days 2-5", 500),
    ("5 mg", "1 tablet every 6 hours as needed for severe pain (7-10)", 20),
    ("500 mg 24 hr tablet", "take 4 tablets by mouth daily with dinner", 2000),
    ("0.25 mg", "inject under the skin once a week", 0.25),
    ("20 mg", "30 minutes before breakfast", 20),
    ("12.5mg", "twice-a-day", 25),
    ("0.4 mg", "every 5 minutes up to 3 doses as needed for chest pain", None),
    (".5 mg", "four times a day", 2),
    ("0,5 mg", "daily", 0.5),
    ("1,5 g", "daily", 1500),
    ("1/2 tablet of 50 mg", "daily", 25),
    ("0.5 tablets of 50 mg", "daily", 25),
    ("1.5 tablets of 50 mg", "daily", 75),
    ("2 tabs of 500 mg", "six times a day", 6000),
    ("500-1000 mg", "BID", 2000),
    ("1-2 tablets of 500 mg", "TID", 3000),
    ("5 mg", "3x daily", 15),
    ("5 mg", "twice-daily", 10),
    ("5 mg", "not daily", None),
    ("5 mg", "alternate days daily", None),
    ("5 mg", "every 6 hours as needed", 20),
    ("5 mg tablet", "1 tablet in the morning, 2 at bedtime", 15),
    ("two 500 mg tablets", "q6h", 4000),
    ("2 x 15 mg", "daily", 30),
    ("1 000 mg", "q8h", 3000),
    ("1,000 mg", "q12h", 2000),
    ("1\u202f000 mg", "q8h", 3000),
    ("½ tablet of 50 mg", "b.i.d.", 50),
    ("1½ tablets of 50 mg", "qd", 75),
    ("1 1/2 tablets of 50 mg", "QD", 75),
    ("10 mL of 100 mg/5 mL", "BID", 400),
    ("5 mL (250 mg/5 mL)", "tid", 750),
    ("100 mcg", "daily", 0.1),
    ("10 units", "at bedtime", None),
    ("500 mg", "every 8 hrs", 1500),
    ("500 mg", "q 8 hours prn pain", 1500),
    ("650 mg", "q4-6h prn, max 4 doses a day", 2600),
    ("500 mg tablets", "1-2 tabs every 4-6 hours as needed, max 8 tablets in 24 hours", 4000),
    ("40 mg x 3 d, 20 mg x 3 d", "daily", 40),
    ("40 mg daily for 3 days, then 20 mg daily for 3 days", "", 40),
    ("5 mg Mon/Wed/Fri, 2.5 mg all other days", "", 5),
    ("5 mg daily except 7.5 mg on Monday", "", 7.5),
    ("15 mg", "once a week", 15),
    ("15 mg", "weekly", 15),
    ("70 mg", "every Monday", 70),
    ("25 mg", "every other day", 25),
    ("5 mg", "", None),
    ("2 tablets", "daily", None),
    ("600 mg", "Take two tablets, three times per day.", 3600),
    ("20 mg", "once daily", 20),
    ("20 mg", "once daily at bedtime", 20),
    ("20 mg", "twice daily, in the morning and at bedtime", 40),
    ("20 mg", "in the morning and at bedtime", 40),
    ("20 mg", "QHS", 20),
    ("20 mg", "as needed", None),
    ("20 mg", "as directed", None),
    ("Take Lisinopril 40mg tablet", "daily", None),
    ("40mg tablet once a day for high blood pressure", "", 40),
    ("500 mg tablet, 2 tabs", "BID", 2000),
    ("1000 mg (2 tablets)", "BID", 2000),
    ("10 mg AM and 5 mg PM", "", 15),
    ("1 tableta de 500 mg", "cada 8 horas", 1500),
    ("3600 mg/day in 3 divided doses", "", 3600),
    ("1e3 mg", "daily", None),
    ("5.0 mg", "daily", 5),
    ("5000U", "BID", None),
    ("1 g", "4 times a day", 4000),
    ("1 tablet of 5 mg", "before meals and at bedtime", 20),
    ("2 500 mg tablets", "daily", 1000),
    ("10-20 mg", "2-3 times a day", 60),
    ("one tablet of 325 mg", "every 4 hours as needed", 1950),
    ("5 mg/kg", "daily", None),
    ("500 mg", "2 tablets twice a day", 2000),
    ("20 mg", "every 12 hours", 40),
    ("25 mg", "1 tablet BID for 7 days", 50),
    ("half a tablet of 25 mg", "twice a day", 25),
    ("50 mg", "take 1/2 tablet daily", 25),
    ("30 mg", "x 5 days then 20 mg x 5 days then stop", None),
    ("60 mg", "daily x 5 days, 40 mg daily x 5 days, 20 mg daily x 5 days", 60),
    ("400 mg", "up to 3 times a day", 1200),
    ("400 mg", "max 1200 mg a day as needed", 1200),
    ("12.5 mg", "q a.m.", 12.5),
    ("75 mg", "Q24H", 75),
    ("25 mcg/hr patch", "every 72 hours", None),
    ("0.125 mg", "Mon, Wed, Fri", 0.125),
    ("10 mg", "5 days a week", 10),
    ("10 mg", "q6 hours PRN severe pain", 40),
    ("500 mg", "1 tab po bid w/ food", None),
    ("500 mg", "1 tab PO BID with food", 1000),
    ("٥ mg", "daily", 5),
    ("２０ mg", "daily", 20),
    ("1,500 mg", "daily", 1500),
    ("1,234,5 mg", "daily", None),
    ("5 or 10 mg", "daily", 10),
    ("20 mg", "8 am and 8 pm", 40),
    ("300 mg", "three times daily with meals", 900),
    ("300 mg", "1 cap TID", 900),
    ("200 mg", "2 caps at breakfast, 1 at dinner", 600),
    ("4 mg", "now, then 2 mg after each loose stool", None),
    ("500 mg", "once, then 250 mg daily", 750),
    ("8 mg", "every 8 hours if needed", 24),
    ("10 mg", "daily or twice daily", None),
    ("mg 5", "daily", None),
    ("five mg", "daily", 5),
    ("2.5-5 mg", "q4h", 30),
    ("1 tablet (500 mg)", "BID", 1000),
    ("2 tablets (500 mg each)", "BID", 2000),
    ("2 tablets (1000 mg)", "BID", None),
    ("5 mg tab", "1 daily", 5),
    ("take 2 tablets of 500 mg", "by mouth every 6 hours as needed for pain or fever", 4000),
    ("0.5 mg", "1/2 tab bid", 0.5),
]
"""Dose, how often, and the most in one day in milligrams; ``None`` where it must not be guessed."""


@pytest.mark.parametrize(("dose", "often", "daily"), READ)
def test_directions_come_to_their_most_in_a_day_or_to_nothing(dose: str, often: str, daily: float | None) -> None:
    read = understand(dose, often)

    if daily is None:
        assert read.daily is None
        assert read.fault or read.lacks or read.strengths == () or read.times is not None
    else:
        assert read.daily == pytest.approx((daily,))


@pytest.mark.parametrize(
    ("dose", "often", "fault"),
    [
        ("5", "QD", NO_UNIT),
        ("2.5", "twice daily", NO_UNIT),
        ("20 mg", "once daily, twice daily", CONTRADICTS),
        ("20 mg", "daily or so", "not understood: “or so”"),
        ("20 mg", "every full moon", "not understood: “every full moon”"),
        ("5 mg/kg", "daily", "not understood: “/kg”"),
    ],
)
def test_what_is_not_understood_is_said(dose: str, often: str, fault: str) -> None:
    read = understand(dose, often)

    assert read.fault == fault
    assert read.daily is None


def test_a_rate_that_is_missing_is_told_apart_from_one_that_is_not_understood() -> None:
    assert understand("20 mg").lacks == NO_RATE
    assert understand("20 mg", "as needed").lacks == NO_MOST


def test_combinations_count_each_ingredient_by_its_own_strength() -> None:
    both = understand("5-325 mg", "1-2 tablets every 4-6 hours prn, max 8 a day", parts=2)

    assert both.daily == pytest.approx((40, 2600))
    assert understand("1 tablet", "q4h", parts=2, strengths=(5, 325)).daily == pytest.approx((30, 1950))
    assert understand("10/325", "1 tab q6h", parts=2).daily == pytest.approx((40, 1300))
    assert understand("10 mg", "q6h", parts=2).daily is None


@pytest.mark.parametrize(
    ("often", "days"),
    [
        ("daily", 7), ("once a week", 1), ("every Monday", 1), ("Mon/Wed/Fri", 3), ("every other day", 3.5),
        ("twice a week", 2), ("every 2 weeks", 0.5), ("monthly", 0.25), ("5 days a week", 5), ("every 72 hours", 7 / 3),
        ("Mon-Fri", 5), ("BID", 7),
    ],
)  # fmt: skip
def test_the_days_of_a_week_are_read(often: str, days: float) -> None:
    assert understand("5 mg", often).days_a_week == pytest.approx(days)


def test_when_needed_is_told() -> None:
    assert understand("5 mg", "q6h prn").when_needed
    assert not understand("5 mg", "q6h").when_needed


def test_directions_beyond_the_bound_are_not_read() -> None:
    assert scan("take " * WORDS_MAX).left
    assert understand("5 mg", "daily " * WORDS_MAX).daily is None


def test_every_part_of_the_grammar_is_reached() -> None:
    told = [
        "2 x 15 mg", "5/325 mg", "100 mg/5 mL 10 mL", "25 mcg/hr patch", "2 tablets", "3 times a day", "daily",
        "at bedtime", "before meals", "weekly", "once", "as needed", "max 8 tablets a day", "for 7 days", "then",
        "in 3 divided doses", "(each)", "5 daily", "by mouth", "mg tablet", "20 mg",
    ]  # fmt: skip

    assert {piece.part for each in told for piece in scan(each).pieces} == set(Part) - {Part.BARE} | {Part.BARE}
