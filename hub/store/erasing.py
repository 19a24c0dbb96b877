"""Erasing what rows of the journal say: by law, or by a patient's right. The rows, their order and their hashes stay.

One transaction writes the row that names what goes, empties the rows, and drops the section's snapshot; the database
takes nothing else (``only_erased``). The login has to own the journal: the hub's own may not do it. What the section
comes to does not change, because of an update only what is deleted in the plan by now is taken out; so of photos and
papers those that are hidden there.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from crdt.erasing import Emptied, deleted_in, emptied
from crdt.sections import Section
from hub.record.chain import ERASED, SALT_BYTES
from hub.record.erasures import Erasure, named
from hub.record.folding import folded
from hub.record.journal import Act, Action, FoldStep, Turn
from hub.store.engine import StoreError, create_engine
from hub.store.journal import PostgresJournal

ROWS_ERASED_MAX: Final = 1_000
"""Rows in one erasure; more are erased by several."""

_ROWS: Final = sa.text("""
    select seq, action, section, entry, field, reason, update, told::text as told, salt from journal
     where plan = :plan and action <> 'erase'
       and (seq = any(:rows) or section = :section and section <> ''
            and (entry = :entry or :entry = '') and (field = :field or :field = ''))
     order by seq limit :most
""")
_STEPS: Final = sa.text("""
    select seq, update, actor from journal where plan = :plan and section = :section and update is not null order by seq
""")
_ATTACHED: Final = sa.text("""
    select id, hidden is not null as hidden from attachment
     where plan = :plan and content is not null and entry <> '' and entry = any(:entries) order by id
""")
_EMPTY_ATTACHED: Final = sa.text("""
    update attachment set content = null, erased = clock_timestamp() where plan = :plan and id = any(:ids)
""")
_EMPTY: Final = sa.text("""
    update journal set salt = :salt, update = :update, reason = :reason, told = cast(:told as json)
     where plan = :plan and seq = :seq
""")
_DROP: Final = sa.text("delete from snapshot where plan = :plan and section = any(:sections)")


@dataclass(frozen=True, slots=True)
class RowsAsked:
    """Which rows of a plan: by number, or all of a section, an entry, a field."""

    plan: str
    rows: Sequence[int] = ()
    section: str = ""
    entry: str = ""
    field: str = ""


@dataclass(frozen=True, slots=True)
class RowLoss:
    """What of one row would go."""

    seq: int
    section: str
    words: bool
    gone: int
    """Characters and values of its update."""
    left: int
    """Those that still stand in the plan, and stay."""
    old: bool
    """An earlier version wrote it, and hashed its words: nothing of it can go."""
    values: "dict[str, Any]"
    """What the row would hold."""

    @property
    def erases(self) -> bool:
        """Whether anything of the row goes."""
        return not self.old and (self.words or self.gone > 0)


@dataclass(frozen=True, slots=True)
class Erasing:
    """What an erasure would do, or has done."""

    parts: Sequence[RowLoss]
    code: str
    """Names exactly this: whoever confirms it has seen it."""
    seq: int = 0
    """The row that names what went; 0 while nothing has."""
    attachments: Sequence[str] = ()
    """Ids of the photos and papers with these entries that would go: those that are hidden in the plan."""
    shown: int = 0
    """Photos and papers that are shown still, and stay."""

    @property
    def erases(self) -> bool:
        """Whether anything goes."""
        return bool(self.attachments) or any(part.erases for part in self.parts)


async def erase(url: str, asked: RowsAsked, *, code: str, reason: str, by: str) -> Erasing:
    """Return what would go; let it go where ``code`` is that of exactly this.

    Raises:
        KeyError: there is no such plan.
        JournalAwayError: the database can't be reached.
        StoreError: over ``ROWS_ERASED_MAX`` rows, or the login does not own the journal.
    """
    engine = create_engine(url)
    journal = PostgresJournal(engine)
    try:
        async with engine.connect() as connection:
            found = await _found(connection, asked)
        if code != found.code or not found.erases:
            return found
        async with journal.exclusively(asked.plan) as turn:
            again = await _found(turn.connection, asked)
            if again.code != code:
                raise _MovedError
            return replace(again, seq=await _gone(turn, asked, again, reason, by))
    except _MovedError:
        return again
    except sa.exc.DBAPIError as error:
        raise StoreError(
            "The database did not take it: the login of DATABASE_URL has to own the journal. Nothing was erased."
        ) from error
    finally:
        await journal.close()
        await engine.dispose()


class _MovedError(Exception):
    """Between the two looks somebody wrote what the erasure would take."""


async def _found(connection: Any, asked: RowsAsked) -> Erasing:
    parts, entries = await _parts(connection, asked)
    attached = (await connection.execute(_ATTACHED, {"plan": asked.plan, "entries": entries})).all()
    going = [each.id for each in attached if each.hidden]
    return Erasing(parts, _code(asked, parts, going), attachments=going, shown=len(attached) - len(going))


async def _parts(connection: Any, asked: RowsAsked) -> tuple[list[RowLoss], list[str]]:
    """Return what of each row would go, and the entries that the rows are about."""
    values = {"plan": asked.plan, "rows": list(asked.rows), "section": asked.section, "entry": asked.entry}
    found = (await connection.execute(_ROWS, {**values, "field": asked.field, "most": ROWS_ERASED_MAX + 1})).all()
    if len(found) > ROWS_ERASED_MAX:
        raise StoreError(f"That is over {ROWS_ERASED_MAX:,} rows. Name an entry, or rows.")
    dead = {}
    for name in {row.section for row in found if row.update is not None}:
        steps = (await connection.execute(_STEPS, {"plan": asked.plan, "section": name})).all()
        section = Section(name)
        several = [FoldStep(seq, section, update, actor) for seq, update, actor in steps]
        state = (await asyncio.to_thread(folded, section, None, several, several[-1].seq)).state
        dead[name] = deleted_in(state)
    parts = [_part(row, emptied(row.update, dead[row.section]) if row.update is not None else None) for row in found]
    return parts, sorted({row.entry for row in found if row.entry})


def _part(row: Any, without: Emptied | None) -> RowLoss:
    gone, left = (without.gone, without.left) if without is not None else (0, 0)
    if row.salt is None:
        return RowLoss(row.seq, row.section, False, gone, left, True, {})
    words = bool(row.reason or row.told is not None)
    for_update, for_words = row.salt[:SALT_BYTES], row.salt[SALT_BYTES:]
    values = {"seq": row.seq, "update": row.update, "reason": row.reason, "told": row.told}
    if gone and without is not None:
        for_update, values["update"] = ERASED, without.update
    if words:
        for_words, values["reason"], values["told"] = ERASED, "", None
    return RowLoss(row.seq, row.section, words, gone, left, False, {**values, "salt": for_update + for_words})


def _code(asked: RowsAsked, parts: Sequence[RowLoss], attachments: Sequence[str]) -> str:
    told = [asked.plan, [(part.seq, part.words, part.gone, part.left) for part in parts], attachments]
    return hashlib.sha256(msgspec.json.encode(told)).hexdigest()[:8]


async def _gone(turn: Turn, asked: RowsAsked, erasing: Erasing, reason: str, by: str) -> int:
    connection: Any = turn.connection
    going = [part for part in erasing.parts if part.erases]
    erasures = [Erasure.of(part.seq, part.values["salt"], part.values["update"]) for part in going]
    act = Act(
        plan=asked.plan, actor="", action=Action.ERASE, section=asked.section, entry=asked.entry, field=asked.field,
        event="record.erase", reason=reason,
        words={**named(erasures), "attachments": [*erasing.attachments], "by": by},
    )  # fmt: skip
    head = await turn.append([act])
    for part in going:
        await connection.execute(_EMPTY, {"plan": asked.plan, **part.values})
    await connection.execute(_EMPTY_ATTACHED, {"plan": asked.plan, "ids": list(erasing.attachments)})
    sections = sorted({part.section for part in going if part.section})
    await connection.execute(_DROP, {"plan": asked.plan, "sections": sections})
    return head.seq
