"""Messages that leave the hub: by SMTP, or in the demo into a mailbox that this machine's visitor reads.

A message names nobody and says nothing of anyone's health: a mailbox is read over shoulders and scanned by machines.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from typing import Final, Protocol

import aiosmtplib
import structlog

from web.settings import Smtp

SMTP_SECONDS_MAX: Final = 15.0
LETTERS_KEPT_MAX: Final = 50
"""The demo's mailbox forgets the oldest beyond this."""
SENDING_AT_ONCE_MAX: Final = 20
"""Letters on their way at a time; one more is given up, and logged."""

_log: Final = structlog.get_logger("web")


@dataclass(frozen=True, slots=True)
class Letter:
    """One message to one address."""

    address: str
    subject: str
    words: str


class Mail(Protocol):
    """A way for letters to leave."""

    async def send(self, letter: Letter) -> bool:
        """Send it and return whether it was taken."""


class SmtpMail:
    """Sends by the mail server of the settings."""

    def __init__(self, smtp: Smtp) -> None:
        self._smtp = smtp

    async def send(self, letter: Letter) -> bool:
        try:
            message = EmailMessage()
            message["From"], message["To"], message["Subject"] = self._smtp.sender, letter.address, letter.subject
            message["Auto-Submitted"] = "auto-generated"
            message.set_content(letter.words)
            await aiosmtplib.send(
                message,
                hostname=self._smtp.host,
                port=self._smtp.port,
                username=self._smtp.username or None,
                password=self._smtp.password or None,
                start_tls=self._smtp.starttls,
                timeout=SMTP_SECONDS_MAX,
            )
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:  # ValueError: no address, but two lines.
            _log.warning("a message could not be sent", error=type(error).__name__)
            return False
        return True


class Mailbox:
    """Keeps letters in memory for the demo's page; nothing leaves the machine."""

    def __init__(self, now: "Now") -> None:
        self._now = now
        self._letters: deque[tuple[datetime, Letter]] = deque(maxlen=LETTERS_KEPT_MAX)

    async def send(self, letter: Letter) -> bool:
        self._letters.appendleft((self._now(), letter))
        return True

    def letters(self) -> Sequence[tuple[datetime, Letter]]:
        """Return what came, the newest first."""
        return list(self._letters)


class NoMail:
    """A hub without a mail server: nothing is sent, and the page says so."""

    async def send(self, letter: Letter) -> bool:
        return False


class Now(Protocol):
    """Says what time it is."""

    def __call__(self) -> datetime: ...


class Post:
    """Sends letters without making a stranger's answer wait: how long sending takes would tell that there is one."""

    def __init__(self, mail: Mail) -> None:
        self.mail = mail
        self._sending: set[asyncio.Task[bool]] = set()

    def send_soon(self, letter: Letter) -> None:
        """Begin to send; what can't be sent is logged without its words."""
        if len(self._sending) >= SENDING_AT_ONCE_MAX:
            _log.warning("a message could not be sent", error="too many at once")
            return
        task = asyncio.get_running_loop().create_task(self.mail.send(letter))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)


def invitation_letter(address: str, link: str) -> Letter:
    """Return the message with an invitation's link."""
    words = (
        "You have been invited to a shared page by a care team.\n\n"
        f"{link}\n\n"
        "The link works for 72 hours. Opening it asks for a code before anything is shown.\n"
        "If you did not expect this, you need do nothing.\n"
    )
    return Letter(address, "You have been invited to a shared page", words)


def code_letter(address: str, code: str) -> Letter:
    """Return the message with the code for a link that was just opened."""
    words = (
        f"Your code is {code}.\n\n"
        "It works for 10 minutes, once, in the window where you asked for it.\n"
        "Nobody from the team will ask you for it.\n"
    )
    return Letter(address, "Your code", words)


def sign_in_letter(address: str, organisation: str, link: str) -> Letter:
    """Return the message that tells somebody of the staff where to sign in with their work account."""
    words = (
        f"{organisation} has added you to its care plan hub.\n\n"
        f"{link}\n\n"
        "Sign in there with your work account. If you did not expect this, tell your administrator.\n"
    )
    return Letter(address, "You can sign in to the care plan hub", words)
