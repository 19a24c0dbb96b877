"""Huddles as rows. They change in a turn of the hub's own journal, so that every act on any of them has its place."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from hub.record.journal import Turn
from hub.store.engine import connected, connection_of
from hub.store.tables import huddle as table
from hub.store.tables import huddle_attendee as attendee
from hub.store.tables import huddle_item as item
from hub.workflows.huddle_states import Attendee, Course, Huddle, HuddleItem, Stand

HUDDLES_LISTED_MAX: Final = 60


class HuddleRows:
    """Fills ``hub.huddles.keeping.KeptHuddles``."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def get(self, huddle_id: str) -> Huddle | None:
        """Return the huddle of that id."""
        async with connected(self._engine) as connection:
            return await _one(connection, huddle_id)

    async def held(self, turn: Turn, huddle_id: str) -> Huddle | None:
        """Return the huddle as it stands in this turn, which nobody else can change before the turn ends."""
        return await _one(connection_of(turn), huddle_id)

    async def keep(self, turn: Turn, huddle: Huddle) -> None:
        """Make the rows say what ``huddle`` says, a new one included."""
        connection = connection_of(turn)
        await connection.execute(_upsert(table, [_row(huddle)], ("id",)))
        plans = [each.plan_id for each in huddle.items]
        gone = sa.delete(item).where((item.c.huddle == huddle.huddle_id) & item.c.plan.not_in(plans))
        await connection.execute(gone)
        items = [_item_row(huddle.huddle_id, place, each) for place, each in enumerate(huddle.items)]
        items.sort(key=lambda each: each["stand"] == Stand.CURRENT)  # The old current one goes before the new comes.
        for each in items:
            await connection.execute(_upsert(item, [each], ("huddle", "plan")))
        people: list[dict[str, object]] = [
            {"huddle": huddle.huddle_id, "person": each.person_id, "joined": each.joined, "signed": each.signed}
            for each in huddle.attendees
        ]
        if people:
            await connection.execute(_upsert(attendee, people, ("huddle", "person")))

    async def among(self, plan_ids: Sequence[str], person_id: str, since: datetime) -> list[Huddle]:
        """Return the huddles made or ended after ``since``, or not ended, that have one of these plans or this person
        in them; the newest first."""
        about = sa.select(item.c.huddle).where(item.c.plan.in_(list(plan_ids)))
        in_it = sa.select(attendee.c.huddle).where(attendee.c.person == person_id)
        query = (
            sa.select(table.c.id)
            .where(table.c.id.in_(about) | table.c.id.in_(in_it))
            .where((table.c.course != Course.ENDED) | (table.c.ended > since))
            .order_by(table.c.made.desc())
            .limit(HUDDLES_LISTED_MAX)
        )
        async with connected(self._engine) as connection:
            ids = list(await connection.scalars(query))
            found = [await _one(connection, each) for each in ids]
        return [each for each in found if each is not None]

    async def agendas(self, plan_ids: Sequence[str], person_id: str) -> Mapping[str, tuple[str, frozenset[str]]]:
        """Return by id the title and the plans of each huddle that is not over, as ``among``, in one query."""
        plans = sa.func.array_agg(item.c.plan)
        in_it = sa.select(attendee.c.huddle).where(attendee.c.person == person_id)
        about = sa.select(item.c.huddle).where(item.c.plan.in_(list(plan_ids)))
        query = (
            sa.select(table.c.id, table.c.title, plans.label("plans"))
            .join(item, item.c.huddle == table.c.id)
            .where(table.c.id.in_(about) | table.c.id.in_(in_it))
            .where(table.c.course != Course.ENDED)
            .group_by(table.c.id, table.c.title, table.c.made)
            .order_by(table.c.made.desc())
            .limit(HUDDLES_LISTED_MAX)
        )
        async with connected(self._engine) as connection:
            return {row.id: (row.title, frozenset(row.plans)) for row in await connection.execute(query)}


def _upsert(of: sa.Table, values: list[dict[str, object]], keys: tuple[str, ...]) -> sa.Executable:
    statement = sa.dialects.postgresql.insert(of).values(values)
    changed = {name: statement.excluded[name] for name in values[0] if name not in keys}
    return statement.on_conflict_do_update(index_elements=[of.c[name] for name in keys], set_=changed)


def _row(huddle: Huddle) -> dict[str, object]:
    values = asdict(huddle)
    values["id"] = values.pop("huddle_id")
    values["driver"] = huddle.driver or None
    del values["items"], values["attendees"]
    return values


def _item_row(huddle_id: str, place: int, each: HuddleItem) -> dict[str, object]:
    values = asdict(each)
    values["plan"] = values.pop("plan_id")
    return {"huddle": huddle_id, "place": place, **values}


async def _one(connection: AsyncConnection, huddle_id: str) -> Huddle | None:
    row = (await connection.execute(sa.select(table).where(table.c.id == huddle_id))).first()
    if row is None:
        return None
    items = await connection.execute(sa.select(item).where(item.c.huddle == huddle_id).order_by(item.c.place))
    people = await connection.execute(
        sa.select(attendee).where(attendee.c.huddle == huddle_id).order_by(attendee.c.joined, attendee.c.person)
    )
    told = dict(row._mapping)
    return Huddle(
        huddle_id=told.pop("id"),
        course=Course(told.pop("course")),
        driver=told.pop("driver") or "",
        items=tuple(
            HuddleItem(each.plan, Stand(each.stand), Stand(each.before), each.seconds, each.flagged, each.added_by)
            for each in items
        ),
        attendees=tuple(Attendee(each.person, each.joined, each.signed) for each in people),
        **told,
    )
