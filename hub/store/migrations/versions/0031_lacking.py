"""What a server does not tell of a patient."""

from pathlib import Path

from alembic import op

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    """Add the column; the statements stand in the file beside this one."""
    script = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    for statement in script.split(";\n\n"):
        if statement.strip():
            op.get_bind().exec_driver_sql(statement)
