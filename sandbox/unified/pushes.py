"""Our state in v3's words on a socket, which differ from those over REST (``liqPrice``, ``size``, ``no``)."""

from __future__ import annotations

from typing import Final

from core.candle import Candle
from sandbox.account import Account, ClosedPosition, Position
from sandbox.orders import Fill, Hold, Order
from sandbox.rows import COIN, Row, candle_row, market_id, mode_of, money, side_word, text
from sandbox.state import State
from sandbox.tape import TapeTrade
from sandbox.unified.rows import assets_row, fees, fill_row, hold_word, order_row, position_row

INSTRUMENTS: Final = "usdt-futures"
"""Public subscriptions and order pushes write the category small."""


def candle_push(candle: Candle) -> Row:
    """A candle; nothing tells whether it has closed."""
    start, open_, high, low, close, volume, turnover = candle_row(candle)
    return {
        "start": start, "open": open_, "close": close, "high": high, "low": low, "volume": volume,
        "turnover": turnover,
    }


def ticker_push(row: Row) -> Row:
    """A ticker, from its REST row; symbol and time stand around it."""
    left_out = ("category", "symbol", "ts", "deliveryStartTime", "deliveryTime", "deliveryStatus")
    return {key: value for key, value in row.items() if key not in left_out}


def trade_push(trade: TapeTrade) -> Row:
    """A public trade."""
    shown = str(trade.trade_id)
    return {
        "i": shown, "L": shown, "p": text(trade.price), "v": text(trade.size), "S": trade.side, "T": str(trade.ts_ms)
    }


def order_push(order: Order) -> Row:
    """A plain order. It has ``holdMode`` and no ``posMode``, whatever clients look for."""
    known = order_row(order)
    kept = (
        "symbol", "orderId", "clientOid", "qty", "amount", "holdMode", "orderType", "timeInForce", "side",
        "marginMode", "cumExecQty", "cumExecValue", "avgPrice", "orderStatus", "cancelReason", "createdTime",
        "updatedTime", "stpMode",
    )
    return {
        "category": INSTRUMENTS, **{key: known[key] for key in kept}, "price": text(order.limit),
        "holdSide": hold_word(order), "tradeSide": "close" if order.reduce_only else "open", "marginCoin": COIN,
        "reduceOnly": "yes" if order.reduce_only else "no", "totalProfit": money(order.profit),
        "leverage": text(order.leverage), "feeDetail": fees(order.fee, order.filled > 0),
    }


def fill_push(fill: Fill) -> Row:
    """An execution."""
    known = fill_row(fill)
    del known["createdTime"]
    long = (fill.side.sign > 0) == fill.opening
    whose = side_word(1 if long else -1) if fill.hold is Hold.NET else fill.hold.value
    return {**known, "execTime": str(fill.ts_ms), "execLinkId": str(fill.trade_id), "holdSide": whose}


def position_push(state: State, account: Account, position: Position) -> Row:
    """An open position."""
    known = position_row(state, account, position)
    kept = (
        "symbol", "leverage", "openFeeTotal", "mmr", "breakEvenPrice", "available", "marginMode", "unrealisedPnl",
        "markPrice", "createdTime", "avgPrice", "updatedTime", "marginCoin", "frozen", "profitRate", "closeFeeTotal",
        "curRealisedPnl", "posSide", "holdMode",
    )
    return {
        **{key: known[key] for key in kept}, "liqPrice": known["liquidationPrice"],
        "totalFundingFee": known["totalFunding"], "marginSize": known["positionBalance"], "size": known["total"],
        "positionStatus": "opening",
    }


def ended_position_push(state: State, account: Account, closed: ClosedPosition) -> Row:
    """A position that is gone: size 0."""
    return {
        "symbol": market_id(closed.symbol), "leverage": text(account.leverage_of(closed.symbol)), "openFeeTotal": "",
        "mmr": "", "breakEvenPrice": "", "available": "0", "liqPrice": "", "marginMode": closed.margin_mode,
        "unrealisedPnl": "0", "markPrice": text(state.prices[closed.symbol]), "createdTime": str(closed.opened_ms),
        "avgPrice": "0", "totalFundingFee": "0", "updatedTime": str(closed.closed_ms), "marginCoin": COIN,
        "frozen": "0", "profitRate": "", "closeFeeTotal": "", "marginSize": "0", "curRealisedPnl": "0", "size": "0",
        "positionStatus": "ended", "posSide": side_word(closed.direction), "holdMode": mode_of(closed.hold),
    }


def account_push(state: State, account: Account) -> Row:
    """An account's money."""
    known = assets_row(state, account)
    coin = known["assets"][0]
    return {
        "unrealisedPnL": known["unrealisedPnl"], "totalEquity": known["accountEquity"],
        "positionMgnRatio": known["positionMgnRatio"], "mmr": known["mmr"], "effEquity": known["effEquity"],
        "imr": known["imr"], "mgnRatio": known["mgnRatio"],
        "coin": [
            {
                "debts": "0", "balance": coin["balance"], "available": coin["available"], "borrow": "0",
                "locked": coin["locked"], "equity": coin["equity"], "coin": COIN, "usdValue": coin["usdValue"],
            }
        ],
    }
