"""All SQL of the hub: SQLAlchemy Core tables, Alembic migrations, and one module for each noun kept in Postgres."""
