"""Brings a database to the tables of this version."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Column, Connection, Engine, MetaData, String, Table, inspect, text
from sqlalchemy.exc import DatabaseError
from sqlmodel import SQLModel

from core.errors import ConfigurationError

if TYPE_CHECKING:
    from alembic.config import Config

_MIGRATIONS: Final = Path(__file__).parent / "migrations"


def upgrade(engine: Engine) -> None:
    """Apply what is missing, in one transaction; a database without tables gets them as they are now.

    Raises ConfigurationError when the database cannot be opened, is no database, or was written by a newer version.
    """
    shown = engine.url.render_as_string(hide_password=True)
    try:
        with engine.connect().execution_options(reading=True) as connection:
            if _written_version(connection) == _newest_version():
                return
        if _made(engine):
            return
    except DatabaseError as error:
        raise _unusable(shown, error) from error
    _migrate(engine, shown)


def _made(engine: Engine) -> bool:
    """Make every table of this version where there is none yet; whether that was so."""
    # Here, since everybody needs these tables once, and some only their own later.
    import storage.research_tables
    import storage.tables  # noqa: F401  (both fill the metadata)

    with engine.begin() as connection:
        if inspect(connection).get_table_names():
            return False
        SQLModel.metadata.create_all(connection)
        # As Alembic keeps it.
        version = Table("alembic_version", MetaData(), Column("version_num", String(32), primary_key=True))
        version.create(connection)
        connection.execute(version.insert(), {"version_num": _newest_version()})
    return True


def _migrate(engine: Engine, shown: str) -> None:
    # Here, since Alembic would slow every start whose database is as it should be.
    from alembic import command
    from alembic.util import CommandError

    try:
        with engine.begin() as connection:
            config = configuration()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except CommandError as error:
        raise ConfigurationError("database", "url", shown, f"must not be from a newer version ({error})") from error
    except DatabaseError as error:
        raise _unusable(shown, error) from error


def _unusable(shown: str, error: DatabaseError) -> ConfigurationError:
    return ConfigurationError("database", "url", shown, f"must be a database we can write ({error.orig})")


def _written_version(connection: Connection) -> str | None:
    """The version of the tables, None in a database without any."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    return found


def _newest_version() -> str:
    """The version of the last migration: their files begin with it."""
    return max(path.name.split("_")[0] for path in (_MIGRATIONS / "versions").glob("[0-9]*_*.py"))


def configuration() -> Config:
    """Alembic's configuration; the connection travels in its ``attributes``."""
    # Here, as above.
    from alembic.config import Config

    config = Config()
    # Alembic's configuration reads per cent signs as interpolation.
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
