"""Walking one symbol through one candle, resumable at every meeting.

A walk begins at the open with nothing met yet. `next_stop` moves price on until something is met (and done) or the
asked part of the way is behind; so a caller can let everybody react to a fill before price moves on.
"""

from __future__ import annotations

from typing import NamedTuple

from core.candle import Candle
from core.timeframe import MINUTE_MS
from sandbox.execution import execute, live, make, take
from sandbox.meeting import Meeting, next_meeting
from sandbox.orders import Force, Order, Trigger
from sandbox.path import turning_points
from sandbox.settlement import liquidate, withdraw
from sandbox.state import State
from sandbox.trigger_desk import fire, follow


class Progress(NamedTuple):
    """How far a candle has been walked: legs behind, way travelled, price, and what was reached."""

    leg: int
    travelled: float
    price: float
    high: float
    low: float


class Walk:
    """One 1m candle of one symbol on its way. ``high`` and ``low`` are what was reached so far."""

    __slots__ = ("_leg", "_length", "_points", "_travelled", "candle", "high", "low", "price", "symbol")

    def __init__(self, symbol: str, candle: Candle) -> None:
        self.symbol, self.candle = symbol, candle
        self._points = turning_points(candle.open, candle.high, candle.low, candle.close)
        self._length = sum(abs(b - a) for a, b in zip(self._points, self._points[1:], strict=False))
        self._leg, self._travelled = 0, 0.0
        self.price = self.high = self.low = candle.open

    @property
    def done(self) -> bool:
        """Whether the close was reached."""
        return self._leg == 3

    @property
    def fraction(self) -> float:
        """Part of the way behind, 0 to 1."""
        return 1.0 if self.done else self._travelled / self._length if self._length else 0.0

    @property
    def progress(self) -> Progress:
        """How far it has come."""
        return Progress(self._leg, self._travelled, self.price, self.high, self.low)

    def resume(self, progress: Progress) -> None:
        """Go on from there."""
        self._leg, self._travelled, self.price, self.high, self.low = progress

    def so_far(self) -> Candle:
        """The candle as it stands: volume in proportion to the way."""
        if self.done:
            return self.candle
        c = self.candle
        return Candle(c.ts_ms, c.open, self.high, self.low, self.price, c.volume * self.fraction)

    def next_stop(self, state: State, until: float = 1.0) -> bool:
        """True after something was met and done; False when ``until`` (a fraction of the way) is reached."""
        while self._leg < 3:
            end = self._points[self._leg + 1]
            remaining = self._length * until - self._travelled
            partial = until < 1.0 and abs(end - self.price) >= remaining
            target = self.price + max(remaining, 0.0) * (1 if end > self.price else -1) if partial else end
            met = next_meeting(state, self.symbol, self.price, target, self._key(self._leg))
            if met is not None:
                self._move(state, met.price, pause_ms=1)
                if isinstance(met.what, Order) and state.depth:
                    self._serve(state, met, met.what)
                else:
                    meet(state, met)
                return True
            self._move(state, target, pause_ms=0)
            if partial:
                return False
            self._leg += 1
        return False

    def ahead(self, state: State) -> float | None:
        """The fraction of the way at which something will be met next, as things stand; None for nothing."""
        price, travelled = self.price, self._travelled
        for leg, end in enumerate(self._points[self._leg + 1 :], start=self._leg):
            met = next_meeting(state, self.symbol, price, end, self._key(leg))
            if met is not None:
                return min((travelled + met.distance) / self._length, 1.0) if self._length else 0.0
            travelled += abs(end - price)
            price = end
        return None

    def _serve(self, state: State, met: Meeting, order: Order) -> None:
        """Give an order that was met what this leg has for it: the book where the price has passed it, then volume."""
        leg = self._key(self._leg)
        if met.passed and not order.served:
            if order.force is Force.POST_ONLY:
                withdraw(state, met.account, order, "post only")
                return
            take(state, met.account, order, met.price)
        if live(order):
            make(state, met.account, order, self._volume_for(order), leg)

    def _volume_for(self, order: Order) -> float:
        """What is traded at an order's limit or beyond it on what is left of this leg."""
        limit, end = order.limit or 0.0, self._points[self._leg + 1]
        low, high = min(self.price, end), max(self.price, end)
        way = min(high, limit) - low if order.side.sign > 0 else high - max(low, limit)
        return self.candle.volume * max(way, 0.0) / self._length if self._length else 0.0

    def _key(self, leg: int) -> int:
        """A number for a leg of this candle, above 0 and like no other leg's of the symbol."""
        return self.candle.ts_ms * 4 + leg + 1

    def _move(self, state: State, price: float, *, pause_ms: int) -> None:
        """Put the price there, and the time in proportion; a meeting takes at least a millisecond."""
        self._travelled += abs(price - self.price)
        self.price = price
        self.high, self.low = max(self.high, price), min(self.low, price)
        state.prices[self.symbol] = price
        follow(state, self.symbol, price)
        open_ms = self.candle.ts_ms
        there = open_ms + int(min(self.fraction, 1.0) * (MINUTE_MS - 1))
        last_ms = open_ms + MINUTE_MS - 1
        state.now_ms = max(state.now_ms, min(max(there, state.now_ms + pause_ms), last_ms))


def meet(state: State, met: Meeting) -> None:
    """Do what a meeting means: liquidate, fire, or fill.

    A limit that the price had passed fills where the price stands, as taker (post-only: cancelled); else at its price,
    as maker.
    """
    if isinstance(met.what, Order):
        if met.passed and met.what.force is Force.POST_ONLY:
            withdraw(state, met.account, met.what, "post only")
        else:
            execute(state, met.account, met.what, met.price, maker=not met.passed)
    elif isinstance(met.what, Trigger):
        fire(state, met.account, met.what, met.price)
    else:
        liquidate(state, met.account, met.what)
