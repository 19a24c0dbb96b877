"""Plans written by other systems: an Observation is a reading, any other resource an entry; each is a command.

The command is judged as a colleague's is: by ``decide`` in the turn of the plan, by the rules of safety, by what stands
there by then. What of a resource a plan has no place for is told, and its original is kept with the entry.
"""

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol

import msgspec

from auth.machine_sight import WRITING, types_of
from auth.roles import Participant
from crdt.fields import Form, Kind, Value
from crdt.sections import SECTIONS, Section
from hub.exchange.askers import Asker
from hub.exchange.fhir_api import PlansAsFhir
from hub.exchange.measurements import awaited_result, measurements
from hub.exchange.writing_commands import GONE, KNOWN, STALE, EntryAmend, EntryArrive, may_be_written, move_of
from hub.fhir.arriving import Arriving, SeveralPatientsError, learned, unread
from hub.fhir.comparing import EVERYTHING, comparable
from hub.fhir.elements import list_of
from hub.fhir.entries import fields_of, resource_of
from hub.fhir.extensions import OURS
from hub.fhir.files import FileOfResources, Remark
from hub.fhir.incoming import Incoming
from hub.fhir.observing import READING, identifier_of
from hub.fhir.outcomes import ApiRefusedError
from hub.fhir.people import PlanReferences
from hub.fhir.places import Json, get, place_in
from hub.fhir.proposing import derived
from hub.fhir.reading import scoped
from hub.fhir.shapes import type_of
from hub.ids import known_id, new_id
from hub.live.authority import the_hub
from hub.live.commands import Command, EntryContent, Outcome, PlanContent, Refusal, Refused
from hub.safety.weighing import DANGER
from hub.store.arrivals import BY_API, Arrival, ArrivalLine, Arrivals
from hub.store.engine import Engine
from hub.store.participants import Participants
from hub.store.plans import Plan, Plans
from hub.workflows.contents import active, members, retired, words
from hub.workflows.reading_arrivals import ReadingArrive, key_known
from hub.workflows.readings import ReadingMarkError
from hub.workflows.results_coming import ComingResult, ResultFollow, follows, has_come

DESPITE_URL: Final = OURS + "despite"
"""An extension with the reason why a medicine is right although a rule says that it is a danger."""

PLAN_URL: Final = OURS + "plan"
"""An extension that names the CarePlan, where a patient has several."""

_STATUS: Final[Mapping[str, int]] = {
    DANGER: 422, "form": 422, "value": 422, "length": 422, "unlikely": 422, "command": 422, STALE: 412, "gone": 410,
    "retired": 410, "state": 409, "conflict": 409, KNOWN: 409,
}  # fmt: skip
"""By the code of a refusal; every other one is of permission, 403."""

_NO_REMARK: Final = "Left out."


class WrittenPlans(Protocol):
    """The live plans, as far as they are written here."""

    async def content(self, plan_id: str) -> PlanContent:
        """Return a plan's committed content."""

    async def perform(self, plan_id: str, actor: Participant, command: Command) -> Outcome:
        """Perform a command, committed before this returns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenResource:
    """What became of a resource that was sent: where it stands, whether it is new, what of it was not taken."""

    kind: str
    key: str
    is_new: bool
    remarks: tuple[str, ...] = ()


@dataclass(slots=True)
class SentResource:
    """A resource as it was sent, with its bytes, and how it was asked for."""

    kind: str
    resource: Json
    original: bytes
    strict: bool = False
    """Refuse what is not taken whole."""
    identifier: str = ""
    """Of ``If-None-Exist``, where the resource has none."""
    remarks: list[str] = field(default_factory=list)

    def known_as(self) -> str:
        """Return the sender's own name for it, ``""`` where it gives none."""
        return identifier_of(self.resource) or self.identifier

    def remark(self, told: Sequence[str]) -> None:
        """Take note of what is not taken.

        Raises:
            ApiRefusedError: 422, it was to be taken whole or not at all.
        """
        self.remarks += told
        if self.strict and told:
            raise ApiRefusedError(422, " ".join(told))


class WritingPlans:
    """Writing by machines. Its methods raise ``JournalAwayError`` where the store can't be reached."""

    def __init__(self, engine: Engine, plans: WrittenPlans, api: PlansAsFhir, now: Callable[[], datetime]) -> None:
        self._live, self._api, self._now = plans, api, now
        self._plans, self._participants = Plans(engine), Participants(engine)
        self._arrivals = Arrivals(engine)

    async def create(self, asker: Asker, sent: SentResource) -> WrittenResource:
        """Make what a resource says; one that was sent before is found again and changes nothing.

        Raises:
            ApiRefusedError: why not; nothing was changed.
        """
        kind = "MedicationStatement" if sent.kind == "MedicationRequest" else sent.kind
        if not asker.plan:
            asker.require(kind, "c")
        _require_whole(sent)
        plan, part = await self._place(asker, sent.resource)
        if _is_measured(sent.resource):
            return await self._measured(asker, sent, plan, part)
        if asker.plan:
            raise ApiRefusedError(403, "A device sends readings: Observations with a value.")
        return await self._made(asker, sent, plan, part)

    async def update(self, asker: Asker, sent: SentResource, key: str, version: str, base: str) -> WrittenResource:
        """Change an entry to what a resource says; ``version`` is that of which the sender knows.

        Raises:
            ApiRefusedError: why not; nothing was changed.
        """
        asker.require(sent.kind, "u")
        _require_whole(sent)
        view, standing = await self._api.standing(asker, sent.kind, key, base)
        content = await self._live.content(view.plan_id)
        if standing["meta"]["versionId"] != version:
            raise ApiRefusedError(412, f"It is at version {standing['meta']['versionId']} by now. Read it again.")
        plan = (await self._plans.among([view.plan_id]))[view.plan_id]
        part = asker.part_in(plan, WRITING)
        assert part is not None, "what stands in a plan of others is not found"
        if sent.resource.get("id") not in (None, key):
            raise ApiRefusedError(400, "The id in the resource is not that of the address.", "id")
        found = _entry_of(content, sent.kind, key)
        if found is None:
            return await self._unmeasured(plan, part, content, sent, key)
        section, entry = found
        await self._changed(asker, sent, part, content, section, entry)
        return WrittenResource(kind=sent.kind, key=key, is_new=False, remarks=tuple(sent.remarks))

    async def _place(self, asker: Asker, resource: Json) -> tuple[Plan, Participant]:
        """Return the plan of whom a resource is about, and the part that the asker has in it."""
        if asker.plan:
            found = list((await self._plans.among([asker.plan])).values())
        else:
            found = await self._plans.of_patients([_patient_of(resource)])
        named = next((_tail(each.get("valueReference")) for each in _extensions(resource, PLAN_URL)), "")
        mine = [(each, part) for each in found if (part := asker.part_in(each, WRITING)) is not None]
        if asker.plan and mine and _patient_of(resource, or_nobody=True) not in ("", mine[0][0].patient_id):
            raise ApiRefusedError(422, "This device belongs to another patient.", "Observation.subject")
        mine = [each for each in mine if named in ("", each[0].plan_id)]
        if not mine:
            raise ApiRefusedError(422, "There is no such Patient with a plan for this token.", "subject")
        if len(mine) > 1:
            ids = ", ".join(each.plan_id for each, _ in mine)
            raise ApiRefusedError(409, f"The patient has several plans ({ids}): name one in the extension {PLAN_URL}.")
        return mine[0]

    async def _measured(self, asker: Asker, sent: SentResource, plan: Plan, part: Participant) -> WrittenResource:
        content = await self._live.content(plan.plan_id)
        if sent.identifier and not identifier_of(sent.resource):
            system, _, value = sent.identifier.rpartition("|")
            sent.resource["identifier"] = [{"system": system, "value": value} if system else {"value": value}]
        bound = asker.measures if asker.plan else None
        if not asker.plan and not scoped(asker.scopes, sent.resource, "c"):
            raise ApiRefusedError(403, "The token's scopes leave out this category of Observation.")
        result = None if asker.plan or part.closed else awaited_result(sent.resource)
        try:
            told = measurements(sent.resource, content, bound, asker.name, self._now())
        except ApiRefusedError:
            if result is None or not (follows(content, result) or has_come(content, result)):
                raise
            remark = await self._followed(plan.plan_id, asker, result)
            return WrittenResource(kind="Observation", key="", is_new=False, remarks=(remark,))
        sent.remark(told.remarks)
        known = [key_known(content, each) for each in told.readings]
        if not all(known):
            await self._perform(plan.plan_id, part, ReadingArrive(readings=told.readings, by_device=bool(asker.plan)))
        if result is not None and follows(content, result):
            await self._followed(plan.plan_id, asker, result)
        key = known[0] or told.readings[0].key
        return WrittenResource(kind="Observation", key=key, is_new=not all(known), remarks=tuple(sent.remarks))

    async def _followed(self, plan_id: str, asker: Asker, result: ComingResult) -> str:
        """Close the line that waits for a laboratory's Observation; return what is told of it."""
        follow = ResultFollow(results=(result,), facility=asker.name, message=new_id())
        outcome = await self._live.perform(plan_id, the_hub(plan_id), follow)
        if isinstance(outcome, Refused):
            raise _refused(outcome, Section.TRANSITIONS, "Observation")
        return "It was waited for after a hospital stay and stands there; the plan has no measure of it."

    async def _unmeasured(
        self, plan: Plan, part: Participant, content: PlanContent, sent: SentResource, key: str
    ) -> WrittenResource:
        """Mark a reading as entered in error: nothing else of one is ever changed."""
        holder = next((each for each in active(content, Section.MONITORING) if key in _log(each)), None)
        if holder is None:
            raise ApiRefusedError(405, f"A {sent.kind} is made of other resources: change those.")
        if sent.resource.get("status") != "entered-in-error":
            told = "A reading is not changed. Send it with the status entered-in-error and a note, then send another."
            raise ApiRefusedError(422, told, "Observation.status")
        notes = [each.get("text") for each in list_of(sent.resource, "note") if isinstance(each, Mapping)]
        reason = next((each for each in notes if isinstance(each, str)), "")
        await self._perform(plan.plan_id, part, ReadingMarkError(entry=holder.id, key=key, reason=reason))
        return WrittenResource(kind=sent.kind, key=key, is_new=False)

    async def _made(self, asker: Asker, sent: SentResource, plan: Plan, part: Participant) -> WrittenResource:
        team = await self._participants.of_plan(plan.plan_id, self._now())
        content = await self._live.content(plan.plan_id)
        came = _read_alone(sent, team)
        values = {**derived(came.section, came.values), **_named_here(came, content)}
        _require_type(asker, sent, came.section, values, "c")
        name = sent.known_as()
        key = known_id(plan.plan_id, asker.organisation, came.section, name) if name else new_id()
        kind = type_of(came.section, values)
        there = content.entry(came.section, key)
        if there is not None and retired(there):
            raise ApiRefusedError(409, f"It was taken out of the plan: {words(there.values, 'retired_reason')}")
        if there is None:
            command = EntryArrive(section=came.section, key=key, values=values, despite=_despite(sent.resource))
            await self._perform(plan.plan_id, part, command)
        await self._keep(plan.plan_id, part, sent, came.section, key, is_new=True)
        return WrittenResource(kind=kind, key=key, is_new=there is None, remarks=tuple(sent.remarks))

    async def _changed(
        self,
        asker: Asker,
        sent: SentResource,
        part: Participant,
        content: PlanContent,
        section: Section,
        entry: EntryContent,
    ) -> None:
        team = await self._participants.of_plan(content.plan_id, self._now())
        tag = [{"system": "urn:careplan-hub:section", "code": section.value}]
        sent.resource["meta"] = {"tag": tag}  # It is an entry of the section in which it stands.
        came = _read_alone(sent, team, standing=_own(content, section, entry, team))
        _require_type(asker, sent, section, {**entry.values, **came.values}, "u")
        told = _named_here(came, content)
        visible = may_be_written(part, section, self._now())
        own = _own(content, section, entry, team)
        changed = dict(_differing(section, sent.resource, own, told, entry.values, visible))
        if not changed:
            return
        command: Command | Refusal = EntryAmend(
            section=section, entry=entry.id, values=changed, seen=entry.values, despite=_despite(sent.resource)
        )
        if any((field := SECTIONS[section].field(name)) is not None and field.command for name in changed):
            command = move_of(section, entry.id, changed, entry.values)
        if isinstance(command, Refusal):
            raise _refused(Refused(command.code, command.reason, command.field), section, sent.kind)
        await self._perform(content.plan_id, part, command, section, sent.kind)
        await self._keep(content.plan_id, part, sent, section, entry.id, is_new=False)

    async def _perform(
        self,
        plan_id: str,
        part: Participant,
        command: Command,
        section: Section = Section.MONITORING,
        kind: str = "Observation",
    ) -> None:
        outcome = await self._live.perform(plan_id, part, command)
        if isinstance(outcome, Refused):
            raise _refused(outcome, getattr(command, "section", section), kind)

    async def _keep(
        self, plan_id: str, part: Participant, sent: SentResource, section: Section, entry: str, *, is_new: bool
    ) -> None:
        """Keep the original beside the entry. Where that fails the sender has no answer, and sends it again."""
        arrival = Arrival(
            arrival_id=new_id(), plan_id=plan_id, source=part.name, file=BY_API, person=part.person_id, login="",
            report={"remarks": sent.remarks},
        )  # fmt: skip
        own = identifier_of(sent.resource) or sent.identifier or str(sent.resource.get("id", ""))
        line = ArrivalLine(
            line_id=new_id(), arrival_id=arrival.arrival_id, number=0, section=section, entry=entry,
            key=f"{part.name}|{sent.kind}/{own}", digest="", is_new=is_new, values={}, original=sent.original.decode(),
            state="accepted", decided=self._now(), decided_by=part.person_id,
        )  # fmt: skip
        await self._arrivals.note(arrival, line)


def _require_whole(sent: SentResource) -> None:
    """Pass a resource of the type of its address without anything that changes the meaning of the rest."""
    if sent.resource.get("resourceType") != sent.kind:
        raise ApiRefusedError(400, f"This address takes a {sent.kind}.", "resourceType")
    if sent.resource.get("modifierExtension"):
        raise ApiRefusedError(422, "A modifier extension changes what it means: not taken.", "modifierExtension")


def _require_type(asker: Asker, sent: SentResource, section: Section, values: Mapping[str, Value], letter: str) -> None:
    """Pass what the scopes open: the type that the entry is, and its category where they name one."""
    kind = type_of(section, values)
    if kind not in types_of(section) or (kind != sent.kind and sent.kind != "MedicationRequest"):
        raise ApiRefusedError(422, f"{SECTIONS[section].title} hold {' and '.join(sorted(types_of(section)))}.")
    if not scoped(asker.scopes, {**sent.resource, "resourceType": kind}, letter):
        raise ApiRefusedError(403, f"The token has no scope for this {kind}.")


def _refused(no: Refused, section: Section, kind: str) -> ApiRefusedError:
    declared = SECTIONS[section].field(no.field) if no.field else None
    place = place_in(declared, kind, SECTIONS[section].fhir) if declared is not None else None
    where = f"{kind}.{place}" if place is not None and not place.resource else ""
    status = _STATUS.get(no.code, 410 if no.code in GONE else 403)
    more = f" The reason goes into the extension {DESPITE_URL}." if no.code == DANGER else ""
    return ApiRefusedError(status, no.reason + more, where)


def _is_measured(resource: Mapping[str, Any]) -> bool:
    """Say whether it is a reading, and not a measure of a plan with its zones or what matters to somebody."""
    if resource.get("resourceType") != "Observation":
        return False
    tags = {str(each.get("code")) for each in list_of(resource.get("meta"), "tag") if isinstance(each, Mapping)}
    return READING in tags or not tags & {each.value for each in Section}


def _extensions(resource: Mapping[str, Any], url: str) -> list[Mapping[str, Any]]:
    return [each for each in list_of(resource, "extension") if isinstance(each, Mapping) and each.get("url") == url]


def _despite(resource: Mapping[str, Any]) -> str:
    told = next((each.get("valueString") for each in _extensions(resource, DESPITE_URL)), "")
    return told if isinstance(told, str) else ""


def _tail(reference: object) -> str:
    target = reference.get("reference") if isinstance(reference, Mapping) else None
    return target.rpartition("/")[2] if isinstance(target, str) else ""


def _patient_of(resource: Mapping[str, Any], *, or_nobody: bool = False) -> str:
    found = next((_tail(resource[each]) for each in ("subject", "patient", "for") if resource.get(each)), "")
    if not found and not or_nobody:
        raise ApiRefusedError(422, "Name the patient by a reference such as Patient/ID.", "subject")
    return found


def _entry_of(content: PlanContent, kind: str, key: str) -> tuple[Section, EntryContent] | None:
    for section in Section:
        entry = content.entry(section, key)
        if entry is not None and type_of(section, entry.values) == kind:
            return section, entry
    return None


def _log(entry: EntryContent) -> Mapping[str, object]:
    held = entry.values.get("readings")
    return held if isinstance(held, Mapping) else {}


def _read_alone(sent: SentResource, team: Sequence[Participant], *, standing: Json | None = None) -> Incoming:
    """Return the entry that one resource is, with what of it can't be taken as remarks.

    Raises:
        ApiRefusedError: 422, it is none, or says something that can't be read where the plan has a place for it.
    """
    faults: list[Remark] = []
    file = FileOfResources(io.BytesIO(msgspec.json.encode(sent.resource)), faults.append)
    try:
        arriving = Arriving(file, learned(file), team, "")
    except SeveralPatientsError as error:
        raise ApiRefusedError(422, "It names more than one patient.", sent.kind) from error
    found = list(arriving.entries())
    faults += arriving.remarks
    told = next((each for each in faults if each.done == _NO_REMARK or "says nothing that" in each.what), None)
    if told is not None:
        raise ApiRefusedError(422, f"{told.element}: {told.what}".strip(": "), sent.kind)
    if len(found) != 1:
        raise ApiRefusedError(422, f"A plan has no place for this {sent.kind}.", sent.kind)
    came = found[0]
    left = unread(came.section, sent.kind, sent.resource)
    if came.ours:
        left = left - (unread(came.section, sent.kind, standing) if standing is not None else set())
        left = {each for each in left if each.partition(".")[0] not in ("extension", "hasMember", "dataAbsentReason")}
    sent.remark([f"{sent.kind}.{each} was not taken: the plan has no place for it." for each in sorted(left)])
    return came


def _named_here(came: Incoming, content: PlanContent) -> dict[str, Value]:
    """Return the values with the entries they name by their ids.

    Raises:
        ApiRefusedError: 422, it names something that is not in the plan.
    """
    values = dict(came.values)
    for declared in SECTIONS[came.section].fields:
        if declared.form is not Form.ENTRY or declared.name not in values:
            continue
        value = values[declared.name]
        told = members({"": value}, "") if isinstance(value, Mapping) else (str(value),)
        ids = [each.rpartition("/")[2] for each in told]
        sections = (Section(declared.refers_to),) if declared.refers_to else tuple(Section)
        if not all(any(content.entry(section, each) for section in sections) for each in ids):
            raise ApiRefusedError(422, f"{declared.label} names something that is not in the plan.")
        values[declared.name] = dict.fromkeys(ids, True) if isinstance(value, Mapping) else ids[0]
    return values


def _own(content: PlanContent, section: Section, entry: EntryContent, team: Sequence[Participant]) -> Json:
    """Return the entry's resource as it stands, whole: only to be compared with what was sent."""
    types = {each.id: type_of(name, each.values) for name in Section for each in active(content, name)}
    refer = PlanReferences({each.person_id: each for each in team}, "", types)
    return resource_of(section, entry.id, entry.values, {}, refer)


def _differing(
    section: Section,
    sent: Json,
    own: Json,
    told: Mapping[str, Value],
    was: Mapping[str, Value],
    visible: frozenset[str],
) -> Iterator[tuple[str, Value]]:
    """Yield the fields that a resource says otherwise; an element that is as we write it says nothing new.

    What only an extension says is cleared by the extension that names it as empty, never by leaving it out.
    """
    kind = str(sent["resourceType"])
    for declared in fields_of(section):
        name = declared.name
        place = place_in(declared, kind, SECTIONS[section].fhir.partition(".")[0])
        if name not in visible or (section, name) == (Section.MEDICATIONS, "kind") or declared.kind is Kind.LOG:
            continue
        value = told.get(name)
        if name not in told and (place is None or get(own, place) == get(sent, place) or not get(own, place)):
            continue
        by_extension = _extensions(sent, f"{OURS}{section}:{name}")
        if place is not None and get(own, place) == get(sent, place) and not by_extension:
            continue
        if comparable(section, name, was.get(name), EVERYTHING) != comparable(section, name, value, EVERYTHING):
            yield name, value
