"""Requests as the classic account wants them: every default that could hurt is said.

Margin mode, trigger source, plan type, the size of a whole position (none).
"""

from __future__ import annotations

from core.instrument import Instrument
from core.order import OpenOrder, OrderRequest
from exchanges.bitget.dialect.classic.words import TRIGGER_WORD
from exchanges.bitget.dialect.words import COIN, PRODUCT, Params, same_price, written


def place_params(market_id: str, request: OrderRequest, rules: Instrument, margin_mode: str) -> Params:
    """A plain order. One-way mode: the side alone says what it does; margin mode and reduce-only are always said."""
    params = {
        "symbol": market_id, "productType": PRODUCT, "marginCoin": COIN, "marginMode": margin_mode,
        "side": request.side.value, "orderType": request.kind.value, "clientOid": request.client_id,
        "size": written(request.quantity, rules.step), "reduceOnly": "YES" if request.reduce_only else "NO",
        "force": "post_only" if request.post_only else "gtc",
    }  # fmt: skip
    if request.price is not None:
        params["price"] = written(request.price, rules.tick)
    if request.stop is not None:
        params["presetStopLossPrice"] = written(request.stop, rules.tick)
    return params


def modify_params(market_id: str, order: OpenOrder, request: OrderRequest, rules: Instrument) -> Params:
    """New price and quantity, always both, under a new client id, and the new preset stop where it differs."""
    if request.price is None:
        raise ValueError(f"{request.client_id}: a market order cannot be amended")
    params = {
        "symbol": market_id, "productType": PRODUCT, "marginCoin": COIN, "orderId": order.order_id,
        "newClientOid": request.client_id, "newSize": written(request.quantity, rules.step),
        "newPrice": written(request.price, rules.tick),
    }  # fmt: skip
    if not same_price(order.stop, request.stop, rules.tick):
        params["newPresetStopLossPrice"] = preset_word(request.stop, rules)
    return params


def modify_preset_params(market_id: str, request: OrderRequest, rules: Instrument) -> Params:
    """Only the preset stop of the order that bears ``request.client_id``."""
    return {
        "symbol": market_id, "productType": PRODUCT, "marginCoin": COIN, "clientOid": request.client_id,
        "newClientOid": request.client_id, "newPresetStopLossPrice": preset_word(request.stop, rules),
    }  # fmt: skip


def preset_word(stop: float | None, rules: Instrument) -> str:
    """A preset stop; ``0`` takes it away."""
    return "0" if stop is None else written(stop, rules.tick)


def stop_params(
    market_id: str, direction: int, trigger: float, client_id: str, rules: Instrument, source: str
) -> Params:
    """A position-level stop: no size (the whole position), no execution price (at market), trigger source said."""
    return {
        "symbol": market_id, "productType": PRODUCT, "marginCoin": COIN, "planType": "pos_loss",
        "triggerPrice": written(trigger, rules.tick), "triggerType": TRIGGER_WORD[source],
        "holdSide": "buy" if direction > 0 else "sell",  # in one-way mode: the side that opened the position
        "clientOid": client_id,
    }  # fmt: skip


def modify_stop_params(market_id: str, order_id: str, trigger: float, rules: Instrument, source: str) -> Params:
    """A position-level stop moved in place; its size is said, and is the empty string."""
    return {
        "symbol": market_id, "productType": PRODUCT, "marginCoin": COIN, "orderId": order_id, "size": "",
        "triggerPrice": written(trigger, rules.tick), "triggerType": TRIGGER_WORD[source],
    }  # fmt: skip


def cancel_params(market_id: str, order_id: str) -> Params:
    """Cancel a plain order."""
    return {"symbol": market_id, "productType": PRODUCT, "marginCoin": COIN, "orderId": order_id}


def cancel_plan_params(market_id: str, order_id: str, plan_type: str) -> Params:
    """Cancel a trigger order. Without ``planType`` the venue looks among normal plans only and cancels nothing."""
    return {
        "symbol": market_id, "productType": PRODUCT, "marginCoin": COIN, "planType": plan_type,
        "orderIdList": [{"orderId": order_id}],
    }  # fmt: skip
