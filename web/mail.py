"""Messages that leave the hub: by SMTP, or in the demo into a mailbox that this machine's visitor reads.

A message names nobody and says nothing of anyone's health: a mailbox is read over shoulders and scanned by machines.
"""

import asyncio
import socket
from collections import deque
from collections.abc import Sequence
from datetime import datetime
from email.message import EmailMessage
from typing import Final, Protocol

import aiosmtplib

from hub.jobs.letters import Letter, NotSentError
from web.languages import Language, _, language
from web.settings import Smtp

SMTP_SECONDS_MAX: Final = 15.0
LETTERS_KEPT_MAX: Final = 50
"""The demo's mailbox forgets the oldest beyond this."""
PERMANENT: Final = 500
"""Answers of a mail server from here on say that another try would end the same way (RFC 5321, 4.2.1)."""


class Mail(Protocol):
    """A way for letters to leave."""

    async def send(self, letter: Letter) -> None:
        """Send it, or raise ``NotSentError``."""


class SmtpMail:
    """Sends by the mail server of the settings."""

    def __init__(self, smtp: Smtp) -> None:
        self._smtp = smtp
        self._name = ""

    async def send(self, letter: Letter) -> None:
        """Send it.

        Raises:
            NotSentError: the mail server did not take it, or can't be known to have taken it.
        """
        try:
            message = EmailMessage()
            message["From"], message["To"], message["Subject"] = self._smtp.sender, letter.address, letter.subject
            message["Auto-Submitted"] = "auto-generated"
            if letter.key:
                message["Message-ID"] = f"<{letter.key}@{self._smtp.sender.rpartition('@')[2].strip('<> ')}>"
            message.set_content(letter.words)
            if letter.calendar:
                message.add_attachment(
                    letter.calendar, subtype="calendar", filename="appointment.ics", params={"method": "PUBLISH"}
                )
            self._name = self._name or await asyncio.to_thread(socket.getfqdn)  # It may take a name server seconds.
            await aiosmtplib.send(
                message,
                local_hostname=self._name,
                hostname=self._smtp.host,
                port=self._smtp.port,
                username=self._smtp.username or None,
                password=self._smtp.password or None,
                start_tls=self._smtp.starttls,
                timeout=SMTP_SECONDS_MAX,
            )
        except ValueError:  # No address, but two lines.
            raise NotSentError("no-address", for_good=True) from None
        except aiosmtplib.SMTPRecipientsRefused as error:
            for_good = all(each.code >= PERMANENT for each in error.recipients)
            raise NotSentError("no-such-mailbox" if for_good else "mailbox-busy", for_good=for_good) from None
        except (aiosmtplib.SMTPResponseException, aiosmtplib.SMTPConnectError, aiosmtplib.SMTPNotSupported) as error:
            raise NotSentError(type(error).__name__) from None
        except (aiosmtplib.SMTPException, OSError) as error:  # It went silent, perhaps with the letter in its hands.
            raise NotSentError(type(error).__name__, unanswered=True) from None


class Mailbox:
    """Keeps letters in memory for the demo's page; nothing leaves the machine."""

    def __init__(self, now: "Now") -> None:
        self._now = now
        self._letters: deque[tuple[datetime, Letter]] = deque(maxlen=LETTERS_KEPT_MAX)

    async def send(self, letter: Letter) -> None:
        self._letters.appendleft((self._now(), letter))

    def letters(self) -> Sequence[tuple[datetime, Letter]]:
        """Return what came, the newest first."""
        return list(self._letters)


class NoMail:
    """A hub without a mail server: nothing is sent, and the page says so."""

    async def send(self, letter: Letter) -> None:
        raise NotSentError("no-mail-server", for_good=True)


class Now(Protocol):
    """Says what time it is."""

    def __call__(self) -> datetime: ...


def invitation_letter(address: str, link: str, organisation: str, tags: Sequence[str]) -> Letter:
    """Return the message with an invitation's link: in each of these languages, for who is invited has chosen none."""
    parts = []
    for tag in tags:
        say = language(tag).say
        parts.append(
            say(_("%(clinic)s invites you to a page that a care team shares with you.")) % {"clinic": organisation}
            + f"\n\n{link}\n\n"
            + say(_("The link works for 72 hours. Opening it asks for a code before anything is shown."))
            + "\n"
            + say(_("If you did not expect this, you need do nothing."))
            + "\n"
        )
    return Letter(address, language(tags[0]).say(_("You have been invited to a shared page")), "\n\n".join(parts))


def code_letter(address: str, code: str, words: Language) -> Letter:
    """Return the message with the code for a link that was just opened, in the language of the page that asks."""
    told = (
        words.say(_("Your code is %(code)s.")) % {"code": code}
        + "\n\n"
        + words.say(_("It works for 10 minutes, once, in the window where you asked for it."))
        + "\n"
        + words.say(_("Nobody from the team will ask you for it."))
        + "\n"
    )
    return Letter(address, words.say(_("Your code")), told)


def sign_in_letter(address: str, organisation: str, link: str) -> Letter:
    """Return the message that tells somebody of the staff where to sign in with their work account."""
    words = (
        f"{organisation} has added you to its care plan hub.\n\n"
        f"{link}\n\n"
        "Sign in there with your work account. If you did not expect this, tell your administrator.\n"
    )
    return Letter(address, "You can sign in to the care plan hub", words)


def passkey_letter(address: str, link: str, words: Language) -> Letter:
    """Return the message that a passkey was made for this person, and where to remove it."""
    told = (
        words.say(_("A passkey was just made for you. Whoever has that device can sign in as you."))
        + "\n\n"
        + words.say(_("If it was not you, remove it and end the other sign-ins here:"))
        + f"\n{link}\n"
    )
    return Letter(address, words.say(_("A passkey was made for you")), told)
