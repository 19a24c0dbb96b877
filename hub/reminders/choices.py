"""What a person wants to be told of, by which channel, when and in which language; what the clinic sets for the rest.

Nothing leaves before somebody chose it: without a choice of the person or of the clinic a reminder stands on the page
alone. A text message leaves only to who asked for it with their own number, and until they answer STOP.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, time, tzinfo
from enum import StrEnum
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from auth.roles import PATIENT_SIDE, Role
from hub.jobs.letters import Channel
from hub.reminders.hours import Quiet

CLOCK: Final = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
DIGITS_MIN: Final = 8
DIGITS_MAX: Final = 15
"""Of a telephone number with its country (ITU-T E.164)."""
NIGHT: Final = Quiet(time(21), time(8))
"""Calls and texts to residences stay between 8 in the morning and 9 in the evening (47 CFR 64.1200(c)(1))."""
TEXTS_AGREED_VERSION: Final = "2026-11"
"""Of the sentence beside the number that a person agrees to."""


class Matter(StrEnum):
    """What a reminder is about, as people choose it."""

    APPOINTMENT = "appointment"
    DUE = "due"
    """Something is due, or was asked of the person."""
    ANSWER = "answer"
    """An answer to the person's own question."""
    MEDICINE = "medicine"
    HOSPITAL = "hospital"
    """A hospital, or somebody at home, tells of a stay of a patient whom one answers for."""
    WAITING = "waiting"
    """How much waits on somebody of the staff, once a day."""


AT_HOME: Final = (Matter.APPOINTMENT, Matter.DUE, Matter.ANSWER, Matter.MEDICINE)
"""What patients and relatives choose among."""
AT_WORK: Final = (Matter.DUE, Matter.HOSPITAL, Matter.WAITING)
"""What staff choose among; appointments stand in their own calendars, the rest on their list."""

Channels: TypeAlias = Mapping[Matter, Channel]


def matters_of(role: Role) -> tuple[Matter, ...]:
    """Return what somebody of this role may be told of."""
    return AT_HOME if role in PATIENT_SIDE else AT_WORK


@dataclass(frozen=True, slots=True, kw_only=True)
class ClinicDefaults:
    """What holds for whoever has not chosen."""

    organisation: str = ""
    home: Channels = field(default_factory=dict)
    staff: Channels = field(default_factory=dict)
    quiet: Quiet = NIGHT
    hour: time = time(9)
    """When a day's reminders go out, by the person's clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderChoice:
    """What one person chose; what is empty or ``None`` is as the clinic has it."""

    person: str
    channels: Channels = field(default_factory=dict)
    language: str = ""
    quiet: Quiet | None = None
    zone: str = ""
    hour: time | None = None
    mobile: str = ""
    """Where text messages go, as ``+12025550123``."""
    texts_agreed: datetime | None = None
    """When the person asked for text messages to this number."""
    texts_stopped: datetime | None = None
    """When they answered STOP, or their telephone was found not to exist."""
    mail_failed: str = ""
    """The address that a mail server said does not exist; mail goes out again to another one."""

    @property
    def takes_texts(self) -> bool:
        """Whether a text message may leave to this person."""
        return bool(self.mobile) and self.texts_agreed is not None and self.texts_stopped is None


@dataclass(frozen=True, slots=True)
class Terms:
    """On which terms one person is reminded: their choice over the clinic's, nothing left open."""

    person: str
    channels: Channels
    language: str
    quiet: Quiet
    zone: tzinfo
    hour: time
    mail: str
    """The address, ``""`` where there is none that works."""
    mobile: str
    """The number, ``""`` where no text may go to one."""

    def channel(self, matter: Matter) -> Channel:
        """Return how the person is told of it; the page, where the way they chose leads nowhere."""
        chosen = self.channels.get(matter, Channel.PAGE)
        reached = {Channel.MAIL: self.mail, Channel.TEXT: self.mobile, Channel.PAGE: "here"}[chosen]
        return chosen if reached else Channel.PAGE


def terms_of(
    choice: ReminderChoice,
    clinic: ClinicDefaults,
    *,
    role: Role,
    mail: str,
    locale: str,
    zone: tzinfo,
    ways: Collection[Channel] = tuple(Channel),
) -> Terms:
    """Return the terms of somebody with this address and language; ``zone`` is that of the clinic, ``ways`` its own.

    A clinic can't choose text messages for anybody: without the person's own choice they are as the page.
    """
    home = clinic.home if role in PATIENT_SIDE else clinic.staff
    set_by_clinic = {matter: channel for matter, channel in home.items() if channel is not Channel.TEXT}
    channels = {matter: choice.channels.get(matter, set_by_clinic.get(matter, Channel.PAGE))
                for matter in matters_of(role)}  # fmt: skip
    return Terms(
        person=choice.person,
        channels=channels,
        language=choice.language or locale,
        quiet=choice.quiet if choice.quiet is not None else clinic.quiet,
        zone=zone_of_name(choice.zone) or zone,
        hour=choice.hour if choice.hour is not None else clinic.hour,
        mail=mail if Channel.MAIL in ways and mail.lower() != choice.mail_failed.lower() else "",
        mobile=choice.mobile if Channel.TEXT in ways and choice.takes_texts else "",
    )


def zone_of_name(name: str) -> tzinfo | None:
    """Return the zone of an IANA name, ``None`` for no name or an unknown one."""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def clock_of(words: str) -> time | None:
    """Return a time of day from ``08:30``, ``None`` for anything else."""
    return time.fromisoformat(words) if CLOCK.fullmatch(words) else None


def number_of(typed: str) -> str:
    """Return a telephone number as ``+12025550123``, ``""`` for what is none.

    Ten digits are a number of North America, whose area and exchange codes begin with 2 to 9 (NANP).
    """
    bare = re.sub(r"[\s().\-/]", "", typed)
    if bare.startswith("00"):
        bare = "+" + bare[2:]
    if re.fullmatch(r"1?[2-9][0-9]{2}[2-9][0-9]{6}", bare):
        return "+1" + bare[-10:]
    digits = bare[1:]
    plausible = digits.isascii() and digits.isdecimal() and DIGITS_MIN <= len(digits) <= DIGITS_MAX
    return bare if bare.startswith("+") and plausible and digits[0] != "0" else ""


def chosen_anew(was: ReminderChoice, typed: ReminderChoice, *, agrees: bool, now: datetime) -> ReminderChoice:
    """Return the choice as it is kept: consent to text messages belongs to one number, and lasts until STOP.

    Who agrees anew after STOP has messages again; another number takes another word of consent.
    """
    same = typed.mobile == was.mobile and was.texts_agreed is not None
    if not typed.mobile:
        return replace(typed, texts_agreed=None, texts_stopped=None, mail_failed=was.mail_failed)
    if agrees and (not same or was.texts_stopped is not None):
        return replace(typed, texts_agreed=now, texts_stopped=None, mail_failed=was.mail_failed)
    agreed = was.texts_agreed if same and agrees else None
    return replace(typed, texts_agreed=agreed, texts_stopped=was.texts_stopped, mail_failed=was.mail_failed)
