"""Nasty scenarios: candles on a coarse lattice, so that touches are exact, and plans and costs of every kind.

One description draws from either source: Hypothesis (which shrinks what fails) or a seeded NumPy generator (which is
fast). Integers are drawn first and scaled afterwards, so equal prices are common, not lucky.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.instrument import Tier
from core.plan import AVERAGE, EXIT_LONG, EXIT_SHORT, FIRST, MARKET, MAX_ENTRIES, Column, Level, Plan, Price, Trail
from engine.costs import Costs, Path
from tests.engine.engines import Scene
from tests.reference.records import Tape

T = TypeVar("T")
MINUTE_MS = 60_000
NAN = float("nan")


class Source(Protocol):
    """Where the choices of a scenario come from."""

    def integer(self, low: int, high: int) -> int: ...

    def integers(self, n: int, low: int, high: int) -> list[int]: ...


class Seeded:
    """Choices from a NumPy generator."""

    def __init__(self, *seed: int) -> None:
        self._rng = np.random.default_rng(seed)

    def integer(self, low: int, high: int) -> int:
        return int(self._rng.integers(low, high + 1))

    def integers(self, n: int, low: int, high: int) -> list[int]:
        return [int(x) for x in self._rng.integers(low, high + 1, n)]


class Drawn:
    """Choices from Hypothesis."""

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
        self._draw = draw

    def integer(self, low: int, high: int) -> int:
        return int(self._draw(st.integers(low, high)))

    def integers(self, n: int, low: int, high: int) -> list[int]:
        return list(self._draw(st.lists(st.integers(low, high), min_size=n, max_size=n)))


def one_of(source: Source, options: Sequence[T]) -> T:
    """The first option is the simplest: what a failure shrinks to."""
    return options[source.integer(0, len(options) - 1)]


def sometimes(source: Source, one_in: int) -> bool:
    return source.integer(0, one_in - 1) == one_in - 1


class Studio:
    """Candles of one scenario and the pool of columns that its plans share."""

    def __init__(self, source: Source, n: int) -> None:
        self.source, self.n = source, n
        self.scale = one_of(source, (1.0, 0.5, 0.1, 1e-5, 137.31))
        self.tape, self.ticks = self._tape()
        self.row = self._row()
        self.n_rows = int(self.row.max()) + 1 if n else 1
        self.n_rows = max(self.n_rows, 1)
        holes = one_of(source, (0, 0, 12, 4))
        self.bases = [self._prices(holes) for _ in range(2)]
        self.units = [self._units(holes) for _ in range(2)]

    def _tape(self) -> tuple[Tape, NDArray[np.int64]]:
        source, n = self.source, self.n
        wild, gaps = one_of(source, (0, 0, 1)), one_of(source, (0, 3, 12))
        reach = one_of(source, (4, 2, 1, 12, 30))
        draws = [source.integers(n, 0, 99) for _ in range(5)]
        rows, last = [], 100
        for jump, move, up, down, mood in zip(*draws, strict=True):
            a = _within(last + (jump % (2 * gaps + 1) - gaps if gaps and mood % 3 == 0 else 0))
            b = _within(a + move % (2 * reach + 1) - reach)
            if mood < 6:
                rows.append((a, a, a, a))
                last = a
                continue
            high, low = max(a, b) + up % (reach // 2 + 1), min(a, b) - down % (reach // 2 + 1)
            if wild and mood > 94:
                high, low = (high * 3, low) if mood % 2 else (high, low // 3)
            rows.append((a, high, max(low, 1), b))
            last = b
        ticks = np.array(rows, dtype=np.int64).reshape(-1, 4)
        opens, highs, lows, closes = (np.ascontiguousarray(ticks[:, i] * self.scale) for i in range(4))
        volume = np.array(source.integers(n, 0, 1000), dtype=np.float64)
        rate = one_of(source, (0.0, 0.0001, 0.01))
        due = np.array(source.integers(n, 0, 15))
        funding = np.where(due <= 5, rate * np.abs(due - 3) * np.where(due > 3, 1.0, -1.0), 0.0) + 0.0
        start = source.integer(0, 2) * 43_190_000 * 2 + 1_700_006_400_000
        ts_ms = start // MINUTE_MS * MINUTE_MS + np.arange(n, dtype=np.int64) * MINUTE_MS
        return Tape(ts_ms, opens, highs, lows, closes, volume, funding), ticks

    def _row(self) -> NDArray[np.int32]:
        """One row a candle, or a coarse one over several, sometimes with rows that no candle saw."""
        every = one_of(self.source, (1, 1, 2, 3, 7))
        skips = self.source.integer(0, 9) == 9
        row, r = [], -1
        for t in range(self.n):
            if t and t % every == 0:
                r += 2 if skips and t % (3 * every) == 0 else 1
            row.append(r)
        return np.array(row, dtype=np.int32)

    def _known(self, r: int) -> int:
        """The candle whose close decides row r, or the nearest: columns stay near the market."""
        return max(0, int(np.searchsorted(self.row, r)) - 1)

    def _prices(self, holes: int) -> Column:
        offsets, gone = self.source.integers(self.n_rows, -3, 3), self._holes(holes)
        ticks = [max(25, int(self.ticks[self._known(r), 3]) + offsets[r]) for r in range(self.n_rows)]
        return np.where(gone, NAN, np.array(ticks, dtype=np.float64) * self.scale)

    def _units(self, holes: int) -> Column:
        ticks = np.array(self.source.integers(self.n_rows, 0, 5), dtype=np.float64)
        if not sometimes(self.source, 6):
            ticks = np.maximum(ticks, 1.0)
        return np.where(self._holes(holes), NAN, ticks * self.scale)

    def _holes(self, holes: int) -> NDArray[np.bool_]:
        if not holes:
            return np.zeros(self.n_rows, dtype=np.bool_)
        gone: NDArray[np.bool_] = np.equal(np.array(self.source.integers(self.n_rows, 1, holes)), holes)
        return gone

    # plans

    def plan(self) -> Plan:
        source = self.source
        kind = one_of(source, ("ladder", "ladder", "market", "first", "mixed"))
        n = min(MAX_ENTRIES, one_of(source, (2, 1, 3, 4, 8, 8)))
        unit = one_of(source, (*self.units, None))
        coefficients, base = self._ladder(kind, n, unit is None)
        shares = [source.integer(1, 4) for _ in range(n)]
        whole = sum(shares) * one_of(source, (1.0, 1.0, 1.5))
        stop, direction = self._stop(), self._direction()
        return Plan(
            direction, coefficients, tuple(share / whole for share in shares), stop,
            base=base, unit=unit, target=self._target(), trail=self._trail(),
            freeze=sometimes(source, 2), max_hold=one_of(source, (0, 0, 1, 2, 5)),
            cooldown=one_of(source, (0, 0, 1, 4)), exit=self._exit(direction), row_weight=self._row_weight(),
        )

    def crowd(self) -> list[Plan]:
        """Plans as a grid makes them: unlike ones, and of each some that differ from it in one number."""
        plans = []
        for _ in range(3):
            plan = self.plan()
            plans += [plan, *self._neighbours(plan)]
        return plans

    def _neighbours(self, plan: Plan) -> list[Plan]:
        stop, target = plan.stop, plan.target
        return [
            *(changed(plan, stop=stop._replace(coefficient=stop.coefficient * by)) for by in (1.5, 0.5, 3.0)),
            changed(plan, target=target and target._replace(coefficient=target.coefficient + 0.5)),
            changed(plan, **one_of(self.source, ({"cooldown": 2}, {"max_hold": 3}, {"freeze": not plan.freeze}))),
            changed(plan, weights=tuple(weight * 0.8 for weight in plan.weights)),
        ]

    def _ladder(self, kind: str, n: int, fractions: bool) -> tuple[tuple[float, ...], Column | Price | None]:
        source = self.source
        start = one_of(source, (-1.0, 0.0, -2.0, 1.0))
        gap = one_of(source, (1.0, 0.5, 2.0, 0.2, 0.2))
        size = one_of(source, (0.01, 0.02, 0.003)) if fractions else 1.0
        limits = [(start - k * gap) * size for k in range(n)]
        base: Column | Price | None = one_of(source, self.bases)
        bases: list[Column | Price | None] = [base, FIRST]
        if kind == "ladder":
            return tuple(limits), base
        if kind == "market":
            return (MARKET,) * n, one_of(source, (None, base))
        if kind == "first":
            return (MARKET, *limits[1:]), FIRST
        markets = source.integers(n, 0, 1)
        return tuple(MARKET if m else c for m, c in zip(markets, limits, strict=True)), one_of(source, bases)

    def _direction(self) -> NDArray[np.int8] | int:
        choice = one_of(self.source, ("long", "short", "changes", "blocks", "none now and then"))
        if choice in ("long", "short"):
            return 1 if choice == "long" else -1
        if choice == "changes":
            return np.array(self.source.integers(self.n_rows, -1, 1), dtype=np.int8)
        draws = np.array(self.source.integers(self.n_rows, 0, 7))
        if choice == "none now and then":
            return np.where(draws > 1, 1, 0).astype(np.int8)
        return np.where(np.cumsum(draws == 0) % 2 == 0, 1, -1).astype(np.int8)

    def _level(self, sign: float, columns: bool) -> Level:
        """A level on one side: in favour (+1) or against (-1)."""
        source = self.source
        reference: Column | Price = one_of(source, (AVERAGE, FIRST, *(self.bases if columns else ())))
        unit = one_of(source, (None, *self.units))
        size = one_of(source, (3.0, 1.0, 2.0, 8.0, 3.0, 25.0)) * (0.01 if unit is None else 1.0)
        if sometimes(source, 12):
            size = 0.0
        return Level(reference, sign * size, unit, sometimes(source, 2))

    def _stop(self) -> Level:
        if sometimes(self.source, 4):  # far away: liquidation, targets and exits have their turn
            return Level(AVERAGE, one_of(self.source, (-0.3, -0.99)))
        return self._level(-1.0, columns=True)

    def _target(self) -> Level | None:
        return None if sometimes(self.source, 5) else self._level(1.0, columns=True)

    def _trail(self) -> Trail | None:
        if not sometimes(self.source, 2):
            return None
        unit = one_of(self.source, (None, *self.units))
        distance = one_of(self.source, (2.0, 1.0, 6.0)) * (0.01 if unit is None else 1.0)
        return Trail(distance, unit, sometimes(self.source, 2))

    def _exit(self, direction: NDArray[np.int8] | int) -> NDArray[np.int8] | None:
        """Flags now and then, or to leave what the row's direction is against: with entries in that row, a flip."""
        if not sometimes(self.source, 2):
            return None
        if isinstance(direction, np.ndarray) and sometimes(self.source, 2):
            return np.select([direction < 0, direction > 0], [EXIT_LONG, EXIT_SHORT], 0).astype(np.int8)
        draws = np.array(self.source.integers(self.n_rows, 0, 11))
        return np.select([draws == 9, draws == 10, draws == 11], [EXIT_LONG, EXIT_SHORT, 3], 0).astype(np.int8)

    def _row_weight(self) -> Column | None:
        if not sometimes(self.source, 4):
            return None
        values = np.array([1.0, 0.5, 0.3, 1.0, 0.0, NAN])
        return values[self.source.integers(self.n_rows, 0, 5)]

    def costs(self) -> Costs:
        source, scale = self.source, self.scale
        tiers = (
            (Tier(1e18, 0.005, 0.0),),
            (Tier(500.0, 0.01, 0.0), Tier(1e18, 0.02, 5.0)),
            (Tier(300.0, 0.01, 0.0), Tier(900.0, 0.05, 12.0), Tier(2000.0, 0.1, 57.0)),
        )
        rare = sometimes(source, 2)
        return Costs(
            maker_fee=one_of(source, (0.0002, 0.0, -0.0001, 0.001)),
            taker_fee=one_of(source, (0.0006, 0.0, 0.002)),
            slippage=one_of(source, (0.0, 0.0005, 0.01)),
            leverage=one_of(source, (3.0, 1.0, 10.0, 50.0)),
            capital_fraction=one_of(source, (0.5, 0.3, 1.0)),
            compounding=not sometimes(source, 3),
            risk=one_of(source, (0.0, 0.0, 0.01, 0.2)),
            guard=one_of(source, (1.0, 1.0, 0.7, 0.3)),
            crossed=sometimes(source, 2),
            tick=one_of(source, (0.0, 1.0, 0.5, 2.0, 0.37)) * scale,
            step=one_of(source, (0.0, 0.001, 0.01, 0.1)) / scale,
            min_quantity=one_of(source, (0.0, 0.5, 1.0)) / scale if rare else 0.0,
            min_notional=one_of(source, (0.0, 5.0, 50.0)) if rare else 0.0,
            tiers=one_of(source, tiers),
            trade_through=one_of(source, (0.0, 0.0, 0.0, 0.001, 0.02)),
            fill_probability=one_of(source, (1.0, 1.0, 1.0, 0.5, 0.1)),
            participation=one_of(source, (0.0, 0.0, 0.01)) / scale if rare else 0.0,
            post_only=sometimes(source, 8),
            path=one_of(source, (Path.NEARER, Path.PESSIMISTIC, Path.OPTIMISTIC)),
            seed=source.integer(0, 3),
        )

    def scene(self) -> Scene:
        return Scene(self.tape, self.plan(), self.n_rows, self.row, self.costs())


def changed(plan: Plan, **parts: Any) -> Plan:
    """The plan with other parts."""
    return Plan(**{**{name: getattr(plan, name) for name in Plan.__slots__}, **parts})


def _within(ticks: int) -> int:
    return min(max(ticks, 30), 300)


@st.composite
def scenes(draw: Callable[[st.SearchStrategy[Any]], Any]) -> Scene:
    """Scenarios short enough to shrink."""
    source = Drawn(draw)
    return Studio(source, source.integer(2, 24)).scene()


def seeded_studio(seed: int, number: int) -> Studio:
    """The candles and columns of scenario ``number`` of a seed."""
    source = Seeded(seed, number)
    return Studio(source, source.integer(6, one_of(source, (16, 40, 80))))


def seeded_scene(seed: int, number: int) -> Scene:
    """Scenario ``number`` of a seed."""
    return seeded_studio(seed, number).scene()
