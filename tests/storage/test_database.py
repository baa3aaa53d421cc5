"""The database keeps what it was told, once, and gives it back a page at a time."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, create_mock_engine, inspect, text
from sqlalchemy.dialects import postgresql
from sqlmodel import SQLModel

from core.errors import ConfigurationError, DataError
from core.messages import TradingHalted, TradingResumed
from core.order import OrderStatus
from storage import dialect
from storage.database import Database, open_database
from storage.journal import Intent
from storage.migrate import _newest_version, configuration, upgrade
from storage.records import Query
from tests import messages
from tests.messages import T0


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/deep/ledger.db"


def migrated(engine: Engine, revision: str) -> Engine:
    """The engine, its database brought to a revision step by step."""
    with engine.begin() as connection:
        config = configuration()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    return engine


def described(engine: Engine) -> dict[str, Any]:
    """Everything that the database says of its tables."""
    seen = inspect(engine)
    return {
        name: (
            [{**column, "type": str(column["type"])} for column in seen.get_columns(name)],
            seen.get_pk_constraint(name)["constrained_columns"], seen.get_foreign_keys(name), seen.get_indexes(name),
            seen.get_unique_constraints(name),
        )
        for name in seen.get_table_names()
    }


def test_a_database_without_tables_gets_at_once_what_the_migrations_give() -> None:
    made, stepped = (dialect.engines("sqlite://").events for _ in range(2))
    upgrade(made)
    assert described(made) == described(migrated(stepped, "head"))
    with made.connect() as connection:
        assert MigrationContext.configure(connection).get_current_revision() == _newest_version()
    for engine in (made, stepped):
        engine.dispose()


def test_the_migrations_give_exactly_the_tables_of_the_models() -> None:
    engine = migrated(dialect.engines("sqlite://").events, "head")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, SQLModel.metadata) == []
    engine.dispose()


def test_every_migration_is_named_for_its_revision_since_that_is_how_the_newest_is_known() -> None:
    scripts = ScriptDirectory.from_config(configuration())
    assert scripts.get_current_head() == _newest_version()
    for script in scripts.walk_revisions():
        assert Path(script.path).name.startswith(f"{script.revision}_")


def test_an_older_database_is_brought_to_this_version_with_what_it_holds(tmp_path: Path) -> None:
    engine = migrated(dialect.engines(f"sqlite:///{tmp_path}/ledger.db").events, "0001")
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO snapshots VALUES ('runner:s', 1, x'00')"))
    engine.dispose()
    database = Database(f"sqlite:///{tmp_path}/ledger.db")
    assert database.snapshot("runner:s") == ("runner:s", 1, b"\x00")
    database.close()


def test_tables_and_writes_can_be_said_to_postgresql() -> None:
    said: list[str] = []
    postgres = create_mock_engine("postgresql://", lambda statement, *_: said.append(_postgres(statement)))
    SQLModel.metadata.create_all(postgres, checkfirst=False)
    assert any("id BIGSERIAL NOT NULL" in text for text in said)
    for name, keys in (("trades", ("scope", "strategy", "symbol", "cycle")), ("orders", ("symbol", "order_id"))):
        table = SQLModel.metadata.tables[name]
        kept = _postgres(dialect.insert_new(postgres, table, keys))  # type: ignore[arg-type]
        assert kept.endswith(f"ON CONFLICT ({', '.join(keys)}) DO NOTHING")
        newer = _postgres(dialect.upsert(postgres, table, keys, unless_older=True))  # type: ignore[arg-type]
        assert newer.endswith(f"WHERE excluded.ts_ms >= {name}.ts_ms")


def _postgres(statement: Any) -> str:
    return str(statement.compile(dialect=postgresql.dialect()))


@pytest.mark.parametrize("event", messages.ONE_OF_EACH, ids=lambda event: type(event).__name__)
def test_recording_twice_is_recording_once(url: str, event: object) -> None:
    database = Database(url)
    database.record([event, event])
    once = _everything(database)
    database.record([event])
    assert _everything(database) == once
    database.close()


def test_nothing_is_lost_when_the_writer_dies_without_closing(url: str) -> None:
    dead = Database(url)
    dead.record([messages.trade(), messages.fill()])
    dead.journal(Intent("c1", "BTC-USDT", "s", "place", "{}", T0, "sent"))
    dead.save_snapshot("runner:s", T0, b"\x00state")
    alive = Database(url)
    assert alive.trades().items == (messages.trade(),)
    assert alive.fills().items == (messages.fill(),)
    assert [line.client_id for line in alive.intents()] == ["c1"]
    assert alive.snapshot("runner:s") == ("runner:s", T0, b"\x00state")
    alive.close()
    dead.close()


def test_a_later_state_of_an_intent_replaces_the_earlier(url: str) -> None:
    database = Database(url)
    for state in ("intended", "sent", "done"):
        assert len(database.intents()) == (0 if state == "intended" else 1)
        database.journal(Intent("c1", "BTC-USDT", "s", "place", "{}", T0, state))  # type: ignore[arg-type]
    assert database.intents() == ()
    assert [line.state for line in database.intents(open_only=False)] == ["done"]
    database.close()


def test_snapshots_are_found_by_their_prefix_taken_literally(url: str) -> None:
    database = Database(url)
    for key in ("runner:a_b", "runner:axb", "risk"):
        database.save_snapshot(key, T0, key.encode())
    assert [kept.key for kept in database.snapshots("runner:a_")] == ["runner:a_b"]
    assert len(database.snapshots()) == 3
    assert database.snapshot("nobody") is None
    database.close()


def test_an_order_is_shown_as_last_seen_even_when_an_old_reading_comes_late(url: str) -> None:
    database = Database(url)
    database.record([messages.shown(T0), messages.shown(T0 + 2, status=OrderStatus.FILLED, filled=0.01)])
    database.record([messages.shown(T0 + 1, status=OrderStatus.PARTIAL)])
    (only,) = database.orders().items
    assert (only.order.status, only.ts_ms) == (OrderStatus.FILLED, T0 + 2)
    assert database.orders(Query(open_only=True)).items == ()
    database.close()


def test_one_wrong_message_leaves_the_whole_batch_unwritten(url: str) -> None:
    database = Database(url)
    with pytest.raises(TypeError):
        database.record([messages.trade(), "no message"])
    assert database.trades().items == ()
    database.close()


@pytest.mark.parametrize(
    ("query", "cycles"),
    [
        (Query(), [5, 4, 3, 2, 1, 0]),
        (Query(symbol="BTC-USDT"), [4, 2, 0]),
        (Query(symbol="ETH-USDT", from_ms=T0 + 3000), [5, 3]),
        (Query(to_ms=T0 + 2000), [1, 0]),
        (Query(scope="live"), []),
        (Query(strategy="'; DROP TABLE trades; --"), []),
        (Query(limit=2), [5, 4]),
        (Query(kind="a filter that trades do not have"), [5, 4, 3, 2, 1, 0]),
    ],
)
def test_trades_are_filtered_newest_first(url: str, query: Query, cycles: list[int]) -> None:
    database = Database(url)
    database.record([messages.trade(i, symbol="ETH-USDT" if i % 2 else "BTC-USDT") for i in range(6)])
    assert [trade.cycle for trade in database.trades(query).items] == cycles
    database.close()


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 3), max_size=12), st.integers(1, 5))
def test_pages_give_every_row_once_though_times_tie_and_rows_are_added(times: list[int], limit: int) -> None:
    database = Database("sqlite://")
    database.record([messages.trade(i, ts_ms=T0 + t) for i, t in enumerate(times)])
    seen: list[int] = []
    page = database.trades(Query(limit=limit))
    while True:
        seen += [trade.cycle for trade in page.items]
        if page.cursor is None:
            break
        database.record([messages.trade(1000 + len(seen), ts_ms=T0 + 10)])
        page = database.trades(Query(limit=limit, cursor=page.cursor))
    assert sorted(seen) == list(range(len(times)))
    database.close()


@pytest.mark.parametrize("query", [Query(cursor="x"), Query(cursor="1.2.3"), Query(limit=0), Query(limit=1001)])
def test_a_cursor_or_limit_that_cannot_be_is_one_clear_error(url: str, query: Query) -> None:
    database = Database(url)
    with pytest.raises(DataError):
        database.trades(query)
    database.close()


def test_the_latest_is_what_a_fresh_reader_needs(url: str) -> None:
    database = Database(url)
    database.record([
        messages.plan(T0), messages.plan(T0 + 60_000, cycle=1), messages.plan(T0, symbol="ETH-USDT"),
        messages.protection(), messages.protection(ts_ms=T0 + 5, stop=64_000.0), messages.equity(0), messages.equity(7),
        messages.shown(), messages.trade(0), messages.trade(1, net=-4.0),
        TradingHalted(T0, 1, "BTC-USDT", "refused"), TradingHalted(T0, 2, "", "drawdown"),
        TradingResumed(T0 + 1, 3, "BTC-USDT"),
    ])
    latest = database.latest()
    assert sorted((p.target.symbol, p.target.cycle) for p in latest.plans) == [("BTC-USDT", 1), ("ETH-USDT", 0)]
    assert [reading.stop for reading in latest.protections] == [64_000.0]
    assert latest.equity == (messages.equity(7),)
    assert [(halt.symbol, halt.reason) for halt in latest.halts] == [("", "drawdown")]
    assert [stored.order.order_id for stored in latest.orders] == ["o1"]
    (sums,) = latest.totals
    assert (sums.trades, sums.wins, sums.won, sums.lost, sums.cycle) == (2, 1, 18.9, 4.0, 1)
    database.close()


def test_a_symbol_halted_again_after_a_resume_is_halted(url: str) -> None:
    database = Database(url)
    database.record([TradingHalted(T0, 1, "", "a"), TradingResumed(T0, 2, ""), TradingHalted(T0, 3, "", "a")])
    assert len(database.latest().halts) == 1
    database.close()


def test_old_equity_is_thinned_to_its_hours_and_the_rest_left(url: str) -> None:
    database = Database(url)
    database.record([messages.equity(i) for i in range(181)])
    assert database.compact_equity(keep_ms=60 * 60_000) == 118
    left = [(point.ts_ms - T0) // 60_000 for point in database.equity(Query(limit=1000)).items]
    assert left == [*range(180, 119, -1), 119, 59]
    assert database.compact_equity(keep_ms=60 * 60_000) == 0
    database.close()


@pytest.mark.parametrize(
    "url", ["", "ledger.db", "mysql://u:hunter2@h/d", "oracle://u:hunter2@h/d", "sqlite:////dev/null/no/file.db", "x:y"]
)
def test_a_url_that_cannot_work_is_one_clear_line_without_its_password(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        open_database(url)
    assert "\n" not in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(b"dear diary " * 400)
    with pytest.raises(ConfigurationError, match="database"):
        open_database(f"sqlite:///{path}")
    assert path.read_bytes() == b"dear diary " * 400


def test_a_database_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    open_database(f"sqlite:///{path}").close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(ConfigurationError, match="newer version"):
        open_database(f"sqlite:///{path}")


def _everything(database: Database) -> list[object]:
    return [
        database.trades(), database.fills(), database.orders(), database.equity(), database.events(),
        database.targets(), database.latest(),
    ]
