"""One trade worked out: by hand, and against the rules that would judge it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InputError
from core.instrument import Instrument, Tier
from core.settings import Risk
from core.target import Rung, Target
from engine.risk import Terms, View, approve
from engine.risk_calculator import Answer, Question, calculate

RULES = Instrument(
    symbol="BTC-USDT", tick=0.1, step=0.001, min_quantity=0.001, min_notional=5, max_leverage=20,
    tiers=(Tier(1e9, 0.005, 0),),
)
LIMITS = Risk(risk_per_trade=0.05, max_margin_use=0.7, liquidation_margin=0.02)
ASKED = Question(10_000.0, 6.0, 1, 61_540.0, 46_155.0, 0.05)


def worked_out(limits: Risk = LIMITS, **changes: Any) -> Answer:
    return calculate(ASKED._replace(**changes), RULES, limits, 0.0005)


def test_a_long_by_hand() -> None:
    """One loses 15,385 on the way, 36.924 + 27.693 of fees, 23.0775 of slippage: 15,472.69; 500 buy 0.0323."""
    found = worked_out()
    assert (found.quantity, found.limited_by) == (0.032, "risk_per_trade")
    assert found.notional == pytest.approx(1969.28)
    assert found.margin == pytest.approx(328.213, abs=1e-3)
    assert found.loss == pytest.approx(0.032 * 15_472.6945)
    assert found.loss_of_capital == pytest.approx(found.loss / 10_000)
    assert found.fees == pytest.approx(0.032 * (36.924 + 27.693))
    assert found.slippage == pytest.approx(0.032 * 23.0775)
    # 61,540 x (1 - 1/6) / 0.995 lies above the stop; crossed, the whole capital stands behind it
    assert found.liquidation_isolated == pytest.approx(61_540 * (5 / 6) / 0.995)
    assert (found.isolated_before_stop, found.crossed_before_stop) == (True, False)
    assert found.liquidation_crossed is None
    assert found.refusals == ("liquidation_before_stop",)


CASES = [
    # (what is asked, field, value)
    ("margin limits a far leverage of one", {"leverage": 1.0, "risk": 1.0}, "limited_by", "margin_use"),
    ("free margin limits", {"leverage": 1.0, "risk": 1.0, "capital": 100.0}, "limited_by", "min_free_margin"),
    ("a size that was asked for", {"quantity": 0.0129}, "quantity", 0.012),
    ("is limited by nothing", {"quantity": 0.0129}, "limited_by", ""),
    ("but refused all the same", {"quantity": 0.05, "leverage": 3.0}, "refusals", ("risk_per_trade",)),
    ("too little capital buys nothing", {"capital": 10.0}, "quantity", 0.0),
    ("and says why", {"capital": 10.0, "leverage": 3.0}, "refusals", ("below_minimum",)),
    ("a short is liquidated above", {"direction": -1, "stop": 76_925.0}, "isolated_before_stop", True),
    ("at three times the stop comes first", {"leverage": 3.0}, "isolated_before_stop", False),
    ("no target, no share of fees", {}, "fees_of_target", None),
]


@pytest.mark.parametrize(("changes", "field", "value"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_cases(changes: dict[str, Any], field: str, value: object) -> None:
    limits = LIMITS.model_copy(update={"min_free_margin_usdt": 50.0}) if changes.get("capital") == 100.0 else LIMITS
    found = getattr(worked_out(limits, **changes), field)
    assert found == (pytest.approx(value) if isinstance(value, float) else value)


def test_fees_as_a_share_of_the_target() -> None:
    """Maker fees of 0.02 % in at 61,540 and out at 67,694, which wins 6,154."""
    assert worked_out(target=67_694.0).fees_of_target == pytest.approx(0.0002 * (61_540 + 67_694) / 6_154)


@pytest.mark.parametrize(("changes", "words"), [
    ({"stop": 70_000.0}, "stop = 70000.0: must be below the entry"), ({"leverage": 21.0}, "at most 20"),
    ({"target": 50_000.0}, "target"), ({"direction": -1}, "above a short's"),
])
def test_what_makes_no_trade_is_one_line(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        worked_out(**changes)


asked = st.builds(
    lambda capital, leverage, d, entry, stop, risk: Question(capital, leverage, d, entry, entry * (1 - d * stop), risk),
    st.floats(1, 1e7), st.floats(1, 20), st.sampled_from([1, -1]), st.floats(1, 1e5), st.floats(0.001, 0.9),
    st.floats(0.001, 1),
)


@given(asked)
def test_the_rules_of_risk_approve_exactly_what_it_does_not_see_refused(question: Question) -> None:
    limits = LIMITS.model_copy(update={"risk_per_trade": question.risk})
    found = calculate(question, RULES, limits, 0.0005)
    rung = Rung(0, question.entry, found.quantity, question.stop)
    target = Target("dca", "BTC-USDT", 0, 0, question.direction, (rung,))
    terms = Terms(RULES, "", question.leverage, question.capital, 0.0005)
    decision = approve(target, View((), "", question.capital, {}, {}, question.entry), terms, limits, 1, 0)
    if found.quantity > 0:
        assert [r.code for r in decision.refusals][:1] == [c for c in found.refusals if c != "margin_use"][:1]
    if not found.refusals:
        assert decision.approved.target.rungs == (rung,)


@given(asked)
def test_the_smallest_capital_is_enough_and_no_smaller_one_is(question: Question) -> None:
    limits = LIMITS.model_copy(update={"min_free_margin_usdt": 20.0})
    least = calculate(question, RULES, limits, 0.0005).smallest_capital

    def size(capital: float) -> float:
        return calculate(question._replace(capital=capital), RULES, limits, 0.0005).quantity

    enough = calculate(question, RULES, limits, 0.0005).least_quantity
    assert size(least * 1.0001) >= enough * (1 - 1e-9)
    assert size(least * 0.999) < enough
