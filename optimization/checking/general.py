"""The checks that hold for strategies and filters alike, and the order in which a list of checks is made."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from optimization.checking.corner_check import check_corners
from optimization.checking.look_ahead import look_ahead
from optimization.checking.market import SPARE_ROWS, CheckMarket, Ground
from optimization.checking.purity import impure_call, mutated, repeated
from optimization.checking.report import Outcome, Report, leak_figures, leak_line, texts, when
from optimization.checking.speed import speed
from optimization.checking.subject import Broken, Checked
from optimization.checking.tables import Difference
from optimization.checking.warm_up import warm_up

Step = tuple[str, Callable[[], Outcome], bool]
"""A check: its name, how it is made, and whether the later ones mean nothing when it fails."""


@dataclass(frozen=True, slots=True)
class GeneralCheck(ABC):
    """What is checked and where.

    patience_s : how long cuts and corners may take each, beyond the least number of them.
    """

    subject: Checked[Any]
    ground: Ground
    patience_s: float = field(default=2.0, kw_only=True)

    @abstractmethod
    def steps(self) -> tuple[Step, ...]:
        """The checks in their order."""

    def report(self, progress: Callable[[str], None] = lambda name: None) -> Report:
        """Everything checked; ``progress`` is told the name of each check before it begins."""
        strategy, params = self.subject.strategy, self.subject.params
        market = self.ground(1, 0)
        outcomes = tuple(self._outcomes(progress))
        return Report(strategy.name, params.model_dump(mode="json"), market.symbol, market.candles.timeframe, outcomes)

    def _outcomes(self, progress: Callable[[str], None]) -> Iterator[Outcome]:
        spoilt = ""
        for name, check, spoils in self.steps():
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
        market, other = self.market_of(1), self.market_of(2)
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
        found = warm_up(self.subject, self.market_of(3))
        needed = f"{found.needed:,}" if found.needed is not None else f"more than {found.longest:,}"
        figures = {"declared": found.declared, "needed": found.needed, "longest_tried": found.longest}
        line = f"declared {found.declared:,}, needed {needed}"
        if found.short is None:
            return Outcome("warm-up", "passed", line, figures)
        more = leak_line(found.short, f"from {found.declared:,} candles", "from all of them")
        return Outcome("warm-up", "failed", f"{line}: {more}", figures | leak_figures(found.short))

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

    def speed(self) -> Outcome:
        """Microseconds a plan row."""
        found = speed(self.subject, self.market_of(1))
        line = f"{found.step_us:,.0f} us a live row, {found.vectorised_us:.3f} us a row of all history at once"
        return Outcome("speed", "measured", line, {"step_us": found.step_us, "vectorised_us": found.vectorised_us})

    def market_of(self, seed: int) -> CheckMarket:
        """The market of a seed, long enough for the warm-up."""
        return self.ground(seed, 2 * self.subject.warmup + SPARE_ROWS)

    def _markets(self, *seeds: int) -> list[CheckMarket]:
        """The markets of these seeds, each once where there is only one."""
        return list(dict.fromkeys(map(self.market_of, seeds)))


def _again(d: Difference, market: CheckMarket) -> str:
    a, b = texts(d.first, d.second)
    return f"{d.column} of row {d.row} ({when(int(market.candles.ts_ms[d.row]))}) is {a} and {b}"


def _difference(d: Difference, market: CheckMarket) -> dict[str, object]:
    ts_ms = int(market.candles.ts_ms[d.row])
    return {"column": d.column, "row": d.row, "ts_ms": ts_ms, "utc": when(ts_ms), "first": d.first, "second": d.second}
