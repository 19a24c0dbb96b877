"""Ids are UUIDv7 (RFC 9562) as lower-case text: minted anywhere without asking, sorted by when they were made."""

import secrets
import time
import uuid
from datetime import UTC, datetime
from typing import Final

HUB: Final = "00000000-0000-0000-0000-000000000000"
"""Stands for the plan where something belongs to none: a sign-in, an audit search."""

_OURS: Final = uuid.UUID("6f0b1a52-6f0e-5d0e-9a55-3c3a1d0f4b21")


def minted(of: str) -> datetime | None:
    """Return when an id was minted, to the millisecond; ``None`` for what is none of ours."""
    try:
        told = uuid.UUID(of)
    except ValueError:
        return None
    return datetime.fromtimestamp((told.int >> 80) / 1_000, UTC) if told.version == 7 else None


def known_id(*words: str) -> str:
    """Return the id that stands for these words: the same for the same, in every process (UUIDv5)."""
    return str(uuid.uuid5(_OURS, "\x1f".join(words)))


def new_id() -> str:
    """Return a new id; ids of one machine sort by the millisecond they were minted in."""
    milliseconds = time.time_ns() // 1_000_000
    number = (milliseconds & (2**48 - 1)) << 80 | secrets.randbits(80)
    number = number & ~(0xF << 76) | 0x7 << 76
    number = number & ~(0x3 << 62) | 0x2 << 62
    return str(uuid.UUID(int=number))
