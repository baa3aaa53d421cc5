"""What the API answers to those who look back: trades with their sums, one trade with all of it, equity over time."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from api.models import Fill, Model, Number, Page, Scope, Trade
from api.monitor_models import Divergence
from api.watch_models import PlanStood

Exit = Literal["target", "stop", "liquidation", "exit", "age", "end", "emergency", "foreign"]
By = Literal["total", "strategy", "symbol"]
Measure = Literal["net", "gross", "realised"]
Regime = Literal["bull", "bear", "range", "crash", "unknown"]


class TradeLine(Trade):
    """A closed position cycle in a list. net = gross - fees - funding; fractions are of the notional at entry."""

    id: str = Field(examples=["live.envelope_dca.BTC-USDT.13"])
    gross: Number
    held_ms: int
    notional: Number
    net_fraction: Number
    against_bps: Number = Field(None, description="Cost against the twin on the other side; positive: live was worse.")
    cause: str = Field("", description="Of that difference, where one is known.")


class TradeSums(Model):
    """Sums of everything that a filter matches, not of the page alone."""

    trades: int
    wins: int
    win_rate: Number
    net: float
    gross: float
    fees: float
    funding: float
    profit_factor: Number = Field(description="Money won divided by money lost; null while nothing was lost.")
    expectancy: Number = Field(description="Mean net of a trade; null of none.")
    held_ms: Number = Field(description="Mean time held; null of none.")
    first_ms: int
    last_ms: int


class Facets(Model):
    """What the lists of a filter offer: everything that has traded in the scope."""

    strategies: tuple[str, ...]
    symbols: tuple[str, ...]


class TradeList(Page):
    """Closed trades, newest first.

    ``sums`` and ``facets`` come with the first page of one scope: scopes are never added up.
    """

    items: tuple[TradeLine, ...]
    sums: TradeSums | None
    facets: Facets | None


class Step(Model):
    """A step from gross to net, in USDT. ``after``: what is left then."""

    name: Literal["gross", "at_paper_prices", "slippage", "fees", "funding", "net"]
    amount: float
    after: float


StepKind = Literal[
    "decided", "journalled", "sent", "acknowledged", "refused", "unknown", "filled", "protected", "closed", "settled",
]


class LogLine(Model):
    """One line of the order log; times are the exchange's. ``part``: L1, TP, SL, exit or ''."""

    ts_ms: int
    kind: StepKind
    part: str
    text: str
    price: Number = None
    quantity: Number = None
    fee: Number = None
    client_id: str = ""


class Settled(Model):
    """What the trade earned by the exchange's own account; signs as in the trade."""

    net: float
    fees: float
    funding: float
    quantity: float
    difference: Number = Field(description="Its net less ours, in USDT; null where ours is unknown.")


class TradeDetail(Model):
    """One trade with everything that was recorded around it.

    ``steps`` lead from gross to net, and with a twin from what paper's prices would have brought. ``plans`` are the
    rows of its cycle; ``fills`` and ``log`` are the exchange's: on paper there is none.
    """

    trade: TradeLine
    steps: tuple[Step, ...]
    twin: TradeLine | None
    comparison: Divergence | None
    unprotected_ms: int | None = Field(description="How long it stood without a stop on the exchange; null: not told.")
    settled: Settled | None = Field(description="By the exchange's own account; null on paper, and until it is told.")
    timeframe: str
    plans: tuple[PlanStood, ...]
    fills: tuple[Fill, ...]
    log: tuple[LogLine, ...]


class Points(Model):
    """One curve in columns, oldest first. ``below``: how far below the last peak, a fraction, 0 or less.

    Peaks and the deepest points of falls survive where points were left out.
    """

    name: str = Field(description="Strategy or symbol, '' for all together.")
    begin: Number = Field(description="Where it began: the line of no change.")
    t: tuple[int, ...]
    value: tuple[float, ...]
    below: tuple[float, ...]


class FallSeen(Model):
    """A drawdown. ``to_ms`` null: not over yet."""

    number: int
    from_ms: int
    deepest_ms: int
    to_ms: int | None
    depth: float
    days: float


class EquityFigures(Model):
    """Figures of everything together, over the span, as a backtest would compute them."""

    days: int
    net: Number
    net_return: Number
    sharpe: Number
    max_drawdown: Number
    drawdown_days: Number = Field(description="Longest time below a peak.")
    drawdown_now: Number
    exposure: Number = Field(description="Share of time with an open position.")
    fees: float
    funding: float
    fee_share: Number = Field(description="Fees and funding as a share of what winning trades earned before them.")
    why: str = Field("", description="Why figures are null.")


class EquityCurves(Model):
    """Equity of one scope over a span.

    net: open positions marked; realised: wallets; gross: net before the fees and funding of closed trades. By symbol
    only what closed trades brought is known, so curves begin at 0 and have no drawdown.
    """

    scope: Scope
    by: By
    measure: Measure
    from_ms: int
    to_ms: int
    curves: tuple[Points, ...]
    falls: tuple[FallSeen, ...]
    figures: EquityFigures


class YearReturns(Model):
    """Net returns of a year's twelve months, null where nothing was marked, and of all of them compounded."""

    year: int
    months: tuple[Number, ...]
    total: float


class RegimeReturns(Model):
    """The days of one regime of the reference market. Returns of those days compounded."""

    regime: Regime
    days: int
    net: float
    net_return: float


class Monthly(Model):
    """Returns by month and by regime, UTC, open positions marked; a month in part counts as it is."""

    scope: Scope
    strategy: str
    since_ms: int
    years: tuple[YearReturns, ...]
    regimes: tuple[RegimeReturns, ...]
    reference: str = Field(description="Whose daily closes tell the regime; '' when none is known.")
