"""``confirm`` from the command line: a configured filter decides what a backtest enters, and what may run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.recordings import BookSnapshots, PublicTrades
from market.store import CandleStore
from optimization.checking.market import candles
from tests.cli.command import changed, copied_config, scalp_radar

HOUR = 3_600_000
PARAMS = {"envelope_start": 0.03, "envelope_step": 0.02, "num_levels": 2}


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Lively hours with order flow that leans to one side for a day, then to the other."""
    store, hours = CandleStore(tmp_path / "store"), candles("1h", 1, 600)
    store.append("X", "BTC-USDT", hours)
    times = (hours.ts_ms[:, None] + np.array([60_000, 120_000])).ravel()
    lean = np.where(times // (24 * HOUR) % 2, 1, -1)
    n, ones = len(times), np.ones((len(times), 1))
    store.append_recording("X", "BTC-USDT", PublicTrades(times, np.full(n, 100.0), np.ones(n), lean.astype(np.int8)))
    bids = np.where(lean > 0, 9.0, 1.0)[:, None]
    store.append_recording("X", "BTC-USDT", BookSnapshots(times, 99 * ones, bids, 101 * ones, 10.0 - bids))
    return tmp_path / "store"


def configured(folder: Path, **confirm: Any) -> Path:
    def change(tree: dict[str, Any]) -> None:
        tree["strategies"]["envelope_dca"] |= {"params": PARAMS, **confirm}

    return changed(copied_config(folder), "strategies.yaml", change)


def backtest(config: Path, store: Path) -> list[dict[str, Any]]:
    said = scalp_radar(
        "backtest", "envelope_dca", "--symbol", "BTC-USDT", "--config", config, "--data", store, "--json"
    )
    assert said.code == 0, said.err
    trades: list[dict[str, Any]] = json.loads(said.out)["results"][0]["trades"]
    return trades


def test_entries_wait_for_the_filter(store: Path, tmp_path: Path) -> None:
    free = backtest(configured(tmp_path / "free"), store)
    confirm = {"strategy": "order_flow", "min_score": 0.2, "params": {"lookback": 5}}
    held = backtest(configured(tmp_path / "held", confirm=confirm), store)
    assert 0 < len(held) < len(free)
    # The row of the candle before decides; on days of sellers there is no entry.
    assert {(t["opened_ms"] - HOUR) // (24 * HOUR) % 2 for t in held} == {1}
    assert {(t["opened_ms"] - HOUR) // (24 * HOUR) % 2 for t in free} == {0, 1}


def test_what_is_not_recorded_is_named(store: Path, tmp_path: Path) -> None:
    config = configured(tmp_path / "held", confirm={"strategy": "order_flow", "min_score": 0.2})
    bare = CandleStore(tmp_path / "bare")
    bare.append("X", "BTC-USDT", candles("1h", 1, 600))
    said = scalp_radar(
        "backtest", "envelope_dca", "--symbol", "BTC-USDT", "--config", config, "--data", tmp_path / "bare"
    )
    assert said.code == 2
    assert "BTC-USDT: no order book from " in said.err
    assert "which envelope_dca needs; `scalp-radar data import PATH` (BTC-USDT/book*.parquet) brings it" in said.err
    assert said.err.count("\n") == 1


def test_what_nobody_records_while_running_is_refused_before_anything_starts(tmp_path: Path) -> None:
    config = configured(tmp_path / "held", confirm={"strategy": "order_flow", "min_score": 0.2})
    said = scalp_radar("up", "--config", config)
    assert said.code == 2
    assert "strategies.envelope_dca = 'needs book, trades': allowed beside candles: funding" in said.err
    assert said.err.count("\n") == 1
