from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.frozen import Letter
from core.live_settings import Selector, Weights
from core.timeframe import DAY_MS
from engine.selector import Candidate, Paper, Setup, Verdict, differences, select, weights

NOW = 1_800_000_000_000
SETUP = Setup({"ma_period": 7, "stop_fraction": 0.25}, "1h", 3.0)
VERDICT = Verdict(NOW - 10 * DAY_MS, "ab" * 32, "B", True, SETUP)
PAPER = Paper(3, 0.01, 1.0, 0.01)
GOOD = Candidate("dca", "BTC-USDT", True, "", SETUP, PAPER, VERDICT)
RULES = Selector()


def paper(**changes: Any) -> Candidate:
    return GOOD._replace(paper=PAPER._replace(**changes))


def verdict(**changes: Any) -> Candidate:
    return GOOD._replace(verdict=VERDICT._replace(**changes))


@pytest.mark.parametrize(("candidate", "failed"), [
    (GOOD, []),
    (GOOD._replace(eligible=False), ["live_eligible"]),
    (GOOD._replace(idle="halted: by hand"), ["active"]),
    (GOOD._replace(verdict=None), ["verdict"]),
    (verdict(gate_passed=False, grade="F"), ["gate"]),
    (verdict(ts_ms=NOW - 90 * DAY_MS), []),
    (verdict(ts_ms=NOW - 91 * DAY_MS), ["verdict_age"]),
    (GOOD._replace(setup=Setup({"ma_period": 7, "stop_fraction": 0.3}, "1h", 3.0)), ["parameters"]),
    (GOOD._replace(setup=SETUP._replace(params={"ma_period": 7})), ["parameters"]),
    (GOOD._replace(setup=SETUP._replace(leverage=4.0)), ["parameters"]),
    (GOOD._replace(setup=SETUP._replace(timeframe="15m")), ["parameters"]),
    (GOOD._replace(setup=SETUP._replace(params={"ma_period": 7.0, "stop_fraction": 0.25})), []),
    (paper(trades=2), ["min_trades"]),
    (paper(net_return=0.0), ["net_return"]),
    (paper(profit_factor=0.99), ["profit_factor"]),
    (paper(profit_factor=None), []),
    (paper(trades=0, profit_factor=None, net_return=0.0), ["min_trades", "net_return", "profit_factor"]),
])
def test_a_strategy_may_open_when_every_condition_is_met(candidate: Candidate, failed: list[str]) -> None:
    (decision,) = select([candidate], RULES, NOW)
    assert [c.code for c in decision.failed] == failed
    assert decision.may_open is (not failed)
    assert bool(decision.detail) is bool(failed)


def test_each_condition_tells_its_figure_its_limit_and_a_sentence() -> None:
    (decision,) = select([paper(trades=1)], RULES, NOW)
    found = {c.code: c for c in decision.criteria}
    assert found["min_trades"][1:] == (1.0, 3.0, False, "1 trade on paper, at least 3")
    assert found["verdict_age"].value == pytest.approx(10.0)
    assert all(c.detail for c in decision.criteria)


def test_limits_are_those_configured() -> None:
    rules = Selector(min_trades=0, min_net_return=-1, min_profit_factor=0, verdict_age_days=9)
    (decision,) = select([paper(trades=0, net_return=-0.5, profit_factor=0.1)], rules, NOW)
    assert [c.code for c in decision.failed] == ["verdict_age"]


def test_a_verdict_on_one_symbol_opens_no_other() -> None:
    decisions = select([GOOD, GOOD._replace(symbol="ETH-USDT", verdict=None)], RULES, NOW)
    assert [(d.symbol, d.may_open) for d in decisions] == [("BTC-USDT", True), ("ETH-USDT", False)]


def test_many_differences_are_named_in_part() -> None:
    mine, theirs = (Setup({f"p{i}": i + add for i in range(6)}, "1h", 3.0) for add in (0, 1))
    assert differences(mine, theirs) == [*(f"p{i} {i} instead of {i + 1}" for i in range(3)), "3 more"]


LETTERS: list[Letter] = ["A", "B", "C", "D", "F"]
CANDIDATES = st.lists(
    st.tuples(st.sampled_from(LETTERS), st.floats(-0.5, 0.5)), max_size=8
).map(lambda rows: [
    GOOD._replace(strategy=f"s{i}", paper=PAPER._replace(recent_return=r), verdict=VERDICT._replace(grade=g))
    for i, (g, r) in enumerate(rows)
])


@given(CANDIDATES)
def test_shares_add_up_to_one_and_a_better_grade_never_has_less(candidates: list[Candidate]) -> None:
    shares = weights(candidates, Weights(enabled=True))
    if not shares:
        assert all(c.verdict and c.verdict.grade in "DF" for c in candidates)
        return
    assert sum(shares.values()) == pytest.approx(1.0)
    for a in candidates:
        for b in candidates:
            assert a.verdict
            assert b.verdict
            same_luck = (a.paper.recent_return < 0) == (b.paper.recent_return < 0)
            if same_luck and LETTERS.index(a.verdict.grade) < LETTERS.index(b.verdict.grade):
                assert shares[a.strategy, a.symbol] >= shares[b.strategy, b.symbol]


def test_who_lost_lately_has_less_and_nobody_is_weighted_unless_asked() -> None:
    losing = paper(recent_return=-0.01)._replace(strategy="loser")
    assert select([GOOD, losing], Selector(weights=Weights(enabled=True)), NOW)[0].weight == pytest.approx(2 / 3)
    assert [d.weight for d in select([GOOD, losing], RULES, NOW)] == [1.0, 1.0]
