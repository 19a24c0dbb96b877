"""A record that was kept honestly, to be damaged: its rows, and what a superuser of the database may do to them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from crdt.changes import Assign, Create
from crdt.documents import SectionDocument, server_client
from crdt.sections import Section
from hub.ids import HUB, new_id
from hub.record.checkpointing import Checkpoints
from hub.record.checkpoints import CHECKPOINTS_FILE
from hub.record.journal import Act, Action, Batch, Head, Row, chained
from hub.record.signing import SigningKey
from hub.record.verifying import Fault
from hub.store.appends import COLUMNS
from hub.store.heads import Heads
from hub.store.journal import PostgresJournal
from hub.store.verifying import reading

KEY = SigningKey(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
ROWS = 12
GUEST = "01a20091-0000-7000-8000-000000000000"
CHANGES: Mapping[str, str] = {
    "recorded": "recorded + interval '1 microsecond'",
    "action": "'read'",
    "outcome": "'failed'",
    "update": "update || '\\x00'::bytea",
    "told": "'{\"number\":99}'::json",
    "prev_hash": "sha256(prev_hash)",
    "hash": "sha256(hash)",
    "salt": "sha256(salt)",
    "content_hash": "sha256(content_hash) || sha256(content_hash)",
}


@dataclass
class Record:
    """Two plans with edits and a snapshot each, signed, and a superuser who may do anything."""

    url: str
    journal: PostgresJournal
    heads: Heads
    root: "asyncpg.Connection[asyncpg.Record]"
    folder: Path
    plan: str
    other: str

    async def damage(self, *statements: str) -> None:
        """Do it as no trigger minds."""
        await self.root.execute("set session_replication_role = replica")
        for statement in statements:
            await self.root.execute(statement)
        await self.root.execute("set session_replication_role = origin")

    async def fault(self, *, signed: bool = False, plan: str = "") -> Fault | None:
        """Return what a verification finds, with checkpoints or by the database alone."""
        async with reading(self.url) as verification:
            found = await verification.journals(plan)
            if found is None and signed:
                found = await verification.checkpoints(self.folder / CHECKPOINTS_FILE, KEY.verifier, plan)
            return found

    async def sign(self) -> None:
        """Write a checkpoint as the hub does."""
        checkpoints = Checkpoints(self.folder, KEY)
        checkpoints.resume()
        async with self.heads.signing() as turn:
            assert turn is not None
            await checkpoints.sign(turn)

    async def put(self, plan: str, rows: list[Row]) -> None:
        """Replace a plan's journal from the first of these rows on, its head with it."""
        await self.damage(f"delete from journal where plan = '{plan}' and seq >= {rows[0].seq}")
        values = [tuple(getattr(row, name) for name in COLUMNS) for row in rows]
        await self.root.copy_records_to_table("journal", columns=COLUMNS, records=values)
        await self.damage(
            f"update head set seq = {rows[-1].seq}, hash = '\\x{rows[-1].hash.hex()}' where plan = '{plan}'"
        )


def some_acts(plan: str) -> tuple[list[Act], SectionDocument]:
    """Return a goal made and changed by two people, and what it comes to."""
    document, entry = SectionDocument(Section.GOALS), new_id()
    acts = []
    for number in range(ROWS):
        person = ("ana", "ben")[number % 2]
        made = Create(Section.GOALS, entry, {"description": "Walk to church", "voice": GUEST})
        change = made if number == 0 else Assign(Section.GOALS, entry, "due", f"2026-12-{number:02}")
        accepted = document.perform([change], client=server_client(plan, person))
        acts.append(
            Act(
                plan=plan, actor=person, action=Action.COMMAND, role="specialist", section=Section.GOALS, entry=entry,
                field="due", event="entry.edit", reason="asked", session="s", words={"number": number},
                update=accepted.update, purpose="treatment", policy="1", on_behalf_of="rosa",
            )
        )  # fmt: skip
    return acts, document


def an_act(plan: str = HUB) -> Act:
    return Act(plan=plan, actor="eve", action=Action.ADMIN)


def repaired(rows: list[Row], seq: int, **changed: str) -> list[Row]:
    """Return the rows from ``seq`` on, one changed and the chain hashed anew."""
    head, again = Head(seq - 1, rows[seq - 2].hash), []
    for row in rows[seq - 1 :]:
        told = {name: getattr(row, name) for name in Act.__struct_fields__ if name not in ("words", "update")}
        act = Act(**told | (changed if row.seq == seq else {}), update=row.update, words=row.words)
        again += chained(Batch(row.plan, head, [act]), row.recorded)
        head = Head(again[-1].seq, again[-1].hash)
    return again


def an_instant() -> datetime:
    return datetime(2026, 11, 21, tzinfo=UTC)
