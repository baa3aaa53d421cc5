"""Small markets and accounts for tests of the local exchange."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import ccxt.pro

from core.candle import Candle, Candles
from core.instrument import Instrument, Tier
from core.order import Side
from sandbox.account import UNIFIED as UNIFIED_ACCOUNT
from sandbox.account import Account
from sandbox.admin import ADMIN_HEADER
from sandbox.config import AccountConfig, SandboxConfig
from sandbox.desk import place
from sandbox.orders import NewOrder, Order
from sandbox.server import Sandbox
from sandbox.source import CandleSource, StoredSource
from sandbox.state import State
from sandbox.walk import Walk

START_MS = 1_740_787_200_000  # 2025-03-01T00:00Z
MINUTE = 60_000
SYMBOL = "BTC-USDT"
UNIFIED = "BTC/USDT:USDT"
PLAIN = Instrument(symbol=SYMBOL, maker_fee=0.0002, taker_fee=0.0006, tiers=(Tier(1e18, 0.005, 0.0),))


def core(
    price: float = 100.0,
    *,
    wallet: float = 10_000.0,
    leverage: float = 4.0,
    mode: str = "isolated",
    slippage: float = 0.0,
    rules: Instrument = PLAIN,
) -> tuple[State, Account]:
    """A matching core with one account and one symbol that stands at ``price``."""
    account = Account("key", "secret", "passphrase", wallet)
    account.leverage[SYMBOL], account.margin_mode[SYMBOL] = leverage, mode
    state = State([account], {SYMBOL: rules}, slippage, START_MS)
    state.prices[SYMBOL] = price
    return state, account


def order(state: State, account: Account, side: str, quantity: float, limit: float | None = None, **more: Any) -> Order:
    """Place an order in the test symbol."""
    return place(state, account, NewOrder(SYMBOL, Side(side), quantity, limit, **more))


def walk(state: State, open_: float, high: float, low: float, close: float, volume: float = 1.0) -> Walk:
    """Open a candle at the state's time (rounded up to a minute) and walk all of it."""
    ts_ms = -(-state.now_ms // MINUTE) * MINUTE
    state.now_ms = ts_ms
    state.prices[SYMBOL] = open_
    walked = Walk(SYMBOL, Candle(ts_ms, open_, high, low, close, volume))
    while walked.next_stop(state):
        pass
    return walked


def minutes(rows: Iterable[tuple[float, float, float, float]], start_ms: int = START_MS) -> Candles:
    """1m candles from (open, high, low, close), volume 3."""
    return Candles.of("1m", [(start_ms + i * MINUTE, *row, 3.0) for i, row in enumerate(rows)])


def flat(price: float, count: int, start_ms: int = START_MS) -> Candles:
    """Minutes without any movement."""
    return minutes([(price, price, price, price)] * count, start_ms)


class Running:
    """A started local exchange with a real client and the admin's way in."""

    def __init__(self, sandbox: Sandbox, port: int, client: Any, http: aiohttp.ClientSession) -> None:
        self.sandbox, self.port, self.client, self.http = sandbox, port, client, http

    async def admin(self, method: str, path: str, **body: Any) -> Any:
        """Call the admin endpoint; a GET's body becomes its query."""
        given = {"params": body} if method == "GET" else {"json": body}
        headers = {ADMIN_HEADER: self.sandbox.config.admin_key}
        url = f"http://127.0.0.1:{self.port}/admin/{path}"
        async with self.http.request(method, url, headers=headers, **given) as answer:
            return await answer.json()


async def subscribed(exchange: Running, watching: Any) -> asyncio.Task[Any]:
    """The watch as a task, once the exchange has its subscription."""
    task = asyncio.ensure_future(watching)
    while not any(session.topics for session in exchange.sandbox.subscriptions.sessions):
        await asyncio.sleep(0.005)
        assert not task.done() or not task.exception()
    return task


def client_of(port: int, account: AccountConfig | None = None) -> Any:
    """The real, unmodified ccxt client, pointed at loopback."""
    account = account or AccountConfig()
    client = ccxt.pro.bitget(
        {
            "apiKey": account.key, "secret": account.secret, "password": account.passphrase, "timeout": 10_000,
            "enableRateLimit": False, "timeout_on_exit": 0,
            "options": {
                "defaultType": "swap", "defaultSubType": "linear", "uta": account.kind == UNIFIED_ACCOUNT,
                "fetchMarkets": {"types": ["swap"]}, "ws": {"cost": 0.01},
            },
        }
    )
    client.has["fetchCurrencies"] = False
    api = client.urls["api"]
    for name, url in list(api.items()):
        if isinstance(url, str):
            api[name] = f"http://127.0.0.1:{port}"
    sockets = {"public": "v2/ws/public", "private": "v2/ws/private", "utaPublic": "v3/ws/public",
               "utaPrivate": "v3/ws/private"}
    api["ws"] = {name: f"ws://127.0.0.1:{port}/{path}" for name, path in sockets.items()}
    api["demo"] = dict(api["ws"])
    return client


@asynccontextmanager
async def running(source: CandleSource, **config: Any) -> AsyncIterator[Running]:
    """A local exchange in lockstep (unless said), and a client of it."""
    sandbox = Sandbox(SandboxConfig(**{"lockstep": True, **config}), source)
    port = await sandbox.start()
    client = client_of(port, sandbox.config.accounts[0])
    try:
        async with aiohttp.ClientSession() as http:
            yield Running(sandbox, port, client, http)
    finally:
        await client.close()
        await sandbox.stop()


@asynccontextmanager
async def running_unified(source: CandleSource, **config: Any) -> AsyncIterator[Running]:
    """As `running`, with a unified account, and a classic one beside it that the client does not use."""
    accounts = (AccountConfig.unified(), AccountConfig())
    async with running(source, **{"accounts": accounts, **config}) as exchange:
        yield exchange


def stored(rows: Iterable[tuple[float, float, float, float]], *, history: int = 600, **more: Any) -> StoredSource:
    """The test symbol: flat minutes at the first open as history, then ``rows`` live."""
    rows = list(rows)
    past = flat(rows[0][0], history, START_MS - history * MINUTE)
    live = minutes(rows)
    both = Candles.of("1m", [*past.rows(), *live.rows()])
    return StoredSource({SYMBOL: both}, START_MS, **more)
