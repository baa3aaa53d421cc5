"""Warm-up: how many candles a row needs before it says, to 1e-9, what all of history would say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from optimization.checking.look_ahead import Leak
from optimization.checking.market import CheckMarket
from optimization.checking.subject import Broken, Checked
from optimization.checking.tables import Table, first_difference, signal_rows

TOLERANCE: Final = 1e-9
_ROWS: Final = 40
_PROBES: Final = 12


@dataclass(frozen=True, slots=True)
class WarmUp:
    """Candles needed and declared; needed is None when no window that fits into the market is enough.

    short : where the declared window says something else, ``with_future`` being what all history says. longest : the
    longest window that was tried.
    """

    declared: int
    needed: int | None
    short: Leak | None
    longest: int


def warm_up(
    subject: Checked[Any], market: CheckMarket, *, seed: int = 3, rows: int = _ROWS, search: bool = True
) -> WarmUp:
    """Windows of the declared length against the whole market; with ``search`` also the shortest that would do.

    Raises Broken when the strategy does on a window of the declared length.
    """
    declared, n = subject.warmup, len(market)
    if declared >= n:
        raise Broken(f"the market has {n:,} candles, not more than the {declared:,} of the warm-up")
    whole = subject.table(market)
    earliest = min(max(declared, n // 2), n - 1)
    trial = _Trial(subject, market, whole, _rows(whole, earliest, n, rows, seed))
    short = trial.fault(declared)
    if not search:
        return WarmUp(declared, declared if short is None else None, short, declared)
    return WarmUp(declared, trial.needed(declared, earliest, short is None, seed), short, max(declared, earliest))


class _Trial:
    """Windows of one length at a time, ending at given rows; the row that failed last is tried first."""

    def __init__(self, subject: Checked[Any], market: CheckMarket, whole: Table, rows: Sequence[int]) -> None:
        self._subject, self._market, self._whole, self._rows = subject, market, whole, list(rows)

    def fault(self, length: int) -> Leak | None:
        """The first row at which a window of ``length`` says something else than all history."""
        for i, t in enumerate(self._rows):
            window = self._subject.table(self._market.slice(t + 1 - length, t + 1))
            start = t + 1 - length
            difference = first_difference(self._whole, window, offset=start, only_last=True, rtol=TOLERANCE)
            if difference is not None:
                self._rows.insert(0, self._rows.pop(i))
                ts_ms = int(self._market.candles.ts_ms[t])
                return Leak(difference.column, t, ts_ms, difference.first, difference.second, t)
        return None

    def needed(self, declared: int, longest: int, enough: bool, seed: int) -> int | None:
        """The shortest window from which on every longer one that was tried is enough."""
        low, high = 0, declared
        while not enough:
            if high >= longest:
                return None
            low, high = high, min(2 * high, longest)
            enough = self._fits(high)
        ceiling = high
        needed = self._halved(low, high)
        for length in np.random.default_rng(seed).integers(needed, ceiling + 1, _PROBES).tolist():
            if length > needed and not self._fits(length):
                needed = self._halved(length, ceiling)
        return needed

    def _halved(self, low: int, high: int) -> int:
        """A window above ``low``, which does not fit, that fits while the one before it does not."""
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self._fits(middle) else (middle, high)
        return high

    def _fits(self, length: int) -> bool:
        try:
            return self.fault(length) is None
        except Broken:
            return False  # too short for the strategy to compute anything


def _rows(whole: Table, earliest: int, n: int, count: int, seed: int) -> list[int]:
    """Seeded rows [earliest, n), up to half of them rows with signals."""
    rng = np.random.default_rng(seed)
    signals = np.array([r for r in signal_rows(whole) if r >= earliest], dtype=np.int64)
    chosen = rng.permutation(signals)[: count // 2].tolist()
    return list(dict.fromkeys([*chosen, *rng.permutation(np.arange(earliest, n))[:count].tolist()]))
