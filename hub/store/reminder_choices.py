"""What people chose to be told of, and what their clinic set, as rows."""

from collections.abc import Collection, Mapping
from datetime import time
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from hub.jobs.letters import Channel
from hub.record.journal import Turn
from hub.reminders.choices import Channels, ClinicDefaults, Matter, ReminderChoice, clock_of
from hub.reminders.hours import Quiet
from hub.store.engine import connected, connection_of
from hub.store.reminder_tables import reminder, reminder_reading
from hub.store.reminder_tables import reminder_choice as table
from hub.store.reminder_tables import reminder_default as default_table
from hub.store.tables import organisation, participant

_upsert: Final = sa.dialects.postgresql.insert


class ReminderChoices:
    """Choices and defaults. Whoever changes one has what is planned found anew, in the same transaction."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def get(self, person_id: str) -> ReminderChoice:
        """Return what somebody chose; nothing yet is a choice that leaves all to the clinic."""
        return (await self.among([person_id]))[person_id]

    async def among(self, person_ids: Collection[str]) -> dict[str, ReminderChoice]:
        """Return what each of these people chose."""
        query = sa.select(table).where(table.c.person.in_(list(person_ids)))
        found = {each: ReminderChoice(person=each) for each in person_ids}
        async with connected(self._engine) as connection:
            for row in await connection.execute(query):
                found[row.person] = _choice(row)
        return found

    async def of_number(self, mobile: str) -> list[ReminderChoice]:
        """Return the choices with this telephone number: of whoever shares it."""
        async with connected(self._engine) as connection:
            return [_choice(row) for row in await connection.execute(sa.select(table).where(table.c.mobile == mobile))]

    async def keep(self, turn: Turn, choice: ReminderChoice) -> None:
        """Keep what somebody chose."""
        values = {
            "person": choice.person, "channels": dict(choice.channels), "language": choice.language,
            "quiet_begins": _clock(choice.quiet.begins if choice.quiet else None),
            "quiet_ends": _clock(choice.quiet.ends if choice.quiet else None),
            "zone": choice.zone, "hour": _clock(choice.hour), "mobile": choice.mobile,
            "texts_agreed": choice.texts_agreed, "texts_stopped": choice.texts_stopped,
            "mail_failed": choice.mail_failed, "changed": sa.func.clock_timestamp(),
        }  # fmt: skip
        connection = connection_of(turn)
        statement = _upsert(table).values(values)
        await connection.execute(statement.on_conflict_do_update(index_elements=[table.c.person], set_=values))
        # A plan that is being read the first time has no row yet: it is asked for anew, too.
        mine = (
            sa.select(participant.c.plan, *map(sa.literal, (0, 1, 0)))
            .where(participant.c.person == choice.person)
            .distinct()
        )
        asked = _upsert(reminder_reading).from_select(["plan", "seq", "asked", "answered"], mine)
        again = {"asked": reminder_reading.c.asked + 1}
        await connection.execute(asked.on_conflict_do_update(index_elements=[reminder_reading.c.plan], set_=again))
        digest = (reminder.c.person == choice.person) & (reminder.c.matter == Matter.WAITING)
        await connection.execute(sa.delete(reminder).where(digest, reminder.c.state == "waiting"))

    async def defaults(self) -> Mapping[str, ClinicDefaults]:
        """Return what each organisation set, by its id; under ``""`` stands what the default one did."""
        query = sa.select(organisation.c.id, *(each for each in default_table.c if each.name != "organisation"))
        query = query.outerjoin(default_table, default_table.c.organisation == organisation.c.id)
        found: dict[str, ClinicDefaults] = {}
        async with connected(self._engine) as connection:
            for row in await connection.execute(query.order_by(organisation.c.created, organisation.c.id)):
                found[row.id] = _defaults(row)
                found.setdefault("", found[row.id])
        return found

    async def keep_defaults(self, turn: Turn, clinic: ClinicDefaults) -> None:
        """Keep what an organisation set."""
        values = {
            "organisation": clinic.organisation, "home": dict(clinic.home), "staff": dict(clinic.staff),
            "quiet_begins": _clock(clinic.quiet.begins), "quiet_ends": _clock(clinic.quiet.ends),
            "hour": _clock(clinic.hour), "changed": sa.func.clock_timestamp(),
        }  # fmt: skip
        statement = _upsert(default_table).values(values)
        again = statement.on_conflict_do_update(index_elements=[default_table.c.organisation], set_=values)
        await connection_of(turn).execute(again)
        await connection_of(turn).execute(sa.update(reminder_reading).values(asked=reminder_reading.c.asked + 1))
        waits = (reminder.c.matter == Matter.WAITING) & (reminder.c.state == "waiting")
        await connection_of(turn).execute(sa.delete(reminder).where(waits))


def _clock(value: time | None) -> str:
    return "" if value is None else f"{value:%H:%M}"


def _choice(row: sa.Row[tuple[object, ...]]) -> ReminderChoice:
    told = row._mapping
    return ReminderChoice(
        person=told["person"],
        channels=_channels(told["channels"]),
        language=told["language"],
        quiet=_quiet(told["quiet_begins"], told["quiet_ends"]),
        zone=told["zone"],
        hour=clock_of(told["hour"]),
        mobile=told["mobile"],
        texts_agreed=told["texts_agreed"],
        texts_stopped=told["texts_stopped"],
        mail_failed=told["mail_failed"],
    )


def _defaults(row: sa.Row[tuple[object, ...]]) -> ClinicDefaults:
    told = row._mapping
    quiet, hour = _quiet(told["quiet_begins"] or "", told["quiet_ends"] or ""), clock_of(told["hour"] or "")
    if quiet is None or hour is None:
        return ClinicDefaults(organisation=told["id"])
    home, staff = _channels(told["home"]), _channels(told["staff"])
    return ClinicDefaults(organisation=told["id"], home=home, staff=staff, quiet=quiet, hour=hour)


def _channels(told: Mapping[str, str]) -> Channels:
    return {Matter(matter): Channel(channel) for matter, channel in told.items()}


def _quiet(begins: str, ends: str) -> Quiet | None:
    first, last = clock_of(begins), clock_of(ends)
    return Quiet(first, last) if first is not None and last is not None else None
