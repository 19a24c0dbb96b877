"""A plan as the API shows it to one asker: resources with their versions, narrowed by scopes. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from types import MappingProxyType
from typing import Final

import msgspec

from auth.scopes import SmartScope, categories
from crdt.contents import SectionContent
from crdt.sections import Section
from hub.fhir.bundles import Leaving, document, resources
from hub.fhir.parameters import PARAMETERS
from hub.fhir.places import Json
from hub.fhir.searching import Criterion
from hub.fhir.shapes import type_of
from hub.live.commands import PlanContent
from hub.workflows.contents import records

OF_NO_PLAN: Final = frozenset({"Organization", "Practitioner", "PractitionerRole"})
"""Types that say nothing of a patient."""

WHOLE_PLAN: Final = frozenset({"CarePlan", "CareTeam", "List"})
"""Types of which there is one a plan, made of its entries."""


@dataclass(frozen=True, slots=True)
class EntryVersion:
    """Since which row of the plan's journal something stands as it does."""

    seq: int
    recorded: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanView:
    """A plan as one asker may see it: ``leaving`` holds nothing else."""

    leaving: Leaving
    scopes: Sequence[SmartScope]
    letter: str
    """``r`` or ``s``: what is done with it, as scopes have it."""
    versions: Mapping[str, EntryVersion]
    """By entry."""

    @property
    def plan_id(self) -> str:
        """The plan's id."""
        return self.leaving.content.plan_id

    def resources(self, kinds: frozenset[str] | None = None) -> list[Json]:
        """Return the resources of these types, of all where none are named, that the scopes allow."""
        told = resources(self._narrowed(), kinds)
        versions = dict(self._all_versions())
        return [self._versioned(each, versions) for each in told if scoped(self.scopes, each, self.letter)]

    def document(self, now: datetime, document_id: str) -> Json:
        """Return the plan as a document Bundle."""
        whole = document(self._narrowed(), None, now, document_id)
        kept = [
            each
            for each in whole["entry"]
            if each["resource"]["resourceType"] == "Composition" or scoped(self.scopes, each["resource"], self.letter)
        ]
        return whole | {"entry": kept}

    def _narrowed(self) -> Leaving:
        """Return what leaves without the entries that a category of the scopes leaves out, so that none names them."""
        if not any(each.category for each in self.scopes):
            return self.leaving
        kept = {
            each["id"] for each in resources(self.leaving) if scoped(self.scopes, each, self.letter)
        }  # A member of the team is in the CareTeam's scope, not in one of its own.
        return replace(
            self.leaving,
            content=without(self.leaving.content, lambda section, entry: entry in kept or section is Section.CARE_TEAM),
        )

    def _all_versions(self) -> Iterable[tuple[str, EntryVersion]]:
        yield from self.versions.items()
        for entry_id, entry in self.leaving.content.sections.get(Section.MONITORING, SectionContent()).entries.items():
            if entry_id in self.versions:
                yield from ((key, self.versions[entry_id]) for key in records(entry.values, "readings"))

    def _versioned(self, resource: Json, versions: Mapping[str, EntryVersion]) -> Json:
        meta = dict(resource.get("meta", {}))
        version = versions.get(resource["id"])
        if version is None and resource["resourceType"] in WHOLE_PLAN and self.versions:
            version = max(self.versions.values(), key=lambda each: each.seq)
        if version is not None:
            meta |= {"versionId": str(version.seq), "lastUpdated": instant(version.recorded)}
        elif resource["resourceType"] == "Provenance":
            meta |= {"versionId": "1", "lastUpdated": resource["recorded"]}
        else:
            meta["versionId"] = sha256(msgspec.json.encode(resource)).hexdigest()[:16]
        kind, key = resource["resourceType"], resource["id"]
        return {"resourceType": kind, "id": key, "meta": meta} | {
            name: value for name, value in resource.items() if name not in ("resourceType", "id", "meta")
        }


def scoped(scopes: Sequence[SmartScope], resource: Json, letter: str) -> bool:
    """Say whether scopes allow this resource."""
    kind = resource["resourceType"]
    allowed = categories(scopes, kind, letter)
    if allowed is None:
        return False
    parameter = PARAMETERS.get(kind, {}).get("category")
    return "" in allowed or (parameter is not None and Criterion(parameter, "", tuple(sorted(allowed))).holds(resource))


def allowed_entries(content: PlanContent, scopes: Sequence[SmartScope], letter: str) -> PlanContent:
    """Return the content without entries of types that the scopes do not name: nothing refers to them then."""

    def kept(section: Section, entry_id: str) -> bool:
        entry = content.sections[section].entries[entry_id]
        kind = type_of(section, entry.values)
        return categories(scopes, kind, letter) is not None

    return without(content, kept)


def without(content: PlanContent, kept: Callable[[Section, str], bool]) -> PlanContent:
    """Return the content with only the entries that ``kept`` says."""
    sections = {
        section: SectionContent(
            MappingProxyType({key: entry for key, entry in held.entries.items() if kept(section, key)})
        )
        for section, held in content.sections.items()
    }
    return replace(content, sections=sections)


def instant(moment: datetime) -> str:
    """Return an instant as FHIR writes it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
