"""A form that is sent twice counts once: what is sent is known in the turn that does it, and kept with its rows.

Whoever takes a form says so with ``taking``; every turn of the journal that follows in that request keeps the form's
digest in the same transaction as its first change. A turn that finds the digest kept already does nothing and raises
``RepeatedError``. A turn that changes nothing (a refusal) keeps nothing: the form may be sent again.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

from hub.record.journal import Act, Action

CHANGES_NOTHING: Final = frozenset(
    {Action.READ, Action.REFUSE, Action.SEARCH, Action.EXPORT, Action.DISCLOSE, Action.SIGN_IN, Action.SIGN_OUT}
)
"""Acts that may be repeated: they leave the plan and who may what as they were."""


class RepeatedError(Exception):
    """This form was taken already; nothing was done again."""


@dataclass(slots=True)
class Submission:
    """A form under way. ``held`` while a turn of this request keeps it or has kept it, so that the next need not."""

    digest: bytes
    """SHA-256 of who sends what where, the key of the rendered form included."""
    held: bool = False


_under_way: Final[ContextVar[Submission | None]] = ContextVar("submission", default=None)


def under_way() -> Submission | None:
    """Return the form that the current request brings and no turn has kept yet."""
    found = _under_way.get()
    return found if found is not None and not found.held else None


@contextmanager
def taking(submission: Submission) -> Iterator[None]:
    """Have the turns within keep this form."""
    token = _under_way.set(submission)
    try:
        yield
    finally:
        _under_way.reset(token)


def changes(acts: Sequence[Act]) -> bool:
    """Return whether one of the acts did something that must not be done twice."""
    return any(act.outcome == "success" and act.action not in CHANGES_NOTHING for act in acts)
