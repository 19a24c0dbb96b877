"""The doors of SCIM, and who is let in there.

What answers behind them is loaded when a provider first comes in: making its models takes a second, which every start
of a process and every command would pay for.
"""

import asyncio
from types import ModuleType
from typing import Final, cast

from starlette.requests import Request
from starlette.responses import Response

from hub.access.machines import SCIM
from hub.store.machines import KnownMachine
from web.doors.guards import Endpoint
from web.doors.machines import MachineDoor, for_machine


def _answers() -> ModuleType:
    from web.doors import scim  # noqa: PLC0415 - when a provider first comes in

    return scim


def _door(name: str, does: str) -> Endpoint:
    """Return the door behind which the function of that name answers; ``does`` says what."""

    async def answer(request: Request, machine: KnownMachine) -> Response:
        door = cast(MachineDoor, getattr(await asyncio.to_thread(_answers), name))
        return await door(request, machine)

    answer.__doc__ = does
    return for_machine(SCIM)(answer)


config: Final = _door("config", "Tell what this service can do.")
resource_types: Final = _door("resource_types", "Tell which resources there are, or of one of them.")
schemas: Final = _door("schemas", "Tell which attributes there are, or those of one resource.")
users: Final = _door("users", "List the accounts of the provider, or add one.")
user: Final = _door("user", "Show, replace, change or let go one account.")
groups: Final = _door("groups", "List the groups of the provider, or add one.")
group: Final = _door("group", "Show, replace, change or take away one group.")
search: Final = _door("search", "List accounts and groups that a search finds.")
search_users: Final = _door(
    "search_users", "List accounts that a search finds; posted, so that no name stands in an address."
)
search_groups: Final = _door("search_groups", "List groups that a search finds.")
nowhere: Final = _door("nowhere", "Say that there is nothing at this address.")
