"""The form in which a journal row is hashed: canonical JSON (RFC 8785), chained by the hash of the row before.

A line is one JSON object with every column of the row but ``hash``, its members sorted by name, without white space:
bytes in base64, instants as ``2026-11-21T08:21:00.123456Z`` (no fraction where it is zero), ``words`` as the very
text that is stored, itself canonical. Columns that are empty stay in, so that one row has one form only.

What a row says of a person (its update, its words, its reason) is not in the line itself: in its place stands
``content_hash``, two salted SHA-256, one of the update, one of words and reason. So what was said can be erased later,
salt and all, and every hash and signature above it still holds; without the salt nobody finds out by trying what it
was. Rows of earlier versions (``OldLine``) hold the words themselves and have no salt.
"""

import hashlib
import re
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, TypeAlias

import msgspec
import rfc8785

JSON: TypeAlias = str | int | float | bool | Mapping[str, "JSON"] | Sequence["JSON"] | None
"""What the words of a change may hold."""

GENESIS: Final = bytes(32)
"""The ``prev_hash`` of a plan's first row."""

_encoder = msgspec.json.Encoder(order="deterministic")
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")
INTEGER_MAX: Final = 2**53 - 1
"""Integers beyond it do not survive a JSON reader that keeps doubles; they are refused."""


SALT_BYTES: Final = 16
"""Of each half of a row's salt: one for the update, one for words and reason."""

ERASED: Final = bytes(SALT_BYTES)
"""Stands in place of the salt of what was erased."""


class HashedRow(msgspec.Struct, frozen=True, gc=False):
    """What is hashed of a row. The fields stand in the order of their names, which is the canonical order."""

    action: str
    actor: str
    content_hash: bytes
    entry: str
    event: str
    field: str
    on_behalf_of: str
    outcome: str
    plan: str
    policy: str
    prev_hash: bytes
    purpose: str
    recorded: datetime
    role: str
    section: str
    seq: int
    session: str


class OldLine(msgspec.Struct, frozen=True, gc=False):
    """What is hashed of a row without a salt."""

    action: str
    actor: str
    entry: str
    event: str
    field: str
    on_behalf_of: str
    outcome: str
    plan: str
    policy: str
    prev_hash: bytes
    purpose: str
    reason: str
    recorded: datetime
    role: str
    section: str
    seq: int
    session: str
    update: bytes | None
    words: msgspec.Raw | None


def canonical_line(line: HashedRow | OldLine) -> bytes:
    """Return the canonical JSON of a line."""
    return _encoder.encode(line)


def line_hash(line: HashedRow | OldLine) -> bytes:
    """Return the SHA-256 of a line's canonical JSON, 32 bytes."""
    return hashlib.sha256(_encoder.encode(line)).digest()


def update_hash(salt: bytes, update: bytes | None) -> bytes:
    """Return the salted SHA-256 of an update, or of none."""
    return hashlib.sha256(salt + (b"\0" if update is None else b"\1" + update)).digest()


def words_hash(salt: bytes, reason: str, told: bytes | None) -> bytes:
    """Return the salted SHA-256 of a reason and of the canonical words, or of none."""
    why = reason.encode()
    return hashlib.sha256(salt + len(why).to_bytes(8) + why + (b"\0" if told is None else b"\1" + told)).digest()


def content_hash(salt: bytes, update: bytes | None, reason: str, told: bytes | None) -> bytes:
    """Return what stands in a row's line for what it says: 64 bytes."""
    return update_hash(salt[:SALT_BYTES], update) + words_hash(salt[SALT_BYTES:], reason, told)


def salts(count: int) -> list[bytes]:
    """Return so many salts of two halves each, from one draw of the system's randomness, which is not kept."""
    secret = secrets.token_bytes(2 * SALT_BYTES)
    if count == 1:
        return [secret]
    return [hashlib.sha256(secret + number.to_bytes(8)).digest() for number in range(count)]


def canonical(value: JSON) -> bytes:
    """Return the canonical JSON of a value.

    What holds no floats and only ASCII names is written by the fast encoder, which is the same bytes there.

    Raises:
        UnicodeEncodeError: a text holds a lone surrogate.
        ValueError: an integer of 2**53 or beyond, a float that is not a number, or a name that is not text.
    """
    try:
        if _is_plain(value):
            return _encoder.encode(value)
        return rfc8785.dumps(_thawed(value))
    except rfc8785.CanonicalizationError as error:
        if isinstance(error.__cause__, UnicodeEncodeError):
            raise error.__cause__ from error
        raise ValueError(str(error)) from error


def storable(text: str) -> str:
    """Return the text with what neither Postgres nor UTF-8 can hold (NUL, lone surrogates) replaced by U+FFFD."""
    return _UNSTORABLE.sub("\ufffd", text)


def storable_json(value: JSON) -> JSON:
    """Return the value with every text in it made storable."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, Mapping):
        return {storable(name): storable_json(inner) for name, inner in value.items()}
    if isinstance(value, Sequence):
        return [storable_json(inner) for inner in value]
    return value


def _is_plain(value: JSON) -> bool:
    if value is None or isinstance(value, str | bool):
        return True
    if isinstance(value, int):
        return abs(value) <= INTEGER_MAX
    if isinstance(value, dict):
        return all(isinstance(name, str) and name.isascii() and _is_plain(inner) for name, inner in value.items())
    return isinstance(value, list | tuple) and all(map(_is_plain, value))


def _thawed(value: JSON) -> JSON:
    """Return the value in the builtin types that ``rfc8785`` knows."""
    if isinstance(value, Mapping):
        return {name: _thawed(inner) for name, inner in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_thawed(inner) for inner in value]
    return value
