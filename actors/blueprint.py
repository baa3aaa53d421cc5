"""Which actors there are and what each is told: the configuration turned into small records. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple

from actors.parts import (
    Contender,
    ExecutorConfig,
    FeedConfig,
    MonitorConfig,
    Past,
    RiskConfig,
    RunnerConfig,
    Trader,
    Watched,
)
from actors.read_model import Facts
from core.errors import ConfigurationError
from core.settings import Exchange, Settings, StrategyEntry
from engine.selector import Setup

Params = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""By strategy and symbol: every parameter, as its verdict would have it."""

Entries = Mapping[str, StrategyEntry]
"""Strategies by name, in the configuration's order."""

Mode = Literal["demo", "paper", "live"]
MODES: Final[tuple[Mode, ...]] = ("demo", "paper", "live")


class Blueprint(NamedTuple):
    """Every actor's own record. ``executor`` None when nothing is traded."""

    mode: Mode
    exchange_name: str
    exchange: Exchange
    feed: FeedConfig
    runners: tuple[RunnerConfig, ...]
    risk: RiskConfig
    executor: ExecutorConfig | None
    monitor: MonitorConfig
    facts: Facts


def draw(
    settings: Settings, mode: Mode, exchange: Exchange, folders: tuple[str, ...], timeframes: dict[str, str],
    versions: dict[str, str], params: Params = MappingProxyType({}),
    past: Mapping[str, Past] = MappingProxyType({}),
) -> Blueprint:
    """The actors of a mode.

    Parameters
    ----------
    exchange : where to, URLs of a local exchange inside. folders : of users' strategies.
    timeframes : decision timeframe by strategy. params : as verdicts would have them. past : on paper, by strategy.

    Raises ConfigurationError when no strategy is enabled. In live mode only eligible strategies trade, and only those
    open positions whom the selector lets; the others run on paper beside them.
    """
    name, enabled = settings.exchanges.default, _enabled(settings)
    trading = {n: e for n, e in enabled.items() if mode == "demo" or (mode == "live" and e.live_eligible)}
    symbols = _followed(settings, enabled)
    feed, executor_name = f"feed:{name}", f"executor:{name}" if trading else ""
    groups = {s: settings.assets.asset(s).group for s in settings.assets.symbols}
    runners = _runners(settings, enabled, trading, folders, feed)
    runner_names = tuple(r.name for r in runners)
    contenders = tuple(
        Contender(n, f"runner:{n}", e.capital_usdt, n in trading, e.live_eligible,
                  _setups(e, timeframes.get(n, ""), params.get(n, {})), past.get(n, Past()))
        for n, e in enabled.items()
    )
    actors = ("monitor", *([executor_name] if trading else []), "risk", *runner_names, feed, "ledger", "api")
    return Blueprint(
        mode, name, exchange,
        FeedConfig(feed, symbols, runner_names, "risk", "api", stale_after_s=settings.risk.stale_after_s),
        runners,
        _risk(settings, enabled, trading or enabled, groups, feed, executor_name, gated=mode == "live"),
        _executor(settings, exchange, trading, feed, executor_name) if trading else None,
        MonitorConfig(
            "monitor", contenders, settings.risk.selector, settings.risk.watchdog, mode == "live", feed, executor_name,
            api="api",
        ),
        Facts(
            mode=mode, symbols=symbols, timeframes=timeframes, actors=actors,
            stale_after_s=settings.risk.stale_after_s, taker_fee=settings.exchanges.costs.taker_fee,
            trading=tuple(trading), groups=groups, versions=versions,
        ),
    )


def _enabled(settings: Settings) -> Entries:
    """What runs at all. Raises ConfigurationError when nothing does."""
    enabled = {n: e for n, e in settings.strategies.strategies.items() if e.enabled and e.symbols}
    if not enabled:
        raise ConfigurationError("strategies.yaml", "strategies", [], "at least one must be enabled and have symbols")
    return enabled


def _followed(settings: Settings, enabled: Entries) -> tuple[str, ...]:
    """Symbols that any strategy trades, in the configuration's order."""
    return tuple(s for s in settings.assets.symbols if any(s in e.symbols for e in enabled.values()))


def _runners(
    settings: Settings, enabled: Entries, trading: Entries, folders: tuple[str, ...], feed: str
) -> tuple[RunnerConfig, ...]:
    crossed = settings.risk.margin_mode == "crossed"
    return tuple(
        RunnerConfig(
            f"runner:{n}", n, e, e.symbols, folders, settings.exchanges.costs.slippage, settings.risk.max_margin_use,
            crossed, n in trading, feed, api="api",
        )
        for n, e in enabled.items()
    )


def _risk(
    settings: Settings, enabled: Entries, judged: Entries, groups: dict[str, str], feed: str, executor: str, *,
    gated: bool,
) -> RiskConfig:
    """``judged``: those whose targets risk passes on, or would."""
    return RiskConfig(
        "risk", settings.risk, groups,
        {n: Trader(f"runner:{n}", e.leverage, e.capital_usdt / len(e.symbols)) for n, e in judged.items()},
        settings.exchanges.costs.slippage, sum(e.capital_usdt for e in judged.values()), feed, executor, api="api",
        gated=gated, runners=tuple(Watched(n, f"runner:{n}", e.symbols) for n, e in enabled.items()),
        most_leverage=tuple((s, settings.assets.asset(s).leverage) for s in _followed(settings, enabled)),
    )


def _executor(settings: Settings, exchange: Exchange, trading: Entries, feed: str, name: str) -> ExecutorConfig:
    return ExecutorConfig(
        name, {n: f"runner:{n}" for n in trading}, {n: e.symbols for n, e in trading.items()},
        _leverages(settings, list(trading)), settings.risk.margin_mode, feed, api="api",
        unsafe_key=exchange.allow_unsafe_key, account_type=exchange.account_type,
        capital=sum(e.capital_usdt for e in trading.values()), trigger_source=exchange.trigger_source,
        # half of what risk asks for before an entry: the exchange's own figure differs a little from the estimate
        liquidation_margin=settings.risk.liquidation_margin / 2, changes_per_minute=exchange.changes_per_minute,
    )


def _setups(entry: StrategyEntry, timeframe: str, params: Mapping[str, Mapping[str, Any]]) -> dict[str, Setup]:
    """How a strategy trades each of its symbols."""
    return {s: Setup(params.get(s, {}), timeframe, entry.leverage) for s in entry.symbols}


def _leverages(settings: Settings, trading: list[str]) -> dict[str, float]:
    """One leverage for each symbol of an account. Raises ConfigurationError when two strategies want different ones."""
    found: dict[str, float] = {}
    for name in trading:
        entry = settings.strategies.strategies[name]
        for symbol in entry.symbols:
            if found.setdefault(symbol, entry.leverage) != entry.leverage:
                allowed = f"{found[symbol]:g} as the other strategy on {symbol}: an account has one leverage a symbol"
                raise ConfigurationError("strategies.yaml", f"{name}.leverage", entry.leverage, allowed)
    return found
