"""Order flow inside a candle, from book snapshots and public trades that were recorded.

Every function gives one value a candle, computed from what lies in [open, close) of that candle alone: causal at its
close, without warm-up. NaN where nothing was recorded; a candle that was recorded in part tells of that part.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from core.candle import Candles, Floats, Ints
from core.recordings import BookSnapshots, Depth, PublicTrades
from core.timeframe import timeframe_ms

LEVELS: Final = 10
LARGE_MULTIPLE: Final = 5.0


def book_imbalance(candles: Candles, book: BookSnapshots, levels: int = LEVELS) -> Floats:
    """Mean over the candle's snapshots of the weighted depth imbalance, float64[n] in [-1, 1].

    A snapshot's imbalance is ``(B - A) / (B + A)``. B sums, over the best ``levels`` bids, quantity divided by the
    distance from the mid price; A likewise over the asks: near depth counts most. Above zero: more is bid than asked.
    Source: the volume imbalance of Cartea, Donnelly and Jaimungal, Enhancing trading strategies with order book
    signals (2018), over several levels with inverse distance as weight (Shepard, 1968).
    """
    mid = (book.bid_price[:, :1] + book.ask_price[:, :1]) / 2.0
    bids = _near_depth(book.bid_quantity[:, :levels], mid - book.bid_price[:, :levels])
    asks = _near_depth(book.ask_quantity[:, :levels], book.ask_price[:, :levels] - mid)
    row = _row(candles, book.ts_ms)
    inside = row >= 0
    imbalance = (bids - asks) / (bids + asks)
    return _sum(candles, row[inside], imbalance[inside]) / _count(candles, row[inside])


def trade_volume(candles: Candles, trades: PublicTrades) -> Floats:
    """Recorded volume in base, float64[n]."""
    row = _row(candles, trades.ts_ms)
    inside = row >= 0
    return _sum(candles, row[inside], trades.quantity[inside])


def trade_delta(candles: Candles, trades: PublicTrades) -> Floats:
    """Volume of aggressive buys less that of aggressive sells, in base, float64[n].

    Source: the signed volume of Lee and Ready, Inferring trade direction from intraday data (1991); here the exchange
    says who was the aggressor, so nothing is inferred.
    """
    row = _row(candles, trades.ts_ms)
    inside = row >= 0
    return _sum(candles, row[inside], (trades.quantity * trades.side)[inside])


def large_share(candles: Candles, trades: PublicTrades, multiple: float = LARGE_MULTIPLE) -> Floats:
    """Signed volume of large orders as a share of all volume, float64[n] in [-1, 1].

    Trades of one millisecond and one aggressor are one order, since an order that takes several price levels is
    published as several trades. An order is large from ``multiple`` times the mean order of its candle on.
    Source: the idea of Easley and O'Hara, Price, trade size, and information in securities markets (1987): informed
    traders trade large.
    """
    ts_ms, quantity, side = _orders(trades)
    row = _row(candles, ts_ms)
    inside = row >= 0
    row, quantity, side = row[inside], quantity[inside], side[inside]
    volume = _sum(candles, row, quantity)
    mean = volume / _count(candles, row)
    large = quantity >= multiple * mean[row]
    return _sum(candles, row, np.where(large, quantity * side, 0.0)) / volume


def _near_depth(quantity: Depth, distance: Depth) -> Floats:
    """Quantities over distances, summed over levels."""
    total: Floats = (quantity / distance).sum(axis=1)
    return total


def _orders(trades: PublicTrades) -> tuple[Ints, Floats, Floats]:
    """Times, quantities and sides of orders: runs of trades with one time and one aggressor."""
    if not len(trades):
        return trades.ts_ms, trades.quantity, trades.side.astype(np.float64)
    # Within one millisecond both sides may alternate; sorted by side, what belongs together stands together.
    order = np.lexsort((trades.side, trades.ts_ms))
    ts_ms, quantity, side = trades.ts_ms[order], trades.quantity[order], trades.side[order]
    begins = np.append(True, (np.diff(ts_ms) != 0) | (np.diff(side) != 0))
    start = np.flatnonzero(begins)
    return ts_ms[start], np.add.reduceat(quantity, start), side[start].astype(np.float64)


def _row(candles: Candles, ts_ms: Ints) -> Ints:
    """The row of the candle that holds each time, -1 for none."""
    row = (np.searchsorted(candles.ts_ms, ts_ms, side="right") - 1).astype(np.int64)
    held = row >= 0
    held[held] = ts_ms[held] < candles.ts_ms[row[held]] + timeframe_ms(candles.timeframe)
    row[~held] = -1
    return row


def _sum(candles: Candles, row: Ints, values: Floats) -> Floats:
    """Sums of ``values`` by row, NaN where there is none."""
    total = np.bincount(row, weights=values, minlength=len(candles)).astype(np.float64)
    total[np.bincount(row, minlength=len(candles)) == 0] = np.nan
    return total


def _count(candles: Candles, row: Ints) -> Floats:
    return np.maximum(np.bincount(row, minlength=len(candles)), 1).astype(np.float64)
