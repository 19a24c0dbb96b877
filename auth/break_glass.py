"""Reading in an emergency without being on the team: clinicians, a typed reason, sixty minutes, reading only.

The banner, the notice to the patient and the privacy officer, and the review queue follow from the record made here.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from auth.roles import CLINICIANS, Participant, Role

READING_LASTS: Final = timedelta(minutes=60)
REASON_CHARACTERS_MIN: Final = 20
REASON_CHARACTERS_MAX: Final = 500
REASON_WORDS_MIN: Final = 3
REVIEW_WITHIN: Final = timedelta(days=3)
"""A reading not reviewed by then is overdue in the privacy officer's queue."""


class Verdict(StrEnum):
    """What the review of an emergency reading found."""

    PENDING = "pending"
    JUSTIFIED = "justified"
    UNJUSTIFIED = "unjustified"


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakGlass:
    """One emergency reading."""

    plan_id: str
    person_id: str
    name: str
    role: Role
    profession: str
    reason: str
    began: datetime
    until: datetime
    verdict: Verdict = Verdict.PENDING
    reviewer: str = ""
    reviewed: datetime | None = None
    review_words: str = ""

    def participant(self, *, session_id: str = "", patient_id: str = "") -> Participant:
        """Return the participant that ``decide`` judges: read-only, and nothing once it is over."""
        return Participant(
            person_id=self.person_id,
            plan_id=self.plan_id,
            name=self.name,
            role=self.role,
            profession=self.profession,
            since=self.began,
            broke_glass_until=self.until,
            session_id=session_id,
            patient_id=patient_id,
        )


@dataclass(frozen=True, slots=True)
class BreakGlassRefusal:
    """Why not: a code, and a sentence for the page."""

    code: str
    reason: str


def break_glass(
    *,
    plan_id: str,
    person_id: str,
    name: str,
    role: Role,
    profession: str,
    reason: str,
    reauthenticated: bool,
    now: datetime,
) -> BreakGlass | BreakGlassRefusal:
    """Return the emergency reading of a clinician who is not on the team, or why there is none.

    ``role`` is the person's role in the directory; ``reauthenticated`` is ``sessions.recently_authenticated``.
    """
    if role not in CLINICIANS:
        return BreakGlassRefusal("clinicians-only", "Only clinicians may open a plan in an emergency.")
    if not reauthenticated:
        return BreakGlassRefusal("reauthenticate", "Sign in again before you open a plan in an emergency.")
    words = " ".join(reason.split())
    fault = reason_fault(words)
    if fault:
        return BreakGlassRefusal("reason", fault)
    return BreakGlass(
        plan_id=plan_id,
        person_id=person_id,
        name=name,
        role=role,
        profession=profession,
        reason=words,
        began=now,
        until=now + READING_LASTS,
    )


def reason_fault(words: str) -> str:
    """Return what is wrong with a typed reason, or ``""``."""
    words = " ".join(words.split())
    if len(words) > REASON_CHARACTERS_MAX:
        return f"Keep the reason under {REASON_CHARACTERS_MAX} characters."
    real = {each.casefold() for each in words.split() if any(character.isalpha() for character in each)}
    if (
        len(words) < REASON_CHARACTERS_MIN
        or len(real) < REASON_WORDS_MIN
        or len(set(words)) < REASON_CHARACTERS_MIN // 3
    ):
        return f"Say why you need it, in at least {REASON_CHARACTERS_MIN} characters."
    return ""


def review(
    glass: BreakGlass, *, reviewer: str, verdict: Verdict, words: str, now: datetime
) -> BreakGlass | BreakGlassRefusal:
    """Return the reading with its review. Nobody reviews their own; a review once made stands."""
    if glass.verdict is not Verdict.PENDING:
        return BreakGlassRefusal("reviewed", "This was reviewed already.")
    if not reviewer or reviewer == glass.person_id:
        return BreakGlassRefusal("own", "Someone else has to review this.")
    if verdict is Verdict.PENDING or not words.strip():
        return BreakGlassRefusal("verdict", "Say whether it was justified, and why.")
    return replace(glass, verdict=verdict, reviewer=reviewer, reviewed=now, review_words=words.strip())


def review_overdue(glass: BreakGlass, now: datetime) -> bool:
    """Return whether the review should have been made by now."""
    return glass.verdict is Verdict.PENDING and now >= glass.began + REVIEW_WITHIN
