"""A copy of the whole database in one file, by PostgreSQL's own ``pg_dump``, with a signed note of what it holds.

Beside FILE stands FILE.note: a checkpoint over all heads as of the very instant of the copy, and the file's SHA-256.
So a restored database can be compared with what was backed up, and with what was signed since: that is what was lost.
"""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from hub.process.postgres_programs import binaries
from hub.record.checkpoints import Checkpoint, CheckpointError, Signed, next_text, read_checkpoints
from hub.record.journal import Head
from hub.record.signing import SigningKey, VerifierKey
from hub.store.backups import Copied

_AT_ONCE: Final = 1 << 20
_SHA256: Final = "sha256 "


class BackupError(Exception):
    """A backup can't be made, or is not what it says; the message says why."""


def note_of(file: Path) -> Path:
    """Return where the note of a backup stands."""
    return file.with_name(file.name + ".note")


def dump(url: str, snapshot: str, file: Path) -> None:
    """Write everything that the exported snapshot sees to the file.

    Raises:
        BackupError: ``pg_dump`` failed; nothing is left behind.
    """
    unfinished = file.with_name(file.name + ".unfinished")
    command = ["pg_dump", "--format=custom", "--compress=6", f"--snapshot={snapshot}", f"--file={unfinished}"]
    try:
        _run([*command, "--no-owner", "--schema=public"], url)
        with unfinished.open("rb") as written:
            os.fsync(written.fileno())
        unfinished.rename(file)
    finally:
        unfinished.unlink(missing_ok=True)


def restore(url: str, file: Path) -> None:
    """Fill an empty database from the file, all or nothing.

    Raises:
        BackupError: ``pg_restore`` failed; the database is as it was.
    """
    _run(
        ["pg_restore", "--single-transaction", "--exit-on-error", "--no-owner", "--clean", "--if-exists", str(file)],
        url,
    )


def write_note(file: Path, key: SigningKey, copied: Copied) -> None:
    """Sign what the file holds."""
    text = next_text(Signed(), dict(copied.heads), copied.taken)
    note = key.signed(text)
    note_of(file).write_text(f"{_SHA256}{digest_of(file)}\n{key.signature(digest_of(file).encode()).hex()}\n{note}")


def read_note(file: Path, key: VerifierKey) -> Checkpoint:
    """Return what a backup says it holds, the file itself checked.

    Raises:
        BackupError: there is no note, it is not the key's, or the file is not the one that was signed.
    """
    try:
        first, signature, text = note_of(file).read_text().split("\n", 2)
    except (OSError, ValueError) as error:
        raise BackupError(f"{note_of(file)} can't be read: a backup goes with its note.") from error
    scratch = note_of(file).with_suffix(".reading")
    scratch.write_text(text)
    try:
        (found,) = read_checkpoints(scratch, key)
    except (CheckpointError, ValueError) as error:
        raise BackupError(f"{note_of(file)} is not as it was signed, or by another key.") from error
    finally:
        scratch.unlink()
    digest = first.removeprefix(_SHA256)
    if not key.checked_bytes(digest.encode(), signature) or digest != digest_of(file):
        raise BackupError(f"{file} is not the file that was signed: it was cut or changed.")
    return found


def digest_of(file: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def lost(backed_up: Mapping[str, Head], stood: Mapping[str, Head]) -> tuple[int, int]:
    """Return how many rows of how many journals came after a backup, by the heads that stood later."""
    behind = [head.seq - backed_up[plan].seq if plan in backed_up else head.seq for plan, head in stood.items()]
    return sum(rows for rows in behind if rows > 0), sum(1 for rows in behind if rows > 0)


def _run(command: Sequence[str], url: str) -> None:
    program = _program(command[0])
    words = [program, "--dbname", _conninfo(url), *command[1:]]
    done = subprocess.run(words, env=_environment(url), capture_output=True, text=True, check=False)
    if done.returncode:
        raise BackupError(f"{command[0]} failed: {done.stderr.strip().splitlines()[-1] if done.stderr else 'no words'}")


def _program(name: str) -> str:
    """Return the program of the embedded PostgreSQL, which is as new as any server we know; else the one on PATH."""
    own = binaries() / name
    found = str(own) if own.exists() else shutil.which(name)
    if found is None:
        raise BackupError(f"There is no {name} here. Install PostgreSQL's client programs.")
    return found


def _conninfo(url: str) -> str:
    """Return the URL without its password, which no command line shows."""
    parts = urlsplit(url)
    user = parts.netloc.rpartition("@")[0].partition(":")[0]
    host = parts.netloc.rpartition("@")[2]
    scheme = "postgresql"
    return parts._replace(scheme=scheme, netloc=f"{user}@{host}" if user else host).geturl()


def _environment(url: str) -> dict[str, str]:
    password = urlsplit(url).password
    asked = dict(parse_qsl(urlsplit(url).query)).get("password", "")
    told = unquote(password) if password else asked
    return {**os.environ, **({"PGPASSWORD": told} if told else {})}
