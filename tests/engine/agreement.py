"""Whether the engines agree on a scene, to the last bit, in all three uses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tests.engine.engines import Scene, by_backtest, by_reference, by_steps, sweep_totals, totals_of
from tests.reference.records import Tape


def disagreements(scene: Scene, *, interrupted: bool = False) -> list[str]:
    """What differs, in words; empty when nothing does."""
    truth = by_reference(scene)
    folded = by_backtest(scene)
    stepped = by_steps(scene, interrupted=interrupted)
    found: list[str] = []
    for use, outcome in (("fold", folded), ("steps", stepped)):
        found += _first_difference(f"{use}: fill", truth.fills, outcome.fills)
        found += _first_difference(f"{use}: trade", truth.trades, outcome.trades)
        found += _first_difference(f"{use}: equity", truth.equity, outcome.equity)
        found += _first_difference(f"{use}: wallet", [truth.wallet], [outcome.wallet])
        found += _first_difference(f"{use}: exposure", [truth.exposure], [outcome.exposure])
    found += _first_difference("fold: ambiguous", [truth.ambiguous], [folded.ambiguous])
    for name, part in (("whole", scene), ("window", window(scene))):
        totals, expected = sweep_totals(part), totals_of(by_reference(part, close_at_end=True))
        found += _first_difference(f"sweep of the {name}", list(expected.items()), list(totals.items()))
    return found


def window(scene: Scene) -> Scene:
    """The middle of a scene, as a sweep's window would walk it."""
    n = len(scene.tape)
    start, end = n // 4, max(n // 4 + 1, n - n // 5)
    t = scene.tape
    cut = slice(start, end)
    tape = Tape(t.ts_ms[cut], t.open[cut], t.high[cut], t.low[cut], t.close[cut], t.volume[cut], t.funding[cut])
    return replace(scene, tape=tape, row=scene.row[cut])


def _first_difference(what: str, truth: Sequence[object], got: Sequence[object]) -> list[str]:
    for i, (a, b) in enumerate(zip(truth, got, strict=False)):
        if a != b:
            return [f"{what} {i}: expected {a}, got {b}"]
    if len(truth) != len(got):
        longer = truth if len(truth) > len(got) else got
        i = min(len(truth), len(got))
        return [f"{what} {i}: {'missing' if longer is truth else 'too many'}: {longer[i]}"]
    return []
