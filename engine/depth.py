"""What a market order costs beyond the middle price, from recorded order books.

Half the spread and the walk through the levels; no hidden liquidity, no reaction of the market to the order.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from core.candle import Floats
from core.errors import DataError
from core.recordings import BookSnapshots


class DepthEstimate(NamedTuple):
    """Mean slippage of buying and selling ``notional``, a fraction of the middle price, and what it rests on.

    snapshots : how many were looked at, from the first to the last moment (UTC ms); thin : in how many of them a side
    was too thin for the order, which are left out of the mean.
    """

    slippage: float
    notional: float
    snapshots: int
    thin: int
    from_ms: int
    to_ms: int


def estimate(parts: Iterable[BookSnapshots], notional: float) -> DepthEstimate:
    """Slippage of a market order of ``notional`` (quote currency, above 0) over all snapshots, both sides.

    Raises DataError when there are no snapshots, or none is deep enough.
    """
    known: list[Floats] = []
    times: list[int] = []
    for books in parts:
        if len(books):
            known.append(slippage(books, notional))
            times += int(books.ts_ms[0]), int(books.ts_ms[-1])
    if not known:
        raise DataError("no recorded order books to estimate slippage from")
    fractions = np.concatenate(known)
    deep = fractions[np.isfinite(fractions)]
    if not len(deep):
        raise DataError(f"an order of {notional:,.0f} is larger than every recorded order book is deep")
    return DepthEstimate(float(deep.mean()), notional, len(fractions), len(fractions) - len(deep), times[0], times[-1])


def slippage(books: BookSnapshots, notional: float) -> Floats:
    """float64[n]: how much worse than the middle price an order of ``notional`` fills, the mean of both sides.

    A fraction of the middle price; NaN where a side is too thin.
    """
    middle = (books.bid_price[:, 0] + books.ask_price[:, 0]) / 2.0
    quantity = notional / middle
    bought = average_price(books.ask_price, books.ask_quantity, quantity)
    sold = average_price(books.bid_price, books.bid_quantity, quantity)
    return (bought - sold) / (2.0 * middle)


def average_price(prices: Floats, quantities: Floats, wanted: Floats) -> Floats:
    """float64[n]: mean price of taking ``wanted`` (base, above 0) from one side of each snapshot; NaN where too thin.

    prices, quantities : float64[n, levels], the best level first. wanted : float64[n].
    """
    before = np.cumsum(quantities, axis=1) - quantities
    taken = np.clip(wanted[:, None] - before, 0.0, quantities)
    enough = quantities.sum(axis=1) >= wanted
    return np.where(enough, (taken * prices).sum(axis=1) / wanted, np.nan)
