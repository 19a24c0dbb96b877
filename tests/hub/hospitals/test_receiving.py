"""By what it is remembered whom a hospital means: never by what fits many people."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from hub.adt.events import HospitalEvent, PatientNumber, ToldPatient, ToldVisit, Trigger
from hub.directory.births import BirthDate
from hub.hospitals.receiving import people_of

EVENT = HospitalEvent(
    application="ADT",
    facility="NORTHSIDE",
    control="1",
    trigger=Trigger.ADMIT,
    occurred=datetime(2026, 11, 27, tzinfo=UTC),
    patient=ToldPatient(family="Whitfield", given="Mary", born=BirthDate(1956, 5, 14), sex="female"),
    visit=ToldVisit(number="V1"),
)
ANOTHER = replace(EVENT, control="2", visit=ToldVisit(number="V2"))


def told(event: HospitalEvent, **who: object) -> HospitalEvent:
    return replace(event, patient=replace(event.patient, **who))  # type: ignore[arg-type]


def test_a_number_counts_alone_and_a_name_with_a_whole_birth_date_in_every_stay() -> None:
    number = (PatientNumber("urn:northside", "00-17"),)

    assert people_of(told(EVENT, numbers=number)) == people_of(told(ANOTHER, numbers=number, family="Whitfeld"))
    assert people_of(EVENT) == people_of(ANOTHER)
    assert people_of(EVENT) != people_of(replace(EVENT, facility="SOUTHSIDE"))


@pytest.mark.parametrize("who", [{"family": "", "given": ""}, {"born": BirthDate()}, {"born": BirthDate(1956, 5)}])
def test_who_came_without_a_name_or_birth_date_is_remembered_for_that_stay_alone(who: dict[str, object]) -> None:
    later = replace(told(EVENT, **who), control="9")

    assert people_of(told(EVENT, **who)) == people_of(later), "the stay goes on"
    assert people_of(told(EVENT, **who)) != people_of(told(ANOTHER, **who)), "another unknown person is not this one"
