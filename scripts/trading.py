"""An account at hand for one command: the real one, or that of a local exchange made for it."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from actors.blueprint import Mode
from actors.executor_preflight import Wish
from actors.wiring.lock import Lock, Taken, account_lock
from core.errors import ConfigurationError, InputError
from core.settings import Exchange, Settings
from core.timeframe import MINUTE_MS
from exchanges.port import Credentials, TradingVenue
from exchanges.registry import public_venue, trading_venue
from scripts.account import credentials_of, local_account
from scripts.local_exchange import LocalExchange
from scripts.running import state_root
from scripts.secrets import load_secrets

KINDS: Final = ("classic", "unified")
_BALANCE: Final = "10000"


class Account(NamedTuple):
    """Which account, and the keys to it."""

    mode: Mode
    name: str
    exchange: Exchange
    credentials: Credentials


@contextmanager
def account(
    mode_text: str, settings: Settings, folder: Path, *, kind: str = "classic", exclusive: bool
) -> Iterator[Account]:
    """The account of a mode; for the demo a local exchange with a synthetic market in real time, ended afterwards.

    ``kind`` : of the demo's account. ``exclusive`` : nobody else may trade it meanwhile. Raises InputError where that,
    or a key, is missing.
    """
    if kind not in KINDS:
        raise ConfigurationError("command line", "--account", kind, f"must be one of {', '.join(KINDS)}")
    name = settings.exchanges.default
    configured = settings.exchanges.exchanges[name]
    with ExitStack() as stack:
        if mode_text == "demo":
            local = stack.enter_context(_local(configured, settings, folder, kind))
            found = Account("demo", name, local, _keys("demo", kind))
        elif mode_text == "live":
            found = Account("live", name, configured, _keys("live"))
        else:
            raise ConfigurationError("command line", "--mode", mode_text, "must be one of demo, live")
        if exclusive:
            where = account_lock(state_root(), name, found.exchange, found.credentials)
            try:
                stack.callback(Lock(where).release)
            except Taken as error:
                raise InputError(f"the system is trading this account ({error}): stop it first") from error
        yield found


@asynccontextmanager
async def opened(chosen: Account, symbols: tuple[str, ...]) -> AsyncIterator[TradingVenue]:
    """The account's venue, connected. Raises InputError for a symbol that the exchange does not know."""
    venue = trading_venue(chosen.name, chosen.exchange, chosen.credentials)
    try:
        known = await venue.open(symbols)
        missing = [s for s in symbols if s not in known]
        if missing:
            raise InputError(f"{chosen.name} knows no {', '.join(missing)}")
        yield venue
    finally:
        await venue.close()


async def last_price(chosen: Account, symbol: str) -> tuple[float, int]:
    """The last close of a minute, and the exchange's time. Raises InputError when there was none lately."""
    venue = public_venue(chosen.name, chosen.exchange)
    try:
        await venue.open((symbol,))
        now = await venue.time_ms()
        candles = await venue.candles(symbol, "1m", now - now % MINUTE_MS - 10 * MINUTE_MS, now - now % MINUTE_MS)
        if not len(candles):
            raise InputError(f"{symbol}: no candles in the last ten minutes")
        return float(candles.close[-1]), now
    finally:
        await venue.close()


def wish_of(settings: Settings, exchange: Exchange, symbols: tuple[str, ...], mode: Mode) -> Wish:
    """What the configuration asks of an account that trades these symbols."""
    entries = settings.strategies.strategies.values()
    trading = [e for e in entries if e.enabled and (mode == "demo" or e.live_eligible)]
    leverage = {s: next((e.leverage for e in trading if s in e.symbols), 1.0) for s in symbols}
    capital = sum(e.capital_usdt for e in trading if set(e.symbols) & set(symbols))
    return Wish(exchange.account_type, settings.risk.margin_mode, leverage, capital, exchange.allow_unsafe_key)


@contextmanager
def _local(configured: Exchange, settings: Settings, folder: Path, kind: str) -> Iterator[Exchange]:
    with tempfile.TemporaryDirectory(prefix="scalp-radar-trade-") as scratch:
        local = LocalExchange(
            ["--speed", "1", "--symbols", ",".join(settings.assets.symbols), "--balance", _BALANCE, "--config",
             str(folder), "--account", kind], Path(scratch) / "exchange.log",
        )
        try:
            url = local.listening()
            local.begin()
            yield local_account(configured, url, kind)
        finally:
            local.stop()


def _keys(mode: Mode, kind: str = "classic") -> Credentials:
    secrets = load_secrets()
    found = credentials_of(mode, secrets, kind)
    if found is None:
        raise ConfigurationError("environment", secrets.missing_for_live()[0], None, "must be set")
    return found
