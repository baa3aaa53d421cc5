"""The classic market rows in our words: contracts, tiers, candles, tickers, funding (a `MarketDialect`)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from core.candle import Candle
from core.instrument import Instrument
from exchanges.bitget.dialect.classic import words
from exchanges.bitget.dialect.market import candle as candle_of_row
from exchanges.bitget.dialect.market import continuous_tiers
from exchanges.bitget.dialect.words import COIN, PRODUCT, Ask, Channel, Row, known, number, whole
from exchanges.port import FundingSettled, TickerSeen

RECENT_LIMIT: Final = 1000
HISTORY_LIMIT: Final = 200
GRANULARITY: Final = {
    "1m": "1m", "3m": "3m", "5m": "5m", "15m": "15m", "30m": "30m", "1h": "1H", "2h": "2H", "4h": "4H",
    "6h": "6Hutc", "12h": "12Hutc", "1d": "1Dutc",
}  # fmt: skip


def contracts() -> Ask:
    """All contracts of our product."""
    return Ask(words.CONTRACTS, {"productType": PRODUCT})


def tradable(row: Row) -> bool:
    """Whether a contract is a perpetual in USDT that can be traded."""
    return (
        row.get("quoteCoin") == COIN
        and row.get("symbolType", "perpetual") == "perpetual"
        and row.get("symbolStatus", "normal") in ("normal", "limit_open", "listed")
    )


def tiers(market_id: str) -> Ask:
    """The margin tiers of a contract."""
    return Ask(words.TIERS, {"symbol": market_id, "productType": PRODUCT})


def instrument(symbol: str, contract: Row, tiers: Sequence[Row]) -> Instrument:
    """Trading rules from a contract row and the venue's margin tiers (none: the vocabulary's default)."""
    tick = Decimal(str(contract["priceEndStep"])) * Decimal(1).scaleb(-int(contract["pricePlace"]))
    edges = [(number(t["startUnit"]), number(t["endUnit"]), number(t["keepMarginRate"])) for t in tiers]
    rules: dict[str, Any] = {"tiers": continuous_tiers(edges)} if edges else {}
    return Instrument(
        symbol=symbol,
        tick=float(tick),
        step=number(contract["sizeMultiplier"]),
        min_quantity=number(contract["minTradeNum"]),
        min_notional=number(contract.get("minTradeUSDT")),
        maker_fee=number(contract["makerFeeRate"]),
        taker_fee=number(contract["takerFeeRate"]),
        max_leverage=number(contract.get("maxLever"), 125.0),
        **rules,
    )


def candles(market_id: str, timeframe: str, start_ms: int, end_ms: int, *, recent: bool) -> Ask:
    """One page of candles that open in [start, end)."""
    asked = {
        "symbol": market_id, "productType": PRODUCT, "granularity": GRANULARITY[timeframe],
        "startTime": str(start_ms), "endTime": str(end_ms), "limit": str(RECENT_LIMIT if recent else HISTORY_LIMIT),
    }  # fmt: skip
    return Ask(words.CANDLES if recent else words.HISTORY_CANDLES, asked)


def funding_page(market_id: str, page: int, size: int) -> Ask:
    """One page of settled rates, newest first."""
    asked = {"symbol": market_id, "productType": PRODUCT, "pageSize": str(size), "pageNo": str(page)}
    return Ask(words.FUNDING_HISTORY, asked)


def funding_rows(data: Any) -> list[Row]:
    """The rows of such a page."""
    return list(data or ())


def funding(symbol: str, row: Row) -> FundingSettled:
    """A settled funding rate."""
    return FundingSettled(symbol, whole(row["fundingTime"]), number(row["fundingRate"]))


def open_interest(market_id: str) -> Ask:
    """Open interest now."""
    return Ask(words.OPEN_INTEREST, {"symbol": market_id, "productType": PRODUCT})


def open_interest_of(data: Any) -> float:
    """Open interest in base currency."""
    rows = data.get("openInterestList") or []
    return number(rows[0]["size"]) if rows else 0.0


def candle_channel(market_id: str) -> Channel:
    """1m candles of a contract."""
    return {"instType": PRODUCT, "channel": "candle1m", "instId": market_id}


def ticker_channel(market_id: str) -> Channel:
    """Tickers of a contract."""
    return {"instType": PRODUCT, "channel": "ticker", "instId": market_id}


def market_id(message: Row) -> str:
    """Which contract a public push is about."""
    return str(message["arg"]["instId"])


def candle(row: Any) -> Candle:
    """A candle from ``[ms, open, high, low, close, base volume, ...]``."""
    return candle_of_row(row)


def ticker(symbol: str, row: Row, ts_ms: int) -> TickerSeen:
    """A pushed ticker; mark, bid and ask fall back on the last price where the venue leaves them out."""
    last = number(row["lastPr"])
    return TickerSeen(
        symbol, whole(row.get("ts"), ts_ms), last, known(row.get("markPrice")) or last,
        known(row.get("bidPr")) or last, known(row.get("askPr")) or last,
    )  # fmt: skip
