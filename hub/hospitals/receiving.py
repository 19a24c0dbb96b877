"""A message comes in: read, kept as it came with the job that applies it, then answered. Never the other way round."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from hashlib import sha256
from typing import Final
from zoneinfo import ZoneInfo

from hub.adt.answers import DUPLICATE_KEY, INTERNAL, SEGMENT_SEQUENCE, AnswerCode, MessageFault, answer
from hub.adt.bundles import event_told
from hub.adt.events import HospitalEvent
from hub.adt.frames import MESSAGE_BYTES_MAX, FrameFault
from hub.adt.headers import Header, header_of
from hub.adt.reading import MessageError, event_of
from hub.directory.names import number_key, search_key
from hub.process import measures
from hub.record.journal import JournalAwayError
from hub.store.engine import Engine
from hub.store.hospital_messages import HospitalMessage, HospitalMessages
from hub.store.organisations import Organisations

MLLP: Final = "mllp"
FHIR: Final = "fhir"
PEOPLE_MAX: Final = 40

_NO_HEADER: Final = MessageFault(
    AnswerCode.REJECT, SEGMENT_SEQUENCE, "MSH", "The message does not begin with a header (MSH) that can be read."
)
_UNREADABLE: Final = MessageFault(
    AnswerCode.ERROR, INTERNAL, "", "The message can't be read here. It is kept, and a person is shown it."
)
_ANOTHER: Final = MessageFault(
    AnswerCode.ERROR, DUPLICATE_KEY, "MSH^1^10", "Another message had this id (MSH-10) before. Give each its own."
)
_AWAY: Final = MessageFault(
    AnswerCode.REJECT, INTERNAL, "", "The message can't be kept at this moment. Nothing was taken: send it again."
)
_FRAMES: Final[Mapping[FrameFault, MessageFault]] = {
    fault: MessageFault(AnswerCode.REJECT, SEGMENT_SEQUENCE, "", words)
    for fault, words in {
        FrameFault.TOO_LONG: f"The message is longer than {MESSAGE_BYTES_MAX >> 10} KB, and was not kept.",
        FrameFault.BROKEN_OFF: "Another message began before this one ended, and it was not kept.",
        FrameFault.NOT_FRAMED: "Bytes stood between two messages, and were not kept.",
    }.items()
}

_log = logging.getLogger("hub.hospitals")


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a message at the door; ``fault`` is why it was not taken."""

    header: Header | None
    fault: MessageFault | None
    message_id: str = ""


class Receiving:
    """Keeps messages; one for all doors of a process."""

    def __init__(self, engine: Engine, now: Callable[[], datetime], new_id: Callable[[], str]) -> None:
        self.messages = HospitalMessages(engine)
        self._organisations = Organisations(engine)
        self._now, self._new_id = now, new_id

    async def answered(self, message: bytes | FrameFault) -> bytes:
        """Keep a message that came by MLLP, and return its acknowledgement: what it says is committed."""
        control = self._new_id().replace("-", "")[:20]
        if isinstance(message, FrameFault):
            measures.HOSPITAL_MESSAGES.labels(MLLP, _FRAMES[message].code.value).inc()
            return answer(None, self._now(), control, _FRAMES[message])
        taken = await self.receive(message, MLLP, "")
        return answer(taken.header, self._now(), control, taken.fault)

    async def receive(self, message: bytes, door: str, sender: str) -> Receipt:
        """Keep a message of that door and machine, and return why it was not taken, if so; never raises."""
        assert len(message) <= MESSAGE_BYTES_MAX, "the door refuses what is longer"
        try:
            header, event, fault = await self._read(message, door, sender)
            kept = self._message(message, door, sender, header, event, fault)
            conflict = replace(
                kept, message_id=self._new_id(), answer=_ANOTHER.code.value, fault=told_of(_ANOTHER), state="parked",
                reason="another-message", original=False, visit="", people=(),
            )  # fmt: skip
            standing = await self.messages.keep(kept, conflict)
        except JournalAwayError:
            measures.HOSPITAL_MESSAGES.labels(door, "away").inc()
            return Receipt(header_of(message), _AWAY)
        measures.HOSPITAL_MESSAGES.labels(door, standing.answer).inc()
        if standing.fault is not None:
            _log.info("a message of a hospital was not taken", extra={"error": standing.fault["number"]})
        return Receipt(header, fault_of(standing), standing.message_id)

    async def _read(
        self, message: bytes, door: str, sender: str
    ) -> tuple[Header | None, HospitalEvent | None, MessageFault | None]:
        header = header_of(message) if door == MLLP else None
        if door == MLLP and header is None:
            return None, None, _NO_HEADER
        try:
            return header, await event_in(message, door, sender, await self.zone()), None
        except MessageError as error:
            return header, None, error.fault
        except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
            _log.error("a message could not be read", extra={"error": type(error).__name__})
            return header, None, _UNREADABLE

    async def zone(self) -> tzinfo:
        """Return the zone of times that say none: that of the first organisation."""
        return ZoneInfo((await self._organisations.default()).time_zone)

    def _message(
        self,
        message: bytes,
        door: str,
        sender: str,
        header: Header | None,
        event: HospitalEvent | None,
        fault: MessageFault | None,
    ) -> HospitalMessage:
        digest = sha256(message).digest()
        control = event.control if event is not None else header.control if header is not None else ""
        kept = HospitalMessage(
            message_id=self._new_id(), door=door, sender=sender, digest=digest, content=message,
            application=header.sending_application if header is not None else "",
            facility=header.sending_facility if header is not None else "",
            control=control or f"sha256:{digest.hex()}",
            answer=fault.code.value if fault is not None else AnswerCode.ACCEPT.value,
            fault=told_of(fault) if fault is not None else None,
            trigger=header.trigger if header is not None else "",
            state="parked" if fault is not None else "received",
            reason="not-read" if fault is not None else "",
        )  # fmt: skip
        if event is None:
            return kept
        return replace(
            kept, trigger=event.trigger.value, visit=event.visit.number, occurred=event.occurred,
            people=people_of(event),
        )  # fmt: skip


async def event_in(message: bytes, door: str, sender: str, zone: tzinfo) -> HospitalEvent:
    """Return what a message tells, read off the event loop.

    Raises:
        MessageError: it can't be taken.
    """
    if door == FHIR:
        return await asyncio.to_thread(event_told, message, sender)
    header = header_of(message)
    if header is None:
        raise MessageError(_NO_HEADER)
    return await asyncio.to_thread(event_of, message, header, zone)


def people_of(event: HospitalEvent) -> tuple[str, ...]:
    """Return the keys by which it is remembered who this is: of each number; without one, of all that is told.

    Where not even a family name and a whole date of birth are told, it fits many: then for this stay alone.
    """
    numbers = tuple(f"{each.system}|{number_key(each.value)}" for each in event.patient.numbers)
    if numbers:
        return numbers[:PEOPLE_MAX]
    told = event.patient
    if not told.family or told.born.whole is None:
        return (f"stay|{event.facility}|{event.visit.number or event.control}",)
    traits = "|".join([search_key(told.name), str(told.born), told.sex, number_key(told.phone)])
    return (f"traits|{event.facility}|{sha256(traits.encode()).hexdigest()}",)


def told_of(fault: MessageFault) -> dict[str, str]:
    """Return the fault as it is kept."""
    return {"code": fault.code.value, "number": fault.number, "where": fault.where, "words": fault.words}


def fault_of(message: HospitalMessage) -> MessageFault | None:
    """Return why a kept message was not taken: the same content has the same answer."""
    told = message.fault
    if told is None:
        return None
    return MessageFault(AnswerCode(told["code"]), told["number"], told["where"], told["words"])
