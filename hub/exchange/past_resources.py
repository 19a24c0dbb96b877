"""Resources as they were: versions of one resource from the journal, as far as its asker may see the plan today.

What the asker may not see now is not told of then, and what was hidden then stays so: each version goes through the
same narrowing as the resource that stands. Each answer is a row in the plan's journal first.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from auth.decisions import sections_readable
from auth.roles import Participant
from crdt.sections import Section
from hub.exchange.askers import Asker
from hub.exchange.fhir_api import PlansAsFhir
from hub.fhir.bundles import entry_of, seen_by
from hub.fhir.outcomes import ApiRefusedError
from hub.fhir.places import Json
from hub.fhir.reading import EntryVersion, PlanView, allowed_entries, instant
from hub.live.commands import PlanContent
from hub.live.versions import contents_at
from hub.record.journal import CHANGES_CONTENT, Journal, Narrowed, Row
from hub.store.engine import Engine
from hub.store.plans import Plans
from hub.workflows.contents import records
from hub.workflows.grants import assigned_in

VERSIONS: Final = 10
VERSIONS_MAX: Final = 50
"""Versions of one answer; each is a plan folded up to its row."""

ROWS_MAX: Final = 2_000
"""Rows of the section, the newest, among which those of the entry are looked for."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked about: the resource that stands, its plan, the entry that it is of."""

    view: PlanView
    resource: Json
    part: Participant
    section: Section
    entry: str


class PastResources:
    """Reading of versions. Its methods raise ``JournalAwayError`` where the store can't be reached."""

    def __init__(
        self,
        engine: Engine,
        journal: Journal,
        api: PlansAsFhir,
        content: Callable[[str], Awaitable[PlanContent]],
        now: Callable[[], datetime],
    ) -> None:
        """``content`` reads a plan as it stands."""
        self._journal, self._api, self._content, self._now = journal, api, content, now
        self._plans = Plans(engine)

    async def version(self, asker: Asker, kind: str, key: str, version: str, base: str) -> Json:
        """Return a resource as it stood right after the row that is named.

        Raises:
            ApiRefusedError: 404, there is none; 410, it stood in the plan neither then.
        """
        asked = await self._asked(asker, kind, key, base)
        if not version.isdecimal() or len(version) > 15:
            raise ApiRefusedError(404, f"This {kind} has no such version.")
        seq = int(version)
        rows = await self._rows(asked)
        before = [row for row in rows if row.seq <= seq]
        if not before or seq > asked.view.leaving.content.seq:
            raise ApiRefusedError(404, f"This {kind} has no such version.")
        found = await self._at(asker, asked, {seq: before[0].recorded})
        resource = found[seq]
        await self._api.disclosed(asker, "fhir.vread", asked.view, [resource or asked.resource], f"{kind}/{key}/{seq}")
        if resource is None:
            raise ApiRefusedError(410, f"This {kind} did not stand in the plan then.")
        return resource

    async def history(self, asker: Asker, kind: str, key: str, count: int, base: str) -> Json:
        """Return the versions of a resource, the newest first. Raises as ``PlansAsFhir.read`` does."""
        asked = await self._asked(asker, kind, key, base)
        rows = (await self._rows(asked))[: min(count, VERSIONS_MAX)]
        found = await self._at(asker, asked, {row.seq: row.recorded for row in rows[1:]})
        entries = [_told(base, asked.resource)]
        last = asked.resource
        for row in rows[1:]:
            resource = found[row.seq]
            if resource is not None and _said(resource) == _said(last):
                continue  # The row changed what this asker does not see.
            entries.append(_told(base, resource) if resource is not None else _gone(kind, key, row))
            last = resource or {}
        await self._api.disclosed(asker, "fhir.history", asked.view, [asked.resource], f"{kind}/{key}")
        return {"resourceType": "Bundle", "type": "history", "total": len(entries), "entry": entries}

    async def _asked(self, asker: Asker, kind: str, key: str, base: str) -> _Asked:
        view, resource = await self._api.standing(asker, kind, key, base)
        plan = (await self._plans.among([view.plan_id]))[view.plan_id]
        part = (await self._api.parts(asker, [plan]))[view.plan_id]
        part = assigned_in(part, await self._content(view.plan_id)) if asker.person else part
        for section, held in view.leaving.content.sections.items():
            for entry in held.entries.values():
                if key == entry.id or (section is Section.MONITORING and key in records(entry.values, "readings")):
                    return _Asked(view, resource, part, section, entry.id)
        raise ApiRefusedError(405, f"A {kind} is made of other resources: their versions are kept, not its own.")

    async def _rows(self, asked: _Asked) -> list[Row]:
        """Return the rows that changed the entry, the newest first."""
        rows = await self._journal.history(
            asked.view.plan_id,
            section=asked.section,
            narrowed=Narrowed(actions=CHANGES_CONTENT),
            limit=ROWS_MAX,
        )
        return [row for row in rows if row.update is not None and _touches(row, asked.entry)]

    async def _at(self, asker: Asker, asked: _Asked, wanted: Mapping[int, datetime]) -> dict[int, Json | None]:
        """Return the resource as it stood at these rows, ``None`` where it did not, or was not to be seen."""
        readable = sections_readable(asked.part, self._now())
        now = await self._content(asked.view.plan_id)
        contents = await contents_at(self._journal, now, list(wanted), readable)
        return await asyncio.to_thread(self._made, asker, asked, contents, wanted)

    def _made(
        self, asker: Asker, asked: _Asked, contents: Mapping[int, PlanContent], wanted: Mapping[int, datetime]
    ) -> dict[int, Json | None]:
        found: dict[int, Json | None] = {}
        kind, key = asked.resource["resourceType"], asked.resource["id"]
        for seq, content in contents.items():
            seen = allowed_entries(seen_by(content, asked.part, self._now()), asker.scopes, "r")
            leaving = replace(asked.view.leaving, content=seen, changes={})
            view = replace(asked.view, leaving=leaving, versions={asked.entry: EntryVersion(seq, wanted[seq])})
            told: Sequence[Json] = view.resources(frozenset({kind}))
            found[seq] = next((each for each in told if each["id"] == key), None)
        return found


def _touches(row: Row, entry: str) -> bool:
    if row.entry:
        return row.entry == entry
    fields = (row.words or {}).get("fields")
    several = fields if isinstance(fields, list) else []
    return not several or any(isinstance(each, dict) and each.get("entry") == entry for each in several)


def _said(resource: Json) -> Json:
    return {name: value for name, value in resource.items() if name != "meta"}


def _told(base: str, resource: Json) -> Json:
    request = {"method": "PUT", "url": f"{resource['resourceType']}/{resource['id']}"}
    meta = resource["meta"]
    answer = {"status": "200", "etag": f'W/"{meta["versionId"]}"'}
    if meta.get("lastUpdated"):
        answer["lastModified"] = meta["lastUpdated"]
    return entry_of(base, resource) | {"request": request, "response": answer}


def _gone(kind: str, key: str, row: Row) -> Json:
    answer = {"status": "204", "lastModified": instant(row.recorded), "etag": f'W/"{row.seq}"'}
    return {"request": {"method": "DELETE", "url": f"{kind}/{key}"}, "response": answer}
