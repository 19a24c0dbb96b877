"""A button in an EHR opens the hub at the plan of the patient who is open there.

An administrator registers the EHR. What it says is which patient is open (``auth.ehr_launch``), by numbers that are
compared with those registered here, system and value; who the person is, the hub's own sign-in says, and what they may
see, their part in the plan.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from auth.ehr_launch import EhrClient, is_safe
from auth.registry import Duty
from hub.access.changes import AccessChanges
from hub.access.keeping_rows import Doer, KeepingError, hub_row, require
from hub.directory.names import cleaned
from hub.ids import HUB
from hub.record.chain import JSON
from hub.store.ehrs import Ehrs, KnownEhr
from hub.store.engine import Engine
from hub.store.patients import Number, Patients
from hub.store.plans import Plans


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEhr:
    """What an administrator says of an EHR."""

    name: str
    issuer: str
    client_id: str


class EhrKeeping:
    """EHRs and launches from them. Its methods raise ``JournalAwayError`` where the store can't be reached."""

    def __init__(
        self,
        engine: Engine,
        changes: AccessChanges,
        client: EhrClient,
        now: Callable[[], datetime],
        new_id: Callable[[], str],
    ) -> None:
        self.client, self.rows = client, Ehrs(engine)
        self._changes, self._now, self._new_id = changes, now, new_id
        self._patients, self._plans = Patients(engine), Plans(engine)

    async def register(self, doer: Doer, asked: NewEhr) -> None:
        """Register an EHR.

        Raises:
            KeepingError: not an administrator, or what is said of it can't be.
        """
        require(doer, Duty.ADMINISTER)
        issuer = asked.issuer.strip().rstrip("/")
        if not cleaned(asked.name):
            raise KeepingError("Name the EHR, as people know it.", "name")
        if not issuer.isascii() or len(issuer) > 300 or not is_safe(issuer):
            raise KeepingError("The address of its FHIR server begins with https://.", "issuer")
        if not asked.client_id.strip() or len(asked.client_id) > 200:
            raise KeepingError("Enter the client id that the hub was given in the EHR.", "client_id")
        ehr = KnownEhr(
            ehr_id=self._new_id(), name=cleaned(asked.name)[:100], issuer=issuer, client_id=asked.client_id.strip(),
            made_by=doer.person.person_id, made=self._now(),
        )  # fmt: skip
        words: dict[str, JSON] = {"name": ehr.name, "issuer": issuer, "client_id": ehr.client_id}
        async with self._changes.of_plan(HUB) as turn:
            added = await self.rows.add(turn, ehr)
            await turn.append([hub_row(doer, "ehr.register", ehr.ehr_id, words | {"added": added})])
        if not added:
            raise KeepingError("This EHR is registered already. End it first.", "issuer")

    async def end(self, doer: Doer, ehr_id: str) -> None:
        """End an EHR: its button opens nothing from now on.

        Raises:
            KeepingError: not an administrator, or it has ended.
        """
        require(doer, Duty.ADMINISTER)
        async with self._changes.of_plan(HUB) as turn:
            ended = await self.rows.end(turn, ehr_id, self._now())
            await turn.append([hub_row(doer, "ehr.end", ehr_id, {"ended": ended})])
        if not ended:
            raise KeepingError("This EHR has ended already.")

    async def plans_of(self, numbers: Sequence[tuple[str, str]]) -> list[str]:
        """Return the plans of the patient with one of these numbers, the open ones first; none where they are several
        patients here."""
        found = {
            known.patient_id
            for system, value in numbers
            if (known := await self._patients.with_number(Number(system, value))) is not None
        }
        return [each.plan_id for each in await self._plans.of_patients(list(found))] if len(found) == 1 else []
