"""What hospitals tell, put together: the listener of this process, on the socket that the whole hub shares, and who
works on what came."""

import os
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from socket import socket
from typing import Protocol

from hub.hospitals.applying import Applying, FollowedPlans
from hub.hospitals.deciding import Deciding
from hub.hospitals.receiving import Receiving
from hub.hospitals.telling import StayTelling
from hub.ids import new_id
from hub.jobs.handlers import Handlers
from hub.record.journal import Journal
from hub.sockets.mllp import MllpListener, tls_of
from hub.store.engine import Engine
from web.settings import AdtDoor, Settings, SettingsError


class HospitalPlans(FollowedPlans, Protocol):
    """The live plans, as hospitals reach them."""

    def written(self, plan_id: str, seq: int) -> None:
        """Take note of rows that were written beside the plan's room."""


@dataclass(frozen=True, slots=True)
class Hospitals:
    """What a process does with hospitals' messages."""

    receiving: Receiving
    applying: Applying
    telling: StayTelling
    deciding: Deciding
    listeners: Sequence[MllpListener]

    async def stop(self) -> None:
        """Take no more messages."""
        for each in self.listeners:
            await each.stop()

    def work_in(self, handlers: Handlers) -> None:
        """Take on the kinds of job that messages make."""
        self.applying.work_in(handlers)
        self.telling.work_in(handlers)


def hospitals_over(
    engine: Engine, journal: Journal, plans: HospitalPlans, settings: Settings, now: Callable[[], datetime]
) -> Hospitals:
    """Return it, over the store and the live plans.

    Raises:
        SettingsError: the certificates can't be used.
    """
    receiving = Receiving(engine, now, new_id)
    applying = Applying(engine, journal, plans, receiving, now)
    telling = StayTelling(engine, journal, plans.content, plans.written, now)
    deciding = Deciding(engine, journal, receiving, applying.identifying, now)
    return Hospitals(receiving, applying, telling, deciding, _listeners(settings, receiving))


def _listeners(settings: Settings, receiving: Receiving) -> Sequence[MllpListener]:
    """Return the listener that the settings ask for, or none.

    Raises:
        SettingsError: the certificates can't be used.
    """
    door = settings.adt
    if door is None or door.descriptor is None:
        return []
    own = socket(fileno=os.dup(door.descriptor))  # The listener closes it; another process goes on with its own.
    return [MllpListener(own, receiving.answered, _tls_of(door))]


def _tls_of(door: AdtDoor) -> ssl.SSLContext | None:
    """Return how the door is locked, ``None`` where it is open to this machine alone.

    Raises:
        SettingsError: the certificates can't be used.
    """
    if door.certificate is None or door.key is None or door.clients is None:
        return None
    try:
        return tls_of(door.certificate, door.key, door.clients)
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(
            ["Set CAREPLAN_ADT_CERTIFICATE, CAREPLAN_ADT_KEY and CAREPLAN_ADT_CLIENTS to PEM files: "
             f"these can't be used ({error.strerror or type(error).__name__})."]
        ) from error  # fmt: skip
