"""Every way in which a database is out of reach is one error; what is wrong with us stays what it is."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TypeAlias

import asyncpg
import pytest
import sqlalchemy as sa

from hub.record.journal import JournalAwayError
from hub.store.away import away, away_in_turn

Around: TypeAlias = Callable[[], AbstractContextManager[None]]


def told_by_sqlalchemy(cause: Exception) -> sa.exc.DBAPIError:
    """As SQLAlchemy wraps what the driver raises and it knows no kind of."""
    orig = Exception("as the dialect names it")
    orig.__cause__ = cause
    return sa.exc.DBAPIError("select 1", (), orig)


@pytest.mark.parametrize("around", [away, away_in_turn])
@pytest.mark.parametrize(
    "cause",
    [
        asyncpg.CannotConnectNowError("the database system is starting up"),
        asyncpg.TooManyConnectionsError("sorry, too many clients already"),
        asyncpg.CrashShutdownError("terminating connection because of crash of another server process"),
        ConnectionResetError(),
    ],
)
def test_a_server_that_recovers_or_is_full_is_away(around: Around, cause: Exception) -> None:
    with pytest.raises(JournalAwayError), around():
        raise told_by_sqlalchemy(cause)


@pytest.mark.parametrize("around", [away, away_in_turn])
def test_a_wrong_statement_is_no_absence(around: Around) -> None:
    with pytest.raises(sa.exc.DBAPIError), around():
        raise told_by_sqlalchemy(asyncpg.UndefinedTableError("no such table"))
