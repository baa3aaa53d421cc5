"""Our state in Bitget's words: numbers as strings, times as millisecond strings, absent numbers as ''."""

from __future__ import annotations

from typing import Any, Final

from core.candle import Candle
from core.instrument import Instrument
from core.timeframe import HOUR_MS
from sandbox.account import HEDGE, ONE_WAY
from sandbox.orders import Hold

Row = dict[str, Any]
COIN: Final = "USDT"
PRODUCT: Final = "USDT-FUTURES"
NEAREST_USDT: Final = 20_000.0
"""What the nearest level of the made-up book holds."""


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


def quote_size(rules: Instrument, last: float, level: int, nearest: float = 0.0) -> str:
    """Size shown at a level: about ``nearest`` USDT (20,000 unless given) times its distance, on the step."""
    step = rules.step or 1e-6
    return text(round(max(round((nearest or NEAREST_USDT) * level / last / step), 1) * step, decimals(step)))


def book_levels(
    rules: Instrument, last: float, count: int, nearest: float = 0.0
) -> tuple[list[list[str]], list[list[str]]]:
    """Asks and bids around the last price, best first."""
    tick = rules.tick or last * 1e-5
    asks = [[quote(rules, last, k), quote_size(rules, last, k, nearest)] for k in range(1, count + 1)]
    bids = [
        [quote(rules, last, -k), quote_size(rules, last, k, nearest)]
        for k in range(1, count + 1) if last - k * tick > 0
    ]
    return asks, bids


def mode_of(hold: Hold) -> str:
    """The position mode in which such positions are held."""
    return ONE_WAY if hold is Hold.NET else HEDGE
