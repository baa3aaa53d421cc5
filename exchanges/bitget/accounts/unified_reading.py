"""Everything about one unified account that can be asked without changing it.

Lists are paged by ``cursor``, which stands beside the rows. Symbol and category are always said: left out, the venue
answers with whatever else the account traded, and a page of that hides what was asked for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from core.errors import Refused
from core.order import Execution, OpenOrder
from core.position import Balance, ClosedPosition, VenuePosition
from exchanges.bitget.accounts.base import Account
from exchanges.bitget.accounts.paging import MOST_PAGES, Pages, read_pages
from exchanges.bitget.accounts.renamed import Renamed
from exchanges.bitget.client import BitgetClient
from exchanges.bitget.dialect.unified import rows, words
from exchanges.bitget.dialect.words import PRODUCT, Endpoint, Params, Row, permissions
from exchanges.bitget.errors import NOT_FOUND
from exchanges.bitget.rules import Rules
from exchanges.bitget.session import Timing
from exchanges.port import AccountFacts
from exchanges.rate import Priority

_PAGES: Final = Pages("list", "cursor", "cursor")
_LATELY: Final = 3
"""Pages of ended strategy orders that are looked through for a client id: whoever asks has sent it a moment ago."""


class UnifiedReading(Account):
    """The asking half of `exchanges.port.TradingVenue`: USDT perpetuals of a unified account."""

    def __init__(self, client: BitgetClient, rules: Rules, timing: Timing) -> None:
        super().__init__(client, rules, timing)
        self._renamed = Renamed()

    async def facts(self, symbols: Sequence[str]) -> AccountFacts:
        """Account type, modes and leverage as the venue shows them, and what the key may do."""
        settings = await self._settings()
        seen = {s: found for s in symbols if (found := rows.symbol_settings(settings, self._id(s))) is not None}
        self._margin_modes |= {s: mode for s, (mode, _) in seen.items()}
        info = await self._key_info()
        may, bound = permissions(info.get("permissions"), info.get("ips"))
        writes = str(info.get("permType", "")).replace("_", "-") == "read-and-write"
        return AccountFacts(
            account_type="unified",
            one_way=rows.one_way(settings),
            margin_mode={s: mode for s, (mode, _) in seen.items()},
            leverage={s: leverage for s, (_, leverage) in seen.items()},
            can_withdraw=any("withdraw" in word for word in may) if may else None,
            address_bound=bound,
            can_trade=writes and "uta_trade" in may if may else None,
            permissions=may,
        )

    async def _settings(self) -> Row:
        found: Row = await self._client.call(words.SETTINGS, {})
        return found

    async def _key_info(self) -> Row:
        try:
            found: Row = await self._client.call(words.KEY_INFO, {})
        except Refused:
            return {}
        return found

    async def _asked_margin_mode(self, symbol: str) -> str:
        found = rows.symbol_settings(await self._settings(), self._id(symbol))
        if found is None:
            raise Refused(f"{symbol}: the venue does not tell the margin mode: prepare the symbol first")
        return found[0]

    async def balance(self) -> Balance:
        """Account money in USDT: equity and what is free, both from the same answer."""
        data = await self._client.call(words.ASSETS, {}) or {}
        return rows.balance(data.get("assets") or ())

    async def positions(self) -> list[VenuePosition]:
        """Every open position."""
        data = await self._client.call(words.POSITIONS, {"category": PRODUCT}, Priority.PROTECTION) or {}
        return [p for row in data.get("list") or () if (p := rows.position(row, self._symbols)) is not None]

    async def position_history(self, symbol: str, from_ms: int) -> list[ClosedPosition]:
        """Positions that were closed since ``from_ms``, oldest first; the venue remembers about three months."""
        where = {"symbol": self._id(symbol)}
        found = await self._pages(words.CLOSED_POSITIONS, where, "positionId", oldest=("updatedTime", from_ms))
        closed = (rows.closed_position(row, self._symbols) for row in found)
        return sorted((p for p in closed if p.closed_ms >= from_ms), key=lambda p: (p.closed_ms, p.position_id))

    async def open_orders(self, symbol: str) -> list[OpenOrder]:
        """Every live order of a symbol, plain and strategy."""
        return await self._live({"symbol": self._id(symbol)})

    async def all_open_orders(self) -> list[OpenOrder]:
        """Every live order of the account, plain and strategy; as many requests as for one symbol."""
        return await self._live({})

    async def _live(self, where: Params) -> list[OpenOrder]:
        plain, strategies = await asyncio.gather(
            self._pages(words.UNFILLED, where, "orderId", Priority.PROTECTION), self._live_strategies(where)
        )
        found = [self._renamed.as_ours(rows.order(row, self._symbols)) for row in plain if rows.ours(row)]
        return [order for order in [*found, *strategies] if order.status.live]

    async def _live_strategies(self, where: Params) -> list[OpenOrder]:
        """Live strategy orders; this list comes whole, and in a shape of its own."""
        data = await self._client.call(words.UNFILLED_STRATEGY, {"category": PRODUCT} | where, Priority.PROTECTION)
        found = (rows.strategy_order(row, self._symbols) for row in rows.strategy_orders(data) if rows.ours(row))
        return [o for o in found if o.status.live]

    async def _pages(
        self,
        endpoint: Endpoint,
        where: Params,
        key: str,
        priority: Priority = Priority.READ,
        oldest: tuple[str, int] | None = None,
        most: int = MOST_PAGES,
    ) -> list[Row]:
        """All rows of a list; see `exchanges.bitget.accounts.paging`."""
        asked = {"category": PRODUCT} | where
        return await read_pages(self._client, endpoint, asked, _PAGES, key, priority, oldest=oldest, most=most)

    async def order(self, symbol: str, client_id: str) -> OpenOrder | None:
        """The order with this client id, plain or strategy, live or ended, or None when the venue knows none."""
        plain = await self._plain_order(symbol, client_id)
        if plain is not None:
            return plain
        where = {"symbol": self._id(symbol)}
        for live in await self._live_strategies(where):
            if live.client_id == client_id:
                return live
        for row in await self._pages(words.HISTORY_STRATEGY, where, "orderId", Priority.PROTECTION, most=_LATELY):
            if row.get("clientOid") == client_id:
                return rows.strategy_order(row, self._symbols, ended=True)
        return None

    async def _plain_order(self, symbol: str, client_id: str) -> OpenOrder | None:
        amended = self._renamed.wanted(client_id)
        if amended is None:
            return await self._info(symbol, {"clientOid": client_id})
        found = await self._info(symbol, {"orderId": amended.order_id})
        return found if found is not None and amended.shown_by(found, self.instrument(symbol)) else None

    async def _info(self, symbol: str, which: Params) -> OpenOrder | None:
        asked = {"category": PRODUCT, "symbol": self._id(symbol)} | which
        try:
            data = await self._client.call(words.ORDER_INFO, asked, Priority.PROTECTION)
        except Refused as error:
            if error.code in NOT_FOUND:
                return None
            raise
        return self._renamed.as_ours(rows.order(data, self._symbols)) if data else None

    async def _executions(self, symbol: str, from_ms: int) -> list[Execution]:
        """Fills since ``from_ms``, oldest first; the venue remembers about three months.

        Read from the newest back: the venue limits how far apart the ends of a span of time may lie.
        """
        where, back_to = {"symbol": self._id(symbol)}, ("createdTime", from_ms)
        found = [
            self._renamed.fill_as_ours(rows.execution(row, self._symbols))
            for row in await self._pages(words.FILLS, where, "execId", Priority.PROTECTION, back_to)
            if rows.ours(row)
        ]
        mine = (e for e in found if e.ts_ms >= from_ms and e.symbol == symbol)
        return sorted(mine, key=lambda e: (e.ts_ms, e.trade_id))
