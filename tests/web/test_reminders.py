"""Reminders through a hub's pages: chosen, made once, told in one message without a word too much, seen when opened."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import anyio
import httpx2
import pytest
from icalendar import Calendar

from hub.ids import HUB, new_id
from hub.jobs.letters import Channel, Letter
from hub.record.journal import Action
from hub.reminders.choices import Matter
from hub.reminders.looking import ReminderLooking
from hub.reminders.people import Reminded
from hub.reminders.telling import MessageMatter, ReminderTelling
from hub.store.journal import PostgresJournal
from tests.web.house import ORIGIN, House, a_house
from web.mail import Mailbox
from web.reminding import writes_reminders

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
MARY, EMILY, KIM, FALK = "Mary Whitfield", "Emily Hart", "Grace Kim", "Jonas Falk"
BY_MAIL = {"channel-appointment": "mail", "channel-due": "mail", "channel-answer": "mail", "channel-medicine": "page"}


class Clockwork:
    """The passes of one hub, at an hour of one's choice."""

    def __init__(self, house: House) -> None:
        found, journal = house.services.reminders, house.services.journal
        assert found is not None
        assert isinstance(journal, PostgresJournal)
        self.house, self.keeping, self.now = house, found, datetime.now(UTC)
        self.looking = ReminderLooking(found.rows, found.people, lambda: self.now, new_id)
        write, letters = writes_reminders(ORIGIN, lambda: self.now), house.access.letters
        self.telling = ReminderTelling(found.rows, found.people, journal, letters, write, lambda: self.now, new_id)

    async def pass_at(self, now: datetime) -> None:
        self.now = now
        await self.looking.look({})
        await self.looking.plan_digests({})
        await self.telling.tell({})

    async def ahead(self, name: str) -> dict[str, datetime]:
        kept = await self.keeping.rows.of_person(self.house.person(name).person_id)
        return {each.reminder.matter: each.reminder.due for each in kept if each.state == "waiting"}


async def letters_to(house: House, person: str, count: int) -> list[Letter]:
    """Return the letters to somebody once there are so many."""
    box, address = house.access.mail, house.person(person).email
    assert isinstance(box, Mailbox)
    with anyio.fail_after(20):
        while len(found := [it for _, it in box.letters() if it.address == address]) < count:
            await anyio.lowlevel.checkpoint()
    return found


async def chosen(browser: httpx2.AsyncClient, **more: str) -> int:
    answer = await browser.post("/reminders/choices", data=BY_MAIL | more)
    return answer.status_code


async def told_rows(house: House) -> list[str]:
    rows = await house.services.journal.history(HUB, limit=200)
    return [str(row.words) for row in rows if row.action is Action.NOTIFY and row.event == "reminder.send"]


async def test_what_is_chosen_is_told_once_in_one_message_and_seen_when_it_is_opened(
    demo_database: str, tmp_path: Path
) -> None:
    async with a_house(demo_database, tmp_path) as house:
        mary, emily, kim = await house.browser(MARY), await house.browser(EMILY), await house.browser(KIM)
        clock = Clockwork(house)
        assert await chosen(mary, hour="10:30", zone="America/Denver") == 303
        assert await chosen(emily, language="es", quiet_begins="20:00") == 422

        await clock.pass_at(clock.now)
        due = (await clock.ahead(MARY))[Matter.APPOINTMENT]
        assert f"{due.astimezone(ZoneInfo('America/Denver')):%H:%M}" == "10:30"
        assert "An appointment" in (await mary.get("/reminders")).text

        task = {"title": "Bring the scale", "owner": house.person(MARY).person_id, "due": "2030-01-01"}
        made = await kim.post(f"/plans/{house.plan}/sections/tasks/entries", data=task)
        assert made.status_code in (200, 303)
        for _ in range(3):  # Whatever is done again is told once.
            await clock.pass_at(due)

        [letter] = await letters_to(house, MARY, 1)
        assert letter.subject == "A reminder from your care team"
        assert letter.words.startswith("Appointment: ")
        for word in ("Mary", "Whitfield", "cardiology", "Cardiology", "scale", "Lee", "Kim", "clinic"):
            assert word not in letter.subject + letter.words
        assert len(await told_rows(house)) == 1
        [event] = Calendar.from_ical(letter.calendar).walk("VEVENT")
        assert (event["summary"], event["dtstart"].to_ical()[-1:]) == ("Appointment", b"Z")
        await seen_when_opened(house, letter, mary, emily, kim)


async def seen_when_opened(
    house: House, letter: Letter, mary: httpx2.AsyncClient, emily: httpx2.AsyncClient, kim: httpx2.AsyncClient
) -> None:
    """The link leads its person alone to the thing, and only that counts as opened."""
    link = re.search(r"/told/\S+", letter.words)
    assert link is not None
    nobody = await house.browser()
    asked = await nobody.get(link.group())
    assert (asked.status_code, asked.headers["location"]) == (303, f"/sign-in?next={link.group()}")

    assert (await emily.get(link.group())).headers["location"] == "/reminders"
    falk = await house.browser(FALK)
    assert "Opened" not in (await falk.get("/admin/reminders")).text
    assert (await mary.get(link.group())).headers["location"] in ("/reminders", f"/plans/{house.plan}/mine#visits")
    page = (await falk.get("/admin/reminders")).text
    assert "Opened" in page
    assert MARY in page
    assert "ppointment:" not in page
    assert "Opened" in (await kim.get(f"/plans/{house.plan}/sharing")).text


async def test_a_calendar_subscribes_to_appointments_alone_until_its_person_ends_it(
    demo_database: str, tmp_path: Path
) -> None:
    async with a_house(demo_database, tmp_path) as house:
        mary, calendar = await house.browser(MARY), await house.browser()
        assert (await (await house.browser(KIM)).post("/reminders/calendar", data={"act": "make"})).status_code == 404
        addresses = []
        for _ in range(2):
            made = await mary.post("/reminders/calendar", data={"act": "make"})
            found = re.search(rf"{ORIGIN}(/calendar/[\w-]{{43}})<", made.text)
            assert found is not None
            addresses.append(found.group(1))
        assert "/calendar/" not in (await mary.get("/reminders/choices")).text.replace("/reminders/calendar", "")

        for _ in range(2):
            asked = await calendar.get(addresses[1])
        assert asked.headers["content-type"] == "text/calendar; charset=utf-8"
        [event] = Calendar.from_ical(asked.text).walk("VEVENT")
        assert set(event) == {"SUMMARY", "DTSTART", "DTSTAMP", "UID"}
        assert "Mary" not in asked.text
        assert len(await house.rows(Action.EXPORT, event="calendar.read")) == 1
        assert (await calendar.get(addresses[0])).status_code == 404

        await mary.post("/reminders/calendar", data={"act": "end"})
        assert (await calendar.get(addresses[1])).status_code == 404
        rows = await house.services.journal.history(HUB, limit=50)
        events = [row.event for row in rows if row.event.startswith("calendar.")]
        assert events == ["calendar.end", "calendar.make", "calendar.make"]


async def test_staff_are_told_once_a_day_how_much_waits_where_the_clinic_or_they_chose_so(
    demo_database: str, tmp_path: Path
) -> None:
    async with a_house(demo_database, tmp_path) as house:
        falk, kim = await house.browser(FALK), await house.browser(KIM)
        clock = Clockwork(house)
        form = {"staff-waiting": "mail", "staff-due": "text", "hour": "07:15", "quiet_begins": "21:00"}
        assert (await falk.post("/admin/reminders", data=form)).status_code == 422
        assert (await kim.post("/admin/reminders", data=form)).status_code == 404
        assert (await falk.post("/admin/reminders", data=form | {"quiet_ends": "07:00"})).status_code == 303
        await clock.pass_at(clock.now)
        due = (await clock.ahead(KIM))[Matter.WAITING]
        assert clock.now < due < clock.now + timedelta(days=1, hours=1)

        for _ in range(2):
            await clock.pass_at(due)

        [letter] = await letters_to(house, KIM, 1)
        assert re.match(r"\d+ things wait on you\.\n", letter.words)
        assert (await clock.ahead(KIM))[Matter.WAITING] > due


async def test_a_message_that_could_not_be_put_down_is_told_the_next_time(demo_database: str, tmp_path: Path) -> None:
    async with a_house(demo_database, tmp_path) as house:
        mary, clock = await house.browser(MARY), Clockwork(house)
        assert await chosen(mary) == 303
        await clock.pass_at(clock.now)
        due = (await clock.ahead(MARY))[Matter.APPOINTMENT]
        whole, clock.telling._write = clock.telling._write, broken
        with pytest.raises(ZeroDivisionError):
            await clock.pass_at(due)
        assert Matter.APPOINTMENT in await clock.ahead(MARY)
        clock.telling._write = whole

        await clock.pass_at(due)

        assert len(await letters_to(house, MARY, 1)) == 1


def broken(told: MessageMatter, reminded: Reminded, channel: Channel, key: str) -> Letter:
    raise ZeroDivisionError
