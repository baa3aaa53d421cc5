"""No look-ahead: a row says the same when the candles after it are removed.

The market is cut after row t, and every row up to t is compared exactly with what it says when the rest is there.
Cuts are made around rows with signals, then at all others in a seeded order, as long as patience lasts.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from optimization.checking.market import CheckMarket
from optimization.checking.subject import Broken, Checked
from optimization.checking.tables import Table, first_difference, signal_rows

LEAST_CUTS: Final = 120
_AROUND_SIGNALS: Final = 40


@dataclass(frozen=True, slots=True)
class Leak:
    """A value that changed when the future was removed.

    column : which, such as ``target.reference``. row : of the market. ts_ms : when that row's candle opened.
    known_to : the last row that was left.
    """

    column: str
    row: int
    ts_ms: int
    with_future: Any
    without_future: Any
    known_to: int


@dataclass(frozen=True, slots=True)
class LookAhead:
    """The earliest leak that was found, if any; ``cuts`` were made out of ``rows`` possible ones.

    first : whether every row before the leak was looked at.
    """

    leak: Leak | None
    cuts: int
    rows: int
    first: bool


def look_ahead(
    subject: Checked[Any], market: CheckMarket, *, seed: int = 1, patience_s: float = 2.0, most: int | None = None
) -> LookAhead:
    """Cut ``market`` at many rows and compare; at ``most`` as many, and `LEAST_CUTS` however long they take.

    Raises Broken when the strategy does, or when the market is shorter than its warm-up.
    """
    start = subject.warmup - 1
    if start >= len(market) - 1:
        raise Broken(f"the market has {len(market):,} candles, not more than the {start + 1:,} of the warm-up")
    whole = subject.table(market)
    ends = time.perf_counter() + patience_s
    made = 0
    for made, cut in enumerate(_order(whole, start, len(market) - 1, seed), 1):
        leak = leak_at(subject, market, whole, cut)
        if leak is not None:
            return _narrowed(subject, market, whole, leak, start, made, patience_s)
        if made == most or (made >= LEAST_CUTS and time.perf_counter() > ends):
            break
    return LookAhead(None, made, len(market) - 1 - start, True)


def leak_at(subject: Checked[Any], market: CheckMarket, whole: Table, cut: int) -> Leak | None:
    """The first row that says something else when row ``cut`` is the last."""
    difference = first_difference(whole, subject.table(market.slice(0, cut + 1)))
    if difference is None:
        return None
    ts_ms = int(market.candles.ts_ms[difference.row])
    return Leak(difference.column, difference.row, ts_ms, difference.first, difference.second, cut)


def _order(whole: Table, start: int, stop: int, seed: int) -> Iterator[int]:
    """Rows [start, stop), each once: some next to signals, then all others."""
    rng = np.random.default_rng(seed)
    signals = np.array([r for r in signal_rows(whole) if start < r < stop - 1], dtype=np.int64)
    chosen = rng.permutation(signals)[:_AROUND_SIGNALS]
    near = dict.fromkeys(r for s in chosen.tolist() for r in (s - 1, s, s + 1))
    others = (r for r in rng.permutation(np.arange(start, stop)).tolist() if r not in near)
    yield from _alternated(iter(near), others)


def _alternated(a: Iterator[int], b: Iterator[int]) -> Iterator[int]:
    """One of each in turn, so that few cuts see some of both."""
    for x in a:
        yield x
        yield from (y for y in (next(b, None),) if y is not None)
    yield from b


def _narrowed(
    subject: Checked[Any], market: CheckMarket, whole: Table, leak: Leak, start: int, made: int, patience_s: float
) -> LookAhead:
    """The earliest leak: halving where leaks are dense, then every cut before what that found."""
    low, high = start, leak.known_to
    while low < high:
        middle = (low + high) // 2
        found = leak_at(subject, market, whole, middle)
        made += 1
        if found is None:
            low = middle + 1
        else:
            leak, high = min(found, leak, key=lambda x: x.row), middle
    ends = time.perf_counter() + patience_s
    for cut in range(start, high):
        if time.perf_counter() > ends:
            return LookAhead(leak, made, len(market) - 1 - start, False)
        found = leak_at(subject, market, whole, cut)
        made += 1
        if found is not None:
            leak = min(found, leak, key=lambda x: x.row)
            break
    return LookAhead(leak, made, len(market) - 1 - start, True)
