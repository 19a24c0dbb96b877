"""What lets people in: sessions, invitations, passkeys, tickets. What serves once serves one of any number."""

import asyncio
import os
from dataclasses import replace
from datetime import timedelta

import pytest

from auth.invitations import (
    ATTEMPTS_WINDOW,
    Delivery,
    Invitation,
    InvitationRefusal,
    InvitationState,
    WrongCode,
    open_link,
    too_many,
    with_spoken_code,
)
from auth.passkeys import Passkey
from auth.roles import Participant, Role
from auth.sessions import FAMILY_IDLE_MAX, SESSION_AGE_MAX, STAFF_IDLE_MAX, Idle, Session, hash_token
from crdt.sections import Section
from hub.ids import HUB, new_id
from hub.record.journal import Action
from hub.store.attempts import Attempts
from hub.store.invitations import Addressee, Invitations, Outcome
from hub.store.passkeys import PASSKEYS_MAX, Passkeys
from hub.store.people import Person
from hub.store.sessions import Sessions
from hub.store.tickets import Purpose, Tickets
from tests.hub.store.conftest import Store, an_act

pytestmark = pytest.mark.anyio

SECRET, BROWSER, CODE = "s" * 43, "b" * 43, "123456"


async def an_opened_invitation(store: Store) -> Invitation:
    inviter, plan = await store.a_person(), await store.a_plan()
    sent = Invitation(
        invitation_id=new_id(), plan_id=plan.plan_id, inviter=inviter.person_id, role=Role.FAMILY,
        relation="daughter", sections=frozenset({Section.GOALS}), access_ends=store.now + timedelta(days=9),
        made=store.now, secret_hash=hash_token(SECRET), delivery=Delivery.SPOKEN,
    )  # fmt: skip
    sent = with_spoken_code(sent, secret=SECRET, code=CODE)
    invitations = Invitations(store.engine)
    async with store.journal.exclusively(plan.plan_id) as turn:
        await invitations.add(turn, sent, Addressee("Ada", "ada@example.org", "es"))
        opened = await invitations.change(
            turn, sent.invitation_id, lambda it: open_link(it, secret=SECRET, browser=BROWSER, code="", now=store.now)
        )
        await turn.append([an_act(plan.plan_id, Action.INVITE)])
    assert isinstance(opened, Invitation)
    assert await invitations.get(sent.invitation_id) == opened
    return opened


async def redeem(store: Store, invitation: Invitation, person: Person, code: str = CODE) -> Outcome:
    async with store.journal.exclusively(invitation.plan_id) as turn:
        outcome = await Invitations(store.engine).redeem(
            turn, invitation.invitation_id, secret=SECRET, browser=BROWSER, code=code,
            person_id=person.person_id, now=store.now,
        )  # fmt: skip
        if isinstance(outcome, Invitation):
            member = Participant(person.person_id, invitation.plan_id, person.name, invitation.role)
            await store.participants.add(turn, member, added_by=invitation.inviter)
        done = "success" if isinstance(outcome, Invitation) else "refused"
        await turn.append([an_act(invitation.plan_id, Action.REDEEM, outcome=done)])
    return outcome


async def test_of_twenty_who_redeem_at_once_one_is_let_in(store: Store) -> None:
    invitation = await an_opened_invitation(store)
    people = [await store.a_person(Role.FAMILY, name=f"Ada {number}") for number in range(20)]

    outcomes = await asyncio.gather(*(redeem(store, invitation, person) for person in people))

    members = await store.participants.of_plan(invitation.plan_id, store.now)
    (winner,) = [each for each in outcomes if isinstance(each, Invitation)]
    assert sum(isinstance(each, InvitationRefusal) for each in outcomes) == 19
    assert [member.person_id for member in members] == [winner.person_id]
    rows = await store.journal.history(invitation.plan_id, limit=20)
    assert sorted(row.outcome for row in rows) == ["refused"] * 19 + ["success"]


async def test_of_twenty_wrong_codes_at_once_five_are_counted_and_kill(store: Store) -> None:
    invitation, person = await an_opened_invitation(store), await store.a_person(Role.FAMILY)

    outcomes = await asyncio.gather(*(redeem(store, invitation, person, "wrong") for _ in range(20)))

    kept = await Invitations(store.engine).get(invitation.invitation_id)
    assert sum(isinstance(each, WrongCode) for each in outcomes) == 5
    assert kept is not None
    assert (kept.state, kept.wrong_codes) == (InvitationState.KILLED, 5)
    assert isinstance(await redeem(store, invitation, person), InvitationRefusal)


async def test_the_invitations_own_lock_lets_one_in_even_where_no_plans_lock_helps(store: Store) -> None:
    invitation = await an_opened_invitation(store)
    people = [await store.a_person(Role.FAMILY) for _ in range(6)]
    elsewhere = [await store.a_plan() for _ in people]
    begun = asyncio.Barrier(len(people))

    async def redeem_in_a_turn_of_its_own(number: int) -> Outcome:
        plan = elsewhere[number].plan_id
        async with store.journal.exclusively(plan) as turn:
            await begun.wait()
            outcome = await Invitations(store.engine).redeem(
                turn, invitation.invitation_id, secret=SECRET, browser=BROWSER, code=CODE,
                person_id=people[number].person_id, now=store.now,
            )  # fmt: skip
            await turn.append([an_act(plan, Action.REDEEM)])
        return outcome

    outcomes = await asyncio.gather(*map(redeem_in_a_turn_of_its_own, range(len(people))))

    assert sum(isinstance(each, Invitation) for each in outcomes) == 1


async def test_an_unknown_invitation_is_refused_like_a_dead_one(store: Store) -> None:
    invitation, person = await an_opened_invitation(store), await store.a_person(Role.FAMILY)
    unknown = replace(invitation, invitation_id=new_id())

    assert isinstance(await redeem(store, unknown, person), InvitationRefusal)
    assert await Invitations(store.engine).get(unknown.invitation_id) is None


async def test_the_inviters_list_says_whom_each_invitation_is_for(store: Store) -> None:
    invitation = await an_opened_invitation(store)

    listed = await Invitations(store.engine).of_plan(invitation.plan_id)

    assert listed == [(invitation, Addressee("Ada", "ada@example.org", "es"))]


async def a_session(store: Store, person: Person, **more: object) -> Session:
    session = Session(
        session_id=new_id(), person_id=person.person_id, token_hash=os.urandom(32), idle=Idle.STAFF,
        began=store.now, active=store.now, authenticated=store.now, how="demo",
    )  # fmt: skip
    session = replace(session, **more)  # type: ignore[arg-type]
    async with store.journal.exclusively(HUB) as turn:
        await Sessions(store.engine).add(turn, session, address_hash=b"h", agent="Firefox " * 99)
        await turn.append([an_act(HUB, Action.SIGN_IN)])
    return session


async def test_a_session_is_found_by_its_token_alone(store: Store) -> None:
    sessions, session = Sessions(store.engine), await a_session(store, await store.a_person())

    assert await sessions.by_token(session.token_hash) == session
    assert await sessions.by_token(os.urandom(32)) is None


async def test_activity_never_runs_back_and_never_revives(store: Store) -> None:
    sessions, session = Sessions(store.engine), await a_session(store, await store.a_person())
    later = store.now + timedelta(minutes=5)

    await sessions.keep_activity(session.session_id, later)
    await sessions.keep_activity(session.session_id, store.now + timedelta(minutes=1))
    async with store.journal.exclusively(HUB) as turn:
        ended = [await sessions.end(turn, session.session_id, later) for _ in range(2)]
        await turn.append([an_act(HUB, Action.SIGN_OUT)])
    await sessions.keep_activity(session.session_id, later + timedelta(minutes=5))

    assert ended == [True, False]
    assert await sessions.by_token(session.token_hash) == replace(session, active=later, ended=later)


async def test_signing_out_everywhere_ends_all_but_this_one(store: Store) -> None:
    sessions, person, other = Sessions(store.engine), await store.a_person(), await store.a_person()
    mine, another, theirs = [await a_session(store, each) for each in (person, person, other)]
    provided = await a_session(store, other, provider_sid="sid-1")
    old = await a_session(store, person, began=store.now - SESSION_AGE_MAX, active=store.now)

    async with store.journal.exclusively(HUB) as turn:
        ended = await sessions.end_of_person(turn, person.person_id, store.now, but=mine.session_id)
        provider = await sessions.end_of_provider(turn, "sid-1", store.now)
        await turn.append([an_act(HUB, Action.SIGN_OUT)])

    all_ids = [each.session_id for each in (mine, another, theirs, provided, old)]
    assert set(ended) == {another.session_id, old.session_id}
    assert provider == [provided.session_id]
    assert await sessions.live_among(all_ids, store.now) == {mine.session_id: mine, theirs.session_id: theirs}
    assert await sessions.of_person(person.person_id, store.now) == [mine]
    over = {another.session_id, provided.session_id, old.session_id}
    assert await sessions.over_among([*all_ids, "unknown"], store.now) == over | {"unknown"}


@pytest.mark.parametrize(("idle", "limit"), [(Idle.STAFF, STAFF_IDLE_MAX), (Idle.FAMILY, FAMILY_IDLE_MAX)])
async def test_a_session_is_over_for_the_poll_at_the_very_instant_of_its_limit(
    store: Store, idle: Idle, limit: timedelta
) -> None:
    sessions = Sessions(store.engine)
    session = await a_session(store, await store.a_person(), idle=idle)
    ids = [session.session_id]

    assert await sessions.over_among(ids, session.active + limit - timedelta(microseconds=1)) == frozenset()
    assert await sessions.over_among(ids, session.active + limit) == {session.session_id}
    assert await sessions.over_among([], session.active) == frozenset()


async def test_a_ticket_serves_one_of_many_and_only_its_purpose(store: Store) -> None:
    tickets, token = Tickets(store.engine), os.urandom(32)
    await tickets.put(token, Purpose.SOCKET, {"plan": "p"}, expires=store.now + timedelta(seconds=30))

    assert await tickets.take(token, Purpose.SIGN_IN, store.now) is None
    taken = await asyncio.gather(*(tickets.take(token, Purpose.SOCKET, store.now) for _ in range(8)))

    assert [each for each in taken if each is not None] == [{"plan": "p"}]


async def test_an_expired_ticket_serves_no_one(store: Store) -> None:
    tickets, token = Tickets(store.engine), os.urandom(32)
    expires = store.now + timedelta(seconds=30)
    await tickets.put(token, Purpose.SOCKET, {}, expires=expires)

    assert await tickets.take(token, Purpose.SOCKET, expires) is None


async def test_every_try_of_an_address_is_counted_even_at_one_instant(store: Store) -> None:
    attempts = Attempts(store.engine)

    await asyncio.gather(*(attempts.tried("invitation", b"here", store.now) for _ in range(20)))

    assert too_many(await attempts.tried("invitation", b"here", store.now), store.now)
    assert await attempts.tried("invitation", b"there", store.now) == []
    assert await attempts.tried("code", b"here", store.now) == []
    assert await attempts.tried("invitation", b"here", store.now + ATTEMPTS_WINDOW) == []


async def test_a_passkeys_count_only_grows(store: Store) -> None:
    passkeys, person = Passkeys(store.engine), await store.a_person(Role.FAMILY)
    passkey = Passkey(b"credential", b"key", 3, person.person_id, backed_up=True)

    async with store.journal.exclusively(HUB) as turn:
        assert await passkeys.add(turn, passkey, label="Phone")
        assert not await passkeys.add(turn, passkey)
        uses = [await passkeys.keep_use(turn, replace(passkey, sign_count=count), store.now) for count in (3, 2, 4, 4)]
        assert not await passkeys.remove(turn, new_id(), b"credential")
        await turn.append([an_act(HUB)])

    assert uses == [False, False, True, False]
    assert await passkeys.by_credential(b"credential") == replace(passkey, sign_count=4)
    (kept,) = await passkeys.of_person(person.person_id)
    assert (kept.label, kept.used) == ("Phone", store.now)


async def test_an_authenticator_that_counts_nothing_can_be_used_again(store: Store) -> None:
    passkeys, person = Passkeys(store.engine), await store.a_person(Role.FAMILY)

    async with store.journal.exclusively(HUB) as turn:
        await passkeys.add(turn, Passkey(b"c", b"k", 0, person.person_id))
        uses = [await passkeys.keep_use(turn, Passkey(b"c", b"k", 0, person.person_id), store.now) for _ in range(2)]
        assert await passkeys.remove(turn, person.person_id, b"c")
        await turn.append([an_act(HUB)])

    assert uses == [True, True]
    assert await passkeys.of_person(person.person_id) == []


async def test_one_person_keeps_only_so_many_passkeys(store: Store) -> None:
    passkeys, person = Passkeys(store.engine), await store.a_person(Role.FAMILY)

    async with store.journal.exclusively(HUB) as turn:
        added = [await passkeys.add(turn, Passkey(os.urandom(9), b"k", 0, person.person_id)) for _ in range(21)]
        await turn.append([an_act(HUB)])

    assert added == [True] * PASSKEYS_MAX + [False]
