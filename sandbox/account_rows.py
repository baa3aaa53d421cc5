"""An account's orders, positions and money in Bitget's words, over REST and WebSocket."""

from __future__ import annotations

from typing import Final

from sandbox.account import Account, ClosedPosition, Position
from sandbox.liquidation import liquidation_price, maintenance, tier_of
from sandbox.orders import WHOLE_POSITION, Fill, Hold, Order, PlanType, Trigger
from sandbox.rows import COIN, Row, market_id, mode_of, money, side_word, text
from sandbox.state import State

STREAM_PLAN_TYPES: Final = {
    PlanType.NORMAL: "pl", PlanType.LOSS: "sl", PlanType.PROFIT: "tp", PlanType.POS_LOSS: "psl",
    PlanType.POS_PROFIT: "ptp", PlanType.TRACK: "track",
}
"""The plan order channel has its own words for what REST calls a planType."""


def order_row(order: Order) -> Row:
    """A plain order over REST; carries both ``status`` and ``state``, as list and detail name it differently."""
    return {
        "symbol": market_id(order.symbol), "size": text(order.quantity), "orderId": str(order.order_id),
        "clientOid": order.client_id, "baseVolume": text(order.filled), "fee": money(-order.fee),
        "price": text(order.limit), "priceAvg": text(order.average), "status": order.status.value,
        "state": order.status.value, "side": shown_side(order), "force": order.force.value,
        "totalProfits": money(order.profit), "posSide": order.hold.value, "marginCoin": COIN,
        "presetStopSurplusPrice": text(order.preset_target), "presetStopLossPrice": text(order.preset_stop),
        "quoteVolume": money(order.spent), "orderType": "market" if order.limit is None else "limit",
        "leverage": text(order.leverage), "marginMode": order.margin_mode,
        "reduceOnly": "YES" if order.reduce_only else "NO", "enterPointSource": "API", "tradeSide": trade_side(order),
        "posMode": mode_of(order.hold), "orderSource": order.source, "cTime": str(order.created_ms),
        "uTime": str(order.updated_ms),
    }


def shown_side(order: Order | Trigger | Fill) -> str:
    """The side as Bitget tells it: in hedge mode that of the position, whether it is opened or closed."""
    return (order.side if order.hold is Hold.NET else order.hold.opening).value


def trade_side(order: Order | Trigger | Fill) -> str:
    """What an order does: in one-way mode its side again, in hedge mode whether it opens or closes."""
    if order.hold is Hold.NET:
        return f"{order.side.value}_single"
    return "open" if order.side is order.hold.opening else "close"


def order_push(order: Order, fill: Fill | None) -> Row:
    """A plain order as the WebSocket tells it, with the fill that caused the push, if one did."""
    row = {
        "accBaseVolume": text(order.filled), "cTime": str(order.created_ms), "clientOid": order.client_id,
        "enterPointSource": "API", "feeDetail": [{"feeCoin": COIN, "fee": money(-order.fee)}],
        "force": order.force.value, "instId": market_id(order.symbol), "leverage": text(order.leverage),
        "marginCoin": COIN, "marginMode": order.margin_mode,
        "notionalUsd": money(order.quantity * (order.limit or order.average or 0.0)), "orderId": str(order.order_id),
        "orderType": "market" if order.limit is None else "limit", "posMode": mode_of(order.hold),
        "posSide": order.hold.value, "price": text(order.limit or 0.0), "side": shown_side(order),
        "reduceOnly": "yes" if order.reduce_only else "no", "size": text(order.quantity),
        "status": order_stream_status(order),
        "tradeSide": trade_side(order), "uTime": str(order.updated_ms), "orderSource": order.source,
        "presetStopLossPrice": text(order.preset_stop), "presetStopSurplusPrice": text(order.preset_target),
        "totalProfits": money(order.profit), "cancelReason": order.reason,
    }
    if fill is None:
        return row
    return {
        **row, "baseVolume": text(fill.quantity), "fillFee": money(-fill.fee), "fillFeeCoin": COIN,
        "fillNotionalUsd": money(fill.quantity * fill.price), "fillPrice": text(fill.price),
        "fillTime": str(fill.ts_ms), "pnl": money(fill.profit), "priceAvg": text(order.average),
        "tradeId": str(fill.trade_id), "tradeScope": "M" if fill.maker else "T",
    }


def order_stream_status(order: Order) -> str:
    """The stream spells cancellation with two l's."""
    return "cancelled" if order.status.value == "canceled" else order.status.value


def trigger_row(trigger: Trigger) -> Row:
    """A trigger over REST."""
    return {
        "planType": trigger.plan.value, "symbol": market_id(trigger.symbol), "size": text(trigger.quantity or None),
        "orderId": str(trigger.order_id), "clientOid": trigger.client_id, "price": text(trigger.execute),
        "executePrice": text(trigger.execute), "callbackRatio": _percent(trigger.callback),
        "triggerPrice": text(trigger.trigger), "triggerType": trigger.source, "planStatus": trigger.status.value,
        "side": shown_side(trigger), "posSide": trigger.hold.value, "marginCoin": COIN, "marginMode": "",
        "enterPointSource": "API",
        "tradeSide": trade_side(trigger), "posMode": mode_of(trigger.hold),
        "orderType": "market" if trigger.execute is None else "limit", "orderSource": trigger.plan.value,
        "stopLossTriggerPrice": text(trigger.preset_stop), "stopSurplusTriggerPrice": text(trigger.preset_target),
        "executeOrderId": str(trigger.became or ""), "cTime": str(trigger.created_ms),
        "uTime": str(trigger.updated_ms),
    }


def trigger_push(trigger: Trigger) -> Row:
    """A trigger as the WebSocket tells it: its price is the trigger price."""
    return {
        "instId": market_id(trigger.symbol), "orderId": str(trigger.order_id), "clientOid": trigger.client_id,
        "triggerPrice": text(trigger.trigger), "price": text(trigger.trigger), "triggerType": trigger.source,
        "triggerTime": str(trigger.updated_ms),
        "planType": STREAM_PLAN_TYPES[trigger.plan],
        "size": text(trigger.quantity), "actualSize": "0", "executePrice": text(trigger.execute),
        "orderType": "market" if trigger.execute is None else "limit", "side": shown_side(trigger),
        "posSide": trigger.hold.value, "posMode": mode_of(trigger.hold), "tradeSide": trade_side(trigger),
        "status": trigger.status.value, "marginCoin": COIN,
        "stopSurplusTriggerType": "fill_price", "stopLossTriggerType": "fill_price", "enterPointSource": "API",
        "cTime": str(trigger.created_ms), "uTime": str(trigger.updated_ms), "callbackRatio": _percent(trigger.callback),
    }


def _percent(fraction: float | None) -> str:
    """A fraction in percent; '' for None."""
    return text(None if fraction is None else round(fraction * 100, 8))


def fill_row(fill: Fill) -> Row:
    """An execution, the same over REST and WebSocket."""
    return {
        "tradeId": str(fill.trade_id), "symbol": market_id(fill.symbol), "orderId": str(fill.order_id),
        "price": text(fill.price), "baseVolume": text(fill.quantity),
        "feeDetail": [
            {"deduction": "no", "feeCoin": COIN, "totalDeductionFee": "0", "totalFee": money(-fill.fee)}
        ],
        "side": shown_side(fill), "quoteVolume": money(fill.quantity * fill.price), "profit": money(fill.profit),
        "enterPointSource": "api", "tradeSide": trade_side(fill), "posMode": mode_of(fill.hold),
        "orderType": "market" if fill.market else "limit", "tradeScope": "maker" if fill.maker else "taker",
        "cTime": str(fill.ts_ms), "uTime": str(fill.ts_ms),
    }


def position_row(state: State, account: Account, position: Position) -> Row:
    """An open position over REST."""
    mark = state.prices[position.symbol]
    liquidation = liquidation_price(state, account, position)
    tier = tier_of(state.instrument(position.symbol), position.cost)
    backing = position.margin + position.unrealised(mark)
    maintained = maintenance(state.instrument(position.symbol), [position], mark)
    locked = account.locked(position.symbol, position.hold)
    stop, target = (account.position_trigger(position.symbol, plan, position.hold) for plan in WHOLE_POSITION)
    return {
        "marginCoin": COIN, "symbol": market_id(position.symbol), "holdSide": side_word(position.direction),
        "openDelegateSize": "0", "marginSize": money(position.margin),
        "available": text(round(position.quantity - locked, 10)),
        "locked": text(round(locked, 10)), "total": text(position.quantity), "leverage": text(position.leverage),
        "achievedProfits": money(position.realised), "openPriceAvg": text(position.average),
        "marginMode": position.margin_mode, "posMode": mode_of(position.hold),
        "unrealizedPL": money(position.unrealised(mark)),
        "liquidationPrice": money(max(liquidation, 0.0)), "keepMarginRate": text(tier.rate),
        "markPrice": text(mark),
        "marginRatio": text(round(maintained / backing, 12)) if backing > 0 else "1",
        "breakEvenPrice": text(position.average), "totalFee": money(-position.funding),
        "deductedFee": money(position.opening_fees), "takeProfit": text(target.trigger if target else None),
        "stopLoss": text(stop.trigger if stop else None), "takeProfitId": str(target.order_id) if target else "",
        "stopLossId": str(stop.order_id) if stop else "", "assetMode": "single", "autoMargin": "off",
        "cTime": str(position.opened_ms), "uTime": str(position.updated_ms),
    }


def position_push(state: State, account: Account, position: Position) -> Row:
    """An open position as the WebSocket tells it."""
    row = position_row(state, account, position)
    kept = (
        "marginCoin", "marginSize", "marginMode", "holdSide", "posMode", "total", "available", "openPriceAvg",
        "achievedProfits", "unrealizedPL", "liquidationPrice", "keepMarginRate", "markPrice", "breakEvenPrice",
        "totalFee", "deductedFee", "autoMargin", "cTime", "uTime",
    )
    profit_rate = position.unrealised(state.prices[position.symbol]) / position.margin if position.margin else 0.0
    return {
        **{key: row[key] for key in kept}, "instId": row["symbol"], "posId": str(position.opened_ms), "frozen": "0",
        "leverage": round(position.leverage), "unrealizedPLR": text(round(profit_rate, 8)),
        "marginRate": row["marginRatio"],
    }


def closed_position_row(closed: ClosedPosition) -> Row:
    """A position after its end."""
    return {
        "positionId": str(closed.position_id), "symbol": market_id(closed.symbol), "marginCoin": COIN,
        "holdSide": side_word(closed.direction), "openAvgPrice": text(closed.average_open),
        "closeAvgPrice": text(closed.average_close), "marginMode": closed.margin_mode,
        "openTotalPos": text(closed.quantity), "closeTotalPos": text(closed.quantity), "pnl": money(closed.pnl),
        "netProfit": money(closed.net), "totalFunding": money(closed.funding), "openFee": money(closed.opening_fees),
        "closeFee": money(closed.closing_fees), "posMode": mode_of(closed.hold), "utime": str(closed.closed_ms),
        "ctime": str(closed.opened_ms),
    }


def balance_row(state: State, account: Account) -> Row:
    """An account's money over REST."""
    unrealised = account.unrealised(state.prices)
    equity, free = account.wallet + unrealised, max(account.free(state.prices), 0.0)
    return {
        "marginCoin": COIN, "locked": money(account.frozen()), "available": money(free),
        "crossedMaxAvailable": money(free), "isolatedMaxAvailable": money(free), "maxTransferOut": money(free),
        "accountEquity": money(equity), "usdtEquity": money(equity), "btcEquity": "0", "crossedRiskRate": "0",
        "unrealizedPL": money(unrealised), "coupon": "0", "crossedUnrealizedPL": None, "isolatedUnrealizedPL": None,
    }


def balance_push(state: State, account: Account) -> Row:
    """An account's money as the WebSocket tells it."""
    row = balance_row(state, account)
    return {
        "marginCoin": COIN, "frozen": row["locked"], "available": row["available"],
        "maxOpenPosAvailable": row["available"], "maxTransferOut": row["maxTransferOut"],
        "equity": row["accountEquity"], "usdtEquity": row["usdtEquity"],
    }
