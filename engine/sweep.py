"""Many plans over one span: the parameter sweep of one symbol, compiled, interruptible between pieces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numba import float64, from_dtype, int32, int64, njit, types

from core.errors import InputError
from engine.bind import Binder
from engine.chance import symbol_id
from engine.costs import Costs
from engine.cycle import CYCLE
from engine.cycles import FIRST_CYCLE, FIRST_MARK, GROUP, Cycles, lay_down, take_up
from engine.fold import finish, fold
from engine.groups import sharing
from engine.index import first_entries
from engine.records import (
    ACCOUNT,
    BOOK,
    CANDLE,
    COST,
    EVENTS,
    PLAN,
    ROW,
    STATS,
    cost_record,
    new_account,
    new_books,
    new_events,
    read_only,
)
from engine.span import Span
from engine.stats import begin_stats

_NO_FILLS_DTYPE = EVENTS["fill"].base
_NO_TRADES_DTYPE = EVENTS["trade"].base


@dataclass(eq=False, slots=True)
class Swept:
    """One window of a sweep. stats : STATS[n_plans].

    daily : float64[n_plans, n_days], daily returns of equity, or [0, 0] when not asked for.
    looked_at : candles that the engine did not pass over, over all plans.
    """

    stats: np.ndarray
    daily: np.ndarray
    looked_at: int = 0


@dataclass(eq=False, slots=True)
class SweptWindows:
    """Several windows of a sweep, growing while they are walked. stats : STATS[n_windows, n_plans].

    daily : float64[n_plans, all days], the windows' days one after the other; those of window w are
    [first_day[w], first_day[w + 1]). [0, 0] when not asked for. looked_at : as in `Swept`, over all windows.
    """

    stats: np.ndarray
    daily: np.ndarray
    first_day: np.ndarray
    looked_at: int = 0


@njit(
    int64(
        read_only(CANDLE, 1), read_only(np.float64, 2), read_only(np.int8, 2), read_only(PLAN, 1),
        read_only(COST, 1), read_only(np.uint64, 2), read_only(np.int32, 1), read_only(np.int64, 2), int64, int64,
        float64,
        types.Array(from_dtype(ACCOUNT), 1, "C"), types.Array(from_dtype(BOOK), 1, "C"),
        types.Array(from_dtype(EVENTS), 1, "C"), types.Array(from_dtype(ROW), 1, "C"), read_only(BOOK, 1),
        types.Array(from_dtype(STATS), 2, "C"), float64[:, ::1], read_only(np.int64, 1),
        types.Array(from_dtype(_NO_FILLS_DTYPE), 1, "C"), types.Array(from_dtype(_NO_TRADES_DTYPE), 1, "C"),
        float64[::1], int64[::1], read_only(np.int64, 1), read_only(np.int32, 1), float64[::1],
        types.Array(from_dtype(CYCLE), 1, "C"), int32[::1], types.Array(from_dtype(BOOK), 1, "C"), int64[:, ::1],
        int64[::1],
    ),
    error_model="numpy", nogil=True, cache=True,
)
def _walk_plans(
    candles, columns, flags, plans, cost, touched, key, windows, first_plan, last_plan, capital, account, book, events,
    values, fresh, stats, daily, first_day, fills, trades, equity_out, counts, order, group, marks, walked, slots,
    snapshots, ranges, work,
):
    """Walk plans order[first_plan:last_plan] over the windows [start, end); returns the candles given to `advance`.

    A group's plans walk one window after the other, so that what they share they share over all windows.
    marks, walked, slots, snapshots, ranges, work : of `Cycles`.
    """
    called = 0
    begin = first_plan
    while begin < last_plan:
        upto = begin + 1
        while group[begin] >= 0 and upto < last_plan and group[upto] == group[begin]:
            upto += 1
        if group[begin] != work[GROUP] or group[begin] < 0:
            take_up(walked, marks, slots, ranges, work, group[begin], begin)
        some = group[begin] >= 0 and (windows.shape[0] > 1 or group[begin] < group.size)
        cycles = walked[work[FIRST_CYCLE] :] if some else walked[:0]
        results = marks[work[FIRST_MARK] :]
        for w in range(windows.shape[0]):
            start = windows[w, 0]
            end = windows[w, 1]
            for j in range(begin, upto):
                i = order[j]
                account[0].wallet = capital
                account[0].initial = capital
                account[0].reserved = 0.0
                account[0].halted = 0
                book[0] = fresh[0]
                begin_stats(stats[w, i], capital, candles[start].day, candles[end - 1].day)
                mine = daily[i, first_day[w] : first_day[w + 1]] if daily.shape[0] > 0 else equity_out
                called += fold(
                    candles, columns, flags, plans[i], cost[0], touched[key[i]], start, end, account[0], book[0],
                    events[0], values[0], stats[w, i], fills, trades, equity_out, mine, counts, results, cycles,
                    slots, snapshots, work, i,
                )
                finish(
                    candles[end - 1], plans[i], cost[0], account[0], book[0], events[0], values[0], stats[w, i], mine,
                    candles[start].day, 1,
                )
        if group[begin] >= 0 and (upto == group.size or group[upto] != group[begin]):
            lay_down(walked, marks, slots, ranges, work)
        begin = upto
    return called


class Sweep:
    """Plans bound to a span, ready to be walked window by window.

    The columns are shared, the next-entry index is built once per distinct first entry. Any window [start, end)
    of candles may be walked, any number of times, from several threads at once (compiled code frees the lock).
    """

    def __init__(self, symbol: str, span: Span, binder: Binder, costs: Costs, capital: float = 10_000.0) -> None:
        if len(span) == 0:
            raise InputError(f"{symbol}: no candles to walk")
        if len(binder) == 0:
            raise InputError(f"{symbol}: no plans to walk")
        self.span, self.capital = span, capital
        self.plans, self.columns, self.flags = binder.arrays()
        self.cost = cost_record(costs, symbol_id(symbol))
        self.order, self.group = sharing(self.plans, self.columns, costs.scale_free, costs.risk > 0.0)
        self.key, self.touched = first_entries(self.plans, span, self.columns, self.flags, costs.tick)

    def __len__(self) -> int:
        return len(self.plans)

    def walk(self, start: int = 0, end: int | None = None, *, daily: bool = False) -> Swept:
        """Every plan over candles [start, end), flat at its beginning, closed at its end."""
        window = (start, len(self.span) if end is None else end)
        swept = next(self.windows([window], daily=daily, plans_a_piece=len(self.plans)))
        return Swept(swept.stats[0], swept.daily, swept.looked_at)

    def room(self, *, kept: bool = True) -> Cycles:
        """For the cycles of this sweep alone, from one call of `windows` to the next."""
        return Cycles.room(len(self.plans), len(self.span), kept=kept)

    def windows(
        self, windows: Sequence[tuple[int, int]], *, daily: bool = False, plans_a_piece: int = 64,
        cycles: Cycles | None = None,
    ) -> Iterator[SweptWindows]:
        """Every plan over each of these windows of candles [start, end), as `walk` does one.

        Yields the growing result after each piece of plans, so that a caller can stop in between. Windows that overlap
        cost less than they do one by one: a cycle that two of them have is walked once. So do those of several calls
        that are given the same ``cycles`` (`room`).
        """
        for start, end in windows:
            if not 0 <= start < end <= len(self.span):
                raise InputError(f"window [{start}, {end}) of {len(self.span)} candles is empty or outside")
        candles, n, bounds = self.span.packed, len(self.plans), np.array(windows, np.int64).reshape(-1, 2)
        days = [int(candles[end - 1]["day"]) - int(candles[start]["day"]) + 1 for start, end in windows]
        first_day = np.concatenate(([0], np.cumsum(days, dtype=np.int64)))
        swept = SweptWindows(
            np.zeros((len(bounds), n), STATS), np.zeros((n, first_day[-1]) if daily else (0, 0)), first_day
        )
        nothing = (np.zeros(0, _NO_FILLS_DTYPE), np.zeros(0, _NO_TRADES_DTYPE), np.zeros(0), np.zeros(2, np.int64))
        state = (new_account(self.capital), new_books(1), new_events(wanted=False), np.zeros(1, ROW), new_books(1))
        own = cycles or self.room(kept=False)
        own.work[GROUP] = -1
        memory = own.marks, own.walked, own.slots, own.snapshots, own.ranges, own.work
        for first in range(0, n, plans_a_piece):
            swept.looked_at += _walk_plans(
                candles, self.columns, self.flags, self.plans, self.cost, self.touched, self.key, bounds, first,
                min(first + plans_a_piece, n), self.capital, *state, swept.stats, swept.daily, first_day, *nothing,
                self.order, self.group, *memory,
            )
            yield swept
