"""Letters on their way, as rows: put down with what causes them, and kept sealed until they are sent."""

from pathlib import Path

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Make the table and open it to the app; the statements stand in the file beside this one."""
    script = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    for statement in script.split(";\n\n\n"):
        if statement.strip():
            op.get_bind().exec_driver_sql(statement)
