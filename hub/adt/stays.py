"""What a visit's messages say together: the stay, folded anew from all of them in the order in which they happened.

Nothing depends on the order in which they came, nor on how often: a late message takes its place, and a cancel takes
back the latest of its kind before it, and that alone (HL7 v2.5.1, 3.3.11 to 3.3.13).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from hub.adt.events import CANCELS, HospitalEvent, ToldVisit, Trigger
from hub.workflows.transitions import DESTINATIONS

EMERGENCY: Final = "emergency department"
OBSERVATION: Final = "observation"
INPATIENT: Final = "inpatient"

_KINDS: Final[Mapping[str, str]] = {
    "E": EMERGENCY, "EMER": EMERGENCY, "I": INPATIENT, "B": INPATIENT, "IMP": INPATIENT, "ACUTE": INPATIENT,
    "NONAC": INPATIENT, "OBS": OBSERVATION, "OBSENC": OBSERVATION, "SS": OBSERVATION,
}  # fmt: skip
"""Patient classes (HL7 table 0004, v3 ActEncounterCode) of a stay; the others are visits of an hour."""

_DISPOSITIONS: Final[Mapping[str, str]] = {
    "home": "01 1 07 7 21 81 87",
    "home with home health": "06 6 86",
    "assisted living": "04 4 84",
    "skilled nursing": "03 3 61 64 83 89 92",
    "another hospital": "02 2 05 5 43 62 63 65 66 70 82 85 88 90 91 93 94 95",
    "hospice": "50 51",
    "died": "20 40 41 42",
}
"""Patient discharge status (NUBC UB-04, form locator 17) by where it leads; 69 and the like say nothing."""

_BY_CODE: Final = {code: where for where, codes in _DISPOSITIONS.items() for code in codes.split()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """A stay in a hospital as its messages tell it by now; an instant is ``None`` where none says it."""

    event: str
    """As in the plan: ``visited`` (an emergency department), ``admitted``, ``discharged`` or ``died``."""
    setting: str
    facility: str = ""
    ward: str = ""
    start: datetime | None = None
    end: datetime | None = None
    destination: str = ""
    reason: str = ""

    @property
    def over(self) -> bool:
        """The patient has left."""
        return self.event in ("discharged", "died")


def stay_of(told: Iterable[HospitalEvent]) -> Stay | None:
    """Return the stay that these messages of one visit tell, in the order of receipt; ``None`` where they tell none.

    Of two at the same minute a cancel is the later one, else the one that came later.
    """
    stay: Stay | None = None
    for event in _standing(told):
        stay = _moved(stay, event)
    return stay


def _standing(told: Iterable[HospitalEvent]) -> Sequence[HospitalEvent]:
    """Return the events in order without the cancelled ones and the cancels.

    What is told twice, of the same minute, is one event: else a cancel would leave the other.
    """
    once = {(each.occurred, each.trigger): each for each in told}
    standing: list[HospitalEvent] = []
    for event in sorted(once.values(), key=lambda each: (each.occurred, each.trigger in CANCELS)):
        cancelled = CANCELS.get(event.trigger)
        if cancelled is None:
            standing.append(event)
            continue
        for at in reversed(range(len(standing))):
            if standing[at].trigger in cancelled:
                del standing[at]
                break
    return standing


def _moved(stay: Stay | None, event: HospitalEvent) -> Stay | None:
    match event.trigger:
        case Trigger.ADMIT:
            setting = _KINDS.get(event.visit.kind, OBSERVATION if event.visit.kind == "O" else INPATIENT)
            return _in_hospital(stay, event, setting)
        case Trigger.REGISTER if event.visit.kind in _KINDS:
            return _in_hospital(stay, event, _KINDS[event.visit.kind])
        case Trigger.TO_INPATIENT:
            return _in_hospital(stay, event, _KINDS.get(event.visit.kind, INPATIENT))
        case Trigger.TO_OUTPATIENT if stay is not None or event.visit.kind in _KINDS:
            return _in_hospital(stay, event, _KINDS.get(event.visit.kind, OBSERVATION))
        case Trigger.TRANSFER:
            was = stay.setting if stay is not None else INPATIENT
            return _in_hospital(stay, event, _KINDS.get(event.visit.kind, was))
        case Trigger.DISCHARGE if stay is not None or event.visit.kind in _KINDS:
            return _left(stay or _in_hospital(None, event, _KINDS[event.visit.kind], known=False), event)
        case Trigger.UPDATE if stay is not None:
            return _updated(stay, event)
    return stay


def _in_hospital(stay: Stay | None, event: HospitalEvent, setting: str, *, known: bool = True) -> Stay:
    """Return the stay as one that goes on; ``known``: it begins with this event where nothing else says when."""
    visit = event.visit
    began = stay.start if stay is not None else event.occurred if known else None
    return Stay(
        event="visited" if setting == EMERGENCY else "admitted",
        setting=setting,
        facility=_facility(visit, event) or (stay.facility if stay is not None else ""),
        ward=visit.ward or (stay.ward if stay is not None else ""),
        start=visit.admitted or began,
        reason=visit.reason or (stay.reason if stay is not None else ""),
    )


def _left(stay: Stay, event: HospitalEvent) -> Stay:
    visit = event.visit
    where = _where_to(visit.disposition)
    died = where == "died" or event.patient.dead
    end = visit.left or event.occurred
    start = visit.admitted or stay.start
    return replace(
        stay,
        event="died" if died else "discharged",
        setting=_KINDS.get(visit.kind, stay.setting),
        start=min(start, end) if start is not None else None,
        end=end,
        destination="" if died else where,
        reason=visit.reason or stay.reason,
    )


def _updated(stay: Stay, event: HospitalEvent) -> Stay:
    """Return the stay with what an update corrects; it neither begins nor ends one."""
    visit = event.visit
    changed = replace(
        stay,
        setting=_KINDS.get(visit.kind, stay.setting),
        facility=visit.facility or stay.facility,
        ward=visit.ward or stay.ward,
        start=visit.admitted or stay.start,
        reason=visit.reason or stay.reason,
    )
    if stay.over:
        where = _where_to(visit.disposition)
        died = where == "died" or event.patient.dead
        to = "" if died else where or stay.destination
        return replace(changed, event="died" if died else stay.event, end=visit.left or stay.end, destination=to)
    if event.patient.dead:
        return replace(changed, event="died", end=visit.left or event.occurred)
    return replace(changed, event="visited" if changed.setting == EMERGENCY else "admitted")


def _facility(visit: ToldVisit, event: HospitalEvent) -> str:
    return visit.facility or event.facility.partition("^")[0]


def _where_to(disposition: str) -> str:
    if disposition in DESTINATIONS or disposition == "died":
        return disposition
    return _BY_CODE.get(disposition, "")
