"""``scalp-radar optimize``: verdicts, what is kept and applied, and one line for whatever is wrong."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from core.candle import Candles
from core.resample import aggregate
from tests.cli.command import Said, changed, copied_config, scalp_radar, snapshot
from tests.market.builders import START, jumpy, write_dump

HOUR = 3_600_000
DAY = 24 * HOUR
DAYS = 60
SOON_S = 4.0  # two on a machine that does nothing else
HOURS = aggregate(jumpy(DAYS * 1440, "1m", 8, 0.002, price=80_000.0), "1h")
GRID = {"ma_period": [5, 7], "envelope_start": [0.01, 0.02, 0.03]}
NARROW = {"ma_period": 7, "num_levels": 2, "envelope_start": 0.02, "envelope_step": 0.02, "stop_fraction": 0.2}
QUICK = {"windows": {"in_sample_days": 20, "out_of_sample_days": 10, "step_days": 10}, "min_trades": 2,
         "resamples": 100}


@pytest.fixture(scope="module")
def dumps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dumps") / "X"
    for symbol in ("BTC-USDT", "ETH-USDT"):
        write_dump(folder / symbol / "1h.parquet", HOURS)
    return folder


@pytest.fixture
def config(tmp_path: Path) -> Path:
    folder = copied_config(tmp_path)
    changed(folder, "strategies.yaml", lambda t: t["strategies"]["envelope_dca"].update(
        params=NARROW, grid=GRID, symbols=["BTC-USDT", "ETH-USDT"]))
    return changed(folder, "optimization.yaml", lambda t: t.update(QUICK))


def optimize(config: Path, dumps: Path, *more: str | Path, names: tuple[str, ...] = ("envelope_dca",)) -> Said:
    given = ("optimize", *names, "--data", dumps, "--config", config, "--no-ray", "--results", config.parent / "kept")
    return scalp_radar(*given, *more, env={"COLUMNS": "160"})


def parsed(said: Said) -> Any:
    """The JSON of a run that must work, in which nothing may be NaN."""
    assert said.code == 0, said.err

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} in JSON")

    return json.loads(said.out, parse_constant=refuse)


def test_json_tells_every_run_with_its_windows(config: Path, dumps: Path) -> None:
    found = parsed(optimize(config, dumps, "--all", "--json"))
    assert found["not_run"] == []
    assert [r["symbol"] for r in found["results"]] == ["BTC-USDT", "ETH-USDT"]
    one = found["results"][0]
    assert (one["combinations"], one["trials"], one["windows"]) == (6, 6, len(one["by_window"]))
    assert set(one["params"]) >= set(GRID)
    assert one["grade"] in "ABCDF"
    for window in one["by_window"]:
        assert START <= window["in_from_ms"] < window["in_to_ms"] <= window["out_from_ms"] < window["out_to_ms"]


def test_a_run_again_is_the_same_run_and_counts_no_trial_twice(config: Path, dumps: Path) -> None:
    first, again = (parsed(optimize(config, dumps, "--symbol", "BTC-USDT", "--json"))["results"][0] for _ in range(2))
    for key in ("fingerprint", "result_hash", "trials"):
        assert first[key] == again[key]
    other = parsed(optimize(config, dumps, "--symbol", "BTC-USDT", "--set", "num_levels=3", "--json"))["results"][0]
    assert other["fingerprint"] != first["fingerprint"]
    assert other["trials"] == 12


def test_many_runs_are_a_row_each_and_one_is_told_in_full(config: Path, dumps: Path) -> None:
    many = optimize(config, dumps, "--all")
    assert (many.code, many.err) == (0, "")
    assert "2 verdicts" in many.out
    assert "shut: " in many.out or "open" in many.out
    one = optimize(config, dumps, "--symbol", "ETH-USDT")
    for title in ("envelope_dca on ETH-USDT", "gate from paper to live", "windows (chosen: ma_period envelope_start",
                  "tail: what a Sharpe ratio does not see", "to deploy (chosen on "):
        assert title in one.out


@pytest.mark.parametrize(
    ("given", "combinations", "values"),
    [
        (("--set", "ma_period=5"), 3, {"ma_period": 5}),
        (("--set", "ma_period=5", "--set", "envelope_start=0.01"), 1, {"ma_period": 5, "envelope_start": 0.01}),
        (("--set", "ma_period=5,7,9"), 9, {}),
        (("--set", "num_levels=3"), 6, {"num_levels": 3}),
    ],
)
def test_a_set_parameter_is_fixed_or_restricted(
    given: tuple[str, ...], combinations: int, values: dict[str, Any], config: Path, dumps: Path
) -> None:
    one = parsed(optimize(config, dumps, "--symbol", "BTC-USDT", "--json", *given))["results"][0]
    assert one["combinations"] == combinations
    for window in one["by_window"]:
        assert not window["params"] or values.items() <= window["params"].items()


def test_what_is_configured_for_an_asset_holds_where_the_grid_says_nothing(config: Path, dumps: Path) -> None:
    own = {"BTC-USDT": {"num_levels": 3, "ma_period": 9}}
    changed(config, "strategies.yaml", lambda t: t["strategies"]["envelope_dca"].update(per_asset=own))
    found = parsed(optimize(config, dumps, "--all", "--json"))["results"]
    assert [r["params"]["num_levels"] for r in found] == [3, 2]
    assert found[0]["params"]["ma_period"] in GRID["ma_period"]


def test_what_would_be_computed_is_said_and_nothing_is_stored(config: Path, dumps: Path) -> None:
    before = snapshot(config.parent)
    found = parsed(optimize(config, dumps, "--all", "--dry-run", "--json"))
    assert snapshot(config.parent) == before
    one = found["estimates"][0]
    assert (one["combinations"], one["windows"]) == (6, 3)
    # three windows of 20 and of 10 days, and the 20 latest days
    assert one["candle_combinations"] == 6 * 24 * (3 * 20 + 3 * 10 + 20)
    assert one["seconds"] > 0
    assert one["worker_bytes"] > 0
    said = optimize(config, dumps, "--all", "--dry-run")
    assert "would be computed" in said.out
    assert f"{2 * one['candle_combinations']:,} candle-combinations" in said.out


def nan_at(folder: Path, row: int) -> Path:
    """The dump with one price that is none."""
    path = folder / "X" / "BTC-USDT" / "1h.parquet"
    write_dump(path, HOURS)
    table = pq.read_table(path)
    close = table["close"].to_numpy().copy()
    close[row] = np.nan
    pq.write_table(table.set_column(table.column_names.index("close"), "close", pa.array(close)), path)
    return folder / "X"


@pytest.mark.parametrize(
    ("more", "line"),
    [
        (("--from", "2025-04-10"), "20 whole days from 2025-04-10 to 2025-04-30 are too few for 2 windows: needed"),
        (("--from", "2031-01-01"), "no 1h candles of BTC-USDT from 2031-01-01"),
        (("--set", "ma_perod=5"), "--set = 'ma_perod': unknown parameter of envelope_dca; did you mean 'ma_period'?"),
        (("--set", "ma_period=0"), "grid: ma_period = 0: Input should be greater than or equal to "),
        (("--set", "ma_period=x"), "grid: ma_period = 'x': "),
        (("--set", "ma_period="), "grid: ma_period has no values: allowed is at least one"),
        (("--set", "ma_period"), "--set = 'ma_period': must be as ma_period=5 or ma_period=5,7"),
        (("--set", "ma_period=5", "--set", "ma_period=7"), "--set = 'ma_period=7': stands twice"),
        (("--force",), "--force = '': with --apply only"),
        (("--apply", "--dry-run"), "--apply = '': not with --dry-run"),
        (("--address", "10.0.0.1:6379"), "--address = '10.0.0.1:6379': not with --no-ray"),
        (("--html", "/nowhere/x.html"), "--html = '/nowhere/x.html': "),
        (("--all",), "--symbol = 'BTC-USDT': not allowed with --all"),
        (("--detail", "1m"), "1m"),
    ],
)
def test_bad_input_is_one_line_and_changes_nothing(
    more: tuple[str, ...], line: str, config: Path, dumps: Path
) -> None:
    before = {k: v for k, v in snapshot(config.parent).items() if not k.startswith("kept")}
    said = optimize(config, dumps, "--symbol", "BTC-USDT", *more)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("scalp-radar: ")
    assert said.err.count("\n") == 1
    assert line in said.err
    assert {k: v for k, v in snapshot(config.parent).items() if not k.startswith("kept")} == before


def test_too_little_data_names_the_command_that_brings_more(config: Path, dumps: Path) -> None:
    said = optimize(config, dumps, "--symbol", "BTC-USDT", "--from", "2025-04-10")
    assert "`scalp-radar data fetch --symbol BTC-USDT --timeframe 1h --from 2025-" in said.err


def test_an_unknown_strategy_is_refused(config: Path, dumps: Path) -> None:
    said = optimize(config, dumps, names=("envelop_dca",))
    assert (said.code, said.out) == (2, "")
    assert "did you mean 'envelope_dca'?" in said.err


def test_a_strategy_without_a_grid_is_refused(config: Path, dumps: Path) -> None:
    changed(config, "strategies.yaml", lambda t: t["strategies"]["envelope_dca"].pop("grid"))
    said = optimize(config, dumps, "--symbol", "BTC-USDT")
    assert (said.code, said.out) == (2, "")
    assert "envelope_dca: grid: is empty: allowed is at least one of ma_period" in said.err


def test_a_price_that_is_none_is_refused(config: Path, tmp_path: Path) -> None:
    said = optimize(config, nan_at(tmp_path / "nan", 700), "--symbol", "BTC-USDT")
    assert (said.code, said.out) == (2, "")
    assert "1h.parquet" in said.err
    assert said.err.count("\n") == 1


def test_windows_without_a_trade_are_an_f_with_the_reason(config: Path, dumps: Path) -> None:
    given = ("--symbol", "BTC-USDT", "--set", "envelope_start=0.5", "--html", config.parent / "none.html")
    said = optimize(config, dumps, *given)
    assert (said.code, said.err) == (0, "")
    assert "grade F (0.0 of 100)   gate shut" in said.out
    assert "Nothing to judge: " in said.out
    assert "to deploy: nothing" in said.out
    one = parsed(optimize(config, dumps, *given, "--json"))["results"][0]
    assert (one["grade"], one["trades"], one["params"]) == ("F", 0, {})


def test_one_that_cannot_be_run_is_listed_beside_those_that_can(config: Path, dumps: Path) -> None:
    found = parsed(optimize(config, dumps, "--symbol", "BTC-USDT,SOL-USDT", "--json"))
    assert [r["symbol"] for r in found["results"]] == ["BTC-USDT"]
    assert [(n["symbol"], n["strategy"]) for n in found["not_run"]] == [("SOL-USDT", "envelope_dca")]


def test_what_the_gate_refuses_is_not_applied(config: Path, dumps: Path) -> None:
    changed(config, "optimization.yaml", lambda t: t.update(gate={"trades": 1_000_000}))
    before = (config / "strategies.yaml").read_bytes()
    said = optimize(config, dumps, "--symbol", "BTC-USDT", "--apply")
    assert said.code == 1
    assert "not applied: envelope_dca on BTC-USDT: the gate is shut (" in said.err
    assert (config / "strategies.yaml").read_bytes() == before


def test_what_the_gate_lets_through_is_applied_with_its_diff(config: Path, dumps: Path) -> None:
    wide = {"grade": "F", "pbo": 1.0, "deflated_sharpe": 0.0, "trades": 1, "worst_day": -1.0,
            "expected_shortfall": -1.0, "loss_to_win": 1e6, "under_water_days": 1000, "crash_return": -1.0,
            "gap_loss": 100.0}
    changed(config, "optimization.yaml", lambda t: t.update(gate=wide))
    said = optimize(config, dumps, "--symbol", "BTC-USDT", "--apply", "--json")
    one = parsed(said)["results"][0]
    assert one["gate_passed"]
    assert "+      BTC-USDT: {ma_period: " in said.err
    written = yaml.safe_load((config / "strategies.yaml").read_text())["strategies"]["envelope_dca"]["per_asset"]
    assert written == {"BTC-USDT": {name: one["params"][name] for name in GRID}}


def test_force_applies_what_the_gate_refuses(config: Path, dumps: Path) -> None:
    changed(config, "optimization.yaml", lambda t: t.update(gate={"trades": 1_000_000}))
    said = optimize(config, dumps, "--symbol", "BTC-USDT", "--apply", "--force")
    assert said.code == 0
    written = yaml.safe_load((config / "strategies.yaml").read_text())["strategies"]["envelope_dca"]
    assert list(written["per_asset"]) == ["BTC-USDT"]


@pytest.mark.ray
@pytest.mark.slow
def test_ray_gives_the_same_result_as_threads(config: Path, dumps: Path, tmp_path: Path) -> None:
    here = parsed(optimize(config, dumps, "--all", "--json"))["results"]
    program = Path(sys.executable).with_name("scalp-radar")
    where = ("--data", dumps, "--config", config, "--results", tmp_path / "ray")
    given = ("optimize", "envelope_dca", "--all", "--ray", *where)
    done = subprocess.run(
        [str(a) for a in (program, *given, "--workers", "1", "--json")], capture_output=True, text=True, timeout=100,
        check=False, cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    there = json.loads(done.stdout)["results"]
    assert [r["result_hash"] for r in there] == [r["result_hash"] for r in here]


@pytest.mark.ray
@pytest.mark.slow
def test_ctrl_c_does_not_wait_for_a_ray_that_is_beginning(config: Path, dumps: Path, tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("scalp-radar")
    where = ("--data", dumps, "--config", config, "--results", tmp_path / "ray")
    given = ("optimize", "envelope_dca", "--all", "--ray", *where)
    with subprocess.Popen([str(a) for a in (program, *given)], stderr=subprocess.PIPE, text=True, cwd=tmp_path) as run:
        me = psutil.Process(run.pid)
        deadline = time.monotonic() + 60
        while not any("gcs_server" in child.name() for child in me.children()):  # the first process that Ray begins
            assert run.poll() is None, run.communicate()[1]
            assert time.monotonic() < deadline
            time.sleep(0.02)
        begun = me.children(recursive=True)
        began = time.monotonic()
        run.send_signal(signal.SIGINT)
        _, err = run.communicate(timeout=30)
        assert time.monotonic() - began < SOON_S
    assert run.returncode == 130
    assert "the same command goes on from there" in err
    assert psutil.wait_procs(begun, timeout=10)[1] == []


def test_ctrl_c_ends_it_soon_and_says_how_to_go_on(config: Path, tmp_path: Path) -> None:
    days = 400
    hours = aggregate(jumpy(days * 1440, "1m", 8, 0.002, price=80_000.0), "1h")
    many: Candles = hours
    write_dump(tmp_path / "long" / "BTC-USDT" / "1h.parquet", many)
    values = ",".join(str(v) for v in range(2, 62))
    program = Path(sys.executable).with_name("scalp-radar")
    command = [
        program, "optimize", "envelope_dca", "--symbol", "BTC-USDT", "--data", tmp_path / "long", "--config", config,
        "--no-ray", "--results", tmp_path / "kept", "--set", f"ma_period={values}", "--set",
        "envelope_start=" + ",".join(f"{v / 1000:.3f}" for v in range(5, 105)),
        "--set", "stop_fraction=0.1,0.2,0.25",
    ]
    with subprocess.Popen([str(c) for c in command], stderr=subprocess.PIPE, text=True, env=dict(os.environ)) as run:
        deadline = time.monotonic() + 60
        while not list((tmp_path / "kept").glob("chunks/??/*")):  # until the first chunk is kept
            assert run.poll() is None, run.communicate()[1]
            assert time.monotonic() < deadline
            time.sleep(0.02)
        began = time.monotonic()
        run.send_signal(signal.SIGINT)
        _, err = run.communicate(timeout=10)
        assert time.monotonic() - began < SOON_S
    assert run.returncode == 130
    assert "cancelled; 0 of 1 runs are stored" in err
    assert "the same command goes on from there" in err
