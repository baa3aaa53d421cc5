"""Trade by trade against backtesting.py, which shares no code and no author with the engine.

The two may differ by the two conventions of docs/execution.md, "Against another library". Each difference is found,
explained and counted; anything else fails.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from core.candle import Candles
from engine.costs import Path
from tests.oracle import ours, peer
from tests.oracle.deals import RULES, Deal, walk_with_gaps, year


class Comparison(NamedTuple):
    """Deals in common, those of them that another order within the candle ended otherwise, and those refused by us."""

    deals: int
    ordered_otherwise: int = 0
    refused: int = 0


class Case(NamedTuple):
    """A strategy in both libraries, and what a comparison over each market gives."""

    name: str
    plan: Callable[..., Any]
    prepare: Callable[..., Any]
    year: Comparison
    gaps: Comparison
    path: Path = Path.NEARER


CASES = [
    Case("averages that cross, executed at the next open, always in the market", ours.sma_cross, peer.sma_cross,
         Comparison(224), Comparison(107)),
    Case("brackets of a stop and a target from the signal's close", ours.brackets, peer.brackets,
         Comparison(1352, ordered_otherwise=2), Comparison(712, ordered_otherwise=3, refused=15)),
    Case("the same brackets, pessimistic", ours.brackets, peer.brackets,
         Comparison(1352, ordered_otherwise=5), Comparison(712, ordered_otherwise=1, refused=15), Path.PESSIMISTIC),
    Case("breakouts upwards with the channel as stop", ours.donchian(1), peer.donchian(1),
         Comparison(152), Comparison(86)),
    Case("breakouts downwards with the channel as stop", ours.donchian(-1), peer.donchian(-1),
         Comparison(136), Comparison(84, refused=1)),
]
every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


@every_case
def test_a_year_of_bitcoin_hours_gives_the_same_deals(case: Case) -> None:
    assert compare(case, year()) == case.year


@every_case
def test_a_market_with_gaps_gives_the_same_deals(case: Case) -> None:
    assert compare(case, walk_with_gaps()) == case.gaps


def compare(case: Case, candles: Candles) -> Comparison:
    """Asserts that both agree, but for the conventions, and counts those."""
    done = ours.backtest(candles, case.plan, RULES, case.path)
    mine = {deal.opened_ms: deal for deal in ours.deals(done)}
    theirs = {deal.opened_ms: deal for deal in peer.deals(candles, case.prepare, RULES)}
    refusals = {f.ts_ms: f.reason for f in done.filled() if f.quantity == 0}
    reasons = {t.opened_ms: t.reason for t in done.closed()}
    at = {int(ts_ms): t for t, ts_ms in enumerate(candles.ts_ms)}
    assert set(refusals.values()) <= {"stop_passed"}
    assert mine.keys() | refusals.keys() == theirs.keys()
    assert not mine.keys() & refusals.keys()
    ordered_otherwise = 0
    for opened_ms, deal in theirs.items():
        if opened_ms in refusals:
            assert ended_at_its_open(deal, candles, at[opened_ms])
        elif not equal(mine[opened_ms], deal):
            assert met_in_the_other_order(case, mine[opened_ms], reasons[opened_ms], deal, candles, at[deal.closed_ms])
            ordered_otherwise += 1
    return Comparison(len(mine), ordered_otherwise, len(refusals))


def equal(a: Deal, b: Deal) -> bool:
    """Times and direction to the letter, money to a billionth."""
    return a[:3] == b[:3] and a[3:] == pytest.approx(b[3:], rel=1e-9, abs=1e-9 * b.entry)


def ended_at_its_open(deal: Deal, candles: Candles, t: int) -> bool:
    """They enter although the open has passed the stop, and leave at once, at that open."""
    return deal.opened_ms == deal.closed_ms and deal.entry == deal.exit == candles.open[t]


def met_in_the_other_order(
    case: Case, mine: Deal, reason: str, theirs: Deal, candles: Candles, t: int
) -> bool:
    """The candle holds both; their stop always comes first, our target did: at the open, or as the path has it."""
    low, high, opened = float(candles.low[t]), float(candles.high[t]), float(candles.open[t])
    favourable_first = (high - opened < opened - low) if mine.direction > 0 else (opened - low <= high - opened)
    if case.path is Path.PESSIMISTIC:
        favourable_first = mine.opened_ms == mine.closed_ms
    return (
        mine[:4] == theirs[:4]
        and reason == "target"
        and low <= min(mine.exit, theirs.exit) < max(mine.exit, theirs.exit) <= high
        and (mine.exit == opened or favourable_first)
    )
