"""``scalp-radar data``: what it stores, what it shows, and what it refuses without changing anything."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from market.store import CandleStore
from tests.cli.command import installed_scalp_radar, scalp_radar, snapshot
from tests.market.builders import START, candles_at, run, write_dump, write_series

HOUR = 3_600_000


@pytest.fixture
def dumps(tmp_path: Path) -> Path:
    folder = tmp_path / "dumps" / "X"
    write_dump(folder / "BTC-USDT" / "1h.parquet", candles_at([START, START + HOUR, START + 5 * HOUR]))
    write_series(folder / "BTC-USDT" / "funding.parquet", "rate", [(START, 1e-4)])
    return folder


def test_imported_candles_are_covered(dumps: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    said = scalp_radar("data", "import", dumps, "--store", store, "--json")
    assert said.code == 0
    assert [(r["symbol"], r["timeframe"], r["rows"]) for r in json.loads(said.out)] == [
        ("BTC-USDT", "1h", 3),
        ("BTC-USDT", "funding", 1),
    ]
    covered = json.loads(scalp_radar("data", "coverage", "--store", store, "--json").out)
    assert covered[0] == {
        "exchange": "X", "symbol": "BTC-USDT", "timeframe": "1h", "first_ms": START, "last_ms": START + 5 * HOUR,
        "rows": 3, "gaps": 1, "missing": 3, "longest": 3,
    }


def test_the_tables_say_the_same(dumps: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    assert "2 files, 4 rows" in scalp_radar("data", "import", dumps, "--store", store).out
    table = scalp_radar("data", "coverage", "--store", store, env={"COLUMNS": "200"}).out
    assert "2025-03-01 00:00" in table
    assert "2025-03-01 05:00" in table


def test_gaps_are_listed_with_what_is_missing(dumps: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    scalp_radar("data", "import", dumps, "--store", store)
    said = scalp_radar("data", "gaps", "--store", store)
    assert " ".join(said.out.split()) == "X BTC-USDT 1h 2025-03-01 02:00 to 2025-03-01 05:00 3 missing"
    assert json.loads(scalp_radar("data", "gaps", "--store", store, "--json").out)[0]["missing"] == 3
    assert scalp_radar("data", "gaps", "--store", store, "--timeframe", "funding").out == "no gaps\n"


def test_the_store_is_named_by_the_environment(dumps: Path, tmp_path: Path) -> None:
    env = {"SCALP_RADAR_DATA": str(tmp_path / "elsewhere")}
    assert scalp_radar("data", "import", dumps, env=env).code == 0
    assert len(CandleStore(tmp_path / "elsewhere").read("X", "BTC-USDT", "1h")) == 3


def test_an_empty_store_says_how_to_fill_it(tmp_path: Path) -> None:
    assert "scalp-radar data import PATH" in scalp_radar("data", "coverage", "--store", tmp_path / "none").out


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("BTC-USDT/1h.parquet", b"PAR1 not really PAR1", "1h.parquet: not a readable Parquet file"),
        ("BTC-USDT_1h.csv", b"timestamp,open,high,low,close,volume\n1740787200,x,1,1,1,1\n", "line 2: open 'x'"),
        (
            "BTC-USDT_1h.csv",
            b"timestamp,open,high,low,close,volume\n1740790800,1,1,1,1,1\n1740787200,1,1,1,1,1\n",
            "line 3: time 2025-03-01T00:00:00Z is out of order",
        ),
        ("dump.csv", b"timestamp,open,high,low,close,volume\n", "give --symbol"),
        ("BTC-USDT_1h.xlsx", b"", "allowed are .csv and .parquet files"),
    ],
)
def test_a_wrong_file_is_one_line_and_changes_nothing(
    name: str, content: bytes, complaint: str, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    CandleStore(store).append("X", "BTC-USDT", run(3))
    before = snapshot(store)
    path = tmp_path / "in" / name
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    said = scalp_radar("data", "import", path, "--store", store)
    assert said.code == 2
    assert said.out == ""
    assert complaint in said.err
    assert said.err.count("\n") == 1
    assert snapshot(store) == before


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["import", "nowhere"], "nowhere: no such file or folder"),
        (["import", ".", "--symbol", "BTCUSDT"], "symbol 'BTCUSDT': allowed is BASE-QUOTE"),
        (["import", ".", "--timeframe", "1y"], "timeframe '1y': allowed is"),
        (["gaps", "--symbol", "XRP-USDT"], "holds nothing of XRP-USDT"),
        (["coverage", "--store", "nowhere://x"], "nowhere://x: not a place that can be read"),
    ],
)
def test_a_wrong_argument_is_one_line(
    arguments: list[str], complaint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said = scalp_radar("data", *arguments)
    assert said.code == 2
    assert complaint in said.err
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_store_is_named_by_the_installed_program(tmp_path: Path) -> None:
    CandleStore(tmp_path / "data").append("X", "BTC-USDT", run(3))
    damaged = tmp_path / "data/X/BTC-USDT/1h/2025.parquet"
    damaged.write_bytes(b"PAR1")
    said = installed_scalp_radar("data", "coverage", cwd=tmp_path)
    assert said.code == 2
    assert said.err.startswith(f"scalp-radar: {damaged}: not a readable Parquet file: ")
    assert said.err.count("\n") == 1
