"""Awareness updates are read strictly, within bounds, and written as y-protocols reads them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdt.awareness import (
    AWARENESS_STATE_BYTES_MAX,
    AWARENESS_STATES_MAX,
    AwarenessError,
    AwarenessState,
    decode_states,
    encode_state,
    encode_update,
)

A_STATE = st.builds(
    AwarenessState,
    client=st.integers(0, 2**53 - 1),
    clock=st.integers(0, 2**53 - 1),
    text=st.text(max_size=80).filter(lambda text: "\ud800" not in text),
)


@given(st.lists(A_STATE, max_size=AWARENESS_STATES_MAX))
def test_what_is_written_is_read_back(states: list[AwarenessState]) -> None:
    assert decode_states(encode_update([encode_state(each) for each in states])) == states


@given(st.binary(max_size=100))
def test_any_bytes_are_states_or_an_error(data: bytes) -> None:
    try:
        states = decode_states(data)
    except AwarenessError:
        return
    assert len(states) <= AWARENESS_STATES_MAX


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\x01",
        b"\x01\x01\x01\x05ab",
        b"\x00\x00",
        b"\x01\x01\x01\x01\xff",
        encode_update([encode_state(AwarenessState(1, 1, "x" * (AWARENESS_STATE_BYTES_MAX + 1)))]),
        encode_update([encode_state(AwarenessState(each, 1, "{}")) for each in range(AWARENESS_STATES_MAX + 1)]),
    ],
)
def test_broken_or_outsized_states_are_refused(payload: bytes) -> None:
    with pytest.raises(AwarenessError):
        decode_states(payload)
