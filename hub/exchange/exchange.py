"""Plans as FHIR, with their rows: whom a plan is for, files that come in, and what is decided on their lines."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, BinaryIO, Final

from auth.roles import Participant
from crdt.sections import SECTIONS, Section
from hub.directory.names import search_key
from hub.exchange.subjects import subject_of
from hub.fhir.arriving import Arriving, ArrivingPatient, SeveralPatientsError, learned
from hub.fhir.files import FileOfResources, Remark
from hub.fhir.incoming import Incoming
from hub.fhir.people import Subject
from hub.fhir.proposing import LineKind, Proposal, Proposing, lines_to_keep
from hub.live.commands import PlanContent
from hub.record.journal import Act, Action, Journal
from hub.store.arrivals import Arrival, ArrivalLine, Arrivals
from hub.store.engine import Engine
from hub.workflows.contents import words
from hub.workflows.medicine_lists import MEDICINES_MAX, ListedMedicine
from hub.workflows.typed_lists import cut

REMARKS_KEPT_MAX: Final = 2_000
SOURCE_CHARACTERS_MAX: Final = 100


class ImportRefusedError(Exception):
    """The file is not brought in; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who brings a file in: a person of the hub in a session, or who ran the command."""

    person: str = ""
    role: str = ""
    session: str = ""
    login: str = ""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What is with a file: how much of it is new, changes something, says nothing new; and a remark for the rest."""

    resources: int
    lines: Sequence[Proposal]
    waiting: int
    """Lines that waited already, or that somebody declined before."""
    same: int
    remarks: Sequence[Remark]
    medicines: tuple[ListedMedicine, ...] = ()
    """All medicines of the file, also those of which it says nothing new: it is a list by itself."""

    def data(self) -> dict[str, Any]:
        """Return the report as JSON."""
        return {
            "resources": self.resources,
            "new": sum(each.standing is LineKind.NEW for each in self.lines),
            "changed": sum(each.standing is LineKind.CHANGED for each in self.lines),
            "same": self.same,
            "told_before": self.waiting,
            "remarks": [each.data() for each in self.remarks[:REMARKS_KEPT_MAX]],
            "remarks_left_out": max(0, len(self.remarks) - REMARKS_KEPT_MAX),
        }

    def text(self) -> str:
        """Return the report as a person reads it."""
        told = self.data()
        first = "{resources:,} resources: {new:,} new, {changed:,} changes, {same:,} known, {told_before:,} told before"
        lines = [first.format(**told)]
        for each in self.lines:
            name = each.values.get(SECTIONS[each.section].headline) or ", ".join(each.values)
            lines.append(f"{each.standing.value}  {each.section.value}: {name}  ({each.key.partition('|')[2]})")
        return "\n".join([*lines, *(f"note  {each}" for each in self.remarks)])


class Exchange:
    """What pages, doors and commands ask of the store when a plan leaves or something comes for it."""

    def __init__(
        self, engine: Engine, journal: Journal, now: Callable[[], datetime], new_id: Callable[[], str]
    ) -> None:
        self._engine, self._journal = engine, journal
        self._now, self._new_id = now, new_id
        self.arrivals = Arrivals(engine)

    async def subject(self, plan_id: str) -> Subject | None:
        """Return whom the plan is for, ``None`` where there is no such plan."""
        return await subject_of(self._engine, plan_id)

    async def compared(
        self, file: BinaryIO, plan: PlanContent, team: Sequence[Participant], source: str, *, same_person: bool = False
    ) -> ImportReport:
        """Return what a file would bring into a plan; nothing is kept.

        Raises:
            ImportRefusedError: it is of several patients, or of another one than the plan.
            JournalAwayError: the store can't be reached.
        """
        subject = await self.subject(plan.plan_id)
        remembered = await self.arrivals.remembered(plan.plan_id)
        before = await self.arrivals.told_before(plan.plan_id)
        named = source.strip()[:SOURCE_CHARACTERS_MAX]

        def read() -> ImportReport:
            remarks: list[Remark] = []
            resources = FileOfResources(file, remarks.append)
            known = learned(resources)
            remarks.clear()  # The second reading says it again.
            patient = next(iter(known.patients.values()), None)
            if patient is None:
                what = "The file holds no Patient, so nobody compared whose it is."
                remarks.append(Remark("file", "", "", what, "Compare it yourself."))
            if subject is not None and patient is not None and not same_person:
                _refuse_another(patient, subject)
            arriving = Arriving(resources, known, team, named)
            proposing = Proposing(plan, remembered, self._new_id)
            came = list(arriving.entries())
            medicines = tuple(listed for each in came if (listed := _listed(each)) is not None)[:MEDICINES_MAX]
            found = proposing.proposals(came)
            told = lines_to_keep(found)
            lines = [each for each in told if (each.key, each.digest) not in before]
            remarks += [*arriving.remarks, *proposing.remarks]
            return ImportReport(
                known.resources, lines, len(told) - len(lines), len(found) - len(told), remarks, medicines
            )

        try:
            return await asyncio.to_thread(read)
        except SeveralPatientsError as error:
            raise ImportRefusedError(str(error)) from error

    async def keep(self, plan_id: str, report: ImportReport, *, source: str, file: str, sender: Sender) -> str:
        """Keep a file's lines as proposals, with its row in the plan's journal; return the arrival's id.

        Raises:
            KeyError: there is no such plan.
            JournalAwayError: the store can't be reached; nothing was kept.
        """
        arrival = Arrival(
            arrival_id=self._new_id(),
            plan_id=plan_id,
            source=source.strip()[:SOURCE_CHARACTERS_MAX],
            file=file[-SOURCE_CHARACTERS_MAX:],
            person=sender.person,
            login=sender.login,
            report=report.data(),
        )
        lines = [self._line(arrival, number, each) for number, each in enumerate(report.lines)]
        told = {name: value for name, value in arrival.report.items() if name != "remarks"}
        words = {"arrival": arrival.arrival_id, "source": arrival.source, "login": sender.login, **told}
        act = Act(
            plan=plan_id,
            actor=sender.person,
            action=Action.IMPORT,
            role=sender.role,
            session=sender.session,
            event="import.receive",
            words=words,
        )
        async with self._journal.exclusively(plan_id) as turn:
            await self.arrivals.keep(turn, arrival, lines)
            await turn.append([act])
        return arrival.arrival_id

    def _line(self, arrival: Arrival, number: int, each: Proposal) -> ArrivalLine:
        return ArrivalLine(
            line_id=self._new_id(),
            arrival_id=arrival.arrival_id,
            number=number,
            section=each.section,
            entry=each.entry,
            key=each.key,
            digest=each.digest,
            is_new=each.standing is LineKind.NEW,
            values=each.values,
            original=each.resource,
        )


def _listed(each: Incoming) -> ListedMedicine | None:
    """Return a medicine of the file as a line of its list, ``None`` for everything else."""
    name = words(each.values, "name")
    if each.section is not Section.MEDICATIONS or words(each.values, "kind") != "medicine" or not name:
        return None
    dose, route, often, how, rxcui = (
        words(each.values, field) for field in ("dose", "route", "frequency", "instructions", "rxcui")
    )
    listed = ListedMedicine(name=name, dose=dose, route=route, frequency=often, instructions=how, rxcui=rxcui)
    return replace(cut(listed), stopped=words(each.values, "taking") == "stopped")


def _refuse_another(patient: ArrivingPatient, subject: Subject) -> None:
    """Refuse a file of another patient: by date of birth, else by family name, where both are known.

    Raises:
        ImportRefusedError: they differ.
    """
    told = f"{patient.given} {patient.family}".strip() + (f", born {patient.born}" if patient.born else "")
    here = f"{subject.given} {subject.family}".strip() + (f", born {subject.born}" if subject.born else "")
    dates = len(patient.born) == len(subject.born) == len("1956-05-14")
    other_date = dates and patient.born != subject.born
    other_name = bool(patient.family and subject.family) and search_key(patient.family) != search_key(subject.family)
    if other_date or (other_name and not dates):
        raise ImportRefusedError(f"The file is of {told}. This plan is of {here}. Check that it is the right file.")
