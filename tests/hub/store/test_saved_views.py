"""Views of a panel: everybody's own, one of them to begin with, each change in the hub's journal."""

import pytest

from auth.roles import Role
from hub.access.personal_views import PersonalViews, ViewError
from hub.ids import HUB
from hub.store.saved_views import SAVED_VIEWS_MAX, SavedView
from tests.hub.store.conftest import Store

pytestmark = pytest.mark.anyio


async def test_views_are_a_persons_own_and_one_at_most_begins(store: Store) -> None:
    kim, ruiz = [(await store.a_person(name=name)).person_id for name in ("Grace Kim", "Elena Ruiz")]
    views, mine = PersonalViews(store.engine, store.journal), (kim, Role.CARE_MANAGER, "s")

    await views.save(*mine, SavedView("Tuesday", "only=late", begins=True))
    await views.save(*mine, SavedView("Ward", "unit=w", begins=True))
    await views.save(ruiz, Role.PRIMARY_CARE, "s", SavedView("Tuesday", "sort=name"))
    for name, fault in (("", "Give"), ("Ward", "Choose another name")):
        with pytest.raises(ViewError, match=fault):
            await views.save(*mine, SavedView(name, "all=yes"))
    await views.begin_with(*mine, "No such view")
    assert [(each.name, each.begins) for each in await views.of_person(kim)] == [("Tuesday", False), ("Ward", True)]
    await views.begin_with(*mine, "")
    await views.remove(*mine, "Tuesday")

    assert await views.of_person(kim) == [SavedView("Ward", "unit=w")]
    assert await views.of_person(ruiz) == [SavedView("Tuesday", "sort=name")]
    rows = [row for row in await store.journal.since(HUB, 0) if row.entry == kim and row.event.startswith("view.")]
    assert [(row.event, row.outcome) for row in rows] == [
        ("view.save", "success"), ("view.save", "success"), ("view.save", "refused"), ("view.begin", "refused"),
        ("view.begin", "success"), ("view.remove", "success"),
    ]  # fmt: skip


async def test_nobody_keeps_more_views_than_stand_at_the_top_of_a_page(store: Store) -> None:
    kim = (await store.a_person()).person_id
    views = PersonalViews(store.engine, store.journal)
    for number in range(SAVED_VIEWS_MAX):
        await views.save(kim, Role.CARE_MANAGER, "s", SavedView(f"View {number}", "all=yes"))

    with pytest.raises(ViewError, match="too many"):
        await views.save(kim, Role.CARE_MANAGER, "s", SavedView("One more", "all=yes"))
