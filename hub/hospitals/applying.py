"""What a message says is done: whom it is about, and then the stay in the plan, folded from all messages of the visit.

A visit is held while it is worked on, so that of two messages that come at once neither overtakes the other. A process
that ends in the middle leaves the message ``received``: another one does it, and finds done what was done.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Final, Protocol
from uuid import NAMESPACE_URL, uuid5

from auth.roles import Participant
from hub.adt.events import HospitalEvent, PatientNumber, Trigger
from hub.adt.reading import MessageError
from hub.adt.reports import OWN_PATIENT
from hub.adt.scores import KnownTraits, Resemblance, resemblance, who_it_is
from hub.adt.stays import Stay, stay_of
from hub.directory.matching import Sameness, Traits
from hub.hospitals.receiving import FHIR, Receiving, event_in, people_of
from hub.ids import HUB
from hub.jobs.handlers import Handlers, NotDoneError
from hub.live.authority import the_hub
from hub.live.commands import Command, EntryContent, Outcome, PlanContent, Refused
from hub.record.jobs import Payload
from hub.record.journal import Act, Action, Journal
from hub.store.engine import Engine
from hub.store.hospital_messages import APPLY, TAKE_BACK, HeldMessages, HospitalMessage
from hub.store.patients import Number, Patients, RegisteredPatient
from hub.store.plans import Plans
from hub.workflows.contents import active, instant, stamp, words
from hub.workflows.hospital_stays import OVER, TRANSITIONS, StayFollow, standing_of_medicines
from hub.workflows.results_coming import ComingResult, ResultFollow, ResultWithdraw, follows

TWO_OF_OURS: Final = "two-of-ours"
"""A hospital joins two numbers that are of two patients here: only a person joins those."""
AT_ONCE_MAX: Final = 2
"""Visits that one process holds at a time: each keeps a connection while the plan uses another."""
SAME_STAY_SECONDS_MAX: Final = 24 * 3600
"""A stay that a person recorded is the one that the hospital tells of where it began within a day of it."""
FOLLOWED_DOWN_MAX: Final = 10
"""Records that were joined one after another for the same human being."""


class FollowedPlans(Protocol):
    """The live plans, as far as a hospital's word changes them."""

    async def content(self, plan_id: str) -> PlanContent:
        """Return the committed content of every section."""

    async def perform(self, plan_id: str, actor: Participant, command: Command) -> Outcome:
        """Perform a command, committed before this returns."""


@dataclass(frozen=True, slots=True)
class Identified:
    """Whom a message is about: one of ours, nobody of ours as a person has said, or a person has to say."""

    patient: RegisteredPatient | None
    nobody: bool = False
    asked: bool = False
    """Somebody is asked already who has one of these numbers: no rule decides meanwhile."""
    possible: Sequence[Resemblance[RegisteredPatient]] = ()


class Identifying:
    """Finds whom a message is about."""

    def __init__(self, engine: Engine, receiving: Receiving) -> None:
        self._patients = Patients(engine)
        self._messages = receiving.messages

    async def identify(self, event: HospitalEvent) -> Identified:
        """Return who it is; sure by our own id, by what was decided before, by a number, or by everything together."""
        own = next((each.value for each in event.patient.numbers if each.system == OWN_PATIENT), "")
        if own:
            return Identified(await self.survivor(await self._patients.get(own)))
        people = people_of(event)
        if await self._messages.is_asked(people):
            return Identified(None, asked=True, possible=await self.possible(event))
        decided = await self._messages.identities(people)
        found = {patient_id for patient_id, _ in decided.values()}
        if len(found) > 1:
            return Identified(None, possible=await self.possible(event))
        if found == {None}:
            return Identified(None, nobody=True)
        for patient_id in filter(None, found):
            patient = await self.survivor(await self._patients.get(patient_id))
            said = any(each for _, each in decided.values())
            if patient is not None and (said or not _another(event, patient)):
                return Identified(patient)
            return Identified(None, possible=await self.possible(event))
        possible = await self.possible(event)
        sure = who_it_is(possible).sure
        return Identified(await self.survivor(sure), possible=possible)

    async def possible(self, event: HospitalEvent) -> Sequence[Resemblance[RegisteredPatient]]:
        """Return who of ours it may be, the likeliest first."""
        told = event.patient
        typed = RegisteredPatient(
            patient_id="", organisation="", family=told.family, given=told.given, born=told.born, phone=told.phone,
            numbers=tuple(Number(each.system, each.value) for each in told.numbers),
        )  # fmt: skip
        found = [each for each in await self._patients.alike(typed) if not each.same_as]
        alike = await asyncio.to_thread(lambda: [resemblance(told, _traits(each), each) for each in found])
        return who_it_is(alike).possible

    async def survivor(self, patient: RegisteredPatient | None) -> RegisteredPatient | None:
        """Return the record that goes on for this one."""
        for _ in range(FOLLOWED_DOWN_MAX):
            if patient is None or not patient.same_as:
                return patient
            patient = await self._patients.get(patient.same_as)
        return patient


def _another(event: HospitalEvent, patient: RegisteredPatient) -> bool:
    """Return whether both name and date of birth say that the one with this number is somebody else."""
    if not event.patient.family:
        return False
    fields = resemblance(event.patient, _traits(patient), patient).fields
    return fields.name is Sameness.DIFFERENT and fields.born is Sameness.DIFFERENT


def _traits(patient: RegisteredPatient) -> KnownTraits:
    traits = Traits(patient.name, patient.born, patient.phone, frozenset())
    numbers = tuple(PatientNumber(each.system, each.value) for each in patient.numbers)
    return KnownTraits(traits, patient.gender, numbers)


class Applying:
    """Works on the jobs ``hospital.apply``."""

    def __init__(
        self,
        engine: Engine,
        journal: Journal,
        live: FollowedPlans,
        receiving: Receiving,
        now: Callable[[], datetime],
    ) -> None:
        self._journal, self._live, self._receiving, self._now = journal, live, receiving, now
        self._messages, self._plans = receiving.messages, Plans(engine)
        self.identifying = Identifying(engine, receiving)
        self._at_once = asyncio.Semaphore(AT_ONCE_MAX)

    def work_in(self, handlers: Handlers) -> None:
        """Take on the kind of job that messages make."""
        handlers.add(APPLY, self.apply, given_up=self.given_up)
        handlers.add(TAKE_BACK, self.take_back)

    async def apply(self, payload: Payload) -> None:
        """Do what one message says, once.

        Raises:
            NotDoneError: a plan did not take it.
            JournalAwayError: the store can't be reached; the job is tried again.
        """
        message_id = str(payload["message"])
        message = await self._messages.get(message_id)
        if message is None:
            return
        event = await self._event(message)
        async with self._at_once, self._messages.held(event.visit.number or message_id) as held:
            standing = await held.get(message_id)
            if standing is not None and standing.state == "received":
                await self._applied(held, standing, event)

    async def given_up(self, payload: Payload, code: str) -> None:
        """Park a message that could not be applied: a person is shown it."""
        message_id = str(payload["message"])
        async with self._messages.held(message_id) as held:
            await held.settle(message_id, "parked", self._now(), reason=f"not-applied: {code}"[:200])

    async def _event(self, message: HospitalMessage) -> HospitalEvent:
        zone = await self._receiving.zone()
        try:
            return await event_in(message.content, message.door, message.sender, zone)
        except MessageError as error:
            raise NotDoneError("not-read", for_good=True) from error

    async def _applied(self, held: HeldMessages, message: HospitalMessage, event: HospitalEvent) -> None:
        now = self._now()
        if event.training:
            await held.settle(message.message_id, "aside", now, reason="training")
            return
        if event.trigger is Trigger.MERGE:
            await self._merged(held, message, event)
            return
        who = await self.identifying.identify(event)
        if who.patient is None:
            waits = who.asked or (who.possible and not who.nobody)
            state = "waiting" if waits else "aside"
            reason = "" if state == "waiting" else "decided-nobody" if who.nobody else "nobody"
            await held.settle(message.message_id, state, now, reason=reason)
            return
        patient = who.patient.patient_id
        if not any(each.system == OWN_PATIENT for each in event.patient.numbers):  # Our own id needs no memory.
            await held.remember(people_of(event), patient, now)
        await held.settle(message.message_id, "received", now, patient=patient)
        if event.trigger is Trigger.RESULT:
            reason = await self._results(message, event, patient)
        else:
            reason = await self._followed(held, message, event, patient) if event.visit.number else "identity"
        await held.settle(message.message_id, "aside" if reason else "applied", now, reason=reason, patient=patient)

    async def _results(self, message: HospitalMessage, event: HospitalEvent, patient: str) -> str:
        """Close the lines that wait for these results, or ask of which they are; return why nothing follows, if so."""
        final = tuple(
            ComingResult(
                numbers=each.numbers, codes=each.codes, name=each.name, words=each.words, identifier=each.identifier
            )
            for each in event.results
            if each.final
        )
        if not final:
            return "not-final"
        followed = False
        for plan in await self._plans.of_patients([patient]):
            content = await self._live.content(plan.plan_id) if plan.closed is None else None
            if content is None or not any(follows(content, each) for each in final):
                continue
            facility = event.visit.facility or ("" if message.door == FHIR else event.facility.partition("^")[0])
            command = ResultFollow(results=final, facility=facility, message=message.message_id)
            outcome = await self._live.perform(plan.plan_id, the_hub(plan.plan_id), command)
            if isinstance(outcome, Refused):
                raise NotDoneError(outcome.code)
            followed = True
        return "" if followed else "no-line-waits"

    async def _followed(self, held: HeldMessages, message: HospitalMessage, event: HospitalEvent, patient: str) -> str:
        """Make the stay in the patient's plans what the visit's messages say; return why nothing follows, if so."""
        stay = await self._stay(held, event.visit.number, patient)
        plans = [each for each in await self._plans.of_patients([patient]) if each.closed is None]
        if not plans:
            return "no-plan"
        followed = False
        for plan in plans:
            followed |= await self._follow(
                held, plan.plan_id, event.visit.number, stay, message=message.message_id,
                moved=event.trigger is Trigger.TRANSFER,
            )  # fmt: skip
        return "" if followed else "no-stay"

    async def _stay(self, held: HeldMessages, visit: str, patient: str) -> Stay | None:
        return stay_of([await self._event(each) for each in await held.of_visit(visit, patient)])

    async def take_back(self, payload: Payload) -> None:
        """Take back what followed in the plans of somebody whom a message was not about: the stay, or the result.

        Raises:
            NotDoneError: a plan did not take it.
            JournalAwayError: the store can't be reached; the job is tried again.
        """
        patient, visit, message_id = (str(payload[name]) for name in ("patient", "visit", "message"))
        plans = [each for each in await self._plans.of_patients([patient]) if each.closed is None]
        async with self._at_once, self._messages.held(visit or message_id) as held:
            stay = await self._stay(held, visit, patient) if visit else None
            for plan in plans:
                if visit and await held.stay(visit, plan.plan_id) is not None:
                    await self._follow(held, plan.plan_id, visit, stay, message=message_id, another=True)
                elif not visit:
                    withdraw = ResultWithdraw(message=message_id)
                    outcome = await self._live.perform(plan.plan_id, the_hub(plan.plan_id), withdraw)
                    if isinstance(outcome, Refused):
                        raise NotDoneError(outcome.code)

    async def _follow(
        self,
        held: HeldMessages,
        plan_id: str,
        visit: str,
        stay: Stay | None,
        *,
        message: str,
        moved: bool = False,
        another: bool = False,
    ) -> bool:
        """Make the stay of a visit what it is by now; ``another``: messages of it were of somebody else."""
        known = await held.stay(visit, plan_id)
        if known is None and stay is None:
            return False
        content = await self._live.content(plan_id)
        said = told_of_stay(stay)
        if known is None:
            taken = await held.entries(plan_id)
            entry = _recorded_by_hand(content, stay, taken) or str(uuid5(NAMESPACE_URL, f"{plan_id}|{visit}"))
            adopted = content.entry(TRANSITIONS, entry)
            known = (entry, _said_by_hand(adopted, said) if adopted is not None else {}, {})
        entry, was, marked = known
        leaves = said.get("event") in OVER and was.get("event") not in OVER
        if leaves:  # Kept before it is done: what a crash leaves behind can be taken back, too.
            marked = standing_of_medicines(content) or marked
            async with self._messages.held(f"{visit}|{plan_id}") as first:
                await first.keep_stay(visit, plan_id, entry, dict(was), marked)
        command = StayFollow(
            entry=entry, was=was, stay=said, marked=marked, message=message, moved=moved, another=another,
        )  # fmt: skip
        outcome = await self._live.perform(plan_id, the_hub(plan_id), command)
        if isinstance(outcome, Refused):
            raise NotDoneError(outcome.code)
        await held.keep_stay(visit, plan_id, entry, said, marked)
        return True

    async def _merged(self, held: HeldMessages, message: HospitalMessage, event: HospitalEvent) -> None:
        """Give the numbers that go on to whoever has those that end; two of ours wait for a person."""
        ended = replace(event, patient=replace(event.patient, numbers=event.merged, family="", given=""))
        before, after = await self.identifying.identify(ended), await self.identifying.identify(event)
        found = {each.patient.patient_id for each in (before, after) if each.patient is not None}
        now = self._now()
        if len(found) > 1:
            await held.settle(message.message_id, "waiting", now, reason=TWO_OF_OURS)
            return
        if not found:
            await held.settle(message.message_id, "aside", now, reason="nobody")
            return
        [patient] = found
        keys = [*people_of(event), *people_of(ended)]
        act = Act(plan=HUB, actor="", action=Action.ADMIN, event="patient.numbers", entry=patient,
                  words={"message": message.message_id, "numbers": len(keys)})  # fmt: skip
        async with self._journal.exclusively(HUB) as turn:
            await self._messages.decide(turn, keys, patient, by=None, now=now)
            await turn.append([act])
        await held.settle(message.message_id, "applied", now, patient=patient)


def told_of_stay(stay: Stay | None) -> dict[str, str]:
    """Return the stay as fields of the plan; empty for none."""
    if stay is None:
        return {}
    told = asdict(stay)
    names = ("event", "setting", "facility", "destination", "reason")
    said = {name: str(told[name]) for name in names}
    return said | {name: stamp(told[name]) if told[name] is not None else "" for name in ("start", "end")}


def _recorded_by_hand(plan: PlanContent, stay: Stay | None, taken: set[str]) -> str:
    """Return the stay that a person recorded and that is this one, ``""`` for none."""
    if stay is None or stay.start is None:
        return ""
    for entry in active(plan, TRANSITIONS):
        began = instant(entry.values, "start")
        near = began is not None and abs((began - stay.start).total_seconds()) <= SAME_STAY_SECONDS_MAX
        open_or_over = words(entry.values, "event") in ("admitted", "visited", "discharged")
        if entry.id not in taken and near and open_or_over and words(entry.values, "source") == "person":
            return entry.id
    return ""


def _said_by_hand(entry: EntryContent, said: Mapping[str, str]) -> dict[str, str]:
    """Return what a person wrote as what was told before, so that nobody is told of what stands there already."""
    return {name: words(entry.values, name) for name in said}
