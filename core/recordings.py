"""What is recorded beside candles: order book snapshots and public trades, as columns, oldest first.

Times are UTC milliseconds, prices in quote currency, quantities in base. ``checked`` proves the rules that each class
names; builders that read foreign data must call it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.candle import Floats, Ints
from core.errors import DataError

Depth = NDArray[np.float64]
Sides = NDArray[np.int8]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False, slots=True)
class BookSnapshots:
    """Snapshots of an order book.

    ts_ms : int64[n], increasing strictly. The others are float64[n, levels], level 0 the best: finite, above zero,
    bids falling and asks rising from level to level, the best bid below the best ask.
    """

    ts_ms: Ints
    bid_price: Depth
    bid_quantity: Depth
    ask_price: Depth
    ask_quantity: Depth

    def __len__(self) -> int:
        return len(self.ts_ms)

    def between(self, from_ms: int, to_ms: int) -> BookSnapshots:
        """Snapshots of the half-open span [from_ms, to_ms), as views."""
        start, stop = np.searchsorted(self.ts_ms, [from_ms, to_ms])
        rows = slice(int(start), int(stop))
        return BookSnapshots(
            self.ts_ms[rows], self.bid_price[rows], self.bid_quantity[rows], self.ask_price[rows],
            self.ask_quantity[rows],
        )

    def checked(self, what: str) -> BookSnapshots:
        """Self, proven sound. Raises DataError naming ``what``, the row and its time."""
        numbers = np.concatenate((self.bid_price, self.bid_quantity, self.ask_price, self.ask_quantity), axis=1)
        bids_rise: Flags = np.any(np.diff(self.bid_price, axis=1) >= 0, axis=1)
        asks_fall: Flags = np.any(np.diff(self.ask_price, axis=1) <= 0, axis=1)
        faults = (
            ("is out of order or doubled", np.diff(self.ts_ms, prepend=self.ts_ms[:1] - 1) <= 0),
            ("has a price or a quantity that is not a positive number", ~_positive(numbers)),
            ("has a bid that is not below the one before it", bids_rise),
            ("has an ask that is not above the one before it", asks_fall),
            ("is crossed: its best bid is not below its best ask", self.bid_price[:, 0] >= self.ask_price[:, 0]),
        )
        _refuse(faults, self.ts_ms, what, "snapshot")
        return self


@dataclass(frozen=True, eq=False, slots=True)
class PublicTrades:
    """Trades of everybody, as the exchange published them.

    ts_ms : int64[n], not decreasing; several may share one. price, quantity : float64[n], finite, above zero.
    side : int8[n] of the aggressor, +1 bought, -1 sold.
    """

    ts_ms: Ints
    price: Floats
    quantity: Floats
    side: Sides

    def __len__(self) -> int:
        return len(self.ts_ms)

    def between(self, from_ms: int, to_ms: int) -> PublicTrades:
        """Trades of the half-open span [from_ms, to_ms), as views."""
        start, stop = np.searchsorted(self.ts_ms, [from_ms, to_ms])
        rows = slice(int(start), int(stop))
        return PublicTrades(self.ts_ms[rows], self.price[rows], self.quantity[rows], self.side[rows])

    def checked(self, what: str) -> PublicTrades:
        """Self, proven sound. Raises DataError naming ``what``, the row and its time."""
        faults = (
            ("is out of order", np.diff(self.ts_ms, prepend=self.ts_ms[:1]) < 0),
            ("has a price or a quantity that is not a positive number",
             ~_positive(np.stack((self.price, self.quantity), axis=1))),
            ("has an aggressor that is neither a buyer nor a seller", np.abs(self.side) != 1),
        )
        _refuse(faults, self.ts_ms, what, "trade")
        return self


def _positive(table: Depth) -> Flags:
    """bool[n]: every number of a row is finite and above zero."""
    good: Flags = np.all(np.isfinite(table) & (table > 0), axis=1)
    return good


def _refuse(faults: tuple[tuple[str, Flags], ...], ts_ms: Ints, what: str, word: str) -> None:
    for complaint, wrong in faults:
        if wrong.any():
            row = int(np.argmax(wrong))
            raise DataError(f"{what}: {word} {row} at {np.datetime64(int(ts_ms[row]), 'ms')}Z {complaint}")
