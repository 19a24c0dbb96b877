"""Every way in which a database can be out of reach, as one error that the rest of the hub knows."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import asyncpg
import sqlalchemy as sa

from hub.record.journal import JournalAwayError

_OF_THE_DATABASE: Final = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.LockNotAvailableError,
    asyncpg.InvalidAuthorizationSpecificationError,
    # It answers and takes nothing: a standby after a failover, grants taken away, a trigger that refuses.
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.InsufficientPrivilegeError,
    asyncpg.RaiseError,
    sa.exc.InterfaceError,
    sa.exc.OperationalError,
    sa.exc.TimeoutError,
)


@contextmanager
def away() -> Iterator[None]:
    """Around what only talks to the database.

    Raises:
        JournalAwayError: it could not be reached, is shutting down, or is full.
    """
    try:
        yield
    except (OSError, *_OF_THE_DATABASE) as error:
        raise _away(error) from error
    except sa.exc.DBAPIError as error:
        if _is_away(error):
            raise _away(error) from error
        raise


@contextmanager
def away_in_turn() -> Iterator[None]:
    """Around what a turn's holder does: an ``OSError`` there may be about something else."""
    try:
        yield
    except _OF_THE_DATABASE as error:
        raise _away(error) from error
    except sa.exc.DBAPIError as error:
        if _is_away(error):
            raise _away(error) from error
        raise


def _is_away(error: sa.exc.DBAPIError) -> bool:
    """Look behind SQLAlchemy's plainest error: a server that is starting up or recovering is told by no other."""
    cause = error.orig.__cause__ if error.orig is not None else None
    return isinstance(cause, (OSError, *_OF_THE_DATABASE))


def _away(error: Exception) -> JournalAwayError:
    return JournalAwayError(f"the database can't be reached: {type(error).__name__}")
