"""What a fresh clone starts with: it installs when its inputs changed, and only then."""

import json
import subprocess
from pathlib import Path

import pytest

import bootstrap


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.setattr(bootstrap, "STAMP", tmp_path / "installed.json")
    monkeypatch.setattr(bootstrap, "PYTHON", tmp_path / "python")
    (tmp_path / "python").touch()
    (tmp_path / "static/dist").mkdir(parents=True)
    (tmp_path / "static/src").mkdir()
    for name in ("requirements.txt", "requirements-test.txt", "pyproject.toml", "static/src/plan.js"):
        (tmp_path / name).write_text(name)
    return tmp_path


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Record what would be installed instead of installing it."""
    made: list[str] = []

    def run(command: list[object], *, check: bool) -> None:
        made.append(" ".join(str(word) for word in command[1:]))

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(bootstrap, "pip_command", lambda: ["python", "pip"])
    return made


def test_a_second_start_installs_nothing(clone: Path, calls: list[str]) -> None:
    bootstrap.install("requirements.txt")
    first = len(calls)

    bootstrap.install("requirements.txt")

    assert first == 3  # the environment, the lock, the project
    assert len(calls) == first


def test_what_the_tests_need_serves_the_demo_too(clone: Path, calls: list[str]) -> None:
    bootstrap.install("requirements-test.txt")
    first = len(calls)

    bootstrap.install("requirements.txt")

    assert len(calls) == first


@pytest.mark.parametrize(
    ("changed", "installs"),
    [
        ("requirements.txt", 2),
        ("pyproject.toml", 1),
        ("static/src/plan.js", 1),
        ("static/app.css", 0),
        ("static/dist/plan.js", 0),
    ],
)
def test_a_change_installs_what_depends_on_it(clone: Path, calls: list[str], changed: str, installs: int) -> None:
    bootstrap.install("requirements.txt")
    calls.clear()

    (clone / changed).write_text("changed")
    bootstrap.install("requirements.txt")

    assert len(calls) == installs


@pytest.mark.parametrize("damage", ["moved", "cut short", "without Python"])
def test_a_damaged_venv_is_made_anew(clone: Path, calls: list[str], damage: str) -> None:
    bootstrap.install("requirements.txt")
    calls.clear()
    match damage:
        case "moved":
            told = json.loads(bootstrap.STAMP.read_text())
            bootstrap.STAMP.write_text(json.dumps(told | {"place": "elsewhere"}))
        case "cut short":
            bootstrap.STAMP.write_text("{")
        case _:
            (clone / "python").unlink()

    bootstrap.install("requirements.txt")

    assert calls[0].startswith("-m venv")


def test_every_package_is_installed_by_its_hash(clone: Path, calls: list[str]) -> None:
    bootstrap.install("requirements-test.txt")

    (locked,) = [call for call in calls if "requirements-test.txt" in call]

    assert "--require-hashes" in locked


def test_no_command_shows_how_to_call_it(capsys: pytest.CaptureFixture[str]) -> None:
    code = bootstrap.main([])

    assert code == 2
    assert "bootstrap.py demo" in capsys.readouterr().err


def test_a_clone_that_can_not_be_written_is_copied_once_and_again_when_it_changed(clone: Path, tmp_path: Path) -> None:
    place = tmp_path.parent / "cache"

    first = bootstrap.copied(place)
    (first / ".venv").mkdir()
    (clone / "static/src/plan.js").chmod(0o444)
    again = bootstrap.copied(place)
    (clone / "pyproject.toml").write_text("changed")
    changed = bootstrap.copied(place)

    assert first == again == changed
    assert (changed / "pyproject.toml").read_text() == "changed"
    assert (changed / "static/src/plan.js").read_text() == "static/src/plan.js"
    assert (changed / ".venv").exists()


def test_the_cache_is_where_the_user_says_or_below_their_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    assert bootstrap.cache_folder().parent == tmp_path / ".cache/careplan-hub"

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "elsewhere"))
    assert bootstrap.cache_folder().parent == tmp_path / "elsewhere/careplan-hub"
