"""How columns are declared: their types, their defaults, what may stand in them. The tables are made of these.

Ids and other texts are compared byte by byte (collation "C"): faster, and the order of pages of rows is the same in
every database. Names of people sort by the page, not by the database.
"""

from enum import StrEnum
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

metadata: Final = sa.MetaData(
    naming_convention={
        "ix": "%(table_name)s_%(column_0_N_name)s",
        "uq": "%(table_name)s_%(column_0_N_name)s_unique",
        "ck": "%(table_name)s_%(constraint_name)s",
        "fk": "%(table_name)s_%(column_0_name)s",
        "pk": "%(table_name)s_pkey",
    }
)

text: Final = sa.Text(collation="C")
instant: Final = sa.DateTime(timezone=True)
binary: Final = sa.LargeBinary()


def id_column(name: str = "id") -> sa.Column[str]:
    """The key of a table: an id as text."""
    return sa.Column(name, text, primary_key=True)


def words(name: str, default: str | None = "") -> sa.Column[str]:
    """A text that may be empty but is never null; without a default it must be given."""
    server_default = None if default is None else sa.text(f"'{default}'")
    return sa.Column(name, text, nullable=False, server_default=server_default)


def maybe(name: str) -> sa.Column[object]:
    """An instant that may not have come yet."""
    return sa.Column(name, instant)


def when(name: str) -> sa.Column[object]:
    """The instant at which the row was made, by the clock of the database."""
    return sa.Column(name, instant, nullable=False, server_default=sa.text("clock_timestamp()"))


def given(name: str) -> sa.Column[object]:
    """An instant that is always there and always given."""
    return sa.Column(name, instant, nullable=False)


def flag(name: str, *, default: bool = False) -> sa.Column[bool]:
    """Yes or no."""
    return sa.Column(name, sa.Boolean, nullable=False, server_default=sa.true() if default else sa.false())


def count(name: str) -> sa.Column[int]:
    """A number that begins at 0."""
    return sa.Column(name, sa.BigInteger, nullable=False, server_default=sa.text("0"))


def of(name: str, table: str, *, primary_key: bool = False, nullable: bool = False) -> sa.Column[str]:
    """The id of a row of another table."""
    return sa.Column(name, text, sa.ForeignKey(f"{table}.id"), primary_key=primary_key, nullable=nullable)


def among(column: str, values: type[StrEnum] | tuple[str, ...]) -> sa.CheckConstraint:
    """Only these values stand in the column."""
    listed = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} in ({listed})", name=column)


def keys() -> tuple[sa.Column[str], sa.Column[str], sa.Column[object]]:
    """Return what a name is sorted, found and heard by (``hub.directory.names``)."""
    sounds: sa.Column[object] = sa.Column(
        "sounds", postgresql.ARRAY(text), nullable=False, server_default=sa.text("'{}'")
    )
    return words("sort_key"), words("search_key"), sounds
