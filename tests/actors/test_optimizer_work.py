"""The optimizer's work on stored candles, on threads: results are stored, requests checked, nothing is done twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from actors.optimizer import Told
from actors.optimizer_work import WalkForwards
from core.errors import InputError
from market.source import open_source
from optimization.result_store import ResultStore
from optimization.walkforward.port import Cancelled
from optimization.walkforward.threads import Threads
from strategies.discovery import discover
from tests.ray.research_house import furnish, request
from tests.research import job as stored_job


class Closing(Threads):
    """Threads that are told of their end, and may be counted."""

    made = 0
    closed = 0

    def __init__(self) -> None:
        super().__init__(1)
        Closing.made += 1

    def close(self) -> None:
        Closing.closed += 1


@pytest.fixture
def works(tmp_path: Path) -> Iterator[WalkForwards]:
    settings, data = furnish(tmp_path)
    (tmp_path / "results").mkdir()
    store = ResultStore(tmp_path / "results")
    yield WalkForwards(settings, discover(), open_source(data), store, Closing, "here")
    store.close()


def test_each_asset_has_its_run_and_a_second_time_every_chunk_is_there(works: WalkForwards) -> None:
    wanted = request("BTC-USDT", "ETH-USDT")
    strategy, symbols = works.checked(wanted)
    job = stored_job("j", strategy=strategy, symbols=symbols, request=wanted)
    told: list[Told] = []
    works.begin().run(job, told.append)
    runs = [t.fingerprint for t in told if t.fingerprint]
    assert [t.done for t in told if t.fingerprint] == [1, 2]
    assert {works.store.run(r).symbol for r in runs} == set(symbols)
    counted = works.store.research.trials("envelope_dca", "BTC-USDT")
    assert counted == works.store.run(runs[0]).combinations >= 256
    again: list[Told] = []
    works.begin().run(job, again.append)
    assert [t.fingerprint for t in again if t.fingerprint] == runs
    walks = [t.progress for t in again if t.progress and t.progress["stage"] != "statistics"]
    assert walks
    assert all(p["kept"] == p["done"] for p in walks)
    assert works.store.research.trials("envelope_dca", "BTC-USDT") == counted
    assert Closing.made == Closing.closed


def test_what_is_done_is_not_begun_again(works: WalkForwards) -> None:
    wanted = request("BTC-USDT", "ETH-USDT")
    told: list[Told] = []
    works.begin().run(stored_job("j", request=wanted, done=1), told.append)
    runs = [t.fingerprint for t in told if t.fingerprint]
    assert [works.store.run(r).symbol for r in runs] == ["ETH-USDT"]


def test_a_cancelled_work_stores_nothing(works: WalkForwards) -> None:
    work = works.begin()
    work.cancel()
    with pytest.raises(Cancelled):
        work.run(stored_job("j", request=request("BTC-USDT")), lambda told: None)
    assert works.store.runs().items == ()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param({"strategy": "envelop"}, r"strategy 'envelop': allowed are .*envelope_dca", id="strategy"),
        pytest.param({"symbols": ["NONE-USDT"]}, r"symbol 'NONE-USDT': not in assets\.yaml; known are", id="symbol"),
        pytest.param({"from_ms": "soon"}, r"job: from_ms: Input should be a valid integer", id="from"),
        pytest.param({"colour": 1}, r"job: colour: Extra inputs", id="unknown key"),
        pytest.param({"given": {"ma_period": [0]}}, r"ma_period", id="out of bounds"),
        pytest.param({"given": {"period": [5]}}, r"period", id="unknown parameter"),
    ],
)
def test_requests_that_cannot_be_are_refused(works: WalkForwards, change: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        works.checked({**request("BTC-USDT"), **change})
