"""The bench's results as a table, and as a plot in plain SVG."""

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape
from typing import Final

from tests.bench.scenarios import Outcome

HUB: Final = "care plan hub"
BEYOND: Final = 4.0
"""Bars end at so many times the hub's."""

_HEAD: Final = (
    "| scenario | server | p50 ms | p95 ms | p99 ms | saved p99 ms | CPU ms per 1,000 deliveries | CPU ms an edit "
    "(Postgres) | memory MB | missing | equal | hub's part |\n|---|---|---|---|---|---|---|---|---|---|---|---|"
)


def machine() -> dict[str, object]:
    """Return what the numbers were made on."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "load": [round(each, 2) for each in os.getloadavg()],
    }


def _processor() -> str:
    with open("/proc/cpuinfo") as told:
        return next((line.split(":", 1)[1].strip() for line in told if line.startswith("model name")), "unknown")


def table(outcomes: Sequence[Outcome]) -> str:
    """Return a Markdown table; the last column is the hub's number over the other's, below 1 in the hub's favour."""
    hub = {each.scenario: each for each in outcomes if each.server == HUB}
    about = machine()
    lines = [f"{about['date']}, {about['processor']}, {about['cores']} cores, load {about['load']}", "", _HEAD]
    for each in outcomes:
        ours = hub.get(each.scenario)
        lines.append("| " + " | ".join([*_cells(each), _ratio(ours, each)]) + " |")
    return "\n".join(lines)


def _cells(each: Outcome) -> list[str]:
    more = ", ".join(f"{name.replace('_', ' ')} {value:,.1f}" for name, value in each.more.items())
    postgres = f" ({each.postgres_per_edit:.2f})" if each.postgres_per_edit else ""
    checked = each.sockets or each.missing or not each.equal
    return [
        f"{each.scenario}{': ' + more if more else ''}",
        each.server,
        _told(each.p50),
        _told(each.p95),
        _told(each.p99),
        _told(each.saved_p99),
        _told(each.cpu_per_1000_deliveries),
        (f"{each.cpu_per_edit:.2f}" if each.edits else "") + postgres,
        f"{each.memory_mb:.0f}" if each.memory_mb else "",
        f"{each.missing:,}" + (f" ({'; '.join(each.faults)})" if each.faults else "") if checked else "",
        ("yes" if each.equal else "NO") if checked else "",
    ]


def _told(value: float) -> str:
    return f"{value:.1f}" if value else ""


def _ratio(ours: Outcome | None, other: Outcome) -> str:
    if ours is None or ours is other:
        return ""
    pairs = [("p50", ours.p50, other.p50), ("p99", ours.p99, other.p99)]
    pairs.append(("CPU a delivery", ours.cpu_per_1000_deliveries, other.cpu_per_1000_deliveries))
    pairs += [(name.replace("_", " "), value, other.more.get(name, 0.0)) for name, value in ours.more.items()]
    return ", ".join(f"{name} {mine / theirs:.2f} x" for name, mine, theirs in pairs if mine > 0 and theirs > 0)


_COLOURS: Final = {
    HUB: "#0b6e4f",
    "Hocuspocus": "#c05f00",
    "Hocuspocus that commits": "#7a3c00",
    "pycrdt-websocket": "#6b5fb5",
}
_FLOOR: Final = "#8a8a8a"
_ROW, _LEFT, _WIDTH, _GAP = 18, 190, 720, 30


def plotted(outcomes: Sequence[Outcome]) -> str:
    """Return bars of one number of each scenario and server, each scenario on its own scale, as an SVG image.

    What is far beyond the hub's is cut off, and what was played by the hub alone is left out.
    """
    parts: list[str] = []
    y = 30
    for name in dict.fromkeys(each.scenario for each in outcomes):
        rows = [(each, *_shown(each)) for each in outcomes if each.scenario == name]
        if len(rows) < 2:
            continue
        ours = rows[0][1] or 1.0
        widest = min(max(value for _, value, _ in rows) or 1.0, BEYOND * ours)
        parts.append(f'<text x="10" y="{y}" class="t">{escape(name)}: {escape(rows[0][2])}</text>')
        for each, value, _ in rows:
            y += _ROW
            colour = _COLOURS.get(each.server, _FLOOR)
            long = max(1.0, (_WIDTH - _LEFT - 170) * min(1.0, value / widest))
            parts.append(f'<text x="{_LEFT - 8}" y="{y + 11}" text-anchor="end">{escape(each.server)}</text>')
            parts.append(f'<rect x="{_LEFT}" y="{y}" width="{long:.1f}" height="{_ROW - 4}" fill="{colour}"/>')
            lost = f", {each.missing:,} missing" if each.missing else ""
            parts.append(f'<text x="{_LEFT + long + 6:.1f}" y="{y + 11}">{value:,.1f}{lost}</text>')
        y += _GAP + 8
    style = "text{font:12px system-ui,sans-serif;fill:#222}.t{font-weight:600}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {y}" role="img" '
        f'aria-label="The hub beside Hocuspocus and pycrdt-websocket"><style>{style}</style>'
        f'<rect width="{_WIDTH}" height="{y}" fill="#fff"/>{"".join(parts)}</svg>\n'
    )


def _shown(each: Outcome) -> tuple[float, str]:
    """Return the number that stands for the scenario, and what it is."""
    if "edits_per_second" in each.more:
        return each.more["edits_per_second"], "edits a second with p99 under 100 ms (more is better)"
    if "kb_per_document" in each.more:
        return each.more["kb_per_document"], "kilobytes a document"
    if each.scenario == "cold open":
        return each.p50, "p50, ms"
    return each.p99, "p99, ms"
