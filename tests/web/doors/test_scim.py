"""SCIM: a provider's tester finds nothing wrong, and no provider gives anybody more than an administrator allowed."""

import re
from collections import deque
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.harness.hubs import Hub

ADMIN = "Jonas Falk"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


def made_token(hub: Hub) -> str:
    with hub.pages(ADMIN) as pages:
        answer = pages.post("/admin/provider", data={"act": "make", "name": "Work accounts", "days": "30"})
    found = re.search(r"careplan-[\w-]{40,}", answer.text)
    assert found is not None, answer.text
    return found.group()


@pytest.fixture(scope="module")
def provider(shared_hub: Hub) -> Iterator[httpx2.Client]:
    headers = {"authorization": f"Bearer {made_token(shared_hub)}"}
    with httpx2.Client(base_url=f"{shared_hub.base_url}/scim/v2", headers=headers, timeout=30) as client:
        yield client


def a_user(provider: httpx2.Client, name: str, **more: object) -> dict[str, Any]:
    told = {"schemas": [USER], "userName": name, "displayName": name.title(), "emails": [{"value": name}], **more}
    answer = provider.post("/Users", json=told)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def a_group(provider: httpx2.Client, name: str, *members: str) -> str:
    told = {"schemas": [GROUP], "displayName": name, "members": [{"value": each} for each in members]}
    answer = provider.post("/Groups", json=told)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def patched(provider: httpx2.Client, at: str, **operation: object) -> httpx2.Response:
    return provider.patch(at, json={"schemas": [PATCH], "Operations": [operation]})


def give(hub: Hub, group: str, role: str) -> int:
    with hub.pages(ADMIN) as pages:
        return pages.post("/admin/provider", data={"act": "role", "group": group, "role": role}).status_code


def state_of(hub: Hub, person: str) -> str:
    with hub.pages(ADMIN) as pages:
        return pages.get(f"/admin/people/{person}").text


def test_the_tester_of_the_standard_finds_nothing_wrong(provider: httpx2.Client) -> None:
    results = check_server(SyncSCIMClient(provider))

    wrong = [f"{each.title}: {each.reason}" for each in results if each.status in (Status.ERROR, Status.CRITICAL)]
    assert wrong == [], "\n".join(wrong)
    assert sum(each.status is Status.SUCCESS for each in results) > 20


def test_a_group_gives_the_role_that_an_administrator_gave_it_and_never_that_of_one(
    shared_hub: Hub, provider: httpx2.Client
) -> None:
    person = a_user(
        provider, "noor@staff.example", roles=[{"value": "admin"}], entitlements=[{"value": "administrator"}]
    )
    group = a_group(provider, "Administrators", person["id"])
    before = state_of(shared_hub, person["id"])

    refused = [give(shared_hub, group, role) for role in ("admin", "auditor", "patient")]
    given = give(shared_hub, group, "pharmacist")
    after = state_of(shared_hub, person["id"])

    assert "Let Noor@Staff.Example sign in again" in before
    assert refused == [422, 422, 422]
    assert given in (200, 303)
    assert 'value="pharmacist" selected' in after
    assert "Deactivate Noor@Staff.Example" in after
    assert 'name="may_administer" value="yes" checked' not in after
    assert patched(provider, f"/Groups/{group}", op="remove", path="members").status_code == 200
    assert "sign in again" in state_of(shared_hub, person["id"])


def test_who_is_let_go_is_not_there_any_more_and_their_socket_ends(shared_hub: Hub, provider: httpx2.Client) -> None:
    # Somebody who works here already: the account becomes theirs, with the role they have.
    nurse = a_user(provider, "stein@demo.example")
    plan = shared_hub.plan("Aisha")
    with connect(**shared_hub.live("Dr. Leah Stein", plan).arguments) as socket:
        assert provider.delete(f"/Users/{nurse['id']}").status_code == 204
        with pytest.raises(ConnectionClosed):
            deque(iter(lambda: socket.recv(timeout=10), None), maxlen=0)

    assert provider.get(f"/Users/{nurse['id']}").status_code == 404
    assert provider.delete(f"/Users/{nurse['id']}").status_code == 404
    assert "let go by the identity provider" in state_of(shared_hub, nurse["id"]).lower()
    assert a_user(provider, "stein@demo.example")["id"] == nurse["id"]
    with shared_hub.pages(ADMIN) as pages:
        pages.post(f"/admin/people/{nurse['id']}", data={"act": "activate"})


def test_no_provider_moves_the_address_of_an_administrator(shared_hub: Hub, provider: httpx2.Client) -> None:
    admin = a_user(provider, "falk@demo.example")

    moved = patched(
        provider, f"/Users/{admin['id']}", op="replace", path="emails", value=[{"value": "me@evil.example"}]
    )

    assert moved.status_code == 403
    assert provider.delete(f"/Users/{admin['id']}").status_code == 403  # The last administrator.
    assert "falk@demo.example" in state_of(shared_hub, admin["id"])


def test_a_filter_finds_by_user_name_and_a_user_name_is_taken_once(provider: httpx2.Client) -> None:
    person = a_user(provider, "Ámbar@staff.example")

    found = provider.get("/Users", params={"filter": 'userName eq "ámbar@staff.example"'}).json()
    again = provider.post("/Users", json={"schemas": [USER], "userName": "ÁMBAR@staff.example"})

    assert [each["id"] for each in found["Resources"]] == [person["id"]]
    assert (again.status_code, again.json()["scimType"]) == (409, "uniqueness")
    assert provider.get("/Users", params={"filter": "userName eq"}).status_code == 400
    assert provider.post("/Users", content=b"{", headers={"content-type": "application/json"}).status_code == 400


def test_the_door_takes_no_cookie_and_pages_take_no_token(shared_hub: Hub, provider: httpx2.Client) -> None:
    with shared_hub.pages(ADMIN) as pages:
        assert pages.get("/scim/v2/Users").status_code == 401
        assert pages.post("/scim/v2/Users", json={"schemas": [USER], "userName": "x"}).status_code == 401
    bearer = {"authorization": provider.headers["authorization"]}
    answer = httpx2.get(f"{shared_hub.base_url}/admin", headers=bearer, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=/admin")
    assert httpx2.get(f"{shared_hub.base_url}/scim/v2/Users", headers={"authorization": "Bearer x"}).status_code == 401


def test_an_ended_token_opens_nothing(shared_hub: Hub) -> None:
    headers = {"authorization": f"Bearer {made_token(shared_hub)}"}
    at = f"{shared_hub.base_url}/scim/v2/Users"
    assert httpx2.get(at, headers=headers).status_code == 200
    with shared_hub.pages(ADMIN) as pages:
        machine = re.findall(r'name="machine" value="([^"]+)"', pages.get("/admin/provider").text)[0]
        pages.post("/admin/provider", data={"act": "revoke", "machine": machine})

    assert httpx2.get(at, headers=headers).status_code == 401
