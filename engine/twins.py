"""Live trades beside their paper twins: what differed, by how much, and why. Pure.

Laws
- A twin is the trade of the same strategy, symbol and direction that was open at the same time; each has one at most.
- Differences are in basis points of the notional, positive where live was worse for us.
- A cause is only named for which there is evidence.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Literal, NamedTuple

from core.messages import TradeClosed

Cause = Literal["", "manual", "refusal", "latency", "fill"]

_SLACK_MS: Final = 120_000
"""Paper fills when its minute closes, the exchange in the middle of it; both clocks are the exchange's."""
SAME_BPS: Final = 0.5
LATE_MS: Final = 60_000
"""Paper is as exact as a minute: more than that is a delay."""


class Evidence(NamedTuple):
    """What is known beside the two trades.

    by_hand : a fill in the live cycle that was nobody's plan, or in an emergency. rested : entries of ours lay at the
    exchange while the paper trade was open. refusal : the last one of risk before its end, in words.
    """

    by_hand: bool = False
    rested: bool = True
    refusal: str = ""


class Comparison(NamedTuple):
    """How a live trade differed; None where one of the two is missing. Levels and times: live less paper."""

    entry_bps: float | None
    exit_bps: float | None
    fee_bps: float | None
    funding_bps: float | None
    net_bps: float | None
    opened_late_ms: int | None
    closed_late_ms: int | None
    levels: int
    cause: Cause
    detail: str


def pairs(
    live: Sequence[TradeClosed], paper: Sequence[TradeClosed]
) -> Iterator[tuple[TradeClosed | None, TradeClosed | None]]:
    """Twins of one strategy on one symbol, then those without: each trade stands in one pair, in order of time."""
    found: list[tuple[TradeClosed | None, TradeClosed | None]] = []
    free = list(paper)
    for trade in sorted(live, key=lambda t: t.opened_ms):
        near = [p for p in free if p.direction == trade.direction and _together_ms(trade, p) > 0]
        twin = max(near, key=lambda p: (_together_ms(trade, p), -abs(p.opened_ms - trade.opened_ms)), default=None)
        if twin is not None:
            free.remove(twin)
        found.append((trade, twin))
    found += [(None, p) for p in free]
    yield from sorted(found, key=lambda pair: min(t.opened_ms for t in pair if t is not None))


def compare(live: TradeClosed | None, paper: TradeClosed | None, evidence: Evidence) -> Comparison:
    """What differed, and why. One of the two may be missing."""
    if live is None:
        assert paper is not None
        return Comparison(None, None, None, None, None, None, None, -paper.levels, *_why_missed(evidence))
    if paper is None:
        cause: Cause = "manual" if evidence.by_hand else "fill"
        words = "by hand, or in an emergency" if evidence.by_hand else "the exchange filled what paper did not"
        return Comparison(None, None, None, None, None, None, None, live.levels, cause, f"no paper twin: {words}")
    d, mine, theirs = live.direction, live.quantity * live.average, paper.quantity * paper.average
    if not min(mine, theirs, live.exit_price, paper.exit_price) > 0:
        levels = live.levels - paper.levels
        return Comparison(None, None, None, None, None, None, None, levels, "", "a price or quantity is not known")
    found = Comparison(
        entry_bps=d * (live.average / paper.average - 1) * 1e4,
        exit_bps=-d * (live.exit_price / paper.exit_price - 1) * 1e4,
        fee_bps=(live.fees / mine - paper.fees / theirs) * 1e4,
        funding_bps=(live.funding / mine - paper.funding / theirs) * 1e4,
        net_bps=(paper.net / theirs - live.net / mine) * 1e4,
        opened_late_ms=live.opened_ms - paper.opened_ms, closed_late_ms=live.ts_ms - paper.ts_ms,
        levels=live.levels - paper.levels, cause="", detail="",
    )
    cause, detail = _why(live, paper, found, evidence)
    return found._replace(cause=cause, detail=detail)


def _why(live: TradeClosed, paper: TradeClosed, found: Comparison, evidence: Evidence) -> tuple[Cause, str]:
    late_ms = max(found.opened_late_ms or 0, found.closed_late_ms or 0)
    worst = max(abs(x or 0.0) for x in (found.entry_bps, found.exit_bps, found.fee_bps, found.funding_bps))
    if evidence.by_hand:
        return "manual", "closed or changed by hand, or in an emergency"
    if found.levels < 0:
        if evidence.refusal and not evidence.rested:
            return "refusal", f"{-found.levels} levels fewer than paper: {evidence.refusal}"
        return "fill", f"{-found.levels} levels fewer than paper filled at the exchange"
    if found.levels > 0:
        return "fill", f"{found.levels} levels more than paper filled at the exchange"
    if live.reason != paper.reason:
        return "fill", f"live left by {live.reason}, paper by {paper.reason}"
    if late_ms > LATE_MS:
        return "latency", f"{late_ms / 1000:.0f} s later than paper"
    if worst > SAME_BPS:
        return "fill", f"prices or costs differ by up to {worst:.1f} bps"
    return "", "the same"


def _why_missed(evidence: Evidence) -> tuple[Cause, str]:
    if evidence.rested:
        return "fill", "no live twin: entries rested at the exchange and did not fill"
    if evidence.refusal:
        return "refusal", f"no live twin: {evidence.refusal}"
    return "latency", "no live twin: no entry of ours reached the exchange in time"


def _together_ms(a: TradeClosed, b: TradeClosed) -> int:
    """How long both were open, with some slack; 0 or less when they were not."""
    return min(a.ts_ms, b.ts_ms) - max(a.opened_ms, b.opened_ms) + _SLACK_MS
