"""``python -m hub.fuzz SEED ROUNDS``: some battles within limits, since a hang or crash ends the process."""

import resource
import sys
from typing import Final

from hub.fuzz.battles import fight

SECONDS_MIN: Final = 30
SECONDS_PER_ROUND_MAX: Final = 1
"""Of the processor: a round takes some 30 milliseconds."""
MEMORY_BYTES_MAX: Final = 2 << 30


def main(seed: int, rounds: int) -> None:
    """Fight; what differs raises."""
    seconds = SECONDS_MIN + rounds * SECONDS_PER_ROUND_MAX
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
    fight(seed, rounds, say)


def say(line: str) -> None:
    """Print a line at once: the process may not live to the next."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
