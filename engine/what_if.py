"""What if every price moved by so much: the account's equity, stops, liquidations, targets and levels that fill. Pure.

All prices go straight from where they stand, by the same fraction at the same moment. What that walk meets happens in
its order, by the engine's own rules: at one price liquidation before stop before target before entry; a level fills
at its price with the maker fee, or where the market stands with the taker fee when it was passed already; the stop
moves with each fill; after an exit the rest of the ladder is withdrawn. Proven against the engine's own walk.

A later point of the same direction begins where the one before ended, so all points cost one walk.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from core.exposure import Exposure
from core.instrument import Instrument
from core.target import Rung
from engine.liquidation import liquidation_price, tier_of

_ORDER: Final = ("liquidation", "stop", "target", "level")
_NEAR: Final = 1e-12


class Happened(NamedTuple):
    """Something that the walk met. move : of all prices then, a fraction. level : of a fill, else -1."""

    kind: str
    strategy: str
    symbol: str
    move: float
    price: float
    level: int


class Point(NamedTuple):
    """The account after a move: equity (before the exit costs of what is open), its change, what happened on the way.

    lost : the account's whole equity is gone (crossed margin).
    """

    move: float
    equity: float
    change: float
    happened: tuple[Happened, ...]
    lost: bool


class Market(NamedTuple):
    """What holds for every symbol. crossed : the whole account stands behind each position. slippage : a fraction."""

    instruments: Mapping[str, Instrument]
    crossed: bool
    slippage: float
    fills: bool
    """Whether entries that rest fill on the way."""


def what_if(exposures: Sequence[Exposure], equity: float, moves: Iterable[float], market: Market) -> tuple[Point, ...]:
    """The account after each move (fractions above -1), in the order of ``moves``.

    Exposures without an instrument or a price above 0 are left out.
    """
    wanted = list(moves)
    found: dict[float, Point] = {}
    for sign in (-1, 1):
        walk = _Walk(exposures, equity, market, sign)
        for move in sorted((m for m in set(wanted) if (m > 0) == (sign > 0)), key=abs):
            found[move] = walk.to(abs(move))
    return tuple(found[move] for move in wanted)


@dataclass
class _Leg:
    """One exposure on its way; price at ``x`` is ``price * (1 + sign * x)``."""

    exposure: Exposure
    rules: Instrument
    sign: int
    quantity: float
    cost: float
    margin: float
    stop: float | None
    rungs: list[Rung]
    banked: float = 0.0
    """What exits left and entry fees took since the walk began."""
    done: bool = False
    start: float = field(init=False)

    def __post_init__(self) -> None:
        self.start = self.worth(0.0)

    @property
    def direction(self) -> int:
        return self.exposure.direction

    def at(self, x: float) -> float:
        """Price at ``x``."""
        return self.exposure.price * (1 + self.sign * x)

    def worth(self, x: float) -> float:
        """What the open position has won at ``x``."""
        return self.direction * (self.quantity * self.at(x) - self.cost)

    def change(self, x: float) -> float:
        """How much the equity has changed through this leg."""
        return self.banked + self.worth(x) - self.start

    def when(self, price: float, *, below: bool, x: float) -> float:
        """At which ``x`` the price is met, at the earliest now; infinity when the walk leads away from it.

        below : met when the market stands at or below it, else at or above.
        """
        now = self.at(x)
        if (now <= price) if below else (now >= price):
            return x
        if (self.sign < 0) != below:
            return math.inf
        return max(x, self.sign * (price / self.exposure.price - 1.0))


class _Walk:
    """All legs together, from where prices stand."""

    def __init__(self, exposures: Sequence[Exposure], equity: float, market: Market, sign: int) -> None:
        self._equity, self._market, self._sign = equity, market, sign
        self._x, self._lost = 0.0, False
        self._happened: list[Happened] = []
        self._legs = [
            _Leg(
                e, market.instruments[e.symbol], sign, e.quantity, e.quantity * e.average,
                e.margin or e.quantity * e.average / e.leverage, e.stop,
                [r for r in e.rungs if r.price is not None] if market.fills else [],
            )
            for e in exposures if e.symbol in market.instruments and e.price > 0 and e.direction
        ]

    def to(self, x: float) -> Point:
        """Go on to ``x``, not before where it stands."""
        while not self._lost:
            due = min(self._events(), key=lambda event: event[:3], default=None)
            limit = x if due is None else min(x, due[0])
            if self._market.crossed and self._ruined(limit):
                break
            if due is None or due[0] > x + _NEAR:
                break
            self._x = limit
            self._happen(self._legs[due[2]], _ORDER[due[1]], due[3])
        self._x = max(self._x, x)
        equity = self._now(self._x)
        return Point(self._sign * x, equity, equity - self._equity, tuple(self._happened), self._lost)

    def _now(self, x: float) -> float:
        return 0.0 if self._lost else self._equity + sum(leg.change(x) for leg in self._legs)

    def _events(self) -> list[tuple[float, int, int, float]]:
        """What each leg meets next: when, in which order at one moment, which leg, at which price."""
        found = []
        for i, leg in enumerate(self._legs):
            if leg.done:
                continue
            d, x = leg.direction, self._x
            if leg.quantity > 0:
                if not self._market.crossed:
                    gone = liquidation_price(d, leg.quantity, leg.cost, leg.margin, leg.rules)
                    if gone > 0:
                        found.append((leg.when(gone, below=d > 0, x=x), 0, i, gone))
                if leg.stop is not None:
                    found.append((leg.when(leg.stop, below=d > 0, x=x), 1, i, leg.stop))
                if leg.exposure.target is not None:
                    found.append((leg.when(leg.exposure.target, below=d < 0, x=x), 2, i, leg.exposure.target))
            if leg.rungs and leg.rungs[0].price is not None:
                found.append((leg.when(leg.rungs[0].price, below=d > 0, x=x), 3, i, leg.rungs[0].price))
        return [event for event in found if event[0] < math.inf]

    def _happen(self, leg: _Leg, kind: str, price: float) -> None:
        d, stands = leg.direction, leg.at(self._x)
        level = leg.rungs[0].level if kind == "level" else -1
        if kind == "liquidation":
            leg.banked -= leg.margin
        elif kind == "stop":
            left = (min(price, stands) if d > 0 else max(price, stands)) * (1 - d * self._market.slippage)
            leg.banked += d * (leg.quantity * left - leg.cost) - leg.quantity * left * leg.rules.taker_fee
        elif kind == "target":
            price = max(price, stands) if d > 0 else min(price, stands)
            passed = abs(price - stands) < 1e-9 * stands and self._x == 0.0
            fee = leg.rules.taker_fee if passed else leg.rules.maker_fee
            leg.banked += d * (leg.quantity * price - leg.cost) - leg.quantity * price * fee
        elif not self._filled(leg, price, stands):
            return
        self._happened.append(Happened(
            kind, leg.exposure.strategy, leg.exposure.symbol, self._sign * self._x, price, level
        ))
        if kind != "level":
            leg.quantity = leg.cost = leg.margin = 0.0
            leg.done = True

    def _filled(self, leg: _Leg, price: float, stands: float) -> bool:
        """Fill the next level; not a first one whose stop the market has passed, which also ends the ladder."""
        rung = leg.rungs.pop(0)
        d, passed = leg.direction, leg.direction * (price - stands) > 1e-9 * stands
        paid = stands if passed else price
        if leg.quantity == 0 and d * (paid - rung.stop) <= 0:
            leg.rungs.clear()
            return False
        value = rung.quantity * paid
        leg.banked -= value * (leg.rules.taker_fee if passed else leg.rules.maker_fee)
        leg.quantity, leg.cost, leg.stop = leg.quantity + rung.quantity, leg.cost + value, rung.stop
        leg.margin += value / leg.exposure.leverage
        return True

    def _ruined(self, limit: float) -> bool:
        """Whether crossed margin ends on the way to ``limit``: equity meets maintenance; then nothing is left."""
        here, there = self._spare(self._x), self._spare(limit)
        if not any(leg.quantity > 0 for leg in self._legs) or (here > 0 and there > 0):
            return False
        self._x += 0.0 if here <= 0 else (limit - self._x) * here / (here - there)
        for leg in self._legs:
            if leg.quantity > 0:
                self._happened.append(Happened(
                    "liquidation", leg.exposure.strategy, leg.exposure.symbol, self._sign * self._x,
                    leg.at(self._x), -1,
                ))
        self._lost = True
        return True

    def _spare(self, x: float) -> float:
        """Equity beyond the maintenance margin of what is open."""
        needed = 0.0
        for leg in self._legs:
            if leg.quantity > 0:
                tier = tier_of(leg.cost, leg.rules)
                needed += leg.quantity * leg.at(x) * tier.rate - tier.deduction
        return self._now(x) - needed
