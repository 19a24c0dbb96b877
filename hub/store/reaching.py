"""What is wrong with a database, as a sentence for whoever set DATABASE_URL; never its password, never a traceback."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import asyncpg
import sqlalchemy as sa

from hub.store.engine import StoreError


class DatabaseAwayError(StoreError):
    """No database answers, or it takes no connections yet: it may be on its way."""


@contextmanager
def reaching() -> Iterator[None]:
    """Around the first steps with a database.

    Raises:
        DatabaseAwayError: nothing answers there now.
        StoreError: it can't be used as it is set; the message says what to check.
    """
    try:
        yield
    except (OSError, TimeoutError, asyncpg.PostgresError, sa.exc.DBAPIError) as error:
        cause = _cause(error)
        raise (DatabaseAwayError if isinstance(cause, _AWAY) else StoreError)(_words(cause)) from error


_AWAY: Final = (
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.PostgresConnectionError,
    ConnectionError,
    FileNotFoundError,
    TimeoutError,
)


def _cause(error: BaseException) -> BaseException:
    orig = error.orig if isinstance(error, sa.exc.DBAPIError) else None
    return orig.__cause__ if orig is not None and orig.__cause__ is not None else error


def _words(cause: BaseException) -> str:
    match cause:
        case asyncpg.InvalidPasswordError() | asyncpg.InvalidAuthorizationSpecificationError():
            return "The database does not take this login and password. Check both in DATABASE_URL."
        case asyncpg.InvalidCatalogNameError():
            return "The server has no database of this name. Check the end of DATABASE_URL, or create the database."
        case asyncpg.InsufficientPrivilegeError():
            return "This login may not do that in the database. Run careplan-hub migrate with the login of its owner."
        case asyncpg.CannotConnectNowError() | asyncpg.TooManyConnectionsError():
            return "The database takes no connections at the moment. Try again shortly."
        case OSError() | TimeoutError() | asyncpg.PostgresConnectionError():
            return "No PostgreSQL answers. Check host and port in DATABASE_URL, and that the server runs."
        case _:
            return f"The database can't be used ({type(cause).__name__}). Check DATABASE_URL."
