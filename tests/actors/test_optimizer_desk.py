"""What the optimizer's process answers: strategies and grids as configured, estimates, refusals with the way out."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from actors.optimizer import Optimizer
from actors.optimizer_child import Crew
from actors.optimizer_desk import Desk, Told
from actors.optimizer_source import LateSource, SyntheticHistory
from actors.optimizer_work import WalkForwards
from core.candle import Candles
from core.errors import DataError, InputError
from core.timeframe import DAY_MS, HOUR_MS
from market.port import CandleSource
from market.source import open_source
from optimization.result_store import ResultStore
from strategies.discovery import discover
from tests.actors.test_optimizer_work import Closing
from tests.ray.research_house import furnish, request

END_MS = 1_735_689_600_000


class Made:
    """A desk on its own folder."""

    def __init__(self, folder: Path, source: CandleSource | None = None) -> None:
        settings, data = furnish(folder, days=460)
        self.data = data
        (folder / "results").mkdir()
        self.store = ResultStore(folder / "results")
        self.settings = settings
        works = WalkForwards(settings, discover(), source or open_source(data), self.store, Closing, "here")
        self.optimizer = Optimizer(self.store.research, works)
        self.desk = Desk(works, self.optimizer, Told("stored", "stored candles"), 1)

    def close(self) -> None:
        self.optimizer.stop()
        self.store.close()


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Made]:
    found = Made(tmp_path)
    yield found
    found.close()


def test_a_grid_shows_every_parameter_with_what_is_tried_and_its_bounds(made: Made) -> None:
    grid = made.desk.answer("grid", {"strategy": "envelope_dca"})
    entry = made.settings.strategies.strategies["envelope_dca"]
    assert {p["name"]: tuple(p["values"]) for p in grid["parameters"] if p["values"]} == entry.grid
    period = next(p for p in grid["parameters"] if p["name"] == "ma_period")
    assert (period["type"], period["default"], period["bounds"]) == ("integer", 7, {"ge": 2, "le": 200})
    with pytest.raises(InputError, match="momentum"):
        made.desk.answer("grid", {"strategy": "other"})


def test_strategies_come_with_the_candles_there_are(made: Made) -> None:
    told = made.desk.answer("strategies", {})
    assert {item["name"] for item in told["items"]} == set(discover())
    there = {s["symbol"]: s["timeframe"] for s in told["candles"]["symbols"]}
    assert (there["BTC-USDT"], there["SOL-USDT"]) == ("1h", "")


def test_an_estimate_counts_what_would_run_and_says_what_cannot(made: Made) -> None:
    wanted = request("BTC-USDT", "SOL-USDT")
    able, unable = made.desk.answer("estimate", wanted)["items"]
    grid = made.settings.strategies.strategies["envelope_dca"].grid | wanted["given"]
    sizes = np.prod([len(values) for values in grid.values()])
    assert (able["grid"], able["combinations"], able["search"], able["refused"]) == (sizes, sizes, "full", "")
    assert able["windows"] > 0
    assert able["seconds"] > 0
    assert "SOL-USDT" in unable["refused"]
    short: dict[str, Any] = {**wanted, "symbols": ["BTC-USDT"], "to_ms": wanted["from_ms"] + 90 * DAY_MS}
    assert "scalp-radar data fetch" in made.desk.answer("estimate", short)["items"][0]["refused"]


def test_a_grid_that_is_too_large_is_sampled_and_says_so(made: Made) -> None:
    wanted = {**request("BTC-USDT"), "given": {"ma_period": list(range(2, 200)), "num_levels": list(range(1, 9)),
                                               "stop_fraction": [0.1 + 0.01 * i for i in range(20)]}}
    (found,) = made.desk.answer("estimate", wanted)["items"]
    assert (found["search"], found["combinations"]) == ("sampled", found["most"])
    assert found["grid"] == 198 * 8 * 3 * 3 * 20 > found["most"]


def test_an_empty_store_names_the_command_and_is_looked_at_again(tmp_path: Path) -> None:
    late = LateSource(lambda: open_source(tmp_path / "later"))
    made = Made(tmp_path, late)
    candles = made.desk.answer("strategies", {})["candles"]
    assert candles["kind"] == "none"
    assert "scalp-radar data fetch" in candles["words"]
    (tmp_path / "store").rename(tmp_path / "later")
    assert made.desk.answer("strategies", {})["candles"]["kind"] == "stored"
    made.close()


def test_a_refused_and_an_unknown_job_are_told_as_such(made: Made) -> None:
    told = made.desk.answer("submit", {**request("BTC-USDT"), "strategy": "other"})
    assert told["job_id"] == ""
    assert "momentum" in told["refused"]
    assert made.desk.answer("cancel", {"job_id": "none"}) == {"cancelled": False}


def test_the_synthetic_history_is_the_same_for_the_same_seed_and_whole() -> None:
    one, other = (SyntheticHistory(("BTC-USDT",), 7, END_MS + 1234, days=5) for _ in range(2))
    found, again = (source.read("BTC-USDT", "1h", 0, 2**53) for source in (one, other))
    assert (found.close == again.close).all()
    assert not (found.close == SyntheticHistory(("BTC-USDT",), 8, END_MS, days=5).read(
        "BTC-USDT", "1h", 0, 2**53
    ).close).all()
    assert len(found) == 120
    assert (np.diff(found.ts_ms) == HOUR_MS).all()
    assert one.span("BTC-USDT", "1h") == (int(found.ts_ms[0]), int(found.ts_ms[-1])) == (
        END_MS - 5 * DAY_MS, END_MS - HOUR_MS
    )
    assert len(one.read("BTC-USDT", "4h", 0, 2**53)) == 30
    assert (found.low <= np.minimum(found.open, found.close)).all()
    part = one.read("BTC-USDT", "1h", END_MS - DAY_MS, END_MS)
    assert isinstance(part, Candles)
    assert len(part) == 24
    for ask in (("BTC-USDT", "1m", 0, 2**53), ("BTC-USDT", "1h", END_MS, 2**53), ("X-USDT", "1h", 0, 2**53)):
        with pytest.raises(DataError, match=r"USDT"):
            one.read(*ask)


def test_whoever_evaluates_beside_trading_gets_only_what_is_left() -> None:
    policies: list[int] = []

    def work() -> None:
        Crew(1).close()
        policies.append(os.sched_getscheduler(0))
        inherits = threading.Thread(target=lambda: policies.append(os.sched_getscheduler(0)))
        inherits.start()
        inherits.join()

    worker = threading.Thread(target=work)
    worker.start()
    worker.join()
    assert policies == [os.SCHED_IDLE, os.SCHED_IDLE]
    assert os.sched_getscheduler(0) == os.SCHED_OTHER
