"""What people ask of their panels, under names of their own."""

from pathlib import Path

from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    """Make the table and open it to the app; the statements stand in the file beside this one."""
    script = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    for statement in script.split(";\n\n\n"):
        if statement.strip():
            op.get_bind().exec_driver_sql(statement)
