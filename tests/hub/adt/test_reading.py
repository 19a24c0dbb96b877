"""Messages read: each event, the character sets, escapes and repetitions, and whatever no standard ever meant."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.adt.answers import answer
from hub.adt.events import PatientNumber, Trigger
from hub.adt.headers import header_of
from hub.adt.reading import MessageError, event_of
from hub.directory.births import BirthDate
from tests.hub.adt.messages import MARY, a_message, an_event

NOW = datetime(2026, 11, 27, 20, 12, tzinfo=UTC)


def refused(message: bytes) -> MessageError:
    header = header_of(message)
    assert header is not None
    with pytest.raises(MessageError) as caught:
        event_of(message, header, UTC)
    return caught.value


@pytest.mark.parametrize("trigger", sorted(set(Trigger) - {Trigger.MERGE, Trigger.RESULT}))
def test_every_event_is_read_with_who_when_and_which_visit(trigger: Trigger) -> None:
    event = an_event(trigger, pv1={44: "20261127", 36: "01"}, more="ZZZ|1|^^^&&&~~~|\\")

    assert (event.trigger, event.facility, event.occurred) == (
        trigger,
        "NGH",
        datetime(2026, 11, 27, 20, 9, tzinfo=UTC),
    )
    assert (event.patient.name, event.patient.born) == ("MARY A WHITFIELD", BirthDate(1956, 5, 14))
    assert event.patient.numbers == (PatientNumber("urn:hl7:NGH:NGH", "004471920"),)
    assert (event.visit.number, event.visit.facility) == ("urn:hl7:NGH|V0091", "NORTHSIDE GENERAL")


def test_a_merge_names_the_numbers_that_end() -> None:
    event = an_event("A40", more="MRG|003118274^^^NGH^MR")

    assert event.merged == (PatientNumber("urn:hl7:NGH:NGH", "003118274"),)
    assert refused(a_message("A40")).fault.where == "MRG^1^1"


@pytest.mark.parametrize(
    ("charset", "encoding"),
    [("UNICODE UTF-8", "utf-8"), ("8859/1", "iso8859-1"), ("8859/15", "iso8859-15"), ("", "utf-8"), ("", "iso8859-1")],
)
def test_maria_keeps_her_accent_in_every_character_set(charset: str, encoding: str) -> None:
    person = MARY.replace("MARY", "María")

    assert "María" in an_event("A01", person=person, charset=charset, encoding=encoding).patient.name


def test_a_set_that_is_unknown_or_not_kept_to_is_told_with_its_field() -> None:
    assert refused(a_message("A01", charset="EBCDIC")).fault.where == "MSH^1^18"
    assert refused(a_message("A01", person=MARY + "é", charset="ASCII")).fault.where == "MSH^1^18"


def test_escapes_subcomponents_and_repetitions_are_read() -> None:
    numbers, name = "1^^^A&1.2.3&ISO^MR~2^^^B^SS~3^^^C^VN~4", "O\\T\\NEIL\\X27\\S^ANN\\.br\\E"
    person = f"PID|1||{numbers}||{name}||1956051|F|||||^PRN^PH^^^312^5550121"
    event = an_event("A08", person=person)

    assert event.patient.numbers == (PatientNumber("urn:oid:1.2.3", "1"), PatientNumber("urn:hl7:NGH", "4"))
    assert (event.patient.family, event.patient.given) == ("O&NEIL'S", "ANN E")
    assert event.patient.born == BirthDate(), "seven digits are no date"
    assert event.patient.phone == "312 5550121"


def test_other_separators_line_ends_and_versions_are_understood() -> None:
    message = a_message("A01").replace(b"|", b"#").replace(b"^", b"!").replace(b"\r", b"\r\n").replace(b"2.5.1", b"2.3")
    header = header_of(message)
    assert header is not None

    event = event_of(message, header, UTC)

    assert event.patient.family == "WHITFIELD"


def test_a_time_without_an_offset_is_of_the_hospitals_clock() -> None:
    message = a_message("A01", at="202611271509")
    header = header_of(message)
    assert header is not None

    event = event_of(message, header, ZoneInfo("America/Chicago"))

    assert event.occurred == datetime(2026, 11, 27, 21, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("message", "code", "number"),
    [
        (a_message("A01").replace(b"ADT^A01", b"MDM^T02"), "AR", "200"),
        (a_message("A01").replace(b"ADT^A01", b"ADT^A99"), "AR", "201"),
        (a_message("A01").replace(b"2.5.1", b"3.0"), "AR", "203"),
        (a_message("A01", visit=""), "AE", "101"),
        (a_message("A01", person="PID|1"), "AE", "101"),
        (a_message("A03").replace(b"PV1|", b"ZV1|"), "AE", "101"),
        (a_message("A01", processing="X"), "AE", "103"),
        (a_message("A01", more="ZZ1|" + "|" * 21_000), "AE", "100"),
    ],
)
def test_what_is_wrong_is_answered_by_its_code_in_words_that_repeat_nothing(
    message: bytes, code: str, number: str
) -> None:
    fault = refused(message).fault
    told = answer(header_of(message), NOW, "1", fault).decode()

    assert (fault.code, fault.number) == (code, number)
    assert f"\rMSA|{code}|" in told
    assert f"|{number}^^HL70357|E|" in told
    assert "WHITFIELD" not in told


def test_an_answer_goes_back_to_who_sent_it_in_their_separators() -> None:
    message = a_message("A01", control="77").replace(b"|", b"#")

    head, told, _ = answer(header_of(message), NOW, "9").decode().split("\r")

    assert head == "MSH#^~\\&#HUB#NORTHSIDE#EPIC#NGH#20261127201200+0000##ACK^A01^ACK#9#P#2.5.1"
    assert told == "MSA#AA#77"
    assert b"MSA|AR|" in answer(None, NOW, "9", refused(a_message("A01", visit="")).fault).replace(b"|AE|", b"|AR|")


@given(
    message=st.one_of(
        st.binary(max_size=400),
        st.builds(
            lambda base, at, put: base[:at] + put + base[at + len(put) :],
            st.sampled_from([a_message(each) for each in Trigger]),
            st.integers(0, 300),
            st.binary(max_size=12) | st.sampled_from([b"|" * 9, b"^~\\&" * 3, b"\r\r", b"\x00", b'""', b"\\X", b"MSH"]),
        ),
    )
)
def test_no_bytes_make_reading_or_answering_do_anything_but_tell(message: bytes) -> None:
    header, fault = header_of(message), None
    if header is not None:
        try:
            event_of(message, header, UTC)
        except MessageError as error:
            fault = error.fault

    told = answer(header, NOW, "1", fault)

    assert told.isascii()
    assert told.count(b"\r") == (2 if fault is None else 3)
