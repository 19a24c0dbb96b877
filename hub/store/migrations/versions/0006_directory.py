"""A directory: organisations, patients as rows of their own with record numbers, keys to sort and find names by."""

from pathlib import Path
from typing import Final

import sqlalchemy as sa
from alembic import op

from hub.directory.names import search_key, sort_key, sounds

revision = "0006"
down_revision = "0005"

_KEYED: Final = "update {table} set sort_key = :sort, search_key = :search, sounds = :sounds where id = :id"


def upgrade() -> None:
    """Make the tables, give every plan there is its patient, and every name its keys."""
    statements = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8").split(";\n\n")
    connection = op.get_bind()
    for statement in statements:
        if statement.strip():
            connection.exec_driver_sql(statement)
    for row in connection.execute(sa.text("select id, family, given from patient")).all():
        values = {"id": row.id, "sort": sort_key(f"{row.family}, {row.given}"), **_found(f"{row.family} {row.given}")}
        connection.execute(sa.text(_KEYED.format(table="patient")), values)
    connection.exec_driver_sql("alter table person disable trigger grant_changes")  # No one's access changes.
    for row in connection.execute(sa.text("select id, name from person")).all():
        values = {"id": row.id, "sort": sort_key(row.name), **_found(row.name)}
        connection.execute(sa.text(_KEYED.format(table="person")), values)
    connection.exec_driver_sql("alter table person enable trigger grant_changes")


def _found(name: str) -> dict[str, object]:
    return {"search": search_key(name), "sounds": list(sounds(name))}
