"""Rows of the journal hash what they say beside it, with a salt, so that it can be erased and the chain still hold."""

from pathlib import Path

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add the columns, and the one change that the journal allows; the statements stand in the file beside this one."""
    script = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    for statement in script.split(";\n\n\n"):
        if statement.strip():
            op.get_bind().exec_driver_sql(statement)
