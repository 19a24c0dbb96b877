"""The doors of FHIR, and who is let in there: machines with a token of the purpose ``fhir``, and people's apps.

What answers behind them is loaded when one first comes in. Each door takes every method, so that it can say in
its own format which it has.
"""

import asyncio
from collections.abc import Callable
from types import ModuleType
from typing import Final, cast

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from hub.access.machines import DEVICE, FHIR
from hub.store.machines import KnownMachine
from web.doors.guards import Endpoint, for_anyone
from web.doors.machines import FHIR_BASE, ISSUING_AT, Caller, CallerDoor, for_caller, for_machine
from web.doors.refusing import refused_as_outcome


def _answers() -> ModuleType:
    from web.doors import fhir  # noqa: PLC0415 - when a machine first comes in

    return fhir


def _writing() -> ModuleType:
    from web.doors import fhir_writing  # noqa: PLC0415 - when a machine first writes

    return fhir_writing


def _door(name: str, does: str, *, of: Callable[[], ModuleType] = _answers, also: str = "") -> Endpoint:
    """Return the door behind which the function of that name answers; ``does`` says what."""

    async def answer(request: Request, caller: Caller) -> Response:
        door = cast(CallerDoor, getattr(await asyncio.to_thread(of), name))
        return await door(request, caller)

    answer.__doc__ = does
    return for_caller(FHIR, refused_as_outcome, also=also)(answer)


@for_anyone
async def metadata(request: Request) -> Response:
    """Tell what the API can do."""
    found: Response = (await asyncio.to_thread(_answers)).metadata(request)
    return found


@for_anyone
async def smart_configuration(request: Request) -> Response:
    """Tell where a system gets its tokens."""
    found: Response = (await asyncio.to_thread(_answers)).smart_configuration(request)
    return found


@for_anyone
async def token(request: Request) -> Response:
    """Hand a short-lived token to a system that signs, or to an app that a person gave access to."""
    found: Response = await (await asyncio.to_thread(_answers)).token(request)
    return found


async def _process_message(request: Request, machine: KnownMachine) -> Response:
    """Take a message of a hospital or a laboratory."""
    from web.doors.process_message import process_message  # noqa: PLC0415 - when a machine first comes in

    return await process_message(request, machine)


async def _report(request: Request, machine: KnownMachine) -> Response:
    """Take a DiagnosticReport of a laboratory."""
    from web.doors.process_message import report  # noqa: PLC0415 - when a machine first comes in

    return await report(request, machine)


_EVERY: Final = ["GET", "POST", "PUT", "PATCH", "DELETE"]
FHIR_ROUTES: Final[tuple[BaseRoute, ...]] = (
    Route(FHIR_BASE + "/metadata", metadata, name="fhir_metadata"),
    Route(FHIR_BASE + "/.well-known/smart-configuration", smart_configuration, name="fhir_smart_configuration"),
    Route(FHIR_BASE + ISSUING_AT, token, name="fhir_token", methods=["POST"]),
    Route(
        FHIR_BASE + "/$process-message",
        for_machine(FHIR, refused_as_outcome)(_process_message),
        name="fhir_process_message",
        methods=_EVERY,
    ),
    Route(
        FHIR_BASE + "/DiagnosticReport",
        for_machine(FHIR, refused_as_outcome)(_report),
        name="fhir_report",
        methods=["POST"],
    ),
    Route(
        FHIR_BASE + "/Patient/{id}/$everything",
        _door("everything", "Hand out all that may be seen of a patient's plans."),
        name="fhir_everything",
        methods=_EVERY,
    ),
    Route(
        FHIR_BASE + "/CarePlan/{id}/$document",
        _door("plan_document", "Hand out a plan as one document."),
        name="fhir_document",
        methods=_EVERY,
    ),
    Route(
        FHIR_BASE + "/{kind}/_search",
        _door("search", "Search resources of a type; posted, so that no name stands in an address."),
        name="fhir_search_posted",
        methods=_EVERY,
    ),
    Route(
        FHIR_BASE + "/{kind}/{id}/_history/{version}",
        _door("version", "Hand out one resource as it was."),
        name="fhir_version",
        methods=_EVERY,
    ),
    Route(
        FHIR_BASE + "/{kind}/{id}/_history",
        _door("history", "Hand out the versions of a resource."),
        name="fhir_history",
        methods=_EVERY,
    ),
    Route(
        FHIR_BASE + "/{kind}/{id}",
        _door("update", "Change an entry to what a resource or a patch says.", of=_writing),
        name="fhir_update",
        methods=["PUT", "PATCH"],
    ),
    Route(
        FHIR_BASE + "/{kind}",
        _door("create", "Make what a resource says; a device sends its readings here.", of=_writing, also=DEVICE),
        name="fhir_create",
        methods=["POST"],
    ),
    Route(
        FHIR_BASE + "/{kind}/{id}", _door("resource", "Hand out one resource."), name="fhir_resource", methods=_EVERY
    ),
    Route(FHIR_BASE + "/{kind}", _door("search", "Search resources of a type."), name="fhir_search", methods=_EVERY),
    Route(
        FHIR_BASE + "/{elsewhere:path}",
        _door("nowhere", "Say that there is nothing at this address."),
        name="fhir_nowhere",
        methods=_EVERY,
    ),
)
"""FHIR R4: plans for other systems."""
