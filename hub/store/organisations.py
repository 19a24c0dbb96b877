"""Organisations as rows: clinics and practices, the zone of their clocks, the numbers families call."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from hub.record.journal import Turn
from hub.store.engine import connected, connection_of
from hub.store.tables import organisation as table

ORGANISATIONS_MAX: Final = 500

UNNAMED: Final = "Our organisation"
"""The name that the first organisation has until somebody gives it its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """A clinic or practice; ``name``, address and numbers as families see them."""

    organisation_id: str
    name: str
    number_system: str
    """Names its record numbers everywhere, as in ``urn:uuid:...``."""
    address: str = ""
    phone: str = ""
    phone_after_hours: str = ""
    time_zone: str = "UTC"
    """An IANA name: the clock of every date and rule of its plans."""
    language: str = "en"
    emergency_number: str = "911"
    opening: tuple[tuple[str, str], ...] = ()
    """From and to, ``08:00``, for Monday to Sunday; two empty texts for a closed day, nothing at all: not said."""
    holidays: tuple[str, ...] = ()
    """Own closed days, as ``2026-12-24``."""
    answer_hours: Mapping[str, int] = field(default_factory=dict)
    """Within how many open hours questions are answered, by topic; the usual ones where nothing is said."""
    confidential_age: int = 13
    """From this age on what is confidential to a minor is closed to their guardians."""
    majority_age: int = 18
    """A guardian of a minor acts until then; the states differ (Alabama and Nebraska 19, Mississippi 21)."""


class Organisations:
    """Organisations as rows. The first one is there from the beginning; it is the default."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def all(self) -> list[Organisation]:
        """Return all of them, the default first."""
        query = sa.select(table).order_by(table.c.created, table.c.id).limit(ORGANISATIONS_MAX)
        async with connected(self._engine) as connection:
            return [_organisation(row._mapping) for row in await connection.execute(query)]

    async def default(self) -> Organisation:
        """Return the first one."""
        return (await self.all())[0]

    async def get(self, organisation_id: str) -> Organisation | None:
        """Return the one of that id."""
        query = sa.select(table).where(table.c.id == organisation_id)
        async with connected(self._engine) as connection:
            row = (await connection.execute(query)).first()
        return None if row is None else _organisation(row._mapping)

    async def add(self, turn: Turn, organisation: Organisation) -> None:
        """Add one that is not there yet."""
        await connection_of(turn).execute(sa.insert(table).values(_values(organisation)))

    async def change(self, turn: Turn, organisation: Organisation) -> None:
        """Make the row say what ``organisation`` says."""
        changed = sa.update(table).where(table.c.id == organisation.organisation_id).values(_values(organisation))
        await connection_of(turn).execute(changed)


def _values(organisation: Organisation) -> dict[str, object]:
    values = msgspec.to_builtins(asdict(organisation))
    assert isinstance(values, dict), "a dataclass is a mapping of its fields"
    values["id"] = values.pop("organisation_id")
    return values


def _organisation(row: sa.RowMapping) -> Organisation:
    values: dict[str, object] = {str(name): value for name, value in row.items() if name != "created"}
    values["organisation_id"] = values.pop("id")
    return msgspec.convert(values, Organisation)
