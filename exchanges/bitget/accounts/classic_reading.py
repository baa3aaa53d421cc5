"""Everything about one classic account that can be asked without changing it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from core.errors import Refused
from core.order import Execution, OpenOrder
from core.position import Balance, ClosedPosition, VenuePosition
from exchanges.bitget.accounts.base import Account
from exchanges.bitget.accounts.names import Names
from exchanges.bitget.accounts.paging import MOST_PAGES, Pages, read_pages
from exchanges.bitget.client import BitgetClient
from exchanges.bitget.dialect.classic import rows, words
from exchanges.bitget.dialect.words import COIN, PRODUCT, Endpoint, Params, Row, permissions
from exchanges.bitget.errors import NOT_FOUND
from exchanges.bitget.rules import Rules
from exchanges.bitget.session import Timing
from exchanges.port import AccountFacts
from exchanges.rate import Priority

_LATELY: Final = 3
"""Pages of ended triggers that are looked through for a client id: whoever asks has sent it a moment ago."""


class ClassicReading(Account):
    """The asking half of `exchanges.port.TradingVenue`: USDT perpetuals of a classic account."""

    def __init__(self, client: BitgetClient, rules: Rules, timing: Timing) -> None:
        super().__init__(client, rules, timing)
        self._names = Names()

    async def facts(self, symbols: Sequence[str]) -> AccountFacts:
        """Account type, modes and leverage as the venue shows them, and what the key may do."""
        accounts = [await self._account(s) for s in symbols]  # together they would arrive together after a stall
        seen = {s: rows.leverage_of(a) for s, a in zip(symbols, accounts, strict=True)}
        self._margin_modes |= {s: mode for s, (mode, _) in seen.items()}
        info = await self._key_info()
        may, bound = permissions(info.get("authorities"), info.get("ips"))
        return AccountFacts(
            account_type="classic",
            one_way=all(rows.one_way(a) for a in accounts),
            margin_mode={s: mode for s, (mode, _) in seen.items()},
            leverage={s: leverage for s, (_, leverage) in seen.items()},
            can_withdraw=any(words.withdraws(word) for word in may) if may else None,
            address_bound=bound,
            can_trade=words.trades(may),
            permissions=may,
        )

    async def _key_info(self) -> Row:
        try:
            found: Row = await self._client.call(words.KEY_INFO, {})
        except Refused:
            return {}
        return found

    async def balance(self) -> Balance:
        """Account money in USDT."""
        return rows.balance(await self._client.call(words.BALANCE, {"productType": PRODUCT}) or [])

    async def positions(self) -> list[VenuePosition]:
        """Every open position."""
        asked = {"productType": PRODUCT, "marginCoin": COIN}
        found = await self._client.call(words.POSITIONS, asked, Priority.PROTECTION) or []
        return [p for row in found if (p := rows.position(row, self._symbols)) is not None]

    async def position_history(self, symbol: str, from_ms: int) -> list[ClosedPosition]:
        """Positions that were closed since ``from_ms``, oldest first; the venue remembers about three months."""
        # By when they were closed, whatever the venue filters: one may have been opened long before.
        where = {"symbol": self._id(symbol)}
        found = await self._pages(words.CLOSED_POSITIONS, where, "list", "positionId", oldest=("utime", from_ms))
        closed = (rows.closed_position(row, self._symbols) for row in found)
        return sorted((p for p in closed if p.closed_ms >= from_ms), key=lambda p: (p.closed_ms, p.position_id))

    async def _account(self, symbol: str) -> Row:
        asked = {"symbol": self._id(symbol), "productType": PRODUCT, "marginCoin": COIN}
        found: Row = await self._client.call(words.ACCOUNT, asked)
        return found

    async def _asked_margin_mode(self, symbol: str) -> str:
        return rows.leverage_of(await self._account(symbol))[0]

    async def open_orders(self, symbol: str) -> list[OpenOrder]:
        """Every live order of a symbol, from all namespaces."""
        return await self._live({"symbol": self._id(symbol)})

    async def all_open_orders(self) -> list[OpenOrder]:
        """Every live order of the account, from all namespaces; as many requests as for one symbol."""
        return await self._live({})

    async def _live(self, where: Params) -> list[OpenOrder]:
        lists = await asyncio.gather(
            self._listed(words.PENDING, where),
            *(self._listed(words.PLAN_PENDING, where | {"planType": n}) for n in words.PLAN_NAMESPACES),
        )
        return [order for listed in lists for order in listed if order.status.live]

    async def _listed(self, endpoint: Endpoint, where: Params, most: int = MOST_PAGES) -> list[OpenOrder]:
        """One namespace, all its pages or the newest ``most``."""
        found = await self._pages(endpoint, where, "entrustedList", "orderId", Priority.PROTECTION, most=most)
        orders = [rows.order(row, self._symbols) for row in found]
        self._names.seen(orders)
        return orders

    async def _pages(
        self,
        endpoint: Endpoint,
        where: Params,
        name: str,
        key: str,
        priority: Priority = Priority.READ,
        oldest: tuple[str, int] | None = None,
        most: int = MOST_PAGES,
    ) -> list[Row]:
        """All rows of a list that stand under ``name``; the rest is `exchanges.bitget.accounts.paging`."""
        asked, pages = {"productType": PRODUCT} | where, Pages(name, "endId", "idLessThan")
        return await read_pages(self._client, endpoint, asked, pages, key, priority, oldest=oldest, most=most)

    async def order(self, symbol: str, client_id: str) -> OpenOrder | None:
        """The order with this client id, plain or trigger, live or ended, or None when the venue knows none.

        The plain ones can be asked for by id; the trigger namespaces are looked through, live ones first.
        """
        plain = await self._plain_order(symbol, client_id)
        if plain is not None:
            return plain
        for endpoint in (words.PLAN_PENDING, words.PLAN_HISTORY):
            for namespace in words.PLAN_NAMESPACES:
                where = {"symbol": self._id(symbol), "planType": namespace, "clientOid": client_id}
                for found in await self._listed(endpoint, where, _LATELY):
                    if found.client_id == client_id:
                        return found
        return None

    async def _plain_order(self, symbol: str, client_id: str) -> OpenOrder | None:
        return await self._detail(symbol, {"clientOid": client_id})

    async def _detail(self, symbol: str, which: Params) -> OpenOrder | None:
        asked = {"symbol": self._id(symbol), "productType": PRODUCT} | which
        try:
            found = rows.order(await self._client.call(words.DETAIL, asked, Priority.PROTECTION), self._symbols)
        except Refused as error:
            if error.code in NOT_FOUND:
                return None
            raise
        self._names.seen((found,))
        return found

    async def _executions(self, symbol: str, from_ms: int) -> list[Execution]:
        """Fills since ``from_ms``, oldest first; the venue remembers about three months.

        Read from the newest back: the venue limits how far apart the ends of a span of time may lie. Its rows name the
        order alone: an order that was not seen while it rested is asked for its client id, or its fill would pass for
        somebody else's.
        """
        where = {"symbol": self._id(symbol)}
        back_to = ("cTime", from_ms)
        listed = await self._pages(words.FILLS, where, "fillList", "tradeId", Priority.PROTECTION, back_to)
        found = [e for row in listed if (e := rows.execution(row, self._symbols)).ts_ms >= from_ms]
        for order_id in self._names.lacking(found):
            if await self._detail(symbol, {"orderId": order_id}) is None:
                self._names.note(order_id, "")
        return sorted((self._names.of(e) for e in found), key=lambda e: (e.ts_ms, e.trade_id))
