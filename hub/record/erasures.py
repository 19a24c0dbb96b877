"""What was erased of which row: what an ``erase`` row says, and what ``verify`` compares with what is gone.

Of a row, its words and reason may be erased, and its update's content. In place of an update stands another that says
the same of places and nothing of what stood in them (``crdt.erasing``); its SHA-256 is in the erase row, and so under
every later hash and signature.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from hub.record.chain import ERASED, JSON, SALT_BYTES


class Erasure(msgspec.Struct, frozen=True, kw_only=True):
    """What is gone of one row."""

    seq: int
    words: bool
    """Its words and its reason."""
    update: str = ""
    """The SHA-256, in hexadecimal, of what stands in place of its update; empty where that was not erased."""

    @classmethod
    def of(cls, seq: int, salt: bytes, update: bytes | None) -> "Erasure":
        """Return what is gone of a row as it stands, by its salt."""
        gone = salt[:SALT_BYTES] == ERASED
        return cls(
            seq=seq,
            words=salt[SALT_BYTES:] == ERASED,
            update=hashlib.sha256(update or b"").hexdigest() if gone else "",
        )


class _Told(msgspec.Struct):
    rows: list[Erasure]


_told: "msgspec.json.Decoder[_Told]" = msgspec.json.Decoder(_Told)


def named(erasures: Sequence[Erasure]) -> Mapping[str, JSON]:
    """Return the words of the erase row that names these."""
    return {"rows": [msgspec.to_builtins(each) for each in erasures]}


def erasures_named(told: str | None) -> Iterator[Erasure]:
    """Yield what an erase row names; nothing where its words are none."""
    try:
        yield from _told.decode(told or "{}").rows
    except msgspec.ValidationError:
        return
