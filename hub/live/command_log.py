"""One log line a command, and its refusal counted; never what was said in it."""

import logging

from auth.roles import Participant
from hub.live.commands import Command, Outcome, Refused
from hub.process import measures

_log = logging.getLogger("hub.live.commands")


def log_command(plan_id: str, actor: Participant, command: Command, outcome: Outcome | None, seconds: float) -> None:
    """Log what became of a command; ``None`` means that it failed."""
    told: dict[str, str | int | float] = {
        "plan": plan_id,
        "person": actor.person_id,
        "session": actor.session_id,
        "command": command.name,
        "outcome": "failed",
        "milliseconds": round(seconds * 1000, 1),
    }
    if isinstance(outcome, Refused):
        measures.REFUSALS.labels(outcome.code).inc()
        told |= {"outcome": "refused", "code": outcome.code}
    elif outcome is not None:
        told |= {"outcome": "done", "seq": outcome.seq}
    _log.info("command", extra=told)
