"""What differs between databases: connections, durability, and "insert unless it is there already".

SQLite (WAL) is the default; PostgreSQL works by its URL when a driver is installed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Engine, Table, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.pool import StaticPool

from core.errors import ConfigurationError

_ALLOWED: Final = "a URL such as sqlite:///var/ledger.db or postgresql+psycopg://user:password@host/name"
_BUSY_TIMEOUT_S: Final = 10.0

Insert = sqlite.Insert | postgresql.Insert


class Engines(NamedTuple):
    """Two ways into one database.

    ``events``: a commit survives the death of the process. ``journal``: it survives a power cut too; used for what
    must be on the disk before an order leaves, and dearer, since it waits for the disk.
    """

    events: Engine
    journal: Engine

    def dispose(self) -> None:
        """Close every connection."""
        self.events.dispose()
        self.journal.dispose()


def engines(url: str) -> Engines:
    """Engines for a URL; the folder of an SQLite file is made. Raises ConfigurationError for one that cannot work."""
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            return _sqlite(parsed)
        if parsed.get_backend_name() != "postgresql":
            raise ConfigurationError("database", "url", _shown(parsed), f"must be {_ALLOWED}")
        engine = create_engine(parsed, pool_pre_ping=True, hide_parameters=True)
    except (ArgumentError, NoSuchModuleError) as error:
        raise ConfigurationError("database", "url", _shown(url), f"must be {_ALLOWED}") from error
    except ModuleNotFoundError as error:
        raise ConfigurationError("database", "url", _shown(url), f"needs {error.name!r} installed") from error
    except OSError as error:
        raise ConfigurationError("database", "url", _shown(url), f"must be a file we can make ({error})") from error
    return Engines(engine, engine)


def reading(engine: Engine) -> Connection:
    """A connection that never waits for the writer."""
    return engine.connect().execution_options(reading=True)


def insert_new(engine: Engine, table: Table, keys: tuple[str, ...]) -> Insert:
    """An insert that leaves the row with the same ``keys`` as it is."""
    return _insert(engine, table).on_conflict_do_nothing(index_elements=keys)


def upsert(engine: Engine, table: Table, keys: tuple[str, ...], *, unless_older: bool = False) -> Insert:
    """An insert that replaces the row with the same ``keys``; with ``unless_older`` only by one not older."""
    statement = _insert(engine, table)
    new = {c.name: statement.excluded[c.name] for c in table.columns if c.name not in keys and c.name != "id"}
    where = statement.excluded.ts_ms >= table.c.ts_ms if unless_older else None
    return statement.on_conflict_do_update(index_elements=keys, set_=new, where=where)


def _insert(engine: Engine, table: Table) -> Insert:
    return postgresql.insert(table) if engine.dialect.name == "postgresql" else sqlite.insert(table)


def _sqlite(url: URL) -> Engines:
    if url.database in (None, "", ":memory:"):
        # One connection, or each engine would see a database of its own.
        memory = create_engine(url, poolclass=StaticPool, connect_args={"check_same_thread": False})
        _prepare(memory, "NORMAL")
        return Engines(memory, memory)
    Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
    made = [create_engine(url, connect_args={"timeout": _BUSY_TIMEOUT_S}, hide_parameters=True) for _ in range(2)]
    events, journal = made
    _prepare(events, "NORMAL")
    _prepare(journal, "FULL", "wal_autocheckpoint=0")  # tidying up is left to writes that no order waits for
    return Engines(events, journal)


def _prepare(engine: Engine, synchronous: str, *others: str) -> None:
    """WAL, durability, and transactions begun by us: the driver would begin one only at the first write."""

    def connected(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", f"synchronous={synchronous}", "foreign_keys=ON", *others):
            connection.execute(f"PRAGMA {pragma}")

    def begun(connection: Connection) -> None:
        # A writer takes its lock at once: one that began as a reader could not wait for another writer's end.
        kind = "" if connection.get_execution_options().get("reading") else " IMMEDIATE"
        connection.exec_driver_sql(f"BEGIN{kind}")

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", begun)


def _shown(url: URL | str) -> str:
    """The URL without its password; nothing but its kind when it cannot be read."""
    if isinstance(url, URL):
        return url.render_as_string(hide_password=True)
    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return f"{url.partition(':')[0]}:..."
