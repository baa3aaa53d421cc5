"""The present, as messages told it: what the API shows without asking anybody.

Law: pure state. The caller says when a message was seen (wall clock, UTC ms); 0 means that it came from the ledger,
so its age is unknown and it never counts as fresh. A message older than what is known changes nothing.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple

from actors.read_costs import CostBook
from actors.read_market import MarketBook
from actors.read_money import Curves
from core.messages import (
    ActorBeat,
    CandlesClosed,
    CommandGiven,
    ConditionsSeen,
    EquityMarked,
    EventsAcknowledged,
    OrderFilled,
    OrderShown,
    PlanChanged,
    ProtectionSeen,
    RiskShown,
    TargetRefused,
    TradeClosed,
    TradingHalted,
    TradingResumed,
)
from core.monitor_messages import AnomaliesSeen, ArenaRanked, SelectionMade
from exchanges.port import TickerSeen
from storage.records import Latest, Totals
from storage.rows import StoredEvent, StoredOrder, rows_of, stored_event

_RECENT: Final = 200
_REFUSALS: Final = 5
_BEATS: Final = 300
_JOBS: Final = 30


@dataclass(frozen=True, slots=True)
class Facts:
    """What does not change while the API runs.

    symbols : shown as feeds even before their first candle. timeframes : decision timeframe by strategy.
    actors : expected to be heard of. stale_after_s : age at which candles are stale. taker_fee : fraction.
    trading : strategies whose orders go to an exchange. groups : correlation group by symbol.
    ray_dashboard : where Ray's own pages are, '' when they are not. candles : where those at rest are, '' likewise.
    """

    mode: str
    symbols: tuple[str, ...] = ()
    timeframes: dict[str, str] = field(default_factory=dict)
    actors: tuple[str, ...] = ()
    stale_after_s: float = 90.0
    beat_within_s: float = 10.0
    reading_within_s: float = 30.0
    taker_fee: float = 0.0006
    trading: tuple[str, ...] = ()
    groups: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    ray_dashboard: str = ""
    candles: str = ""


class Seen(NamedTuple):
    """A message and the wall-clock time (UTC ms) at which it came; 0: from the ledger."""

    event: Any
    seen_ms: int


class Quote(NamedTuple):
    """Prices of one symbol; what only a ticker knows is None."""

    ts_ms: int
    last: float
    mark: float | None = None
    bid: float | None = None
    ask: float | None = None


class ReadModel:
    """Fed by `apply` and, once at the start, by `restore`; read by `actors.read_views`.

    Attributes are read-only for others. ``version`` grows with everything applied.
    """

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.version = 0
        self.exchange_ms = 0
        self.beats: dict[str, Seen] = {}
        self.candles: dict[str, Seen] = {}
        """By symbol: closing time of the last candle and when it came."""
        self.quotes: dict[str, Quote] = {}
        self.plans: dict[tuple[str, str], PlanChanged] = {}
        self.protections: dict[str, Seen] = {}
        self.equity: dict[tuple[str, str], EquityMarked] = {}
        self.totals: dict[tuple[str, str, str], Totals] = {}
        self.halts: dict[str, TradingHalted] = {}
        self.refusals: dict[str, deque[TargetRefused]] = {}
        self.orders: dict[tuple[str, str], StoredOrder] = {}
        self.fills: deque[OrderFilled] = deque(maxlen=_RECENT)
        self.trades: deque[TradeClosed] = deque(maxlen=_RECENT)
        self.events: deque[tuple[int, StoredEvent]] = deque(maxlen=_RECENT)
        """With a number that grows, as key for those who show them."""
        self.arena: dict[str, ArenaRanked] = {}
        """By scope."""
        self.selection: SelectionMade | None = None
        self.risk: RiskShown | None = None
        self.jobs: dict[str, dict[str, Any]] = {}
        """Of the optimizer as it told them, in JSON's words, by id; no message of the ledger's."""
        self.anomalies = AnomaliesSeen(0, 0, ())
        self.acknowledged: set[str] = set()
        """Names of events that somebody has seen."""
        self.deliveries: dict[str, deque[float]] = {}
        """Milliseconds that the last beats of each actor took to get here."""
        self.restarted: dict[str, int] = {}
        """When each actor's last restart was seen (UTC ms)."""
        self._event_number = 0
        self.market = MarketBook()
        self.curves = Curves()
        self.costs = CostBook()
        self.conditions: dict[tuple[str, str], ConditionsSeen] = {}
        self._takers: dict[type, Callable[[Any, int], None]] = {
            ActorBeat: self._beaten, AnomaliesSeen: self._found_wrong, ArenaRanked: self._ranked,
            CandlesClosed: self._candles_closed, ConditionsSeen: self._conditioned, EquityMarked: self._marked,
            EventsAcknowledged: self._acknowledged, OrderFilled: self._filled, OrderShown: self._shown,
            PlanChanged: self._planned, ProtectionSeen: self._protected, RiskShown: self._risked,
            SelectionMade: self._selected, TargetRefused: self._refused, TickerSeen: self._ticked,
            TradeClosed: self._traded, TradingHalted: self._halted, TradingResumed: self._resumed,
        }
        """By the kind of a message; any other may be an event."""

    def restore(self, latest: Latest) -> None:
        """Take over what the ledger knows; messages that came already win."""
        for plan in latest.plans:
            self.plans.setdefault((plan.target.strategy, plan.target.symbol), plan)
        for reading in latest.protections:
            self.protections.setdefault(reading.symbol, Seen(reading, 0))
        for mark in latest.equity:
            self.equity.setdefault((mark.scope, mark.strategy), mark)
        for halt in latest.halts:
            self.halts.setdefault(halt.symbol, halt)
        for stored in latest.orders:
            self.orders.setdefault((stored.order.symbol, stored.order.order_id), stored)
        for total in latest.totals:
            self.totals[total.scope, total.strategy, total.symbol] = total
        early_trades, early_fills = tuple(self.trades), tuple(self.fills)
        self.trades = deque(latest.trades, maxlen=_RECENT)
        self.fills = deque(latest.fills, maxlen=_RECENT)
        self.costs = CostBook()
        for fill in latest.fills:
            self.costs.filled(fill, late=True)
        for trade in early_trades:
            self._traded(trade)
        for fill in early_fills:
            self._filled(fill)
        for event in latest.events:
            self._happened(event)
        self.version += 1

    def tell_job(self, job: dict[str, Any]) -> None:
        """Take in how a job of the optimizer stands."""
        self.version += 1
        self.jobs[job["job_id"]] = job
        if len(self.jobs) > _JOBS:
            del self.jobs[next(iter(self.jobs))]

    def apply(self, event: object, seen_ms: int) -> None:
        """Take a message in; one that nothing is shown of is ignored."""
        self.version += 1
        take = self._takers.get(type(event))
        if take is not None:
            take(event, seen_ms)
        else:
            self._eventful(event)
        self.exchange_ms = max(self.exchange_ms, _exchange_ms(event))

    def owners(self) -> dict[str, str]:
        """Which strategy holds each symbol, as far as plans say."""
        return {symbol: strategy for (strategy, symbol), plan in sorted(self.plans.items()) if plan.target.filled}

    def _beaten(self, beat: ActorBeat, seen_ms: int) -> None:
        """An actor that counts from the beginning again was restarted, whatever it says itself."""
        known = self.beats.get(beat.name)
        if known is not None:
            if beat.ts_ms < known.event.ts_ms:
                return
            again = beat.sequence < known.event.sequence
            if again or beat.restarts > known.event.restarts:
                self.restarted[beat.name] = seen_ms
            beat = replace(beat, restarts=max(beat.restarts, known.event.restarts + again))
        self.beats[beat.name] = Seen(beat, seen_ms)
        self.deliveries.setdefault(beat.name, deque(maxlen=_BEATS)).append(max(seen_ms - beat.ts_ms, 0))

    def _candles_closed(self, event: CandlesClosed, seen_ms: int) -> None:
        self.market.add(event.candles, event.funding)
        if event.funding:
            open_now = {symbol: seen.event for symbol, seen in self.protections.items()}
            self.costs.settled(event, open_now, self.owners())
        for symbol, candle in event.candles:
            known = self.candles.get(symbol)
            if known is None or event.ts_ms >= known.event:
                self.candles[symbol] = Seen(event.ts_ms, seen_ms)
                self._quote(symbol, Quote(event.ts_ms, candle.close))

    def _quote(self, symbol: str, quote: Quote) -> None:
        known = self.quotes.get(symbol)
        if known is None or quote.ts_ms > known.ts_ms or (quote.ts_ms == known.ts_ms and quote.mark is not None):
            self.quotes[symbol] = quote

    def _filled(self, fill: OrderFilled, _seen_ms: int = 0) -> None:
        if all((fill.symbol, fill.trade_id) != (known.symbol, known.trade_id) for known in self.fills):
            self.fills.append(fill)
            self.costs.filled(fill)

    def _traded(self, trade: TradeClosed, _seen_ms: int = 0) -> None:
        """Count a trade once: cycles of a strategy on a symbol only grow."""
        key = (trade.scope, trade.strategy, trade.symbol)
        known = self.totals.get(key)
        if known is not None and trade.cycle <= known.cycle:
            return
        so_far = known or Totals(*key, 0, 0, 0.0, 0.0, 0.0, 0.0, 0.0, 0, -1)
        net = trade.net if math.isfinite(trade.net) else 0.0
        self.totals[key] = so_far._replace(
            trades=so_far.trades + 1, wins=so_far.wins + (net > 0), net=so_far.net + net,
            fees=so_far.fees + _or_zero(trade.fees), funding=so_far.funding + _or_zero(trade.funding),
            won=so_far.won + max(net, 0.0), lost=so_far.lost + max(-net, 0.0),
            last_ms=max(so_far.last_ms, trade.ts_ms), cycle=trade.cycle,
        )
        self.trades.append(trade)

    def _shown(self, event: OrderShown, _seen_ms: int) -> None:
        key = (event.order.symbol, event.order.order_id)
        known = self.orders.get(key)
        if known is not None and event.ts_ms < known.ts_ms:
            return
        if event.order.status.live:
            self.orders[key] = StoredOrder(event.order, event.ts_ms)
        else:
            self.orders.pop(key, None)

    def _ticked(self, ticker: TickerSeen, _seen_ms: int) -> None:
        self._quote(ticker.symbol, Quote(ticker.ts_ms, ticker.last, ticker.mark, ticker.bid, ticker.ask))

    def _planned(self, plan: PlanChanged, _seen_ms: int) -> None:
        key = (plan.target.strategy, plan.target.symbol)
        if key not in self.plans or plan.ts_ms >= self.plans[key].ts_ms:
            self.plans[key] = plan

    def _protected(self, reading: ProtectionSeen, seen_ms: int) -> None:
        known = self.protections.get(reading.symbol)
        if known is None or reading.ts_ms >= known.event.ts_ms:
            self.protections[reading.symbol] = Seen(reading, seen_ms)
            self._eventful(reading)  # a position without stop is an alarm

    def _marked(self, mark: EquityMarked, _seen_ms: int) -> None:
        known = self.equity.get((mark.scope, mark.strategy))
        if known is None or mark.ts_ms >= known.ts_ms:
            self.equity[mark.scope, mark.strategy] = mark
            self.curves.add(mark)

    def _conditioned(self, seen: ConditionsSeen, _seen_ms: int) -> None:
        self.conditions[seen.strategy, seen.symbol] = seen

    def _risked(self, risk: RiskShown, _seen_ms: int) -> None:
        self.risk = risk

    def _ranked(self, ranked: ArenaRanked, _seen_ms: int) -> None:
        self.arena[ranked.scope] = ranked

    def _selected(self, selection: SelectionMade, _seen_ms: int) -> None:
        self.selection = selection

    def _found_wrong(self, anomalies: AnomaliesSeen, _seen_ms: int) -> None:
        self.anomalies = anomalies

    def _halted(self, halt: TradingHalted, _seen_ms: int) -> None:
        self.halts[halt.symbol] = halt
        self._eventful(halt)

    def _resumed(self, resumed: TradingResumed, _seen_ms: int) -> None:
        self.halts.pop(resumed.symbol, None)
        self._eventful(resumed)

    def _refused(self, refused: TargetRefused, _seen_ms: int) -> None:
        self.refusals.setdefault(refused.strategy, deque(maxlen=_REFUSALS)).append(refused)
        self._eventful(refused)

    def _acknowledged(self, seen: EventsAcknowledged, _seen_ms: int) -> None:
        self.acknowledged.update(seen.ids)
        self._eventful(seen)

    def _eventful(self, event: object) -> None:
        """Show what the ledger keeps in its general table, in the same words; other things are no events."""
        try:
            kept = rows_of(event)
        except TypeError:
            return
        for row in kept:
            if row.table == "events":
                self._happened(stored_event(row.values))

    def _happened(self, event: StoredEvent) -> None:
        self._event_number += 1
        self.events.append((self._event_number, event))


def _exchange_ms(event: object) -> int:
    """The exchange time of a message; 0 for what bears the wall clock or no time."""
    return 0 if isinstance(event, ActorBeat | CommandGiven | EventsAcknowledged) else getattr(event, "ts_ms", 0)


def _or_zero(value: float) -> float:
    return value if math.isfinite(value) else 0.0
