"""A loop that is stuck ends its process; one that comes round does not."""

import signal
import subprocess
import sys
import textwrap

import pytest

from tests.hub.builders import a_hub, settle

WATCHED = """
    import asyncio, sys
    from hub.process import watchdog
    watchdog.ROUND_SECONDS = 0.05

    async def main() -> None:
        dog = watchdog.Watchdog(sys.stderr, stuck_seconds_max=0.3)
        dog.start()
        {what}
        dog.stop()
        print("came round")

    asyncio.run(main())
"""
STUCK_HOLDING_THE_INTERPRETER = "sum(range(10 ** 12))"
GOES_ROUND = "await asyncio.wait([asyncio.ensure_future(asyncio.Event().wait())], timeout=0.7)"


def watched(what: str) -> subprocess.CompletedProcess[str]:
    program = textwrap.dedent(WATCHED).format(what=what)
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False)


@pytest.mark.slow
def test_a_loop_stuck_in_native_code_ends_the_process_and_says_where() -> None:
    done = watched(STUCK_HOLDING_THE_INTERPRETER)

    assert done.returncode == 1
    assert "in main" in done.stderr


@pytest.mark.slow
def test_a_loop_that_comes_round_is_left_alone() -> None:
    assert watched(GOES_ROUND).stdout == "came round\n"


@pytest.mark.anyio
async def test_a_loop_that_fails_ends_the_process_instead_of_saving_nothing_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hub = await a_hub()
    asked: list[int] = []
    monkeypatch.setattr(signal, "raise_signal", asked.append)

    async def failing() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(hub.plans.committer, "run", failing)
    await hub.plans.start()
    await settle([hub])

    assert asked == [signal.SIGTERM]
    await hub.plans.drain()
