from datetime import timedelta

import pytest

from crdt.fields import Value
from crdt.sections import Section
from hub.live.commands import Refusal
from hub.workflows.contents import records
from hub.workflows.monitoring import alarms, every_reading, readings
from hub.workflows.readings import ReadingAcknowledge, ReadingMarkError, ReadingRecord
from tests.hub.workflows.plans import NOW, Bench

MONITORING = Section.MONITORING
ZONES: dict[str, Value] = {"green": "66..69", "yellow": "69.1..70.4", "red": "70.5..", "persistence": "2 of 3"}


def a_measure(bench: Bench) -> str:
    values = {"measure": "29463-7 Body weight", "unit": "kg", "responder": bench.nurse.person_id, **ZONES}
    return bench.put(MONITORING, **values)


def keys(bench: Bench, entry: str) -> list[str]:
    return list(records(bench.entry(MONITORING, entry).values, "readings"))


@pytest.mark.parametrize("who", ["patient", "daughter", "nurse"])
def test_home_and_the_care_manager_record_readings(bench: Bench, who: str) -> None:
    entry, actor = a_measure(bench), getattr(bench, who)

    bench.perform(actor, ReadingRecord(entry=entry, value="71.2", device="bathroom scale"))

    record = readings(bench.entry(MONITORING, entry).values)[-1]
    assert (record["value"], record["unit"], record["by"]) == (71.2, "kg", actor.person_id)


def test_pounds_are_kept_as_kilograms_with_what_was_typed(bench: Bench) -> None:
    entry = a_measure(bench)

    bench.perform(bench.daughter, ReadingRecord(entry=entry, value="157 lb"))

    record = readings(bench.entry(MONITORING, entry).values)[-1]
    assert (record["value"], record["unit"], record["typed"]) == (71.21, "kg", "157 lb")


def test_both_numbers_of_a_blood_pressure_are_kept(bench: Bench) -> None:
    entry = bench.put(MONITORING, measure="8480-6 Systolic blood pressure", unit="mmHg", red="180..")

    bench.perform(bench.patient, ReadingRecord(entry=entry, value="150/125", sure="150/125"))

    assert (record := readings(bench.entry(MONITORING, entry).values)[-1])["second"] == 125.0
    assert record["value"] == 150.0
    assert alarms(bench.entry(MONITORING, entry).values, NOW)[0].zone == "red"


def test_a_pharmacist_records_none(bench: Bench) -> None:
    assert bench.refused(bench.pharmacist, ReadingRecord(entry=a_measure(bench), value="70")).code != "form"


@pytest.mark.parametrize(
    ("value", "ago", "field"),
    [("nan", 0, "value"), ("-5", 0, "value"), ("1e3", 0, "value"), ("70", -1, "when"), ("70", 400, "when")],
)
def test_what_cannot_be_is_not_recorded(bench: Bench, value: str, ago: int, field: str) -> None:
    command = ReadingRecord(entry=a_measure(bench), value=value, when=NOW - timedelta(days=ago), sure=value)

    assert bench.refused(bench.patient, command).field == field


def test_what_is_unlikely_is_asked_about_and_recorded_once_that_very_value_is_said_to_be_right(bench: Bench) -> None:
    entry = a_measure(bench)
    bench.perform(bench.patient, ReadingRecord(entry=entry, value="70"))

    asked = bench.refused(bench.patient, ReadingRecord(entry=entry, value="157"))
    other = bench.refused(bench.patient, ReadingRecord(entry=entry, value="157", sure="158"))
    bench.perform(bench.patient, ReadingRecord(entry=entry, value="157", sure="157"))

    assert (asked.code, asked.field, other.code) == ("unlikely", "sure", "unlikely")
    assert "Is that right?" in asked.reason
    assert [each["value"] for each in readings(bench.entry(MONITORING, entry).values)] == [70.0, 157.0]


def test_the_same_reading_sent_twice_is_recorded_once(bench: Bench) -> None:
    command = ReadingRecord(entry=a_measure(bench), value="70", when=NOW)
    bench.perform(bench.patient, command)

    assert bench.refused(bench.patient, command).code == "state"


@pytest.mark.parametrize("who", ["daughter", "nurse", "pharmacist"])
def test_who_sent_a_reading_or_the_team_marks_it_as_entered_in_error(bench: Bench, who: str) -> None:
    entry, actor = a_measure(bench), getattr(bench, who)
    bench.perform(bench.daughter, ReadingRecord(entry=entry, value="71.2"))

    bench.perform(actor, ReadingMarkError(entry=entry, key=keys(bench, entry)[0], reason="the dog stood on it too"))

    [(_, kept)] = every_reading(bench.entry(MONITORING, entry).values)
    assert (kept["value"], kept["in_error"], kept["in_error_by"]) == (
        71.2, "the dog stood on it too", actor.person_id,
    )  # fmt: skip
    assert readings(bench.entry(MONITORING, entry).values) == []
    assert alarms(bench.entry(MONITORING, entry).values, NOW) == ()


def test_a_reading_of_somebody_else_at_home_is_not_marked_nor_one_without_a_reason_or_twice(bench: Bench) -> None:
    entry = a_measure(bench)
    bench.perform(bench.daughter, ReadingRecord(entry=entry, value="71.2"))
    command = ReadingMarkError(entry=entry, key=keys(bench, entry)[0], reason="wrong")

    assert bench.refused(bench.patient, command).code == "role"
    assert bench.refused(bench.daughter, ReadingMarkError(entry=entry, key=command.key, reason=" ")).field == "reason"
    assert bench.refused(bench.daughter, ReadingMarkError(entry=entry, key="none", reason="wrong")).code == "gone"
    bench.perform(bench.daughter, command)
    assert bench.refused(bench.daughter, command).code == "state"


def test_one_in_error_may_be_sent_again_rightly(bench: Bench) -> None:
    entry = a_measure(bench)
    sent = ReadingRecord(entry=entry, value="71.2", when=NOW)
    bench.perform(bench.daughter, sent)
    bench.perform(bench.daughter, ReadingMarkError(entry=entry, key=keys(bench, entry)[0], reason="wrong day"))

    bench.perform(bench.daughter, sent)

    assert len(readings(bench.entry(MONITORING, entry).values)) == 1


def test_who_responds_says_what_was_done_and_the_alarm_ends(bench: Bench) -> None:
    entry = a_measure(bench)
    bench.perform(bench.daughter, ReadingRecord(entry=entry, value="71.2"))

    bench.perform(bench.nurse, ReadingAcknowledge(entry=entry, done="called her, furosemide doubled"))

    values = bench.entry(MONITORING, entry).values
    assert alarms(values, NOW) == ()
    assert readings(values)[-1]["answered"] == "called her, furosemide doubled"
    assert readings(values)[-1]["answered_by"] == bench.nurse.person_id


def test_an_alarm_is_answered_once_in_words_by_the_team(bench: Bench) -> None:
    entry = a_measure(bench)
    bench.perform(bench.daughter, ReadingRecord(entry=entry, value="71.2"))

    assert bench.refused(bench.daughter, ReadingAcknowledge(entry=entry, done="fine")).code != "form"
    assert bench.refused(bench.nurse, ReadingAcknowledge(entry=entry, done="  ")).field == "done"
    bench.perform(bench.nurse, ReadingAcknowledge(entry=entry, done="called her"))
    late = bench.refused(bench.doctor, ReadingAcknowledge(entry=entry, done="called too"))
    assert late.code == "state"
    assert "called her" in late.reason


def test_nothing_is_answered_where_nothing_is_open(bench: Bench) -> None:
    assert bench.refused(bench.nurse, ReadingAcknowledge(entry=a_measure(bench), done="looked")).code == "state"


def jobs_of(bench: Bench, command: ReadingRecord) -> list[tuple[str, timedelta | None]]:
    changes = bench.judge(bench.daughter, command)
    assert not isinstance(changes, Refusal)
    found = command.follow_ups(bench.plan, changes, bench.now)
    return [(str(each.payload["person"]), each.due - bench.now if each.due else None) for each in found]


def test_a_red_reading_is_told_at_once_and_to_the_others_at_their_instant(bench: Bench) -> None:
    entry = a_measure(bench)
    bench.put(Section.CARE_TEAM, person=bench.nurse.person_id, backup=bench.pharmacist.person_id, steward="no")
    bench.put(Section.CARE_TEAM, person=bench.doctor.person_id, steward="yes")

    assert jobs_of(bench, ReadingRecord(entry=entry, value="71.2")) == [
        (bench.nurse.person_id, None),
        (bench.pharmacist.person_id, timedelta(minutes=30)),
        (bench.doctor.person_id, timedelta(hours=1)),
    ]


def test_yellow_is_told_once_when_it_has_become_so_and_green_to_nobody(bench: Bench) -> None:
    entry = a_measure(bench)
    first, second, third = (
        ReadingRecord(entry=entry, value="70", when=NOW - timedelta(hours=hours)) for hours in (3, 2, 1)
    )

    assert jobs_of(bench, ReadingRecord(entry=entry, value="68")) == []
    assert jobs_of(bench, first) == []
    bench.perform(bench.daughter, first)
    assert jobs_of(bench, second) == [(bench.nurse.person_id, None)]
    bench.perform(bench.daughter, second)
    assert jobs_of(bench, third) == []
