"""Every code has a sentence for every role and section; who may is said from the table."""

import pytest

from auth.reasons import CODES, ROLE_NAMES, sentence, writers
from auth.roles import Role
from crdt.sections import Section


def test_every_role_has_a_name_to_say() -> None:
    assert set(ROLE_NAMES) == set(Role)


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_code_makes_a_plain_sentence_everywhere(code: str) -> None:
    for role in Role:
        for section in Section:
            words = sentence(code, role, section)
            assert words.endswith("."), words
            assert words[0].isupper(), words
            assert "{" not in words
            assert len(words) <= 200


def test_writers_are_named_from_the_table() -> None:
    assert writers(Section.MEDICATIONS) == "primary care and the pharmacist"
    assert writers(Section.BEHAVIORAL_HEALTH) == "behavioural health"
    assert writers(Section.CAREGIVER_LOG) == "the social worker"
