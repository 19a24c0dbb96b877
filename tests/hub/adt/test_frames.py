"""The framing: whatever comes, in whatever pieces, messages come out whole, and a fault costs one message at most."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.adt.frames import MESSAGE_BYTES_MAX, Framed, FrameFault, Framer, framed

BODIES = st.binary(max_size=200).map(lambda each: each.replace(b"\x0b", b"").replace(b"\x1c", b""))


@given(bodies=st.lists(BODIES, max_size=6), cuts=st.lists(st.integers(1, 40), max_size=40))
def test_messages_come_out_as_they_were_however_the_bytes_are_cut(bodies: list[bytes], cuts: list[int]) -> None:
    sent, framer, found = b"".join(map(framed, bodies)), Framer(), []

    for size in [*cuts, len(sent)]:
        found += list(framer.feed(sent[:size]))
        sent = sent[size:]

    assert found == [Framed(each) for each in bodies]


@given(noise=st.binary(max_size=300), body=BODIES)
def test_no_bytes_before_a_message_keep_it_from_being_read(noise: bytes, body: bytes) -> None:
    framer = Framer()

    *_, last = [*framer.feed(noise), *framer.feed(framed(body))]

    assert last == Framed(body)


@pytest.mark.parametrize(
    ("received", "found"),
    [
        (b"\x0bone\x1c\x0btwo\x1c\r\n", [Framed(b"one"), Framed(b"two")]),
        (b"\r\n \x0bone\x1c\r", [Framed(b"one")]),
        (b"GET / HTTP/1.1\r\n\r\n", [FrameFault.NOT_FRAMED]),
        (b"\x0bone\x0btwo\x1c\r", [FrameFault.BROKEN_OFF, Framed(b"two")]),
        (b"\x0b\x1c\r", [Framed(b"")]),
    ],
)
def test_what_senders_do_wrong_is_told_once(received: bytes, found: list[object]) -> None:
    assert list(Framer().feed(received)) == found


def test_a_message_that_never_ends_is_given_up_at_its_bound_and_the_next_one_is_read() -> None:
    framer, found = Framer(), []
    for piece in [b"\x0b", *([b"x" * 10_000] * 30), b"\x1c\r", framed(b"next")]:
        found += list(framer.feed(piece))

    assert found == [FrameFault.TOO_LONG, Framed(b"next")]
    assert list(Framer().feed(framed(b"x" * MESSAGE_BYTES_MAX))) == [Framed(b"x" * MESSAGE_BYTES_MAX)]
