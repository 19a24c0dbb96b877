"""A letter waits with what causes it, says nothing to who reads the database, and is sent at most twice."""

import contextlib
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from hub.ids import HUB, new_id
from hub.jobs.letters import Channel, Envelope, Letter, NotSentError, Occasion, Posted, Seal
from hub.jobs.posting import Posting
from hub.store.engine import connected
from hub.store.letters import Letters
from tests.hub.store.conftest import Store, an_act
from web.pages.admin import letters_words

pytestmark = pytest.mark.anyio

LETTER = Letter("kate@example.com", "You have been invited", "https://hub.example/i/1#secret")

TEXT = Letter("+12025550123", "", "Your care team: something is due.", channel=Channel.TEXT, key="0190-the-key")


class Server:
    """Takes letters, or ends as it is told to."""

    def __init__(self, *faults: BaseException) -> None:
        self.faults = list(faults)
        self.letters: list[Letter] = []

    async def send(self, letter: Letter) -> None:
        self.letters.append(letter)
        if self.faults:
            raise self.faults.pop(0)


class Killed(BaseException):
    """The process ended between sending and marking."""


@pytest.fixture
def letters(engine: AsyncEngine) -> Letters:
    return Letters(engine, Seal("a secret key"), new_id, leaves=True)


async def put(store: Store, letters: Letters, *, lasts: timedelta = timedelta(hours=1), letter: Letter = LETTER) -> str:
    envelope = Envelope(occasion=Occasion.INVITATION, expires=store.now + lasts, plan="a plan", about="an invitation")
    async with store.journal.exclusively(HUB) as turn:
        await letters.put(turn, letter, envelope)
        await turn.append([an_act(HUB)])
    posted = (await letters.latest())[0]
    return posted.letter_id


def posting(store: Store, letters: Letters, server: Server) -> tuple[Posting, list[Posted]]:
    told: list[Posted] = []

    async def tell(letter: Posted) -> None:
        told.append(letter)

    return Posting(letters, server.send, tell, lambda: store.now), told


async def test_a_letter_and_its_job_are_there_if_the_turn_commits_and_only_then(store: Store, letters: Letters) -> None:
    with contextlib.suppress(ZeroDivisionError):
        async with store.journal.exclusively(HUB) as turn:
            await letters.put(turn, LETTER, Envelope(occasion=Occasion.CODE, expires=store.now))
            raise ZeroDivisionError
    assert await letters.latest() == []

    await put(store, letters)

    async with connected(store.engine) as connection:
        assert await connection.scalar(sa.text("select count(*) from job where entrypoint = 'letter.send'")) == 1


async def test_while_it_waits_the_database_holds_no_word_of_it_and_afterwards_nothing_at_all(
    store: Store, letters: Letters
) -> None:
    letter_id, server = await put(store, letters), Server()
    async with connected(store.engine) as connection:
        row = str((await connection.execute(sa.text("select * from letter"))).one())
        job = bytes(await connection.scalar(sa.text("select payload from job")) or b"")
    for word in ("kate", "secret", "invited"):
        assert word not in row
        assert word.encode() not in job

    await posting(store, letters, server)[0].send({"letter": letter_id})

    assert server.letters == [LETTER]
    async with connected(store.engine) as connection:
        assert await connection.scalar(sa.text("select sealed from letter")) == ""


@pytest.mark.parametrize("letter", [LETTER, TEXT], ids=["mail", "text"])
async def test_a_kill_between_sending_and_marking_makes_one_double_of_the_same_key_and_never_two(
    store: Store, letters: Letters, letter: Letter
) -> None:
    letter_id = await put(store, letters, letter=letter)
    server = Server(Killed(), Killed())
    at_work, told = posting(store, letters, server)
    for _ in range(2):
        with pytest.raises(Killed):
            await at_work.send({"letter": letter_id})

    with pytest.raises(NotSentError) as said:
        await at_work.send({"letter": letter_id})
    await at_work.given_up({"letter": letter_id}, said.value.code)

    assert server.letters == [letter, letter]
    assert [(each.outcome, each.reason, each.about) for each in told] == [("failed", "unanswered", "an invitation")]


async def test_what_the_server_answers_is_no_double_and_may_be_tried_as_often_as_it_takes(
    store: Store, letters: Letters
) -> None:
    letter_id = await put(store, letters)
    server = Server(*[NotSentError("busy") for _ in range(5)])
    at_work, _ = posting(store, letters, server)
    for _ in range(5):
        with pytest.raises(NotSentError, match="busy"):
            await at_work.send({"letter": letter_id})

    await at_work.send({"letter": letter_id})
    await at_work.send({"letter": letter_id})

    assert len(server.letters) == 6
    assert [each.outcome for each in await letters.latest()] == ["sent"]


async def test_only_what_had_left_and_did_not_arrive_comes_back_and_people_are_told_of_it_once(
    store: Store, letters: Letters
) -> None:
    async def jobs() -> int:
        async with connected(store.engine) as connection:
            told = sa.text("select count(*) from job where entrypoint = 'letter.returned'")
            return int(await connection.scalar(told) or 0)

    arrived, lost = await put(store, letters, letter=TEXT), await put(store, letters)
    await letters.returned(lost, "undelivered")
    assert ((await letters.latest())[0].outcome, await jobs()) == ("waiting", 0)

    for each in (arrived, lost):
        await letters.sent(each, f"gateway {each}")
    await letters.delivered(arrived)
    named = await letters.named(f"gateway {lost}")
    assert named is not None
    for each in (arrived, named.letter_id, lost):
        await letters.returned(each, "undelivered")

    assert await jobs() == 1
    assert {each.letter_id: each.outcome for each in await letters.latest()} == {arrived: "sent", lost: "failed"}


async def test_a_letter_that_came_too_late_is_given_up_and_not_sent(store: Store, letters: Letters) -> None:
    letter_id, server = await put(store, letters, lasts=-timedelta(seconds=1)), Server()

    with pytest.raises(NotSentError, match="expired") as said:
        await posting(store, letters, server)[0].send({"letter": letter_id})

    assert said.value.for_good
    assert server.letters == []


async def test_a_letter_sealed_with_another_key_is_given_up(store: Store, letters: Letters) -> None:
    letter_id = await put(store, letters)
    turned = Letters(store.engine, Seal("another key"), new_id, leaves=True)

    with pytest.raises(NotSentError, match="another-key") as said:
        await posting(store, turned, Server())[0].send({"letter": letter_id})

    assert said.value.for_good


async def test_the_administrator_is_told_how_letters_stand_and_nothing_of_what_they_say(
    store: Store, letters: Letters
) -> None:
    letter_id = await put(store, letters)
    await posting(store, letters, Server())[0].given_up({"letter": letter_id}, "no-such-mailbox")
    await put(store, letters)

    assert letters_words(await letters.latest()) == (
        "0 sent, 1 on their way, 1 not delivered (invitation: no such mailbox)"
    )
