"""Whether the engines agree on a scene, to the last bit, in all their uses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from core.plan import Plan
from engine.sweep import Sweep
from tests.engine.engines import (
    Scene,
    by_backtest,
    by_reference,
    by_steps,
    still_open,
    sweep_of,
    sweep_totals,
    totals_of,
)
from tests.reference.records import Outcome, Tape


def disagreements(scene: Scene, *, interrupted: bool = False) -> list[str]:
    """What differs, in words; empty when nothing does."""
    return compare(scene, by_reference(scene, close_at_end=True), interrupted=interrupted)


def compare(scene: Scene, closed: Outcome, *, interrupted: bool = False) -> list[str]:
    """What differs from the reference's outcome, in which what was open at the end is ``closed``."""
    truth = still_open(closed, scene.capital)
    folded = by_backtest(scene)
    found = _differences("fold", truth, folded)
    found += _differences("steps", truth, by_steps(scene, interrupted=interrupted))
    found += _first_difference("fold: ambiguous", [truth.ambiguous], [folded.ambiguous])
    sweep, middle = sweep_of(scene, [scene.plan]), bounds(scene)
    in_the_middle = by_reference(window(scene), close_at_end=True)
    for part, where, ended in (("whole", (0, None), closed), ("window", middle, in_the_middle)):
        expected, totals = totals_of(ended), sweep_totals(sweep, *where)[0]
        found += _first_difference(f"sweep of the {part}", list(expected.items()), list(totals.items()))
    return found


def halted_disagreements(scene: Scene) -> list[str]:
    """What differs when the account forbids new entries for the middle of the scene."""
    start, end = bounds(scene)

    def halted(t: int) -> bool:
        return start <= t < end

    return _differences("halted", by_reference(scene, halted=halted), by_steps(scene, halted=halted))


def crowd_disagreements(scene: Scene, plans: list[Plan]) -> list[str]:
    """What differs when these plans share one sweep, and with it columns, indices, book and account."""
    found = []
    sweep, middle = sweep_of(scene, plans), bounds(scene)
    whole, part = sweep_totals(sweep), sweep_totals(sweep, *middle)
    for i, plan in enumerate(plans):
        mine = replace(scene, plan=plan)
        for name, walked, totals in (("whole", mine, whole[i]), ("window", window(mine), part[i])):
            expected = totals_of(by_reference(walked, close_at_end=True))
            found += _first_difference(f"plan {i} of the {name}", list(expected.items()), list(totals.items()))
        found += _repeated_differently(i, sweep, sweep_of(scene, [plan]))
    return found


def _repeated_differently(i: int, crowd: Sweep, alone: Sweep) -> list[str]:
    """What differs when plan ``i`` of a crowd is walked alone, repeating no other plan's cycles, in any statistic."""
    together, apart = crowd.walk(daily=True), alone.walk(daily=True)
    names = [n for n in apart.stats.dtype.names or () if together.stats[n][i].tobytes() != apart.stats[n][0].tobytes()]
    found = [f"plan {i} alone: {n}: {apart.stats[n][0]}, in a crowd {together.stats[n][i]}" for n in names]
    if together.daily[i].tobytes() != apart.daily[0].tobytes():
        found.append(f"plan {i} alone: other daily returns")
    return found


def bounds(scene: Scene) -> tuple[int, int]:
    """The middle of a scene, as candles [start, end)."""
    n = len(scene.tape)
    return n // 4, max(n // 4 + 1, n - n // 5)


def window(scene: Scene) -> Scene:
    """The middle of a scene as a scene: a sweep's window is walked as if nothing had been before."""
    start, end = bounds(scene)
    t, cut = scene.tape, slice(start, end)
    tape = Tape(t.ts_ms[cut], t.open[cut], t.high[cut], t.low[cut], t.close[cut], t.volume[cut], t.funding[cut])
    return replace(scene, tape=tape, row=scene.row[cut])


def _differences(use: str, truth: Outcome, got: Outcome) -> list[str]:
    """Of everything but what only a fold counts."""
    found = []
    for what in ("fills", "trades", "equity"):
        found += _first_difference(f"{use}: {what}", getattr(truth, what), getattr(got, what))
    for what in ("wallet", "exposure"):
        found += _first_difference(f"{use}: {what}", [getattr(truth, what)], [getattr(got, what)])
    return found


def _first_difference(what: str, truth: Sequence[object], got: Sequence[object]) -> list[str]:
    for i, (a, b) in enumerate(zip(truth, got, strict=False)):
        if a != b:
            return [f"{what} {i}: expected {a}, got {b}"]
    if len(truth) != len(got):
        longer = truth if len(truth) > len(got) else got
        i = min(len(truth), len(got))
        return [f"{what} {i}: {'missing' if longer is truth else 'too many'}: {longer[i]}"]
    return []
