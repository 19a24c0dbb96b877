"""The words of reminders, in the person's language: nothing about anybody's health, and nobody's name.

Who picks up the telephone or reads over a shoulder learns that a care team has something to say, and when an
appointment is. What it is stands behind the sign-in.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from hub.jobs.handlers import Handlers
from hub.jobs.letters import Channel, Letter
from hub.live.plans import CarePlans
from hub.record.journal import Journal
from hub.reminders.choices import Matter
from hub.reminders.feeds import FeedKeeping
from hub.reminders.keeping import ReminderKeeping
from hub.reminders.looking import ReminderLooking
from hub.reminders.people import Reminded, ReminderPeople
from hub.reminders.telling import MessageMatter, ReminderTelling, WriteReminder
from hub.store.calendar_feeds import CalendarFeeds
from hub.store.engine import Engine
from hub.store.letters import Letters
from hub.store.reminders import Reminders
from web.access import letters_leave
from web.calendars import calendar_of
from web.languages import Language, _, language
from web.settings import Settings
from web.views.words import Reading

LINES: Final[Mapping[Matter, str]] = {
    Matter.DUE: _("Something is due or was asked of you."),
    Matter.ANSWER: _("There is an answer to your question."),
    Matter.MEDICINE: _("Something has changed in a shared plan."),
    Matter.HOSPITAL: _("There is an alert from a hospital."),
}
"""What a message says of a matter."""
ONE_WAITS: Final = "%(count)s thing waits on you."
MANY_WAIT: Final = "%(count)s things wait on you."
TOLD_AT: Final = "/told/"
"""The address that a message leads to, before its key."""


def writes_reminders(origin: str, now: Callable[[], datetime]) -> WriteReminder:
    """Return what writes the messages of the hub at this address."""

    def write(told: MessageMatter, reminded: Reminded, channel: Channel, key: str) -> Letter:
        words, terms = language(reminded.terms.language), reminded.terms
        lines = [
            words.say(_("Appointment: %(when)s.")) % {"when": _when(words, Reading(when, terms.zone))}
            for _entry, when in told.appointments
        ]
        lines += [words.say(line) for matter, line in LINES.items() if matter in told.matters]
        if told.waiting:
            lines.append(words.count(ONE_WAITS, MANY_WAIT, told.waiting))
        link = f"{origin}{TOLD_AT}{key}"
        if channel is Channel.TEXT:
            end = words.say(_("Nobody reads answers. STOP ends this."))
            text = f"{words.say(_('Your care team:'))} {' '.join(lines)} {link} {end}"
            return Letter(terms.mobile, "", text, channel=Channel.TEXT, key=key)
        body = (
            "\n".join(lines)
            + f"\n\n{words.say(_('Sign in to read it:'))}\n{link}\n\n"
            + f"{words.say(_('Change what you are told, and how:'))}\n{origin}/reminders/choices\n"
        )
        times = calendar_of(told.appointments, words, origin, now()) if told.appointments else ""
        return Letter(terms.mail, words.say(_("A reminder from your care team")), body, key=key, calendar=times)

    return write


def _when(words: Language, reading: Reading) -> str:
    return words.when_on_paper(reading.now, reading)


@dataclass(frozen=True, slots=True)
class RemindersAtWork:
    """Reminders of this process: what pages ask, and the jobs."""

    keeping: ReminderKeeping
    feeds: FeedKeeping
    looking: ReminderLooking
    telling: ReminderTelling

    def work_in(self, handlers: Handlers) -> None:
        """Take on the kinds of job that reminders are made and told by."""
        self.looking.work_in(handlers)
        self.telling.work_in(handlers)


def channels_of(settings: Settings) -> frozenset[Channel]:
    """Return by which channels something can leave this hub."""
    texts = settings.text_gateway is not None or (settings.demo and settings.smtp is None)
    ways = {Channel.MAIL: letters_leave(settings), Channel.TEXT: texts, Channel.PAGE: True}
    return frozenset(channel for channel, leads in ways.items() if leads)


def reminders_over(
    engine: Engine,
    journal: Journal,
    plans: CarePlans,
    letters: Letters,
    settings: Settings,
    now: Callable[[], datetime],
    new_id: Callable[[], str],
) -> RemindersAtWork:
    """Return them over the store."""
    rows, people = Reminders(engine), ReminderPeople(engine, plans, plans.zones, channels_of(settings))
    telling = ReminderTelling(rows, people, journal, letters, writes_reminders(settings.origin, now), now, new_id)
    keeping = ReminderKeeping(journal, people, rows, now)
    feeds = FeedKeeping(journal, people, CalendarFeeds(engine), plans.record, now)
    return RemindersAtWork(keeping, feeds, ReminderLooking(rows, people, now, new_id), telling)
