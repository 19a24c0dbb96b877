"""A copy of the whole database in one file, by PostgreSQL's own ``pg_dump``, with a signed note of what it holds.

Beside FILE stands FILE.note: a checkpoint over all heads as of the very instant of the copy, and the file's SHA-256.
So a restored database can be compared with what was backed up, and with what was signed since: that is what was lost.
"""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from pathlib import Path
from typing import IO, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from hub.process.postgres_clients import ClientProgramsError, client_programs, newest_programs, programs_that_read
from hub.record.checkpoints import Checkpoint, CheckpointError, Signed, next_text, read_checkpoints
from hub.record.journal import Head
from hub.record.signing import SigningKey, VerifierKey
from hub.store.backups import Copied

_AT_ONCE: Final = 1 << 20
_SHA256: Final = "sha256 "

_SCHEMA_ITSELF: Final = re.compile(rb"^\d+; \S+ \S+ (SCHEMA - public|COMMENT - SCHEMA public) ")
"""Lines of a file's contents that would make the schema that every database has; its owner is seldom the hub's."""

_SETTING: Final = re.compile(rb"^SET (\w+) = ")
_FIRST_OBJECT: Final = b"-- Name: "


class BackupError(Exception):
    """A backup can't be made, or is not what it says; the message says why."""


def note_of(file: Path) -> Path:
    """Return where the note of a backup stands."""
    return file.with_name(file.name + ".note")


def dump(url: str, server: int, snapshot: str, file: Path) -> None:
    """Write everything that the exported snapshot of a server of that version sees to the file.

    Raises:
        BackupError: ``pg_dump`` is missing, too old, or failed; nothing is left behind.
    """
    unfinished = file.with_name(file.name + ".unfinished")
    command = ["pg_dump", "--format=custom", "--compress=6", f"--snapshot={snapshot}", f"--file={unfinished}"]
    try:
        programs = programs_that_read(server, client_programs())
        _run(programs, [*command, "--no-owner", "--schema=public", "--dbname", _conninfo(url)], _environment(url))
        with unfinished.open("rb") as written:
            os.fsync(written.fileno())
        unfinished.rename(file)
    except ClientProgramsError as error:
        raise BackupError(str(error)) from error
    finally:
        unfinished.unlink(missing_ok=True)


def restore(url: str, settings: Set[str], file: Path) -> None:
    """Fill an empty database from the file, all or nothing; ``settings`` are those that its server knows.

    The server may be older than the one that was copied: ``pg_restore`` writes SQL, we leave out settings that the
    server doesn't know and the making of the schema itself, and ``psql`` sends it in one transaction of ours.

    Raises:
        BackupError: the programs are missing or can't read the file, or the server refused; the database is as it was.
    """
    try:
        programs = newest_programs(client_programs())
    except ClientProgramsError as error:
        raise BackupError(str(error)) from error
    contents = _run(programs, ["pg_restore", "--list", str(file)])
    with tempfile.NamedTemporaryFile(prefix="careplan-contents-") as wanted, tempfile.TemporaryFile() as complaints:
        wanted.writelines(line for line in contents.splitlines(keepends=True) if not _SCHEMA_ITSELF.match(line))
        wanted.flush()
        writing = subprocess.Popen(
            [programs / "pg_restore", "--no-owner", f"--use-list={wanted.name}", "--file=-", str(file)],
            stdout=subprocess.PIPE,
            stderr=complaints,
        )
        with writing:
            assert writing.stdout is not None, "it was given a pipe"
            _send(programs, url, settings, writing.stdout, whole=lambda: writing.wait() == 0)
        if writing.returncode:
            complaints.seek(0)
            raise _failure("pg_restore", complaints.read())


def leave_out(script: Iterable[bytes], settings: Set[str]) -> Iterator[bytes]:
    """Yield the head of a script, up to its first object, without settings that the server doesn't know."""
    for line in script:
        match = _SETTING.match(line)
        if match is None or match[1].decode() in settings:
            yield line
        if line.startswith(_FIRST_OBJECT):
            return


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


def _send(programs: Path, url: str, settings: Set[str], script: IO[bytes], *, whole: Callable[[], bool]) -> None:
    """Send a script as one transaction, committed only where ``whole`` says at its end that nothing is missing."""
    command = [str(programs / "psql"), "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--dbname", _conninfo(url)]
    with tempfile.TemporaryFile() as complaints:
        sending = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=complaints, env=_environment(url)
        )
        assert sending.stdin is not None, "it was given a pipe"
        try:
            with sending.stdin as taken:
                taken.write(b"begin;\n")
                taken.writelines(leave_out(script, settings))
                shutil.copyfileobj(script, taken, _AT_ONCE)
                if whole():
                    taken.write(b"commit;\n")
        except BrokenPipeError:
            pass  # It refused a statement and ended; what it said is told below.
        finally:
            script.close()  # Else the writer would wait for ever.
        if sending.wait():
            complaints.seek(0)
            raise _failure("The restore", complaints.read())


def _run(programs: Path, command: Sequence[str], environment: Mapping[str, str] | None = None) -> bytes:
    done = subprocess.run([programs / command[0], *command[1:]], env=environment, capture_output=True, check=False)
    if done.returncode:
        raise _failure(command[0], done.stderr)
    return done.stdout


def _failure(what: str, complaints: bytes) -> BackupError:
    """Return one sentence of what a program complained of; details are left out, which may be a patient's."""
    lines = [line for line in complaints.decode(errors="replace").splitlines() if line.strip()]
    told = [line for line in lines if re.search(r"\b(ERROR|FATAL|error|fatal):", line)] or lines[-1:]
    if "unsupported version" in complaints.decode(errors="replace"):
        return BackupError(
            "The backup was made by newer programs than any here. Install PostgreSQL's newest client programs."
        )
    return BackupError(f"{what} failed: {told[0].strip()}" if told else f"{what} failed and said nothing.")


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
