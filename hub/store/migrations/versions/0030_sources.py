"""FHIR servers, and patients who are read there for a plan."""

from pathlib import Path

from alembic import op

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    """Make the tables; the statements stand in the file beside this one."""
    script = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    for statement in script.split(";\n\n"):
        if statement.strip():
            op.get_bind().exec_driver_sql(statement)
