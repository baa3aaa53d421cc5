from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.messages import TradeClosed
from engine.twins import Evidence, compare, pairs
from tests.messages import T0, trade

HOUR = 3_600_000
PAPER = trade(
    opened_ms=T0, ts_ms=T0 + 5 * HOUR, quantity=1.0, average=100.0, exit_price=103.0, fees=0.04, funding=0.01,
    net=2.95, levels=2,
)
LIVE = trade(
    scope="live", opened_ms=T0 + 1000, ts_ms=T0 + 5 * HOUR, quantity=1.0, average=100.0, exit_price=103.0, fees=0.04,
    funding=0.01, net=2.95, levels=2,
)


def live(**changes: Any) -> TradeClosed:
    return TradeClosed(**{**{name: getattr(LIVE, name) for name in LIVE.__slots__}, **changes})


CASES = [
    ("the same", live(), Evidence(), ""),
    ("within half a basis point", live(average=100.004), Evidence(), ""),
    ("a worse entry", live(average=100.1), Evidence(), "fill"),
    ("a later entry", live(opened_ms=T0 + 61_000), Evidence(), "latency"),
    ("as late as a minute may be", live(opened_ms=T0 + 60_000), Evidence(), ""),
    ("fewer levels", live(levels=1), Evidence(), "fill"),
    ("fewer levels since risk cut them", live(levels=1), Evidence(False, False, "margin_use: 71 %"), "refusal"),
    ("fewer levels though they rested", live(levels=1), Evidence(False, True, "margin_use: 71 %"), "fill"),
    ("more levels", live(levels=3), Evidence(), "fill"),
    ("another exit", live(reason="stop"), Evidence(), "fill"),
    ("by hand", live(reason="exit", levels=1), Evidence(by_hand=True), "manual"),
    ("dearer", live(fees=0.1), Evidence(), "fill"),
    ("figures missing", live(average=float("nan")), Evidence(), ""),
]


@pytest.mark.parametrize(("name", "mine", "evidence", "cause"), CASES, ids=[c[0] for c in CASES])
def test_a_difference_has_the_cause_that_there_is_evidence_for(
    name: str, mine: TradeClosed, evidence: Evidence, cause: str
) -> None:
    found = compare(mine, PAPER, evidence)
    assert found.cause == cause
    assert found.detail


@pytest.mark.parametrize(("mine", "paper", "evidence", "cause", "levels"), [
    (LIVE, None, Evidence(), "fill", 2), (LIVE, None, Evidence(by_hand=True), "manual", 2),
    (None, PAPER, Evidence(), "fill", -2), (None, PAPER, Evidence(False, False, "not_selected: no"), "refusal", -2),
    (None, PAPER, Evidence(False, False), "latency", -2),
])
def test_a_trade_without_a_twin_is_extra_or_missed_with_its_cause(
    mine: TradeClosed | None, paper: TradeClosed | None, evidence: Evidence, cause: str, levels: int
) -> None:
    found = compare(mine, paper, evidence)
    assert (found.cause, found.levels, found.entry_bps, found.opened_late_ms) == (cause, levels, None, None)


@pytest.mark.parametrize("direction", [1, -1])
def test_what_cost_us_is_positive_on_either_side(direction: int) -> None:
    worse = live(
        direction=direction, average=100.0 + direction * 0.1, exit_price=103.0 - direction * 0.2, fees=0.05, net=2.6
    )
    paper = TradeClosed(**{**{n: getattr(PAPER, n) for n in PAPER.__slots__}, "direction": direction})
    found = compare(worse, paper, Evidence())
    assert found.entry_bps == pytest.approx(10.0)
    assert found.exit_bps == pytest.approx(0.2 / 103 * 1e4)
    assert found.fee_bps is not None
    assert found.fee_bps > 0
    assert found.net_bps is not None
    assert found.net_bps > 0


SPANS = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 12), st.sampled_from([1, -1])), max_size=6)


def trades(scope: str, spans: list[tuple[int, int, int]]) -> list[TradeClosed]:
    """Hours from and of each; of one scope they follow one another, as positions of one symbol do."""
    found, at = [], 0
    for cycle, (gap, hours, direction) in enumerate(spans):
        opened = T0 + (at + gap) * HOUR
        at += gap + hours
        found.append(trade(cycle, scope=scope, direction=direction, opened_ms=opened, ts_ms=T0 + at * HOUR))
    return found


@given(SPANS, SPANS)
def test_every_trade_stands_in_one_pair_and_twins_were_open_together(
    mine: list[tuple[int, int, int]], theirs: list[tuple[int, int, int]]
) -> None:
    live_trades, paper_trades = trades("live", mine), trades("paper", theirs)
    found = list(pairs(live_trades, paper_trades))
    assert sorted(a.cycle for a, _ in found if a) == list(range(len(mine)))
    assert sorted(b.cycle for _, b in found if b) == list(range(len(theirs)))
    for a, b in found:
        if a and b:
            assert a.direction == b.direction
            assert max(a.opened_ms, b.opened_ms) < min(a.ts_ms, b.ts_ms) + 120_000


@given(SPANS)
def test_equal_histories_are_all_twins(spans: list[tuple[int, int, int]]) -> None:
    assert all(a and b and a.cycle == b.cycle for a, b in pairs(trades("live", spans), trades("paper", spans)))
