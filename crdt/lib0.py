"""The few encodings of lib0 that the wire and the updates are made of: varint, bytes, string.

A varint holds seven bits a byte, least significant first, the high bit saying that more follow. Bytes and strings
(UTF-8) follow their length **in bytes** as a varint.
"""

from typing import Final

NUMBER_MAX: Final = (1 << 53) - 1
"""The largest whole number a JavaScript peer can hold; a larger one is refused when read."""

NUMBER_BITS_MAX: Final = 56
"""Eight bytes hold every number up to ``NUMBER_MAX``; a longer varint is refused unread."""


class EncodingError(ValueError):
    """The bytes are not what they should be. The message names a number, never content."""


def read_number(data: bytes, at: int) -> tuple[int, int]:
    """Return the varint at that offset and the offset behind it.

    Raises:
        IndexError: the bytes end inside it.
        EncodingError: it is above ``NUMBER_MAX``, or written with more bytes than it needs.
    """
    byte = data[at]
    if byte < 128:
        return byte, at + 1
    number = byte & 127
    shift = 7
    while byte > 127:
        at += 1
        byte = data[at]
        number |= (byte & 127) << shift
        shift += 7
        if shift > NUMBER_BITS_MAX and byte > 127:
            raise EncodingError(f"a number at byte {at} is too long")
    if number > NUMBER_MAX or not byte:
        raise EncodingError(f"a number at byte {at} is over 2**53, or longer than it need be")
    return number, at + 1


def read_signed(data: bytes, at: int) -> tuple[int, int]:
    """Return the signed varint at that offset (its first byte holds the sign and six bits) and the offset behind it.

    Raises:
        IndexError: the bytes end inside it.
        EncodingError: its size is above ``NUMBER_MAX``, or it is written with more bytes than it needs.
    """
    byte = data[at]
    negative = byte & 64
    number = byte & 63
    shift = 6
    while byte > 127:
        at += 1
        byte = data[at]
        number |= (byte & 127) << shift
        shift += 7
        if shift > NUMBER_BITS_MAX and byte > 127:
            raise EncodingError(f"a number at byte {at} is too long")
    if number > NUMBER_MAX or (not byte and shift > 6):
        raise EncodingError(f"a number at byte {at} is over 2**53, or longer than it need be")
    return (-number if negative else number), at + 1


def read_bytes(data: bytes, at: int) -> tuple[bytes, int]:
    """Return the counted bytes at that offset and the offset behind them.

    Raises:
        IndexError: the bytes end inside their length.
        EncodingError: they are cut short.
    """
    length, at = read_number(data, at)
    end = at + length
    if end > len(data):
        raise EncodingError(f"a block of {length} bytes is cut short")
    return data[at:end], end


def read_string(data: bytes, at: int) -> tuple[str, int]:
    """Return the counted UTF-8 string at that offset and the offset behind it.

    Raises:
        IndexError: the bytes end inside its length.
        EncodingError: it is cut short or not UTF-8 (a lone surrogate is not).
    """
    raw, end = read_bytes(data, at)
    try:
        return raw.decode(), end
    except UnicodeDecodeError as error:
        raise EncodingError(f"a string of {len(raw)} bytes is not UTF-8") from error


def number(value: int) -> bytes:
    """Return the varint of a whole number from 0 to ``NUMBER_MAX``."""
    assert 0 <= value <= NUMBER_MAX, "only what the other side can read is written"
    written = bytearray()
    while value > 127:
        written.append(value & 127 | 128)
        value >>= 7
    written.append(value)
    return bytes(written)


def counted(raw: bytes) -> bytes:
    """Return the bytes with their length in front."""
    return number(len(raw)) + raw


def string(words: str) -> bytes:
    """Return the words as UTF-8 with their length in bytes in front."""
    return counted(words.encode())
