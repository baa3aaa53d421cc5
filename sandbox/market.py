"""The market on its time line: opens candles, walks them, settles funding, and tells what closed.

Between steps "candle t has opened": the time is its opening time, last and mark price are its open, funding due by
then is settled (on the positions carried into it: an order that comes after the opening does not pay, as in the
engine), and resting orders have not yet met that open. A minute that no symbol has is skipped: the time jumps.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from core.candle import Candle
from core.timeframe import DAY_MS, MINUTE_MS
from sandbox.liquidation import crossed
from sandbox.series import DayStatistics, Series
from sandbox.settlement import settle_funding
from sandbox.source import CandleSource, FundingRate
from sandbox.state import State
from sandbox.walk import Progress, Walk

_APART: Final = 1 / 60
"""How far prices of symbols whose crossed positions depend on each other go at once: a second of their minute."""


class Turn(NamedTuple):
    """A symbol's candle closed and its next one opened (or the market ended: a flat row at the last price)."""

    symbol: str
    closed: Candle
    opened: Candle


class _Line:
    """One symbol's minutes to come."""

    def __init__(self, symbol: str, source: CandleSource, series: Series) -> None:
        self.symbol, self._source, self._series = symbol, source, series
        self._rows: list[Candle] = []
        self._next = 0
        self._from_ms = source.start_ms
        self.walk: Walk | None = None
        self.finished: Candle | None = None

    def upcoming(self) -> Candle | None:
        """The next candle, not yet opened."""
        if self._next == len(self._rows):
            chunk = self._source.live(self.symbol, self._from_ms)
            self._series.extend(chunk)
            self._rows, self._next = chunk.rows(), 0
            if not self._rows:
                return None
            self._from_ms = self._rows[-1].ts_ms + MINUTE_MS
        return self._rows[self._next]

    def take(self) -> Candle:
        """Open the next candle."""
        self._next += 1
        return self._rows[self._next - 1]


class Market:
    """Drives the prices of all symbols of a source. No clock: its callers say how far to go."""

    def __init__(self, state: State, source: CandleSource) -> None:
        self._state, self._source = state, source
        self.series: dict[str, Series] = {}
        self.day: dict[str, DayStatistics] = {}
        self._lines: list[_Line] = []
        self._funding: dict[str, list[FundingRate]] = {}
        self._funding_until: dict[str, int] = {}
        self.settled: dict[str, list[FundingRate]] = {}
        for symbol in source.symbols:
            history = source.history(symbol)
            self.series[symbol] = Series(history, source.start_ms)
            self.day[symbol] = DayStatistics(history)
            self._lines.append(_Line(symbol, source, self.series[symbol]))
            first = int(history.ts_ms[0]) if len(history) else source.start_ms
            self.settled[symbol] = source.funding(symbol, first, source.start_ms)
            self._funding_until[symbol] = source.start_ms
        self.ended = False
        self.open_ms = source.start_ms
        self._open_next()

    @property
    def symbols(self) -> tuple[str, ...]:
        """Symbols in the order in which they are walked."""
        return self._source.symbols

    def walk(self, until: float = 1.0, *, pause: bool = False) -> int:
        """Walk every open candle to a fraction of its way; the number of things met. ``pause``: stop at the first.

        Symbols move together: what is met at the smallest fraction comes first, then the order of symbols, and all
        prices stand at that fraction when it happens.
        """
        met = 0
        reached = max((line.walk.fraction for line in self._lines if line.walk is not None), default=1.0)
        while not (pause and met):
            reach = min(until, reached + _APART) if self._entangled() else until
            nearest = self._nearest()
            if nearest is not None and nearest[0] <= reach:
                met += self._to(*nearest)
            elif reach < until:
                met += self._to(reach, None)
                reached = reach
            else:
                break
        if not (pause and met):
            met += self._to(until, None)
            if until >= 1.0 and not self.ended:
                self._state.now_ms = max(self._state.now_ms, self.open_ms + MINUTE_MS - 1)
        for line in self._lines:
            if line.walk is not None:
                self.series[line.symbol].current = line.walk.so_far()
        return met

    def _entangled(self) -> bool:
        """Whether anybody's crossed positions in one symbol depend on the price of another."""
        return any(
            len({position.symbol for position in crossed(account)}) > 1 for account in self._state.accounts.values()
        )

    def _nearest(self) -> tuple[float, _Line] | None:
        """Where on the way something is met next, and whose candle that is."""
        best: tuple[float, _Line] | None = None
        for line in self._lines:
            fraction = line.walk.ahead(self._state) if line.walk is not None else None
            if fraction is not None and (best is None or fraction < best[0]):
                best = fraction, line
        return best

    def _to(self, fraction: float, meeting: _Line | None) -> int:
        """Bring the others to a fraction, then let ``meeting`` meet what it meets there; the number of things met."""
        met = 0
        for line in self._lines:
            if line.walk is not None and line is not meeting:
                while line.walk.next_stop(self._state, fraction):
                    met += 1  # a hair's breadth of rounding before the nearest
        if meeting is not None and meeting.walk is not None:
            met += meeting.walk.next_stop(self._state)
        return met

    def position(self) -> dict[str, Any]:
        """Where the market is in its source, for `go_to`."""
        walks = {line.symbol: list(line.walk.progress) for line in self._lines if line.walk is not None}
        return {"open_ms": self.open_ms, "ended": self.ended, "walks": walks}

    def go_to(self, position: dict[str, Any]) -> None:
        """Be where another market of the same source was; nobody may hold a position yet.

        Raises ValueError when the source has no such minute.
        """
        while not self.ended and (self.open_ms < position["open_ms"] or position["ended"]):
            self.turn()
        if self.open_ms != position["open_ms"]:
            raise ValueError(f"the market has no minute at {position['open_ms']}")
        for line in self._lines:
            if line.walk is not None:
                line.walk.resume(Progress(*position["walks"][line.symbol]))
                self.series[line.symbol].current = line.walk.so_far()

    def in_progress(self) -> list[tuple[str, Candle]]:
        """The candles on their way, as they stand."""
        return [(line.symbol, line.walk.so_far()) for line in self._lines if line.walk is not None]

    @property
    def way_behind(self) -> bool:
        """Whether every open candle has reached its close."""
        return all(line.walk is None or line.walk.done for line in self._lines)

    def turn(self) -> list[Turn]:
        """Close the minute that was walked, open the next; what closed and opened."""
        for line in self._lines:
            if line.walk is not None:
                line.finished, line.walk = line.walk.candle, None
                self.day[line.symbol].add(line.finished)
        return self._open_next()

    def _open_next(self) -> list[Turn]:
        heads = [(line, line.upcoming()) for line in self._lines]
        times = [head.ts_ms for _, head in heads if head is not None]
        if not times:
            return self._end()
        self.open_ms = self._state.now_ms = min(times)
        turns = []
        for line, head in heads:
            if head is None or head.ts_ms != self.open_ms:
                continue
            line.take()
            line.walk = Walk(line.symbol, head)
            opened = Candle(head.ts_ms, head.open, head.open, head.open, head.open, 0.0)
            self._state.prices[line.symbol] = head.open
            self.series[line.symbol].current = opened
            self._settle(line.symbol, head)
            if line.finished is not None:
                turns.append(Turn(line.symbol, line.finished, opened))
                line.finished = None
        return turns

    def _settle(self, symbol: str, candle: Candle) -> None:
        """Funding due since the symbol's last candle, at this candle's open."""
        until = candle.ts_ms + 1
        pending = self._funding.setdefault(symbol, [])
        if until > self._funding_until[symbol]:
            # looked up a day at a time: sources may compute
            ahead = until + DAY_MS
            pending += self._source.funding(symbol, self._funding_until[symbol], ahead)
            self._funding_until[symbol] = ahead
        while pending and pending[0].ts_ms < until:
            rate = pending.pop(0)
            self.settled[symbol].append(rate)
            settle_funding(self._state, symbol, rate.rate, candle.open)

    def _end(self) -> list[Turn]:
        """Nothing more will come: every symbol stands at its last close, in a flat row that says so."""
        self.ended = True
        self.open_ms += MINUTE_MS
        self._state.now_ms = max(self._state.now_ms, self.open_ms)
        turns = []
        for line in self._lines:
            if line.finished is None:
                continue
            last = line.finished.close
            flat = Candle(line.finished.ts_ms + MINUTE_MS, last, last, last, last, 0.0)
            self.series[line.symbol].current = flat
            turns.append(Turn(line.symbol, line.finished, flat))
            line.finished = None
        return turns
