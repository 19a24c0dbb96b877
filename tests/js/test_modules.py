"""Runs the ``*.test.js`` beside this file with Node's own runner, so that one command runs all tests there are."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.harness import browsers

HERE = Path(__file__).parent
SECONDS_MAX = 120


@pytest.mark.slow
@pytest.mark.parametrize("module", sorted(path.name for path in HERE.glob("*.test.js")))
def test_the_module_keeps_its_promises(module: str) -> None:
    done = subprocess.run(
        [browsers.node(), "--test", "--test-reporter=spec", str(HERE / module)],
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_the_types_of_every_script_hold_under_strict_checking() -> None:
    browsers.packages()

    done = subprocess.run(
        [browsers.node(), browsers.ROOT / "node_modules/typescript/bin/tsc", "-p", "tsconfig.json"],
        cwd=browsers.ROOT,
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )

    assert done.returncode == 0, done.stdout


def test_the_lock_names_no_registry() -> None:
    lock = (browsers.ROOT / "package-lock.json").read_text("utf-8")

    assert "resolved" not in lock
    assert all("integrity" in package for name, package in json.loads(lock)["packages"].items() if name)
