"""``scalp-radar up --mode live`` as users run it, with the local exchange for the real one."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from sandbox.config import AccountConfig
from scripts.local_exchange import LocalExchange
from storage.database import open_database
from storage.records import Query
from storage.research import open_research
from strategies.discovery import find
from tests.messages import equity, trade
from tests.research import run

ROOT = Path(__file__).parents[2]
ACCOUNT = AccountConfig()
NAME = "envelope_dca"
ALLOWED, OTHER = "BTC-USDT", "ETH-USDT"
PARAMS = {"ma_period": 5, "num_levels": 2, "envelope_start": 0.01, "envelope_step": 0.01, "stop_fraction": 0.2}
ENTRY = f"""
folders: []
strategies:
  {NAME}:
    enabled: true
    live_eligible: true
    symbols: [{ALLOWED}, {OTHER}]
    leverage: 3
    capital_usdt: 10_000
    capital_fraction: 0.05
    params: {json.dumps(PARAMS)}
"""


def prepare(folder: Path, url: str) -> dict[str, str]:
    """Configuration, an open gate for one symbol, three good trades on paper; the environment to start with."""
    shutil.copytree(ROOT / "config", folder / "config")
    exchanges = folder / "config" / "exchanges.yaml"
    exchanges.write_text(
        exchanges.read_text().replace("rest_url: null", f"rest_url: {url}")
        .replace("ws_url: null", f"ws_url: {url.replace('http', 'ws')}")
    )
    (folder / "config" / "strategies.yaml").write_text(ENTRY)
    (folder / "config" / "optimization.yaml").write_text("{}\n")
    state = folder / "state"
    (state / "results").mkdir(parents=True)
    (state / "paper").mkdir()
    research = open_research(f"sqlite:///{state}/results/results.sqlite")
    research.save_run(run(
        ts_ms=time.time_ns() // 1_000_000, symbol=ALLOWED, detail={"job": {"costs": {"leverage": 3.0}}},
        params=find(NAME).Params(**PARAMS).model_dump(mode="json"),
    ), ())
    research.close()
    database = open_database(f"sqlite:///{state}/paper/ledger.sqlite")
    database.record([*(trade(i, net=40.0) for i in range(3)), equity(equity=10_120.0)])
    database.close()
    return {
        **os.environ, "LIVE_TRADING": "true", "BITGET_API_KEY": ACCOUNT.key, "BITGET_API_SECRET": ACCOUNT.secret,
        "BITGET_API_PASSPHRASE": ACCOUNT.passphrase, "SCALP_RADAR_STATE": str(state), "PYTHONPATH": str(ROOT),
    }


def get(url: str, path: str) -> Any:
    with urllib.request.urlopen(url + path, timeout=5) as answer:
        return json.load(answer)


def wait(what: str, condition: Any, seconds: float) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            found = condition()
        except (OSError, ValueError, KeyError):
            found = None
        if found:
            return found
        time.sleep(0.2)
    raise AssertionError(f"in vain: {what}")


@pytest.mark.ray
@pytest.mark.slow
@pytest.mark.chaos
@pytest.mark.timeout(900)
def test_live_mode_trades_what_was_let_through_the_gate_and_nothing_else(tmp_path: Path) -> None:
    local = LocalExchange(["--symbols", f"{ALLOWED},{OTHER}", "--speed", "1200"], tmp_path / "exchange.log")
    log = (tmp_path / "out").open("wb")
    process = None
    try:
        environment = prepare(tmp_path, local.listening())
        local.begin()
        process = subprocess.Popen(
            [sys.executable, "-m", "scripts.main", "up", "--mode", "live", "--port", "0", "--yes",
             "--config", str(tmp_path / "config")],
            cwd=tmp_path, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )
        told = tmp_path / "state" / "running.json"
        url = wait("a running system", lambda: json.loads(told.read_text())["url"], 240)
        selection = wait("a selection", lambda: (s := get(url, "/api/selector"))["made_ms"] and s, 120)
        assert selection["gated"] is True
        assert {c["symbol"]: c["may_open"] for c in selection["choices"]} == {ALLOWED: True, OTHER: False}
        wait("a closed live trade", lambda: get(url, "/api/trades?scope=live")["items"], 300)
        assert get(url, "/api/arena?scope=live")["rows"][0]["strategy"] == NAME
        assert {e["symbol"] for e in get(url, "/api/selector/history")["items"]} == {ALLOWED, OTHER}
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
        shown = (tmp_path / "out").read_text()
        assert "This trades real money" in shown
        assert ACCOUNT.secret not in shown
        database = open_database(f"sqlite:///{tmp_path}/state/live/ledger.sqlite")
        fills, orders = database.fills(Query(limit=1000)).items, database.orders(Query(limit=1000)).items
        refusals = database.events(Query(kind="target_refused", symbol=OTHER)).items
        database.close()
        assert fills
        assert {f.symbol for f in fills} == {ALLOWED}
        assert {o.order.symbol for o in orders} == {ALLOWED}
        assert "not_selected" in {e.payload["code"] for e in refusals}
    finally:
        if process is not None and process.poll() is None:
            process.kill()
        local.stop()
        log.close()
