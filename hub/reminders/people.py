"""Everything that reminders ask about plans and people, asked once for many: contents, parts, terms."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from auth.decisions import assignments, facts_of
from auth.roles import Participant
from hub.jobs.letters import Channel
from hub.live.commands import PlanContent
from hub.live.zones import Zones, zone_named
from hub.reminders.choices import Terms, terms_of
from hub.store.absences import Absences
from hub.store.engine import Engine
from hub.store.organisations import Organisations
from hub.store.participants import Participants
from hub.store.people import People, Person
from hub.store.plans import Plans
from hub.store.reminder_choices import ReminderChoices


class ContentsOfPlans(Protocol):
    """The live plans, as far as many are read at once."""

    async def contents(self, plan_ids: Sequence[str]) -> Sequence[PlanContent]:
        """Return the content of each of these plans, in order."""


@dataclass(frozen=True, slots=True)
class Reminded:
    """Somebody who may be reminded."""

    person: Person
    terms: Terms


class ReminderPeople:
    """Asks the store."""

    def __init__(self, engine: Engine, plans: ContentsOfPlans, zones: Zones, ways: Collection[Channel]) -> None:
        """``ways``: the channels by which this hub can send."""
        self._live, self._zones, self.ways = plans, zones, frozenset(ways) | {Channel.PAGE}
        self._people, self._participants, self._plans = People(engine), Participants(engine), Plans(engine)
        self._organisations, self._absences = Organisations(engine), Absences(engine)
        self.choices = ReminderChoices(engine)

    async def contents(self, plan_ids: Collection[str]) -> Mapping[str, PlanContent]:
        """Return what stands in these plans, with what is known of their patients, by id."""
        ids = sorted(plan_ids)
        stored = await self._plans.among(ids)
        known = [each for each in ids if each in stored]
        return {
            plan_id: replace(
                content, born=stored[plan_id].born, sex=stored[plan_id].gender, deceased=stored[plan_id].deceased
            )
            for plan_id, content in zip(known, await self._live.contents(known), strict=True)
        }

    async def away(self, now: datetime) -> Mapping[str, str]:
        """Return who is away now, with who stands in for them."""
        return {each.person: each.stand_in for each in await self._absences.all_now(now)}

    async def stewards(self, plan_ids: Collection[str]) -> Mapping[str, str]:
        """Return who answers for each of these plans, ``""`` for nobody."""
        return {plan_id: plan.steward or "" for plan_id, plan in (await self._plans.among(sorted(plan_ids))).items()}

    async def open_plans(self, person_id: str, now: datetime) -> list[str]:
        """Return the open plans in which somebody takes part."""
        return [each.plan.plan_id for each in await self._plans.panel(person_id, now)]

    async def parts(
        self, person_id: str, contents: Mapping[str, PlanContent], now: datetime
    ) -> Mapping[str, Participant]:
        """Return the part that somebody has in each of these plans, with the sections that an entry opens to them."""
        found = await self._participants.of_person(sorted(contents), person_id, now)
        return {plan_id: _assigned(part, contents[plan_id]) for plan_id, part in found.items()}

    async def team(self, content: PlanContent, now: datetime) -> list[Participant]:
        """Return everyone who takes part in a plan now."""
        everyone = await self._participants.of_plan(content.plan_id, now)
        return [
            _assigned(each, content) for each in everyone if not each.removed and (each.ends is None or each.ends > now)
        ]

    async def reminded(self, person_ids: Collection[str]) -> Mapping[str, Reminded]:
        """Return those of these people who may sign in, with the terms on which they are reminded."""
        people = await self._people.among(sorted(person_ids))
        return await self._with_terms([each for each in people.values() if each.active])

    async def everybody(self) -> Mapping[str, Reminded]:
        """Return everyone who may sign in."""
        return await self._with_terms(await self._people.active())

    async def _with_terms(self, people: Sequence[Person]) -> Mapping[str, Reminded]:
        choices = await self.choices.among([each.person_id for each in people])
        clinics = await self.choices.defaults()
        zones = {each.organisation_id: each.time_zone for each in await self._organisations.all()}
        found = {}
        for each in people:
            home = each.organisation or ""
            zone = zone_named(zones[home]) if home in zones else self._zones.default
            terms = terms_of(
                choices[each.person_id], clinics.get(home, clinics[""]), role=each.role, mail=each.email,
                locale=each.locale, zone=zone, ways=self.ways,
            )  # fmt: skip
            found[each.person_id] = Reminded(each, terms)
        return found


def _assigned(part: Participant, content: PlanContent) -> Participant:
    facts = (
        (section, facts_of(section, content.creator(section, entry), it.values))
        for section in content.sections
        for entry, it in content.entries(section).items()
    )
    return replace(part, assigned=assignments(part.person_id, facts))
