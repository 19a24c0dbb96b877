"""Plans as the API answers: read, search, everything of a patient, a document. What left is a row in each plan first.

Everything goes through ``decide``: a plan is narrowed to what its asker may see before a resource is made of it, so
that no search, include, count or refusal can look at more.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from auth.decisions import Operation, sections_readable
from auth.machine_sight import app_sight, types_of
from auth.roles import Participant
from auth.scopes import categories
from crdt.sections import Section
from hub.exchange.askers import Asker
from hub.exchange.subjects import subject
from hub.fhir.bundles import ChangedLast, Leaving, entry_of, seen_by
from hub.fhir.outcomes import ApiRefusedError, warnings
from hub.fhir.parameters import ParameterKind
from hub.fhir.people import Subject
from hub.fhir.places import Json
from hub.fhir.queries import PAGE, PagePlace, Query
from hub.fhir.reading import OF_NO_PLAN, EntryVersion, PlanView, allowed_entries
from hub.fhir.searching import all_hold, instant_of, references
from hub.fhir.shapes import type_of
from hub.ids import HUB
from hub.live.commands import PlanContent
from hub.live.read_models import content_of_plan
from hub.live.zones import Zones
from hub.record.chain import JSON
from hub.record.journal import Act, Action, Journal
from hub.store.engine import Engine
from hub.store.organisations import Organisations
from hub.store.participants import Participants
from hub.store.patients import Patients
from hub.store.plans import Plan, Plans
from hub.store.stamped_entries import StampedEntries, StampedPlan
from hub.workflows.contents import retired
from hub.workflows.grants import assigned_in, barred

PLANS_AT_ONCE: Final = 25
"""Plans that are read together while a search walks through all."""

PLANS_MADE_AT_ONCE: Final = 5
"""Of those, plans of which resources are made together: a page that is full needs no more."""

PLANS_WALKED_MAX: Final = 200
"""Plans that one page of a search looks through; the next link goes on behind them."""

IDS_IN_ROW_MAX: Final = 1_000
"""Resources that one row of a journal names; more are only counted."""

_LAST_OF_PLAN: Final = "\U0010ffff"
_SUFFIXES: Final = {"CareTeam": "-team", "List": "-medicines", "CarePlan": ""}


@dataclass(slots=True)
class Page:
    """What one page of a search found."""

    matches: list[tuple[PlanView, Json]] = field(default_factory=list)
    known: set[str] = field(default_factory=set)
    """Ids of all that was found in the plans looked at, also of what is on later pages."""
    after: PagePlace | None = None
    """Where the next page begins."""


class PlansAsFhir:
    """The API over the store. Its methods raise ``JournalAwayError`` where the store can't be reached."""

    def __init__(
        self,
        engine: Engine,
        journal: Journal,
        contents: Callable[[Sequence[str]], Awaitable[object]],
        record: Callable[[Sequence[Act]], Awaitable[None]],
        zones: Zones,
        now: Callable[[], datetime],
    ) -> None:
        """``contents`` reads plans and puts into the read model what it lacks of them."""
        self._journal, self._contents, self._record = journal, contents, record
        self._zones, self._now = zones, now
        self._plans, self._patients = Plans(engine), Patients(engine)
        self._participants, self._organisations = Participants(engine), Organisations(engine)
        self._entries = StampedEntries(engine)

    async def parts(self, asker: Asker, plans: Iterable[Plan]) -> dict[str, Participant]:
        """Return the part that the asker has in each of these plans, those in which it has none left out.

        An app has the part of its person. An emergency reading is the person's own: nothing is taken out of it.
        """
        asked = list(plans)
        if not asker.person:
            return {plan.plan_id: part for plan in asked if (part := asker.part_in(plan)) is not None}
        mine = [each for each in asked if asker.patient in ("", each.patient_id) and each.archived is None]
        standing = await self._participants.of_person([each.plan_id for each in mine], asker.person, self._now())
        found = {
            plan_id: app_sight(part, asker.scopes)
            for plan_id, part in standing.items()
            if part.broke_glass_until is None
        }
        return {plan_id: part for plan_id, part in found.items() if sections_readable(part, self._now())}

    async def read(self, asker: Asker, kind: str, key: str, base: str) -> Json:
        """Return one resource, its row written first.

        Raises:
            ApiRefusedError: 403, 404, or 410 where it was taken out of the plan.
        """
        view, resource = await self.standing(asker, kind, key, base)
        await self._left(asker, "fhir.read", [(view, resource)])
        return resource

    async def glanced(self, asker: Asker, kind: str, key: str, base: str) -> Json:
        """Return one resource for its version alone: none of it leaves. Raises as ``read`` does."""
        return (await self.standing(asker, kind, key, base))[1]

    async def standing(self, asker: Asker, kind: str, key: str, base: str) -> tuple[PlanView, Json]:
        """Return one resource and its plan as the asker may see both; nothing leaves yet. Raises as ``read`` does."""
        asker.require(kind, "r")
        plans = await self._holding(asker, kind, [key])
        for view in await self._views(asker, plans, base, "r", last=kind == "Provenance"):
            for resource in await asyncio.to_thread(view.resources, frozenset({kind})):
                if resource["id"] == key:
                    return view, resource
        gone = await self._is_gone(asker, plans, kind, key)
        await self._nothing_left(asker, "fhir.read", f"{kind}/{key}"[:200])
        if gone:
            raise ApiRefusedError(410, f"This {kind} was taken out of the plan.")
        raise ApiRefusedError(404, f"There is no such {kind} for this token.")

    async def search(self, asker: Asker, query: Query, base: str) -> Json:
        """Return one page of a search as a Bundle, its rows written first.

        Raises:
            ApiRefusedError: 403, or 400 for a search that would have to look through everything.
        """
        asker.require(query.kind, "s")
        for source in {each for each, _ in query.reverse}:
            asker.require(source, "s")
        if query.only_count and not query.is_bound:
            raise ApiRefusedError(400, "To count, name a patient.")
        last = query.kind == "Provenance" or any(source == "Provenance" for source, _ in query.reverse)
        page = await self._page(asker, query, base, last=last)
        beside = [] if query.only_count else await asyncio.to_thread(_beside, query, page.matches)
        told = "&".join(f"{name}={value}" for name, value in query.used)[:500]
        left = [] if query.only_count else [*page.matches, *beside]
        if page.matches:
            await self._left(asker, "fhir.search", left or page.matches, f"{query.kind}?{told}")
        else:
            await self._nothing_left(asker, "fhir.search", f"{query.kind}?{told}")
        return _searchset(query, page, beside, base)

    async def everything(
        self, asker: Asker, patient: str, kinds: frozenset[str] | None, since: datetime | None, base: str
    ) -> Json:
        """Return all that the asker may see of a patient's plans, of these types where some are named.

        Raises:
            ApiRefusedError: 403 or 404.
        """
        asker.require("Patient", "r")
        plans = await self._plans.of_patients([patient])
        views = await self._views(asker, plans, base, "r", last=kinds is None or "Provenance" in kinds)
        found: dict[tuple[str, str], tuple[PlanView, Json]] = {}
        for view in views:
            for resource in await asyncio.to_thread(view.resources, kinds):
                changed = resource["meta"].get("lastUpdated")
                if since is None or changed is None or instant_of(changed) >= since:
                    found.setdefault((resource["resourceType"], resource["id"]), (view, resource))
        if not found:
            await self._nothing_left(asker, "fhir.everything", f"Patient/{patient}"[:200])
            raise ApiRefusedError(404, "There is no such Patient for this token.")
        await self._left(asker, "fhir.everything", list(found.values()))
        entries = [entry_of(base, each) | {"search": {"mode": "match"}} for _, each in found.values()]
        return {"resourceType": "Bundle", "type": "searchset", "total": len(entries), "entry": entries}

    async def document(self, asker: Asker, plan_id: str, document_id: str, base: str) -> Json:
        """Return a plan as a document Bundle.

        Raises:
            ApiRefusedError: 403 or 404.
        """
        for kind in ("CarePlan", "Patient"):
            asker.require(kind, "r")
        plans = list((await self._plans.among([plan_id])).values())
        views = await self._views(asker, plans, base, "r", last=True)
        if not views:
            await self._nothing_left(asker, "fhir.document", f"CarePlan/{plan_id}"[:200])
            raise ApiRefusedError(404, "There is no such CarePlan for this token.")
        told = await asyncio.to_thread(views[0].document, self._now(), document_id)
        await self._left(asker, "fhir.document", [(views[0], each["resource"]) for each in told["entry"]])
        return told

    async def _page(self, asker: Asker, query: Query, base: str, *, last: bool) -> Page:
        page, looked = Page(), 0
        async for plans in self._walk(asker, query):
            likely = plans if query.is_bound else await self._likely(asker, plans, query)
            for start in range(0, len(likely), PLANS_MADE_AT_ONCE):
                part = likely[start : start + PLANS_MADE_AT_ONCE]
                views = await self._views(asker, part, base, "s", last=last)
                await asyncio.to_thread(_match, query, views, page)
                if page.after is not None and not query.is_bound:
                    break
            looked += len(plans)
            if query.is_bound:
                continue  # They are few, and their number is told.
            if page.after is None and looked >= PLANS_WALKED_MAX:
                page.after = PagePlace(plans[-1].plan_id, _LAST_OF_PLAN)
            if page.after is not None:
                break
        return page

    async def _likely(self, asker: Asker, plans: list[Plan], query: Query) -> list[Plan]:
        """Return those of many plans that may hold what is asked for: only the sections concerned are read.

        What a resource refers to is not known then, so a search by a reference looks at all of them.
        """
        sections = [section for section in Section if query.kind in types_of(section)]
        by_reference = any(each.parameter.kind is ParameterKind.REFERENCE for each in query.criteria)
        if not sections or by_reference or Section.CARE_TEAM in sections:
            return plans
        ids = [each.plan_id for each in plans]
        kept, stands = await self._entries.kept(ids), await self._entries.of_plans(ids, sections)
        parts = await self.parts(asker, plans)

        def holds(plan: Plan) -> bool:
            part = parts.get(plan.plan_id)
            if part is None or plan.plan_id not in kept:
                return part is not None
            stamped = stands.get(plan.plan_id)
            if stamped is None:
                return False
            seen = self._seen(asker, part, stamped, "s")
            nameless = Subject(patient_id=plan.patient_id, family="", given="")
            versions = {key: EntryVersion(*stamp) for key, stamp in stamped.stamps.items()}
            leaving = Leaving(content=seen, subject=nameless, people=(), base="")
            view = PlanView(leaving=leaving, scopes=asker.scopes, letter="s", versions=versions)
            return any(all_hold(query.criteria, each) for each in view.resources(frozenset({query.kind})))

        return await asyncio.to_thread(lambda: [each for each in plans if holds(each)])

    async def _walk(self, asker: Asker, query: Query) -> AsyncIterator[list[Plan]]:
        """Yield the plans that a page looks through, some at a time, in the order of their ids."""
        after = query.after
        if query.is_bound:
            bound = [each for each in await self._bound(asker, query) if each.plan_id >= after.plan]
            for start in range(0, len(bound), PLANS_AT_ONCE):
                yield bound[start : start + PLANS_AT_ONCE]
            return
        if after.plan and after.key != _LAST_OF_PLAN:
            yield list((await self._plans.among([after.plan])).values())
        begin = after.plan
        if asker.person:
            mine = [each for each in await self._of_asker(asker) if each.plan_id > begin]
            for start in range(0, len(mine), PLANS_AT_ONCE):
                yield mine[start : start + PLANS_AT_ONCE]
            return
        while plans := await self._plans.at_home(asker.organisation, after=begin, limit=PLANS_AT_ONCE):
            yield plans
            begin = plans[-1].plan_id

    async def _of_asker(self, asker: Asker) -> list[Plan]:
        """Return the plans in which an app's person takes part, in the order of their ids."""
        if asker.patient:
            found = await self._plans.of_patients([asker.patient])
        else:
            found = [each.plan for each in await self._plans.panel(asker.person, self._now())]
        return sorted(found, key=lambda each: each.plan_id)

    async def _bound(self, asker: Asker, query: Query) -> list[Plan]:
        """Return the plans that a search of certain patients or ids is about, in the order of their ids."""
        if query.patients:
            plans = await self._plans.of_patients(list(query.patients))
        elif query.ids:
            plans = await self._holding(asker, query.kind, query.ids)
        else:
            found = await self._patients.matching(query.named, PLANS_WALKED_MAX)
            plans = await self._plans.of_patients([each.patient_id for each in found])
        return sorted(plans, key=lambda each: each.plan_id)

    async def _holding(self, asker: Asker, kind: str, keys: Sequence[str]) -> list[Plan]:
        """Return plans in which resources of these ids may stand."""
        match kind:
            case "Patient":
                return await self._plans.of_patients(keys)
            case "CarePlan" | "CareTeam" | "List":
                ids = [each.removesuffix(_SUFFIXES[kind]) for each in keys]
            case "Practitioner" | "PractitionerRole" | "RelatedPerson":
                return await self._of_people(asker, [each.removesuffix("-role") for each in keys])
            case "Organization" if asker.person:
                return await self._of_asker(asker)
            case "Organization":
                return await self._plans.at_home(asker.organisation, limit=1)
            case "Provenance":
                ids = await self._entries.holders([each.removesuffix("-last") for each in keys])
            case _:
                ids = await self._entries.holders(keys, readings=kind == "Observation")
        return list((await self._plans.among(ids)).values())

    async def _of_people(self, asker: Asker, people: Sequence[str]) -> list[Plan]:
        found: dict[str, Plan] = {}
        for person in people:
            theirs = {each.plan.plan_id: each.plan for each in await self._plans.panel(person, self._now())}
            mine = next(iter(await self.parts(asker, theirs.values())), "")
            if mine:
                found[mine] = theirs[mine]
        return list(found.values())

    async def _views(
        self, asker: Asker, plans: Sequence[Plan], base: str, letter: str, *, last: bool
    ) -> list[PlanView]:
        """Return the plans of these that the asker has a part in, each as it may be seen. A few queries for all."""
        parts = await self.parts(asker, plans)
        mine = [plan for plan in plans if plan.plan_id in parts]
        if not mine:
            return []
        stands = await self._stands(list(parts))
        people = await self._participants.of_plans(list(parts), self._now())
        patients = await self._patients.among(sorted({each.patient_id for each in mine}))
        homes = {each: await self._organisations.get(each) for each in {plan.organisation for plan in mine}}
        found = []
        for plan in mine:
            part = parts[plan.plan_id]
            if plan.plan_id not in stands or plan.patient_id not in patients:
                continue
            stamped = stands[plan.plan_id]
            seen = await asyncio.to_thread(self._seen, asker, part, stamped, letter)
            standing = {entry for held in seen.sections.values() for entry in held.entries}
            leaving = Leaving(
                content=seen,
                subject=subject(patients[plan.patient_id], homes[plan.organisation]),
                people=people[plan.plan_id],
                base=base,
                changes=await self._changes(plan.plan_id, sorted(seen.sections)) if last else {},
            )
            versions = {
                key: EntryVersion(stamp.seq, stamp.recorded) for key, stamp in stamped.stamps.items() if key in standing
            }
            found.append(PlanView(leaving=leaving, scopes=asker.scopes, letter=letter, versions=versions))
        return found

    def _seen(self, asker: Asker, part: Participant, stamped: StampedPlan, letter: str) -> PlanContent:
        content = content_of_plan(part.plan_id, stamped, self._zones)
        part = assigned_in(part, content) if asker.person else part
        return allowed_entries(seen_by(content, part, self._now()), asker.scopes, letter)

    async def _stands(self, plan_ids: Sequence[str]) -> Mapping[str, StampedPlan]:
        found = dict(await self._entries.of_plans(plan_ids))
        lacking = [each for each in plan_ids if each not in found]
        if lacking:
            await self._contents(lacking)  # Which puts them into the read model.
            found |= await self._entries.of_plans(lacking)
        return found

    async def _changes(self, plan_id: str, readable: Sequence[Section]) -> dict[tuple[Section, str], ChangedLast]:
        found: dict[tuple[Section, str], ChangedLast] = {}
        for (section, entry, _), latest in (await self._journal.latest(plan_id, readable)).items():
            known = found.get((section, entry))
            if known is None or latest.seq > known.seq:
                found[section, entry] = ChangedLast(latest.actor, latest.recorded, latest.seq)
        return found

    async def _is_gone(self, asker: Asker, plans: Iterable[Plan], kind: str, key: str) -> bool:
        """Say whether the asker could read it before it was taken out of the plan."""
        parts = await self.parts(asker, plans)
        for plan_id, stamped in (await self._stands(list(parts))).items():
            content = content_of_plan(plan_id, stamped, self._zones)
            for section, held in content.sections.items():
                entry = held.entries.get(key)
                if entry is None or not retired(entry) or type_of(section, entry.values) != kind:
                    continue
                part = assigned_in(parts[plan_id], content)
                unseen = barred(content, part, section, Operation.READ, now=self._now(), entry_id=key)
                return unseen is None and categories(asker.scopes, kind, "r") == frozenset({""})
        return False

    async def disclosed(self, asker: Asker, event: str, view: PlanView, resources: Sequence[Json], asked: str) -> None:
        """Write that resources of one plan leave; then they may."""
        await self._left(asker, event, [(view, each) for each in resources], asked)

    async def _left(self, asker: Asker, event: str, left: Sequence[tuple[PlanView, Json]], asked: str = "") -> None:
        """Write one row into each plan whose content leaves, naming the resources; then it may leave."""
        by_plan: dict[str, list[str]] = {}
        of_patients = any(resource["resourceType"] not in OF_NO_PLAN for _, resource in left)
        for view, resource in left:
            plan = view.plan_id if of_patients else HUB
            by_plan.setdefault(plan, []).append(f"{resource['resourceType']}/{resource['id']}")
        acts = []
        for plan, ids in sorted(by_plan.items()):
            named: list[JSON] = [*ids[:IDS_IN_ROW_MAX]]
            words: dict[str, JSON] = asker.told | {"asked": asked, "count": len(ids), "resources": named}
            action = Action.DISCLOSE if plan != HUB else Action.SEARCH
            acts.append(
                Act(
                    plan=plan,
                    actor=asker.actor,
                    role=asker.role,
                    action=action,
                    event=event,
                    words=words,
                    purpose=asker.through,
                )
            )
        await self._record(acts)

    async def _nothing_left(self, asker: Asker, event: str, asked: str) -> None:
        words: dict[str, JSON] = asker.told | {"asked": asked, "count": 0}
        act = Act(
            plan=HUB,
            actor=asker.actor,
            role=asker.role,
            action=Action.SEARCH,
            event=event,
            words=words,
            purpose=asker.through,
        )
        await self._record([act])


def _act(asker: Asker, plan: str, action: Action, event: str, words: dict[str, JSON]) -> Act:
    who, how = asker.actor, asker.through
    return Act(plan=plan, actor=who, role=asker.role, action=action, event=event, words=words, purpose=how)


def _match(query: Query, views: Sequence[PlanView], page: Page) -> None:
    """Put what these plans have of a search onto the page; what is beyond it is counted, where few plans are asked."""
    after = query.after
    for view in sorted(views, key=lambda each: each.plan_id):
        for resource in sorted(view.resources(frozenset({query.kind})), key=lambda each: str(each["id"])):
            if (view.plan_id, resource["id"]) <= (after.plan, after.key) or resource["id"] in page.known:
                continue
            if not all_hold(query.criteria, resource):
                continue
            page.known.add(resource["id"])
            if len(page.matches) < query.count or query.only_count:
                page.matches.append((view, resource))
            elif page.after is None:
                last_view, last = page.matches[-1]
                page.after = PagePlace(last_view.plan_id, last["id"])
                if not query.is_bound:
                    return


def _beside(query: Query, matches: Sequence[tuple[PlanView, Json]]) -> list[tuple[PlanView, Json]]:
    """Return what a search includes beside its matches: each resource once, none that the asker may not see."""
    if not query.included and not query.reverse:
        return []
    known = {f"{each['resourceType']}/{each['id']}" for _, each in matches}
    by_plan: dict[str, tuple[PlanView, list[Json]]] = {}
    for view, resource in matches:
        by_plan.setdefault(view.plan_id, (view, []))[1].append(resource)
    found: list[tuple[PlanView, Json]] = []
    for view, mine in by_plan.values():
        wanted = {target for each in mine for parameter in query.included for target in references(each, parameter)}
        own = {f"{each['resourceType']}/{each['id']}" for each in mine}
        for other in view.resources():
            name = f"{other['resourceType']}/{other['id']}"
            named = any(
                other["resourceType"] == source and own & set(references(other, parameter))
                for source, parameter in query.reverse
            )
            if name not in known and (name in wanted or named):
                known.add(name)
                found.append((view, other))
    return found


def _searchset(query: Query, page: Page, beside: Sequence[tuple[PlanView, Json]], base: str) -> Json:
    made: Json = {"resourceType": "Bundle", "type": "searchset"}
    if query.is_bound and query.after == PagePlace():
        made["total"] = len(page.known)
    made["link"] = [{"relation": "self", "url": _address(query, base, query.after)}]
    if page.after is not None:
        made["link"].append({"relation": "next", "url": _address(query, base, page.after)})
    entries = [entry_of(base, each) | {"search": {"mode": "match"}} for _, each in page.matches]
    entries += [entry_of(base, each) | {"search": {"mode": "include"}} for _, each in beside]
    if query.warnings:
        entries.append({"resource": warnings(query.warnings), "search": {"mode": "outcome"}})
    if entries and not query.only_count:
        made["entry"] = entries
    return made


def _address(query: Query, base: str, place: PagePlace) -> str:
    told = [*query.used, *([(PAGE, place.token())] if place != PagePlace() else [])]
    return f"{base}/{query.kind}" + (f"?{urlencode(told)}" if told else "")
