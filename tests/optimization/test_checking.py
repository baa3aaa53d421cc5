"""Planted faults are found, with the right column and row; what is no fault passes."""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.candle import Floats
from core.market import Market
from core.plan import AVERAGE, MARKET, Level, Trail
from core.resample import aggregate
from core.strategy import Condition
from indicators.moving_average import ema, sma
from optimization.checking.look_ahead import look_ahead
from optimization.checking.market import on_stored, synthetic
from optimization.checking.report import Outcome, as_plain
from optimization.checking.suite import Check
from tests.optimization.planted import WARM_UP, base, check, planted, tomorrow

FIRST = WARM_UP - 1
"""The first row that is cut at: the first one that acts."""


def failed(outcome: Outcome, *said: str) -> Outcome:
    assert outcome.status == "failed", outcome.detail
    for words in said:
        assert words in outcome.detail
    assert "\n" not in outcome.detail
    return outcome


def passed(outcome: Outcome) -> Outcome:
    assert outcome.status == "passed", outcome.detail
    return outcome


# Look-ahead: column and row of the first leak.


def centred(market: Market) -> Floats:
    half = WARM_UP // 2
    average = sma(market.close, 2 * half + 1)
    return np.concatenate((average[half:], np.full(min(half, len(market)), np.nan)))


def normalised(market: Market) -> Floats:
    return 100.0 + (market.close - market.close.mean()) / market.close.std()


def open_bucket(market: Market) -> Floats:
    """The close of the 4h candle that each row lies in, before that has closed."""
    bucket = market.ts_ms // (4 * 3_600_000)
    last = np.flatnonzero(np.diff(bucket, append=bucket[-1] + 1))
    return market.close[last[np.searchsorted(last, np.arange(len(market)))]]


def backfilled(market: Market) -> Floats:
    """Every hundredth close, filled backwards."""
    at = np.minimum(np.arange(len(market)) // 100 * 100 + 99, len(market) - 1)
    return market.close[at]


LEAKS = [
    ("a centred window", centred, WARM_UP // 2),
    ("a shift by minus one", lambda m: tomorrow(m.close), FIRST),
    ("normalisation over the whole series", normalised, 0),
    ("a higher timeframe before it closed", open_bucket, 20),  # 19 ends a bucket: it opens at 19:00 UTC
    ("values filled backwards", backfilled, 0),
]


@pytest.mark.parametrize(("what", "column", "row"), LEAKS, ids=[what for what, _, _ in LEAKS])
def test_a_base_that_sees_the_future_is_found_at_its_first_row(what: str, column: Any, row: int) -> None:
    outcome = failed(check(base(column)).look_ahead(), "base of row ", "UTC): ")
    assert (outcome.figures["column"], outcome.figures["row"]) == ("base", row)
    market = synthetic("1h", 1)
    assert outcome.figures["ts_ms"] == market.candles.ts_ms[row]
    assert outcome.figures["first"]


def flags(market: Market) -> Any:
    return (tomorrow(market.close) > market.close).astype(np.int8)


FIELDS = {
    "direction": lambda m: {"direction": flags(m)},
    "unit": lambda m: {"unit": tomorrow(m.close)},
    "target.reference": lambda m: {"target": Level(tomorrow(m.close), moving=True)},
    "target.unit": lambda m: {"target": Level(AVERAGE, 0.1, unit=tomorrow(m.close))},
    "target.coefficient": lambda m: {"target": Level(AVERAGE, float(m.close[-1]) / 1e4)},
    "stop.reference": lambda m: {"stop": Level(tomorrow(m.close), -0.1)},
    "stop.unit": lambda m: {"stop": Level(AVERAGE, -0.1, unit=tomorrow(m.close))},
    "stop.coefficient": lambda m: {"stop": Level(AVERAGE, -float(np.diff(np.log(m.close)).std()))},
    "trail.unit": lambda m: {"trail": Trail(0.1, unit=tomorrow(m.close))},
    "exit": lambda m: {"exit": flags(m)},
    "row_weight": lambda m: {"row_weight": 1.0 / (1.0 + tomorrow(m.close))},
    "score": lambda m: {"score": 1.0 / (1.0 + tomorrow(m.close))},
    "weights": lambda m: {"weights": (1.0 / (1.0 + float(m.close[-1])),)},
    "max_hold": lambda m: {"max_hold": len(m)},
}


@pytest.mark.parametrize("column", FIELDS)
def test_every_field_of_a_plan_is_looked_at(column: str) -> None:
    rises = flags(synthetic("1h", 1).market())
    first = FIRST + int(np.argmax(rises[FIRST:])) if column in ("direction", "exit") else FIRST
    outcome = failed(check(planted(lambda m, p: FIELDS[column](m))).look_ahead(), f"{column} of row {first} (")
    assert outcome.figures["column"] == column


def test_both_values_of_a_leak_are_told() -> None:
    market = synthetic("1h", 1)
    outcome = check(base(lambda m: tomorrow(m.close))).look_ahead()
    assert outcome.figures["with_future"] == market.candles.close[FIRST + 1]
    assert outcome.figures["without_future"] == market.candles.close[FIRST]
    assert outcome.figures["known_to"] == FIRST


@settings(max_examples=25, deadline=None)
@given(row=st.integers(FIRST, 395), later=st.integers(1, 4), seed=st.integers(0, 1000))
def test_a_leak_in_a_single_row_is_found_wherever_it_is(row: int, later: int, seed: int) -> None:
    def column(market: Market) -> Floats:
        out = market.close.copy()
        if row + later < len(out):
            out[row] = market.close[row + later]
        return out

    seen = look_ahead(base(column), synthetic("1h", 1, 400), seed=seed, patience_s=60.0)
    assert seen.leak is not None
    assert (seen.leak.column, seen.leak.row) == ("base", row)
    assert row <= seen.leak.known_to < row + later


NO_LEAKS = {
    "an average": lambda m: m.column(sma, "close", WARM_UP),
    "a higher timeframe that has closed": lambda m: m.on("4h").column(sma, "close", 3),
    "the highest so far": lambda m: np.maximum.accumulate(m.high),
    "what was known an hour ago": lambda m: np.concatenate((m.close[:1], m.close[:-1])),
    "a mean of all that was": lambda m: np.cumsum(m.close) / np.arange(1, len(m) + 1),
    "numbers from a fixed seed": lambda m: m.close * (1 + 0.01 * np.random.default_rng(1).random(len(m))),
}


@pytest.mark.parametrize("what", NO_LEAKS)
def test_what_sees_only_the_past_passes(what: str) -> None:
    outcome = passed(check(base(NO_LEAKS[what])).look_ahead())
    assert outcome.figures["cuts"] == outcome.figures["rows"]


def test_impatience_still_makes_the_least_number_of_cuts() -> None:
    seen = look_ahead(base(NO_LEAKS["an average"]), synthetic("1h", 1), patience_s=0.0)
    assert (seen.leak, seen.cuts) == (None, 120)


# Warm-up: needed against declared.


@pytest.mark.parametrize(("declared", "needed"), [(10, 20), (19, 20), (20, 20), (200, 20)])
def test_the_shortest_window_is_measured(declared: int, needed: int) -> None:
    outcome = check(base(lambda m: m.column(sma, "close", 20), declared)).warm_up()
    assert (outcome.figures["declared"], outcome.figures["needed"]) == (declared, needed)
    assert outcome.status == ("passed" if declared >= needed else "failed")
    assert outcome.detail.startswith(f"declared {declared}, needed {needed}")


def test_an_exponential_average_needs_more_than_its_period() -> None:
    outcome = failed(check(base(lambda m: m.column(ema, "close", 20), 20)).warm_up(), "base of row ", "from 20 candles")
    assert 150 < outcome.figures["needed"] < 260
    again = base(lambda m: m.column(ema, "close", 20), outcome.figures["needed"] + 30)
    passed(check(again).warm_up())


def test_what_never_forgets_its_start_has_no_warm_up() -> None:
    outcome = failed(check(base(NO_LEAKS["a mean of all that was"])).warm_up(), "needed more than 1,500")
    assert outcome.figures["needed"] is None


def test_a_higher_timeframe_counts_its_candles_whatever_row_the_window_begins_at() -> None:
    outcome = check(base(NO_LEAKS["a higher timeframe that has closed"], 9)).warm_up()
    failed(outcome, "declared 9, needed 12")  # the last candle of one bucket, two whole ones, three rows of the next


# Purity.


IMPURE = {
    "time.time": lambda m: m.close * (1.0 + (time.time() < 0.0)),
    "datetime.now": lambda m: m.close * min(1, datetime.now(UTC).year),
    "Random.random": lambda m: m.close * (1.0 + random.random()),
    "io.open": lambda m: m.close * float(bool(open(__file__).close() is None)),
    "posix.urandom": lambda m: m.close * (1.0 + np.random.default_rng().random()),
}


@pytest.mark.parametrize("call", IMPURE)
def test_chance_time_and_files_are_named(call: str) -> None:
    failed(check(base(IMPURE[call])).pure(), "asks for more than the market", call)


def test_chance_of_a_global_kind_gives_another_plan_the_next_time() -> None:
    outcome = failed(check(base(lambda m: m.close * np.random.random())).pure(), "remembers something: base of row 0 (")
    assert outcome.figures["column"] == "base"


def test_state_between_calls_is_found() -> None:
    calls: list[int] = []

    def column(market: Market) -> Floats:
        calls.append(len(market))
        return market.close * (1.0 + 1e-9 * len(calls))

    failed(check(base(column)).pure(), "remembers something: base of row 0 (")


def test_state_from_another_market_does_not_pass() -> None:
    kept: dict[int, Floats] = {}

    def column(market: Market) -> Floats:
        return kept.setdefault(len(market), market.close.copy())  # a cache whose key forgets the market

    failed(check(base(column)).warm_up(), "base of row ")


def test_a_market_that_is_written_into_is_found() -> None:
    def column(market: Market) -> Floats:
        market.close[17] = 5.0
        return market.high

    outcome = failed(check(base(column)).pure(), "writes into the market: close of row 17 was", "is 5")
    assert (outcome.figures["column"], outcome.figures["row"]) == ("close", 17)


def test_a_remembered_column_that_is_written_into_is_found() -> None:
    def column(market: Market) -> Floats:
        average: Floats = market.column(sma, "close", 20)
        average *= 1.01
        return average

    failed(check(base(column)).pure(), "remembers something: base of row 19 (")


def test_the_market_of_the_checks_is_whole_after_a_strategy_wrote_into_its_own() -> None:
    before = synthetic("1h", 1).candles.close.copy()
    check(base(lambda m: m.close.__imul__(2.0))).report()
    np.testing.assert_array_equal(synthetic("1h", 1).candles.close, before)


# Plans.


def broken(market: Market, params: Any) -> dict[str, Any]:
    return {"base": market.close[: int(market.close[0] * 0)].reshape(-1)[5]}


INVALID = {
    "weights (0.7, 0.7)": lambda m, p: {"coefficients": (-0.1, -0.2), "weights": (0.7, 0.7)},
    "a column is float64(2999,)": lambda m, p: {"base": m.close[1:]},
    "there is no stop": lambda m, p: {"stop": None},
    "IndexError": broken,
    "is infinite": lambda m, p: {"base": np.where(np.arange(len(m)) == 700, np.inf, m.close)},
}


@pytest.mark.parametrize("said", INVALID)
def test_a_plan_that_the_engine_does_not_take_is_one_line(said: str) -> None:
    report = check(planted(INVALID[said])).report()
    assert not report.passed
    first = next(o for o in report.outcomes if o.status == "failed")
    failed(first, said)
    assert {o.status for o in report.outcomes[2:]} == {"skipped"}


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        (Condition("c", 1, float("nan"), 1.0, "<", False, 0.0), "value nan"),
        (Condition("c", 1, 1.0, 1.0, "<", False, 1.5), "nearness 1.5"),
        (Condition("c", 1, 1.0, 1.0, "<", True, 0.5), "1 when met"),
        (Condition("c", 1, 1.0, 1.0, "=", False, 0.5), "comparison '='"),
    ],
)
def test_conditions_that_cannot_be_shown_are_named(condition: Condition, said: str) -> None:
    failed(check(planted(conditions=[condition])).plan(), "condition 'c'", said)


# Trades.


def test_an_absolute_price_breaks_the_scale_law() -> None:
    subject = planted(lambda m, p: {"unit": np.full(len(m), 100.0)})
    failed(check(subject).scale(), "prices times 8: ")


def test_a_plan_that_knows_how_long_its_window_is_differs_between_fold_and_steps() -> None:
    subject = base(lambda m: m.close * (1.0 + 0.02 * (len(m) > 100)))
    failed(check(subject).fold_equals_steps(), "steps give ")


def test_a_strategy_without_trades_proves_nothing() -> None:
    subject = planted(lambda m, p: {"direction": 0})
    for outcome in (check(subject).scale(), check(subject).fold_equals_steps()):
        failed(outcome, "no trades on this market")


def test_refused_entries_are_counted_by_reason() -> None:
    subject = planted(lambda m, p: {"coefficients": (MARKET,), "stop": Level(AVERAGE, 0.1)})
    outcome = check(subject).refusals()
    assert outcome.status == "measured"
    assert set(outcome.figures["refusals"]) == {"stop_passed"}
    assert outcome.figures["refusals"]["stop_passed"] > 1000


def test_a_mirror_that_does_not_exist_is_named() -> None:
    subject = planted()
    type(subject.strategy).mirror = "nobody"
    try:
        failed(check(subject).mirror(), "mirror 'nobody': there is no such strategy")
    finally:
        type(subject.strategy).mirror = ""


# Parameters.


def test_a_leak_in_one_corner_of_the_parameters_is_found() -> None:
    def change(market: Market, params: Any) -> dict[str, Any]:
        return {"target": Level(tomorrow(market.close))} if params.period == 60 and params.offset > 0.19 else {}

    subject = planted(change)
    passed(check(subject).look_ahead())
    outcome = failed(check(subject).parameters(), "with period=60, offset=0.198: look-ahead: target.reference of row ")
    assert outcome.figures["column"] == "target.reference"


def test_a_warm_up_that_is_too_short_in_a_corner_is_found() -> None:
    outcome = failed(check(planted(warmup=30)).parameters(), "with period=60: warm-up: base of row ")
    assert outcome.figures["column"] == "base"


def test_columns_that_are_remembered_under_too_short_a_name_are_found() -> None:
    subject = planted(lambda m, p: {"base": m.remember(("mine",), lambda: sma(m.close, p.period))})
    passed(check(subject).pure())
    failed(check(subject).parameters(), "memory: base of row ", "on a fresh market")


def test_a_faultless_strategy_passes_everything() -> None:
    report = check(planted()).report()
    assert report.passed, report
    assert [o.name for o in report.outcomes] == [
        "pure", "plan", "look-ahead", "warm-up", "scale", "fold equals steps", "parameters", "refusals", "speed",
    ]
    assert {o.status for o in report.outcomes} == {"passed", "measured"}
    assert as_plain(report)["passed"] is True


def test_a_market_shorter_than_the_warm_up_is_said() -> None:
    subject = planted(warmup=500)
    report = Check(subject, on_stored(synthetic("1h", 1, 400)), {}).report()
    assert not report.passed
    assert "the market has 400 candles" in next(o.detail for o in report.outcomes if o.name == "look-ahead")


def test_bucketing_agrees_with_the_aggregation_that_it_cheats() -> None:
    market = synthetic("1h", 1).market()
    closed = aggregate(market.candles, "4h")
    rows = np.searchsorted(market.ts_ms, closed.ts_ms)
    np.testing.assert_array_equal(open_bucket(market)[rows], closed.close)
