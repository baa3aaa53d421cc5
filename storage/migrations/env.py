"""Alembic's entry: runs inside the connection that `storage.migrate.upgrade` opened."""

from __future__ import annotations

from alembic import context
from sqlmodel import SQLModel

import storage.research_tables
import storage.tables  # noqa: F401  (both fill the metadata)

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,  # SQLite alters a table by copying it
)
with context.begin_transaction():
    context.run_migrations()
