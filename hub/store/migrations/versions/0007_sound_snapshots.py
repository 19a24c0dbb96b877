"""Snapshots say on which row they stand and what they were when they were checked; those kept before are dropped."""

from pathlib import Path

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the two columns; the statements stand in the file beside this one."""
    script = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    for statement in script.split(";\n\n"):
        if statement.strip():
            op.get_bind().exec_driver_sql(statement)
