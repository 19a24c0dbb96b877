"""What pages about access are given: inviting, redeeming, sharing, emergencies, and the letters that go with them."""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from starlette.requests import Request

from auth.sessions import recently_authenticated
from hub.access.changes import AccessChanges
from hub.access.emergencies import Emergencies
from hub.access.inviting import Inviting
from hub.access.redeeming import Redeeming
from hub.access.sharing import Sharing
from hub.record.journal import JournalAwayError
from hub.store.audits import Audits
from hub.store.engine import Engine
from hub.store.notifications import Notifications
from hub.store.people import People
from hub.store.sessions import Sessions
from web.doors.directory import SignedIn
from web.doors.guards import services
from web.mail import Mail, Mailbox, NoMail, Post, SmtpMail
from web.settings import Settings


@dataclass(frozen=True, slots=True)
class Access:
    """Who may what, as rows and as pages change it; every change goes through ``changes``."""

    changes: AccessChanges
    inviting: Inviting
    redeeming: Redeeming
    sharing: Sharing
    emergencies: Emergencies
    notifications: Notifications
    audits: Audits
    people: People
    sessions: Sessions
    post: Post
    now: Callable[[], datetime]

    async def reauthenticated(self, who: SignedIn) -> bool:
        """Return whether the person proved lately who they are: for inviting, emergencies and consent."""
        now = self.now()
        session = (await self.sessions.live_among([who.session_id], now)).get(who.session_id)
        return session is not None and recently_authenticated(session, now)


def access_over(
    engine: Engine,
    changes: AccessChanges,
    settings: Settings,
    now: Callable[[], datetime],
    new_id: Callable[[], str],
) -> Access:
    """Return it over the store."""
    return Access(
        changes=changes,
        inviting=Inviting(engine, changes, now, new_id),
        redeeming=Redeeming(engine, changes, now, new_id),
        sharing=Sharing(engine, changes, now),
        emergencies=Emergencies(engine, changes, now),
        notifications=Notifications(engine),
        audits=Audits(engine),
        people=People(engine),
        sessions=Sessions(engine),
        post=Post(_mail(settings, now)),
        now=now,
    )


def access(request: Request) -> Access:
    """Return it for a page.

    Raises:
        JournalAwayError: this hub has no store.
    """
    found = services(request).access
    if found is None:
        raise JournalAwayError("a hub without a store changes nobody's access")
    return found


def address_hash(request: Request) -> bytes:
    """Return what is kept of where a request comes from: a keyed hash, good for counting and for nothing else."""
    host = request.client.host if request.client is not None else ""
    return hmac.digest(services(request).settings.secret_key.encode() or b"-", host.encode(), sha256)


def mailbox_hash(request: Request, address: str) -> bytes:
    """Return what is kept of a mail address that somebody typed: a keyed hash, however it is spelt."""
    words = f"mailbox:{address.strip().lower()}"
    return hmac.digest(services(request).settings.secret_key.encode() or b"-", words.encode(), sha256)


def _mail(settings: Settings, now: Callable[[], datetime]) -> Mail:
    if settings.smtp is not None:
        return SmtpMail(settings.smtp)
    return Mailbox(now) if settings.demo else NoMail()
