"""``scalp-radar trade`` as users run it: the smallest trade, the report, and everything that is refused."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from actors.executor_preflight import Wish
from actors.executor_trial import Trial, TrialFailed, TrialRefused, smallest
from core.errors import Refused
from core.instrument import Instrument
from core.order import OrderKind, OrderRequest, Side
from core.settings import Exchange, RateBudget
from exchanges.port import Credentials
from exchanges.registry import trading_venue
from sandbox.config import AccountConfig, SandboxConfig
from sandbox.server import Sandbox
from sandbox.source import StoredSource
from scripts.main import build
from tests.actors.street import START_MS, wave

ROOT = Path(__file__).parents[2]
BTC = "BTC-USDT"
CANDLES = {BTC: wave(3, 60, 60_000.0, depth=0.16, seed=1, pace=0.9)}
WISH = Wish("probe", "isolated", {BTC: 3.0}, unsafe_key=True)


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("LIVE_TRADING", "BITGET_API_KEY", "BITGET_API_SECRET", "BITGET_API_PASSPHRASE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SCALP_RADAR_STATE", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "state"


KEYS = {"BITGET_API_KEY": "k", "BITGET_API_SECRET": "s", "BITGET_API_PASSPHRASE": "p"}
WRONG = [
    (["test", "--symbol", "XXX-USDT"], {}, "--symbol = 'XXX-USDT': unknown symbol"),
    (["test", "--symbol", BTC, "--mode", "paper"], {}, "--mode = 'paper': must be one of demo, live"),
    (["test", "--symbol", BTC, "--account", "other"], {}, "--account = 'other': must be one of classic, unified"),
    (["test", "--symbol", BTC, "--mode", "live", "--yes"], KEYS, "LIVE_TRADING = 'false': must be true"),
    (["test", "--symbol", BTC, "--mode", "live"], {**KEYS, "LIVE_TRADING": "true"}, "--yes = False: must be given"),
    (["test", "--symbol", BTC, "--mode", "live", "--yes"], {"LIVE_TRADING": "true"}, "BITGET_API_KEY = None"),
    (["preflight", "--mode", "live"], {}, "BITGET_API_KEY = None"),
]


@pytest.mark.parametrize(("options", "environment", "says"), WRONG, ids=[w[2] for w in WRONG])
def test_a_wrong_input_is_one_line_and_nothing_is_sent(
    state: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], environment: dict[str, str], says: str
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    result = CliRunner().invoke(build(), ["trade", *options, "--config", str(ROOT / "config")])
    assert result.exit_code == 2
    assert says in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert not state.exists()


def test_the_smallest_trade_shows_each_step_as_it_was_read_back(state: Path) -> None:
    options = ["trade", "test", "--symbol", BTC, "--json", "--config", str(ROOT / "config")]
    result = CliRunner().invoke(build(), options)
    assert result.exit_code == 0, result.stderr
    told = json.loads(result.stdout)
    names = [s["name"] for s in told["steps"]]
    assert names == ["account checked", "opened with its stop", "stop moved in place", "closed", "nothing left over"]
    opened, moved = told["steps"][1]["shown"], told["steps"][2]["shown"]
    assert (opened["stop_side"], opened["stop_source"], opened["stop_executes"]) == ("sell", "mark", "market")
    assert opened["stop"] < moved["stop"] < opened["average"]
    assert told["steps"][-1]["shown"]["orders"] == 0
    assert told["unprotected_ms"] == 0
    assert told["net"] == pytest.approx((told["exit"] - told["entry"]) * told["quantity"] - told["fees"])
    (journal,) = (state / "trade-test").iterdir()
    states = [json.loads(line)["state"] for line in journal.read_text().splitlines()]
    assert states == ["intended", "done", "intended", "done"]


@asynccontextmanager
async def market() -> AsyncIterator[tuple[Sandbox, Any]]:
    """A local exchange that stands still, and a unified account on it."""
    account = AccountConfig.unified()
    sandbox = Sandbox(SandboxConfig(lockstep=True, accounts=(account,)), StoredSource(CANDLES, START_MS))
    port = await sandbox.start()
    settings = Exchange(
        account_type="unified", rest_url=f"http://127.0.0.1:{port}", ws_url=f"ws://127.0.0.1:{port}",
        rate=RateBudget(market=1e4, trade=1e4, account=1e4, position=1e4),
    )
    venue = trading_venue("bitget", settings, Credentials(account.key, account.secret, account.passphrase))
    try:
        await venue.open((BTC,))
        yield sandbox, venue
    finally:
        await venue.close()
        await sandbox.stop()


def trial(venue: Any, folder: Path, wish: Wish = WISH) -> Trial:
    return Trial(venue, BTC, wish, float(CANDLES[BTC].close[59]), START_MS, folder / "journal.jsonl")


async def test_it_is_refused_beside_an_order_and_on_an_account_that_is(tmp_path: Path) -> None:
    async with market() as (_, venue):
        with pytest.raises(TrialRefused, match="account type: unified; allowed is classic"):
            await trial(venue, tmp_path, WISH._replace(account_type="classic")).run()
        await venue.place(OrderRequest("app", BTC, Side.BUY, OrderKind.LIMIT, 0.01, 30_000.0))
        with pytest.raises(TrialRefused, match="0 position and 1 orders"):
            await trial(venue, tmp_path).run()
        assert not (tmp_path / "journal.jsonl").exists()
        assert len(await venue.open_orders(BTC)) == 1


async def test_a_stop_that_cannot_be_moved_ends_the_trade_and_leaves_nothing_behind(tmp_path: Path) -> None:
    async with market() as (sandbox, venue):

        async def never(*_: Any) -> None:
            raise Refused("not today", code="1")

        venue.amend_stop = never
        with pytest.raises(TrialFailed, match=r"stop moved in place: .*no position is open"):
            await _impatient(trial(venue, tmp_path)).run()
        assert await venue.positions() == []
        assert await venue.open_orders(BTC) == []
        assert not sandbox.state.journal.violations


def _impatient(slow: Trial) -> Trial:
    slow.patience_s = 0.3
    return slow


@pytest.mark.parametrize(("price", "quantity"), [(60_000.0, 0.001), (100.0, 0.053), (1.0, 5.25)])
def test_the_smallest_quantity_is_a_whole_step_above_both_minimums(price: float, quantity: float) -> None:
    rules = Instrument(symbol=BTC, tick=0.1, step=0.001, min_quantity=0.001, min_notional=5)
    assert smallest(rules, price) == quantity
