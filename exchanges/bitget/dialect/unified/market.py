"""The unified account's market rows in our words (a `MarketDialect`).

Streams carry 1m candles only: the venue's client cannot tell two timeframes of one symbol apart, and longer ones are
aggregated from minutes anyway, which makes one truth.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from core.candle import Candle
from core.instrument import Instrument
from exchanges.bitget.dialect.market import candle as candle_of_row
from exchanges.bitget.dialect.market import continuous_tiers
from exchanges.bitget.dialect.unified import words
from exchanges.bitget.dialect.words import COIN, PRODUCT, Ask, Channel, Row, known, number, whole
from exchanges.port import FundingSettled, TickerSeen

RECENT_LIMIT: Final = 1000
HISTORY_LIMIT: Final = 100
GRANULARITY: Final = {
    "1m": "1m", "3m": "3m", "5m": "5m", "15m": "15m", "30m": "30m", "1h": "1H", "2h": "2H", "4h": "4H",
    "6h": "6H", "12h": "12H", "1d": "1D",
}  # fmt: skip


def contracts() -> Ask:
    """All contracts of our product."""
    return Ask(words.INSTRUMENTS, {"category": PRODUCT})


def tradable(row: Row) -> bool:
    """Whether a contract is a perpetual in USDT that can be traded."""
    return (
        row.get("quoteCoin") == COIN
        and row.get("type", "perpetual") == "perpetual"
        and row.get("status", "online") in ("online", "normal", "listed", "limit_open")
    )


def tiers(market_id: str) -> Ask:
    """The margin tiers of a contract."""
    return Ask(words.TIERS, {"symbol": market_id, "category": PRODUCT})


def instrument(symbol: str, contract: Row, tiers: Sequence[Row]) -> Instrument:
    """Trading rules from a contract row and the venue's margin tiers (none: the vocabulary's default).

    The grid is ``priceMultiplier`` and ``quantityMultiplier``; the numbers of digits are coarser than it.
    """
    edges = [(number(t.get("minTierValue")), number(t.get("maxTierValue")), number(t.get("mmr"))) for t in tiers]
    rules: dict[str, Any] = {"tiers": continuous_tiers(edges)} if edges else {}
    return Instrument(
        symbol=symbol,
        tick=number(contract.get("priceMultiplier")) or _digits(contract["pricePrecision"]),
        step=number(contract.get("quantityMultiplier")) or _digits(contract["quantityPrecision"]),
        min_quantity=number(contract["minOrderQty"]),
        min_notional=number(contract.get("minOrderAmount")),
        maker_fee=number(contract["makerFeeRate"]),
        taker_fee=number(contract["takerFeeRate"]),
        max_leverage=number(contract.get("maxLeverage"), 125.0),
        **rules,
    )


def _digits(count: Any) -> float:
    return float(Decimal(1).scaleb(-int(count)))


def candles(market_id: str, timeframe: str, start_ms: int, end_ms: int, *, recent: bool) -> Ask:
    """One page of candles that open in [start, end)."""
    asked = {
        "symbol": market_id, "category": PRODUCT, "interval": GRANULARITY[timeframe],
        "startTime": str(start_ms), "endTime": str(end_ms), "limit": str(RECENT_LIMIT if recent else HISTORY_LIMIT),
    }  # fmt: skip
    return Ask(words.CANDLES if recent else words.HISTORY_CANDLES, asked)


def funding_page(market_id: str, page: int, size: int) -> Ask:
    """One page of settled rates, newest first; the cursor of this list is the number of the page."""
    asked = {"symbol": market_id, "category": PRODUCT, "limit": str(size), "cursor": str(page)}
    return Ask(words.FUNDING_HISTORY, asked)


def funding_rows(data: Any) -> list[Row]:
    """The rows of such a page."""
    return list((data or {}).get("resultList") or ())


def funding(symbol: str, row: Row) -> FundingSettled:
    """A settled funding rate."""
    return FundingSettled(symbol, whole(row["fundingRateTimestamp"]), number(row["fundingRate"]))


def open_interest(market_id: str) -> Ask:
    """Open interest now."""
    return Ask(words.OPEN_INTEREST, {"symbol": market_id, "category": PRODUCT})


def open_interest_of(data: Any) -> float:
    """Open interest in base currency."""
    rows = data.get("list") or []
    return number(rows[0]["openInterest"]) if rows else 0.0


def candle_channel(market_id: str) -> Channel:
    """1m candles of a contract."""
    return {"instType": words.PUBLIC, "topic": "kline", "symbol": market_id, "interval": "1m"}


def ticker_channel(market_id: str) -> Channel:
    """Tickers of a contract."""
    return {"instType": words.PUBLIC, "topic": "ticker", "symbol": market_id}


def market_id(message: Row) -> str:
    """Which contract a public push is about."""
    return str(message["arg"]["symbol"])


def candle(row: Any) -> Candle:
    """A candle from a row of REST, or from a pushed one, which may name its cells."""
    if isinstance(row, Mapping):
        row = [row[cell] for cell in ("start", "open", "high", "low", "close", "volume")]
    return candle_of_row(row)


def ticker(symbol: str, row: Row, ts_ms: int) -> TickerSeen:
    """A pushed ticker; mark, bid and ask fall back on the last price where the venue leaves them out."""
    last = number(row["lastPrice"])
    return TickerSeen(
        symbol, whole(row.get("ts"), ts_ms), last, known(row.get("markPrice")) or last,
        known(row.get("bid1Price")) or last, known(row.get("ask1Price")) or last,
    )  # fmt: skip
