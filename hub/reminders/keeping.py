"""Keeping what people and clinics chose: each change in one transaction with its row in the hub's journal."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from auth.registry import Duty
from auth.roles import Role
from hub.access.keeping_rows import Doer, hub_row, require
from hub.ids import HUB
from hub.record.chain import JSON
from hub.record.journal import Act, Action, Journal
from hub.reminders.choices import TEXTS_AGREED_VERSION, Channels, ClinicDefaults, ReminderChoice, chosen_anew
from hub.reminders.people import ReminderPeople
from hub.store.reminders import Reminders

END_DIGITS: int = 4
"""Of a telephone number, as far as the journal tells it."""


class ReminderKeeping:
    """What pages ask about reminders and have kept."""

    def __init__(self, journal: Journal, people: ReminderPeople, rows: Reminders, now: Callable[[], datetime]) -> None:
        self._journal, self._now = journal, now
        self.people, self.rows, self.choices = people, rows, people.choices

    async def choose(self, person: str, role: Role, session: str, typed: ReminderChoice, *, agrees: bool) -> None:
        """Keep what somebody chose for themselves; ``agrees``: to text messages to the number that they gave."""
        was = await self.choices.get(person)
        choice = chosen_anew(was, replace(typed, person=person), agrees=agrees, now=self._now())
        act = Act(
            plan=HUB, actor=person, action=Action.CONSENT, role=role, session=session, entry=person,
            event="reminder.choose", words={"before": _told(was), "after": _told(choice)},
        )  # fmt: skip
        async with self._journal.exclusively(HUB) as turn:
            await self.choices.keep(turn, choice)
            await turn.append([act])

    async def set_defaults(self, doer: Doer, clinic: ClinicDefaults) -> None:
        """Keep what a clinic set for whoever has not chosen.

        Raises:
            KeepingError: not an administrator.
        """
        require(doer, Duty.ADMINISTER)
        words: dict[str, JSON] = {
            "home": _channels(clinic.home), "staff": _channels(clinic.staff), "hour": f"{clinic.hour:%H:%M}",
            "quiet": f"{clinic.quiet.begins:%H:%M}-{clinic.quiet.ends:%H:%M}",
        }  # fmt: skip
        async with self._journal.exclusively(HUB) as turn:
            await self.choices.keep_defaults(turn, clinic)
            await turn.append([hub_row(doer, "reminder.defaults", clinic.organisation, words)])

    async def stop_texts(self, choices: Sequence[ReminderChoice], *, stopped: bool, why: str) -> None:
        """Keep that no text message goes to these people any more, or goes again, as their telephone said.

        Where nothing changes, nothing is written.
        """
        changed = [each for each in choices if (each.texts_stopped is not None) is not stopped and each.texts_agreed]
        if not changed:
            return
        rows = [
            Act(plan=HUB, actor="", action=Action.CONSENT, entry=each.person, reason=why,
                event="reminder.stop" if stopped else "reminder.start")
            for each in changed
        ]  # fmt: skip
        async with self._journal.exclusively(HUB) as turn:
            for each in changed:
                await self.choices.keep(turn, replace(each, texts_stopped=self._now() if stopped else None))
            await turn.append(rows)

    async def mail_failed(self, person: str, address: str) -> None:
        """Keep that an address does not exist: nothing more is sent to it."""
        was = await self.choices.get(person)
        if not address or was.mail_failed.lower() == address.lower():
            return
        act = Act(plan=HUB, actor="", action=Action.CONSENT, entry=person, event="reminder.bounce")
        async with self._journal.exclusively(HUB) as turn:
            await self.choices.keep(turn, replace(was, mail_failed=address))
            await turn.append([act])


def _channels(channels: Channels) -> JSON:
    return {matter.value: channel.value for matter, channel in channels.items()}


def _told(choice: ReminderChoice) -> JSON:
    texts = choice.takes_texts
    return {
        "channels": _channels(choice.channels), "language": choice.language, "zone": choice.zone,
        "quiet": f"{choice.quiet.begins:%H:%M}-{choice.quiet.ends:%H:%M}" if choice.quiet else "",
        "hour": f"{choice.hour:%H:%M}" if choice.hour else "", "texts": texts,
        "number_ends": choice.mobile[-END_DIGITS:], "text_version": TEXTS_AGREED_VERSION if texts else "",
    }  # fmt: skip
