"""Times as HL7 v2 writes them: ``YYYY[MM[DD[HH[MM[SS[.S[S[S[S]]]]]]]]][+/-ZZZZ]`` (v2.5.1, 2.A.22)."""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Final

from hub.directory.births import NOT_KNOWN, BirthDate, BirthDateError, typed_birth_date

_FORM: Final = re.compile(
    r"(\d{4})(?:(\d{2})(?:(\d{2})(?:(\d{2})(\d{2})?(?:(\d{2})(?:\.(\d{1,6}))?)?)?)?)?(?:([+-])(\d{2})(\d{2}))?"
)


def instant_of(text: str, zone: tzinfo) -> datetime | None:
    """Return the instant in UTC, ``None`` where there is none; what lacks an offset is of the zone.

    A day without a time is its first minute: of two events of that day the order can't be known.
    """
    found = _FORM.fullmatch(text.strip())
    if found is None:
        return None
    year, month, day, hour, minute, second, fraction, sign, hours, minutes = found.groups()
    at: tzinfo = zone
    try:
        if sign:
            offset = timedelta(hours=int(hours), minutes=int(minutes))
            at = timezone(-offset if sign == "-" else offset)
        return datetime(
            int(year), int(month or 1), int(day or 1), int(hour or 0), int(minute or 0), min(int(second or 0), 59),
            int((fraction or "").ljust(6, "0")), tzinfo=at,
        ).astimezone(UTC)  # fmt: skip
    except (ValueError, OverflowError):
        return None


def offset_of(text: str) -> tzinfo | None:
    """Return the offset that a time carries: that of MSH-7 is the message's own."""
    found = _FORM.fullmatch(text.strip())
    if found is None or not found[8] or int(found[9]) > 14 or int(found[10]) > 59:
        return None
    offset = timedelta(hours=int(found[9]), minutes=int(found[10]))
    return timezone(-offset if found[8] == "-" else offset)


def birth_of(text: str) -> BirthDate:
    """Return the date of birth as far as it is told and can be one."""
    digits = text.strip()[:8]
    if not digits.isdecimal() or len(digits) not in (4, 6, 8):
        return NOT_KNOWN
    try:
        return typed_birth_date(digits[:4], digits[4:6], digits[6:8])
    except BirthDateError:
        return NOT_KNOWN
