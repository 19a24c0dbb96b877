"""Nothing leaves before somebody chose it; a text message only to the number whose owner asked for it."""

from datetime import UTC, datetime, time

import pytest

from auth.roles import Role
from hub.jobs.letters import Channel
from hub.reminders.choices import (
    ClinicDefaults,
    Matter,
    ReminderChoice,
    Terms,
    chosen_anew,
    clock_of,
    number_of,
    terms_of,
)

NOW = datetime(2026, 11, 28, 15, tzinfo=UTC)
NUMBER, OTHER = "+12025550123", "+12025550199"
ALL_BY_MAIL = ClinicDefaults(home=dict.fromkeys(Matter, Channel.MAIL), staff=dict.fromkeys(Matter, Channel.MAIL))


def terms(
    choice: ReminderChoice, clinic: ClinicDefaults, role: Role = Role.PATIENT, mail: str = "a@b.example"
) -> Terms:
    return terms_of(choice, clinic, role=role, mail=mail, locale="en", zone=UTC)


def channels(it: Terms) -> set[Channel]:
    return {it.channel(matter) for matter in Matter}


@pytest.mark.parametrize("role", [Role.PATIENT, Role.FAMILY, Role.PRIMARY_CARE])
def test_nothing_leaves_where_nobody_chose(role: Role) -> None:
    assert channels(terms(ReminderChoice(person="p"), ClinicDefaults(), role)) == {Channel.PAGE}


def test_the_clinic_s_choice_holds_until_the_person_chooses() -> None:
    choice = ReminderChoice(person="p", channels={Matter.MEDICINE: Channel.PAGE}, hour=time(7))
    told = terms(choice, ALL_BY_MAIL)

    assert told.channel(Matter.APPOINTMENT) is Channel.MAIL
    assert told.channel(Matter.MEDICINE) is Channel.PAGE
    assert told.hour == time(7)


def test_a_clinic_can_have_no_text_sent_to_who_did_not_ask() -> None:
    clinic = ClinicDefaults(home=dict.fromkeys(Matter, Channel.TEXT))
    choice = ReminderChoice(person="p", mobile=NUMBER, texts_agreed=NOW)

    assert channels(terms(choice, clinic)) == {Channel.PAGE}


def test_a_way_that_leads_nowhere_is_the_page() -> None:
    by_text = ReminderChoice(person="p", channels=dict.fromkeys(Matter, Channel.TEXT), mobile=NUMBER, texts_agreed=NOW)
    assert channels(terms(by_text, ClinicDefaults())) == {Channel.TEXT, Channel.PAGE}

    stopped = chosen_anew(by_text, ReminderChoice(person="p"), agrees=False, now=NOW)
    assert channels(terms(stopped, ClinicDefaults())) == {Channel.PAGE}
    assert channels(terms(ReminderChoice(person="p", mail_failed="A@b.example"), ALL_BY_MAIL)) == {Channel.PAGE}
    assert channels(terms(ReminderChoice(person="p"), ALL_BY_MAIL, mail="")) == {Channel.PAGE}


def test_consent_is_to_one_number_and_ends_with_stop_until_it_is_given_anew() -> None:
    agreed = chosen_anew(ReminderChoice(person="p"), ReminderChoice(person="p", mobile=NUMBER), agrees=True, now=NOW)
    assert agreed.takes_texts
    assert not chosen_anew(agreed, ReminderChoice(person="p", mobile=OTHER), agrees=False, now=NOW).takes_texts
    assert chosen_anew(agreed, ReminderChoice(person="p", mobile=NUMBER), agrees=True, now=NOW).texts_agreed == NOW

    stopped = ReminderChoice(person="p", mobile=NUMBER, texts_agreed=NOW, texts_stopped=NOW)
    assert not stopped.takes_texts
    assert chosen_anew(stopped, ReminderChoice(person="p", mobile=NUMBER), agrees=True, now=NOW).takes_texts


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("202 555 0123", "+12025550123"),
        ("(202) 555-0123", "+12025550123"),
        ("1-202-555-0123", "+12025550123"),
        ("+34 612 345 678", "+34612345678"),
        ("0034 612345678", "+34612345678"),
        ("555-0121", ""),
        ("+1", ""),
        ("+0 612 345 678", ""),
        ("112 555 0123", ""),
        ("call me", ""),
        ("+٣٤٦١٢٣٤٥٦٧٨", ""),
    ],
)
def test_a_number_is_read_as_people_write_it_or_not_at_all(typed: str, number: str) -> None:
    assert number_of(typed) == number


def test_a_clock_is_a_time_of_day_and_nothing_else() -> None:
    assert clock_of("08:30") == time(8, 30)
    assert [clock_of(told) for told in ("", "8:30", "24:00", "08:60", "08:30:00", "noon")] == [None] * 6
