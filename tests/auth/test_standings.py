"""Membership and consent, at their very instants."""

from datetime import datetime, timedelta

import pytest

from auth.policy import Grant
from auth.roles import Narrowing, Role
from auth.standings import granted, membership, standing_of
from crdt.sections import Section
from tests.auth.builders import HOUR, NOW, a_participant

MOMENT = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("now", "code"), [(NOW - MOMENT, "not-yet"), (NOW, ""), (NOW + HOUR - MOMENT, ""), (NOW + HOUR, "ended")]
)
def test_a_membership_counts_from_its_first_instant_to_before_its_last(now: datetime, code: str) -> None:
    assert membership(a_participant(Role.FAMILY, since=NOW, ends=NOW + HOUR), now) == code


def test_broken_glass_ends_at_its_instant_and_is_for_clinicians() -> None:
    glass = a_participant(Role.PHARMACIST, broke_glass_until=NOW + HOUR)

    assert membership(glass, NOW + HOUR - MOMENT) == ""
    assert membership(glass, NOW + HOUR) == "break-glass-over"
    assert membership(a_participant(Role.ADMIN, broke_glass_until=NOW + HOUR), NOW) == "break-glass-clinicians"


def test_removal_is_said_before_anything_else() -> None:
    assert membership(a_participant(Role.FAMILY, removed=True, ends=NOW, broke_glass_until=NOW), NOW) == "removed"


def test_a_narrowing_to_reading_leaves_reading() -> None:
    person = a_participant(Role.PRIMARY_CARE, consents={Section.GOALS: Narrowing("read", None)})
    standing = standing_of(person, Section.GOALS, NOW)

    assert standing.reading == "consent-read-only"
    assert granted(standing, person, Section.GOALS) is Grant.READ


def test_broken_glass_does_not_open_what_consent_or_assignment_opens() -> None:
    def denied(role: Role, section: Section) -> str:
        person = a_participant(
            role, broke_glass_until=NOW + HOUR, assigned=frozenset(Section), consents={section: Narrowing("granted")}
        )
        return standing_of(person, section, NOW).denied

    assert denied(Role.PRIMARY_CARE, Section.BEHAVIORAL_HEALTH) == "consent-needed"
    assert denied(Role.SOCIAL_WORKER, Section.BEHAVIORAL_HEALTH) == "not-assigned"
    assert denied(Role.BEHAVIORAL_HEALTH, Section.BEHAVIORAL_HEALTH) == "consent-needed"
    assert denied(Role.SPECIALIST, Section.MEDICATIONS) == ""
