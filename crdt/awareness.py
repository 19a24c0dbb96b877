"""Awareness updates of y-protocols: who is here, as one JSON text a client.

Grammar: ``varUint count``, then for each state ``varUint client``, ``varUint clock``, ``varString JSON``; the text
``null`` says that the client has gone. Clocks only grow: a state with a lower clock is old news to every receiver.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from crdt.lib0 import EncodingError, number, read_number, read_string, string

AWARENESS_STATES_MAX: Final = 8
"""States in one update from a peer. An honest one sends its own; a few more are skipped, not obeyed."""

AWARENESS_STATE_BYTES_MAX: Final = 2048
GONE: Final = "null"


class AwarenessError(ValueError):
    """The bytes are no awareness update within the bounds."""


@dataclass(frozen=True, slots=True)
class AwarenessState:
    """What one client says of itself."""

    client: int
    clock: int
    text: str
    """JSON."""


def decode_states(payload: bytes) -> list[AwarenessState]:
    """Return the states of an update.

    Raises:
        AwarenessError: cut short, trailing bytes, too many, too long, not UTF-8.
    """
    try:
        count, at = read_number(payload, 0)
        if count > AWARENESS_STATES_MAX:
            raise AwarenessError(f"{count} states, at most {AWARENESS_STATES_MAX}")
        states = []
        for _ in range(count):
            client, at = read_number(payload, at)
            clock, at = read_number(payload, at)
            text, at = read_string(payload, at)
            if len(text.encode()) > AWARENESS_STATE_BYTES_MAX:
                raise AwarenessError(f"a state of over {AWARENESS_STATE_BYTES_MAX} bytes")
            states.append(AwarenessState(client, clock, text))
    except IndexError as error:
        raise AwarenessError(f"{len(payload)} bytes are cut short") from error
    except EncodingError as error:
        raise AwarenessError(str(error)) from error
    if at != len(payload):
        raise AwarenessError(f"{len(payload) - at} bytes after the last state")
    return states


def encode_state(state: AwarenessState) -> bytes:
    """Return one state as it stands in an update."""
    return number(state.client) + number(state.clock) + string(state.text)


def encode_update(states: Collection[bytes]) -> bytes:
    """Return one update with states that ``encode_state`` made."""
    return number(len(states)) + b"".join(states)
