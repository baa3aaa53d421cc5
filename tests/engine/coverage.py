"""Which rules a scenario exercises, so that a comparison of engines says what it has compared.

Law: a rule that can be switched off is exercised when the reference engine gives something else without it; what
cannot be switched off is looked for among the fills.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.plan import FIRST, MAX_ENTRIES
from engine.costs import Path
from tests.engine.engines import Scene, by_reference
from tests.engine.scenarios import changed
from tests.reference.records import Fill, Outcome

Without = Callable[[Scene], Scene]
Seen = Callable[[Scene, Outcome], bool]


@dataclass
class Exercise:
    """What scenarios exercised. looked_at : those whose rules were counted, which costs a walk for each."""

    scenarios: int = 0
    looked_at: int = 0
    trades: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)

    def count(self, scene: Scene, outcome: Outcome, *, rules: bool) -> None:
        """Add a scene with the reference's outcome; of reasons, in how many scenarios they occur."""
        self.scenarios += 1
        self.trades += len(outcome.trades)
        self.reasons.update({f.reason for f in outcome.fills})
        if rules:
            self.looked_at += 1
            self.rules.update(exercised(scene, outcome))

    def add(self, other: Exercise) -> None:
        """Add what other scenarios exercised."""
        self.scenarios += other.scenarios
        self.looked_at += other.looked_at
        self.trades += other.trades
        self.reasons += other.reasons
        self.rules += other.rules

    def table(self) -> str:
        """How many scenarios had each reason, and how many of those looked at needed each rule."""
        lines = [f"{'reason':<32}{'scenarios':>10}{'share':>9}"]
        lines += [f"{name:<32}{self.reasons[name]:>10}{_share(self.reasons[name], self.scenarios)}" for name in REASONS]
        lines += ["", f"{f'rule (of {self.looked_at} scenarios)':<32}{'scenarios':>10}{'share':>9}"]
        lines += [f"{name:<32}{self.rules[name]:>10}{_share(self.rules[name], self.looked_at)}" for name in RULES]
        return "\n".join(lines)


def _share(part: int, whole: int) -> str:
    return f"{100 * part / max(whole, 1):>7.2f} %"


def exercised(scene: Scene, outcome: Outcome) -> Iterator[str]:
    """The rules that shaped ``outcome``, the reference's of ``scene`` with what is open at its end closed."""
    for name, seen in OCCURRENCES.items():
        if seen(scene, outcome):
            yield name
    for name, without in SWITCHES.items():
        other = without(scene)
        if other is not scene and by_reference(other, close_at_end=True) != outcome:
            yield name


# switched off


def _costs(**plain: Any) -> Without:
    """The scene with these costs plain; itself when they are."""

    def without(scene: Scene) -> Scene:
        if all(getattr(scene.costs, key) == value for key, value in plain.items()):
            return scene
        return replace(scene, costs=replace(scene.costs, **plain))

    return without


def _plan(**plain: Any) -> Without:
    def without(scene: Scene) -> Scene:
        if all(getattr(scene.plan, key) is value for key, value in plain.items()):
            return scene
        return replace(scene, plan=changed(scene.plan, **plain))

    return without


def _path(path: Path) -> Without:
    return lambda scene: _costs(path=Path.NEARER)(scene) if scene.costs.path is path else scene


def _no_funding(scene: Scene) -> Scene:
    if not scene.tape.funding.any():
        return scene
    return replace(scene, tape=replace(scene.tape, funding=np.zeros(len(scene.tape))))


def _one_tier(scene: Scene) -> Scene:
    return _costs(tiers=scene.costs.tiers[:1])(scene)


def _fixed(name: str) -> Without:
    """The level or trail of that name latched at the first fill."""

    def without(scene: Scene) -> Scene:
        level: Any = getattr(scene.plan, name)
        if level is None or not level.moving:
            return scene
        return replace(scene, plan=changed(scene.plan, **{name: level._replace(moving=False)}))

    return without


def _known_ladder(scene: Scene) -> Scene:
    plan = scene.plan
    base, unit = _known(plan.base), _known(plan.unit)
    if base is plan.base and unit is plan.unit:
        return scene
    return replace(scene, plan=changed(plan, base=base, unit=unit))


def _known_level(name: str) -> Without:
    """The columns of the level or trail of that name without holes."""

    def without(scene: Scene) -> Scene:
        level: Any = getattr(scene.plan, name)
        if level is None:
            return scene
        columns = [part for part in ("reference", "unit") if part in level._fields]
        whole = level._replace(**{part: _known(getattr(level, part)) for part in columns})
        if all(a is b for a, b in zip(whole, level, strict=True)):
            return scene
        return replace(scene, plan=changed(scene.plan, **{name: whole}))

    return without


def _known(column: Any) -> Any:
    """The column with its last known value in place of NaN; itself when it has none, or is not a column."""
    if not isinstance(column, np.ndarray) or not np.isnan(column).any():
        return column
    last = np.maximum.accumulate(np.where(np.isnan(column), 0, np.arange(len(column))))
    return column[last]


SWITCHES: Final[dict[str, Without]] = {
    "sizing by risk": _costs(risk=0.0),
    "fixed capital": _costs(compounding=True),
    "participation": _costs(participation=0.0),
    "minimum quantity": _costs(min_quantity=0.0),
    "minimum notional": _costs(min_notional=0.0),
    "step": _costs(step=0.0),
    "tick": _costs(tick=0.0),
    "post-only": _costs(post_only=False),
    "fill probability": _costs(fill_probability=1.0),
    "trade-through": _costs(trade_through=0.0),
    "margin guard": _costs(guard=1.0),
    "crossed margin": _costs(crossed=False),
    "tier beyond the first": _one_tier,
    "funding": _no_funding,
    "pessimistic path": _path(Path.PESSIMISTIC),
    "optimistic path": _path(Path.OPTIMISTIC),
    "target": _plan(target=None),
    "moving target": _fixed("target"),
    "moving stop": _fixed("stop"),
    "trail": _plan(trail=None),
    "moving trail": _fixed("trail"),
    "freeze": _plan(freeze=False),
    "max_hold": _plan(max_hold=0),
    "cooldown": _plan(cooldown=0),
    "exit flag": _plan(exit=None),
    "row weight": _plan(row_weight=None),
    "ladder unknown in a row": _known_ladder,
    "target unknown in a row": _known_level("target"),
    "stop unknown in a row": _known_level("stop"),
    "trail unknown in a row": _known_level("trail"),
}

# found among the fills


def _detail(scene: Scene, outcome: Outcome) -> bool:
    """A fill in a later execution candle of its row."""
    index = {int(ts_ms): t for t, ts_ms in enumerate(scene.tape.ts_ms)}
    return any(t and scene.row[t] == scene.row[t - 1] >= 0 for t in (index[f.ts_ms] for f in outcome.made))


def _flip(scene: Scene, outcome: Outcome) -> bool:
    return any(
        a.reason == "exit" and b.reason == "entry" and a.ts_ms == b.ts_ms and a.direction == -b.direction
        for a, b in pairwise(outcome.made)
    )


def _entries(scene: Scene, outcome: Outcome, *, market: bool) -> list[Fill]:
    """Entries that were market orders, or limits."""
    is_market: NDArray[np.bool_] = np.isnan(np.array(scene.plan.coefficients))
    return [f for f in outcome.made if f.reason == "entry" and bool(is_market[f.level]) is market]


def _pyramid(scene: Scene, outcome: Outcome) -> bool:
    cycles = [f.cycle for f in _entries(scene, outcome, market=True)]
    return len(cycles) > len(set(cycles))


def _beyond(scene: Scene, outcome: Outcome) -> bool:
    """A limit that the open had passed."""
    return any(not f.maker for f in _entries(scene, outcome, market=False))


def _gap(scene: Scene, outcome: Outcome) -> bool:
    """A stop or trail met at an open, by a position carried there."""
    slippage, opens = scene.costs.slippage, dict(zip(scene.tape.ts_ms.tolist(), scene.tape.open.tolist(), strict=True))
    return any(
        t.reason in ("stop", "trail")
        and t.opened_ms < t.closed_ms
        and t.exit_price == opens[t.closed_ms] * (1 - t.direction * slippage)
        for t in outcome.trades
    )


def _liquidated(crossed: bool) -> Seen:
    return lambda scene, outcome: (
        scene.costs.crossed is crossed and any(t.reason == "liquidation" for t in outcome.trades)
    )


def _target(maker: bool) -> Seen:
    return lambda scene, outcome: any(f.reason == "target" and f.maker is maker for f in outcome.fills)


OCCURRENCES: Final[dict[str, Seen]] = {
    "a long's trade": lambda scene, outcome: any(t.direction > 0 for t in outcome.trades),
    "a short's trade": lambda scene, outcome: any(t.direction < 0 for t in outcome.trades),
    "market entry": lambda scene, outcome: bool(_entries(scene, outcome, market=True)),
    "market pyramid": _pyramid,
    "limit on the path": lambda scene, outcome: any(f.maker for f in _entries(scene, outcome, market=False)),
    "limit beyond the open": _beyond,
    "limit from the first price": lambda scene, outcome: (
        scene.plan.base is FIRST and bool(_entries(scene, outcome, market=False))
    ),
    "all eight levels": lambda scene, outcome: any(f.level == MAX_ENTRIES - 1 for f in outcome.made),
    "flip": _flip,
    "several candles a row": _detail,
    "target on the path": _target(maker=True),
    "target at the open or at once": _target(maker=False),
    "stop at the open": _gap,
    "isolated liquidation": _liquidated(crossed=False),
    "crossed liquidation": _liquidated(crossed=True),
    "ambiguous candle": lambda scene, outcome: outcome.ambiguous > 0,
}
REASONS: Final = (
    "entry", "target", "stop", "trail", "liquidation", "exit", "age", "end", "no_capital", "no_stop", "stop_passed",
    "below_minimum", "margin_guard", "liquidation_passed", "post_only",
)
RULES: Final = (*OCCURRENCES, *SWITCHES)
