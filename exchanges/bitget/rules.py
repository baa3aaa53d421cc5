"""Symbols and trading rules as the venue has them today."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from core.errors import Refused
from core.instrument import Instrument
from exchanges.bitget.client import BitgetClient
from exchanges.bitget.dialect.market import MarketDialect, Symbols


class Rules:
    """The venue's contracts, and the instruments of the symbols asked for."""

    def __init__(self, symbols: Symbols, instruments: dict[str, Instrument], dialect: MarketDialect) -> None:
        self.symbols, self._instruments, self._dialect = symbols, instruments, dialect

    @property
    def known(self) -> tuple[str, ...]:
        """The symbols asked for that the venue lists, in the order of asking."""
        return tuple(self._instruments)

    def instrument(self, symbol: str) -> Instrument:
        """The trading rules of a listed symbol; of one that was not asked for without its tiers. Raises KeyError."""
        known = self._instruments.get(symbol)
        return known or self._dialect.instrument(symbol, self.symbols.row(symbol), ())


async def load_rules(client: BitgetClient, dialect: MarketDialect, wanted: Sequence[str]) -> Rules:
    """Rules of the wanted symbols; those that the venue does not list are left out.

    Raises RetryLater, Fatal.
    """
    symbols = Symbols([row for row in await client.ask(dialect.contracts()) or () if dialect.tradable(row)])
    known = [s for s in dict.fromkeys(wanted) if s in symbols]
    loaded = await asyncio.gather(*(_instrument(client, dialect, symbols, s) for s in known))
    return Rules(symbols, dict(zip(known, loaded, strict=True)), dialect)


async def _instrument(client: BitgetClient, dialect: MarketDialect, symbols: Symbols, symbol: str) -> Instrument:
    try:
        tiers = await client.ask(dialect.tiers(symbols.id(symbol)))
    except Refused:
        tiers = []  # a venue that does not tell its tiers: the vocabulary's default stands
    return dialect.instrument(symbol, symbols.row(symbol), tiers or [])
