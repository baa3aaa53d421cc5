"""``scalp-radar sandbox`` as a process: it says where it listens, serves, and stops when it is told to."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from core.errors import DataError
from market.source import open_source
from sandbox.config import AccountConfig
from sandbox.signing import sign
from scripts.commands.sandbox import configured_rules
from scripts.configuration import read_settings
from scripts.local_market import Span, stored_market, synthetic_market
from scripts.options import parse_when
from tests.cli.command import REPOSITORY, scalp_radar
from tests.market.builders import START, as_rows, random_walk, write_dump, write_series

HOUR = 3_600_000
TIERS = """
tables:
  BTC-USDT:
    - {since: 2025-01-01, source: a test, steps: [[100_000, 0.01], [200_000, 0.02]]}
    - {since: 2025-06-25, source: a test, steps: [[200_000, 0.01], [300_000, 0.02]]}
"""


@contextmanager
def running(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """The program and the port that it said."""
    program = Path(sys.executable).with_name("scalp-radar")
    process = subprocess.Popen(
        [str(program), "sandbox", *arguments], cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            pytest.fail(f"ended before it listened: {process.communicate()[1]}")
        yield process, json.loads(line)["port"]
    finally:
        process.kill()
        process.communicate()


def signed(port: int, account: AccountConfig, path: str) -> Any:
    """What a signed request is answered."""
    stamp = str(round(time.time() * 1000))
    headers = {
        "ACCESS-KEY": account.key, "ACCESS-TIMESTAMP": stamp, "ACCESS-PASSPHRASE": account.passphrase,
        "ACCESS-SIGN": sign(account.secret, f"{stamp}GET{path}"),
    }
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)["data"]


def test_it_serves_candles_and_stops_when_told(tmp_path: Path) -> None:
    write_dump(tmp_path / "X" / "BTC-USDT" / "1h.parquet", random_walk(200, "1h"))
    data = ["--data", str(tmp_path), "--from", "2025-03-05", "--symbols", "BTC-USDT", "--lockstep", "--account", "both"]
    with running(*data) as (process, port):
        query = "symbol=BTCUSDT&productType=USDT-FUTURES&granularity=1H&limit=5"
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v2/mix/market/candles?{query}", timeout=10) as answer:
            rows = json.load(answer)["data"]
        assert [int(r[0]) for r in rows] == [START + h * HOUR for h in range(92, 97)]
        assert signed(port, AccountConfig.unified(), "/api/v3/account/settings")["holdMode"] == "one_way_mode"
        money = "/api/v2/mix/account/accounts?productType=USDT-FUTURES"
        assert signed(port, AccountConfig(), money)[0]["accountEquity"] == "10000"
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0


def test_a_port_that_is_taken_is_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        said = scalp_radar("sandbox", "--port", str(port))
    assert said.code == 2
    assert f"sandbox: port = {port}: " in said.err
    assert said.err.count("\n") == 1


@pytest.mark.parametrize("depth", ["-1", "nan", "1e12"])
def test_a_depth_that_makes_no_sense_is_one_line(depth: str) -> None:
    said = scalp_radar("sandbox", "--depth", depth)
    assert said.code == 2
    assert "sandbox: depth = " in said.err
    assert said.err.count("\n") == 1


@pytest.mark.parametrize(("day", "limit"), [("2025-06-24", 100_000.0), ("2025-06-25", 200_000.0)])
def test_the_exchange_has_the_tiers_of_the_day_on_which_its_market_opens(day: str, limit: float) -> None:
    settings = read_settings(REPOSITORY / "config", {"tiers.yaml": TIERS})
    rules = configured_rules(settings, parse_when(day, "--from"))
    assert rules["BTC-USDT"].tiers[0].max_notional == limit
    assert rules["ETH-USDT"].tick == 0.01


def test_a_stored_market_has_its_history_before_it_opens_and_its_funding_after(tmp_path: Path) -> None:
    candles = random_walk(100, "1h")
    write_dump(tmp_path / "BTC-USDT" / "1h.parquet", candles)
    write_series(
        tmp_path / "BTC-USDT" / "funding.parquet", "rate", [(START + h * HOUR, h / 1e5) for h in (0, 8, 56, 64)]
    )
    market = stored_market(open_source(tmp_path), ["BTC-USDT"], Span(START + 50 * HOUR + 1234, 1))
    assert market.start_ms == START + 50 * HOUR
    assert as_rows(market.history("BTC-USDT")) == as_rows(candles.slice(26, 50))
    assert market.live("BTC-USDT", market.start_ms).open[0] == candles.open[50]
    assert [r.ts_ms for r in market.funding("BTC-USDT", 0, 2**60)] == [START + 56 * HOUR, START + 64 * HOUR]


@pytest.mark.parametrize("hours", [-5, 150])
def test_a_market_cannot_open_where_there_are_no_candles(hours: int, tmp_path: Path) -> None:
    write_dump(tmp_path / "BTC-USDT" / "1h.parquet", random_walk(100, "1h"))
    with pytest.raises(DataError, match=r"BTC-USDT: no 1h candles at .*; there are 2025-03-01T00:00Z to 2025-03-05T03"):
        stored_market(open_source(tmp_path), ["BTC-USDT"], Span(START + hours * HOUR))


def test_a_seed_always_means_the_same_market() -> None:
    one, same, other = (synthetic_market(["BTC-USDT"], seed, Span(START, 2), {}) for seed in (1, 1, 2))
    assert as_rows(one.history("BTC-USDT")) == as_rows(same.history("BTC-USDT"))
    assert as_rows(one.history("BTC-USDT")) != as_rows(other.history("BTC-USDT"))
