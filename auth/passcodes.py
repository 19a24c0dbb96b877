"""Short codes for people: six digits sent, or eight said aloud. Short means guessable, so tries are counted elsewhere.

A code is kept as HMAC-SHA256 under the invitation's link secret, of which only the hash is stored: whoever reads the
database alone can't find the code by trying all of them.
"""

import hmac
import re
from collections.abc import Callable
from hashlib import sha256
from typing import Final

SENT_DIGITS: Final = 6
SPOKEN_DIGITS: Final = 8

_SEPARATORS = re.compile(r"[\s.\-]+")


def sent_code(below: Callable[[int], int]) -> str:
    """Return a code to send; ``below`` is ``secrets.randbelow``."""
    return f"{below(10**SENT_DIGITS):0{SENT_DIGITS}d}"


def spoken_code(below: Callable[[int], int]) -> str:
    """Return a code to say aloud, in two groups of four; ``below`` is ``secrets.randbelow``."""
    digits = f"{below(10**SPOKEN_DIGITS):0{SPOKEN_DIGITS}d}"
    return f"{digits[:4]} {digits[4:]}"


def normal(code: str) -> str:
    """Return the digits of what a person typed, without spaces, dots and dashes; ``""`` when it is no code at all."""
    digits = _SEPARATORS.sub("", code)
    is_code = digits.isascii() and digits.isdigit() and len(digits) in (SENT_DIGITS, SPOKEN_DIGITS)
    return digits if is_code else ""


def hash_code(code: str, secret: str) -> bytes:
    """Return what is kept of a code."""
    return hmac.digest(secret.encode(), normal(code).encode(), sha256)


def code_matches(code: str, secret: str, kept: bytes) -> bool:
    """Return whether the code is the one kept, in constant time. What is no code never matches."""
    return hmac.compare_digest(hash_code(code, secret), kept) and normal(code) != ""
