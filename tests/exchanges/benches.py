"""Venues on their local exchanges: what contract and fault suites run over, each kind of account."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, NamedTuple, TypeVar

from core.candle import Candle, Candles
from core.order import OrderKind, OrderRequest, Side
from core.settings import Exchange, RateBudget
from exchanges import registry
from exchanges.port import Credentials, PublicVenue, TradingVenue
from sandbox.config import AccountConfig, SandboxConfig
from sandbox.faults.rules import FaultRule
from sandbox.server import Sandbox
from sandbox.source import StoredSource

T = TypeVar("T")
MINUTE = 60_000
START = 1_700_000_040_000 // 3_600_000 * 3_600_000
HISTORY = 1500
SYMBOLS = ["BTC-USDT", "ETH-USDT"]
DEPOSIT = 10_000.0
FAST = RateBudget(market=1e6, trade=1e6, account=1e6, position=1e6)


def minutes(base: float) -> Candles:
    """Quiet history, then falling by half a percent a minute for ten minutes, then rising as much."""
    rows = [Candle(START + i * MINUTE, base, base + 1, base - 1, base, 5.0) for i in range(-HISTORY, 0)]
    price = base
    for i in range(40):
        close = round(price * (0.995 if i < 10 else 1.005), 1)
        rows.append(Candle(START + i * MINUTE, price, max(price, close), min(price, close), close, 7.0))
        price = close
    return Candles.of("1m", rows)


class Bench(NamedTuple):
    """A venue on its local exchange: both halves, and what moves its market by one minute."""

    public: PublicVenue
    trading: TradingVenue
    step: Callable[..., Awaitable[Any]]
    account_type: str
    keys: Credentials
    another: Callable[[str, Credentials], TradingVenue]
    """A second client: configured account type, keys."""
    exchange: Sandbox
    """The local exchange itself, for its own account of what happened."""

    def faults(self, rules: list[FaultRule]) -> None:
        """What goes wrong at the exchange from now on."""
        self.exchange.state.faults.add(rules)


async def bitget_bench(name: str, account_type: str) -> AsyncIterator[Bench]:
    source = StoredSource({s: minutes(b) for s, b in zip(SYMBOLS, (20_000.0, 1_000.0), strict=True)}, START,
                          {s: [(START - 8 * 3_600_000, 0.0001), (START, 0.0002)] for s in SYMBOLS})  # fmt: skip
    account = AccountConfig(balance=DEPOSIT, kind=account_type)
    sandbox = Sandbox(SandboxConfig(lockstep=True, accounts=(account,)), source)
    where = f"127.0.0.1:{await sandbox.start()}"
    settings = Exchange(
        rest_url=f"http://{where}", ws_url=f"ws://{where}", subscribe_interval_ms=0, rate=FAST,
        account_type=account_type,
    )  # fmt: skip
    keys = Credentials(account.key, account.secret, account.passphrase)
    public = registry.public_venue(name, settings)

    def another(configured: str, keys: Credentials) -> TradingVenue:
        return registry.trading_venue(name, settings.model_copy(update={"account_type": configured}), keys)

    trading = another("probe", keys)
    assert await public.open([*SYMBOLS, "NO-USDT"]) == tuple(SYMBOLS)
    assert await trading.open(SYMBOLS) == tuple(SYMBOLS)
    yield Bench(public, trading, sandbox.advance, account_type, keys, another, sandbox)
    await public.close()
    await trading.close()
    await sandbox.stop()


BENCHES: dict[str, Callable[[str, str], AsyncIterator[Bench]]] = {"bitget": bitget_bench}
KINDS = [(name, kind) for name in registry.venue_names() for kind in registry.account_types(name)]


async def take(events: AsyncIterator[T], wanted: Callable[[T], bool]) -> T:
    """The first event that is wanted."""
    async with asyncio.timeout(5):
        async for event in events:
            if wanted(event):
                return event
    raise AssertionError("the stream ended")


def entry(price: float | None, client_id: str = "e1", stop: float | None = 18_000.0, **changes: Any) -> OrderRequest:
    kind = OrderKind.MARKET if price is None else OrderKind.LIMIT
    return OrderRequest(client_id, "BTC-USDT", Side.BUY, kind, 0.01, price, stop=stop, **changes)
