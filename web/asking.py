"""What a page about access gets from its request: the services for it, and hashes of where it comes from."""

import hmac
from hashlib import sha256

from starlette.requests import Request

from hub.record.journal import JournalAwayError
from web.access import Access
from web.doors.guards import services


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
