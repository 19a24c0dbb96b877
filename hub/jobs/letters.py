"""Letters on their way: kept sealed until they are sent, sent at most twice, and told of where they can't be."""

from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from secrets import token_bytes
from typing import Final, Protocol, TypeAlias

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hub.jobs.handlers import NotDoneError

SEND: Final = "letter.send"
RETURNED: Final = "letter.returned"
UNANSWERED_MAX: Final = 2
"""So often a letter may be begun without anybody knowing what became of it: at most one arrives twice."""
NONCE_BYTES: Final = 12
CODE_LASTS: Final = timedelta(minutes=10)
LETTER_LASTS: Final = timedelta(hours=24)
"""A letter that could not be sent for so long is given up, and somebody told to call."""


class Occasion(StrEnum):
    """What a letter is about."""

    INVITATION = "invitation"
    CODE = "code"
    SIGN_IN = "sign-in"
    HUDDLE = "huddle"
    REMINDER = "reminder"


class Channel(StrEnum):
    """How somebody is told."""

    MAIL = "mail"
    TEXT = "text"
    PAGE = "page"
    """By the page alone: nothing leaves."""


class Letter(msgspec.Struct, frozen=True):
    """One message to one address; a text message has no subject."""

    address: str
    subject: str
    words: str
    channel: Channel = Channel.MAIL
    key: str = ""
    """Names the message to whoever takes it, so that a double can be known as one."""
    calendar: str = ""
    """Appointments that go with it, as iCalendar (RFC 5545)."""


WriteCode: TypeAlias = Callable[[str, str], Letter]
"""Writes the letter with a code: address and code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What the hub may know of a letter without opening it."""

    occasion: Occasion
    expires: datetime
    plan: str = ""
    about: str = ""
    """The invitation it carries."""
    sender: str = ""
    """Whose act it follows."""
    person: str = ""
    """Whom it goes to, where that is somebody who signs in."""


@dataclass(frozen=True, slots=True)
class Posted:
    """How a letter stands."""

    letter_id: str
    occasion: Occasion
    plan: str
    about: str
    sender: str
    made: datetime
    expires: datetime
    unanswered: int
    """Times it was begun, and nobody knows what became of it; the time under way included."""
    outcome: str
    """``waiting``, ``sent`` or ``failed``."""
    reason: str
    ended: datetime | None
    person: str = ""
    channel: Channel = Channel.MAIL
    delivered: datetime | None = None
    """When the gateway said that it arrived."""
    opened: datetime | None = None
    """When the person opened what it leads to, signed in."""


class NotSentError(NotDoneError):
    """A letter did not leave. ``unanswered``: it may have, all the same."""

    def __init__(self, code: str, *, for_good: bool = False, unanswered: bool = False) -> None:
        super().__init__(code, for_good=for_good)
        self.unanswered = unanswered


class LetterWay(Protocol):
    """A way for letters to leave."""

    async def __call__(self, letter: Letter) -> str | None:
        """Send it, and return by which name the other side tells of it later, if it does. Raises ``NotSentError``."""


class Seal:
    """Keeps letters unreadable in the database and its backups: a link and a code are ways in while they wait."""

    def __init__(self, secret: str, random: Callable[[int], bytes] = token_bytes) -> None:
        self._cipher = AESGCM(sha256(b"letters:" + secret.encode()).digest())
        self._random = random

    def closed(self, letter_id: str, letter: Letter) -> str:
        """Return the letter sealed, good for this id only."""
        nonce = self._random(NONCE_BYTES)
        sealed = self._cipher.encrypt(nonce, msgspec.json.encode(letter), letter_id.encode())
        return b64encode(nonce + sealed).decode()

    def opened(self, letter_id: str, sealed: str) -> Letter:
        """Return the letter.

        Raises:
            NotSentError: it was sealed with another secret key.
        """
        raw = b64decode(sealed)
        try:
            plain = self._cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], letter_id.encode())
        except InvalidTag:
            raise NotSentError("sealed-with-another-key", for_good=True) from None
        return msgspec.json.decode(plain, type=Letter)
