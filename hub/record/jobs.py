"""A job as it is put down in a turn: something to be done later, that waits if the turn commits, and only then."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

from hub.record.chain import JSON

PAYLOAD_BYTES_MAX: Final = 16_384
"""A job names what it is about; it carries no documents."""

Payload: TypeAlias = Mapping[str, JSON]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Something to be done. ``hub.jobs.handlers`` says by whom, and how often it is tried."""

    kind: str
    """``noun.verb``, as a handler was registered for."""
    payload: Payload
    """Ids and plain values. Nobody's words, names or secrets: the queue keeps it as it is."""
    due: datetime | None = None
    """Not before this instant; ``None`` for at once."""
    key: str = ""
    """Where it is given, at most one job with it waits or runs: another is put down to no effect."""
