"""When what is in the journal was sent, and when it was answered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forwards."""
    op.add_column("intents", sa.Column("sent_ms", sa.BigInteger()))
    op.add_column("intents", sa.Column("answered_ms", sa.BigInteger()))


def downgrade() -> None:
    """Backwards."""
    op.drop_column("intents", "answered_ms")
    op.drop_column("intents", "sent_ms")
