"""Every check of a strategy, and of a filter, in order."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from engine.backtest import Backtest
from optimization.checking import laws
from optimization.checking.corner_check import changed
from optimization.checking.corners import corners
from optimization.checking.general import GeneralCheck, Step
from optimization.checking.market import SPARE_ROWS, CheckMarket
from optimization.checking.report import Outcome, Status, when
from optimization.checking.subject import Broken, FilterSubject, Subject, said
from optimization.checking.tables import Table, first_infinity
from strategies.discovery import AnyStrategy

_COMPARISONS: Final = ("<", "<=", ">", ">=", "==")


@dataclass(frozen=True, slots=True)
class Check(GeneralCheck):
    """A strategy's checks; ``known`` are the strategies that its mirror is among."""

    subject: Subject
    known: Mapping[str, AnyStrategy]

    def steps(self) -> tuple[Step, ...]:
        """All of them; the mirror only where one is named."""
        return (
            ("pure", self.pure, True),
            ("plan", self.plan, True),
            ("look-ahead", self.look_ahead, False),
            ("warm-up", self.warm_up, False),
            ("scale", self.scale, False),
            *((("mirror", self.mirror, False),) if self.subject.strategy.mirror else ()),
            ("fold equals steps", self.fold_equals_steps, False),
            ("parameters", self.parameters, False),
            ("refusals", self.refusals, False),
            ("speed", self.speed, False),
        )

    def plan(self) -> Outcome:
        """A plan that the engine takes, without infinities, and conditions that can be shown."""
        market = self.market_of(1)
        table = self.subject.table(market)
        infinity = first_infinity(table)
        if infinity is not None:
            column, row = infinity
            line = f"{column} of row {row} ({when(int(market.candles.ts_ms[row]))}) is infinite"
            return Outcome("plan", "failed", line, {"column": column, "row": row})
        wrong = self._conditions(market)
        return Outcome("plan", "failed", wrong) if wrong else Outcome("plan", "passed", _planned(table))

    def scale(self) -> Outcome:
        """The same trades at other prices."""
        subject, market, plain, note = self._trading(4)
        trades = len(plain.trades)
        wrong = laws.scale(subject, market, plain)
        return _judged("scale", wrong, f"prices times {laws.FACTOR:g} give the same {trades:,} trades", trades, note)

    def mirror(self) -> Outcome:
        """The mirror trades the inverted path."""
        subject, market, plain, note = self._trading(5)
        name, trades = subject.strategy.mirror, len(plain.trades)
        if 0 < trades <= laws.FEW_TRADES:
            line = f"{trades} trades on this market prove little: more than {laws.FEW_TRADES} are wanted{note}"
            return Outcome("mirror", "skipped", line, {"trades": trades})
        wrong = laws.mirror(subject, market, plain, self.known)
        return _judged("mirror", wrong, f"{name} trades the inverted path as this one the path", trades, note)

    def fold_equals_steps(self) -> Outcome:
        """A runner's steps give the trades of the backtest."""
        trades, notes, wrong = 0, set[str](), ""
        for seed in (6, 7):
            subject, market, _, note = self._trading(seed, fold=True)
            wrong, more = laws.fold_equals_steps(subject, market.slice(0, _fold_rows(subject, market)))
            trades, notes = trades + more, {*notes, note}
            if wrong or market is self.market_of(seed):  # of a stored market there is only one
                break
        return _judged(
            "fold equals steps", wrong, f"the same {trades:,} trades candle by candle", trades, max(notes, key=len)
        )

    def refusals(self) -> Outcome:
        """What the engine refused to enter."""
        market = self.market_of(4)
        result = laws.backtest(self.subject, market)
        refused = laws.refusals(result)
        line = ", ".join(f"{reason} {count:,}" for reason, count in refused.items()) or "none"
        return Outcome("refusals", "measured", f"{line} ({len(result.trades):,} trades)", {"refusals": refused})

    def _trading(self, seed: int, *, fold: bool = False) -> tuple[Subject, CheckMarket, Backtest, str]:
        """The subject with its market and backtest; where it makes no trade, a corner of its parameters that does.

        The note names the corner. fold : only trades after the windows that a fold begins with count.
        """
        given = self.subject.params
        market = self.market_of(seed)
        plain = laws.backtest(self.subject, market)
        if _trades(self.subject, market, plain, fold):
            return self.subject, market, plain, ""
        for corner in corners(given):
            subject = replace(self.subject, params=corner)
            try:
                there = self.ground(seed, 2 * subject.warmup + SPARE_ROWS)
                result = laws.backtest(subject, there)
                traded = _trades(subject, there, result, fold)
            except Broken:
                continue  # the check of the parameters says so
            if traded:
                return subject, there, result, f" (with {changed(corner, given)}: without it there are no trades)"
        return self.subject, market, plain, ""

    def _conditions(self, market: CheckMarket) -> str:
        """What is wrong with the conditions on the last row, '' when nothing is."""
        strategy = self.subject.strategy
        try:
            conditions = strategy.conditions(market.market(), self.subject.params)
        except Exception as error:
            raise Broken(f"conditions: {said(error, self.subject.file)}") from error
        for c in conditions:
            if not all(map(math.isfinite, (c.value, c.threshold))):
                return f"condition {c.name!r}: value {c.value}, threshold {c.threshold}: allowed are finite numbers"
            if not 0.0 <= c.nearness <= 1.0 or (c.met and c.nearness != 1.0):
                return f"condition {c.name!r}: nearness {c.nearness}: allowed is 0 to 1, and 1 when met"
            if c.comparison not in _COMPARISONS:
                return f"condition {c.name!r}: comparison {c.comparison!r}: allowed are {', '.join(_COMPARISONS)}"
        return ""


def _judged(name: str, wrong: str, right: str, trades: int, note: str) -> Outcome:
    status: Status = "failed" if wrong else "passed"
    return Outcome(name, status, f"{wrong or right}{note}", {"trades": trades})


def _fold_rows(subject: Subject, market: CheckMarket) -> int:
    """How many candles the fold is compared on."""
    return min(2 * subject.warmup + SPARE_ROWS, len(market))


def _trades(subject: Subject, market: CheckMarket, result: Backtest, fold: bool) -> bool:
    """Whether there is a trade, in the rows that count."""
    if not fold:
        return len(result.trades) > 0
    begin, end = 2 * subject.warmup, _fold_rows(subject, market)
    if begin >= end:
        return False
    first_ms, last_ms = market.candles.ts_ms[begin], market.candles.ts_ms[end - 1]
    opened, closed = result.trades["opened_ms"], result.trades["closed_ms"]
    return bool(((opened > first_ms) & (closed < last_ms)).any())


def _planned(table: Table) -> str:
    entries = len(table["coefficients"])
    return f"valid, {entries} {'entry' if entries == 1 else 'entries'}"


@dataclass(frozen=True, slots=True)
class FilterCheck(GeneralCheck):
    """A filter's checks: what a strategy's are, without the laws of trades."""

    subject: FilterSubject

    def steps(self) -> tuple[Step, ...]:
        """All of them."""
        return (
            ("pure", self.pure, True),
            ("score", self.score, True),
            ("look-ahead", self.look_ahead, False),
            ("warm-up", self.warm_up, False),
            ("parameters", self.parameters, False),
            ("speed", self.speed, False),
        )

    def score(self) -> Outcome:
        """Scores from -1 to 1, known somewhere."""
        score = self.subject.table(self.market_of(1))["score"]
        known = score[np.isfinite(score)]
        if not len(known):
            return Outcome("score", "failed", "no row of this market has a score, which proves nothing")
        line = f"from {known.min():.3g} to {known.max():.3g}, known in {len(known):,} of {len(score):,} rows"
        return Outcome("score", "passed", line, {"lowest": float(known.min()), "highest": float(known.max())})
