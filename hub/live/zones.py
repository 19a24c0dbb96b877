"""Where each plan is at home, as far as clocks go: every date, due day and clock of a plan is of its zone and house."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, tzinfo
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from hub.directory.houses import House
from hub.record.journal import JournalAwayError

READ_SECONDS: Final = 15.0
"""A changed zone of an organisation is everywhere after this."""


Homes: TypeAlias = tuple[str, Mapping[str, str], House, Mapping[str, House]]
"""What ``know`` takes over."""


class Zones:
    """The zones of plans: of the default organisation, but for the plans that are said to be at home elsewhere."""

    def __init__(self) -> None:
        self.default: tzinfo = UTC
        self._elsewhere: dict[str, tzinfo] = {}
        self._house = House()
        self._houses: Mapping[str, House] = {}

    def know(
        self,
        default: str,
        elsewhere: Mapping[str, str],
        house: House | None = None,
        houses: Mapping[str, House] | None = None,
    ) -> None:
        """Take over the default organisation's zone and house, and those of the plans of others, by IANA names."""
        self.default = zone_named(default)
        self._elsewhere = {plan_id: zone_named(name) for plan_id, name in elsewhere.items()}
        self._house, self._houses = house or House(), houses or {}

    def of(self, plan_id: str) -> tzinfo:
        """Return where the plan is at home."""
        return self._elsewhere.get(plan_id, self.default)

    def house_of(self, plan_id: str) -> House:
        """Return the hours of the organisation where the plan is at home."""
        return self._houses.get(plan_id, self._house)

    async def keep(self, read: Callable[[], Awaitable[Homes]]) -> None:
        """Read the zones again and again; while the database is away the last ones stand."""
        while True:
            await asyncio.sleep(READ_SECONDS)
            try:
                self.know(*await read())
            except JournalAwayError:
                continue


def zone_named(name: str) -> tzinfo:
    """Return the zone of an IANA name, UTC for a name that this machine's table of zones lacks."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC
