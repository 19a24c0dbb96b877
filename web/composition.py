"""The hub behind the pages, put together: the one place where an engine is built and the live plans are started."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from secrets import token_urlsafe
from typing import Protocol

from auth.backend_client import BackendClient
from auth.ehr_launch import EhrClient
from auth.sessions import TOKEN_BYTES
from hub.access.alarm_telling import AlarmTelling
from hub.access.apps import AppKeeping
from hub.access.changes import AccessChanges
from hub.access.clock_telling import ClockTelling
from hub.access.devices import Devices
from hub.access.ehrs import EhrKeeping
from hub.access.experiences import ExperienceKeeping
from hub.access.keeping import Keeping
from hub.access.machines import MachineKeeping
from hub.access.provisioning import Provisioning
from hub.access.question_telling import QuestionTelling
from hub.access.refusals import WINDOW, Refusals
from hub.access.undelivered import Undelivered
from hub.attachments.keeping import AttachmentKeeping
from hub.exchange.connections import FhirConnections
from hub.exchange.exchange import Exchange
from hub.exchange.fhir_api import PlansAsFhir
from hub.exchange.medicine_listing import MedicineListing
from hub.exchange.past_resources import PastResources
from hub.exchange.writing import WritingPlans
from hub.huddles.keeping import Huddles
from hub.huddles.rooms import HuddleRooms
from hub.ids import HUB, new_id
from hub.jobs.handlers import Handlers
from hub.jobs.letters import Seal
from hub.jobs.posting import Posting
from hub.live.plans import CarePlans
from hub.process.clocks import StoreClock
from hub.process.timekeeping import Timekeeper
from hub.record.checkpointing import keep_signing
from hub.record.journal import JournalAwayError
from hub.sockets.desks import Desks
from hub.sockets.live_socket import DESKS, HUDDLES, LIVE
from hub.store.clock import database_time
from hub.store.engine import Engine, open_engine
from hub.store.entries import Entries
from hub.store.heads import Heads
from hub.store.huddles import HuddleRows
from hub.store.job_worker import JobWorker
from hub.store.journal import PostgresJournal
from hub.store.letters import Letters
from hub.store.looks import Looks
from hub.store.machines import Machines
from hub.store.notices import PostgresBus
from hub.store.notifications import Notifications
from hub.store.participants import Participants
from hub.store.people import People
from hub.store.plans import Plans
from hub.store.sessions import Sessions
from hub.store.submissions import Submissions
from hub.workflows.questions import TELL as QUESTION_TELL
from hub.workflows.readings import TELL
from web.access import Access, access_over, letters_leave
from web.auditing import Auditing
from web.counting import keep_counting
from web.doors.desk_admission import StoreDeskAdmission
from web.doors.entrances import STATE as ENTRANCES
from web.doors.entrances import entrances_over
from web.doors.gatekeeping import StoreGatekeeper
from web.doors.hospitals import Hospitals, hospitals_over
from web.doors.huddle_admission import HuddleAdmission
from web.doors.machines import LAUNCHED_AT
from web.doors.store_directory import StoreDirectory, Stores
from web.reminding import RemindersAtWork, reminders_over
from web.services import Services
from web.settings import Settings, signing_key_of


async def _tell_refusals(refusals: Refusals) -> None:
    """Write down each minute what strangers failed at, and the rest when the hub ends."""
    try:
        while True:
            await asyncio.sleep(WINDOW.total_seconds())
            with contextlib.suppress(JournalAwayError):  # It stays counted.
                await refusals.tell()
    finally:
        with contextlib.suppress(JournalAwayError):
            await asyncio.shield(refusals.tell(all_of_them=True))


async def _ended(loops: Sequence["asyncio.Task[None]"], parts: Sequence[Callable[[], Awaitable[None]]]) -> None:
    """End the loops, then the parts, each before what it stands on."""
    for loop in loops:
        loop.cancel()
    await asyncio.gather(*loops, return_exceptions=True)
    for stop in parts:
        await asyncio.shield(stop())


class Started(Protocol):
    """What is started with the hub."""

    async def start(self) -> None:
        """Begin."""


def _overhearing(
    settings: Settings, directory: StoreDirectory, stores: Stores, kept: HuddleRows, plans: CarePlans, clock: StoreClock
) -> tuple[HuddleRooms, Desks]:
    """Return the huddles' rooms and the desks of this process, which hear what the other processes say."""
    rooms = HuddleRooms(HuddleAdmission(settings, directory, stores, kept, clock.now), plans.neighbours, clock)
    desks = Desks(StoreDeskAdmission(settings, directory, stores, clock.now), clock)
    plans.neighbours.overhear(rooms.hear)
    plans.neighbours.overhear(desks.hear)
    return rooms, desks


async def _begun(parts: Sequence[Started]) -> None:
    for part in parts:
        await part.start()


def _worker(
    engine: Engine,
    posting: Posting,
    telling: AlarmTelling,
    asked: QuestionTelling,
    clocks: ClockTelling,
    hospitals: Hospitals,
    reminders: RemindersAtWork,
    attachments: AttachmentKeeping,
    connections: FhirConnections,
) -> JobWorker:
    """Return this process's worker; every kind of job has its handler here."""
    handlers = Handlers()
    posting.work_in(handlers)
    handlers.add(TELL, telling.tell)
    handlers.add(QUESTION_TELL, asked.tell)
    clocks.work_in(handlers)
    hospitals.work_in(handlers)
    reminders.work_in(handlers)
    attachments.work_in(handlers)
    connections.work_in(handlers)
    return JobWorker(engine, handlers)


def _connections(
    engine: Engine,
    journal: PostgresJournal,
    changes: AccessChanges,
    plans: CarePlans,
    settings: Settings,
    clock: StoreClock,
) -> FhirConnections:
    exchange = Exchange(engine, journal, clock.now, new_id)
    client = BackendClient(settings.secret_key, now=clock.now, mint=partial(token_urlsafe, TOKEN_BYTES))
    return FhirConnections(engine, changes, exchange, plans, client, clock.now, new_id)


def _tellings(
    engine: Engine, journal: PostgresJournal, stores: Stores, plans: CarePlans, clock: StoreClock
) -> tuple[AlarmTelling, QuestionTelling, ClockTelling]:
    told, members = Notifications(engine), stores.participants
    asked = QuestionTelling(journal, told, members, stores.plans, plans.written, clock.now)
    clocks = ClockTelling(journal, told, members, stores.plans, plans.content, plans.written, clock.now)
    return AlarmTelling(journal, told, members, plans.written, clock.now), asked, clocks


def _posting(
    letters: Letters, access: Access, plans: CarePlans, stores: Stores, reminders: RemindersAtWork, clock: StoreClock
) -> Posting:
    undelivered = Undelivered(plans, stores.plans, stores.people, reminders.keeping)
    return Posting(letters, access.outward.send, undelivered.tell, clock.now)


def _stores(engine: Engine) -> Stores:
    people, sessions, plans = People(engine), Sessions(engine), Plans(engine)
    return Stores(people, sessions, Participants(engine), plans, Looks(engine), Machines(engine))


def _with_machines(
    served: Services, engine: Engine, journal: PostgresJournal, changes: AccessChanges, plans: CarePlans
) -> Services:
    """Return the services with what other systems bring, take and ask for at their doors."""
    back, mint = f"{served.settings.live_address}{LAUNCHED_AT}", partial(token_urlsafe, TOKEN_BYTES)
    ehr_client = EhrClient(back, now=served.now, mint=mint)
    api = PlansAsFhir(engine, journal, plans.contents, plans.record, plans.zones, served.now)
    return replace(
        served,
        exchange=Exchange(engine, journal, served.now, new_id),
        listing=MedicineListing(engine, journal, plans.written, served.now, new_id),
        ehrs=EhrKeeping(engine, changes, ehr_client, served.now, new_id),
        apps=AppKeeping(engine, changes, served.now, new_id),
        machines=MachineKeeping(engine, changes, served.now, new_id),
        provisioning=Provisioning(engine, changes, served.now, new_id),
        fhir=api,
        devices=Devices(engine, changes, served.now, new_id),
        experiences=ExperienceKeeping(engine, changes, served.now, new_id),
        fhir_writing=WritingPlans(engine, plans, api, served.now),
        fhir_past=PastResources(engine, journal, api, plans.content, served.now),
    )


@asynccontextmanager
async def hub_services(settings: Settings) -> AsyncIterator[Services]:
    """Start the hub for these settings and stop it again, with everything accepted committed.

    Raises:
        StoreError: the database can't be used as it is.
    """
    engine = await open_engine(settings.database_url)
    journal, clock = PostgresJournal(engine), StoreClock()
    timekeeper = Timekeeper(clock, partial(database_time, engine))
    await timekeeper.read()
    stores = _stores(engine)
    changes, entries = AccessChanges(journal), Entries(engine)
    directory = StoreDirectory(stores, journal, clock.now, changes)
    gatekeeper, bus = StoreGatekeeper(settings, stores, clock.now), PostgresBus(settings.database_url)
    plans = CarePlans(journal, gatekeeper, bus=bus, clock=clock, patients=stores.plans.born_and_sex, entries=entries)
    changes.reach(plans)
    kept = HuddleRows(engine)
    rooms, desks = _overhearing(settings, directory, stores, kept, plans, clock)
    key = signing_key_of(settings)
    signing = keep_signing(Heads(engine), settings.checkpoints_dir, key)
    plans.zones.know(*await stores.plans.zones())
    kept_up = (signing, timekeeper.keep(), keep_counting(plans), plans.zones.keep(stores.plans.zones))
    letters = Letters(engine, Seal(settings.secret_key), new_id, leaves=letters_leave(settings))
    access = access_over(engine, journal, changes, letters, settings, clock.now, new_id)
    doors = entrances_over(engine, changes, letters, settings, clock.now, new_id)
    reminders = reminders_over(engine, journal, plans, letters, settings, clock.now, new_id)
    posting = _posting(letters, access, plans, stores, reminders, clock)
    hospitals = hospitals_over(engine, journal, plans, settings, clock.now)
    tellings = _tellings(engine, journal, stores, plans, clock)
    attachments = AttachmentKeeping(engine, plans, clock.now, new_id)
    connections = _connections(engine, journal, changes, plans, settings, clock)
    worker = _worker(engine, posting, *tellings, hospitals, reminders, attachments, connections)
    loops = list(map(asyncio.create_task, kept_up))
    try:
        await journal.create_plan(HUB)
        await _begun((plans, rooms, desks, worker, *hospitals.listeners))
        loops.append(asyncio.create_task(_tell_refusals(doors.entering.refusals)))
        state = {LIVE: plans, HUDDLES: rooms, DESKS: desks, ENTRANCES: doors}
        served = Services(
            settings,
            directory,
            plans,
            journal,
            access=access,
            audit=Auditing(engine, settings.database_url, key, settings.origin),
            huddles=Huddles(journal, kept, rooms, plans.written, clock.now, new_id),
            keeping=Keeping(engine, journal, changes, clock.now, new_id),
            submissions=Submissions(engine),
            entries=entries,
            hospitals=hospitals,
            zones=plans.zones,
            now=clock.now,
            state=state,
        )
        served = replace(served, reminders=reminders.keeping, feeds=reminders.feeds, attachments=attachments)
        served = replace(served, connections=connections)
        yield _with_machines(served, engine, journal, changes, plans)
    finally:
        stops = [hospitals.stop, worker.stop, rooms.stop, desks.stop, plans.drain, journal.close, engine.dispose]
        await _ended(loops, stops)
