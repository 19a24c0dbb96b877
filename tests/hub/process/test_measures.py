"""What a process counts of itself: refusals by code, commits, and no more than codes."""

import logging
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from crdt.sections import Section
from hub.live.commands import Refusal, Refused
from tests.hub.builders import PLAN, Changing, a_hub, a_person

pytestmark = pytest.mark.anyio
GOALS = Section.GOALS


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


async def test_commits_and_their_rows_are_counted() -> None:
    hub = await a_hub()
    page = hub.peer()
    await hub.settle()
    commits, rows = counted("careplan_commit_seconds_count"), counted("careplan_commit_rows_sum")

    page.write("x")
    await hub.settle()

    assert counted("careplan_commit_seconds_count") == commits + 1
    assert counted("careplan_commit_rows_sum") == rows + 1


async def test_a_refused_command_is_counted_by_its_code_and_told_in_one_line(caplog: pytest.LogCaptureFixture) -> None:
    hub = await a_hub()
    before = counted("careplan_refusals_total", code="too-soon")

    with caplog.at_level(logging.INFO, "hub.live.commands"):
        outcome = await hub.plans.perform(PLAN, a_person(), Changing(Refusal("too-soon", "Mary's words.")))

    assert isinstance(outcome, Refused)
    assert counted("careplan_refusals_total", code="too-soon") == before + 1
    [line] = caplog.records
    assert (line.__dict__["command"], line.__dict__["outcome"], line.__dict__["code"]) == (
        "entry.edit",
        "refused",
        "too-soon",
    )
    assert "Mary" not in str(line.__dict__)


async def test_a_refused_update_is_counted_by_its_code() -> None:
    hub = await a_hub()
    page = hub.peer()
    await hub.settle()
    before = refusals()

    page.edit(GOALS, lambda entries: entries.update({"invented": 1}))
    await hub.settle()

    assert refusals() == before + 1


def refusals() -> float:
    """All refusals, of whatever code."""
    found = [metric for metric in REGISTRY.collect() if metric.name == "careplan_refusals"]
    return sum(each.value for metric in found for each in metric.samples if each.name.endswith("_total"))


def test_every_measure_says_what_it_is_and_stands_in_the_docs() -> None:
    told = (Path(__file__).parents[3] / "docs" / "scale.md").read_text()
    ours = {metric.name: metric.documentation for metric in REGISTRY.collect() if metric.name.startswith("careplan_")}

    assert len(ours) >= 15
    assert [name for name, documentation in ours.items() if not documentation.endswith(".")] == []
    assert [name for name in ours if f"`{name}`" not in told] == []
