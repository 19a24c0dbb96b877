"""What is said of doses: one record for each weekday and time, whose, and for how long."""

from datetime import UTC, datetime, timedelta

import pytest

from crdt.sections import Section
from hub.workflows.contents import records
from hub.workflows.doses import DoseSay, dose_of, told_lately
from tests.hub.workflows.plans import NOW, Bench


def a_pill(bench: Bench, **values: object) -> str:
    whole = {"kind": "medicine", "name": "lisinopril", "times": {"morning": True}, **values}
    return bench.put(Section.MEDICATIONS, **whole)


def test_a_year_of_taps_leaves_seven_records_and_the_last_week_counts(bench: Bench) -> None:
    pill = a_pill(bench)
    for days in range(60, -1, -1):
        bench.now = NOW - timedelta(days=days)
        said = "not taken" if days in (2, 9) else "taken"
        bench.perform(bench.patient, DoseSay(entry=pill, time="morning", said=said))
    values = bench.entry(Section.MEDICATIONS, pill).values

    assert len(records(values, "doses")) == 7
    assert told_lately(values, NOW.date()) == (1, 7)
    assert dose_of(values, NOW.date(), "morning") is not None
    assert dose_of(values, NOW.date() + timedelta(days=7), "morning") is None


def test_a_tap_that_was_sent_late_counts_for_the_day_on_which_it_was_made(bench: Bench) -> None:
    pill = a_pill(bench)

    bench.perform(bench.daughter, DoseSay(entry=pill, time="morning", said="taken", when=NOW - timedelta(days=1)))
    ahead = DoseSay(entry=pill, time="morning", said="taken", when=NOW + timedelta(days=3))
    bench.perform(bench.daughter, ahead)

    values = bench.entry(Section.MEDICATIONS, pill).values
    assert {each["day"] for each in records(values, "doses").values()} == {
        (NOW - timedelta(days=1)).date().isoformat(),
        NOW.date().isoformat(),
    }
    late = bench.refused(
        bench.patient, DoseSay(entry=pill, time="morning", said="taken", when=datetime(2026, 1, 1, tzinfo=UTC))
    )
    assert late.code == "state"


@pytest.mark.parametrize(
    ("values", "time"),
    [({"taking": "stopped"}, "morning"), ({}, "evening"), ({"times": {"when needed": True}}, "when needed")],
)
def test_nothing_is_said_of_a_dose_that_is_not_due(bench: Bench, values: dict[str, object], time: str) -> None:
    refused = bench.refused(bench.patient, DoseSay(entry=a_pill(bench, **values), time=time, said="taken"))

    assert refused.code == "state"


def test_the_team_says_nothing_of_doses_in_the_familys_place(bench: Bench) -> None:
    refused = bench.refused(bench.nurse, DoseSay(entry=a_pill(bench), time="morning", said="taken"))

    assert refused.code == "command-refused"
