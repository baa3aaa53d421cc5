"""Our state in Bitget's words: numbers as strings, times as millisecond strings, absent numbers as ''."""

from __future__ import annotations

from typing import Any, Final

from core.candle import Candle
from core.instrument import Instrument
from core.timeframe import HOUR_MS
from sandbox.account import Account, ClosedPosition, Position
from sandbox.liquidation import liquidation_price, tier_of
from sandbox.orders import Fill, Order, PlanType, Trigger
from sandbox.state import State

Row = dict[str, Any]
COIN: Final = "USDT"
PRODUCT: Final = "USDT-FUTURES"
MODE: Final = "one_way_mode"

STREAM_PLAN_TYPES: Final = {
    PlanType.NORMAL: "pl", PlanType.LOSS: "sl", PlanType.PROFIT: "tp", PlanType.POS_LOSS: "psl",
    PlanType.POS_PROFIT: "ptp",
}
"""The plan order channel has its own words for what REST calls a planType."""


def text(value: float | None) -> str:
    """A number as Bitget writes it, never with an exponent; '' for None.

    >>> text(0.00001), text(3.0), text(None)
    ('0.00001', '3', '')
    """
    if value is None:
        return ""
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    shown = repr(float(value))
    if "e" in shown:
        return f"{value:.14f}".rstrip("0").rstrip(".")
    return shown


def money(value: float) -> str:
    """An amount of USDT, to eight decimals."""
    return text(round(value, 8))


def market_id(symbol: str) -> str:
    """``BTCUSDT`` of ``BTC-USDT``."""
    return symbol.replace("-", "")


def side_word(direction: int) -> str:
    """The side of a position."""
    return "long" if direction > 0 else "short"


def decimals(step: float) -> int:
    """Decimal places of a tick or step.

    >>> decimals(0.001), decimals(1.0)
    (3, 0)
    """
    shown = text(step)
    return len(shown.partition(".")[2])


def contract_row(rules: Instrument) -> Row:
    """A symbol's rules."""
    place = decimals(rules.tick)
    return {
        "symbol": market_id(rules.symbol), "baseCoin": rules.base, "quoteCoin": COIN, "buyLimitPriceRatio": "0.05",
        "sellLimitPriceRatio": "0.05", "feeRateUpRatio": "0.005", "makerFeeRate": text(rules.maker_fee),
        "takerFeeRate": text(rules.taker_fee), "openCostUpRatio": "0.01", "supportMarginCoins": [COIN],
        "minTradeNum": text(rules.min_quantity), "priceEndStep": text(round(rules.tick * 10**place)),
        "volumePlace": str(decimals(rules.step)), "pricePlace": str(place), "sizeMultiplier": text(rules.step),
        "symbolType": "perpetual", "minTradeUSDT": text(rules.min_notional), "maxSymbolOrderNum": "200",
        "maxProductOrderNum": "400", "maxPositionNum": "150", "symbolStatus": "normal", "offTime": "-1",
        "limitOpenTime": "-1", "deliveryTime": "", "deliveryStartTime": "", "deliveryPeriod": "", "launchTime": "",
        "fundInterval": "8", "minLever": "1", "maxLever": text(rules.max_leverage), "posLimit": "0.05",
        "maintainTime": "",
    }


def candle_row(candle: Candle) -> list[str]:
    """Time, open, high, low, close, base volume, quote volume (at the close)."""
    ts_ms, open_, high, low, close, volume = candle
    return [str(ts_ms), text(open_), text(high), text(low), text(close), text(volume), money(volume * close)]


def ticker_row(rules: Instrument, last: float, day: Candle, rate: float, now_ms: int) -> Row:
    """Last, quotes a tick around it, mark and index equal to last, and the last 24 hours."""
    quote_volume = money(day.volume * last)
    change = text(round(last / day.open - 1, 5))
    return {
        "symbol": market_id(rules.symbol), "lastPr": text(last), "askPr": quote(rules, last, 1),
        "bidPr": quote(rules, last, -1), "bidSz": quote_size(rules, last, 1), "askSz": quote_size(rules, last, 1),
        "high24h": text(day.high), "low24h": text(day.low), "ts": str(now_ms), "change24h": change,
        "baseVolume": money(day.volume), "quoteVolume": quote_volume, "usdtVolume": quote_volume,
        "openUtc": text(day.open), "changeUtc24h": change, "indexPrice": text(last), "fundingRate": text(rate),
        "holdingAmount": open_interest(rules, day), "deliveryStartTime": None, "deliveryTime": None,
        "deliveryStatus": "", "open24h": text(day.open), "markPrice": text(last),
    }


def ticker_push(row: Row, now_ms: int) -> Row:
    """A ticker as the WebSocket tells it."""
    left_out = ("usdtVolume", "deliveryStartTime", "deliveryTime", "deliveryStatus", "changeUtc24h")
    kept = {key: value for key, value in row.items() if key not in left_out}
    upcoming = now_ms - now_ms % (8 * HOUR_MS) + 8 * HOUR_MS
    return {**kept, "instId": row["symbol"], "nextFundingTime": str(upcoming), "symbolType": "1", "deliveryPrice": "0"}


def open_interest(rules: Instrument, day: Candle) -> str:
    """Open interest in base: two fifths of a day's volume."""
    return text(round(0.4 * day.volume, decimals(rules.step)))


def quote(rules: Instrument, last: float, level: int) -> str:
    """The price ``level`` ticks above (negative: below) the last."""
    tick = rules.tick or last * 1e-5
    return text(round(max(last + level * tick, tick), decimals(tick)))


def quote_size(rules: Instrument, last: float, level: int) -> str:
    """Size shown at a level: about 20,000 USDT times its distance, on the step."""
    step = rules.step or 1e-6
    return text(round(max(round(20_000 * level / last / step), 1) * step, decimals(step)))


def book_levels(rules: Instrument, last: float, count: int) -> tuple[list[list[str]], list[list[str]]]:
    """Asks and bids around the last price, best first."""
    tick = rules.tick or last * 1e-5
    asks = [[quote(rules, last, k), quote_size(rules, last, k)] for k in range(1, count + 1)]
    bids = [[quote(rules, last, -k), quote_size(rules, last, k)] for k in range(1, count + 1) if last - k * tick > 0]
    return asks, bids


def order_row(order: Order) -> Row:
    """A plain order over REST; carries both ``status`` and ``state``, as list and detail name it differently."""
    return {
        "symbol": market_id(order.symbol), "size": text(order.quantity), "orderId": str(order.order_id),
        "clientOid": order.client_id, "baseVolume": text(order.filled), "fee": money(-order.fee),
        "price": text(order.limit), "priceAvg": text(order.average), "status": order.status.value,
        "state": order.status.value, "side": order.side.value, "force": order.force.value,
        "totalProfits": money(order.profit), "posSide": "net", "marginCoin": COIN,
        "presetStopSurplusPrice": text(order.preset_target), "presetStopLossPrice": text(order.preset_stop),
        "quoteVolume": money(order.spent), "orderType": "market" if order.limit is None else "limit",
        "leverage": text(order.leverage), "marginMode": order.margin_mode,
        "reduceOnly": "YES" if order.reduce_only else "NO", "enterPointSource": "API", "tradeSide": trade_side(order),
        "posMode": MODE, "orderSource": order.source, "cTime": str(order.created_ms), "uTime": str(order.updated_ms),
    }


def trade_side(order: Order | Trigger) -> str:
    """One-way mode's word for a side."""
    return f"{order.side.value}_single"


def order_push(order: Order, fill: Fill | None) -> Row:
    """A plain order as the WebSocket tells it, with the fill that caused the push, if one did."""
    row = {
        "accBaseVolume": text(order.filled), "cTime": str(order.created_ms), "clientOid": order.client_id,
        "enterPointSource": "API", "feeDetail": [{"feeCoin": COIN, "fee": money(-order.fee)}],
        "force": order.force.value, "instId": market_id(order.symbol), "leverage": text(order.leverage),
        "marginCoin": COIN, "marginMode": order.margin_mode,
        "notionalUsd": money(order.quantity * (order.limit or order.average or 0.0)), "orderId": str(order.order_id),
        "orderType": "market" if order.limit is None else "limit", "posMode": MODE, "posSide": "net",
        "price": text(order.limit or 0.0), "reduceOnly": "yes" if order.reduce_only else "no",
        "side": order.side.value, "size": text(order.quantity), "status": order_stream_status(order),
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
        "executePrice": text(trigger.execute), "callbackRatio": "", "triggerPrice": text(trigger.trigger),
        "triggerType": trigger.source, "planStatus": trigger.status.value, "side": trigger.side.value,
        "posSide": "net", "marginCoin": COIN, "marginMode": "", "enterPointSource": "API",
        "tradeSide": trade_side(trigger), "posMode": MODE,
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
        "orderType": "market" if trigger.execute is None else "limit", "side": trigger.side.value, "posSide": "net",
        "posMode": MODE, "tradeSide": trade_side(trigger), "status": trigger.status.value, "marginCoin": COIN,
        "stopSurplusTriggerType": "fill_price", "stopLossTriggerType": "fill_price", "enterPointSource": "API",
        "cTime": str(trigger.created_ms), "uTime": str(trigger.updated_ms),
    }


def fill_row(fill: Fill) -> Row:
    """An execution, the same over REST and WebSocket."""
    return {
        "tradeId": str(fill.trade_id), "symbol": market_id(fill.symbol), "orderId": str(fill.order_id),
        "price": text(fill.price), "baseVolume": text(fill.quantity),
        "feeDetail": [
            {"deduction": "no", "feeCoin": COIN, "totalDeductionFee": "0", "totalFee": money(-fill.fee)}
        ],
        "side": fill.side.value, "quoteVolume": money(fill.quantity * fill.price), "profit": money(fill.profit),
        "enterPointSource": "api", "tradeSide": f"{fill.side.value}_single", "posMode": MODE,
        "orderType": "market" if fill.market else "limit", "tradeScope": "maker" if fill.maker else "taker",
        "cTime": str(fill.ts_ms), "uTime": str(fill.ts_ms),
    }


def position_row(state: State, account: Account, position: Position) -> Row:
    """An open position over REST."""
    mark = state.prices[position.symbol]
    liquidation = liquidation_price(account, position, state.instrument(position.symbol))
    tier = tier_of(state.instrument(position.symbol), position.cost)
    backing = position.margin + position.unrealised(mark)
    maintenance = position.quantity * mark * tier.rate - tier.deduction
    stop, target = (account.position_trigger(position.symbol, p) for p in (PlanType.POS_LOSS, PlanType.POS_PROFIT))
    return {
        "marginCoin": COIN, "symbol": market_id(position.symbol), "holdSide": side_word(position.direction),
        "openDelegateSize": "0", "marginSize": money(position.margin), "available": text(position.quantity),
        "locked": "0", "total": text(position.quantity), "leverage": text(position.leverage),
        "achievedProfits": money(position.realised), "openPriceAvg": text(position.average),
        "marginMode": position.margin_mode, "posMode": MODE, "unrealizedPL": money(position.unrealised(mark)),
        "liquidationPrice": money(max(liquidation, 0.0)), "keepMarginRate": text(tier.rate), "markPrice": text(mark),
        "marginRatio": text(round(maintenance / backing, 12)) if backing > 0 else "1",
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
        "closeFee": money(closed.closing_fees), "posMode": MODE, "utime": str(closed.closed_ms),
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
