"""Lists of medicines beside plans, as rows: what came in, what is decided on their lines, what was signed."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncEngine

from hub.record.journal import Turn
from hub.store.arrival_tables import line_decision as decision_table
from hub.store.arrival_tables import list_signature as signature_table
from hub.store.arrival_tables import medicine_list as list_table
from hub.store.engine import connected, connection_of
from hub.workflows.list_decisions import LineDecision
from hub.workflows.medicine_lists import ListedMedicine, ListKind, MedicineList

SIGNATURES_MAX: Final = 20


@dataclass(frozen=True, slots=True)
class ListSignature:
    """A list that was signed; ``sheet`` is what is said to the family, in its order."""

    signature_id: str
    person: str
    signed: datetime
    sheet: Mapping[str, Any]


class MedicineListRows:
    """Lists, decisions and signatures as rows. Whatever is written is written in a turn of the plan's journal."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def waiting(self, plan_id: str) -> list[MedicineList]:
        """Return the lists that wait to be decided on."""
        query = sa.select(list_table).where(list_table.c.plan == plan_id, list_table.c.state == "waiting")
        async with connected(self._engine) as connection:
            return [_list(row._mapping) for row in await connection.execute(query.order_by(list_table.c.id))]

    async def decisions(self, plan_id: str) -> dict[str, LineDecision]:
        """Return what is decided so far, by line."""
        query = sa.select(decision_table).where(decision_table.c.plan == plan_id)
        async with connected(self._engine) as connection:
            return {row.line: _decision(row) for row in await connection.execute(query)}

    async def keep(self, turn: Turn, plan_id: str, each: MedicineList) -> None:
        """Keep a list that came in; it waits from now on."""
        values = {"kind": each.kind.value, "source": each.source, "written": each.written, "person": each.person}
        values["arrival"] = each.arrival
        medicines = [asdict(medicine) for medicine in each.medicines]
        await connection_of(turn).execute(
            sa.insert(list_table).values(id=each.list_id, plan=plan_id, state="waiting", medicines=medicines, **values)
        )

    async def remove(self, turn: Turn, plan_id: str, list_ids: Sequence[str], state: str) -> int:
        """Let lists wait no more, and forget what was decided on lines so far where they were signed."""
        waiting = (list_table.c.plan == plan_id) & (list_table.c.state == "waiting") & list_table.c.id.in_(list_ids)
        connection = connection_of(turn)
        done = await connection.execute(sa.update(list_table).where(waiting).values(state=state))
        if state == "signed":
            await connection.execute(sa.delete(decision_table).where(decision_table.c.plan == plan_id))
        return int(done.rowcount)

    async def decide(self, turn: Turn, plan_id: str, line: str, decision: LineDecision) -> LineDecision | None:
        """Keep a decision; return the one that stands already, which stays."""
        connection = connection_of(turn)
        told = {name: value for name, value in asdict(decision).items() if name not in ("person", "when")}
        told["until"] = decision.until.isoformat() if decision.until is not None else ""
        values = {"plan": plan_id, "line": line, "decision": told, "person": decision.person, "decided": decision.when}
        made = await connection.execute(
            postgresql.insert(decision_table).values(**values).on_conflict_do_nothing().returning(decision_table.c.line)
        )
        if made.first() is not None:
            return None
        where = (decision_table.c.plan == plan_id) & (decision_table.c.line == line)
        return _decision((await connection.execute(sa.select(decision_table).where(where))).one())

    async def undo(self, turn: Turn, plan_id: str, line: str) -> bool:
        """Take a decision back; return whether there was one."""
        where = (decision_table.c.plan == plan_id) & (decision_table.c.line == line)
        return bool((await connection_of(turn).execute(sa.delete(decision_table).where(where))).rowcount)

    async def sign(self, turn: Turn, plan_id: str, signature: ListSignature) -> None:
        """Keep a signature with its sheet."""
        await connection_of(turn).execute(
            sa.insert(signature_table).values(
                id=signature.signature_id,
                plan=plan_id,
                person=signature.person,
                signed=signature.signed,
                sheet=dict(signature.sheet),
            )
        )

    async def signatures(self, plan_id: str) -> list[ListSignature]:
        """Return the signatures of a plan, the newest first."""
        query = sa.select(signature_table).where(signature_table.c.plan == plan_id)
        query = query.order_by(signature_table.c.signed.desc()).limit(SIGNATURES_MAX)
        async with connected(self._engine) as connection:
            return [ListSignature(row.id, row.person, row.signed, row.sheet) for row in await connection.execute(query)]


def _list(row: sa.RowMapping) -> MedicineList:
    medicines = tuple(ListedMedicine(**each) for each in row["medicines"])
    told: dict[str, Any] = {name: row[name] for name in ("source", "written", "person", "received", "arrival")}
    return MedicineList(list_id=row["id"], kind=ListKind(row["kind"]), medicines=medicines, **told)


def _decision(row: Any) -> LineDecision:
    told = dict(row.decision)
    until = date.fromisoformat(told.pop("until")) if told["until"] else told.pop("until") or None
    return replace(LineDecision(**told), until=until, person=row.person, when=row.decided)
