"""The ledger stores what matters at once, what is frequent soon, and comes back by its constructor."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from actors.ledger import Ledger
from core.messages import TradingHalted
from storage.database import Database
from storage.journal import Intent
from storage.records import Query
from tests import messages
from tests.local_handles import LocalHandle, kill, restart
from tests.messages import T0


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/ledger.db"


class Clock:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.mark.parametrize("event", [messages.trade(), messages.fill(), TradingHalted(T0, 1, "", "drawdown")])
def test_what_matters_is_stored_when_the_call_returns(url: str, event: object) -> None:
    ledger = Ledger(url, monotonic_s=Clock())
    ledger.record([event])
    assert _stored(url) == 1
    ledger.stop()


def test_frequent_marks_wait_for_a_quarter_second_or_five_hundred(url: str) -> None:
    clock = Clock()
    ledger = Ledger(url, monotonic_s=clock)
    ledger.record([messages.equity(0)])
    assert _stored(url) == 0
    clock.now_s += 0.3
    ledger.record([messages.equity(1)])
    assert _stored(url) == 2
    for i in range(2, 502):
        ledger.record([messages.equity(i)])
    assert _stored(url) == 502
    ledger.stop()


def test_a_snapshot_is_never_ahead_of_the_events_before_it(url: str) -> None:
    ledger = Ledger(url, monotonic_s=Clock())
    ledger.record([messages.equity(0)])
    ledger.save_snapshot("runner:s", T0, b"x")
    assert _stored(url) == 1
    ledger.stop()


def test_health_writes_what_waits_and_counts(url: str) -> None:
    ledger = Ledger(url, monotonic_s=Clock())
    ledger.record([messages.equity(0), messages.plan()])
    assert ledger.health() == {
        "name": "ledger", "state": "ok", "written": 2, "waiting": 0, "dropped": 0, "errors": 0,
    }
    ledger.stop()
    ledger.stop()
    assert ledger.health()["state"] == "stopped"


def test_when_the_disk_fails_events_wait_within_a_bound_and_are_written_later(url: str) -> None:
    ledger = Ledger(url, buffer_rows=3, monotonic_s=Clock())
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE trades RENAME TO gone"))
    for i in range(5):
        with pytest.raises(SQLAlchemyError):
            ledger.record([messages.trade(i)])
    health = ledger.health()
    assert (health["state"], health["waiting"], health["dropped"]) == ("degraded", 3, 2)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE gone RENAME TO trades"))
    engine.dispose()
    assert ledger.health()["state"] == "ok"
    assert [trade.cycle for trade in ledger.trades().items] == [4, 3, 2]
    ledger.stop()


async def test_a_killed_ledger_is_its_constructor_again(url: str) -> None:
    first = Ledger(url)
    handle = LocalHandle(first)
    await handle.record.remote([messages.trade()])
    await handle.journal.remote(Intent("c1", "BTC-USDT", "s", "place", "{}", T0, "intended"))
    kill(handle)
    with pytest.raises(Exception, match="trades"):
        await handle.trades.remote()
    second = Ledger(url)
    restart(handle, second)
    assert (await handle.trades.remote()).items == (messages.trade(),)
    assert len(await handle.intents.remote()) == 1
    second.stop()
    first.stop()


def _stored(url: str) -> int:
    """Rows that another reader sees."""
    database = Database(url)
    widest = Query(limit=1000)
    pages = database.trades(), database.fills(), database.equity(widest), database.events()
    database.close()
    return sum(len(page.items) for page in pages)
