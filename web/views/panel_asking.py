"""What a reader asks of their panel, as the address says it: which patients, in which order, grouped by what."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import parse_qsl, urlencode

from web.views.next_lines import About

QUERY_CHARACTERS_MAX: Final = 100
ID_CHARACTERS_MAX: Final = 64

PANEL: Final = "/panel"
EVERYONE: Final = "all"
"""Says in an address that nothing narrows the panel: without it, the panel begins with the reader's own view."""

SORTS: Final = {"": "by what matters", "name": "by name", "born": "by birth date", "changed": "by last change"}
GROUPS: Final = {"": "by what matters", "unit": "by unit", "steward": "by steward", "no": "not"}

CHIPS: Final = {
    "danger": "Danger",
    "late": "Late",
    "mine": "For me",
    "changed": "Changed",
    "home": "From home",
    "hospital": "From hospital",
}

REASONS: Final = {
    About.HELP: "Call now",
    About.SAFETY: "A medicine that may harm",
    About.RED: "Red zone",
    About.YELLOW: "Yellow zone, or no reading",
    About.TASK: "Task",
    About.REFERRAL: "Referral",
    About.MEDICINES: "Medicines to reconcile",
    About.IN_HOSPITAL: "In hospital, or told so",
    About.CAME_HOME: "Came home",
    About.QUESTION: "Question",
    About.SUGGESTION: "Suggestion",
    About.VALUES: "Two values at once",
    About.REMARK: "Remark for me",
    About.HUDDLE: "Huddle to read back or sign",
    About.REVIEW: "Review due",
}


@dataclass(frozen=True, slots=True)
class PanelAsked:
    """What the reader asked of the panel."""

    text: str = ""
    mine: bool = False
    """Only patients whose plan the reader answers for, or in whose plan something waits on the reader."""
    only: str = ""
    reason: str = ""
    unit: str = ""
    huddle: str = ""
    sort: str = ""
    group: str = ""
    page: int = 1

    @property
    def query(self) -> str:
        """The question as an address says it, the page left out: what a saved view keeps."""
        told = {
            "q": self.text, "who": "mine" if self.mine else "", "only": self.only, "reason": self.reason,
            "unit": self.unit, "huddle": self.huddle, "sort": self.sort, "group": self.group,
        }  # fmt: skip
        return urlencode({name: value for name, value in told.items() if value}) or urlencode({EVERYONE: "yes"})

    @property
    def folded(self) -> bool:
        """Nothing is asked that stands behind "More filters"."""
        return not (self.reason or self.unit or self.huddle or self.sort or self.group)

    def address(self, **changes: object) -> str:
        """Return the address of the panel with these changes; another choice begins at its first page."""
        now = replace(self, page=1, **changes) if "page" not in changes else replace(self, **changes)  # type: ignore[arg-type]
        return f"{PANEL}?{now.query}" + (f"&page={now.page}" if now.page > 1 else "")


def panel_asked(query: Mapping[str, str]) -> PanelAsked:
    """Return what an address asks; what it can't mean counts as not asked."""
    page = query.get("page", "")
    return PanelAsked(
        text=query.get("q", "").strip()[:QUERY_CHARACTERS_MAX],
        mine=query.get("who") == "mine",
        only=_among(query.get("only", ""), CHIPS),
        reason=_among(query.get("reason", ""), {each.value: "" for each in REASONS}),
        unit=query.get("unit", "")[:ID_CHARACTERS_MAX],
        huddle=query.get("huddle", "")[:ID_CHARACTERS_MAX],
        sort=_among(query.get("sort", ""), SORTS),
        group=_among(query.get("group", ""), GROUPS),
        page=max(int(page), 1) if page.isdecimal() and len(page) <= 5 else 1,
    )


def asked_of(query: str) -> PanelAsked:
    """Return what the query of a saved view asks."""
    return panel_asked(dict(parse_qsl(query[:1_000], max_num_fields=20)))


def _among(asked: str, known: Mapping[str, str]) -> str:
    return asked if asked in known else ""
