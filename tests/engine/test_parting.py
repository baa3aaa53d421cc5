"""Where a tighter stop was met, a wider one goes on from the book before that candle: as if it had walked there."""

from __future__ import annotations

import numpy as np
import pytest

from core.candle import Candles
from core.plan import AVERAGE, EXIT_LONG, FIRST, MARKET, Level, Plan
from core.resample import aggregate
from engine import cycles
from engine.bind import Binder
from engine.costs import Costs
from engine.cycles import Cycles
from engine.records import BOOK
from engine.span import Span, span
from engine.sweep import Sweep, SweptWindows
from indicators.moving_average import sma
from tests.contract.strategies import candles

HOURS = candles("1h", 33, 1500)
FOURS = aggregate(HOURS, "4h")
FUNDING = (HOURS.ts_ms[::8].copy(), np.full(188, 2e-4))
STOPS = (0.004, 0.006, 0.01, 0.015, 0.03, 0.08)
COSTS = {"plain": Costs(), "ticks": Costs(tick=0.05), "liquidated first": Costs(leverage=20.0)}


def ladder(decision: Candles, stop: float) -> Plan:
    """Three limits below the average, out at the average."""
    average = sma(decision.close, 7)
    return Plan(
        1, (-0.008, -0.016, -0.024), (0.3, 0.3, 0.3), Level(AVERAGE, -stop), average, Level(average, moving=True)
    )


def pyramid(decision: Candles, stop: float) -> Plan:
    """In at the market in each row above the average, out below it."""
    above = (decision.close > sma(decision.close, 7)).astype(np.int8)
    leave = (1 - above) * np.int8(EXIT_LONG)
    return Plan(above, (MARKET, MARKET, MARKET), (0.2, 0.3, 0.4), Level(FIRST, -stop), exit=leave, max_hold=9)


KINDS = {"ladder": ladder, "pyramid": pyramid}


def ready(plans: list[Plan], decision: Candles, costs: Costs) -> Sweep:
    walked: Span = span(HOURS, decision, FUNDING)
    binder = Binder(len(decision))
    for plan in plans:
        binder.add(plan)
    return Sweep("TEST-USDT", walked, binder, costs)


def same(together: SweptWindows, plans: list[Plan], windows: list[tuple[int, int]], decision: Candles, costs: Costs):
    for i, plan in enumerate(plans):
        one = ready([plan], decision, costs)
        for w, (start, end) in enumerate(windows):
            alone = one.walk(start, end, daily=True)  # one plan in one window shares nothing
            assert together.stats[w, i].tobytes() == alone.stats[0].tobytes()
            assert together.daily[i, slice(*together.first_day[w : w + 2])].tobytes() == alone.daily[0].tobytes()


@pytest.mark.parametrize("costs", COSTS.values(), ids=COSTS)
@pytest.mark.parametrize("kind", KINDS)
def test_in_the_middle_of_a_row(kind, costs):
    plans = [KINDS[kind](FOURS, s) for s in STOPS]
    windows = [(0, len(HOURS))]
    (together,) = ready(plans, FOURS, costs).windows(windows, daily=True)
    same(together, plans, windows, FOURS, costs)


@pytest.mark.parametrize("decision", [HOURS, FOURS], ids=["hours", "rows of four hours"])
@pytest.mark.parametrize("kind", KINDS)
def test_in_windows_that_end_before_it(kind, decision):
    plans = [KINDS[kind](decision, s) for s in STOPS]
    windows = [(100, 900), *((100, end) for end in range(899, 800, -1))]
    (together,) = ready(plans, decision, Costs()).windows(windows, daily=True)
    same(together, plans, windows, decision, Costs())


@pytest.mark.parametrize(("most", "snapshots"), [(2, 0), (3, 2), (7, 3), (40, 20)])
@pytest.mark.parametrize("kind", KINDS)
def test_with_little_room(kind, most, snapshots):
    plans, windows = [KINDS[kind](HOURS, s) for s in STOPS], [(0, 700), (300, 1500)]
    sweep = ready(plans, HOURS, Costs())
    room = sweep.room(kept=False)
    small = Cycles(room.walked[:most], room.marks, room.slots, np.empty(snapshots, BOOK), room.ranges, room.work)
    (together,) = sweep.windows(windows, daily=True, cycles=small)
    same(together, plans, windows, HOURS, Costs())


def test_not_from_what_an_earlier_call_kept():
    plans = [ladder(HOURS, s) for s in STOPS]
    sweep = ready(plans, HOURS, Costs())
    kept = sweep.room()
    for windows in ([(0, 600)], [(0, 1000)], [(0, 1500)]):
        (together,) = sweep.windows(windows, daily=True, cycles=kept)
        kept.snapshots[:] = np.zeros(1, BOOK)  # what it knew then is not there any more
        same(together, plans, windows, HOURS, Costs())
    assert kept.snapshots.size == len(HOURS) + 1 < cycles.MOST_CYCLES
