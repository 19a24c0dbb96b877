"""Emergency reading: clinicians with a reason, an hour, reading only, reviewed by someone else."""

from datetime import timedelta

import pytest

from auth.break_glass import (
    READING_LASTS,
    REASON_CHARACTERS_MAX,
    REVIEW_WITHIN,
    BreakGlass,
    BreakGlassRefusal,
    Verdict,
    break_glass,
    reason_fault,
    review,
    review_overdue,
)
from auth.commands import Operation
from auth.decisions import decide, sections_readable
from auth.roles import CLINICIANS, Role
from crdt.sections import Section
from tests.auth.builders import ME, NOW, OTHER

REASON = "Unconscious in the emergency department, no one reachable"


def broken(
    role: Role = Role.SPECIALIST, *, reason: str = REASON, reauthenticated: bool = True
) -> BreakGlass | BreakGlassRefusal:
    return break_glass(
        plan_id="plan",
        person_id=ME,
        name="Someone",
        role=role,
        profession="emergency medicine",
        reason=reason,
        reauthenticated=reauthenticated,
        now=NOW,
    )


def glass() -> BreakGlass:
    answer = broken()
    assert isinstance(answer, BreakGlass)
    return answer


@pytest.mark.parametrize("role", Role)
def test_only_clinicians_break_the_glass(role: Role) -> None:
    answer = broken(role)

    assert isinstance(answer, BreakGlass) == (role in CLINICIANS)


@pytest.mark.parametrize(
    "reason",
    [
        "",
        "emergency",
        "x" * 40,
        "a a a a a a a a a a a a",
        "1234567890 1234567890 123",
        "urgent urgent urgent urgent",
        " " * 60,
    ],
)
def test_a_reason_is_words_that_say_something(reason: str) -> None:
    answer = broken(reason=reason)

    assert isinstance(answer, BreakGlassRefusal)
    assert answer.code == "reason"
    assert answer.reason == "Say why you need it, in at least 20 characters."


def test_a_reason_has_an_end() -> None:
    assert reason_fault(REASON) == ""
    assert reason_fault("much longer than that " * REASON_CHARACTERS_MAX) == "Keep the reason under 500 characters."


def test_an_old_sign_in_does_not_do() -> None:
    answer = broken(reauthenticated=False)

    assert isinstance(answer, BreakGlassRefusal)
    assert answer.code == "reauthenticate"


def test_it_reads_for_sixty_minutes_and_writes_nothing() -> None:
    participant = glass().participant(patient_id="patient")

    assert timedelta(minutes=60) == READING_LASTS
    assert Section.MEDICATIONS in sections_readable(participant, NOW)
    assert Section.BEHAVIORAL_HEALTH not in sections_readable(participant, NOW)
    assert sections_readable(participant, NOW + READING_LASTS) == frozenset()
    answer = decide(participant, Section.MEDICATIONS, Operation.READ, now=NOW)
    assert (answer.allowed, answer.code) == (True, "break-glass")
    answer = decide(participant, Section.CONDITIONS, Operation.CREATE, now=NOW)
    assert (answer.allowed, answer.code) == (False, "break-glass-read-only")


def test_someone_else_reviews_it_once_with_words() -> None:
    def reviewed(reading: BreakGlass, by: str, verdict: Verdict, words: str) -> BreakGlass | BreakGlassRefusal:
        return review(reading, reviewer=by, verdict=verdict, words=words, now=NOW)

    assert isinstance(reviewed(glass(), ME, Verdict.JUSTIFIED, "Seen."), BreakGlassRefusal)
    assert isinstance(reviewed(glass(), "", Verdict.JUSTIFIED, "Seen."), BreakGlassRefusal)
    assert isinstance(reviewed(glass(), OTHER, Verdict.PENDING, "Seen."), BreakGlassRefusal)
    assert isinstance(reviewed(glass(), OTHER, Verdict.UNJUSTIFIED, " "), BreakGlassRefusal)
    done = reviewed(glass(), OTHER, Verdict.UNJUSTIFIED, "No reason found.")
    assert isinstance(done, BreakGlass)
    assert (done.verdict, done.reviewer, done.reviewed) == (Verdict.UNJUSTIFIED, OTHER, NOW)
    assert isinstance(reviewed(done, "third", Verdict.JUSTIFIED, "No."), BreakGlassRefusal)


def test_a_review_is_overdue_in_the_end() -> None:
    assert not review_overdue(glass(), NOW)
    assert review_overdue(glass(), NOW + REVIEW_WITHIN)
