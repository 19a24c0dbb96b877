"""Jobs and who works on them: one handler a kind, tried again with longer and longer waits, never dropped unsaid."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from hub.process import measures
from hub.record.jobs import Job, Payload

JOB_SECONDS_MAX: Final = 60.0
"""A handler that takes longer is cut off, and the job tried again."""

_log = logging.getLogger("hub.jobs")


class NotDoneError(Exception):
    """A handler could not do it this time. ``code`` names why, without anybody's words."""

    def __init__(self, code: str, *, for_good: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.for_good = for_good
        """Another try would end the same way."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How often a job is tried, and how long one waits before the next time."""

    tries_max: int = 12
    first: timedelta = timedelta(seconds=5)
    longest: timedelta = timedelta(hours=1)

    def wait(self, tries: int) -> timedelta:
        """Return how long to wait after so many tries: twice as long each time, up to the longest."""
        return min(self.first * (1 << min(tries - 1, 30)), self.longest)


PATIENCE: Final = Patience()
"""Twelve tries in four and a half hours: an evening's maintenance of a mail server is waited out."""


@dataclass(frozen=True, slots=True)
class Later:
    """The job stays, for another try after this long."""

    after: timedelta
    code: str


Work = Callable[[Payload], Awaitable[None]]
"""Does a job. It may be asked again for one that was done: a process can end between doing and noting it.

Raises ``NotDoneError``, or whatever goes wrong: the job is tried again.
"""

GivenUp = Callable[[Payload, str], Awaitable[None]]
"""Says to people that a job was not done and why (the code); asked again until it returns."""


@dataclass(frozen=True, slots=True)
class _Kind:
    work: Work
    given_up: GivenUp | None
    patience: Patience
    every: timedelta | None


class Handlers:
    """Who works on which kind of job."""

    def __init__(self) -> None:
        self._kinds: dict[str, _Kind] = {}

    def add(self, kind: str, work: Work, *, given_up: GivenUp | None = None, patience: Patience = PATIENCE) -> None:
        """Have ``work`` do the jobs of this kind; ``given_up`` is told of one whose tries are used up."""
        assert kind not in self._kinds, "one handler a kind"
        self._kinds[kind] = _Kind(work, given_up, patience, None)

    def add_every(self, kind: str, every: timedelta, work: Work) -> None:
        """Have ``work`` done again and again, by one process at a time, whether or not it went well the last time."""
        assert kind not in self._kinds, "one handler a kind"
        self._kinds[kind] = _Kind(work, None, PATIENCE, every)

    def kinds(self) -> list[str]:
        """Return every kind that has a handler."""
        return list(self._kinds)

    def repeated(self) -> list[Job]:
        """Return the jobs that are done again and again, to be put down once."""
        return [Job(kind=name, payload={}, key=name) for name, kind in self._kinds.items() if kind.every is not None]

    async def run(self, kind: str, payload: Payload, tries: int) -> Later | None:
        """Do a job that was begun ``tries`` times by now, this time included; ``None`` where nothing is left to do."""
        found = self._kinds[kind]
        code = "tries-used-up"
        if found.every is not None or tries <= found.patience.tries_max:
            error = await _done(found.work(payload))
            if found.every is not None:
                return Later(found.every, "again")
            if error is None:
                measures.JOBS.labels(kind, "done").inc()
                return None
            code = error.code
            _log.warning("a job was not done", extra={"command": kind, "error": code, "attempt": tries})
            if not error.for_good and tries < found.patience.tries_max:
                measures.JOBS.labels(kind, "again").inc()
                return Later(found.patience.wait(tries), code)
        if found.given_up is not None:
            unsaid = await _done(found.given_up(payload, code))
            if unsaid is not None:
                _log.error("that a job was given up could not be said", extra={"command": kind, "error": unsaid.code})
                return Later(found.patience.wait(tries), code)
        _log.warning("a job was given up", extra={"command": kind, "error": code, "attempt": tries})
        measures.JOBS.labels(kind, "given-up").inc()
        return None


async def _done(work: Awaitable[None]) -> NotDoneError | None:
    try:
        async with asyncio.timeout(JOB_SECONDS_MAX):
            await work
    except NotDoneError as error:
        return error
    except Exception as error:  # noqa: BLE001 - whatever it is, the job is tried again, and told in the end.
        return NotDoneError(type(error).__name__)
    return None
