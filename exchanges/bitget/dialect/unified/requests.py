"""Requests as the unified account wants them: every default that could hurt is said.

A stop travels in two ways only: as a preset on a plain order (with the trigger source beside it, for what stands
inside the preset is dropped), and as a strategy order. A trigger price on a plain order would be ignored, and the
order executed at once: no request here can carry one.
"""

from __future__ import annotations

from core.instrument import Instrument
from core.order import OpenOrder, OrderRequest
from exchanges.bitget.dialect.unified.words import TRIGGER_WORD
from exchanges.bitget.dialect.words import PRODUCT, Params, written


def place_params(market_id: str, request: OrderRequest, rules: Instrument, margin_mode: str, source: str) -> Params:
    """A plain order. One-way mode: no position side; margin mode and reduce-only are always said."""
    params = {
        "category": PRODUCT, "symbol": market_id, "marginMode": margin_mode, "side": request.side.value,
        "orderType": request.kind.value, "clientOid": request.client_id,
        "qty": written(request.quantity, rules.step), "reduceOnly": "yes" if request.reduce_only else "no",
        "timeInForce": "post_only" if request.post_only else "gtc",
    }  # fmt: skip
    if request.price is not None:
        params["price"] = written(request.price, rules.tick)
    if request.stop is not None:
        params |= {
            "stopLoss": written(request.stop, rules.tick), "slOrderType": "market", "slTriggerBy": TRIGGER_WORD[source],
        }  # fmt: skip
    return params


def modify_params(order: OpenOrder, request: OrderRequest, rules: Instrument) -> Params:
    """New price and quantity, always both. The client id stays, and so does a preset: it cannot be amended."""
    if request.price is None:
        raise ValueError(f"{request.client_id}: a market order cannot be amended")
    return {
        "orderId": order.order_id, "qty": written(request.quantity, rules.step),
        "price": written(request.price, rules.tick), "autoCancel": "no",
    }  # fmt: skip


def stop_params(
    market_id: str, direction: int, trigger: float, quantity: float, client_id: str, rules: Instrument, source: str
) -> Params:
    """A position-level stop (``full``: it follows the position whatever its size), at market, trigger source said.

    The quantity must be there all the same.
    """
    return {
        "category": PRODUCT, "symbol": market_id, "clientOid": client_id, "type": "tpsl", "tpslMode": "full",
        "side": "sell" if direction > 0 else "buy", "posSide": "long" if direction > 0 else "short",
        "qty": written(quantity, rules.step), "stopLoss": written(trigger, rules.tick), "slOrderType": "market",
        "slTriggerBy": TRIGGER_WORD[source],
    }  # fmt: skip


def modify_stop_params(order_id: str, trigger: float, quantity: float, rules: Instrument, source: str) -> Params:
    """A position-level stop moved in place, with everything about it said again."""
    return {
        "orderId": order_id, "qty": written(quantity, rules.step), "stopLoss": written(trigger, rules.tick),
        "slOrderType": "market", "slTriggerBy": TRIGGER_WORD[source],
    }  # fmt: skip


def cancel_params(market_id: str, order_id: str) -> Params:
    """Cancel a plain order."""
    return {"category": PRODUCT, "symbol": market_id, "orderId": order_id}


def cancel_strategy_params(market_id: str, order_id: str) -> Params:
    """Cancel one strategy order: no call cancels several, and those that cancel all orders leave these alone."""
    return {"category": PRODUCT, "symbol": market_id, "orderId": order_id}


def leverage_params(market_id: str, leverage: float, margin_mode: str, pos_side: str = "") -> Params:
    """Leverage of a symbol; the margin mode is always said, the position side for isolated margin."""
    params = {
        "category": PRODUCT, "symbol": market_id, "leverage": written(leverage, 0), "marginMode": margin_mode,
    }  # fmt: skip
    return params | ({"posSide": pos_side} if pos_side else {})
