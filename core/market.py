"""The read-only view of one symbol that strategies see.

Law: row t of everything reachable from a Market uses candles up to t only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.candle import Candles, Floats, Ints
from core.plan import Column, Level, Price, Trail
from core.resample import aggregate, last_closed
from core.timeframe import timeframe_ms

_CANDLE_COLUMNS = ("open", "high", "low", "close", "volume")


class Market:
    """Columns of one symbol on its base timeframe, with memory for what was computed from them.

    Attributes
    ----------
    ts_ms : int64[n], opening times; open, high, low, close, volume : float64[n].
    extra : further columns by name, float64[n], NaN where unknown, each an attribute too: ``funding``, ``funding_ms``,
        ``open_interest`` (`core.extra`), ``book_imbalance``, ``trade_delta`` and so on (`indicators.order_flow`).

    Whatever is computed through `column` is remembered by its parameters, so combinations share columns.
    """

    def __init__(self, symbol: str, candles: Candles, extra: dict[str, Floats] | None = None) -> None:
        self.symbol, self.candles, self.timeframe = symbol, candles, candles.timeframe
        self.ts_ms: Ints = candles.ts_ms
        self.open, self.high, self.low = candles.open, candles.high, candles.low
        self.close, self.volume = candles.close, candles.volume
        self.extra = dict(extra or {})
        self._memory: dict[tuple[Any, ...], Any] = {}
        self._derived: dict[tuple[Any, ...], Any] = {}
        self._levels: dict[tuple[int, float, int, bool], Level] = {}
        self._trails: dict[tuple[int, float, bool], Trail] = {}
        for name, column in self.extra.items():
            if not hasattr(self, name):
                setattr(self, name, column)

    def __len__(self) -> int:
        return len(self.ts_ms)

    if TYPE_CHECKING:  # a real one would slow every look at an attribute, of which a sweep has thousands

        def __getattr__(self, name: str) -> Floats: ...

    def column(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """``function(*arguments)``, computed once; a string argument stands for the column of that name.

        >>> market.column(sma, "close", 20)                                    # doctest: +SKIP
        """
        key = (function, arguments)
        found = self._memory.get(key)
        if found is None:
            values = [self._named(a) if isinstance(a, str) else a for a in arguments]
            found = self._memory[key] = function(*values)
        return found

    def _named(self, name: str) -> Floats:
        """The column of this name."""
        column: Floats | None = getattr(self, name, None)
        if column is None:
            raise AttributeError(f"{self.symbol} has no column {name!r}")
        return column

    def derived(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """``function(self, *arguments)``, computed once.

        >>> market.derived(my_signals, params.period)                          # doctest: +SKIP
        """
        key = (function, arguments)
        found = self._derived.get(key)
        if found is None:
            found = self._derived[key] = function(self, *arguments)
        return found

    def remember(self, key: tuple[Any, ...], compute: Callable[[], Any]) -> Any:
        """The value under ``key``, computed by ``compute`` the first time."""
        found = self._memory.get(key)
        if found is None:
            found = self._memory[key] = compute()
        return found

    def level(
        self, reference: Column | Price, coefficient: float = 0.0, unit: Column | None = None, moving: bool = False
    ) -> Level:
        """The `Level` of these columns, one and the same for all plans that ask: a sweep binds it once.

        >>> market.level(AVERAGE, -params.stop_atr, ranges)                    # doctest: +SKIP
        """
        key = (id(reference), coefficient, id(unit), moving)
        found: Level | None = self._levels.get(key)
        if found is None or found.reference is not reference or found.unit is not unit:  # ids differ where it is sent
            found = self._levels[key] = Level(reference, coefficient, unit, moving)
        return found

    def trail(self, distance: float, unit: Column | None = None, moving: bool = False) -> Trail:
        """The `Trail` of this distance, as `level` has the level."""
        key = (id(unit), distance, moving)
        found: Trail | None = self._trails.get(key)
        if found is None or found.unit is not unit:
            found = self._trails[key] = Trail(distance, unit, moving)
        return found

    def on(self, timeframe: str) -> Higher:
        """This market on a higher timeframe, to be aligned back on the base without look-ahead."""
        higher: Higher = self.derived(Higher, timeframe)
        return higher


class Higher:
    """A market on a higher timeframe of the same symbol.

    `market` holds its closed candles; `align` brings a column of it back onto the base: base row t sees the last
    candle of this timeframe that had closed when base candle t closed. Rows before the first one are NaN.
    """

    def __init__(self, base: Market, timeframe: str) -> None:
        if timeframe_ms(timeframe) % timeframe_ms(base.timeframe):
            raise ValueError(f"timeframe {timeframe!r} is not a multiple of {base.timeframe!r}")
        self.market = Market(base.symbol, aggregate(base.candles, timeframe))
        self._row: NDArray[np.int64] = last_closed(base.candles, self.market.candles)

    def align(self, column: Floats) -> Floats:
        """float64[n_base] from float64[n_higher]; NaN before the first closed candle."""
        out = np.full(len(self._row), np.nan)
        known = self._row >= 0
        out[known] = column[self._row[known]]
        return out

    def column(self, function: Callable[..., Any], *arguments: Any) -> Floats:
        """As `Market.column`, computed on this timeframe and aligned on the base."""
        aligned: Floats = self.market.remember(
            ("aligned", function, *arguments), lambda: self.align(self.market.column(function, *arguments))
        )
        return aligned
