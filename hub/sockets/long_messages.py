"""A message that is too long to be kept with what else arrives: gathered by itself until its last byte is there."""

from typing import Final

LONG_SECONDS_MAX: Final = 180.0
"""The longest takes as long on a line of 400 kbit/s; slower than that it is not read to its end."""


class LongMessage:
    """Its bytes so far, masked as they came."""

    __slots__ = ("_data", "mask", "size")

    def __init__(self, size: int, mask: bytes) -> None:
        self.size = size
        self.mask = mask
        self._data = bytearray()

    @property
    def complete(self) -> bool:
        """Its last byte is there."""
        return len(self._data) == self.size

    def take(self, data: bytes) -> bytes:
        """Take in what belongs to it, and return what stands behind it."""
        lacking = self.size - len(self._data)
        self._data += data[:lacking]
        return data[lacking:]

    def masked(self) -> bytes:
        """Return it whole."""
        return bytes(self._data)
