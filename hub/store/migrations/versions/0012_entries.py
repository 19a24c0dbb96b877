"""What stands in plans, entry by entry, beside the journal: kept by every commit, for lists over many plans."""

from pathlib import Path

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Make the table, and mark the plans that are there as not yet in it; the statements stand beside this file."""
    script = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    for statement in script.split(";\n\n\n"):
        if statement.strip():
            op.get_bind().exec_driver_sql(statement)
