"""One plan walked over a span with everything recorded: trades, fills, equity at every close."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.candle import Floats
from core.errors import InputError
from core.plan import Plan
from core.timeframe import timeframe_ms
from engine.bind import Binder
from engine.chance import symbol_id
from engine.costs import Costs
from engine.cycle import CYCLE
from engine.fold import finish, fold
from engine.index import first_entries
from engine.ladder import Closed, Filled, closed, filled
from engine.records import FILL, ROW, STATS, TRADE, cost_record, new_account, new_books, new_events
from engine.span import Span


@dataclass(frozen=True, eq=False, slots=True)
class Backtest:
    """What happened. fills : FILL[n] (refusals included), trades : TRADE[n], stats : STATS[1].

    equity : float64[T], marked at each close. candle_ms : length of an execution candle. book : BOOK[1] at
    the end; a position still open stands there and is not a trade. daily : float64[n_days], returns by UTC day.
    """

    symbol: str
    candle_ms: int
    fills: np.ndarray
    trades: np.ndarray
    equity: Floats
    daily: Floats
    stats: np.void
    book: np.ndarray
    wallet: float

    def closed(self) -> list[Closed]:
        """Trades in words."""
        return [closed(t) for t in self.trades]

    def filled(self) -> list[Filled]:
        """Fills and refusals in words."""
        return [filled(f) for f in self.fills]


NOTHING_SHARED = (np.zeros(0, CYCLE), np.zeros(0, np.int32), new_books(0), np.zeros(3, np.int64))


def run(
    symbol: str, span: Span, plan: Plan, n_rows: int, costs: Costs, capital: float = 10_000.0, *, closing: bool = False
) -> Backtest:
    """Walk ``plan`` (columns of ``n_rows`` rows) over ``span``, recording everything.

    What is open at the end stays open, unless ``closing``: then it is closed at the last close, as a sweep does.
    """
    if len(span) == 0:
        raise InputError(f"{symbol}: no candles to walk")
    binder = Binder(n_rows)
    binder.add(plan)
    plans, columns, flags = binder.arrays()
    _, touched = first_entries(plans, span, columns, flags, costs.tick)
    room = 4096
    while True:
        result, wanted = _record(symbol, span, plans, columns, flags, touched[0], costs, capital, room, closing=closing)
        if wanted <= room:
            return result
        room = wanted


def _record(
    symbol: str, span: Span, plans: np.ndarray, columns: np.ndarray, flags: np.ndarray, touched: np.ndarray,
    costs: Costs, capital: float, room: int, *, closing: bool,
) -> tuple[Backtest, int]:
    """The walk with space for ``room`` fills and trades, and how many fills there were."""
    candles = span.packed
    cost, account, book = cost_record(costs, symbol_id(symbol)), new_account(capital), new_books(1)
    events, values, stats = new_events(wanted=True), np.zeros(1, ROW), np.zeros(1, STATS)
    fills, trades, counts = np.empty(room, FILL), np.empty(room, TRADE), np.zeros(2, np.int64)
    first_day, last_day = int(candles["day"][0]), int(candles["day"][-1])
    equity, daily = np.empty(len(span)), np.zeros(last_day - first_day + 1)
    s = stats[0]
    for name in ("peak", "low", "last_equity", "day_equity"):
        s[name] = capital
    s["day"], s["days"] = first_day, len(daily)
    fold(
        candles, columns, flags, plans[0], cost[0], touched, 0, len(span), account[0], book[0], events[0], values[0], s,
        fills, trades, equity, daily, counts, np.empty(len(span) + 1), *NOTHING_SHARED, 0,
    )
    left_open = bool(book["direction"][0])
    finish(
        candles[-1], plans[0], cost[0], account[0], book[0], events[0], values[0], s, daily, first_day, int(closing),
    )
    made, closed_trades = int(counts[0]), int(counts[1])
    if closing and left_open:
        fills[made : made + 1] = events["fill"][0, :1]
        trades[closed_trades : closed_trades + 1] = events["trade"][0, :1]
        made, closed_trades = made + 1, closed_trades + 1
        equity[-1] = account["wallet"][0]
    result = Backtest(
        symbol, timeframe_ms(span.candles.timeframe), fills[:made], trades[:closed_trades], equity, daily, s, book,
        float(account["wallet"][0]),
    )
    return result, made
