"""The configuration as one frozen tree. Reading YAML and the environment is the shells' business.

Unknown keys are refused everywhere. Cross-checks that need more than one file stand in `Settings`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from core.frozen import Frozen as Frozen
from core.frozen import Letter as Letter
from core.instrument import Instrument
from core.live_settings import Selector, Watchdog
from core.tiers import TierTables
from core.timeframe import timeframe_ms


def _timeframe(value: str) -> str:
    timeframe_ms(value)
    return value


class Misfit(ValueError):
    """A value that does not fit its surroundings: ``key`` (dotted, inside its file), ``value``, what is ``allowed``."""

    def __init__(self, key: str, value: object, allowed: str) -> None:
        self.key, self.value, self.allowed = key, value, allowed
        super().__init__(f"{key} = {value!r}: {allowed}")


Timeframe = Annotated[str, AfterValidator(_timeframe)]
Symbol = Annotated[str, Field(pattern=r"^[A-Z0-9]{1,20}-[A-Z0-9]{2,10}$")]
Fraction = Annotated[float, Field(gt=0, le=1)]


class Asset(Frozen):
    """One traded perpetual. ``leverage`` is the most any strategy may use on it."""

    symbol: Symbol
    group: str
    leverage: float = Field(5.0, ge=1, le=125)
    instrument: Instrument | None = None
    """Trading rules for backtests; the venue's own rules win when connected."""


class Assets(Frozen):
    """``config/assets.yaml``."""

    timeframes: tuple[Timeframe, ...] = ("1m", "5m", "15m", "1h")
    groups: dict[str, str]
    """Correlation groups: name and one line of explanation."""
    assets: tuple[Asset, ...]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        seen: set[str] = set()
        for i, asset in enumerate(self.assets):
            if asset.symbol in seen:
                raise Misfit(f"assets.{i}.symbol", asset.symbol, "stands twice")
            seen.add(asset.symbol)
            if asset.group not in self.groups:
                known = ", ".join(sorted(self.groups))
                raise Misfit(f"assets.{i}.group", asset.group, f"unknown group; known are {known}")
            _check_instrument(f"assets.{i}", asset)
        return self

    def with_tiers(self, tables: TierTables, ts_ms: int) -> Assets:
        """These assets with the tiers that hold at a moment, where there is a table for them."""
        return self.model_copy(update={"assets": tuple(_with_tiers(asset, tables, ts_ms) for asset in self.assets)})

    @property
    def symbols(self) -> tuple[str, ...]:
        """Every configured symbol, in the file's order."""
        return tuple(a.symbol for a in self.assets)

    def asset(self, symbol: str) -> Asset:
        """The asset of a symbol. Raises KeyError."""
        for asset in self.assets:
            if asset.symbol == symbol:
                return asset
        raise KeyError(symbol)


def _with_tiers(asset: Asset, tables: TierTables, ts_ms: int) -> Asset:
    tiers = tables.at(asset.symbol, ts_ms)
    if tiers is None or asset.instrument is None:
        return asset
    return asset.model_copy(update={"instrument": asset.instrument.model_copy(update={"tiers": tiers})})


def _check_instrument(key: str, asset: Asset) -> None:
    """The rules belong to the asset, and their tiers begin where the one before ends."""
    rules = asset.instrument
    if rules is None:
        return
    if rules.symbol != asset.symbol:
        raise Misfit(f"{key}.instrument.symbol", rules.symbol, f"not the asset's, {asset.symbol}")
    if asset.leverage > rules.max_leverage:
        raise Misfit(f"{key}.leverage", asset.leverage, f"above the instrument's max_leverage {rules.max_leverage:g}")
    limits = [tier.max_notional for tier in rules.tiers]
    if not limits or limits != sorted(set(limits)):
        raise Misfit(f"{key}.instrument.tiers", limits, "at least one, their notionals growing")


class Confirm(Frozen):
    """The filter that new entries of a strategy wait for. ``params`` are checked against the filter's own model."""

    strategy: str
    """Name of the filter."""
    min_score: float = Field(gt=0, le=1)
    """Long entries need a score of at least this, short ones of at most minus this."""
    params: dict[str, Any] = Field(default_factory=dict)


class StrategyEntry(Frozen):
    """One strategy in ``config/strategies.yaml``. ``params`` are checked against the strategy's own model."""

    enabled: bool = False
    live_eligible: bool = False
    symbols: tuple[Symbol, ...] = ()
    timeframe: Timeframe | None = None
    """Other than the strategy's own, if it allows."""
    leverage: float = Field(3.0, ge=1, le=125)
    capital_usdt: float = Field(10_000.0, gt=0)
    """Virtual capital of its runner, split evenly over its symbols."""
    capital_fraction: Fraction = 0.65
    """Share of a symbol's capital that a full ladder may use as margin."""
    params: dict[str, Any] = Field(default_factory=dict)
    confirm: Confirm | None = None
    grid: dict[str, tuple[Any, ...]] = Field(default_factory=dict)
    per_asset: dict[Symbol, dict[str, Any]] = Field(default_factory=dict)


class Strategies(Frozen):
    """``config/strategies.yaml``. ``folders`` are searched for users' strategies beside ``strategies/``."""

    folders: tuple[str, ...] = ()
    strategies: dict[str, StrategyEntry]


class Risk(Frozen):
    """``config/risk.yaml``: limits of every account, fractions of capital unless said."""

    margin_mode: Literal["isolated", "crossed"] = "isolated"
    max_margin_use: Fraction = 0.7
    min_free_margin_usdt: float = Field(0.0, ge=0)
    max_positions: int = Field(5, ge=1)
    max_same_direction_per_group: int = Field(2, ge=1)
    risk_per_trade: Fraction = 1.0
    """Most of a symbol's capital that a full ladder may lose at its stop, fees and slippage included."""
    liquidation_margin: float = Field(0.02, ge=0, lt=1)
    """Liquidation must be farther than the stop by this fraction of the entry price."""
    stale_after_s: float = Field(90.0, gt=0)
    daily_loss: Fraction = 0.05
    """Loss of equity since midnight (UTC) from which on there are only exits, until the next midnight."""
    drawdown_24h: Fraction = 0.08
    """Fall of equity below its highest of 24 hours from which on there are only exits, until it has come back."""
    cooldown_after_stop_min: float = Field(0.0, ge=0, le=10_080)
    """Minutes without entries of a strategy on a symbol after it was stopped out there."""
    kill_runner_loss: Fraction = 0.05
    """Loss of a strategy's equity since its session began that trips its kill switch."""
    kill_drawdown_24h: Fraction = 0.15
    """Fall of equity below its highest of 24 hours that trips the global kill switch."""
    kill_real_loss: Fraction = 0.05
    """Loss of the exchange account's equity since its session began that trips its kill switch."""
    selector: Selector = Selector()
    watchdog: Watchdog = Watchdog()


class Costs(Frozen):
    """What trading costs where no venue says it, as fractions of notional."""

    maker_fee: float = Field(0.0002, ge=-0.01, le=0.05)
    taker_fee: float = Field(0.0006, ge=0, le=0.05)
    slippage: float = Field(0.0005, ge=0, le=0.05)


class RateBudget(Frozen):
    """Requests a second by endpoint category, one budget per account over everything we send."""

    market: float = Field(15.0, gt=0)
    trade: float = Field(8.0, gt=0)
    account: float = Field(8.0, gt=0)
    position: float = Field(8.0, gt=0)


class Exchange(Frozen):
    """One venue in ``config/exchanges.yaml``. URLs None means the venue's own."""

    account_type: Literal["classic", "unified", "probe"] = "classic"
    rest_url: str | None = None
    ws_url: str | None = None
    request_timeout_s: float = Field(10.0, gt=0)
    subscribe_interval_ms: int = Field(120, ge=0)
    trigger_source: Literal["mark", "last"] = "mark"
    changes_per_minute: int = Field(120, ge=1)
    """Most entries and take profits of one symbol that are placed or amended in a minute of the exchange's time."""
    allow_unsafe_key: bool = False
    """Take a key that may withdraw, or that is bound to no address."""
    rate: RateBudget = RateBudget()


class Exchanges(Frozen):
    """``config/exchanges.yaml``."""

    default: str = "bitget"
    costs: Costs = Costs()
    exchanges: dict[str, Exchange]

    @model_validator(mode="after")
    def _default_is_known(self) -> Self:
        if self.default not in self.exchanges:
            known = ", ".join(sorted(self.exchanges))
            raise Misfit("default", self.default, f"unknown exchange; known are {known}")
        return self


class Windows(Frozen):
    """Walk-forward windows in days. ``anchored``: every in-sample window begins with the data, and so grows."""

    in_sample_days: int = Field(180, ge=1)
    out_of_sample_days: int = Field(60, ge=1)
    step_days: int = Field(60, ge=1)
    anchored: bool = False


class GateLimits(Frozen):
    """What opens the gate from paper to live. Returns are fractions; a limit of the tail is the worst allowed."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True)

    grade: Letter = Field("C", description="least letter")
    pbo: float = Field(0.2, ge=0, le=1, description="largest probability of backtest overfitting")
    deflated_sharpe: float = Field(0.95, ge=0, le=1, description="least deflated Sharpe ratio")
    trades: int = Field(30, ge=1, description="fewest out-of-sample trades; below: underpowered")
    worst_day: float = Field(-0.15, ge=-1, le=0, description="worst daily return")
    expected_shortfall: float = Field(-0.06, ge=-1, le=0, description="mean of the worst 5 % of days")
    loss_to_win: float = Field(20.0, gt=0, description="largest loss over average win")
    under_water_days: int = Field(365, ge=1, description="longest time below a peak")
    crash_return: float = Field(-0.25, ge=-1, le=0, description="return over the crash days")
    gap_loss: float = Field(0.6, gt=0, description="share of equity that the largest gap may take")


class WalkForward(Frozen):
    """How a strategy is optimised and judged."""

    windows: Windows = Windows()
    objective: Literal["sharpe", "sortino", "calmar", "return"] = "sharpe"
    plateau: bool = False
    """Choose by the mean over a combination and its neighbours in the grid."""
    min_trades: int = Field(5, ge=1)
    """Fewest trades in sample of a combination that may be chosen."""
    max_combinations: int = Field(20_000, ge=1)
    resamples: int = Field(1000, ge=100, le=1_000_000)
    seed: int = Field(0, ge=0, lt=2**63)
    gate: GateLimits = GateLimits()


class Optimization(WalkForward):
    """``config/optimization.yaml``: for all strategies, and what is different for some."""

    strategies: dict[str, WalkForward] = Field(default_factory=dict)

    def of(self, strategy: str) -> WalkForward:
        """What holds for a strategy: its own keys, and of all others what holds for all."""
        shared = self.model_dump(exclude={"strategies"})
        own = self.strategies[strategy].model_dump(exclude_unset=True) if strategy in self.strategies else {}
        for key, value in own.items():
            shared[key] = {**shared[key], **value} if isinstance(value, dict) else value
        return WalkForward.model_validate(shared)

    @model_validator(mode="after")
    def _no_day_twice(self) -> Self:
        """Of windows as they are once put together."""
        each: list[tuple[str, WalkForward]] = [("", self)]
        each += ((f"strategies.{name}.", self.of(name)) for name in self.strategies)
        for key, own in each:
            windows = own.windows
            if windows.step_days < windows.out_of_sample_days:
                allowed = f"below out_of_sample_days, {windows.out_of_sample_days}: days would be judged twice"
                raise Misfit(f"{key}windows.step_days", windows.step_days, allowed)
        return self


class Settings(Frozen):
    """Everything configured, proven consistent as a whole."""

    assets: Assets
    strategies: Strategies
    risk: Risk = Risk()
    exchanges: Exchanges
    optimization: Optimization = Optimization()
    tiers: TierTables = TierTables()
    """Every table; ``assets`` carries those of today."""

    @model_validator(mode="after")
    def _strategies_fit_the_assets(self) -> Self:
        known = ", ".join(self.assets.symbols)
        for name in self.optimization.strategies:
            if name not in self.strategies.strategies:
                there = ", ".join(self.strategies.strategies)
                raise Misfit(f"optimization.strategies.{name}", name, f"not in strategies.yaml; known are {there}")
        for name, entry in self.strategies.strategies.items():
            for key, symbols in (("symbols", entry.symbols), ("per_asset", entry.per_asset)):
                for symbol in symbols:
                    if symbol not in self.assets.symbols:
                        raise Misfit(f"strategies.{name}.{key}", symbol, f"not in assets.yaml; known are {known}")
            for symbol in entry.symbols:
                most = self.assets.asset(symbol).leverage
                if entry.leverage > most:
                    raise Misfit(f"strategies.{name}.leverage", entry.leverage, f"above {symbol}'s {most:g}")
            if entry.timeframe and entry.timeframe not in self.assets.timeframes:
                there = ", ".join(self.assets.timeframes)
                raise Misfit(f"strategies.{name}.timeframe", entry.timeframe, f"not in assets.yaml: {there}")
        return self
