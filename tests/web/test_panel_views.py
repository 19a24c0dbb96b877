"""Views of the panel that a person names: links at its top, one to begin with, gone when deleted."""

import re
from collections.abc import Iterator

import httpx2
import pytest

from tests.harness.hubs import Hub

pytestmark = pytest.mark.slow
VIEWS = "/panel/views"


@pytest.fixture
def becker(shared_hub: Hub) -> Iterator[httpx2.Client]:
    with shared_hub.pages("Tom Becker, PharmD") as pages:
        yield pages
        for name in ("Tasks first", "Everyone by name"):
            pages.post(VIEWS, data={"act": "remove", "name": name})


def test_a_view_is_saved_begun_with_and_deleted_by_forms_alone(shared_hub: Hub, becker: httpx2.Client) -> None:
    asked = "who=mine&reason=task&group=steward"
    page = becker.get(f"/panel?{asked}").text
    assert re.search(rf'name="asked" value="{asked}"'.replace("&", "&amp;"), page)

    saved = becker.post(VIEWS, data={"name": " Tasks\u202e first ", "asked": asked, "begins": "yes"})
    other = becker.post(VIEWS, data={"name": "Everyone by name", "asked": "sort=name"})
    taken = becker.post(VIEWS, data={"name": "Tasks first", "asked": "all=yes"})
    begun, everyone = becker.get("/panel"), becker.get("/panel?all=yes")

    assert (saved.status_code, saved.headers["location"]) == (303, f"/panel?{asked}")
    assert other.headers["location"] == "/panel?sort=name"
    assert taken.status_code == 422
    assert "Choose another name" in taken.text
    assert (begun.status_code, begun.headers["location"]) == (303, f"/panel?{asked}")
    assert f'href="/panel?{asked}">Tasks first'.replace("&", "&amp;") in everyone.text
    with shared_hub.pages("Grace Kim, RN") as kim:
        assert "Tasks first" not in kim.get("/panel?all=yes").text

    becker.post(VIEWS, data={"act": "begin", "name": "Everyone by name", "asked": asked})
    assert becker.get("/panel").headers["location"] == "/panel?sort=name"
    becker.post(VIEWS, data={"act": "begin", "name": "", "asked": asked})
    assert becker.get("/panel").status_code == 200
    becker.post(VIEWS, data={"act": "remove", "name": "Tasks first"})
    assert "Tasks first" not in becker.get("/panel?all=yes").text


def test_a_list_that_is_narrowed_in_place_says_its_address(becker: httpx2.Client) -> None:
    swap = becker.get("/panel?q=whitf&only=&who=", headers={"hx-request": "true"})

    assert swap.headers["hx-replace-url"] == "/panel?q=whitf"
    assert "WHITFIELD" in swap.text
