"""A loop that is stuck ends its process; one that comes round does not."""

import contextlib
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
        dog = watchdog.Watchdog(sys.stderr, stuck_seconds_max={limit})
        dog.start()
        {what}
        dog.stop()
        print("came round")

    asyncio.run(main())
"""
STUCK_HOLDING_THE_INTERPRETER = "sum(range(10 ** 12))"
STUCK_WAITING = "import threading; threading.Event().wait()"
GOES_ROUND = "await asyncio.wait([asyncio.ensure_future(asyncio.Event().wait())], timeout=0.7)"
STOPPED = "\n    ".join(
    [
        "import time; print('ready', flush=True)",
        "for _ in range(12):",
        "    end = time.process_time() + 0.1",
        "    while time.process_time() < end: pass",
        "    await asyncio.sleep(0)",
    ]
)
"""Work in steps shorter than a loop may be stuck, of which one is under way when the process is stopped."""


def command(what: str, limit: float = 0.3) -> list[str]:
    return [sys.executable, "-c", textwrap.dedent(WATCHED).format(what=what, limit=limit)]


def watched(what: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(what), capture_output=True, text=True, timeout=30, check=False)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("what", "code"), [(STUCK_HOLDING_THE_INTERPRETER, -signal.SIGPROF), (STUCK_WAITING, 1)], ids=["busy", "waiting"]
)
def test_a_stuck_loop_ends_the_process_and_says_where(what: str, code: int) -> None:
    done = watched(what)

    assert done.returncode == code
    assert "in main" in done.stderr
    assert "came round" not in done.stdout


@pytest.mark.slow
def test_a_loop_that_comes_round_is_left_alone() -> None:
    assert watched(GOES_ROUND).stdout == "came round\n"


@pytest.mark.slow
def test_a_process_that_was_stopped_for_longer_than_a_loop_may_be_stuck_goes_on_where_it_was() -> None:
    limit = 4.0  # On a machine with much else to do, a step takes many times its tenth of a second.
    with subprocess.Popen(
        command(STOPPED, limit), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None, "its output is a pipe"
        assert process.stdout.readline() == "ready\n"

        process.send_signal(signal.SIGSTOP)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(limit * 1.5)
        process.send_signal(signal.SIGCONT)
        said, fault = process.communicate(timeout=30)

    assert (process.returncode, said, fault) == (0, "came round\n", "")


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
