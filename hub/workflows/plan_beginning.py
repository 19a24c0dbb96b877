"""A plan begins with what a template says: entries like any other, made by whoever puts them there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import ClassVar

from auth.roles import Participant
from crdt.changes import Change, Create
from crdt.sections import Section
from hub.directory.plan_templates import STEWARD, PlanTemplate, TemplateEntry
from hub.live.commands import PlanContent, Refusal
from hub.workflows.contents import words
from hub.workflows.entries import made
from hub.workflows.team import NewId, joined, steward


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanBegin:
    """The entries of a template, as far as the person may make them; those that are there already stay as they are.

    What needs another role (a problem, from a care manager) is left for somebody who has it.
    """

    template: PlanTemplate
    people: Mapping[str, str]
    """Person ids of the team by part, as in ``primary care``."""
    chosen: frozenset[str]
    """Ids of the entries wanted, of those that the template has for this plan."""
    name: ClassVar[str] = "plan.begin"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the entries; refused where none is left that the person may make."""
        lacking = lacking_of(plan, self.template)
        found: list[Create] = []
        there = entries_of(plan)
        refusal = Refusal("state", "All of the template is in the plan already.")
        for entry in lacking:
            entry_id = entry.id_in(plan.plan_id, self.template.name)
            if entry_id not in self.chosen:
                continue
            ids = there | {each.entry for each in found}
            values = self.template.values(entry, plan.plan_id, self.people, plan.day_of(now), ids)
            if values is None:
                continue
            beside = sum(1 for each in found if each.section is entry.section)
            ahead = {name: value for name, value in values.items() if not _names(value, there, ids)}
            one = made(plan, actor, now, entry.section, ahead, partial(str, entry_id), beside=beside)
            if isinstance(one, Refusal):
                refusal = one
                continue
            whole = replace(one, values={**one.values, **values})
            found.append(self._as_steward(plan, actor, whole))
        if not found:
            return refusal
        team = {str(each.values.get("person")) for each in found if each.section is Section.CARE_TEAM}
        mine = next((each for each in found if each.values.get("state") == "accepted"), None)
        if mine is None or actor.person_id in team:
            return found
        return [*found, *joined(plan, actor, new_id, words(mine.values, "title"))]

    def _as_steward(self, plan: PlanContent, actor: Participant, one: Create) -> Create:
        mine = one.section is Section.CARE_TEAM and one.values.get("person") == self.people.get(STEWARD)
        if mine and actor.person_id == self.people.get(STEWARD) and not steward(plan):
            return replace(one, values={**one.values, "steward": "yes"})
        return one


def _names(value: object, there: frozenset[str], ids: frozenset[str]) -> bool:
    """Return whether a set names an entry that is made in the same act, which nothing but this can know of."""
    return isinstance(value, Mapping) and any(each in ids and each not in there for each in value)


def entries_of(plan: PlanContent) -> frozenset[str]:
    """Return the ids of all entries of the plan, the retired ones included."""
    return frozenset(entry for section in Section for entry in plan.entries(section))


def lacking_of(plan: PlanContent, template: PlanTemplate) -> list[TemplateEntry]:
    """Return the template's entries that were never put into the plan, a retired one counting as put there."""
    there = entries_of(plan)
    return [each for each in template.entries if each.id_in(plan.plan_id, template.name) not in there]
