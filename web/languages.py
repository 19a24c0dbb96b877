"""The languages of the family and of the doors: which one a person reads, its catalogue, dates and times as at home.

Catalogues are GNU gettext: ``web/locales/{language}/LC_MESSAGES/family.po``, compiled beside it. English is the key.
What the team writes is shown in the language in which it was written, never translated by a machine.
"""

import gettext
import re
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Final

from starlette.requests import Request

from auth.reasons import ROLE_NAMES, SUGGEST_INSTEAD, origins, template, writing_roles
from crdt.sections import SECTIONS
from web.doors.directory import Account
from web.views.words import Moment, Reading, day, moment

LOCALES: Final = Path(__file__).parent / "locales"


LANGUAGE_COOKIE: Final = "language"

_MOVED: Final = re.compile(r"This task is (?P<state>[a-z -]+) now(?: \(.*\))?, so it can't be (?P<done>[a-z -]+)\.")
"""What a task's machine says of a verb that its state does not allow (hub/workflows/states.py)."""

_MORNING_HOUR, _MIDDAY_HOUR, _EVENING_HOUR, _NIGHT_HOUR = 5, 12, 17, 21


def _(words: str) -> str:
    """Return the words; marks them for the catalogues, in which ``Language.say`` looks them up."""
    return words


OWN_NAME: Final = _("The name of this language, in this language")


def found_languages(folder: Path) -> dict[str, str]:
    """Return every language by its tag, in its own name: English, and each folder with a compiled catalogue.

    A language is a folder: its catalogue says its own name, as it says everything else.
    """
    found = {"en": "English"}
    for catalogue in sorted(folder.glob("*/LC_MESSAGES/family.mo")):
        tag = catalogue.parts[-3]
        told = gettext.translation("family", folder, languages=[tag]).gettext(OWN_NAME)
        found[tag] = told if told != OWN_NAME else tag
    return found


LANGUAGES: Final = found_languages(LOCALES)


_MONTHS: Final = (
    _("January"), _("February"), _("March"), _("April"), _("May"), _("June"), _("July"), _("August"),
    _("September"), _("October"), _("November"), _("December"),
)  # fmt: skip

_WEEKDAYS: Final = (
    _("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday"),
)  # fmt: skip


_TOLD: Final = (
    _("%(told)s can't be. Look again, and enter it anew."),
    _("%(told)s can't be. If you mean %(meant)s, type the unit with the number."),
    _("%(told)s is unlikely. Is that right?"),
    _("%(told)s is far from the last one, %(last)s. Is that right? If it is %(meant)s, type the unit with the number."),
    _("%(told)s is far from the last one, %(last)s. Is that right?"),
    _("%(first)s over %(second)s can't be: the first number is the higher one."),
    _("“%(told)s” is not understood. Enter the number, for example %(example)s."),
    _("“%(told)s” is not understood. Enter one number, for example %(example)s."),
    _("“%(told)s” is not understood. Enter a number, for example %(example)s."),
    _("“%(unit)s” is not a unit of this. Enter it in %(units)s."),
    _("Is %(told)s %(one)s or %(other)s? Enter it without the comma."),
    _("Enter the number, for example %(example)s."),
    _("This is measured in %(unit)s. Enter the number."),
)
"""What is said of a reading that is not taken (hub/safety/typed_readings.py), the longer sentence first."""


@cache
def _told_shapes() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((each, re.compile(re.sub(r"%\\\((\w+)\\\)s", r"(?P<\1>.+?)", re.escape(each)))) for each in _TOLD)


@dataclass(frozen=True, slots=True)
class Language:
    """One language of the page."""

    tag: str
    catalogue: gettext.NullTranslations

    def say(self, words: str) -> str:
        """Return the words in this language; in English where the catalogue has none."""
        return self.catalogue.gettext(words) if words else ""

    def reason(self, words: str) -> str:
        """Return why something was refused, from the English sentence that the journal keeps."""
        plain = words.removesuffix(SUGGEST_INSTEAD)
        origin, moved = origins().get(plain), _MOVED.fullmatch(plain)
        if origin is not None:
            code, role, section = origin
            roles = [self.say(ROLE_NAMES[each]) for each in writing_roles(section)]
            who = roles[0] if len(roles) == 1 else f"{', '.join(roles[:-1])} {self.say(_('and'))} {roles[-1]}"
            title = self.say(SECTIONS[section].title)
            said = self.say(template(code)).format(role=self.say(ROLE_NAMES[role]), title=title, writers=who)
        elif moved is not None:
            told = {name: self.say(value) for name, value in moved.groupdict().items()}
            said = self.say(_("This task is %(state)s now, so it can't be %(done)s.")) % told
        elif told_of := next(
            ((each, found) for each, shape in _told_shapes() if (found := shape.fullmatch(plain))), None
        ):
            said = self.say(told_of[0]) % told_of[1].groupdict()
        else:
            said = self.say(plain)
        return f"{said} {self.say(SUGGEST_INSTEAD.strip())}" if plain != words else said

    def count(self, one: str, many: str, things: int) -> str:
        """Return the form for this many things."""
        return self.catalogue.ngettext(one, many, things) % {"count": things}

    def clock(self, instant: datetime, reading: Reading) -> str:
        """Return ``8:21 in the morning``."""
        local = instant.astimezone(reading.zone)
        if (local.hour, local.minute) == (_MIDDAY_HOUR, 0):
            words = self.say(_("%(clock)s noon"))
        elif not _MORNING_HOUR <= local.hour < _NIGHT_HOUR:
            words = self.say(_("%(clock)s at night"))
        elif local.hour < _MIDDAY_HOUR:
            words = self.say(_("%(clock)s in the morning"))
        elif local.hour < _EVENING_HOUR:
            words = self.say(_("%(clock)s in the afternoon"))
        else:
            words = self.say(_("%(clock)s in the evening"))
        return words % {"clock": f"{(local.hour - 1) % 12 + 1}:{local:%M}"}

    def day(self, value: date) -> str:
        """Return ``21 November 2026``."""
        said = self.say(_("%(day)s %(month)s %(year)s"))
        return said % {"day": value.day, "month": self.say(_MONTHS[value.month - 1]), "year": value.year}

    def plain_day(self, value: date) -> str:
        """Return a date as lists have it: ``21-Nov-2026`` in English, in full in other languages."""
        return day(value) if self.tag == "en" else self.day(value)

    def when(self, instant: datetime, reading: Reading) -> str:
        """Return ``today, 8:21 in the morning``, ``yesterday, ...``, or the date with the time."""
        return self.say(_("%(day)s, %(clock)s")) % {
            "day": self.near_day(instant.astimezone(reading.zone).date(), replace(reading, home=None)),
            "clock": self.clock(instant, reading),
        }

    def when_on_paper(self, instant: datetime, reading: Reading) -> str:
        """Return the date with the time, never ``today``: paper is read on other days."""
        return self.say(_("%(day)s, %(clock)s")) % {
            "day": self.day(instant.astimezone(reading.zone).date()),
            "clock": self.clock(instant, reading),
        }

    def weekday_and_clock(self, instant: datetime, reading: Reading) -> str:
        """Return ``Friday, 27 November 2026, 2:05 in the afternoon``."""
        local = instant.astimezone(reading.zone)
        said = self.say(_("%(weekday)s, %(day)s, %(clock)s"))
        weekday = self.say(_WEEKDAYS[local.weekday()])
        return said % {"weekday": weekday, "day": self.day(local.date()), "clock": self.clock(instant, reading)}

    def moment(self, instant: datetime, reading: Reading) -> Moment:
        """Return an instant as ``<time>`` has it, in this language."""
        told = moment(instant, reading)
        if self.tag == "en":
            return told
        return replace(told, words=self.when(instant, reading), absolute=self.when_on_paper(instant, reading))

    def near_day(self, value: date, reading: Reading) -> str:
        """Return ``today``, ``yesterday``, ``tomorrow``, or the date."""
        near = {0: _("today"), -1: _("yesterday"), 1: _("tomorrow")}.get((value - reading.today).days)
        return self.say(near) if near else self.day(value)


@cache
def language(tag: str) -> Language:
    """Return the language of a BCP 47 tag; English where the page does not speak it."""
    primary = tag.split("-")[0].lower()
    if primary not in LANGUAGES or primary == "en":
        return Language("en", gettext.NullTranslations())
    return Language(primary, gettext.translation("family", LOCALES, languages=[primary]))


def language_at_door(request: Request) -> Language:
    """Return the language of someone who has not said who they are: chosen on this device, else their browser's."""
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    if chosen in LANGUAGES:
        return language(chosen)
    wanted = [each.split(";")[0].strip() for each in request.headers.get("accept-language", "")[:200].split(",")]
    known = [each for each in wanted if each.split("-")[0].lower() in LANGUAGES]
    return language(known[0] if known else "en")


def language_of(request: Request, person: Account) -> Language:
    """Return the language chosen on this device, else the person's own."""
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    return language(chosen if chosen in LANGUAGES else person.locale)
