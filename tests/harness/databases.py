"""Databases for tests: one embedded server a session, two templates, a clone for every test that asks.

The server is as durable as in production. Where this machine has the memory its files lie there: a clone then costs a
tenth of what a disk needs to be sure of it, and no test of a session's server cuts the power.
"""

import asyncio
import itertools
import os
import shutil
import tempfile
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import psutil

from hub.store.engine import create_engine
from hub.store.migrating import migrate
from web.commands.preparing import seed_demo

MIGRATED = "template_migrated"
SEEDED = "template_seeded"
SERVER_SETTINGS = {"max_connections": "300", "shared_buffers": "128MB", "max_wal_size": "512MB"}
MEMORY = Path("/dev/shm")  # noqa: S108 - the folder that is memory, on Linux
MEMORY_BYTES_MIN = 8_000_000_000
"""Free, for several sessions side by side: each takes about a gigabyte."""
PREFIX = "careplan-tests-"


@contextmanager
def a_data_folder(otherwise: Path) -> Iterator[Path]:
    """Yield a folder for a server's data: in memory where there is enough of it, else the one given."""
    if not MEMORY.is_dir():
        yield otherwise
        return
    for left in MEMORY.glob(f"{PREFIX}*"):  # What a killed run couldn't take away.
        if not psutil.pid_exists(int(left.name.split("-")[2])):
            shutil.rmtree(left, ignore_errors=True)
    if min(shutil.disk_usage(MEMORY).free, psutil.virtual_memory().available) < MEMORY_BYTES_MIN:
        yield otherwise
        return
    with tempfile.TemporaryDirectory(dir=MEMORY, prefix=f"{PREFIX}{os.getpid()}-") as folder:
        yield Path(folder)


def _run(work: Coroutine[object, object, object]) -> None:
    """Run it on a thread of its own: Playwright keeps a loop running on this one while a page test lasts."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()


class Databases:
    """Clones of migrated templates on the server behind ``url``, a URL as in ``DATABASE_URL``."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._numbers = itertools.count(1)
        self._templates: set[str] = set()

    @contextmanager
    def clone(self) -> Iterator[str]:
        """Yield the URL of a migrated database of its own, gone afterwards with all its connections."""
        if MIGRATED not in self._templates:
            self._statement(f"create database {MIGRATED}")
            _run(_migrated(self.named(MIGRATED)))
            self._templates.add(MIGRATED)
        with self.empty(template=MIGRATED) as url:
            yield url

    @contextmanager
    def demo(self) -> Iterator[str]:
        """Yield the URL of a database of its own with the demo's people and plans."""
        if SEEDED not in self._templates:
            with self.clone() as url:
                _run(seed_demo(url))
                self._statement(f"create database {SEEDED} template {urlsplit(url).path[1:]}")
            self._templates.add(SEEDED)
        with self.empty(template=SEEDED) as url:
            yield url

    @contextmanager
    def empty(self, template: str = "template0") -> Iterator[str]:
        """Yield the URL of a database without tables, for tests of migrations."""
        name = f"test_{os.getpid()}_{next(self._numbers)}"
        self._statement(f"create database {name} template {template}")
        try:
            yield self.named(name)
        finally:
            self._statement(f"drop database if exists {name} with (force)")

    def named(self, name: str) -> str:
        """Return the URL of another database of the same server."""
        return urlsplit(self.url)._replace(path=f"/{name}").geturl()

    def _statement(self, sql: str) -> None:
        _run(self._executed(sql))

    async def _executed(self, sql: str) -> None:
        connection = await asyncpg.connect(self.url)
        try:
            await connection.execute(sql)
        finally:
            await connection.close()


async def _migrated(url: str) -> None:
    engine = create_engine(url, connections_max=1)
    try:
        await migrate(engine)
    finally:
        await engine.dispose()


def executed(url: str, sql: str) -> None:
    """Run a statement in that database as its owner."""
    Databases(url)._statement(sql)
