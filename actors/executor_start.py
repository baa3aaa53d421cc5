"""What an executor asks before its desks work: the account's facts, recorded fills, intents without an outcome.

Law: peers that still start and an exchange that says later are asked again for ever; only what can never work ends it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Final, NamedTuple

from actors.executor_ids import Ids
from actors.executor_mirror import Mirror
from actors.executor_preflight import Report, Wish, inspect
from actors.executor_sending import find
from actors.executor_settlements import Settlements
from actors.life import Life
from actors.parts import ExecutorConfig
from actors.peers import Peers
from core.messages import FillRole, OrderFilled
from exchanges.port import TradingVenue
from storage.journal import IntentState
from storage.records import Query

_RETOLD: Final = 100
"""Fills that a runner hears again; it must remember more than that, or it would take old ones for new."""


class Remembered(NamedTuple):
    """Recorded fills of a symbol, oldest first, and the exchange time from which on others may be news."""

    fills: tuple[OrderFilled, ...]
    since_ms: int


class Start:
    """Asks exchange and peers, patiently."""

    def __init__(self, config: ExecutorConfig, peers: Peers, life: Life) -> None:
        self._config, self._peers, self._life = config, peers, life

    async def check_account(self, venue: TradingVenue, symbols: tuple[str, ...]) -> Report:
        """What the account is beside what is configured."""
        config = self._config
        wish = Wish(
            config.account_type, config.margin_mode, {s: config.leverage[s] for s in symbols}, config.capital,
            config.unsafe_key,
        )
        return await self._life.patiently(partial(inspect, venue, wish))

    async def remember(self, symbol: str, mirror: Mirror, ids: Ids, now_ms: int) -> Remembered:
        """Count recorded fills in the mirror, tell the runners again (they know which are new to them).

        Ids of recorded orders are used up: an intent that is done stays so.
        """
        for stored in (await self.insist(self._config.ledger, "orders", Query(symbol=symbol, limit=300))).items:
            mirror.named(stored.order.order_id, stored.order.client_id, stored.order.stop)
            ids.used(stored.order.client_id)
        page = await self.insist(self._config.ledger, "fills", Query(symbol=symbol, limit=300))
        for fill in reversed(page.items):
            mirror.remember(fill.trade_id, fill.strategy, fill.cycle, fill.level, fill.role, fill.quantity)
        entries = [fill for fill in page.items if fill.role is FillRole.ENTRY]
        if entries:
            await self._recall(mirror, entries[0])
        for fill in reversed(page.items[:_RETOLD]):
            if fill.strategy in self._config.runners:
                self._peers.tell(self._config.runners[fill.strategy], "on_fill", fill)
        since = [int(fill.ts_ms) for fill in page.items[:1]]
        if not since:  # the first fill may be news to us: it came after what we sent first
            sent = await self.insist(self._config.ledger, "intents", open_only=False)
            since = [int(intent.ts_ms) for intent in sent if intent.symbol == symbol]
        return Remembered(tuple(reversed(page.items)), min([now_ms, *since]))

    async def _recall(self, mirror: Mirror, entry: OrderFilled) -> None:
        """Show the mirror what was open after the last recorded fill, and which stop it had: the newest known one."""
        protections = await self.insist(self._config.ledger, "protections")
        seen = next((p for p in protections if p.symbol == mirror.symbol and p.direction == entry.direction), None)
        preset, read = mirror.preset_of(entry.client_id), seen.stop if seen else None
        stop = read if seen and read is not None and (seen.ts_ms >= entry.ts_ms or preset is None) else preset
        mirror.recall(entry.direction, entry.price, stop, seen.liquidation if seen else None)

    async def settle(self, mirror: Mirror, settlements: Settlements, remembered: Remembered) -> None:
        """Which positions of a symbol were settled already; one that ended after the last of them is asked for."""
        asked, fills = Query(kind="position_settled", symbol=mirror.symbol, limit=1), remembered.fills
        told = [int(event.ts_ms) for event in (await self.insist(self._config.ledger, "events", asked)).items]
        first = fills[0].ts_ms if fills else remembered.since_ms
        settlements.begin(mirror.symbol, told[0] + 1 if told else first)
        news = [fill for fill in fills if fill.ts_ms > max(told, default=0)]
        if news and mirror.position is None:
            settlements.ended(mirror.symbol, news[-1].ts_ms)
        elif any(fill.role is not FillRole.ENTRY for fill in news):
            settlements.catch_up(mirror.symbol)

    async def unread(self, venue: TradingVenue, symbols: Sequence[str]) -> list[str]:
        """Other listed symbols whose last reading shows a position: it may be gone by now."""
        found = []
        for seen in await self.insist(self._config.ledger, "protections"):
            if seen.quantity > 0 and seen.symbol not in symbols:
                with suppress(KeyError):
                    found.append(venue.instrument(seen.symbol).symbol)
        return found

    async def ask_about_open_intents(self, venue: TradingVenue, ids: Ids) -> None:
        """Ask the exchange what became of every intent whose outcome is not known, and write it down."""
        for intent in await self.insist(self._config.ledger, "intents"):
            found = await self._life.patiently(partial(find, venue, intent.symbol, intent.client_id))
            if found is not None:
                ids.used(intent.client_id)
            state: IntentState = "done" if found is not None else "refused"
            self._peers.tell(self._config.ledger, "journal", intent._replace(state=state))

    async def insist(self, peer: str, method: str, *arguments: Any, **named: Any) -> Any:
        """The answer of a peer that may still be starting."""
        while True:
            try:
                return await self._peers.request(peer, method, *arguments, **named)
            except Exception as error:  # noqa: BLE001 - whatever the transport raises: it is not there yet
                self._life.detail = f"waiting for {peer}: {type(error).__name__}"
                await asyncio.sleep(0.1)
