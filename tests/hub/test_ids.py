"""Ids: what they look like and how they sort."""

import uuid

from hub.ids import HUB, new_id


def test_an_id_is_a_uuid_of_version_7_in_lower_case() -> None:
    made = new_id()

    assert made == str(uuid.UUID(made))
    assert (uuid.UUID(made).version, uuid.UUID(made).variant) == (7, uuid.RFC_4122)


def test_ids_sort_by_the_millisecond_they_were_made_in() -> None:
    made = [new_id() for _ in range(2_000)]

    assert [each[:13] for each in made] == sorted(each[:13] for each in made)
    assert len(set(made)) == len(made)


def test_the_hubs_own_journal_has_an_id_no_plan_can_get() -> None:
    assert new_id() > HUB
