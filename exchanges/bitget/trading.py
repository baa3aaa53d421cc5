"""One Bitget account behind the port, of whichever kind it is: asked once, when it is opened."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Final

from core.instrument import Instrument
from core.order import Execution, OpenOrder, OrderRequest
from core.position import Balance, ClosedPosition, VenuePosition
from core.settings import Exchange
from exchanges.bitget.accounts.classic import ClassicAccount
from exchanges.bitget.accounts.unified import UnifiedAccount
from exchanges.bitget.client import AccountType, BitgetClient
from exchanges.bitget.dialect.classic import market as classic
from exchanges.bitget.dialect.market import MarketDialect
from exchanges.bitget.dialect.unified import market as unified
from exchanges.bitget.probe import account_type
from exchanges.bitget.rules import load_rules
from exchanges.bitget.session import Timing
from exchanges.port import AccountEvent, AccountFacts, Credentials
from exchanges.rate import RateLimiter

_MARKETS: Final[dict[AccountType, MarketDialect]] = {"classic": classic, "unified": unified}


class BitgetTrading:
    """`exchanges.port.TradingVenue` for one account on USDT perpetuals."""

    def __init__(
        self,
        settings: Exchange,
        credentials: Credentials,
        *,
        limiter: RateLimiter | None = None,
        timing: Timing | None = None,
    ) -> None:
        self._settings, self._timing = settings, timing or Timing(stale_s=0)
        self._client = BitgetClient(settings, credentials, limiter or RateLimiter(settings.rate))
        self._account: ClassicAccount | UnifiedAccount | None = None

    async def open(self, symbols: Sequence[str]) -> tuple[str, ...]:
        """Find out the kind of account, prove the keys, load the rules; returns the symbols that the venue lists.

        Raises Fatal for keys that do not work and for accounts that are not of the configured kind, RetryLater.
        """
        configured = self._settings.account_type
        kind: AccountType = await account_type(self._client) if configured == "probe" else configured
        self._client.speak(kind)
        rules = await load_rules(self._client, _MARKETS[kind], symbols)
        made = UnifiedAccount if kind == "unified" else ClassicAccount
        account = made(self._client, rules, self._timing)
        await account.balance()  # the cheapest call that proves the keys
        self._account = account
        return rules.known

    async def close(self) -> None:
        """Close every connection; safe to call twice. Running `events` end."""
        await self._client.close()

    def instrument(self, symbol: str) -> Instrument:
        """The trading rules of a symbol that the venue lists. Raises KeyError."""
        return self._opened.instrument(symbol)

    async def facts(self, symbols: Sequence[str]) -> AccountFacts:
        """Account type, modes and leverage as the venue shows them, and what the key may do."""
        return await self._opened.facts(symbols)

    async def prepare(self, symbol: str, leverage: float, margin_mode: str) -> None:
        """One-way mode, margin mode and leverage as wanted; changes only what differs."""
        await self._opened.prepare(symbol, leverage, margin_mode)

    async def balance(self) -> Balance:
        """Account money in USDT."""
        return await self._opened.balance()

    async def positions(self) -> list[VenuePosition]:
        """Every open position."""
        return await self._opened.positions()

    async def open_orders(self, symbol: str) -> list[OpenOrder]:
        """Every live order of a symbol, from all namespaces."""
        return await self._opened.open_orders(symbol)

    async def all_open_orders(self) -> list[OpenOrder]:
        """Every live order of the account, from all namespaces; as many requests as for one symbol."""
        return await self._opened.all_open_orders()

    async def order(self, symbol: str, client_id: str) -> OpenOrder | None:
        """The order with this client id, plain or trigger, live or ended, or None when the venue knows none."""
        return await self._opened.order(symbol, client_id)

    async def executions(self, symbol: str, from_ms: int) -> list[Execution]:
        """Fills since ``from_ms``, oldest first."""
        return await self._opened.executions(symbol, from_ms)

    async def position_history(self, symbol: str, from_ms: int) -> list[ClosedPosition]:
        """Positions that were closed since ``from_ms``, oldest first, with what they earned net."""
        return await self._opened.position_history(symbol, from_ms)

    async def place(self, request: OrderRequest) -> str:
        """Send an order; returns the venue's order id."""
        return await self._opened.place(request)

    async def amend(self, order: OpenOrder, request: OrderRequest) -> str:
        """Change price, quantity and preset stop of a live limit order; returns its order id."""
        return await self._opened.amend(order, request)

    async def cancel(self, order: OpenOrder) -> bool:
        """Cancel any live order, triggers too; False when there was nothing left to cancel."""
        return await self._opened.cancel(order)

    async def place_stop(self, symbol: str, direction: int, trigger: float, client_id: str) -> str:
        """A position-level stop, read back; its order id."""
        return await self._opened.place_stop(symbol, direction, trigger, client_id)

    async def amend_stop(self, stop: OpenOrder, trigger: float) -> None:
        """Move a position-level stop in place and read it back."""
        await self._opened.amend_stop(stop, trigger)

    def events(self, symbols: Sequence[str]) -> AsyncIterator[AccountEvent]:
        """The private streams for ever, merged; a `Reconnected` precedes anything after a (re)connection."""
        return self._opened.events(symbols)

    @property
    def _opened(self) -> ClassicAccount | UnifiedAccount:
        if self._account is None:
            raise RuntimeError("open() the venue first")
        return self._account
