"""The selector, pure: which strategies may open positions with real money, condition by condition.

Laws
- All conditions are looked at, each with its figure and limit: whoever may not open knows everything that is missing.
- A verdict counts for exactly what it judged: the newest one of the strategy on the symbol, with the parameters,
  timeframe and leverage that are configured now.
- Only opening is decided. Stops, targets and exits are nobody's to refuse.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from core.frozen import Letter
from core.live_settings import Selector, Weights
from core.selection import Criterion, Decision
from core.timeframe import DAY_MS

_SHOWN: Final = 3
"""Parameters that differ are named up to so many."""


class Setup(NamedTuple):
    """What decides how a strategy trades a symbol: all parameters, decision timeframe, leverage."""

    params: Mapping[str, Any]
    timeframe: str
    leverage: float


class Verdict(NamedTuple):
    """What the newest optimisation of a strategy on a symbol said, and of what. ``ts_ms``: finished (UTC ms)."""

    ts_ms: int
    fingerprint: str
    grade: Letter
    gate_passed: bool
    setup: Setup


class Paper(NamedTuple):
    """How a strategy did on paper; returns are fractions.

    profit_factor : None where nothing was lost. recent_return : of the last days.
    """

    trades: int
    net_return: float
    profit_factor: float | None
    recent_return: float


class Candidate(NamedTuple):
    """A strategy on a symbol. idle : why it is not active now, '' when it is. verdict : None when there is none."""

    strategy: str
    symbol: str
    eligible: bool
    idle: str
    setup: Setup
    paper: Paper
    verdict: Verdict | None


def select(candidates: Sequence[Candidate], rules: Selector, now_ms: int) -> tuple[Decision, ...]:
    """A decision for each candidate, in their order; ``now_ms`` by the clock that verdicts bear (UTC ms)."""
    looked = [(c, conditions(c, rules, now_ms)) for c in candidates]
    open_ = [c for c, found in looked if all(criterion.met for criterion in found)]
    shares = weights(open_, rules.weights)
    return tuple(
        Decision(c.strategy, c.symbol, c in open_, shares.get((c.strategy, c.symbol), 1.0), found)
        for c, found in looked
    )


def conditions(candidate: Candidate, rules: Selector, now_ms: int) -> tuple[Criterion, ...]:
    """Every condition of one candidate."""
    c, paper = candidate, candidate.paper
    trades = "trade" if paper.trades == 1 else "trades"
    nothing_lost = paper.profit_factor is None and paper.trades > 0
    factor = paper.profit_factor or 0.0
    factor_text = "nothing was lost" if nothing_lost else f"{factor:.2f}"
    return (
        Criterion("live_eligible", None, None, c.eligible,
                  f"{c.strategy} {'may' if c.eligible else 'is not live_eligible: it may not'} trade real money"),
        Criterion("active", None, None, not c.idle, c.idle or f"{c.strategy} is active"),
        *_gate(c, rules, now_ms),
        Criterion("min_trades", float(paper.trades), float(rules.min_trades), paper.trades >= rules.min_trades,
                  f"{paper.trades} {trades} on paper, at least {rules.min_trades}"),
        Criterion("net_return", paper.net_return, rules.min_net_return, paper.net_return > rules.min_net_return,
                  f"net return on paper {paper.net_return:+.2%}, must be above {rules.min_net_return:.2%}"),
        Criterion("profit_factor", None if nothing_lost else factor, rules.min_profit_factor,
                  nothing_lost or factor >= rules.min_profit_factor,
                  f"profit factor on paper: {factor_text}, at least {rules.min_profit_factor:g}"),
    )


def weights(candidates: Sequence[Candidate], rules: Weights) -> dict[tuple[str, str], float]:
    """Shares of those that may open: by grade, less for those that lost lately; they add up to 1. {} when off."""
    if not rules.enabled:
        return {}
    raw = {
        (c.strategy, c.symbol): _graded(c, rules) * (1.0 if c.paper.recent_return >= 0 else rules.losing)
        for c in candidates
    }
    total = sum(raw.values())
    return {key: value / total for key, value in raw.items()} if total > 0 else {}


def _gate(c: Candidate, rules: Selector, now_ms: int) -> tuple[Criterion, ...]:
    where = f"{c.strategy} on {c.symbol}"
    if c.verdict is None:
        return (Criterion("verdict", None, None, False, f"no walk-forward verdict of {where}"),)
    v = c.verdict
    age_days = max(now_ms - v.ts_ms, 0) / DAY_MS
    other = differences(c.setup, v.setup)
    return (
        Criterion("verdict", None, None, True, f"verdict {v.fingerprint[:10]} of {where}"),
        Criterion("gate", None, None, v.gate_passed,
                  f"the gate is {'open' if v.gate_passed else 'shut'}, grade {v.grade} ({v.fingerprint[:10]})"),
        Criterion("parameters", None, None, not other,
                  f"configured is what was not judged: {', '.join(other)}" if other
                  else "the parameters are those that were judged"),
        Criterion("verdict_age", age_days, float(rules.verdict_age_days), age_days <= rules.verdict_age_days,
                  f"the verdict is {age_days:.0f} days old, at most {rules.verdict_age_days}"),
    )


def differences(configured: Setup, judged: Setup) -> list[str]:
    """What is configured otherwise than it was judged, in words; at most a few."""
    found = [
        f"{name} {mine!r} instead of {theirs!r}"
        for name, mine, theirs in (
            ("timeframe", configured.timeframe, judged.timeframe), ("leverage", configured.leverage, judged.leverage),
        )
        if mine != theirs
    ]
    nothing = "nothing"
    for name in sorted({*configured.params, *judged.params}):
        mine, theirs = configured.params.get(name, nothing), judged.params.get(name, nothing)
        if mine != theirs:
            found.append(f"{name} {mine!r} instead of {theirs!r}")
    more = len(found) - _SHOWN
    return [*found[:_SHOWN], *([f"{more} more"] if more > 0 else [])]


def _graded(c: Candidate, rules: Weights) -> float:
    return rules.grades.get(c.verdict.grade, 0.0) if c.verdict else 0.0
