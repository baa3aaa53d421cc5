"""The venue's market rows in our words: contracts, tiers, candles, tickers, funding."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from core.candle import Candle
from core.instrument import Instrument, Tier
from exchanges.bitget.dialect.words import COIN, Row, known, number, whole
from exchanges.port import FundingSettled, TickerSeen


class Symbols:
    """Our symbols and the venue's ids, both ways, from its list of contracts."""

    def __init__(self, contracts: Sequence[Row]) -> None:
        self._rows = {f"{row['baseCoin']}-{row['quoteCoin']}": row for row in contracts if _tradable(row)}
        self._symbols = {str(row["symbol"]): symbol for symbol, row in self._rows.items()}

    def __contains__(self, symbol: str) -> bool:
        return symbol in self._rows

    def row(self, symbol: str) -> Row:
        """The contract of a symbol. Raises KeyError."""
        return self._rows[symbol]

    def id(self, symbol: str) -> str:
        """The venue's id: ``BTCUSDT``. Raises KeyError for a symbol that the venue does not list."""
        return str(self._rows[symbol]["symbol"])

    def symbol(self, market_id: str) -> str:
        """Ours for a venue's id; contracts that are no longer listed keep a readable name."""
        return self._symbols.get(market_id) or f"{market_id.removesuffix(COIN)}-{COIN}"


def _tradable(row: Row) -> bool:
    return row.get("quoteCoin") == COIN and row.get("symbolType", "perpetual") == "perpetual" and row.get(
        "symbolStatus", "normal"
    ) in ("normal", "limit_open", "listed")


def instrument(symbol: str, contract: Row, tiers: Sequence[Row]) -> Instrument:
    """Trading rules from a contract row and the venue's margin tiers (none: the vocabulary's default)."""
    tick = Decimal(str(contract["priceEndStep"])) * Decimal(1).scaleb(-int(contract["pricePlace"]))
    rules: dict[str, Any] = {"tiers": _tiers(tiers)} if tiers else {}
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


def _tiers(rows: Sequence[Row]) -> tuple[Tier, ...]:
    """Tiers with the deductions that make the maintenance margin continuous; the last one has no end."""
    found: list[Tier] = []
    ordered = sorted(rows, key=lambda row: number(row["startUnit"]))
    for i, row in enumerate(ordered):
        rate, start = number(row["keepMarginRate"]), number(row["startUnit"])
        deduction = found[-1].deduction + start * (rate - found[-1].rate) if found else 0.0
        end = number(row["endUnit"]) if i + 1 < len(ordered) else 1e18
        found.append(Tier(end, rate, deduction))
    return tuple(found)


def candle(row: Sequence[Any]) -> Candle:
    """A candle from ``[ms, open, high, low, close, base volume, ...]``."""
    return Candle(int(row[0]), *(float(cell) for cell in row[1:6]))


def ticker(symbol: str, row: Row, ts_ms: int) -> TickerSeen:
    """A pushed ticker; mark, bid and ask fall back on the last price where the venue leaves them out."""
    last = number(row["lastPr"])
    return TickerSeen(
        symbol, whole(row.get("ts"), ts_ms), last, known(row.get("markPrice")) or last,
        known(row.get("bidPr")) or last, known(row.get("askPr")) or last,
    )  # fmt: skip


def funding(symbol: str, row: Row) -> FundingSettled:
    """A settled funding rate."""
    return FundingSettled(symbol, whole(row["fundingTime"]), number(row["fundingRate"]))
