"""What the exchange says that positions earned, asked for when one has ended: its account is the only real profit.

Laws
- Nothing waits for it, and nothing is asked for unless a position has ended.
- The same position is the same message, so that reading it again after a restart changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from core.errors import VenueError
from core.messages import PositionSettled
from core.position import ClosedPosition
from exchanges.port import TradingVenue

_WAITS_S: Final = (0.0, 0.5, 2.0, 10.0, 60.0)
"""How long until it is looked for again: exchanges write their history a moment later."""
_SLACK_MS: Final = 5_000
"""A position's end and the fill that ended it bear times so much apart at most."""


class Settlements:
    """Of one account.

    Parameters
    ----------
    tell : takes each position once. missing : hears of a symbol whose ended position the exchange does not show.
    """

    def __init__(
        self, venue: TradingVenue, tell: Callable[[PositionSettled], None], missing: Callable[[str], None]
    ) -> None:
        self._venue, self._tell, self._missing = venue, tell, missing
        self._since: dict[str, int] = {}
        self._ended: dict[str, int] = {}
        self._behind: set[str] = set()
        self._wake = asyncio.Event()

    def begin(self, symbol: str, since_ms: int) -> None:
        """Positions of this symbol that were closed before are told already, or none of ours."""
        self._since[symbol] = since_ms

    def catch_up(self, symbol: str) -> None:
        """Something may have ended here while nobody looked; another position is open by now."""
        self._behind.add(symbol)
        self._wake.set()

    def ended(self, symbol: str, ts_ms: int) -> None:
        """A fill at ``ts_ms`` has left the symbol flat."""
        self._ended[symbol] = ts_ms
        self._wake.set()

    async def run(self) -> None:
        """Ask whenever something has ended, for ever."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            asked = dict(self._ended)
            for wait_s in _WAITS_S:
                await asyncio.sleep(wait_s)
                for symbol in tuple(self._behind):
                    if await self._read(symbol, self._since.get(symbol, 0)):
                        self._behind.discard(symbol)
                for symbol, ts_ms in tuple(self._ended.items()):
                    if await self._told(symbol, ts_ms) and self._ended[symbol] == ts_ms:
                        del self._ended[symbol]
                if not self._ended and not self._behind:
                    break
            for symbol, ts_ms in asked.items():
                if self._ended.get(symbol) == ts_ms:  # what has ended meanwhile is looked for as long
                    del self._ended[symbol]
                    self._missing(symbol)

    async def _told(self, symbol: str, ts_ms: int) -> bool:
        """Whether the position that ended then has been told."""
        since_ms = self._since.get(symbol, ts_ms - _SLACK_MS)
        if since_ms > ts_ms:
            return True  # with another one
        return await self._read(symbol, since_ms) and self._since.get(symbol, 0) > ts_ms - _SLACK_MS

    async def _read(self, symbol: str, since_ms: int) -> bool:
        """Tell what was closed since then; False when the exchange did not answer."""
        try:
            closed = await self._venue.position_history(symbol, since_ms)
        except VenueError:
            return False  # asked again
        for position in closed:
            self._tell(_settled(position))
            self._since[symbol] = max(self._since.get(symbol, 0), position.closed_ms + 1)
        return True


def _settled(p: ClosedPosition) -> PositionSettled:
    return PositionSettled(
        p.closed_ms, 0, p.symbol, p.position_id, p.direction, p.opened_ms, p.quantity, p.entry, p.exit, p.fees,
        -p.funding, p.net,
    )
