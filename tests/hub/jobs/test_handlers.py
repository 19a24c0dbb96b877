"""A job is tried again with longer waits, given up once and said, and never lost to a fault of its handler."""

from datetime import timedelta

import pytest

from hub.jobs.handlers import Handlers, Later, NotDoneError, Patience
from hub.record.jobs import Payload

pytestmark = pytest.mark.anyio

TWICE = Patience(tries_max=2, first=timedelta(seconds=5), longest=timedelta(seconds=8))


class Worker:
    def __init__(self, *faults: Exception) -> None:
        self.faults = list(faults)
        self.given_up: list[tuple[Payload, str]] = []

    async def work(self, _payload: Payload) -> None:
        if self.faults:
            raise self.faults.pop(0)

    async def told(self, payload: Payload, code: str) -> None:
        self.given_up.append((payload, code))


def handlers_of(worker: Worker) -> Handlers:
    handlers = Handlers()
    handlers.add("letter.send", worker.work, given_up=worker.told, patience=TWICE)
    return handlers


async def test_a_job_that_goes_well_leaves_nothing_to_do() -> None:
    worker = Worker()

    assert await handlers_of(worker).run("letter.send", {}, 1) is None
    assert worker.given_up == []


async def test_a_fault_of_any_kind_has_the_job_tried_again() -> None:
    worker = Worker(ZeroDivisionError("somebody@example.com"))

    assert await handlers_of(worker).run("letter.send", {}, 1) == Later(timedelta(seconds=5), "ZeroDivisionError")


async def test_the_last_try_gives_it_up_and_says_why_once() -> None:
    worker = Worker(NotDoneError("mail-server-away"))

    assert await handlers_of(worker).run("letter.send", {"letter": "1"}, 2) is None
    assert worker.given_up == [({"letter": "1"}, "mail-server-away")]


async def test_what_another_try_can_not_change_is_given_up_at_once() -> None:
    worker = Worker(NotDoneError("no-such-mailbox", for_good=True))

    assert await handlers_of(worker).run("letter.send", {}, 1) is None
    assert worker.given_up == [({}, "no-such-mailbox")]


async def test_a_job_begun_more_often_than_it_may_be_is_given_up_without_being_begun() -> None:
    worker = Worker(AssertionError("it was begun"))

    assert await handlers_of(worker).run("letter.send", {}, 3) is None
    assert worker.given_up == [({}, "tries-used-up")]


async def test_what_could_not_be_said_is_said_later() -> None:
    async def mute(_payload: Payload, _code: str) -> None:
        raise OSError

    handlers = Handlers()
    handlers.add("letter.send", Worker(NotDoneError("gone", for_good=True)).work, given_up=mute, patience=TWICE)

    assert await handlers.run("letter.send", {}, 1) == Later(timedelta(seconds=5), "gone")


async def test_what_is_done_again_and_again_goes_on_after_a_fault() -> None:
    handlers = Handlers()
    handlers.add_every("jobs.tidy", timedelta(minutes=1), Worker(OSError()).work)

    assert await handlers.run("jobs.tidy", {}, 1_000) == Later(timedelta(minutes=1), "again")


def test_waits_double_up_to_the_longest() -> None:
    patience = Patience(first=timedelta(seconds=5), longest=timedelta(minutes=1))

    assert [patience.wait(tries).seconds for tries in (1, 2, 3, 4, 5, 1_000)] == [5, 10, 20, 40, 60, 60]
