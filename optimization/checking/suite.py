"""Every check of one strategy, in order; what makes the next ones meaningless ends the list."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from engine.backtest import Backtest
from optimization.checking import laws
from optimization.checking.corner_check import changed, check_corners
from optimization.checking.corners import corners
from optimization.checking.look_ahead import look_ahead
from optimization.checking.market import SPARE_ROWS, CheckMarket, Ground
from optimization.checking.purity import impure_call, mutated, repeated
from optimization.checking.report import Outcome, Report, Status, leak_figures, leak_line, texts, when
from optimization.checking.speed import speed
from optimization.checking.subject import Broken, Subject, said
from optimization.checking.tables import Difference, Table, first_infinity
from optimization.checking.warm_up import warm_up
from strategies.discovery import AnyStrategy

_COMPARISONS: Final = ("<", "<=", ">", ">=", "==")


@dataclass(frozen=True, slots=True)
class Check:
    """A strategy with its parameters, where it is checked, and the strategies that its mirror is among.

    patience_s : how long cuts and corners may take each, beyond the least number of them.
    """

    subject: Subject
    ground: Ground
    known: Mapping[str, AnyStrategy]
    patience_s: float = 2.0

    def report(self, progress: Callable[[str], None] = lambda name: None) -> Report:
        """Everything checked; ``progress`` is told the name of each check before it begins."""
        strategy, params = self.subject.strategy, self.subject.params
        market = self.ground(1, 0)
        outcomes = tuple(self._outcomes(progress))
        return Report(strategy.name, params.model_dump(mode="json"), market.symbol, market.candles.timeframe, outcomes)

    def _outcomes(self, progress: Callable[[str], None]) -> Iterator[Outcome]:
        checks: tuple[tuple[str, Callable[[], Outcome], bool], ...] = (
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
        spoilt = ""
        for name, check, spoils in checks:
            if spoilt:
                yield Outcome(name, "skipped", f"means nothing while {spoilt!r} fails")
                continue
            progress(name)
            try:
                outcome = check()
            except Broken as error:
                outcome = Outcome(name, "failed", str(error))
            if spoils and outcome.status == "failed":
                spoilt = name
            yield outcome

    def pure(self) -> Outcome:
        """No writing into the market, no state between calls, no clock, chance, file or network."""
        market, other = self._market(1), self._market(2)
        wrote = mutated(self.subject, market)
        if wrote is not None:
            was, now = texts(wrote.first, wrote.second)
            line = f"writes into the market: {wrote.column} of row {wrote.row} was {was} and is {now}"
            return Outcome("pure", "failed", line, _difference(wrote, market))
        call = impure_call(self.subject, market)
        if call:
            return Outcome("pure", "failed", f"asks for more than the market: {call}", {"call": call})
        half = market.slice(0, max(self.subject.warmup, len(market) // 2))
        differs = repeated(self.subject, market, (half, other))
        if differs is not None:
            line = f"remembers something: {_again(differs, market)} the next time"
            return Outcome("pure", "failed", line, _difference(differs, market))
        return Outcome("pure", "passed", "the same plan every time; the market is left as it was")

    def plan(self) -> Outcome:
        """A plan that the engine takes, without infinities, and conditions that can be shown."""
        market = self._market(1)
        table = self.subject.table(market)
        infinity = first_infinity(table)
        if infinity is not None:
            column, row = infinity
            line = f"{column} of row {row} ({when(int(market.candles.ts_ms[row]))}) is infinite"
            return Outcome("plan", "failed", line, {"column": column, "row": row})
        wrong = self._conditions(market)
        return Outcome("plan", "failed", wrong) if wrong else Outcome("plan", "passed", _planned(table))

    def look_ahead(self) -> Outcome:
        """Row t says the same without the candles after it."""
        cuts = rows = 0
        for market in self._markets(1, 2):
            seen = look_ahead(self.subject, market, patience_s=self.patience_s / 2)
            cuts, rows = cuts + seen.cuts, rows + seen.rows
            if seen.leak is not None:
                known = f"when row {seen.leak.known_to} is the last"
                line = leak_line(seen.leak, known, "with the candles after it")
                more = "" if seen.first else "; not every row before it was looked at"
                return Outcome("look-ahead", "failed", line + more, leak_figures(seen.leak) | {"first": seen.first})
        figures = {"cuts": cuts, "rows": rows}
        return Outcome("look-ahead", "passed", f"{cuts:,} of {rows:,} rows are the same without a future", figures)

    def warm_up(self) -> Outcome:
        """The declared number of candles gives what all history gives."""
        found = warm_up(self.subject, self._market(3))
        needed = f"{found.needed:,}" if found.needed is not None else f"more than {found.longest:,}"
        figures = {"declared": found.declared, "needed": found.needed, "longest_tried": found.longest}
        line = f"declared {found.declared:,}, needed {needed}"
        if found.short is None:
            return Outcome("warm-up", "passed", line, figures)
        more = leak_line(found.short, f"from {found.declared:,} candles", "from all of them")
        return Outcome("warm-up", "failed", f"{line}: {more}", figures | leak_figures(found.short))

    def scale(self) -> Outcome:
        """The same trades at other prices."""
        subject, market, plain, note = self._trading(4)
        trades = len(plain.trades)
        wrong = laws.scale(subject, market, plain)
        return _judged("scale", wrong, f"prices times {laws.FACTOR:g} give the same {trades:,} trades", trades, note)

    def mirror(self) -> Outcome:
        """The mirror trades the inverted path."""
        subject, market, plain, note = self._trading(5)
        wrong = laws.mirror(subject, market, plain, self.known)
        name, trades = subject.strategy.mirror, len(plain.trades)
        return _judged("mirror", wrong, f"{name} trades the inverted path as this one the path", trades, note)

    def fold_equals_steps(self) -> Outcome:
        """A runner's steps give the trades of the backtest."""
        trades, notes, wrong = 0, set[str](), ""
        for seed in (6, 7):
            subject, market, _, note = self._trading(seed, fold=True)
            wrong, more = laws.fold_equals_steps(subject, market.slice(0, _fold_rows(subject, market)))
            trades, notes = trades + more, {*notes, note}
            if wrong or market is self._market(seed):  # of a stored market there is only one
                break
        return _judged(
            "fold equals steps", wrong, f"the same {trades:,} trades candle by candle", trades, max(notes, key=len)
        )

    def parameters(self) -> Outcome:
        """The corners of the parameters: valid plans, no look-ahead, enough warm-up, nothing shared by mistake."""
        found = check_corners(self.subject, self.ground, self.patience_s)
        figures = {"corners": found.corners, "checked": found.checked, "left_out": found.left_out}
        if found.fault is not None:
            line = f"with {found.fault.changed}: {found.fault.line}"
            return Outcome("parameters", "failed", line, figures | {"with": found.fault.changed} | found.fault.figures)
        if not found.corners:
            return Outcome("parameters", "passed", "no bounds, so no corners", figures)
        more = f"; the warm-up of {found.left_out:,} is longer than the market" if found.left_out else ""
        line = f"{found.checked:,} of {found.corners:,} corners hold{more}"
        return Outcome("parameters", "passed" if found.checked else "skipped", line, figures)

    def refusals(self) -> Outcome:
        """What the engine refused to enter."""
        market = self._market(4)
        result = laws.backtest(self.subject, market)
        refused = laws.refusals(result)
        line = ", ".join(f"{reason} {count:,}" for reason, count in refused.items()) or "none"
        return Outcome("refusals", "measured", f"{line} ({len(result.trades):,} trades)", {"refusals": refused})

    def speed(self) -> Outcome:
        """Microseconds a plan row."""
        found = speed(self.subject, self._market(1))
        line = f"{found.step_us:,.0f} us a live row, {found.vectorised_us:.3f} us a row of all history at once"
        return Outcome("speed", "measured", line, {"step_us": found.step_us, "vectorised_us": found.vectorised_us})

    def _trading(self, seed: int, *, fold: bool = False) -> tuple[Subject, CheckMarket, Backtest, str]:
        """The subject with its market and backtest; where it makes no trade, a corner of its parameters that does.

        The note names the corner. fold : only trades after the windows that a fold begins with count.
        """
        given = self.subject.params
        market = self._market(seed)
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

    def _market(self, seed: int) -> CheckMarket:
        return self.ground(seed, 2 * self.subject.warmup + SPARE_ROWS)

    def _markets(self, *seeds: int) -> list[CheckMarket]:
        """The markets of these seeds, each once where there is only one."""
        return list(dict.fromkeys(map(self._market, seeds)))

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


def _again(d: Difference, market: CheckMarket) -> str:
    a, b = texts(d.first, d.second)
    return f"{d.column} of row {d.row} ({when(int(market.candles.ts_ms[d.row]))}) is {a} and {b}"


def _difference(d: Difference, market: CheckMarket) -> dict[str, object]:
    ts_ms = int(market.candles.ts_ms[d.row])
    return {"column": d.column, "row": d.row, "ts_ms": ts_ms, "utc": when(ts_ms), "first": d.first, "second": d.second}


def _planned(table: Table) -> str:
    entries = len(table["coefficients"])
    return f"valid, {entries} {'entry' if entries == 1 else 'entries'}"
