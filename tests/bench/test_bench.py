"""The bench tells the truth: small runs are complete, and what it looks for it would find."""

import json
from array import array
from pathlib import Path
from typing import Any

import pytest
from pycrdt import Doc

from tests.bench.__main__ import QUICK
from tests.bench.added import spread
from tests.bench.edits import a_ground, a_past, an_edit, lines_of, numbers_of, typed
from tests.bench.generator import Client, Generator
from tests.bench.reports import plotted, table
from tests.bench.scenarios import Outcome, Stage, Typing, contents, measure, percentiles, typing
from tests.bench.servers import HERE, HubServer
from tests.bench.wires import HocuspocusWire, Seat

NOWHERE = Seat("/", "document")


def test_each_editor_types_in_a_line_of_its_own() -> None:
    ground = a_ground(3)
    doc = a_document(ground.state)

    for at in range(4):
        for editor in range(3):
            doc.apply_update(an_edit(1_000 + editor, at, ground.lines[editor][2], 4))

    assert lines_of(doc.get_update(), ground) == ["".join(typed(at, 4) for at in range(4))] * 3


def test_an_edit_that_reached_nobody_is_missing_and_one_that_came_twice_counts_once() -> None:
    stage, generator = a_stage(editors=2, edits=3)
    reader = stage.by_document[0][1]
    for at in (0, 0, 2):
        reader.times.append(1.0)
        reader.keys.append(generator.know(b"%d" % at, numbers_of(an_edit(1_000, at, 5, 4))))
    outcome = Outcome("server", "scenario")

    measure(outcome, stage, generator)

    assert (outcome.deliveries, outcome.missing) == (2, 4)
    assert outcome.worst == pytest.approx(1_000)


def test_the_past_ends_in_the_state_of_its_updates() -> None:
    past = a_past(400, entries=4, clients=3)
    doc = a_document(past.updates[0])
    for update in past.updates[1:]:
        doc.apply_update(update)

    assert contents(doc.get_update()) == contents(past.state)
    assert len(past.updates) == 400


def test_quantiles_of_nothing_are_nothing() -> None:
    assert percentiles(array("d"), 0.5, 0.99) == [0.0, 0.0]
    assert percentiles(array("d", [0.001, 0.002, 0.003]), 0.5, 1.0) == [2.0, 3.0]


def test_the_plot_is_an_image_and_the_table_names_what_is_lost() -> None:
    outcome = Outcome("care plan hub", "huddle", p99=2.5, missing=3, equal=False)

    assert plotted([outcome]).startswith("<svg xmlns=")
    assert "| 3 | NO |" in table([outcome])


@pytest.mark.slow
def test_a_small_crowd_at_a_real_hub_gets_every_edit(tmp_path: Path) -> None:
    hub = HubServer(tmp_path)
    hub.start()
    try:
        crowd = QUICK["crowd"]
        assert isinstance(crowd, Typing)
        outcome = typing(hub, crowd)
    finally:
        hub.stop()

    assert (outcome.missing, outcome.equal, outcome.faults) == (0, True, [])
    assert outcome.deliveries == outcome.edits * (outcome.sockets - 1)


def a_document(state: bytes) -> "Doc[Any]":
    doc: Doc[Any] = Doc()
    doc.apply_update(state)
    return doc


def a_stage(*, editors: int, edits: int) -> tuple[Stage, Generator]:
    """Editors who have sent everything at the instant 0, and a generator that is connected to nothing."""
    clients = [Client(NOWHERE, each) for each in range(editors)]
    sent = array("d", bytes(8 * editors * edits))
    stage = Stage(Typing("scenario", 1, editors, 1, edits), a_ground(editors), [clients], edits, sent)
    return stage, Generator(HocuspocusWire(), 0)


def test_turns_of_the_same_thing_tell_how_far_apart_they_were() -> None:
    assert spread([1.0, 1.2, 0.9, 1.0, 1.5]) == {"bare_least": 0.9, "bare_most": 1.5}


def test_the_lock_of_the_rivals_is_of_what_is_named() -> None:
    named = json.loads((HERE / "rivals" / "package.json").read_text())["dependencies"]
    locked = json.loads((HERE / "rivals" / "package-lock.json").read_text())["packages"]

    assert locked[""]["dependencies"] == named
    assert {name: locked[f"node_modules/{name}"]["version"] for name in named} == named
