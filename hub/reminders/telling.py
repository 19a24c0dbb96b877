"""Makes one message of all that is due to one person, and puts it down with the word that they were told.

A message leaves by the outbox of letters, in the transaction in which its reminders count as told and the hub's journal
says so. What was done, moved or closed to the person meanwhile is dropped here; what falls into quiet hours waits.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol

from auth.roles import Participant
from hub.ids import HUB
from hub.jobs.handlers import Handlers
from hub.jobs.letters import LETTER_LASTS, Channel, Envelope, Letter, Occasion
from hub.live.commands import PlanContent
from hub.record.jobs import Payload
from hub.record.journal import Act, Action, Journal
from hub.reminders.choices import Matter
from hub.reminders.finding import Reminder, appointments, still_so
from hub.reminders.hours import after_quiet
from hub.reminders.people import Reminded, ReminderPeople
from hub.store.letters import Letters
from hub.store.reminders import Reminders
from hub.workflows.waiting import waiting_on

TELL: Final = "reminders.tell"
TELL_EVERY: Final = timedelta(seconds=15)
PEOPLE_AT_ONCE_MAX: Final = 50
"""Messages that are put down in one turn of the hub's journal."""
TELL_SECONDS_MAX: Final = 30.0
"""After this a pass leaves the rest to the next: a job that takes longer is cut off."""


@dataclass(frozen=True, slots=True)
class MessageMatter:
    """What one message is about."""

    matters: frozenset[Matter]
    waiting: int = 0
    """How many things wait on a member of staff."""
    appointments: tuple[tuple[str, datetime], ...] = ()
    """Entry and instant of each, in their order."""


@dataclass(slots=True)
class _Message:
    reminded: Reminded
    channel: Channel
    reminders: dict[str, Reminder] = field(default_factory=dict)
    waiting: int = 0
    appointments: list[tuple[str, datetime]] = field(default_factory=list)

    @property
    def told(self) -> MessageMatter:
        matters = frozenset(each.matter for each in self.reminders.values())
        return MessageMatter(matters, self.waiting, tuple(sorted(self.appointments, key=lambda each: each[1])))

    @property
    def plan(self) -> str:
        """The plan whose steward is told when it can't be delivered."""
        return next((each.plan for each in self.reminders.values() if each.plan), "")


class WriteReminder(Protocol):
    """Writes the words: nothing about anybody's health, nobody's name."""

    def __call__(self, told: MessageMatter, reminded: Reminded, channel: Channel, key: str) -> Letter:
        """Return the message, which leads to what it is about by its key."""


class ReminderTelling:
    """Works on the passes over what is due."""

    def __init__(
        self,
        rows: Reminders,
        people: ReminderPeople,
        journal: Journal,
        letters: Letters,
        write: WriteReminder,
        now: Callable[[], datetime],
        new_id: Callable[[], str],
    ) -> None:
        self._rows, self._people, self._journal = rows, people, journal
        self._letters, self._write = letters, write
        self._now, self._new_id = now, new_id

    def work_in(self, handlers: Handlers) -> None:
        """Take on the kind of job that is done again and again."""
        handlers.add_every(TELL, TELL_EVERY, self.tell)

    async def tell(self, _payload: Payload) -> None:
        """Tell everybody to whom something is due.

        Raises:
            JournalAwayError: the store can't be reached; what was not told is told the next time.
        """
        began = self._now()
        while (self._now() - began).total_seconds() < TELL_SECONDS_MAX:
            due = await self._rows.due(self._now(), PEOPLE_AT_ONCE_MAX)
            await self._tell(due)
            if len(due) < PEOPLE_AT_ONCE_MAX:
                return

    async def _tell(self, due: Mapping[str, Sequence[tuple[str, Reminder]]]) -> None:
        known = await self._people.reminded(due)
        plans = {each.plan for some in due.values() for _, each in some if each.plan}
        contents = await self._people.contents(plans)
        messages: list[_Message] = []
        for person_id, some in due.items():
            reminded = known.get(person_id)
            if reminded is None:
                await self._rows.drop([reminder_id for reminder_id, _ in some])
                continue
            now, terms = self._now(), reminded.terms
            later = after_quiet(now, terms.quiet, terms.zone)
            if later > now:
                await self._rows.put_off([reminder_id for reminder_id, _ in some], later)
                continue
            messages += await self._messages(reminded, dict(some), contents, now)
        if messages:
            await self._put(messages)

    async def _messages(
        self, reminded: Reminded, due: Mapping[str, Reminder], contents: Mapping[str, PlanContent], now: datetime
    ) -> list[_Message]:
        """Return what leaves to one person, one message a channel; what need not be told any more is dropped."""
        person = reminded.person.person_id
        mine = {plan: contents[plan] for plan in {each.plan for each in due.values()} if plan in contents}
        parts = await self._people.parts(person, mine, now)
        found: dict[Channel, _Message] = {}
        over: list[str] = []
        for reminder_id, each in due.items():
            content, part = mine.get(each.plan), parts.get(each.plan)
            waiting = await self._waiting(person, now) if each.matter is Matter.WAITING else 0
            if not waiting and (content is None or part is None or not still_so(content, part, each, now)):
                over.append(reminder_id)
                continue
            channel = reminded.terms.channel(each.matter)
            message = found.setdefault(channel, _Message(reminded, channel))
            message.reminders[reminder_id] = each
            message.waiting += waiting
            if each.matter is Matter.APPOINTMENT and content is not None and part is not None:
                message.appointments += _times(content, part, each, now)
        await self._rows.drop(over)
        shown = found.pop(Channel.PAGE, None)
        if shown is not None:
            await self._rows.shown(shown.reminders)
        return list(found.values())

    async def _waiting(self, person_id: str, now: datetime) -> int:
        """Return how many things wait on somebody, in all their plans."""
        contents = await self._people.contents(await self._people.open_plans(person_id, now))
        parts = await self._people.parts(person_id, contents, now)
        return sum(len(waiting_on(contents[plan], part, now)) for plan, part in parts.items())

    async def _put(self, messages: Sequence[_Message]) -> None:
        """Put the messages down: in one turn they leave, count as told, and stand in the journal."""
        rows: list[Act] = []
        async with self._journal.exclusively(HUB) as turn:
            for each in messages:
                key, person = self._new_id(), each.reminded.person.person_id
                if not await self._rows.told(turn, each.reminders, key):
                    continue  # Another process has told of them meanwhile.
                letter = self._write(each.told, each.reminded, each.channel, key)
                envelope = Envelope(
                    occasion=Occasion.REMINDER, expires=self._now() + LETTER_LASTS, plan=each.plan, person=person
                )
                await self._letters.put(turn, letter, envelope)
                rows.append(_row(each, key))
            if rows:
                await turn.append(rows)


def _row(message: _Message, key: str) -> Act:
    """Return the row that a message left: to whom, how, and what it was about in general."""
    person, matters = message.reminded.person.person_id, ", ".join(sorted(message.told.matters))
    words = {"person": person, "channel": message.channel.value, "matters": matters}
    return Act(plan=HUB, actor="", action=Action.NOTIFY, entry=key, event="reminder.send", words=words)


def _times(content: PlanContent, part: Participant, reminder: Reminder, now: datetime) -> list[tuple[str, datetime]]:
    return [(entry.id, when) for entry, when in appointments(content, part, now) if entry.id == reminder.entry]
