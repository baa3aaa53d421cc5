"""``scalp-radar backtest``: the table, the JSON, and one line for whatever is wrong."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.candle import Candles
from core.resample import aggregate
from market.store import CandleStore
from strategies.discovery import discover
from tests.cli.command import REPOSITORY, Said, changed, copied_config, installed_scalp_radar, scalp_radar, snapshot
from tests.market.builders import START, jumpy, write_dump, write_series

HOUR = 3_600_000
DAY = 24 * HOUR
DAYS = 15
ASSETS = ("BTC-USDT", "ETH-USDT", "SOL-USDT", "DOGE-USDT", "LINK-USDT")


MINUTES = jumpy(DAYS * 1440, "1m", 8, 0.002, price=80_000.0)


@pytest.fixture(scope="module")
def dumps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of dumps: hours of two symbols, minutes of the first eight days of one, funding."""
    folder = tmp_path_factory.mktemp("dumps") / "X"
    hours = aggregate(MINUTES, "1h")
    write_dump(folder / "BTC-USDT" / "1h.parquet", hours)
    write_dump(folder / "BTC-USDT" / "1m.parquet", MINUTES.between(START, START + 8 * DAY))
    write_series(folder / "BTC-USDT" / "funding.parquet", "rate", [(START + i * 8 * HOUR, 1e-4) for i in range(40)])
    write_dump(folder / "ETH-USDT" / "1h.parquet", hours)
    return folder


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Envelopes narrow enough for the generated candles."""
    narrow = {"ma_period": 7, "num_levels": 2, "envelope_start": 0.02, "envelope_step": 0.02, "stop_fraction": 0.2}
    folder = copied_config(tmp_path)
    return changed(folder, "strategies.yaml", lambda t: t["strategies"]["envelope_dca"].update(params=narrow))


def backtest(config: Path, dumps: Path, *more: str, strategy: str = "envelope_dca", symbol: str = "BTC-USDT") -> Said:
    """The command on the generated candles, wide enough for its tables."""
    given = ("backtest", strategy, "--symbol", symbol, "--data", dumps, "--config", config, *more)
    return scalp_radar(*given, env={"COLUMNS": "160"})


def parsed(said: Said) -> Any:
    """The JSON of a run that must work, in which nothing may be NaN."""
    assert (said.code, said.err) == (0, "")

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} in JSON")

    return json.loads(said.out, parse_constant=refuse)


def plain(config: Path, dumps: Path, *more: str, **which: str) -> Any:
    """The results of a run in which nothing is refused."""
    outcome = parsed(backtest(config, dumps, "--json", *more, **which))
    assert outcome["not_run"] == []
    return outcome["results"]


def table(text: str) -> dict[str, str]:
    """The rows of the first table by their names."""
    cells = [[c.strip() for c in line.strip("│").split("│")] for line in text.splitlines() if line.startswith("│")]
    return {row[0]: row[1] for row in cells if len(row) == 2}


def titles(text: str) -> set[str]:
    return {line.strip() for line in text.splitlines()}


def test_json_tells_the_whole_backtest(config: Path, dumps: Path) -> None:
    (one,) = plain(config, dumps)
    assert (one["strategy"], one["symbol"]) == ("envelope_dca", "BTC-USDT")
    assert one["timeframe"] == "1h"
    assert one["walked"] == [
        {"timeframe": "1h", "from_ms": START, "to_ms": START + DAYS * DAY, "candles": DAYS * 24}
    ]
    assert (one["from_ms"], one["to_ms"], one["candles"]) == (START, START + DAYS * DAY, DAYS * 24)
    assert one["decision_span"] == [START, START + DAYS * DAY]
    assert one["missing_candles"] == 0
    trades, metrics = one["trades"], one["metrics"]
    assert len(trades) == metrics["trades"] > 3
    assert metrics["funding"] != 0.0
    assert metrics["fees"] == pytest.approx(sum(t["fees"] for t in trades))
    earned = sum(t["net"] for t in trades)
    # a fifth of 10,000 for each of five symbols
    assert one["final_equity"] == pytest.approx(2000.0 * (1 + metrics["net_return"]))
    if one["open"] is None:
        assert one["final_equity"] == pytest.approx(2000.0 + earned)
    for t in trades:
        assert t["net"] == pytest.approx(t["gross"] - t["fees"] - t["funding"])
        assert START <= t["opened_ms"] <= t["closed_ms"] < one["to_ms"]


def test_the_table_says_the_same(config: Path, dumps: Path) -> None:
    said = backtest(config, dumps)
    (one,) = plain(config, dumps)
    assert said.code == 0
    assert "envelope_dca on BTC-USDT" in said.out
    rows = table(said.out)
    assert rows["span (UTC)"] == "2025-03-01 00:00 to 2025-03-16 00:00"
    assert rows["candles"] == "360 of 1h"
    assert rows["trades"].startswith(f"{one['metrics']['trades']} (")
    assert rows["equity at the end"] == f"{one['final_equity']:,.2f} USDT of 2,000.00"
    assert rows["net return"].startswith(f"{one['metrics']['net_return']:+.2%}")
    assert f"last {min(10, len(one['trades']))} trades (UTC, USDT)" in said.out
    assert "walked on" not in said.out
    assert rows["without costs"].startswith(f"{one['without_costs']['net_return']:+.2%}")
    assert rows["path of candles"].startswith(f"{one['bounds']['low']:+.2%} to {one['bounds']['high']:+.2%}")
    assert {"by market regime of the day", "by reason of the exit, and by side (USDT)"} <= titles(said.out)


def test_a_position_that_is_open_at_the_end_is_shown(config: Path, dumps: Path) -> None:
    (whole,) = plain(config, dumps)
    trade = next(t for t in whole["trades"] if t["closed_ms"] - t["opened_ms"] >= 2 * HOUR)
    cut = np.datetime64(trade["opened_ms"] + HOUR, "ms").astype("datetime64[s]")
    (one,) = plain(config, dumps, "--to", str(cut))
    assert one["open"]["direction"] == 1
    assert one["open"]["stop"] == pytest.approx(one["open"]["average"] * 0.8, rel=1e-4)
    assert "still open: long" in backtest(config, dumps, "--to", str(cut)).out


def test_a_span_is_half_open_days_in_utc(config: Path, dumps: Path) -> None:
    (one,) = plain(config, dumps, "--from", "2025-03-03", "--to", "2025-03-05")
    assert (one["from_ms"], one["to_ms"], one["candles"]) == (START + 2 * DAY, START + 4 * DAY, 48)


def test_without_a_trade_there_are_no_undefined_figures(config: Path, dumps: Path) -> None:
    (one,) = plain(config, dumps, "--from", "2025-03-01", "--to", "2025-03-01T03:00")
    assert (one["trades"], one["open"], one["candles"]) == ([], None, 3)
    assert all(math.isfinite(v) for v in one["metrics"].values())
    assert backtest(config, dumps, "--to", "2025-03-01T03:00").code == 0


def test_several_symbols_are_several_results(config: Path, dumps: Path) -> None:
    both = plain(config, dumps, symbol="ETH-USDT,BTC-USDT")
    assert [one["symbol"] for one in both] == ["ETH-USDT", "BTC-USDT"]
    assert both[1] == plain(config, dumps)[0]


def test_detail_walks_minutes_where_they_are_and_hours_for_the_rest(config: Path, dumps: Path) -> None:
    (one,) = plain(config, dumps, "--detail", "1m")
    assert (one["timeframe"], one["candles"]) == ("1h", 8 * 1440 + 7 * 24)
    assert [(w["timeframe"], w["from_ms"], w["to_ms"]) for w in one["walked"]] == [
        ("1m", START, START + 8 * DAY), ("1h", START + 8 * DAY, START + DAYS * DAY),
    ]
    assert (one["from_ms"], one["to_ms"]) == (START, START + DAYS * DAY)
    said = backtest(config, dumps, "--detail", "1m").out
    assert table(said)["candles"] == "11,520 of 1m and 168 of 1h"
    assert "walked on 1m: 2025-03-01 00:00 to 2025-03-09 00:00; the rest on 1h" in " ".join(said.split())
    whole = backtest(config, dumps, "--detail", "1m", "--to", "2025-03-09").out
    assert "walked on" not in whole
    several = backtest(config, dumps, "--detail", "1m", symbol="BTC-USDT,ETH-USDT")
    assert "walked on 1m: 2025-03-01 00:00" in several.out
    assert "no 1m candles of ETH-USDT" in " ".join(several.out.split())
    assert several.code == 0


COSTS: list[tuple[list[str], dict[str, Any]]] = [
    ([], {"slippage": 0.0005, "path": "nearer", "fill_probability": 1.0, "funding": True, "taker_fee": 0.0006}),
    (["--slippage", "0.002"], {"slippage": 0.002, "slippage_from": None}),
    (["--fill-probability", "0.5"], {"fill_probability": 0.5}),
    (["--participation", "2e-6"], {"participation": 2e-6}),
    (["--trade-through", "0.001"], {"trade_through": 0.001}),
    (["--path", "pessimistic"], {"path": "pessimistic"}),
    (["--no-costs"], {"maker_fee": 0.0, "taker_fee": 0.0, "slippage": 0.0, "funding": False}),
]


@pytest.mark.parametrize(("more", "expected"), COSTS, ids=[" ".join(c[0]) or "as configured" for c in COSTS])
def test_an_option_changes_what_trading_costs(
    more: list[str], expected: dict[str, Any], config: Path, dumps: Path
) -> None:
    (one,), (usual,) = plain(config, dumps, *more), plain(config, dumps)
    assert {key: one["costs"][key] for key in expected} == expected
    assert (one["trades"] == usual["trades"]) is (not more or more[0] == "--slippage")  # no stop is met here


def test_without_costs_is_what_every_result_says_beside_its_own(config: Path, dumps: Path) -> None:
    (one,), (free,) = plain(config, dumps), plain(config, dumps, "--no-costs")
    assert one["without_costs"] == free["metrics"] == free["without_costs"]
    assert one["metrics"]["net_return"] < one["without_costs"]["net_return"]
    assert "none: no fees, slippage or funding" in table(backtest(config, dumps, "--no-costs").out)["costs"]


def test_bounds_are_the_results_with_the_paths_named(config: Path, dumps: Path) -> None:
    (one,) = plain(config, dumps)
    named = {
        path: plain(config, dumps, "--path", path)[0]["metrics"]["net_return"]
        for path in ("nearer", "pessimistic", "optimistic")
    }
    assert {path: one["bounds"][path] for path in named} == named
    assert (one["bounds"]["low"], one["bounds"]["high"]) == (min(named.values()), max(named.values()))


def books(path: Path, price: float) -> None:
    """Ten snapshots with a spread of a thousandth and levels of a coin each."""
    count, columns = 10, {}
    for k in range(5):
        columns[f"bid_px_{k}"] = np.full(count, price * (0.9995 - k * 1e-4))
        columns[f"ask_px_{k}"] = np.full(count, price * (1.0005 + k * 1e-4))
        columns[f"bid_qty_{k}"] = columns[f"ask_qty_{k}"] = np.full(count, 1.0)
    times = START + np.arange(count, dtype=np.int64) * 1000
    pq.write_table(pa.table({"timestamp": times, **columns}), path)


def test_slippage_from_depth_says_size_and_span(config: Path, tmp_path: Path) -> None:
    folder = tmp_path / "X" / "BTC-USDT"
    write_dump(folder / "1h.parquet", aggregate(MINUTES, "1h"))
    books(folder / "book_top5_1s.parquet", 80_000.0)
    costs = plain(config, tmp_path, "--slippage", "depth")[0]["costs"]
    notional = 2000.0 * 0.65 * 3  # a whole position of this symbol
    assert costs["slippage"] == pytest.approx(0.0005)  # a twentieth of a coin: the first level
    assert costs["slippage_from"] == {
        "slippage": costs["slippage"], "notional": pytest.approx(notional), "snapshots": 10, "thin": 0,
        "from_ms": START, "to_ms": START + 9000,
    }
    said = table(backtest(config, tmp_path, "--slippage", "depth").out)["costs"]
    assert "slippage 5.000 bp for an order of 3,900 USDT, from 10 order books of 2025-03-01 00:00" in said


def test_all_runs_what_has_its_data_and_says_why_the_rest_does_not(config: Path, dumps: Path) -> None:
    given = ("backtest", "--all", "--data", dumps, "--config", config)
    outcome = parsed(scalp_radar(*given, "--json"))
    ran = {(r["strategy"], r["symbol"]) for r in outcome["results"]}
    refused = {(r["strategy"], r["symbol"]): r["reason"] for r in outcome["not_run"]}
    known = discover([config.parent / "examples"])
    assert ran | set(refused) == {(s, symbol) for s in known for symbol in ASSETS}
    assert not ran & set(refused)
    hourly = {s for s, strategy in known.items() if strategy.timeframe == "1h" and not strategy.needs}
    assert {(s, symbol) for s in hourly for symbol in ("BTC-USDT", "ETH-USDT")} <= ran
    assert "no symbol 'SOL-USDT'" in refused["envelope_dca", "SOL-USDT"]
    assert "no 5m candles of ETH-USDT" in refused["vwap_rsi", "ETH-USDT"]
    assert "no open interest" in refused["liquidation", "BTC-USDT"]
    said = scalp_radar(*given)
    assert said.code == 0
    assert f"{len(ran)} backtests" in said.out
    assert f"not run: {len(refused)}" in said.out


def test_names_without_symbols_run_on_those_configured(config: Path, dumps: Path) -> None:
    only = changed(
        config, "strategies.yaml", lambda t: t["strategies"]["envelope_dca"].update(symbols=["ETH-USDT", "BTC-USDT"])
    )
    outcome = parsed(scalp_radar("backtest", "envelope_dca", "--data", dumps, "--config", only, "--json"))
    assert [r["symbol"] for r in outcome["results"]] == ["ETH-USDT", "BTC-USDT"]


def test_several_strategies_are_side_by_side_as_if_alone(config: Path, dumps: Path) -> None:
    names = ("envelope_dca_short", "envelope_dca")
    outcome = parsed(
        scalp_radar("backtest", *names, "--symbol", "BTC-USDT", "--data", dumps, "--config", config, "--json")
    )
    assert [r["strategy"] for r in outcome["results"]] == list(names)
    assert outcome["results"] == [plain(config, dumps, strategy=name)[0] for name in names]


@pytest.mark.parametrize("columns", [60, 80, 100, 140])
def test_a_summary_fits_whatever_is_asked_to_hold_it(columns: int, config: Path, dumps: Path) -> None:
    said = scalp_radar(
        "backtest", "envelope_dca", "envelope_dca_short", "--symbol", "BTC-USDT", "--data", dumps, "--config", config,
        env={"COLUMNS": str(columns)},
    )
    assert said.code == 0
    assert "envelope_dca_short" in said.out
    assert "…" not in said.out


def test_candles_that_are_missing_are_counted(config: Path, tmp_path: Path) -> None:
    hours = aggregate(MINUTES, "1h").rows()
    write_dump(tmp_path / "X" / "BTC-USDT" / "1h.parquet", Candles.of("1h", hours[:50] + hours[60:]))
    assert plain(config, tmp_path)[0]["missing_candles"] == 10
    assert table(backtest(config, tmp_path).out)["candles"] == "350 of 1h, 10 missing"


def test_the_example_needs_no_configuration_of_its_own(dumps: Path) -> None:
    """As shipped: found by its folder, with its own defaults and a capital of 10,000."""
    (one,) = plain(REPOSITORY / "config", dumps, strategy="sma_cross")
    assert one["timeframe"] == "1h"
    assert len(one["trades"]) > 1
    assert {t["direction"] for t in one["trades"]} == {1}
    assert one["final_equity"] == pytest.approx(10_000 * (1 + one["metrics"]["net_return"]))


def test_the_store_is_read_where_no_folder_is_named(config: Path, tmp_path: Path) -> None:
    CandleStore(tmp_path / "store").append("X", "BTC-USDT", aggregate(MINUTES, "1h"))
    given = ("backtest", "envelope_dca", "--symbol", "BTC-USDT", "--config", config, "--json")
    by_option = scalp_radar(*given, "--store", tmp_path / "store")
    by_environment = scalp_radar(*given, env={"SCALP_RADAR_DATA": str(tmp_path / "store")})
    assert by_option.code == 0
    assert by_option == by_environment


def complaint(said: Said) -> str:
    """The one line of a refusal."""
    assert said.code == 2
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert said.err.startswith("scalp-radar: ")
    return said.err


WRONG: list[tuple[dict[str, str], list[str], str]] = [
    ({"strategy": "envelop_dca"}, [], "strategy = 'envelop_dca': unknown strategy; did you mean 'envelope_dca'?"),
    ({"strategy": "martingale"}, [], "unknown strategy; known are bollinger_mr, "),
    ({"symbol": "XRP-USDT"}, [], "--symbol = 'XRP-USDT': unknown symbol; known are BTC-USDT, "),
    ({"symbol": "BTC-USDT,BTC-USDT"}, [], "must be different symbols, separated by commas"),
    ({"symbol": "SOL-USDT"}, [], "no symbol 'SOL-USDT'; there are BTC-USDT, ETH-USDT"),
    ({}, ["--from", "2031-01-01"], "no 1h candles of BTC-USDT from 2031-01-01T00:00Z to the end; there are "),
    ({}, ["--to", "2020-01-01"], "no 1h candles of BTC-USDT from the beginning to 2020-01-01T00:00Z; there are "),
    ({}, ["--from", "2025-03-05", "--to", "2025-03-03"], "no 1h candles of BTC-USDT from 2025-03-05"),
    ({}, ["--from", "yesterday"], "--from = 'yesterday': must be a date such as 2025-03-01"),
    ({}, ["--to", "2025-02-30"], "--to = '2025-02-30': must be a date such as 2025-03-01"),
    ({}, ["--detail", "1s"], "detail: timeframe '1s': allowed is a number and m, h or d"),
    ({}, ["--detail", "4h"], "detail '4h': allowed is a timeframe that divides 1h"),
    ({"symbol": "ETH-USDT"}, ["--detail", "1m"], "no 1m candles of ETH-USDT"),
    ({}, ["--all"], "strategies = 'envelope_dca': allowed are names, or else --all"),
    ({}, ["--slippage", "much"], "--slippage = 'much': allowed is a fraction such as 0.0005, or depth"),
    ({}, ["--slippage", "nan"], "costs: slippage = nan: from 0 to below 1"),
    ({}, ["--slippage", "depth"], "BTC-USDT: --slippage depth: no recorded order books to estimate slippage from"),
    ({}, ["--slippage", "depth", "--no-costs"], "--slippage = 'depth': not allowed with --no-costs"),
    ({}, ["--path", "sideways"], "--path = 'sideways': allowed are nearer, pessimistic and optimistic"),
    ({}, ["--fill-probability", "1.5"], "costs: fill_probability = 1.5: from 0 to 1"),
    ({}, ["--participation", "-1"], "costs: participation = -1.0: 0 or more"),
    ({}, ["--trade-through", "nan"], "costs: trade_through = nan: from 0 to below 0.1"),
    ({}, ["--html", "nowhere/report.html"], "--html = 'nowhere/report.html': allowed is a file that can be written"),
    ({}, ["--html", "."], "--html = '.': allowed is a file that can be written"),
    ({"symbol": "SOL-USDT,LINK-USDT"}, [], "none of 2 backtests can be run; the first, envelope_dca on SOL-USDT: "),
    ({}, ["--data", "nowhere"], "nowhere: no such folder of market data"),
]


@pytest.mark.parametrize(("which", "more", "expected"), WRONG, ids=[w[2][:50] for w in WRONG])
def test_a_wrong_input_is_one_line_and_changes_nothing(
    which: dict[str, str], more: list[str], expected: str, config: Path, dumps: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    before = snapshot(tmp_path), snapshot(dumps)
    assert expected in complaint(backtest(config, dumps, *more, **which))
    assert (snapshot(tmp_path), snapshot(dumps)) == before


def unsorted(path: Path) -> None:
    rows = pq.read_table(path)
    pq.write_table(rows.take(pa.array([0, 2, 1, *range(3, len(rows))])), path)


DAMAGE = [
    ("not Parquet at all", lambda p: p.write_bytes(b"not Parquet at all"), "not a readable Parquet file"),
    ("empty", lambda p: p.write_bytes(b""), "not a readable Parquet file"),
    ("cut off", lambda p: p.write_bytes(p.read_bytes()[:-100]), "not a readable Parquet file"),
    ("unsorted", unsorted, "candle 2 at 2025-03-01T01:00:00.000Z is out of order or doubled"),
    ("no low", lambda p: pq.write_table(pq.read_table(p).drop_columns(["low"]), p), "column 'low' is missing"),
]


def test_neither_names_nor_all_is_refused(config: Path, dumps: Path) -> None:
    said = complaint(scalp_radar("backtest", "--data", dumps, "--config", config))
    assert "strategies = '': allowed are names, or else --all" in said


@pytest.mark.parametrize(("damage", "expected"), [d[1:] for d in DAMAGE], ids=[d[0] for d in DAMAGE])
def test_a_damaged_file_is_named(damage: Any, expected: str, config: Path, tmp_path: Path) -> None:
    path = tmp_path / "X" / "BTC-USDT" / "1h.parquet"
    write_dump(path, aggregate(MINUTES, "1h"))
    damage(path)
    before = snapshot(tmp_path)
    said = complaint(backtest(config, tmp_path))
    assert said.startswith(f"scalp-radar: {path}: ")
    assert expected in said
    assert snapshot(tmp_path) == before


def test_a_broken_strategy_file_is_named(config: Path, dumps: Path) -> None:
    (config.parent / "examples" / "mine.py").write_text("import nothing_of_this_name\n")
    said = complaint(backtest(config, dumps))
    assert "examples/mine.py: cannot be loaded: ModuleNotFoundError: No module named 'nothing_of_this_name'" in said


def test_the_installed_program_ends_with_two_and_one_line(config: Path, dumps: Path, tmp_path: Path) -> None:
    arguments = ("backtest", "envelop_dca", "--symbol", "BTC-USDT", "--data", dumps, "--config", config)
    said = installed_scalp_radar(*arguments, cwd=tmp_path)
    assert "did you mean 'envelope_dca'?" in complaint(said)
