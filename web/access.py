"""What pages about access are given: inviting, redeeming, sharing, emergencies, and the letters that go with them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from auth.sessions import recently_authenticated
from hub.access.changes import AccessChanges
from hub.access.emergencies import Emergencies
from hub.access.inviting import Inviting
from hub.access.personal_views import PersonalViews
from hub.access.redeeming import Redeeming
from hub.access.sharing import Sharing
from hub.record.journal import Journal
from hub.store.audits import Audits
from hub.store.engine import Engine
from hub.store.letters import Letters
from hub.store.notifications import Notifications
from hub.store.people import People
from hub.store.sessions import Sessions
from web.doors.directory import SignedIn
from web.mail import Mail, Mailbox, NoMail, SmtpMail
from web.settings import Settings
from web.texts import HttpTexts, Outward


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
    mail: Mail
    outward: Outward
    letters: Letters
    views: PersonalViews
    now: Callable[[], datetime]

    async def reauthenticated(self, who: SignedIn) -> bool:
        """Return whether the person proved lately who they are: for inviting, emergencies and consent."""
        now = self.now()
        session = (await self.sessions.live_among([who.session_id], now)).get(who.session_id)
        return session is not None and recently_authenticated(session, now)


def access_over(
    engine: Engine,
    journal: Journal,
    changes: AccessChanges,
    letters: Letters,
    settings: Settings,
    now: Callable[[], datetime],
    new_id: Callable[[], str],
) -> Access:
    """Return it over the store."""
    mail = _mail(settings, now)
    recorder = mail if isinstance(mail, Mailbox) else None  # The demo's text messages come into its mailbox.
    texts = HttpTexts(settings.text_gateway) if settings.text_gateway is not None else recorder
    return Access(
        changes=changes,
        inviting=Inviting(engine, changes, letters, now, new_id),
        redeeming=Redeeming(engine, changes, letters, now, new_id),
        sharing=Sharing(engine, changes, now),
        emergencies=Emergencies(engine, changes, now),
        notifications=Notifications(engine),
        audits=Audits(engine),
        people=People(engine),
        sessions=Sessions(engine),
        mail=mail,
        outward=Outward(mail, texts),
        letters=letters,
        views=PersonalViews(engine, journal),
        now=now,
    )


def letters_leave(settings: Settings) -> bool:
    """Return whether letters leave this hub, or come into the demo's mailbox."""
    return settings.smtp is not None or settings.demo


def _mail(settings: Settings, now: Callable[[], datetime]) -> Mail:
    if settings.smtp is not None:
        return SmtpMail(settings.smtp)
    return Mailbox(now) if settings.demo else NoMail()
