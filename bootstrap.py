#!/usr/bin/env python3
"""From a fresh clone to a running hub, or to its tests, with nothing but Python 3.11 and pip.

    python3 bootstrap.py demo          the hub with demo patients; prints where to look
    python3 bootstrap.py test          the whole suite, browser tests included
    python3 bootstrap.py bench         the hub's speed beside Hocuspocus and pycrdt-websocket; `bench --quick` first
    python3 bootstrap.py install       only what is needed to run; `install test` adds the tests' tools

Any other first word is a command of the hub, as in `python3 bootstrap.py serve --port 9000`. What is installed goes to
`.venv` here, from the lock with its hashes, then this project itself, which builds the browser bundle. A stamp keeps
what was installed from which inputs, so a later start installs nothing. A clone that can't be written is copied to the
user's cache first. Standard library only.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
STAMP = VENV / "installed.json"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
RUN_LOCK = "requirements.txt"
TEST_LOCK = "requirements-test.txt"
PIP_WITH_PYTHON_OPTION = (22, 3)
BUNDLE_INPUTS = ("pyproject.toml", "hatch_build.py", "package.json", "package-lock.json", ".npmrc", "static/build.js")
PYTHON_MIN = (3, 11)
NOT_COPIED = (".venv", ".git", "node_modules", "__pycache__", "careplan-data", ".mypy_cache", ".ruff_cache")
SIDE_BY_SIDE = ("-n", "4", "--dist", "worksteal")
"""Every worker has a PostgreSQL, a hub and a browser of its own, and waits for them half of its time: four keep two
cores busy, and more only wait for each other. Who is idle takes over what waits: the slow tests stand side by side."""


def main(words: list[str]) -> int:
    """Install what the command needs, then become it; return an exit code where that is impossible."""
    if sys.version_info < PYTHON_MIN:
        return refuse(f"This needs Python 3.11 or newer; {sys.executable} is {sys.version.split()[0]}.")
    if not words or words[0] in ("-h", "--help"):
        return refuse(__doc__ or "")
    if not os.access(ROOT, os.W_OK):
        return from_copy(words)
    command, *rest = words
    testing = command in ("test", "bench") or words == ["install", "test"]
    try:
        install(TEST_LOCK if testing else RUN_LOCK)
        if command == "install":
            return 0
        if command == "test":
            side_by_side = () if {"-n", "--pdb"} & set(rest) else SIDE_BY_SIDE
            return become("-m", "pytest", *side_by_side, *rest, environment={"CAREPLAN_CHROMIUM": browser()})
    except subprocess.CalledProcessError as error:
        return refuse(f"This step failed: {' '.join(map(str, error.cmd))}")
    return become("-m", "web", *words)


def from_copy(words: list[str]) -> int:
    """Run the command from a copy of a clone that can't be written; a changed clone is copied anew."""
    try:
        bootstrap = copied(cache_folder()) / "bootstrap.py"
    except OSError as error:
        return refuse(f"{ROOT} can't be written, and no copy of it can be made: {error}.")
    if not os.access(Path.cwd(), os.W_OK) and "CAREPLAN_DATA" not in os.environ:
        os.environ["CAREPLAN_DATA"] = str(bootstrap.parents[1] / "careplan-data")
        say(f"This folder can't be written: the data goes to {os.environ['CAREPLAN_DATA']}, unless --data says other.")
    if os.name != "nt":
        os.execv(sys.executable, [sys.executable, str(bootstrap), *words])  # noqa: S606 - no shell is meant
    return subprocess.run([sys.executable, bootstrap, *words], check=False).returncode


def cache_folder() -> Path:
    """Return where this user's programs keep what can be made anew, by the XDG rules."""
    named = os.environ.get("XDG_CACHE_HOME", "")
    base = Path(named) if Path(named).is_absolute() else Path.home() / ".cache"
    return base / "careplan-hub" / hashlib.sha256(str(ROOT).encode()).hexdigest()[:16]


def copied(place: Path) -> Path:
    """Return an up-to-date copy of this clone in the place; its `.venv` stays where only sources changed."""
    sources = sorted(path for path in walk(ROOT) if path.is_file())
    fresh = fingerprint(*(path.relative_to(ROOT).as_posix() for path in sources))
    clone, mark = place / "clone", place / "copied"
    if mark.exists() and mark.read_text() == fresh:
        return clone
    say(f"{ROOT} can't be written: working from a copy in {clone}.")
    place.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place) as scratch:
        new = Path(scratch) / "clone"
        for path in sources:
            target = new / path.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)  # The content alone: what can't be written here must be writable there.
        for kept in (".venv", "node_modules"):
            if (clone / kept).exists():
                (clone / kept).rename(new / kept)
        shutil.rmtree(clone, ignore_errors=True)
        new.rename(clone)
    mark.write_text(fresh)
    return clone


def walk(folder: Path) -> list[Path]:
    """Return all that is copied of a folder, at any depth."""
    found = [path for path in folder.iterdir() if path.name not in NOT_COPIED]
    return [each for path in found for each in ([path, *walk(path)] if path.is_dir() else [path])]


def install(lock: str) -> None:
    """Bring `.venv` to what the lock and the sources of the bundle say; nothing to do is the usual case."""
    done = stamp()
    wanted = {lock: fingerprint(lock), "project": fingerprint(*bundle_inputs())}
    locked = done.get(lock) == wanted[lock] or (lock == RUN_LOCK and done.get(TEST_LOCK) == fingerprint(TEST_LOCK))
    if locked and done.get("project") == wanted["project"]:
        return
    if not done:
        say("Making .venv ...")
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", "--clear", VENV], check=True)
    pip = pip_command()
    if not locked:
        say(f"Installing what {lock} names ...")
        subprocess.run([*pip, "install", "-qq", "--require-hashes", "--no-deps", "-r", ROOT / lock], check=True)
        done = {lock: wanted[lock], "place": place()}
        STAMP.write_text(json.dumps(done))
    say("Installing the hub and building its browser bundle ...")
    own = ["install", "-qq", "--no-deps", "--no-build-isolation", "--editable", str(ROOT)]
    subprocess.run([*pip, *own], check=True)
    STAMP.write_text(json.dumps(done | {"project": wanted["project"]}))


def stamp() -> dict[str, str]:
    """Return what `.venv` holds: fingerprints by name; empty where it is missing, moved or of another Python."""
    try:
        done = json.loads(STAMP.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    usable = isinstance(done, dict) and done.get("place") == place() and PYTHON.exists()
    return {str(name): str(value) for name, value in done.items()} if usable else {}


def place() -> str:
    """Where and for which Python `.venv` was made: both are written into what it holds."""
    return f"{ROOT} {sys.version}"


def bundle_inputs() -> list[str]:
    """The files whose change asks for a new installation of the project itself."""
    sources = sorted(path for path in (ROOT / "static/src").rglob("*") if path.is_file())
    return [*BUNDLE_INPUTS, *(path.relative_to(ROOT).as_posix() for path in sources)]


def fingerprint(*names: str) -> str:
    """SHA-256 over names and contents of files in the clone; a missing file counts as empty."""
    total = hashlib.sha256()
    for name in names:
        path = ROOT / name
        content = path.read_bytes() if path.exists() else b""
        total.update(f"{name} {len(content)}\n".encode() + content)
    return total.hexdigest()


def pip_command() -> list[str]:
    """Return how to call pip for `.venv`: this Python's own pip, or one that ensurepip puts there.

    A distribution's Python often comes without ensurepip, and a minimal one without pip, but hardly without both.
    """
    asked = subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True, text=True, check=False)
    version = asked.stdout.split()[1].split(".") if asked.returncode == 0 else ["0", "0"]
    if tuple(int(part) for part in version[:2] if part.isdecimal()) >= PIP_WITH_PYTHON_OPTION:
        return [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(PYTHON)]
    say("This Python has no pip from 22.3 on; trying ensurepip ...")
    subprocess.run([PYTHON, "-m", "ensurepip", "--upgrade"], check=True)
    return [str(PYTHON), "-m", "pip", "--disable-pip-version-check"]


def browser() -> str:
    """Return the path of a Chromium for the page tests, fetched into `.venv` where this machine has none.

    The same step brings the npm packages that only tests use.
    """
    command = [str(PYTHON), "-m", "tests.harness.browsers"]
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def become(*words: str, environment: dict[str, str] | None = None) -> int:
    """Turn this process into the command, so that signals reach it; Windows has to wait for a child instead."""
    os.environ.update(environment or {})
    if "pytest" in words:
        os.chdir(ROOT)
    if os.name != "nt":
        os.execv(PYTHON, [str(PYTHON), *words])  # noqa: S606 - no shell is meant
    return subprocess.run([PYTHON, *words], check=False).returncode


def say(words: str) -> None:
    """Tell the person what takes a while."""
    sys.stderr.write(words + "\n")
    sys.stderr.flush()


def refuse(words: str) -> int:
    """Say why not, and return the exit code for it."""
    say(words)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
