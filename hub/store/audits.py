"""Search over all journals, for auditors: from the newest to the oldest, a page at a time, by key and not by offset."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from hub.journal import Action, Row
from hub.store.engine import connected
from hub.store.journal import READ_COLUMNS, driver_of, row_of

ROWS_FOUND_MAX: Final = 1_000
"""One page of answers is no longer."""

_ORDER: Final = "order by recorded desc, plan desc, seq desc"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What an auditor asks; what is empty is not asked."""

    actor: str = ""
    plan: str = ""
    actions: frozenset[Action] = frozenset()
    section: str = ""
    outcome: str = ""
    since: datetime | None = None
    until: datetime | None = None
    """Not included."""


class Audits:
    """The journals of all plans as one record."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def search(self, question: Question, *, before: Row | None = None, limit: int = 100) -> list[Row]:
        """Return what answers the question, from before a row of the page before; the search itself is the caller's
        to record."""
        values: list[object] = [min(limit, ROWS_FOUND_MAX)]
        where = _where(question, before, values)
        if question.actor or question.plan or question.outcome not in ("", "success"):
            query = f"select {READ_COLUMNS} from journal where {where} {_ORDER} limit $1"  # noqa: S608
        else:
            # A few index walks, one an action, merged: no index has all actions in the order of time.
            values.append(sorted(question.actions or Action))
            query = f"""
                select {READ_COLUMNS} from unnest(${len(values)}::text[]) as asked(what), lateral (
                    select * from journal where action = asked.what and {where} {_ORDER} limit $1) as found
                {_ORDER} limit $1"""  # noqa: S608 - names and operators only; values are sent apart
        async with connected(self._engine) as connection:
            driver = await driver_of(connection)
            return [row_of(record) for record in await driver.fetch(query, *values)]


def _where(question: Question, before: Row | None, values: list[object]) -> str:
    """Return the conditions, their values added to ``values``."""
    asked: list[str] = []

    def ask(condition: str, value: object) -> None:
        values.append(value)
        asked.append(condition.format(f"${len(values)}"))

    for name in ("actor", "plan", "section", "outcome"):
        if value := getattr(question, name):
            ask(name + " = {}", value)
    if question.outcome not in ("", "success"):
        asked.append("outcome <> 'success'")  # Lets the index of refusals be used.
    if question.actions:
        ask("action = any({}::text[])", sorted(question.actions))
    if question.since is not None:
        ask("recorded >= {}", question.since)
    if question.until is not None:
        ask("recorded < {}", question.until)
    if before is not None:
        ask("recorded <= {}", before.recorded)
        values += [before.plan, before.seq]
        asked.append(f"(recorded, plan, seq) < (${len(values) - 2}, ${len(values) - 1}, ${len(values)})")
    return " and ".join(asked) or "true"
