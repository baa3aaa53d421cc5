"""Brings a database to the tables of this version."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Engine
from sqlalchemy.exc import DatabaseError

from core.errors import ConfigurationError

_MIGRATIONS: Final = Path(__file__).parent / "migrations"


def upgrade(engine: Engine) -> None:
    """Apply what is missing, in one transaction.

    Raises ConfigurationError when the database cannot be opened, is no database, or was written by a newer version.
    """
    shown = engine.url.render_as_string(hide_password=True)
    try:
        with engine.begin() as connection:
            config = configuration()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except CommandError as error:
        raise ConfigurationError("database", "url", shown, f"must not be from a newer version ({error})") from error
    except DatabaseError as error:
        raise ConfigurationError("database", "url", shown, f"must be a database we can write ({error.orig})") from error


def configuration() -> Config:
    """Alembic's configuration; the connection travels in its ``attributes``."""
    config = Config()
    # Alembic's configuration reads per cent signs as interpolation.
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
