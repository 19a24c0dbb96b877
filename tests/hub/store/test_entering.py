"""Who the provider's word lets in, and what its order to leave ends: against the directory of people alone."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from auth.oidc import LogoutOrder, ProviderIdentity
from auth.roles import Role
from hub.access.changes import AccessChanges
from hub.access.entering import Entered, Entering
from hub.ids import HUB, new_id
from tests.hub.store.conftest import Store, an_act

pytestmark = pytest.mark.anyio
ISSUER = "https://id.example"


def an_entering(store: Store) -> Entering:
    return Entering(store.engine, AccessChanges(store.journal), lambda: store.now, new_id)


def came(store: Store, **more: object) -> ProviderIdentity:
    told: dict[str, object] = {
        "issuer": ISSUER, "subject": "ruiz", "sid": "sid-1", "authenticated": store.now, "id_token": "x.y.z",
        "email": "ruiz@demo.example",
    }  # fmt: skip
    return ProviderIdentity(**(told | more))  # type: ignore[arg-type]


def an_order(store: Store, **more: object) -> LogoutOrder:
    told: dict[str, object] = {
        "issuer": ISSUER, "subject": "", "sid": "sid-1", "token_id": new_id(), "issued": store.now,
        "expires": store.now + timedelta(minutes=2),
    }  # fmt: skip
    return LogoutOrder(**(told | more))  # type: ignore[arg-type]


async def entered(store: Store, **more: object) -> Entered | None:
    return await an_entering(store).by_provider(came(store, **more), agent="")


async def test_a_verified_address_links_one_of_the_staff_once_and_then_the_subject_counts(store: Store) -> None:
    person = await store.a_person(Role.PRIMARY_CARE, email="Ruiz@demo.example")

    first = await entered(store)
    later = await entered(store, email="moved@demo.example")
    stranger = await entered(store, subject="another")

    assert first is not None
    assert later is not None
    assert {first.person_id, later.person_id} == {person.person_id}
    assert stranger is None, "the address is taken by another subject"


@pytest.mark.parametrize("why", ["unverified", "family", "two of one address", "staff and family", "put out"])
async def test_an_address_that_is_not_surely_one_of_the_staff_lets_nobody_in(store: Store, why: str) -> None:
    role = Role.FAMILY if why == "family" else Role.PRIMARY_CARE
    person = await store.a_person(role, email="ruiz@demo.example")
    if why in ("two of one address", "staff and family"):
        await store.a_person(Role.FAMILY if "family" in why else Role.SPECIALIST, email="RUIZ@demo.example")
    if why == "put out":
        async with store.journal.exclusively(HUB) as turn:
            await store.people.change(turn, replace(person, active=False))
            await turn.append([an_act(HUB)])

    assert await entered(store, email="" if why == "unverified" else "ruiz@demo.example") is None


async def test_an_order_to_leave_ends_its_session_and_serves_once_even_of_many_at_one_instant(store: Store) -> None:
    await store.a_person(Role.PRIMARY_CARE, email="ruiz@demo.example")
    entering, order = an_entering(store), an_order(store)
    first, other = await entered(store), await entered(store, sid="sid-2")
    assert first is not None
    assert other is not None

    ended = await asyncio.gather(*(entering.ordered_out(order) for _ in range(6)))
    assert [each for each in ended if each is not None] == [[first.session_id]]
    again = await entered(store)
    assert again is not None

    assert await entering.ordered_out(order) is None
    live = {each.session_id for each in await entering.sessions_of(first.person_id)}
    assert live == {other.session_id, again.session_id}
    rows = await store.journal.history(HUB, limit=20)
    assert [row.reason for row in rows if row.event == "sign-in.back-channel"] == ["replayed"] * 6


async def test_an_order_about_a_person_ends_what_began_before_it_alone(store: Store) -> None:
    person = await store.a_person(Role.PRIMARY_CARE, email="ruiz@demo.example")
    entering, before = an_entering(store), await entered(store)
    assert before is not None
    order = an_order(store, sid="", subject="ruiz", issued=store.now)
    store.now += timedelta(seconds=5)
    after = await entered(store, sid="sid-2")
    assert after is not None

    assert await entering.ordered_out(replace(order, issuer="https://evil.example")) == []
    assert await entering.ordered_out(order) == [before.session_id]
    assert [each.session_id for each in await entering.sessions_of(person.person_id)] == [after.session_id]


async def test_a_session_of_this_browser_ends_with_the_next_sign_in(store: Store) -> None:
    await store.a_person(Role.PRIMARY_CARE, email="ruiz@demo.example")
    first = await entered(store)
    assert first is not None
    second = await an_entering(store).by_provider(came(store), agent="", instead_of=first.session_id)

    assert second is not None
    assert second.session_id != first.session_id
    assert [it.session_id for it in await an_entering(store).sessions_of(first.person_id)] == [second.session_id]
