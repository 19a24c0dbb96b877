"""Coming back with a code: for people who were invited and have no passkey, a code to their mailbox at each visit.

Only an address that was proved counts: one to which an invitation's code went and from which it came back. Whoever
asks gets the same answer for every address. A code serves once, in the browser that asked for it.
"""

import hmac
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from auth.invitations import CODE_LASTS
from auth.passcodes import code_matches, hash_code

RETURN_CODE_LASTS: Final[timedelta] = CODE_LASTS
RETURN_TRIES_MAX: Final = 3
"""Wrong codes that end a code; with the last bound, 60 guesses an hour among a million."""
RETURN_CODES_MAX: Final = 5
"""Codes an hour to one mailbox for one network address; beyond it nothing is sent, and the page says what it always
says. Counted by address, so that a stranger who asks for a family's codes does not keep the family out."""
RETURN_CODES_IN_ALL_MAX: Final = 20
"""Codes an hour to one mailbox, whoever asks: what one finds among one's mail after somebody played with it."""
ADDRESS_CHARACTERS_MAX: Final = 200
"""No mail address is longer."""


@dataclass(frozen=True, slots=True)
class ReturnCode:
    """A code on its way, as it is kept; ``people`` are those of its mailbox, nobody for an unknown one."""

    code_hash: bytes
    people: tuple[str, ...]
    expires: datetime
    wrong: int = 0
    proved: bool = False
    """The code was right, and one of several people of one mailbox is yet to be chosen."""


@dataclass(frozen=True, slots=True)
class WrongReturn:
    """A wrong code, counted: ``code`` is to be kept while it has tries left."""

    code: ReturnCode
    tries_left: int


def return_code(code: str, browser: str, people: tuple[str, ...], now: datetime) -> ReturnCode:
    """Return what is kept of a code for these people; ``browser`` is the token in the cookie of who asked."""
    return ReturnCode(hash_code(code, browser), people, now + RETURN_CODE_LASTS)


def prove(kept: ReturnCode, *, browser: str, code: str) -> ReturnCode | WrongReturn:
    """Return the code proved, or the wrong one counted. A code that was never sent to anyone matches nothing."""
    right = code_matches(code, browser, kept.code_hash)
    if right and kept.people and not kept.proved:
        return replace(kept, proved=True)
    wrong = kept.wrong + 1
    return WrongReturn(replace(kept, wrong=wrong), max(0, RETURN_TRIES_MAX - wrong))


def chosen(kept: ReturnCode, person_id: str) -> str:
    """Return the person if the code was right and is for that person, else ``""``."""
    if not kept.proved:
        return ""
    return next((each for each in kept.people if hmac.compare_digest(each.encode(), person_id.encode())), "")
