"""What risk makes of the selector's word."""

from __future__ import annotations

import pytest

from core.instrument import Instrument
from core.position import VenuePosition
from core.settings import Risk
from core.target import Rung, Target
from engine.risk import Selected, Terms, View, approve

LADDER = Target(
    "dca", "BTC-USDT", 60_000, 0, 1, (Rung(0, 90.0, 1.0, 60.0), Rung(1, 80.0, 1.0, 56.0)), 1, 1.0, 60.0, 120.0
)
HELD = VenuePosition("BTC-USDT", 1, 1.0, 100.0, 2.0, "isolated", 50.0, 100.0, 40.0, 0.0, 0)


def judged(selected: Selected | None) -> tuple[int, list[str]]:
    view = View(
        causes=(), owner="dca", equity=1000.0, positions={"BTC-USDT": HELD},
        groups={"BTC-USDT": "majors"}, price=95.0, selected=selected,
    )
    terms = Terms(Instrument(symbol="BTC-USDT"), "majors", 2.0, 1000.0, 0.0005)
    decision = approve(LADDER, view, terms, Risk(max_margin_use=0.5, min_free_margin_usdt=0), 1, 0)
    target = decision.approved.target
    assert (target.stop, target.target, target.quantity) == (60.0, 120.0, 1.0)
    return len(target.rungs), [r.code for r in decision.refusals]


@pytest.mark.parametrize(("selected", "rungs", "codes"), [
    (None, 2, []),
    (Selected(may_open=True), 2, []),
    (Selected(may_open=False, detail="too few trades"), 0, ["not_selected"]),
    (Selected(may_open=True, weight=0.27), 2, []),  # 135 of 500 margin; all filled: 270 / 2
    (Selected(may_open=True, weight=0.26), 1, ["capital_share"]),
    (Selected(may_open=True, weight=0.1), 0, ["capital_share"]),
])
def test_risk_cuts_entries_of_those_not_selected_or_beyond_their_share_and_never_stop_or_target(
    selected: Selected | None, rungs: int, codes: list[str]
) -> None:
    assert judged(selected) == (rungs, codes)
