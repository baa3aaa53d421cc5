"""``scalp-radar check``: names and files, tables and JSON, and one line for whatever is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from optimization.checking.market import candles, extras
from tests.cli.command import REPOSITORY, Said, scalp_radar
from tests.market.builders import write_dump, write_series
from tests.shared import shared_path

EXAMPLE = REPOSITORY / "examples" / "sma_cross.py"
ABOVE = 'market.column(sma, "close", params.fast) >'


def written(folder: Path, name: str = "mine.py", **changes: str) -> Path:
    """The example under another name, with text replaced."""
    text = EXAMPLE.read_text().replace('"sma_cross"', '"mine"')
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    path = folder / name
    path.write_text(text)
    return path


def check(*arguments: str | Path) -> Said:
    """The command with the shipped configuration, wide enough for its lines."""
    return scalp_radar("check", *arguments, "--config", REPOSITORY / "config", env={"COLUMNS": "300"})


def plain(said: Said) -> Any:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} in JSON")

    assert said.err.strip() == "" or said.err.startswith("checking")
    return json.loads(said.out, parse_constant=refuse)


def refused(said: Said) -> str:
    """The line of what was wrong; nothing else was said."""
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("scalp-radar: ")
    assert said.err.count("\n") == 1
    return said.err.removeprefix("scalp-radar: ").rstrip()


def test_a_strategy_of_the_house_passes_by_its_name() -> None:
    said = check("sma_cross")
    assert said.code == 0
    for words in ("sma_cross on seeded markets 1h", "declared 51, needed 51", "every check passed", "fast=20, slow=50"):
        assert words in said.out


def test_a_file_passes_with_other_parameters(tmp_path: Path) -> None:
    report = plain(check(written(tmp_path), "--set", "slow=30", "--set", "stop_fraction=0.1", "--json"))
    assert (report["strategy"], report["passed"], report["timeframe"]) == ("mine", True, "1h")
    assert report["parameters"] == {"fast": 20, "slow": 30, "stop_fraction": 0.1}
    figures = {o["name"]: o["figures"] for o in report["outcomes"]}
    assert figures["warm-up"]["needed"] == figures["warm-up"]["declared"] == 31
    assert 0.0 < figures["speed"]["vectorised_us"] < figures["speed"]["step_us"]


def test_a_leak_is_named_by_row_column_and_time_and_ends_with_one(tmp_path: Path) -> None:
    path = written(tmp_path, **{ABOVE: "np.roll(market.column(sma, 'close', params.fast), -1) >"})
    said = check(path, "--json")
    assert said.code == 1
    report = plain(said)
    assert report["passed"] is False
    (leak,) = (o for o in report["outcomes"] if o["name"] == "look-ahead")
    assert leak["status"] == "failed"
    figures = leak["figures"]
    assert figures["column"] in ("direction", "exit")
    assert f"{figures['column']} of row {figures['row']} ({figures['utc']}): " in leak["detail"]
    assert figures["ts_ms"] == candles("1h", 1).ts_ms[figures["row"]]
    assert figures["known_to"] == figures["row"]
    shown = check(path)
    assert shown.code == 1
    assert leak["detail"] in shown.out
    assert "failed: look-ahead" in shown.out


def test_a_clock_and_an_error_are_named_with_their_lines(tmp_path: Path) -> None:
    numpy = "import numpy as np\n"
    clock = written(tmp_path, **{numpy: f"import time\n\n{numpy}", ABOVE: f"0.0 * time.time() + {ABOVE}"})
    line = next(i for i, text in enumerate(clock.read_text().splitlines(), 1) if "time.time()" in text)
    said = check(clock)
    assert said.code == 1
    assert f"time.time (mine.py, line {line})" in said.out
    raising = written(tmp_path, **{ABOVE: f"market.close[10_000] + {ABOVE}"})
    said = check(raising)
    assert said.code == 1
    assert f"IndexError: index 10000 is out of bounds for axis 0 with size 3000 (mine.py, line {line - 2})" in said.out
    assert "Traceback" not in said.out + said.err


def test_nan_in_a_leak_is_null_in_json(tmp_path: Path) -> None:
    leak = "base = np.where(np.arange(len(market)) + 1 < len(market), market.close, np.nan)\n        above ="
    path = written(tmp_path, **{"above =": leak, "exit=leave": "exit=leave, row_weight=base / (base + 1)"})
    report = plain(check(path, "--json"))
    (figures,) = (o["figures"] for o in report["outcomes"] if o["name"] == "look-ahead")
    assert figures["column"] == "row_weight"
    assert figures["without_future"] is None


WRONG = [
    (("nobody",), "command line: strategy = 'nobody': unknown strategy; known are"),
    (("sma_cros",), "did you mean 'sma_cross'?"),
    (("./nowhere.py",), "command line: strategy = './nowhere.py': no such file"),
    ((str(REPOSITORY / "examples"),), "is a folder: name a file"),
    ((str(REPOSITORY / "Makefile"),), "allowed is a Python file, ending in .py"),
    (("sma_cross", "--set", "fast"), "--set = 'fast': must be a parameter and a value"),
    (("sma_cross", "--set", "fast=1"), "command line: --set.fast = 1: must be greater than or equal to 2"),
    (("sma_cross", "--set", "fast=x"), "--set.fast = 'x': must be a valid integer"),
    (("sma_cross", "--set", "fats=3"), "--set.fats = 3: unknown key; did you mean 'fast'?"),
    (("sma_cross", "--set", "fast=3", "--set", "fast=4"), "fast is set twice"),
    (("sma_cross", "--set", "fast=[3"), "--set = 'fast=[3': the value cannot be read"),
    (("sma_cross", "--symbol", "XYZ-USDT"), "--symbol = 'XYZ-USDT': unknown symbol"),
    (("sma_cross", "--symbol", "BTC-USDT,ETH-USDT"), "allowed is one symbol"),
    (("sma_cross", "--data", "x"), "--data = 'x': needs --symbol"),
    (("sma_cross", "--from", "2025-01-01"), "--from = '2025-01-01': needs --symbol"),
    (("sma_cross", "--symbol", "BTC-USDT", "--from", "then"), "--from = 'then': must be a date"),
    (("sma_cross", "--symbol", "BTC-USDT", "--data", "/nowhere"), "/nowhere: no such folder of market data"),
]


@pytest.mark.parametrize(("arguments", "complaint"), WRONG, ids=[" ".join(a)[-40:] for a, _ in WRONG])
def test_what_is_wrong_is_one_line(arguments: tuple[str, ...], complaint: str) -> None:
    assert complaint in refused(check(*arguments))


FILES = [
    ("x = 1\n", "holds no strategy"),
    ("import numpy as np\ndef f(:\n", "cannot be loaded: SyntaxError: invalid syntax (mine.py, line 2)"),
    ("\n\nraise RuntimeError('no')\n", "cannot be loaded: RuntimeError: no"),
    ("\x00", "cannot be loaded: "),
]


@pytest.mark.parametrize(("text", "complaint"), FILES, ids=[c for _, c in FILES])
def test_a_file_that_is_no_strategy_is_one_line(text: str, complaint: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(text)
    line = refused(check(path))
    assert complaint in line
    assert str(path) in line


def test_a_file_with_several_strategies_names_them(tmp_path: Path) -> None:
    path = written(tmp_path)
    path.write_text(path.read_text() + "\n\nclass Other(SmaCross):\n    name: ClassVar[str] = 'other'\n")
    assert "holds several strategies: mine, other; allowed is one" in refused(check(path))


def test_a_file_of_the_house_may_be_named_by_its_path() -> None:
    assert check(EXAMPLE, "--json").code == 0
    report = plain(check(REPOSITORY / "strategies" / "envelope_dca.py", "--json"))
    assert [o["status"] for o in report["outcomes"] if o["name"] == "mirror"] == ["passed"]


@pytest.fixture(scope="module")
def dumps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five thousand stored hours and their funding."""
    folder = tmp_path_factory.mktemp("dumps") / "X"
    hours = candles("1h", 8, 5000)
    write_dump(folder / "BTC-USDT" / "1h.parquet", hours)
    write_dump(folder / "ETH-USDT" / "1h.parquet", hours.slice(0, 90))
    columns = extras(hours)
    rates = dict(zip(columns["funding_ms"].astype(int).tolist(), columns["funding"].tolist(), strict=True))
    write_series(folder / "BTC-USDT" / "funding.parquet", "rate", list(rates.items()))
    return folder


def test_stored_candles_are_checked_the_last_three_thousand_of_them(dumps: Path) -> None:
    report = plain(check("sma_cross", "--symbol", "BTC-USDT", "--data", dumps, "--json"))
    assert (report["symbol"], report["passed"]) == ("BTC-USDT", True)
    (figures,) = (o["figures"] for o in report["outcomes"] if o["name"] == "look-ahead")
    assert figures["rows"] == 3000


def test_a_strategy_that_needs_funding_is_checked_on_what_is_stored(dumps: Path) -> None:
    report = plain(check("grid_funding", "--symbol", "BTC-USDT", "--data", dumps, "--json"))
    assert report["passed"], report
    assert "needs" in refused(check("grid_funding", "--symbol", "ETH-USDT", "--data", dumps))


def test_too_few_stored_candles_are_said_with_how_many_it_takes(dumps: Path) -> None:
    said = check("sma_cross", "--symbol", "ETH-USDT", "--data", dumps)
    assert "ETH-USDT 1h: 90 candles; checking sma_cross needs 104 (4.3 days)" in refused(said)


def test_real_candles_pass() -> None:
    data = shared_path("data", "BINANCE_FUTURES")
    report = plain(check("envelope_dca", "--symbol", "BTC-USDT", "--data", data, "--json"))
    states = {o["name"]: o["status"] for o in report["outcomes"]}
    assert report["passed"], report
    assert states["look-ahead"] == states["warm-up"] == states["pure"] == states["fold equals steps"] == "passed"
    assert states["mirror"] == "skipped"  # too few trades in these months to say
