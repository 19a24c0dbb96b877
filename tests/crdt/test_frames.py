"""Frames: the wire format of Hocuspocus v4, by vectors that its own packages wrote."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdt.frames import DOCUMENT_BYTES_MAX, FRAME_BYTES_MAX, Frame, FrameError, FrameKind, decode, encode

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "frames.json").read_text())
WORDED = {FrameKind.TOKEN, FrameKind.PERMISSION_DENIED, FrameKind.AUTHENTICATED, FrameKind.STATELESS, FrameKind.CLOSE}
BARE = {FrameKind.PING, FrameKind.PONG}


@pytest.mark.parametrize("vector", VECTORS["frames"], ids=lambda vector: vector["fact"])
def test_a_frame_of_the_stock_provider_says_what_it_says(vector: dict[str, str]) -> None:
    frame = Frame(vector["document"], FrameKind[vector["kind"]], bytes.fromhex(vector["payload"]))

    assert decode(bytes.fromhex(vector["frame"])) == frame
    if "decode_only" not in vector:
        assert encode(frame) == bytes.fromhex(vector["frame"])


@pytest.mark.parametrize("vector", VECTORS["refused"], ids=lambda vector: vector["fact"])
def test_bytes_that_are_no_frame_are_refused(vector: dict[str, str]) -> None:
    with pytest.raises(FrameError):
        decode(bytes.fromhex(vector["frame"]))


def test_every_kind_has_a_vector() -> None:
    assert {vector["kind"] for vector in VECTORS["frames"]} == {kind.name for kind in FrameKind}


@pytest.mark.parametrize(("kind", "size"), [(FrameKind.SYNC_STEP_2, 8 << 20), (FrameKind.SYNC_STEP_1, 2 << 20)])
def test_only_what_a_sync_repeats_may_be_long(kind: FrameKind, size: int) -> None:
    long = Frame("goals", kind, bytes(size))

    assert decode(encode(long)) == long
    for other in (Frame("goals", kind, bytes(size + 100)), Frame("goals", FrameKind.UPDATE, bytes(FRAME_BYTES_MAX))):
        with pytest.raises(FrameError, match="too long"):
            decode(encode(other))


def test_a_frame_over_the_bound_is_refused_unread() -> None:
    with pytest.raises(FrameError, match="too long"):
        decode(b"\xff" * (FRAME_BYTES_MAX + 1))


@st.composite
def frames(draw: st.DrawFn) -> Frame:
    kind = draw(st.sampled_from(FrameKind))
    if kind in BARE:
        return Frame("", kind)
    document = draw(st.text(max_size=DOCUMENT_BYTES_MAX // 4))
    if kind is FrameKind.QUERY_AWARENESS:
        return Frame(document, kind)
    if kind is FrameKind.SYNC_STATUS:
        return Frame(document, kind, draw(st.sampled_from([b"\x00", b"\x01"])))
    return Frame(document, kind, draw(st.text()).encode() if kind in WORDED else draw(st.binary(max_size=300)))


@given(frames())
def test_what_is_encoded_is_decoded(frame: Frame) -> None:
    assert decode(encode(frame)) == frame


@given(st.binary(max_size=80))
def test_no_bytes_do_more_than_raise_a_frame_error(data: bytes) -> None:
    try:
        frame = decode(data)
    except FrameError:
        return
    assert decode(encode(frame)) == frame
