"""Lines of a file become entries of whoever takes them over, as far as that person may write; they decide nothing."""

from collections.abc import Mapping
from typing import Any

import pytest

from crdt.fields import Scalar, Value
from crdt.sections import Section
from hub.exchange.accepting import ImportAccept, may_decide, may_see
from hub.store.arrivals import ArrivalLine
from tests.hub.workflows.plans import Bench, an_id

ASTHMA = {"name": "Asthma", "kind": "problem", "clinical_status": "active"}
TABLET = {"kind": "medicine", "name": "lisinopril", "dose": "10 mg", "frequency": "once daily"}


def a_line(section: Section, values: Mapping[str, Value], entry: str = "", **more: Any) -> ArrivalLine:
    return ArrivalLine(
        line_id=an_id(), arrival_id="a", number=0, section=section, entry=entry or an_id(), key="Mercy|X/1",
        digest="d", is_new=not entry, values=dict(values), original="{}", **more,
    )  # fmt: skip


def accepting(*lines: ArrivalLine, filled: dict[str, Value] | None = None, despite: str = "") -> ImportAccept:
    return ImportAccept(lines=lines, filled={lines[0].line_id: filled or {}}, despite=despite)


def test_a_new_line_is_an_entry_under_its_own_id_with_the_import_as_its_source() -> None:
    bench, line = Bench(), a_line(Section.CONDITIONS, ASTHMA)

    assert bench.perform(bench.doctor, accepting(line)) == [line.entry]

    values = bench.entry(Section.CONDITIONS, line.entry).values
    assert (values["name"], values["source"], values["owner"]) == ("Asthma", "import", bench.doctor.person_id)


def test_what_the_file_does_not_say_is_filled_in_by_who_takes_it_over() -> None:
    bench, line = Bench(), a_line(Section.CONDITIONS, {"name": "Asthma", "kind": "problem"})

    assert bench.refused(bench.doctor, accepting(line)).field == "clinical_status"
    bench.perform(bench.doctor, accepting(line, filled={"clinical_status": "resolved"}))

    assert bench.value(Section.CONDITIONS, line.entry, "clinical_status") == "resolved"


@pytest.mark.parametrize("who", ["nurse", "pharmacist", "daughter", "patient"])
def test_who_may_not_write_a_section_takes_nothing_over_there(who: str) -> None:
    bench, line = Bench(), a_line(Section.CONDITIONS, ASTHMA)

    bench.refused(getattr(bench, who), accepting(line))

    assert not may_decide(bench.plan, getattr(bench, who), line, bench.now)


def test_a_change_says_only_what_differs() -> None:
    bench = Bench()
    entry = bench.put(Section.MEDICATIONS, by=bench.doctor, **TABLET, plain_words="For the heart")

    bench.perform(bench.doctor, accepting(a_line(Section.MEDICATIONS, {"dose": "20 mg"}, entry)))

    values = bench.entry(Section.MEDICATIONS, entry).values
    assert (values["dose"], values["plain_words"], values["frequency"]) == ("20 mg", "For the heart", "once daily")


@pytest.mark.parametrize(
    ("section", "values"),
    [
        (Section.ADVANCE_CARE, {"kind": "POLST", "priorities": "Home", "code_status": "do not resuscitate"}),
        (Section.TASKS, {"title": "Call", "due": "2026-12-01", "state": "completed"}),
        (Section.MEDICATIONS, {**TABLET, "reconciliation": "continue"}),
        (Section.HUDDLES, {"topic": "x", "decision": "y", "signed_by": {"z": True}}),
    ],
)
def test_a_file_decides_nothing(section: Section, values: dict[str, Value]) -> None:
    bench = Bench()

    assert bench.refused(bench.doctor, accepting(a_line(section, values))).code == "form"


def test_a_medicine_from_a_file_waits_to_be_reconciled() -> None:
    bench, line = Bench(), a_line(Section.MEDICATIONS, TABLET)

    bench.perform(bench.doctor, accepting(line))

    assert bench.value(Section.MEDICATIONS, line.entry, "reconciliation") == "unreconciled"


def test_readings_join_those_that_are_there() -> None:
    bench = Bench()
    entry = bench.put(Section.MONITORING, measure="4548-4 A1c", responder=bench.doctor.person_id)
    told: dict[str, Mapping[str, Scalar]] = {an_id(): {"value": 7.1, "when": "2026-11-01T00:00:00+00:00"}}
    line = a_line(Section.MONITORING, {"readings": told}, entry)

    bench.refused(bench.pharmacist, accepting(line))
    bench.perform(bench.doctor, accepting(line))

    assert len(bench.value(Section.MONITORING, entry, "readings")) == 1


def test_a_discharge_of_these_days_starts_its_clocks_and_one_of_long_ago_does_not() -> None:
    bench = Bench()
    stay: dict[str, Value] = {
        "facility": "Mercy", "setting": "inpatient", "event": "discharged", "destination": "home",
        "start": f"{bench.day(-5)}T08:00:00+00:00", "end": f"{bench.day(-1)}T08:00:00+00:00",
    }  # fmt: skip
    line, old = a_line(Section.TRANSITIONS, stay), a_line(Section.TRANSITIONS, {**stay, "end": "2025-01-01T08:00:00Z"})

    bench.perform(bench.doctor, accepting(line, old))

    assert bench.value(Section.TRANSITIONS, line.entry, "contact_due")
    assert not bench.value(Section.TRANSITIONS, old.entry, "contact_due")


def test_entries_of_one_file_name_each_other_only_where_both_are_taken_over() -> None:
    bench, asthma = Bench(), a_line(Section.CONDITIONS, ASTHMA)
    goal: dict[str, Value] = {"description": "Run", "addresses": {asthma.entry: True}}
    both, alone = a_line(Section.GOALS, goal), a_line(Section.GOALS, {**goal, "addresses": {an_id(): True}})

    bench.perform(bench.doctor, accepting(asthma, both))
    bench.perform(bench.doctor, accepting(alone))

    assert bench.value(Section.GOALS, both.entry, "addresses") == {asthma.entry: True}
    assert not bench.value(Section.GOALS, alone.entry, "addresses")


def test_a_line_of_a_section_or_of_an_entry_that_one_may_not_see_is_not_seen() -> None:
    bench = Bench()
    need = a_line(Section.SOCIAL_NEEDS, {"domain": "safety", "finding": "Afraid at home"})
    note = a_line(Section.STAFF_NOTES, {"words": "x"})
    restricted = a_line(Section.BEHAVIORAL_HEALTH, {"need": "x"})

    def sees(who: Any) -> list[bool]:
        return [may_see(bench.plan, who, line, bench.now) for line in (need, note, restricted)]

    assert sees(bench.pharmacist) == [False, True, False]
    assert sees(bench.daughter) == [False, False, False]
    assert sees(bench.patient) == [True, False, True]
