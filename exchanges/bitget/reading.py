"""Everything about one classic account that can be asked without changing it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from core.errors import Fatal, Refused
from core.instrument import Instrument
from core.order import Execution, OpenOrder
from core.position import Balance, VenuePosition
from core.settings import Exchange
from exchanges.bitget.client import BitgetClient
from exchanges.bitget.dialect import rows, words
from exchanges.bitget.dialect.words import Params, Row
from exchanges.bitget.errors import NOT_FOUND
from exchanges.bitget.probe import account_type
from exchanges.bitget.rules import Rules, load_rules
from exchanges.port import AccountFacts, Credentials
from exchanges.rate import Priority, RateLimiter

_PAGE: Final = 100


class AccountReading:
    """The asking half of `exchanges.port.TradingVenue`: USDT perpetuals of a classic account."""

    def __init__(self, settings: Exchange, credentials: Credentials, limiter: RateLimiter | None = None) -> None:
        self._settings = settings
        self._client = BitgetClient(settings, credentials, limiter or RateLimiter(settings.rate))
        self._rules: Rules | None = None
        self._margin_modes: dict[str, str] = {}

    async def open(self, symbols: Sequence[str]) -> tuple[str, ...]:
        """Check keys and account type, load the rules; returns the symbols that the venue lists.

        Raises Fatal for keys that do not work and for accounts that are not classic, RetryLater.
        """
        found = self._settings.account_type
        if found == "probe":
            found = await account_type(self._client)
        if found != "classic":
            raise Fatal("bitget: unified accounts are not supported yet, only classic ones")
        await self.balance()  # the cheapest call that proves the keys
        self._rules = await load_rules(self._client, symbols)
        return self._rules.known

    async def close(self) -> None:
        """Close every connection; safe to call twice. Running `events` end."""
        await self._client.close()

    def instrument(self, symbol: str) -> Instrument:
        """The trading rules of a symbol that `open` returned. Raises KeyError."""
        return self._opened().instrument(symbol)

    async def facts(self, symbols: Sequence[str]) -> AccountFacts:
        """Account type, modes and leverage as the venue shows them, and what the key may do."""
        accounts = await asyncio.gather(*(self._account(s) for s in symbols))
        seen = {s: rows.leverage_of(a) for s, a in zip(symbols, accounts, strict=True)}
        self._margin_modes |= {s: mode for s, (mode, _) in seen.items()}
        can_withdraw, bound = await _key_permissions(self._client)
        return AccountFacts(
            account_type="classic",
            one_way=all(rows.one_way(a) for a in accounts),
            margin_mode={s: mode for s, (mode, _) in seen.items()},
            leverage={s: leverage for s, (_, leverage) in seen.items()},
            can_withdraw=can_withdraw,
            address_bound=bound,
        )

    async def balance(self) -> Balance:
        """Account money in USDT."""
        return rows.balance(await self._client.call(words.BALANCE, {"productType": words.PRODUCT}) or [])

    async def positions(self) -> list[VenuePosition]:
        """Every open position."""
        asked = {"productType": words.PRODUCT, "marginCoin": words.COIN}
        found = await self._client.call(words.POSITIONS, asked, Priority.PROTECTION) or []
        return [p for row in found if (p := rows.position(row, self._opened().symbols)) is not None]

    async def _account(self, symbol: str) -> Row:
        asked = {"symbol": self._id(symbol), "productType": words.PRODUCT, "marginCoin": words.COIN}
        found: Row = await self._client.call(words.ACCOUNT, asked)
        return found

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

    async def _listed(self, endpoint: words.Endpoint, where: Params) -> list[OpenOrder]:
        """One namespace, all its pages."""
        found = await self._pages(endpoint, where, "entrustedList", "orderId", Priority.PROTECTION)
        return [rows.order(row, self._opened().symbols) for row in found]

    async def _pages(
        self, endpoint: words.Endpoint, where: Params, name: str, key: str, priority: Priority = Priority.READ
    ) -> list[Row]:
        """All rows of a list that is paged by ``endId``, without doubles even when the venue repeats a page."""
        asked = {"productType": words.PRODUCT, "limit": str(_PAGE)} | where
        found: dict[str, Row] = {}
        while True:
            data = await self._client.call(endpoint, asked, priority) or {}
            page = data.get(name) or []
            fresh = {str(row[key]): row for row in page if str(row[key]) not in found}
            found |= fresh
            if len(page) < _PAGE or not fresh or not data.get("endId"):
                return list(found.values())
            asked = asked | {"idLessThan": str(data["endId"])}

    async def order(self, symbol: str, client_id: str) -> OpenOrder | None:
        """The plain order with this client id in whatever state, or None when the venue does not know it."""
        asked = {"symbol": self._id(symbol), "productType": words.PRODUCT, "clientOid": client_id}
        try:
            return rows.order(
                await self._client.call(words.DETAIL, asked, Priority.PROTECTION), self._opened().symbols
            )
        except Refused as error:
            if error.code in NOT_FOUND:
                return None
            raise

    async def executions(self, symbol: str, from_ms: int) -> list[Execution]:
        """Fills since ``from_ms``, oldest first; the venue remembers about three months. Their client ids are ''."""
        where = {"symbol": self._id(symbol), "startTime": str(from_ms)}
        found = [
            rows.execution(row, self._opened().symbols)
            for row in await self._pages(words.FILLS, where, "fillList", "tradeId")
        ]
        return sorted((e for e in found if e.ts_ms >= from_ms), key=lambda e: (e.ts_ms, e.trade_id))

    async def _margin_mode(self, symbol: str) -> str:
        """The margin mode to say with an order: as prepared, or as the venue shows it; never assumed."""
        if symbol not in self._margin_modes:
            self._margin_modes[symbol] = rows.leverage_of(await self._account(symbol))[0]
        return self._margin_modes[symbol]

    def _id(self, symbol: str) -> str:
        return self._opened().symbols.id(symbol)

    def _opened(self) -> Rules:
        if self._rules is None:
            raise RuntimeError("open() the venue first")
        return self._rules


async def _key_permissions(client: BitgetClient) -> tuple[bool | None, bool | None]:
    """Whether the key may withdraw, and whether it is bound to addresses; None for what the venue does not tell."""
    try:
        info: Row = await client.call(words.KEY_INFO, {})
    except Refused:
        return None, None
    may, addresses = info.get("authorities"), info.get("ips")
    return (
        any("withdraw" in str(word).lower() for word in may) if isinstance(may, list) else None,
        bool(addresses) if addresses is not None else None,
    )
