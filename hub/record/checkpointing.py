"""The loop that signs: every minute one process writes a checkpoint to a place outside the database.

It reads heads without a lock and writes to a file, in a thread: no commit waits for it, and a hub whose checkpoints
can't be written goes on, and says so in its log until they can.
"""

import asyncio
import logging
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

from hub.record.checkpoints import (
    CHECKPOINTS_FILE,
    VERIFIER_FILE,
    CheckpointError,
    Signed,
    StepBackError,
    read_checkpoints,
    sign_next,
)
from hub.record.journal import Head, JournalAwayError
from hub.record.signing import SigningKey
from hub.store.heads import Heads

CHECKPOINT_SECONDS: Final = 60.0

_log = logging.getLogger("hub.record.checkpoints")


class HeadsTurn(Protocol):
    """What signing needs of the store."""

    async def heads(self) -> tuple[list[tuple[str, Head]], datetime]:
        """Return the heads of all journals at one instant, and the instant."""

    async def keep(self, root: bytes, note: str, made: datetime) -> None:
        """Keep a copy of the note."""


class Checkpoints:
    """The checkpoints of one folder, written with one key."""

    def __init__(self, folder: Path, key: SigningKey) -> None:
        self._file = folder / CHECKPOINTS_FILE
        self._verifier = folder / VERIFIER_FILE
        self._key = key
        self._signed: Signed | None = None

    def resume(self) -> None:
        """Read what was signed before, every signature checked; blocks.

        Raises:
            CheckpointError: the file is not as it was signed. ``OSError``: it can't be read.
        """
        signed = Signed()
        if self._file.exists():
            for _ in read_checkpoints(self._file, self._key.verifier, signed):
                pass
        self._verifier.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
        self._verifier.write_text(self._key.verifier.text + "\n")
        self._signed = signed

    async def sign(self, turn: HeadsTurn) -> bool:
        """Write the next checkpoint; False where nothing moved.

        Raises:
            StepBackError: the database is not where it was signed; nothing is written.
        """
        assert self._signed is not None, "it has resumed"
        heads, now = await turn.heads()
        note = await asyncio.to_thread(sign_next, self._file, self._key, self._signed, heads, now)
        if note:
            await turn.keep(self._signed.root, note, now)
        return bool(note)


async def keep_signing(heads: Heads, folder: Path, key: SigningKey, *, seconds: float = CHECKPOINT_SECONDS) -> None:
    """Sign for as long as the process lives, or wait for the turn while another process has it."""
    while True:
        try:
            await _sign_while_ours(heads, Checkpoints(folder, key), seconds)
        except JournalAwayError:
            _log.warning("The database is away: no checkpoint.")
        except (CheckpointError, StepBackError) as error:
            _log.error("The journal is not what was signed: run careplan-hub verify. No checkpoint. %s", error)
        except OSError as error:
            _log.error("The checkpoints can't be written: %s.", error.strerror)
        await asyncio.sleep(seconds)


async def _sign_while_ours(heads: Heads, checkpoints: Checkpoints, seconds: float) -> None:
    async with heads.signing() as turn:
        if turn is None:
            return
        await asyncio.to_thread(checkpoints.resume)
        while True:
            await checkpoints.sign(turn)
            await asyncio.sleep(seconds)
