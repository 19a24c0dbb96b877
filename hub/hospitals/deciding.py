"""Who it is, said by a person where no rule is sure: both sides as identities alone, decided once and remembered."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from auth.registry import Duty
from hub.access.keeping_rows import Doer, KeepingError, hub_row, require
from hub.adt.events import HospitalEvent
from hub.adt.reading import MessageError
from hub.adt.scores import Resemblance
from hub.hospitals.applying import TWO_OF_OURS, Identifying
from hub.hospitals.receiving import Receiving, event_in, people_of
from hub.ids import HUB
from hub.record.chain import JSON
from hub.record.journal import Journal
from hub.store.engine import Engine
from hub.store.hospital_messages import HospitalMessage, HospitalMessages
from hub.store.patients import Patients, RegisteredPatient

SHOWN_MAX: Final = 50
REMEMBERED_MAX: Final = 200
"""Numbers that are listed; an older decision is found by the message that it let through."""
COUNTED: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class WaitingMessage:
    """A message that waits for a person: what it tells, and who of ours it may be, the likeliest first."""

    message: HospitalMessage
    event: HospitalEvent
    possible: Sequence[Resemblance[RegisteredPatient]]


@dataclass(frozen=True, slots=True)
class RememberedDecision:
    """Numbers of hospitals, and who was found to have them: nobody of ours where ``patient`` is ``None``.

    ``by`` is who said so, nobody where a rule was sure of it or a hospital joined the numbers (``merged``).
    """

    keys: tuple[str, ...]
    patient: RegisteredPatient | None
    by: str
    when: datetime
    merged: bool


class Deciding:
    """What the queue shows and does. Everything in it is identity: nothing of why somebody is in a hospital."""

    def __init__(
        self, engine: Engine, journal: Journal, receiving: Receiving, identifying: Identifying,
        now: Callable[[], datetime],
    ) -> None:  # fmt: skip
        self._journal, self._now = journal, now
        self._receiving, self._identifying = receiving, identifying
        self._messages: HospitalMessages = receiving.messages
        self._patients = Patients(engine)

    async def waiting(self) -> list[WaitingMessage]:
        """Return what waits, the oldest first, one for each who is asked about."""
        found: list[WaitingMessage] = []
        asked: set[str] = set()
        for message in reversed(await self._messages.in_state("waiting", SHOWN_MAX)):
            if asked.isdisjoint(message.people):
                asked.update(message.people)
                shown = await self._shown(message)
                if shown is not None:
                    found.append(shown)
        return found

    async def parked(self) -> list[HospitalMessage]:
        """Return what could not be read or applied, the newest first."""
        return await self._messages.in_state("parked", SHOWN_MAX)

    async def counts(self) -> dict[str, int]:
        """Return how many messages are in each state: what waits, and of the rest what came in the last day."""
        return await self._messages.counts(self._now() - COUNTED)

    async def decide(self, doer: Doer, message_id: str, patient_id: str) -> int:
        """Say who it is, ``""`` for nobody of ours, and return how many messages are applied now.

        Raises:
            KeepingError: not allowed, it was decided meanwhile, or no such patient.
        """
        require(doer, Duty.REGISTER)
        message = await self._messages.get(message_id)
        if message is None or message.state != "waiting":
            raise KeepingError("Somebody else has decided this meanwhile.")
        patient = await self._patients.get(patient_id) if patient_id else None
        if patient_id and (patient is None or patient.same_as):
            raise KeepingError("This patient is not registered any more. Choose another, or nobody.")
        shown = await self._shown(message)
        if shown is None:
            raise KeepingError("The message can't be read any more.")
        if message.reason == TWO_OF_OURS:
            await self._left(doer, message_id, patient_id)
            return 0
        words: dict[str, JSON] = {"message": message_id, "patient": patient_id}
        async with self._journal.exclusively(HUB) as turn:
            decided = await self._messages.decide(
                turn, people_of(shown.event), patient_id or None, by=doer.person.person_id, now=self._now()
            )
            if not decided:
                raise KeepingError("Somebody else has decided this meanwhile.")
            await turn.append([hub_row(doer, "hospital.identify", patient_id or message_id, words)])
        return len(decided)

    async def _left(self, doer: Doer, message_id: str, patient_id: str) -> None:
        """Leave the numbers of two of ours as they are: joining two records is done on a patient's page."""
        if patient_id:
            raise KeepingError("Join the two records on the page of one of them.")
        async with self._journal.exclusively(HUB) as turn:
            await self._messages.set_aside(turn, message_id, self._now(), reason=TWO_OF_OURS)
            await turn.append([hub_row(doer, "hospital.left", message_id, {})])

    async def remembered(self) -> list[RememberedDecision]:
        """Return who was found to have which numbers, the newest first; numbers of one decision are one."""
        found: dict[tuple[str | None, str | None, datetime], list[str]] = {}
        rows = await self._messages.remembered(REMEMBERED_MAX)
        merged = {each.key for each in rows if each.merged}
        for each in rows:
            found.setdefault((each.patient, each.decided_by, each.decided), []).append(each.key)
        patients = await self._patients.among([patient for patient, _, _ in found if patient])
        return [
            RememberedDecision(
                tuple(keys), patients.get(patient or ""), by or "", when, merged=any(each in merged for each in keys)
            )
            for (patient, by, when), keys in found.items()
        ]

    async def forget(self, doer: Doer, keys: Sequence[str]) -> int:
        """Take back who has these numbers, with all that followed; return how many messages wait for a person now.

        Raises:
            KeepingError: not allowed, or nothing is remembered of them any more.
        """
        require(doer, Duty.REGISTER)
        known = await self._messages.identities(keys)
        if not known:
            raise KeepingError("Somebody has taken this back meanwhile.")
        patient = next((each for each, _ in known.values() if each), "")
        async with self._journal.exclusively(HUB) as turn:
            ids = await self._messages.forget(turn, sorted(known))
            words: dict[str, JSON] = {"numbers": len(known), "messages": len(ids), "patient": patient}
            await turn.append([hub_row(doer, "hospital.forget", patient or next(iter(ids), ""), words)])
        return len(ids)

    async def again(self, doer: Doer, message_id: str) -> None:
        """Have a message applied once more that stands aside or could not be applied.

        Raises:
            KeepingError: not allowed, or it was not taken in the first place: only its sender can mend it.
        """
        require(doer, Duty.REGISTER)
        async with self._journal.exclusively(HUB) as turn:
            ids = await self._messages.apply_again(turn, message_id)
            await turn.append([hub_row(doer, "hospital.again", message_id, {"messages": len(ids)})])
        if not ids:
            raise KeepingError("Only its sender can mend this message: tell them what is wrong with it.")

    async def _shown(self, message: HospitalMessage) -> WaitingMessage | None:
        try:
            event = await event_in(message.content, message.door, message.sender, await self._receiving.zone())
        except MessageError:
            return None
        return WaitingMessage(message, event, await self._identifying.possible(event))
