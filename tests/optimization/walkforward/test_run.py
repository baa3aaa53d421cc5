"""A whole run: as plain backtests have it, the same whoever computes it, and sound when there is nothing to find."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np
import pytest

from core.errors import DataError
from core.market import Market
from core.timeframe import DAY_MS
from engine import metrics
from engine.backtest import Backtest
from engine.backtest import run as backtest
from engine.costs import Costs
from engine.span import span
from optimization.walkforward import chunks as cutting
from optimization.walkforward import run as running
from optimization.walkforward.chunks import Chunk, Task
from optimization.walkforward.job import Choice, Objective
from optimization.walkforward.outcome import Outcome
from optimization.walkforward.port import Cancelled, Forgetful, Progress
from optimization.walkforward.run import run
from optimization.walkforward.threads import Threads
from optimization.walkforward.windows import WindowRule
from tests.market.builders import START, jumpy
from tests.optimization.walkforward.jobs import HOURS, STRATEGY, Counting, days_later, job, material_of, walked

COLUMNS = ("ts_ms", "open", "high", "low", "close", "volume")


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return walked(job())


def plain(params: dict[str, Any], from_ms: int, to_ms: int, capital: float = 1_000.0) -> Backtest:
    """A backtest of the window alone, under rows of the whole market."""
    market = Market("BTC-USDT", HOURS)
    start, end = np.searchsorted(HOURS.ts_ms, (from_ms, to_ms))
    walked_ = span(HOURS.slice(int(start), int(end)), HOURS)
    plan = STRATEGY.plan(market, STRATEGY.Params(**params))
    return backtest("BTC-USDT", walked_, plan, len(HOURS), Costs(), capital, closing=True)


def test_every_figure_is_that_of_a_plain_backtest(outcome: Outcome) -> None:
    assert outcome.codes.shape == (36, 4)
    assert len(outcome.windows) >= 4
    for w, result in enumerate(outcome.windows):
        window = result.window
        for dense, begin, end in (
            (outcome.in_sample, window.in_from_ms, window.in_to_ms),
            (outcome.out_of_sample, window.out_from_ms, window.out_to_ms),
        ):
            for i, code in enumerate(outcome.codes):
                done = plain(outcome.grid.values_of(code), begin, end)
                assert dense.trades[w, i] == len(done.trades)
                assert dense.sharpe[w, i] == pytest.approx(metrics.sharpe(done.daily), rel=1e-4, abs=1e-4)
                assert dense.net_return[w, i] == pytest.approx(done.wallet / 1_000.0 - 1.0, abs=1e-6)
                equity = np.concatenate(([1_000.0], done.equity))
                assert dense.max_drawdown[w, i] == pytest.approx(metrics.drawdown(equity)[0], abs=1e-6)


def test_the_best_in_sample_is_judged_out_of_sample(outcome: Outcome) -> None:
    daily = []
    for w, result in enumerate(outcome.windows):
        sharpes = np.where(outcome.in_sample.trades[w] >= 3, outcome.in_sample.sharpe[w], -np.inf)
        assert result.chosen == int(np.argmax(sharpes))
        assert result.params == outcome.grid.values_of(outcome.codes[result.chosen])
        done = plain(dict(result.params), result.window.out_from_ms, result.window.out_to_ms)
        daily.append(done.daily)
        assert result.out_of_sample.net_return == done.equity[-1] / 1_000.0 - 1.0
        assert result.in_sample.sharpe == pytest.approx(sharpes.max(), rel=1e-5)
    assert np.array_equal(outcome.curve.daily, np.concatenate(daily))
    assert outcome.curve.days[0] == outcome.windows[0].window.out_from_ms // DAY_MS
    assert (np.diff(outcome.curve.days) == 1).all()
    assert outcome.verdict.figures.sharpe == metrics.sharpe(outcome.curve.daily)
    assert outcome.verdict.figures.trades == sum(w.out_of_sample.trades for w in outcome.windows)


def test_what_is_deployed_is_the_best_of_the_most_recent_days_in_sample(outcome: Outcome) -> None:
    begin, end = outcome.latest
    assert (begin, end) == (days_later(60), days_later(90))
    sharpes = []
    for code in outcome.codes:
        done = plain(outcome.grid.values_of(code), begin, end)
        sharpes.append(metrics.sharpe(done.daily) if len(done.trades) >= 3 else -math.inf)
    assert outcome.deployed == outcome.grid.values_of(outcome.codes[int(np.argmax(sharpes))])


def test_the_purge_is_as_long_as_the_longest_holding_in_sample(outcome: Outcome) -> None:
    longest = 0
    spans = [(w.window.in_from_ms, w.window.in_to_ms) for w in outcome.windows]
    for begin, end in [*spans, outcome.latest]:
        for code in outcome.codes:
            trades = plain(outcome.grid.values_of(code), begin, end).trades
            longest = max(longest, int((trades["closed_ms"] - trades["opened_ms"]).max(initial=0)))
    assert outcome.purge_ms >= longest > outcome.purge_ms - DAY_MS
    for result in outcome.windows:
        assert result.window.out_from_ms == result.window.in_to_ms + outcome.purge_ms


def test_the_purge_grows_with_the_holding() -> None:
    # a stop far away and a target that is seldom met: held for days
    slow = job(grid=replace(job().grid, values=((150,), (2,), (0.04, 0.05), (0.6,))))
    assert walked(slow, jumpy(200 * 24, "1h", 3, 0.004)).purge_ms > walked(job()).purge_ms


def cut_small(monkeypatch: pytest.MonkeyPatch, combinations: int) -> None:
    monkeypatch.setattr(cutting, "CHUNK_WEIGHT", combinations * 1_500 * 1_440 // 200)


class Backwards:
    """An executor that gives the last chunk first."""

    def __init__(self) -> None:
        self._threads = Threads(1)

    def evaluate(
        self, task: Task, chunks: Sequence[Chunk], told: Callable[[Chunk, int], None]
    ) -> Iterator[tuple[Chunk, bytes]]:
        yield from self._threads.evaluate(task, chunks[::-1], told)

    def cancel(self) -> None:
        self._threads.cancel()


def test_the_result_does_not_depend_on_who_computes_it_nor_in_which_order(
    outcome: Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_small(monkeypatch, 5)
    for executor in (Threads(1), Threads(2), Threads(5), Backwards()):
        ledger = Counting()
        again = walked(job(), executor=executor, ledger=ledger)
        assert ledger.puts > 4
        assert again.result_hash == outcome.result_hash


def test_what_is_in_the_ledger_is_not_computed_again(outcome: Outcome, monkeypatch: pytest.MonkeyPatch) -> None:
    cut_small(monkeypatch, 5)
    ledger = Counting()
    walked(job(), ledger=ledger)
    whole = ledger.puts
    assert walked(job(), ledger=ledger).result_hash == outcome.result_hash
    assert ledger.puts == whole
    lost = sorted(ledger.kept)[::3]
    for key in lost:
        del ledger.kept[key]
    assert walked(job(), ledger=ledger).result_hash == outcome.result_hash
    assert ledger.puts == whole + len(lost)


@pytest.mark.parametrize("damaged", [b"", b"SRWF0001", b"x" * 500])
def test_a_damaged_chunk_is_computed_again(damaged: bytes, outcome: Outcome) -> None:
    ledger = Counting()
    walked(job(), ledger=ledger)
    key = next(iter(ledger.kept))
    ledger.kept[key] = damaged
    assert walked(job(), ledger=ledger).result_hash == outcome.result_hash
    assert ledger.kept[key] != damaged


CHANGES: list[dict[str, Any]] = [
    {"costs": Costs(taker_fee=0.0007)}, {"seed": 1}, {"capital": 2_000.0}, {"rule": WindowRule(31, 10, 10)},
    {"choice": Choice(min_trades=3, plateau=True)}, {"choice": Choice("sortino", min_trades=3)}, {"resamples": 201},
    {"symbol": "ETH-USDT"}, {"to_ms": days_later(91)},
    {"grid": replace(job().grid, fixed=(*job().grid.fixed[:-1], ("envelope_step", 0.011)))},
]


@pytest.mark.parametrize("change", CHANGES, ids=[next(iter(c)) for c in CHANGES])
def test_whatever_decides_the_result_changes_the_fingerprint(change: dict[str, Any], outcome: Outcome) -> None:
    assert walked(job(**change)).fingerprint != outcome.fingerprint


def test_other_candles_are_another_job(outcome: Outcome) -> None:
    close = HOURS.close.copy()
    close[500] *= 1.0000001
    other = walked(job(), replace(HOURS, close=close))
    assert other.fingerprint != outcome.fingerprint
    assert other.data_digest != outcome.data_digest


def test_trials_of_other_runs_deflate_and_leave_the_hash(outcome: Outcome) -> None:
    again = walked(job(), trials=1_000_000)
    assert (outcome.verdict.trials, again.verdict.trials) == (36, 1_000_036)
    assert again.verdict.deflated.value < outcome.verdict.deflated.value
    assert again.result_hash == outcome.result_hash


def test_nothing_that_trades_is_grade_f_with_the_reason() -> None:
    still = jumpy(90 * 24, "1h", 1, 1e-6)
    found = walked(job(), still)
    assert found.verdict.grade.letter == "F"
    assert found.verdict.reason == "no combination has 3 trades or more in any in-sample window"
    assert not found.verdict.gate.passed
    assert found.deployed == {}
    assert [w.chosen for w in found.windows] == [-1] * len(found.windows)
    assert not found.curve.daily.any()
    assert_finite(found)


def test_trades_only_in_the_first_windows_are_no_trouble() -> None:
    lively, still = jumpy(40 * 24, "1h", 1, 0.006), jumpy(50 * 24, "1h", 1, 1e-6, start=days_later(40))
    scale = lively.close[-1] / still.open[0]
    prices = ("open", "high", "low", "close")
    joined = type(lively)("1h", *(
        np.concatenate((getattr(lively, n), getattr(still, n) * (scale if n in prices else 1))) for n in COLUMNS
    ))
    found = walked(job(), joined)
    assert found.windows[0].chosen >= 0
    assert found.windows[-1].chosen == -1
    assert_finite(found)


def test_a_hole_in_the_candles_is_no_trouble() -> None:
    keep = (HOURS.ts_ms < days_later(31)) | (HOURS.ts_ms >= days_later(52))
    holed = type(HOURS)("1h", *(
        np.ascontiguousarray(getattr(HOURS, n)[keep]) for n in COLUMNS
    ))
    found = walked(job(), holed)
    assert len(found.curve.daily) == 10 * len(found.windows)
    assert_finite(found)


def test_one_combination_has_a_verdict_too() -> None:
    found = walked(job(grid=replace(job().grid, values=((5,), (2,), (0.01,), (0.1,)))))
    assert not found.verdict.overfitting.defined
    assert not found.verdict.gate.passed
    assert found.deployed
    assert_finite(found)


def test_too_little_data_names_the_symbol_and_the_command() -> None:
    with pytest.raises(DataError) as error:
        walked(job(), HOURS.slice(0, 45 * 24))
    said = str(error.value)
    assert said.startswith("BTC-USDT: 44 whole days from 2025-03-02 to 2025-04-15 are too few for 2 windows: needed")
    assert "`scalp-radar data fetch --symbol BTC-USDT --timeframe 1h --from 2025-02-24` brings more" in said
    assert "\n" not in said


WIDE = replace(job().grid, values=(
    tuple(range(4, 24)), (2, 3, 4), tuple(0.008 + 0.002 * i for i in range(12)), (0.03, 0.06, 0.1, 0.2),
))


def test_a_large_grid_is_searched_within_its_limit_and_knows_no_future() -> None:
    wide = job(grid=WIDE, choice=Choice(min_trades=3, max_combinations=120))
    found = walked(wide)
    assert 90 < len(found.codes) <= 120
    assert (found.born[:90] == 0).all()
    assert found.born.max() > 0
    for w, result in enumerate(found.windows):
        assert found.born[result.chosen] <= w
    assert len(np.unique(found.codes, axis=0)) == len(found.codes)
    assert walked(wide).result_hash == found.result_hash


@pytest.mark.parametrize("seed", range(5))
def test_later_candles_do_not_change_what_earlier_windows_choose(seed: int) -> None:
    wide = job(grid=WIDE, choice=Choice(min_trades=3, max_combinations=120))
    cut = 55 * 24
    later = jumpy(35 * 24, "1h", seed, 0.006, start=days_later(55), price=float(HOURS.close[cut - 1]))
    other = type(HOURS)("1h", *(np.concatenate((getattr(HOURS, n)[:cut], getattr(later, n))) for n in COLUMNS))
    one, two = walked(wide), walked(wide, other)
    assert one.codes.tolist() != two.codes.tolist()
    for a, b in zip(one.windows, two.windows, strict=True):
        if a.window.in_to_ms <= days_later(55):
            assert a.params == b.params
            assert a.score == b.score


def test_progress_grows_to_the_end_of_every_stage() -> None:
    told: list[Progress] = []
    found = run(job(), material_of(job()), Threads(2), Forgetful(), tell=told.append)
    for stage in ("in sample", "out of sample", "statistics"):
        done = [p.done for p in told if p.stage == stage]
        assert done == sorted(done)
        last = [p for p in told if p.stage == stage][-1]
        assert last.done == last.total
        assert last.window == last.windows
    assert found.duration_s > 0


def test_cancelling_ends_the_run() -> None:
    executor = Threads(2)
    ready = threading.Event()

    def stop(progress: Progress) -> None:
        ready.set()
        executor.cancel()

    with pytest.raises(Cancelled):
        run(job(), material_of(job()), executor, Forgetful(), tell=stop)
    assert ready.is_set()


def test_everything_is_finite_and_speaks_json(outcome: Outcome) -> None:
    assert_finite(outcome)


def assert_finite(value: object, where: str = "outcome") -> None:
    """No NaN or infinity anywhere below."""
    if isinstance(value, np.ndarray):
        assert np.isfinite(value).all(), where
    elif isinstance(value, float):
        assert math.isfinite(value), where
    elif is_dataclass(value) and not isinstance(value, Costs):
        for field in fields(value):
            assert_finite(getattr(value, field.name), f"{where}.{field.name}")
    elif isinstance(value, dict):
        for key, item in value.items():
            assert_finite(item, f"{where}.{key}")
        json.dumps(value, allow_nan=False)
    elif isinstance(value, (list, tuple)):
        for i, item in enumerate(value):
            assert_finite(item, f"{where}.{i}")


def test_start_of_the_data_is_the_first_midnight_after_the_warm_up(outcome: Outcome) -> None:
    assert outcome.from_ms == START + 9 * 3_600_000
    assert outcome.windows[0].window.in_from_ms == days_later(1)


OBJECTIVES: dict[Objective, Callable[[Backtest], float]] = {
    "sortino": lambda done: metrics.sortino(done.daily),
    "return": lambda done: done.wallet / 1_000.0 - 1.0,
    "calmar": lambda done: (done.wallet / 1_000.0 - 1.0)
    / metrics.drawdown(np.concatenate(([1_000.0], done.equity)))[0],
}


@pytest.mark.parametrize("name", OBJECTIVES)
def test_each_objective_chooses_by_itself(name: Objective) -> None:
    found = walked(job(choice=Choice(name, min_trades=3)))
    window = found.windows[1]
    begin, end = window.window.in_from_ms, window.window.in_to_ms
    values = []
    for code in found.codes:
        done = plain(found.grid.values_of(code), begin, end)
        values.append(OBJECTIVES[name](done) if len(done.trades) >= 3 else -math.inf)
    assert window.chosen == int(np.argmax(values))
    assert window.score == pytest.approx(max(values), rel=1e-5)


def test_anchored_windows_begin_with_the_data() -> None:
    found = walked(job(rule=WindowRule(30, 10, 10, anchored=True)))
    assert {w.window.in_from_ms for w in found.windows} == {days_later(1)} == {found.latest[0]}
    last = found.windows[-1].window
    done = plain(found.grid.values_of(found.codes[7]), last.in_from_ms, last.in_to_ms)
    assert found.in_sample.sharpe[-1, 7] == pytest.approx(metrics.sharpe(done.daily), rel=1e-4, abs=1e-4)


def test_of_many_combinations_an_even_sample_is_judged_for_overfitting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "MOST_JUDGED", 10)
    found = walked(job())
    assert (found.verdict.judged, found.verdict.overfitting.combinations) == (9, 9)
