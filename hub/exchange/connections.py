"""Connections: a patient of another system's FHIR server is read for a plan, again and again, and proposed there.

An administrator registers the server; a clinician of the plan connects its patient. What comes lands as proposals of
that source (``hub.exchange.exchange``): a patient whose date of birth or name is another one is refused there, what was
told before is passed over, and nothing of the plan changes before somebody accepts it.
"""

import asyncio
import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

import msgspec

from auth.backend_client import BackendClient, FhirServerError
from auth.ehr_launch import is_safe
from auth.registry import Duty
from auth.roles import CLINICIANS, Participant
from hub.access.changes import AccessChanges
from hub.access.keeping_rows import Doer, KeepingError, hub_row, require
from hub.directory.names import cleaned
from hub.exchange.exchange import Exchange, ImportRefusedError, Sender
from hub.exchange.subjects import subject_of
from hub.ids import HUB
from hub.jobs.handlers import Handlers
from hub.live.commands import PlanContent
from hub.record.chain import JSON
from hub.record.journal import Act, Action
from hub.store.engine import Engine
from hub.store.fhir_sources import FhirSources, KnownServer, KnownSource
from hub.store.participants import Participants

LOOK: Final = "fhir.look"
LOOKED_EVERY: Final = timedelta(minutes=1)
READ_AT_ONCE: Final = 5
"""Sources of one turn; the others come with the next."""

READING_SECONDS_MAX: Final = 40.0
"""Of one source; within what a job may take."""

OVERLAP: Final = timedelta(minutes=10)
"""Asked for again with each reading: the server's clock may be behind."""

FAILED_AGAIN: Final = timedelta(minutes=15)
"""How long after a fault a source is read again, if it would not be sooner."""

HOURS_MAX: Final = 168
SOURCES_MAX: Final = 10
"""Of one plan at once."""


class ReadPlans(Protocol):
    """The live plans, as far as they are read here."""

    async def content(self, plan_id: str) -> PlanContent:
        """Return a plan's committed content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewServer:
    """What an administrator says of a server."""

    name: str
    base: str
    client_id: str


class FhirConnections:
    """Servers, sources, and their reading. Methods raise ``JournalAwayError`` where the store can't be reached."""

    def __init__(
        self,
        engine: Engine,
        changes: AccessChanges,
        exchange: Exchange,
        plans: ReadPlans,
        client: BackendClient,
        now: Callable[[], datetime],
        new_id: Callable[[], str],
    ) -> None:
        self.client, self.rows = client, FhirSources(engine)
        self._engine, self._changes, self._exchange, self._plans = engine, changes, exchange, plans
        self._now, self._new_id = now, new_id
        self._participants = Participants(engine)

    def work_in(self, handlers: Handlers) -> None:
        """Take on the reading of what is due."""
        handlers.add_every(LOOK, LOOKED_EVERY, lambda _: self.read_due())

    async def register(self, doer: Doer, asked: NewServer) -> None:
        """Register a server.

        Raises:
            KeepingError: not an administrator, or what is said of it can't be.
        """
        require(doer, Duty.ADMINISTER)
        base = asked.base.strip().rstrip("/")
        if not cleaned(asked.name):
            raise KeepingError("Name the system, as the team knows it.", "name")
        if not base.isascii() or len(base) > 300 or not is_safe(base):
            raise KeepingError("The address of its FHIR server begins with https://.", "base")
        if not asked.client_id.strip() or len(asked.client_id) > 200:
            raise KeepingError("Enter the client id that the hub was given there.", "client_id")
        server = KnownServer(
            server_id=self._new_id(), name=cleaned(asked.name)[:100], base=base, client_id=asked.client_id.strip(),
            made_by=doer.person.person_id, made=self._now(),
        )  # fmt: skip
        words: dict[str, JSON] = {"name": server.name, "base": base, "client_id": server.client_id}
        async with self._changes.of_plan(HUB) as turn:
            await self.rows.add_server(turn, server)
            await turn.append([hub_row(doer, "server.register", server.server_id, words)])

    async def end_server(self, doer: Doer, server_id: str) -> None:
        """End a server: no patient of it is read any more.

        Raises:
            KeepingError: not an administrator, or it has ended.
        """
        require(doer, Duty.ADMINISTER)
        async with self._changes.of_plan(HUB) as turn:
            ended = await self.rows.end_server(turn, server_id, self._now())
            await turn.append([hub_row(doer, "server.end", server_id, {"ended": ended})])
        if not ended:
            raise KeepingError("This server has ended already.")

    def may_connect(self, member: Participant) -> bool:
        """Say whether this member connects the plan's patient: clinicians, who bring files in as well."""
        return member.role in CLINICIANS and member.broke_glass_until is None and not member.closed

    async def connect(self, member: Participant, server_id: str, patient: str, hours: int) -> None:
        """Have a patient of a server read for the plan; without an id there, by the numbers that they have here.

        Raises:
            KeepingError: not for this member, no such server, or the patient is not found there.
        """
        self._require(member)
        servers = await self.rows.servers()
        server = next((each for each in servers if each.server_id == server_id and each.ended is None), None)
        if server is None:
            raise KeepingError("Choose the system.", "server")
        if not 0 < hours <= HOURS_MAX:
            raise KeepingError(f"Every 1 to {HOURS_MAX} hours.", "hours")
        there = [each for each in await self.rows.of_plan(member.plan_id) if each.opens]
        if len(there) >= SOURCES_MAX or any(each.server.server_id == server_id for each in there):
            raise KeepingError("The patient is connected with this system already.", "server")
        found = patient.strip() or await self._found(member.plan_id, server)
        now = self._now()
        source = KnownSource(
            source_id=self._new_id(), plan=member.plan_id, server=server, patient=found, hours=hours,
            made_by=member.person_id, made=now, due=now,
        )  # fmt: skip
        words: dict[str, JSON] = {"source": source.source_id, "server": server.name, "hours": hours}
        async with self._changes.of_plan(member.plan_id) as turn:
            await self.rows.add(turn, source)
            await turn.append([_act(member, Action.GRANT, "source.connect", words)])
        await self._read(source)

    async def _found(self, plan_id: str, server: KnownServer) -> str:
        subject = await subject_of(self._engine, plan_id)
        try:
            access = await self.client.entered(server.base, server.client_id)
            numbers = subject.numbers if subject is not None else ()
            found = await self.client.patient_with(access, numbers)
        except FhirServerError as error:
            raise KeepingError(str(error), "server") from error
        if not found:
            raise KeepingError("No one patient there has a number of this patient. Enter the id there.", "patient")
        return found

    async def end(self, member: Participant, source_id: str) -> None:
        """Read a source no more.

        Raises:
            KeepingError: not for this member, or it has ended.
        """
        mine = await self._mine(member, source_id)
        async with self._changes.of_plan(member.plan_id) as turn:
            ended = await self.rows.end(turn, source_id, self._now())
            words: dict[str, JSON] = {"source": source_id, "server": mine.server.name, "ended": ended}
            await turn.append([_act(member, Action.REVOKE, "source.end", words)])
        if not ended:
            raise KeepingError("This connection has ended already.")

    async def read_now(self, member: Participant, source_id: str) -> None:
        """Read a source at once. Raises as ``end`` does."""
        await self._read(await self._mine(member, source_id))

    async def _mine(self, member: Participant, source_id: str) -> KnownSource:
        self._require(member)
        there = await self.rows.of_plan(member.plan_id)
        found = next((each for each in there if each.source_id == source_id and each.opens), None)
        if found is None:
            raise KeepingError("There is no such connection in this plan.")
        return found

    def _require(self, member: Participant) -> None:
        if not self.may_connect(member):
            raise KeepingError("Clinicians of the plan connect its patient with other systems.")

    async def read_due(self) -> None:
        """Read what is due: the job of every minute."""
        for each in await self.rows.due(self._now(), READ_AT_ONCE):
            await self._read(each)

    async def _read(self, source: KnownSource) -> None:
        """Read a source and keep how it went; what fails is tried again, and told on the plan's page."""
        began = self._now()
        next_time = began + timedelta(hours=source.hours)
        await self.rows.note(source.source_id, due=next_time)  # Nobody else reads it meanwhile.
        try:
            async with asyncio.timeout(READING_SECONDS_MAX):
                brought, lacking = await self._brought(source)
        except (FhirServerError, ImportRefusedError, TimeoutError) as error:
            fault = str(error) or "The server takes too long."
            again = min(next_time, began + FAILED_AGAIN)
            await self.rows.note(source.source_id, due=again, fault=fault, failed=source.failed or began)
            return
        known = {"since": began - OVERLAP, "came": began, "brought": brought, "lacking": lacking}
        await self.rows.note(source.source_id, **known, fault="", failed=None)

    async def _brought(self, source: KnownSource) -> tuple[int, str]:
        """Return how many lines the server's word on a patient brought, and the types that it does not tell.

        Raises:
            FhirServerError: it can't be had.
            ImportRefusedError: it is of another patient.
        """
        access = await self.client.entered(source.server.base, source.server.client_id)
        lacking: list[str] = []
        found = [each async for each in self.client.resources(access, source.patient, source.since, lacking)]
        bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": each} for each in found]}
        content = await self._plans.content(source.plan)
        team = await self._participants.of_plan(source.plan, self._now())
        named = source.server.name
        file = io.BytesIO(msgspec.json.encode(bundle))
        report = await self._exchange.compared(file, content, team, named)
        if report.lines:
            sender = Sender(login=f"connection {source.source_id}")
            await self._exchange.keep(source.plan, report, source=named, file="connection", sender=sender)
        return len(report.lines), " ".join(lacking)


def _act(member: Participant, action: Action, event: str, words: dict[str, JSON]) -> Act:
    return Act(
        plan=member.plan_id, actor=member.person_id, action=action, role=member.role, session=member.session_id,
        event=event, words=words,
    )  # fmt: skip
