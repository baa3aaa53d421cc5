"""Our state in v3's words over REST: everything a string, reduceOnly in capitals, fees positive when paid."""

from __future__ import annotations

from typing import Any, Final

from core.instrument import Instrument
from sandbox import account_rows as classic
from sandbox.account import Account, ClosedPosition, Position
from sandbox.liquidation import maintenance
from sandbox.orders import LOSSES, WHOLE_POSITION, Fill, Hold, Order, Status, Trigger
from sandbox.rows import COIN, PRODUCT, Row, decimals, market_id, mode_of, money, side_word, text
from sandbox.state import State

TRIGGER_WORDS: Final = {"mark_price": "mark", "fill_price": "market"}
"""What a stop watches: the mark price, or the last one."""


def instrument_row(rules: Instrument) -> Row:
    """A symbol's rules; the precisions are numbers of digits, the multipliers what prices and quantities step by."""
    return {
        "symbol": market_id(rules.symbol), "category": PRODUCT, "baseCoin": rules.base, "quoteCoin": COIN,
        "minOrderQty": text(rules.min_quantity), "maxOrderQty": "1000000", "pricePrecision": str(decimals(rules.tick)),
        "quantityPrecision": str(decimals(rules.step)), "quotePrecision": None, "priceMultiplier": text(rules.tick),
        "quantityMultiplier": text(rules.step), "type": "perpetual", "minOrderAmount": text(rules.min_notional),
        "maxSymbolOrderNum": "200", "makerFeeRate": text(rules.maker_fee), "takerFeeRate": text(rules.taker_fee),
        "status": "online", "offTime": "-1", "deliveryTime": "", "launchTime": "", "fundInterval": "8",
        "minLeverage": "1", "maxLeverage": text(rules.max_leverage), "buyLimitPriceRatio": "0.05",
        "sellLimitPriceRatio": "0.05", "isReality": "NO",
    }


def ticker_row(known: Row) -> Row:
    """A ticker, from the classic one."""
    return {
        "category": PRODUCT, "symbol": known["symbol"], "ts": known["ts"], "lastPrice": known["lastPr"],
        "openPrice24h": known["open24h"], "highPrice24h": known["high24h"], "lowPrice24h": known["low24h"],
        "ask1Price": known["askPr"], "bid1Price": known["bidPr"], "bid1Size": known["bidSz"],
        "ask1Size": known["askSz"], "price24hPcnt": known["change24h"], "volume24h": known["baseVolume"],
        "turnover24h": known["quoteVolume"], "indexPrice": known["indexPrice"], "markPrice": known["markPrice"],
        "fundingRate": known["fundingRate"], "openInterest": known["holdingAmount"], "deliveryStartTime": "",
        "deliveryTime": "", "deliveryStatus": "",
    }


def fees(paid: float, anything: bool) -> list[Row]:
    """What was paid, as a list of one; its texts are empty before the first fill."""
    return [{"feeCoin": COIN if anything else "", "fee": money(paid) if anything else ""}]


def order_status(order: Order) -> str:
    """v3 spells cancellation with two l's."""
    return "cancelled" if order.status is Status.CANCELED else order.status.value


def hold_word(order: Order) -> str:
    """The side of the position that an order opens or reduces."""
    if order.hold is not Hold.NET:
        return order.hold.value
    return side_word(-order.side.sign if order.reduce_only else order.side.sign)


def order_row(order: Order) -> Row:
    """A plain order, its presets with it."""
    stop, target = order.preset_stop, order.preset_target
    return {
        "orderId": str(order.order_id), "clientOid": order.client_id, "category": PRODUCT,
        "symbol": market_id(order.symbol), "orderType": "market" if order.limit is None else "limit",
        "side": order.side.value, "price": text(order.limit or 0.0), "qty": text(order.quantity), "amount": "0",
        "cumExecQty": text(order.filled), "cumExecValue": money(order.spent), "avgPrice": text(order.average or 0.0),
        "timeInForce": order.force.value, "orderStatus": order_status(order), "posSide": hold_word(order),
        "holdMode": mode_of(order.hold), "marginMode": order.margin_mode,
        "reduceOnly": "YES" if order.reduce_only else "NO", "feeDetail": fees(order.fee, order.filled > 0),
        "createdTime": str(order.created_ms), "updatedTime": str(order.updated_ms), "cancelReason": order.reason,
        "execType": "liquidation" if order.source == "liquidation" else "normal", "stpMode": "none",
        **_preset("tp", "takeProfit", target, order.preset_execute[1], order.preset_source[1]),
        **_preset("sl", "stopLoss", stop, order.preset_execute[0], order.preset_source[0]),
    }


def _preset(short: str, name: str, price: float | None, execute: float | None, source: str) -> Row:
    """One end of an order's presets; null where there is none."""
    if price is None:
        return {f"{short}TriggerBy": None, name: None, f"{short}OrderType": None, f"{short}LimitPrice": None}
    return {
        f"{short}TriggerBy": TRIGGER_WORDS[source], name: text(price),
        f"{short}OrderType": "market" if execute is None else "limit",
        f"{short}LimitPrice": None if execute is None else text(execute),
    }


def is_second(account: Account, trigger: Trigger) -> bool:
    """Whether a trigger is the target of a strategy order with two ends, which shows in the row of its stop."""
    return trigger.twin is not None and trigger.plan not in LOSSES and trigger.twin in account.every_trigger


def strategy_row(account: Account, trigger: Trigger) -> Row:
    """A strategy order: a stop, a target, or both in one; no status, side or type, as in v3."""
    ends = [trigger]
    if trigger.twin is not None:
        ends.append(account.every_trigger[trigger.twin])
    whole = trigger.plan in WHOLE_POSITION
    quantity = held(account, trigger) if whole else trigger.quantity
    row = {
        "orderId": str(trigger.order_id), "clientOid": trigger.client_id, "category": PRODUCT,
        "symbol": market_id(trigger.symbol), "qty": text(quantity), "posSide": side_word(-trigger.side.sign),
        "type": "tpsl", "tpslMode": "full" if whole else "partial", "tpTriggerBy": "", "slTriggerBy": "",
        "takeProfit": "", "stopLoss": "", "tpOrderType": "", "slOrderType": "", "tpLimitPrice": "",
        "slLimitPrice": "", "createdTime": str(trigger.created_ms),
        "updatedTime": str(max(end.updated_ms for end in ends)),
    }
    for end in ends:
        short, name = ("sl", "stopLoss") if end.plan in LOSSES else ("tp", "takeProfit")
        row |= {
            f"{short}TriggerBy": TRIGGER_WORDS[end.source], name: text(end.trigger),
            f"{short}OrderType": "market" if end.execute is None else "limit",
            f"{short}LimitPrice": text(end.execute),
        }
    return row


def held(account: Account, trigger: Trigger) -> float:
    """How much a whole-position stop or target protects: what is held, 0 when that is gone."""
    position = account.position(trigger.symbol, trigger.hold)
    return position.quantity if position is not None and position.direction != trigger.side.sign else 0.0


def fill_row(fill: Fill) -> Row:
    """An execution."""
    return {
        "execId": str(fill.trade_id), "orderId": str(fill.order_id), "clientOid": fill.client_id, "category": PRODUCT,
        "symbol": market_id(fill.symbol), "orderType": "market" if fill.market else "limit", "side": fill.side.value,
        "execPrice": text(fill.price), "execQty": text(fill.quantity),
        "execValue": money(fill.price * fill.quantity), "tradeScope": "maker" if fill.maker else "taker",
        "tradeSide": "open" if fill.opening else "close", "feeDetail": fees(fill.fee, True),
        "createdTime": str(fill.ts_ms), "updatedTime": str(fill.ts_ms), "execPnl": money(fill.profit),
    }


def position_row(state: State, account: Account, position: Position) -> Row:
    """An open position."""
    known = classic.position_row(state, account, position)
    return {
        "category": PRODUCT, "symbol": known["symbol"], "marginCoin": COIN, "holdMode": known["posMode"],
        "posSide": known["holdSide"], "marginMode": known["marginMode"], "positionBalance": known["marginSize"],
        "available": known["available"], "frozen": known["locked"], "total": known["total"],
        "leverage": known["leverage"], "curRealisedPnl": known["achievedProfits"], "avgPrice": known["openPriceAvg"],
        "positionStatus": "normal", "unrealisedPnl": known["unrealizedPL"],
        "liquidationPrice": known["liquidationPrice"], "mmr": known["keepMarginRate"],
        "profitRate": profit_rate(state, position), "markPrice": known["markPrice"],
        "breakEvenPrice": known["breakEvenPrice"], "totalFunding": known["totalFee"],
        "openFeeTotal": money(-position.opening_fees), "closeFeeTotal": money(-position.closing_fees),
        "createdTime": known["cTime"], "updatedTime": known["uTime"],
    }


def profit_rate(state: State, position: Position) -> str:
    """Unrealised profit over margin."""
    profit = position.unrealised(state.prices[position.symbol])
    return text(round(profit / position.margin, 8)) if position.margin else "0"


def closed_position_row(closed: ClosedPosition) -> Row:
    """A position after its end."""
    known = classic.closed_position_row(closed)
    return {
        "positionId": known["positionId"], "category": PRODUCT, "symbol": known["symbol"], "marginCoin": COIN,
        "holdMode": known["posMode"], "posSide": known["holdSide"], "marginMode": known["marginMode"],
        "openPriceAvg": known["openAvgPrice"], "closePriceAvg": known["closeAvgPrice"],
        "openTotalPos": known["openTotalPos"], "closeTotalPos": known["closeTotalPos"],
        "cumRealisedPnl": known["pnl"], "netProfit": known["netProfit"], "totalFunding": known["totalFunding"],
        "openFeeTotal": known["openFee"], "closeFeeTotal": known["closeFee"], "createdTime": known["ctime"],
        "updatedTime": known["utime"],
    }


def assets_row(state: State, account: Account) -> Row:
    """An account's money: ``equity`` has unrealised profit in it, ``balance`` has not."""
    known = classic.balance_row(state, account)
    wallet, equity = money(account.wallet), known["accountEquity"]
    needed = all_maintenance(state, account)
    return {
        "accountEquity": equity, "usdtEquity": equity, "btcEquity": "0", "unrealisedPnl": known["unrealizedPL"],
        "usdtUnrealisedPnl": known["unrealizedPL"], "btcUnrealizedPnl": "0", "effEquity": equity,
        "mmr": money(needed), "imr": money(account.reserved() + account.frozen()), "mgnRatio": _ratio(needed, equity),
        "positionMgnRatio": "0",
        "assets": [
            {
                "coin": COIN, "equity": equity, "usdValue": equity, "balance": wallet, "available": known["available"],
                "debt": "0", "locked": known["locked"], "bonus": "0",
            }
        ],
    }


def all_maintenance(state: State, account: Account) -> float:
    """Maintenance margin of all positions."""
    return sum(
        max(maintenance(state.instrument(position.symbol), [position], state.prices[position.symbol]), 0.0)
        for position in account.positions.values()
    )


def _ratio(needed: float, equity: str) -> str:
    return text(round(needed / float(equity), 8)) if float(equity) > 0 else "1" if needed else "0"


def named(thing: Order | Trigger) -> dict[str, Any]:
    """What v3 answers to most order requests."""
    return {"orderId": str(thing.order_id), "clientOid": thing.client_id}
