"""Where walked cycles are kept: those of the group of plans at work, and before them those of groups walked earlier.

What a call of `Sweep.windows` left here, a later call for other windows repeats instead of walking it again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.candle import Floats, Ints
from engine.cycle import CYCLE
from engine.records import BOOK
from engine.rounding import borrowing

MOST_CYCLES = 400_000
MOST_MARKS = 1_500_000
"""What is kept beside the group at work: 95 MB at most, of which only what is written is ever touched."""

CYCLES, MARKS, GROUP, PLACE, FIRST_CYCLE, FIRST_MARK = range(6)
"""Of ``work``: how much the group at work has, which it is, its place in the order, and where what it has begins."""


@dataclass(eq=False, slots=True)
class Cycles:
    """Room for the cycles of a sweep's groups, each group's behind those of the groups before it.

    walked : CYCLE[C]. marks : float64[M], open results at closes. slots : int32[T], for each candle the last cycle of
    the group at work that begins there. snapshots : BOOK[T + 1], the book before the stop of a cycle of that group was
    reached, if it was walked in this call. ranges : int64[n, 4], for each place of the order at which a group begins,
    what is kept of it: cycles [0, 1) and marks [2, 3). work : int64[6]. Not for two threads at once.
    """

    walked: np.ndarray
    marks: Floats
    slots: np.ndarray
    snapshots: np.ndarray
    ranges: Ints
    work: Ints

    @classmethod
    def room(cls, plans: int, candles: int, *, kept: bool) -> Cycles:
        """For so many plans over so many candles; without ``kept`` nothing but the group at work has room."""
        cycles, marks = (MOST_CYCLES, MOST_MARKS) if kept else (0, 0)
        return cls(
            np.empty(cycles + candles + 1, CYCLE), np.empty(marks + 2 * (candles + 1)), np.zeros(candles, np.int32),
            np.empty(candles + 1, BOOK), np.zeros((plans, 4), np.int64), np.array([0, 0, -1, 0, 0, 0]),
        )


@borrowing
def take_up(walked, marks, slots, ranges, work, group, place):
    """Begin with a group: what is kept of it comes to where it works, behind everything that is kept."""
    work[GROUP] = group
    work[PLACE] = place
    work[CYCLES] = 0
    work[MARKS] = 0
    cycles = ranges[place, 1] - ranges[place, 0]
    count = ranges[place, 3] - ranges[place, 2]
    if cycles > walked.size - work[FIRST_CYCLE] or count > marks.size - work[FIRST_MARK]:
        return
    for i in range(cycles):
        walked[work[FIRST_CYCLE] + i] = walked[ranges[place, 0] + i]
        walked[work[FIRST_CYCLE] + i].parting = -1
        slots[walked[ranges[place, 0] + i].begin] = i
    for i in range(count):
        marks[work[FIRST_MARK] + i] = marks[ranges[place, 2] + i]
    work[CYCLES] = cycles
    work[MARKS] = count


@borrowing
def lay_down(walked, marks, slots, ranges, work):
    """End with a group: what it has stays where it is, when the next one has room enough behind it."""
    place, cycle, mark = work[PLACE], work[FIRST_CYCLE] + work[CYCLES], work[FIRST_MARK] + work[MARKS]
    room = slots.size + 1
    if ranges[place, 1] > ranges[place, 0] or cycle > walked.size - room or mark > marks.size - 2 * room:
        return
    ranges[place, 0] = work[FIRST_CYCLE]
    ranges[place, 1] = cycle
    ranges[place, 2] = work[FIRST_MARK]
    ranges[place, 3] = mark
    work[FIRST_CYCLE] = cycle
    work[FIRST_MARK] = mark
