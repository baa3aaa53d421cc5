"""Parts of a run: figures from sums, results as bytes, digests, jobs from the configuration, recorded windows."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from core.errors import DataError, InputError
from core.settings import Assets, Exchanges, Optimization, Settings, Strategies
from core.timeframe import DAY_MS
from engine import metrics
from engine.records import STATS
from optimization.walkforward.chunks import ChunkResult, Task, candles_in, combinations_at_once, cut
from optimization.walkforward.configured import job_of
from optimization.walkforward.digest import begun, digest, followed
from optimization.walkforward.figures import MOST_RATIO, objective, sharpe_of_sums
from optimization.walkforward.grid import combinations
from optimization.walkforward.job import Choice
from optimization.walkforward.neighbourhood import neighbour_sharpes
from optimization.walkforward.recording import Recorder
from optimization.walkforward.source import code_version, source_digest
from optimization.walkforward.windows import WindowRule
from strategies.discovery import discover
from tests.optimization.walkforward.jobs import STRATEGY, days_later, job, material_of

RETURNS = arrays.arrays(np.float64, st.integers(1, 40), elements=st.floats(-0.5, 0.5, width=32))


def folded(daily: np.ndarray) -> np.ndarray:
    """STATS[1] as a walk folds them."""
    stats = np.zeros(1, STATS)
    stats["sum_r"], stats["sum_r2"], stats["days"] = daily.sum(), (daily**2).sum(), len(daily)
    stats["sum_down2"] = (np.minimum(daily, 0.0) ** 2).sum()
    stats["wallet"] = 100.0 * np.prod(1.0 + daily)
    stats["drawdown"] = metrics.drawdown(np.concatenate(([1.0], np.cumprod(1.0 + daily))))[0]
    return stats


@given(RETURNS)
def test_figures_from_sums_are_those_of_the_days(daily: np.ndarray) -> None:
    stats = folded(daily)
    if daily.std() > 1e-4:
        assert objective(stats, "sharpe", 100.0)[0] == pytest.approx(metrics.sharpe(daily), rel=1e-6, abs=1e-6)
    sortino = np.clip(metrics.sortino(daily), -MOST_RATIO, MOST_RATIO)
    assert objective(stats, "sortino", 100.0)[0] == pytest.approx(sortino, rel=1e-6, abs=1e-6)
    assert objective(stats, "return", 100.0)[0] == pytest.approx(np.prod(1.0 + daily) - 1.0)
    for name in ("sharpe", "sortino", "calmar", "return"):
        assert math.isfinite(objective(stats, name, 100.0)[0])  # type: ignore[arg-type]


def test_days_that_do_not_vary_have_no_sharpe() -> None:
    assert sharpe_of_sums(np.array([0.0, 0.1, 0.5]), np.array([0.0, 0.001, 0.25]), np.array([10, 10, 1])).tolist() == [
        0.0, 0.0, 0.0
    ]


def test_a_return_beyond_measure_still_fits_its_matrix() -> None:
    stats = folded(np.array([1e30, 1e30]))
    assert np.isfinite(objective(stats, "return", 100.0).astype(np.float32)).all()


def test_an_unknown_objective_says_what_is_allowed() -> None:
    with pytest.raises(InputError, match="objective = 'luck': allowed are sharpe, sortino, calmar, return"):
        objective(folded(np.zeros(3)), "luck", 1.0)  # type: ignore[arg-type]


def result(spans: int, m: int, kept: int, days: int) -> ChunkResult:
    rng = np.random.default_rng(0)
    four = rng.normal(size=(4, spans, m)).astype(np.float32)
    trades = rng.integers(0, 99, (spans, m)).astype(np.int32)
    return ChunkResult(*four, trades, rng.normal(size=(2, m)), rng.normal(size=(kept, days)), 7)  # type: ignore[arg-type]


def test_an_objective_that_is_the_sharpe_ratio_is_not_stored_twice() -> None:
    own = result(3, 5, 2, 11)
    alike = replace(own, score=own.sharpe)
    again = ChunkResult.from_bytes(alike.to_bytes())
    assert again.score is again.sharpe
    assert digest(again) == digest(alike)
    assert len(own.to_bytes()) - len(alike.to_bytes()) == own.score.nbytes


@pytest.mark.parametrize("shape", [(1, 1, 0, 0), (3, 5, 2, 11), (2, 4, 4, 9)])
def test_a_result_comes_back_from_its_bytes(shape: tuple[int, int, int, int]) -> None:
    one = result(*shape)
    stored = one.to_bytes()
    again = ChunkResult.from_bytes(stored)
    assert digest(again) == digest(one)
    assert again.to_bytes() == stored
    for wrong in (stored[:-1], stored + b"x", b"X" + stored[1:], stored[:20], b""):
        with pytest.raises(DataError, match="result of a chunk: is"):
            ChunkResult.from_bytes(wrong)


def test_chunks_cover_every_combination_once_and_keep_an_even_sample() -> None:
    task = Task.of(job(), material_of(job()), "v")
    codes = combinations(job().grid, STRATEGY.Params)
    spans = ((days_later(5), days_later(9)), (days_later(7), days_later(12)))
    chunks = cut(task, codes, 100, spans, 7, 5)
    assert np.array_equal(np.concatenate([c.codes for c in chunks]), codes)
    assert [c.first for c in chunks] == list(range(100, 136, 7))
    assert sorted(int(c.first + i) for c in chunks for i in c.daily) == list(range(100, 136, 5))
    assert sum(c.weight for c in chunks) == 36 * 9 * 24 == 36 * candles_in(task.material.walked.ts_ms, spans)
    assert len({c.key for c in chunks}) == len(chunks)
    assert [c.key for c in cut(task, codes, 100, spans, 7, 5)] == [c.key for c in chunks]
    assert {c.key for c in cut(task, codes, 100, spans[:1], 7, 5)}.isdisjoint(c.key for c in chunks)
    assert combinations_at_once(task, spans) >= 1


VALUES: list[object] = [
    0, 1, 1.0, True, "1", "", None, (), (1,), ((1,),), (1, 2), [1, 2, 3], {"a": 1}, {"b": 1}, {"a": 2}, b"1",
    np.zeros(2), np.zeros(3), np.zeros(2, np.float32), np.zeros((2, 1)), Choice(), Choice(plateau=True), WindowRule(),
    ("ab", "c"), ("a", "bc"),
]


def test_different_values_have_different_digests() -> None:
    assert len({digest(value) for value in VALUES}) == len(VALUES)
    assert [digest(value) for value in VALUES] == [digest(value) for value in VALUES]
    assert digest(1, 2) != digest(12)
    first = begun("a", (1, 2))
    assert [followed(first, value) for value in VALUES] == [digest("a", (1, 2), value) for value in VALUES]


def test_a_digest_of_what_is_not_a_value_is_refused() -> None:
    with pytest.raises(InputError, match="object: has no digest"):
        digest(object())


def test_each_strategy_has_its_own_source() -> None:
    found = {name: source_digest(strategy) for name, strategy in discover().items()}
    assert len(set(found.values())) == len(found)
    assert len(code_version()) == 16
    assert code_version() == code_version()


def settings(optimization: dict[str, Any], **entry: Any) -> Settings:
    assets = Assets.model_validate({"groups": {"g": ""}, "assets": [{"symbol": "BTC-USDT", "group": "g"}]})
    known = {"strategies": {"envelope_dca": {"grid": {"ma_period": [5, 7]}, "symbols": ["BTC-USDT"], **entry}}}
    return Settings(
        assets=assets, strategies=Strategies.model_validate(known), exchanges=Exchanges(exchanges={"bitget": {}}),  # type: ignore[dict-item]
        optimization=Optimization.model_validate(optimization),
    )


def test_a_strategy_has_its_own_keys_and_the_shared_ones_for_the_rest() -> None:
    given_ = settings({
        "windows": {"out_of_sample_days": 30, "step_days": 30}, "objective": "sortino", "gate": {"pbo": 0.1},
        "strategies": {"envelope_dca": {"windows": {"in_sample_days": 365}, "min_trades": 9, "gate": {"trades": 50}}},
    }, capital_usdt=5_000.0)
    made = job_of(given_, STRATEGY, "BTC-USDT", 0, DAY_MS)
    assert made.rule == WindowRule(365, 30, 30)
    assert made.choice == Choice("sortino", False, 9, 20_000)
    assert (made.limits.pbo, made.limits.trades, made.limits.grade) == (0.1, 50, "C")
    assert (made.capital, made.timeframe, made.grid.values) == (5_000.0, "1h", ((5, 7),))
    other = given_.optimization.of("other")
    assert (other.windows.in_sample_days, other.min_trades, other.gate.trades) == (180, 5, 30)


def test_exposure_is_the_largest_position_of_a_day() -> None:
    recorder = Recorder(Task.of(job(), material_of(job()), "v"))
    params = job().grid.values_of((0, 1, 0, 2))
    done = recorder.record(params, days_later(1), days_later(60))
    assert len(done.trades) > 5
    most = 3.0 * 0.65  # leverage and capital fraction, all levels filled
    assert 0.5 * most < done.exposure.max() < most * 1.1
    held = np.zeros(59, np.bool_)
    for trade in done.trades:
        first, last = int(trade["opened_ms"]) // DAY_MS, int(trade["closed_ms"]) // DAY_MS
        held[first - days_later(1) // DAY_MS : last - days_later(1) // DAY_MS + 1] = True
    assert np.array_equal(done.exposure > 0.0, held)


def test_neighbours_are_the_chosen_ones_moved_in_every_window() -> None:
    task = Task.of(job(), material_of(job()), "v")
    recorder = Recorder(task)
    chosen = [job().grid.values_of((0, 0, 0, 0)), {}, job().grid.values_of((1, 1, 1, 1))]
    spans = tuple((days_later(d), days_later(d + 10)) for d in (10, 20, 30))
    found = neighbour_sharpes(task, recorder, chosen, spans)
    assert len(found) == 4 + 2 + 4 + 4  # 2 and 3 levels move by one, by whichever share
    moved = [{**p, "stop_fraction": p["stop_fraction"] * 1.2} if p else {} for p in chosen]
    daily = np.concatenate([recorder.record(p, *span).daily for p, span in zip(moved, spans, strict=True)])
    assert np.isclose(found, metrics.sharpe(daily), rtol=1e-9).any()
    assert len(neighbour_sharpes(task, recorder, [{}, {}, {}], spans)) == 0
