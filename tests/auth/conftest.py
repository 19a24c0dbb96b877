"""Totals of the generated comparison, shown at the end of a run."""

from collections import Counter

import pytest

TOTALS: Counter[str] = Counter()


@pytest.fixture
def totals() -> Counter[str]:
    return TOTALS


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if TOTALS:
        words = ", ".join(f"{count:,} {name}" for name, count in sorted(TOTALS.items()))
        terminalreporter.write_line(f"auth: {words}")
