"""Only listed fields leave the process, whoever wrote the line."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog

from web import logs
from web.settings import Mode, read_settings

Lines = Callable[[], list[dict[str, object]]]


@pytest.fixture
def lines(tmp_path: Path) -> Iterator[Lines]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    logs.configure(read_settings({}, mode=Mode.SERVE, data_dir=tmp_path), stream)
    try:
        yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        structlog.reset_defaults()


def test_a_field_that_is_not_listed_is_dropped(lines: Lines) -> None:
    structlog.get_logger("hub.live.rooms").info("opened", plan="p1", name="Mary", words="chest pain")

    (line,) = lines()

    assert line["plan"] == "p1"
    assert "Mary" not in str(line)
    assert "chest" not in str(line)


def test_a_librarys_line_keeps_its_template_without_what_was_filled_in(lines: Lines) -> None:
    logging.getLogger("asyncpg").warning("key %s exists", "Mary")

    assert [line["event"] for line in lines()] == ["key %s exists"]


def test_a_line_of_ours_is_filled_in(lines: Lines) -> None:
    logging.getLogger("hub.live.committer").warning("room ended: %s", "storage is away", extra={"plan": "p1"})

    (line,) = lines()

    assert line["event"] == "room ended: storage is away"
    assert line["plan"] == "p1"


def test_a_librarys_ready_made_line_is_told_by_its_place(lines: Lines) -> None:
    logging.getLogger("asyncio").error("task of Mary failed")

    (line,) = lines()

    assert "Mary" not in str(line)
    assert str(line["event"]).startswith("asyncio line ")


def test_an_exception_is_told_by_type_and_places_without_its_message(lines: Lines) -> None:
    try:
        try:
            raise KeyError("Mary")
        except KeyError as error:
            raise ValueError("Mary's dose") from error
    except ValueError:
        structlog.get_logger("hub.live.rooms").exception("abandoned")
        logging.getLogger("hub.live.rooms").exception("abandoned")

    told = lines()

    assert len(told) == 2
    for line in told:
        assert "Mary" not in str(line)
        assert str(line["exception"]).startswith("ValueError at web/test_logs.py:")
        assert "because of KeyError at web/test_logs.py:" in str(line["exception"])
