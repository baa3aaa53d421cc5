"""The engines under test behind one shape: the reference, the recorded fold, single steps, and the sweep's totals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.candle import Candle, Candles
from core.plan import Level, Plan, Trail
from engine import backtest
from engine.bind import Binder
from engine.chance import symbol_id
from engine.costs import Costs
from engine.ladder import Ladder
from engine.span import Span, span
from engine.sweep import Sweep
from tests.engine.rulebook import Case, Columns
from tests.reference import engine as reference
from tests.reference.records import Fill, Outcome, Tape, Trade

SYMBOL = "TEST-USDT"
MINUTE_MS = 60_000
Run = Callable[[Case], Outcome]


@dataclass(frozen=True, slots=True)
class Scene:
    """One scenario: candles, plan, the rows in force, costs, capital."""

    tape: Tape
    plan: Plan
    n_rows: int
    row: NDArray[np.int32]
    costs: Costs
    capital: float = 1000.0

    def span(self) -> Span:
        """Built as a caller does: from execution candles, and decision candles that close when their row begins."""
        t = self.tape
        execution = Candles("1m", t.ts_ms, t.open, t.high, t.low, t.close, t.volume)
        begins = np.searchsorted(self.row, np.arange(max(int(self.row.max()) + 1, 0)))
        closes = t.ts_ms[begins] - MINUTE_MS
        unknown = np.zeros(len(closes))
        decision = Candles("1m", closes, unknown, unknown, unknown, unknown, unknown)
        due = t.funding != 0
        return span(execution, decision, (t.ts_ms[due], t.funding[due]))


def never(t: int) -> bool:
    """No candle is halted."""
    return False


def by_reference(
    scene: Scene, *, close_at_end: bool = False, halted: Callable[[int], bool] = never
) -> Outcome:
    return reference.run(
        scene.tape, scene.plan, scene.row, scene.costs, scene.capital,
        symbol_id=symbol_id(SYMBOL), close_at_end=close_at_end, halted=halted,
    )


def still_open(closed: Outcome, capital: float) -> Outcome:
    """The same before what was open at the end was closed, without walking again.

    The wallet is summed anew, in the order of the trades, which is how it came about.
    """
    if not closed.trades or closed.trades[-1].reason != "end":
        return closed
    wallet = capital
    for trade in closed.trades[:-1]:
        wallet += trade.net
    return replace(closed, fills=closed.fills[:-1], trades=closed.trades[:-1], wallet=wallet)


def by_backtest(scene: Scene) -> Outcome:
    done = backtest.run(SYMBOL, scene.span(), scene.plan, scene.n_rows, scene.costs, scene.capital)
    return Outcome(
        [Fill(*fill) for fill in done.filled()],
        [Trade(*trade) for trade in done.closed()],
        [float(e) for e in done.equity],
        int(done.stats["ambiguous"]),
        int(done.stats["exposure"]),
        done.wallet,
    )


def by_steps(scene: Scene, *, interrupted: bool = False, halted: Callable[[int], bool] = never) -> Outcome:
    """Candle by candle; ``interrupted`` moves the state to a new ladder, as bytes, before every candle.

    halted : whether the account forbids new entries at candle t.
    """
    ladder, t, outcome = Ladder(SYMBOL, scene.costs, scene.capital), scene.tape, Outcome()
    known = -1
    for i in range(len(t)):
        if interrupted:
            state, ladder = ladder.snapshot(), Ladder(SYMBOL, scene.costs, scene.capital)
            ladder.restore(state)
        ladder._account["halted"] = halted(i)
        while known < scene.row[i]:
            known += 1
            ladder.new_row(one_row(scene.plan, known), int(t.ts_ms[i]), 1)
        candle = Candle(
            int(t.ts_ms[i]), float(t.open[i]), float(t.high[i]), float(t.low[i]), float(t.close[i]), float(t.volume[i])
        )
        done = ladder.walk(candle, float(t.funding[i]))
        outcome.fills += [Fill(*fill) for fill in done.fills]
        outcome.trades += [Trade(*trade) for trade in done.trades]
        outcome.equity.append(ladder.equity(candle.close))
        outcome.exposure += ladder.direction != 0
    outcome.wallet = ladder.wallet
    return outcome


def sweep_of(scene: Scene, plans: Sequence[Plan]) -> Sweep:
    """These plans over the candles of a scene, ready to be walked."""
    binder = Binder(scene.n_rows)
    for plan in plans:
        binder.add(plan)
    return Sweep(SYMBOL, scene.span(), binder, scene.costs, scene.capital)


def sweep_totals(sweep: Sweep, start: int = 0, end: int | None = None) -> list[dict[str, float]]:
    """What a sweep says of candles [start, end), for each of its plans."""
    return [{name: float(one[name]) for name in TOTALS} for one in sweep.walk(start, end).stats]


TOTALS = (
    "wallet", "trades", "wins", "fees", "funding", "gross_profit", "gross_loss", "net_profit", "net_loss", "exposure",
    "refusals", "ambiguous",
)


def totals_of(outcome: Outcome) -> dict[str, float]:
    """The same totals from trades, added in their order."""
    totals = dict.fromkeys(TOTALS, 0.0)
    for trade in outcome.trades:
        totals["trades"] += 1
        totals["fees"] += trade.fees
        totals["funding"] += trade.funding
        totals["wins"] += trade.net > 0
        totals["net_profit" if trade.net > 0 else "net_loss"] += abs(trade.net)
        totals["gross_profit" if trade.gross > 0 else "gross_loss"] += abs(trade.gross)
    totals |= {"wallet": outcome.wallet, "exposure": outcome.exposure, "ambiguous": outcome.ambiguous}
    totals["refusals"] = len(outcome.refusals)
    return totals


def one_row(plan: Plan, r: int) -> Plan:
    """The plan as it is known at row ``r``, that row alone."""

    def cut(column: Any) -> Any:
        return column[r : r + 1] if isinstance(column, np.ndarray) else column

    def cut_level(level: Level | None) -> Level | None:
        return None if level is None else level._replace(reference=cut(level.reference), unit=cut(level.unit))

    trail: Trail | None = plan.trail and plan.trail._replace(unit=cut(plan.trail.unit))
    stop = cut_level(plan.stop)
    assert stop is not None
    return Plan(
        cut(plan.direction), plan.coefficients, plan.weights, stop,
        base=cut(plan.base), unit=cut(plan.unit), target=cut_level(plan.target), trail=trail, freeze=plan.freeze,
        max_hold=plan.max_hold, cooldown=plan.cooldown, exit=cut(plan.exit), row_weight=cut(plan.row_weight),
        score=cut(plan.score),
    )


def scene_of(case: Case) -> Scene:
    tape = case.tape()
    return Scene(tape, case.plan(Columns(len(tape))), len(tape), case.row(), case.cost_model)


def _steps(case: Case) -> Outcome:
    outcome = by_steps(scene_of(case))
    outcome.ambiguous = by_backtest(scene_of(case)).ambiguous  # a step does not count; the fold does
    return outcome


ENGINES: dict[str, Run] = {
    "reference": lambda case: by_reference(scene_of(case)),
    "fold": lambda case: by_backtest(scene_of(case)),
    "steps": _steps,
}
