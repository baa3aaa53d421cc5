"""Whatever is sent to the unified account is done or refused in Bitget's words; nothing else ever comes of it."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.order import Side
from sandbox.account import UNIFIED, Account
from sandbox.desk import place
from sandbox.orders import NewOrder
from sandbox.refusal import Refusal
from sandbox.state import State
from sandbox.unified.asking import Asked
from sandbox.unified.routes import unified_private_routes
from tests.sandbox.builders import PLAIN, START_MS, SYMBOL

NAMES = {"BTCUSDT": SYMBOL}
ROUTES = sorted({path for _, path in unified_private_routes(State([], {}, 0.0, 0))})
WORDS = (
    "USDT-FUTURES", "SPOT", "BTCUSDT", "buy", "sell", "long", "short", "market", "limit", "mark", "full", "partial",
    "tpsl", "gtc", "post_only", "yes", "no", "crossed", "isolated", "hedge_mode", "one_way_mode",
)
VALUES = st.one_of(
    st.sampled_from(WORDS), st.sampled_from(["0", "-1", "1", "90", "99.5", "110", "1e400", "nan", "", "\u0661", "me"]),
    st.integers(-5, 200), st.floats(), st.none(), st.booleans(), st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=2), st.integers(), max_size=1),
)
USUAL = {
    "category": "USDT-FUTURES", "symbol": "BTCUSDT", "orderType": "market", "side": "buy", "qty": "1", "posSide": "long"
}
KEYS = (
    *USUAL, "price", "timeInForce", "reduceOnly", "clientOid", "orderId", "stopLoss", "takeProfit", "slOrderType",
    "tpOrderType", "slLimitPrice", "slTriggerBy", "tpTriggerBy", "tpslMode", "type", "marginMode", "leverage",
    "holdMode", "limit", "cursor", "startTime", "endTime", "triggerPrice",
)
BODIES = st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=6).map(lambda odd: {**USUAL, **odd})
ANYTHING = st.one_of(BODIES, st.lists(st.one_of(BODIES, st.integers()), max_size=2))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(ROUTES), ANYTHING), min_size=1, max_size=4))
@example([("/api/v3/trade/place-strategy-order", {**USUAL, "stopLoss": "90", "tpslMode": "partial"})])
@example([("/api/v3/trade/place-batch", [USUAL, 3])])
def test_any_request_is_done_or_refused_and_its_answer_is_json(asked: list[tuple[str, Any]]) -> None:
    account = Account("key", "", "", 10_000.0, kind=UNIFIED)
    state = State([account], {SYMBOL: PLAIN}, 0.0005, START_MS)
    state.prices[SYMBOL] = 100.0
    place(state, account, NewOrder(SYMBOL, Side.BUY, 2.0, preset_stop=80.0))
    routes = {path: endpoint for (_, path), endpoint in unified_private_routes(state).items()}
    for path, body in asked:
        try:
            answer = routes[path](account, Asked(body, NAMES))
        except Refusal:
            continue
        json.dumps(answer, allow_nan=False)
    assert state.journal.violations == []


def test_a_usual_order_is_done() -> None:
    """What the bodies above are made of is no nonsense by itself."""
    account = Account("key", "", "", 10_000.0, kind=UNIFIED)
    state = State([account], {SYMBOL: PLAIN}, 0.0005, START_MS)
    state.prices[SYMBOL] = 100.0
    unified_private_routes(state)["POST", "/api/v3/trade/place-order"](account, Asked(USUAL, NAMES))
    assert account.positions[SYMBOL].quantity == 1.0
