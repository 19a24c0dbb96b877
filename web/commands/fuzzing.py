"""``careplan-hub fuzz``: update reader, index and gate against yrs itself, with liars, from a seed."""

import secrets
import subprocess
import sys
import time
from typing import Annotated, Final

import typer

ROUNDS_AT_ONCE: Final = 200
"""Battles of one child process; some seconds of work."""
CHILD_SECONDS_MAX: Final = 900.0
"""A child that takes longer is stuck where its own limit of processor time does not reach."""
EXIT_DIFFERENT: Final = 1
TOLD_CHARACTERS_MAX: Final = 4_000


def fuzz(
    minutes: Annotated[float, typer.Option(min=0.0, help="How long to go on.")] = 10.0,
    seed: Annotated[int | None, typer.Option(min=0, help="Where to start; default anywhere.")] = None,
    rounds: Annotated[int, typer.Option(min=0, help="Go on for so many battles instead of minutes.")] = 0,
) -> None:
    """Try the gate with hostile edits, against yrs itself; exit 1 with the seed where anything differs or dies."""
    first = secrets.randbits(32) if seed is None else seed
    typer.echo(f"seed {first}")
    ends = time.monotonic() + minutes * 60
    done = 0
    while done < rounds if rounds else time.monotonic() < ends:
        part = min(ROUNDS_AT_ONCE, rounds - done) if rounds else ROUNDS_AT_ONCE
        fault = _fault_of(first + done, part)
        if fault:
            typer.echo(fault, err=True)
            typer.echo(f"To see it again: careplan-hub fuzz --seed {first + done} --rounds {part}", err=True)
            raise typer.Exit(EXIT_DIFFERENT)
        done += part
    typer.echo(f"{done} battles, no difference")


def _fault_of(seed: int, rounds: int) -> str:
    """Fight in a process of its own, which a hang or a crash may end; return what went wrong, ``""`` for nothing."""
    command = [sys.executable, "-m", "hub.fuzz", str(seed), str(rounds)]
    try:
        child = subprocess.run(command, capture_output=True, text=True, check=False, timeout=CHILD_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        return f"seeds {seed} to {seed + rounds - 1}: no end after {CHILD_SECONDS_MAX:.0f} seconds"
    if child.returncode == 0:
        return ""
    return f"{child.stdout}{child.stderr[-TOLD_CHARACTERS_MAX:]}\nexit {child.returncode}"
