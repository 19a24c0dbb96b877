"""What must happen later, as rows: the tables of the queue, made here and not by its library at run time."""

from pathlib import Path

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Make the tables and open them to the app; the statements stand in the file beside this one."""
    script = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    for statement in script.split(";\n\n\n"):
        if statement.strip():
            op.get_bind().exec_driver_sql(statement)
