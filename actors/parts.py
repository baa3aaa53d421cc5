"""What each actor is told when it is made: small records that load nothing heavy, for whoever composes the actors."""

from __future__ import annotations

from typing import Final, NamedTuple

from core.live_settings import Selector, Watchdog
from core.settings import Risk, StrategyEntry
from engine.selector import Setup

LIVE_NEEDS: Final = frozenset({"funding"})
"""What strategies may need beside candles while running; nothing else is polled or recorded."""


class FeedConfig(NamedTuple):
    """What a feed carries and to whom.

    receivers : runners, which get every batch. risk : gets staleness, '' for nobody. api : is shown everything.
    straggler_s : wait for the last symbols of a minute. quiet_s : without a push for so long REST is asked.
    buffer : closed minutes kept per symbol. stale_after_s : without news for so long a symbol is stale, by our clock or
    behind the others by the exchange's. check_s : REST confirms a streamed minute at most so often.
    """

    name: str
    symbols: tuple[str, ...]
    receivers: tuple[str, ...]
    risk: str
    api: str = ""
    straggler_s: float = 1.5
    quiet_s: float = 10.0
    grace_ms: int = 2_000
    buffer: int = 1_500
    stale_after_s: float = 90.0
    check_s: float = 1.0


class RunnerConfig(NamedTuple):
    """One strategy.

    folders : where users' strategies lie. slippage, guard, crossed : as in `engine.costs.Costs`.
    live : whether an exchange is traded. feed, risk, ledger, api : peers.
    """

    name: str
    strategy: str
    entry: StrategyEntry
    symbols: tuple[str, ...]
    folders: tuple[str, ...]
    slippage: float
    guard: float
    crossed: bool
    live: bool
    feed: str
    risk: str = "risk"
    ledger: str = "ledger"
    api: str = ""


class Trader(NamedTuple):
    """A strategy as risk sees it: its runner, its leverage, its capital of each symbol (USDT), in order of rank."""

    runner: str
    leverage: float
    capital: float


class Watched(NamedTuple):
    """A strategy whose losses risk watches, traded or on paper: its runner and what it runs on."""

    strategy: str
    runner: str
    symbols: tuple[str, ...]


class RiskConfig(NamedTuple):
    """What risk knows from the configuration.

    executor : '' when nothing is traded. equity : assumed until the account's is known. traders : whose targets are
    judged. gated : entries wait for the selector's word (real money). runners : every strategy that runs.
    most_leverage : that any strategy may use, by symbol.
    """

    name: str
    limits: Risk
    groups: dict[str, str]
    traders: dict[str, Trader]
    slippage: float
    equity: float
    feed: str
    executor: str = ""
    ledger: str = "ledger"
    api: str = ""
    gated: bool = False
    runners: tuple[Watched, ...] = ()
    most_leverage: tuple[tuple[str, float], ...] = ()


class Timing(NamedTuple):
    """Patience in wall seconds: for the runner to take note of a fill, for a preset stop to appear."""

    settle_s: float = 2.0
    preset_s: float = 1.0
    recheck_s: float = 0.15


class ExecutorConfig(NamedTuple):
    """One account.

    runners : strategy -> its peer, for those that trade here. symbols : of each of them.
    leverage : by symbol. capital : what the strategies count on, USDT. unsafe_key : take keys that could withdraw.
    trigger_source : of stops. liquidation_margin : how much nearer than liquidation stops stand, fraction of the price.
    changes_per_minute : most orders of a symbol placed or amended in a minute of the exchange's time.
    """

    name: str
    runners: dict[str, str]
    symbols: dict[str, tuple[str, ...]]
    leverage: dict[str, float]
    margin_mode: str
    feed: str
    risk: str = "risk"
    ledger: str = "ledger"
    api: str = ""
    audit_s: float = 5.0
    unsafe_key: bool = False
    timing: Timing = Timing()
    account_type: str = "probe"
    capital: float = 0.0
    trigger_source: str = ""
    liquidation_margin: float = 0.01
    changes_per_minute: int = 120


class Past(NamedTuple):
    """What a strategy did on paper elsewhere: closed trades, net return (a fraction), USDT won and lost."""

    trades: int = 0
    net_return: float = 0.0
    won: float = 0.0
    lost: float = 0.0


class Contender(NamedTuple):
    """A strategy as the monitor sees it: its runner, its capital (USDT), how it trades each of its symbols.

    live : whether it trades at the exchange. eligible : whether real money is allowed to it at all.
    past : on paper, before the ledger that is written now.
    """

    strategy: str
    runner: str
    capital: float
    live: bool
    eligible: bool
    setups: dict[str, Setup]
    past: Past = Past()


class MonitorConfig(NamedTuple):
    """Whom the monitor watches. gated : its selection binds risk. arena_s : wall seconds between rankings."""

    name: str
    contenders: tuple[Contender, ...]
    selector: Selector
    watchdog: Watchdog
    gated: bool
    feed: str
    executor: str = ""
    risk: str = "risk"
    ledger: str = "ledger"
    api: str = ""
    arena_s: float = 30.0
