"""Reminders in words: what somebody was told and is going to be told, what can be chosen, what a team sees of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from auth.roles import Role
from hub.jobs.letters import Channel, Posted
from hub.reminders.choices import Matter
from hub.store.reminders import KeptReminder
from web.languages import Language, _
from web.views.homes import HOMES
from web.views.words import Moment, Reading, moment

TITLES: Final[Mapping[Matter, str]] = {
    Matter.APPOINTMENT: _("Appointments"),
    Matter.DUE: _("What is due or asked of me"),
    Matter.ANSWER: _("Answers to my questions"),
    Matter.MEDICINE: _("Changes of medicines"),
    Matter.HOSPITAL: _("Hospital stays of my patients"),
    Matter.WAITING: _("How much waits on me, once a day"),
}
"""As one chooses them."""
SENTENCES: Final[Mapping[Matter, str]] = {
    Matter.APPOINTMENT: _("An appointment"),
    Matter.DUE: _("Something is due or was asked"),
    Matter.ANSWER: _("A question was answered"),
    Matter.MEDICINE: _("A medicine has changed"),
    Matter.HOSPITAL: _("An alert from a hospital"),
    Matter.WAITING: _("What waits on me"),
}
"""As one is told of them."""
CHANNELS: Final[Mapping[Channel, str]] = {
    Channel.MAIL: _("By e-mail"),
    Channel.TEXT: _("By text message"),
    Channel.PAGE: _("Page only"),
}
STATES: Final[Mapping[str, str]] = {
    "ahead": _("You are told %(when)s"),
    "page": _("On the page"),
    "waiting": _("On its way"),
    "sent": _("Sent"),
    "delivered": _("Delivered"),
    "opened": _("Opened"),
    "failed": _("Not delivered"),
    "dropped": _("Not needed any more"),
}
_TONES: Final = {"opened": "good", "delivered": "good", "failed": "danger", "waiting": "warn"}
_BLOCKS: Final[Mapping[Matter, str]] = {
    Matter.APPOINTMENT: "visits", Matter.DUE: "tasks", Matter.ANSWER: "notes", Matter.MEDICINE: "changes",
}  # fmt: skip
"""The part of the page at home where a matter stands."""


@dataclass(frozen=True, slots=True)
class ReminderLine:
    """One reminder as its person reads it."""

    words: str
    about: str
    """Whose plan it is about, for someone who follows several."""
    address: str
    state: str
    tone: str
    how: str
    when: str


def state_of(letter: Posted | None, state: str) -> str:
    """Return the last that is known of a message, as a word of ``STATES``."""
    if letter is None:
        return {"waiting": "ahead", "told": "page"}.get(state, state)
    if letter.outcome != "sent":
        return letter.outcome
    return "opened" if letter.opened else "delivered" if letter.delivered else "sent"


def address_of_reminder(kept: KeptReminder, role: Role) -> str:
    """Return where what it is about stands, for a person of this role in the plan."""
    it = kept.reminder
    if it.matter is Matter.WAITING:
        return "/work"
    home = HOMES.get(role)
    if home is not None:
        return f"/plans/{it.plan}/{home.name}#{_BLOCKS[it.matter]}"
    return f"/plans/{it.plan}/entries/{it.section}/{it.entry}"


def reminder_lines(
    kept: Sequence[KeptReminder], patients: Mapping[str, str], role: Role, language: Language, reading: Reading
) -> list[ReminderLine]:
    """Return the lines of a person's page; ``patients`` are names by plan, of those one takes part in now."""
    return [
        ReminderLine(
            words=language.say(SENTENCES[each.reminder.matter]),
            about=patients.get(each.reminder.plan, ""),
            address=address_of_reminder(each, role) if each.reminder.plan in patients or not each.reminder.plan else "",
            state=_state_words(each, language, reading),
            tone=_TONES.get(state_of(each.letter, each.state), ""),
            how=language.say(CHANNELS[each.letter.channel]) if each.letter is not None else "",
            when=language.when(each.ended, reading) if each.ended is not None else "",
        )
        for each in kept
        if each.state != "dropped"
    ]


def _state_words(kept: KeptReminder, language: Language, reading: Reading) -> str:
    words = language.say(STATES[state_of(kept.letter, kept.state)])
    return words % {"when": language.when(kept.reminder.due, reading)} if "%(when)s" in words else words


@dataclass(frozen=True, slots=True)
class ChannelChoice:
    """One matter with its channels, as a row of the form."""

    matter: Matter
    title: str
    chosen: str
    """``""`` for what the clinic set."""
    clinic: str
    """What that is, in words."""


def channel_choices(
    matters: Sequence[Matter], chosen: Mapping[Matter, Channel], clinic: Mapping[Matter, Channel], language: Language
) -> list[ChannelChoice]:
    """Return the rows of the form."""
    return [
        ChannelChoice(
            matter,
            language.say(TITLES[matter]),
            chosen[matter].value if matter in chosen else "",
            language.say(CHANNELS[clinic.get(matter, Channel.PAGE)]),
        )
        for matter in matters
    ]


@dataclass(frozen=True, slots=True)
class SentLine:
    """One message as a team or an administrator sees it: to whom, how, when, what became of it; never its matter."""

    to: str
    how: str
    when: Moment
    state: str
    tone: str
    marks: tuple[tuple[str, str], ...] = ()
    """What is known besides, with its time: delivered, opened."""
    why: str = ""


def sent_line(letter: Posted, to: str, reading: Reading) -> SentLine:
    """Return one message."""
    state = state_of(letter, "told")
    known: tuple[tuple[str, datetime | None], ...] = (("delivered", letter.delivered), ("opened", letter.opened))
    return SentLine(
        to=to,
        how=CHANNELS[letter.channel],
        when=moment(letter.ended or letter.made, reading),
        state=STATES[state],
        tone=_TONES.get(state, ""),
        marks=tuple((STATES[name], moment(when, reading).absolute) for name, when in known if when is not None),
        why=letter.reason.replace("-", " ") if letter.outcome == "failed" else "",
    )
