"""The hostile peer of ``hostile.py``, in a child process with limits: a hang or a crash is a failure, not the end.

Bounded and quick by default; CAREPLAN_HOSTILE_ROUNDS says how many rounds, CAREPLAN_SEED where they start.
"""

import os
import resource
import subprocess
import sys
from pathlib import Path

ROUNDS = int(os.environ.get("CAREPLAN_HOSTILE_ROUNDS", "60"))
SECONDS_PER_ROUND_MAX = 1
MEMORY_BYTES_MAX = 2 << 30


def limit() -> None:
    seconds = 30 + ROUNDS * SECONDS_PER_ROUND_MAX
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))


def test_whatever_a_liar_writes_all_replicas_end_the_same(seed: int) -> None:
    child = subprocess.run(
        [sys.executable, "-m", "tests.crdt.hostile", str(seed), str(ROUNDS)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
        preexec_fn=limit,
        timeout=120 + ROUNDS * 4 * SECONDS_PER_ROUND_MAX,
    )

    assert child.returncode == 0, f"{child.stdout}\n{child.stderr[-4000:]}\nexit {child.returncode}"
    assert "lies taken" in child.stdout
