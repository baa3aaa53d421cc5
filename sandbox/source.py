"""Where the exchange's candles come from: history that clients may ask for, and minutes that come live."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple, Protocol

from core.candle import Candles
from core.errors import DataError
from core.timeframe import DAY_MS, MINUTE_MS, timeframe_ms
from sandbox.path import expand

_CHUNK_MS: Final = DAY_MS


class FundingRate(NamedTuple):
    """A rate and when it is due; longs pay when it is positive."""

    ts_ms: int
    rate: float


class CandleSource(Protocol):
    """Candles of several symbols on one time line that goes live at ``start_ms``."""

    @property
    def symbols(self) -> tuple[str, ...]:
        """Symbols, in the order in which they are walked within a minute."""

    @property
    def start_ms(self) -> int:
        """When history ends and the market opens."""

    def history(self, symbol: str) -> Candles:
        """Closed candles before ``start_ms`` in the source's own timeframe."""

    def live(self, symbol: str, from_ms: int) -> Candles:
        """The next stretch of 1m candles that open at or after ``from_ms``; empty when there will be no more."""

    def funding(self, symbol: str, from_ms: int, to_ms: int) -> list[FundingRate]:
        """Rates due in the half-open span [from_ms, to_ms), oldest first."""


class StoredSource:
    """Candles at hand, of any timeframe that is a minute or walks in whole minutes (see `expand`).

    Candles that open before ``start_ms`` are history, the others come live. Raises DataError when a symbol has no
    candle from ``start_ms`` on.
    """

    def __init__(
        self,
        candles: Mapping[str, Candles],
        start_ms: int,
        funding: Mapping[str, list[tuple[int, float]]] | None = None,
    ) -> None:
        self._candles = dict(candles)
        self._start_ms = start_ms
        self._funding = {
            symbol: [FundingRate(int(ts), float(rate)) for ts, rate in rows]
            for symbol, rows in (funding or {}).items()
        }
        for symbol, column in self._candles.items():
            if not len(column) or column.ts_ms[-1] < start_ms:
                raise DataError(f"{symbol}: no candle at or after the start of the live market")

    @property
    def symbols(self) -> tuple[str, ...]:
        """Symbols in the given order."""
        return tuple(self._candles)

    @property
    def start_ms(self) -> int:
        """When the market opens."""
        return self._start_ms

    def history(self, symbol: str) -> Candles:
        """Candles that open before the start."""
        return self._candles[symbol].between(0, self._start_ms)

    def live(self, symbol: str, from_ms: int) -> Candles:
        """Up to a day of minutes; a gap in the data is skipped."""
        candles = self._candles[symbol]
        length = timeframe_ms(candles.timeframe)
        first = int(candles.ts_ms.searchsorted(max(from_ms - length + MINUTE_MS, self._start_ms)))
        if first == len(candles):
            return Candles.empty("1m")
        until = int(candles.ts_ms[first]) + max(_CHUNK_MS, length)
        minutes = expand(candles.slice(first, int(candles.ts_ms.searchsorted(until))))
        return minutes.between(from_ms, until)

    def funding(self, symbol: str, from_ms: int, to_ms: int) -> list[FundingRate]:
        """Rates due in [from_ms, to_ms)."""
        return [row for row in self._funding.get(symbol, []) if from_ms <= row.ts_ms < to_ms]
