"""The port to the house itself: events, commands thought through, actors, market data at rest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from api.commands import CommandPort
from api.filters import EventQuestion
from api.house_models import Acknowledged, Coverage, Holes, System
from api.models import EventPage


class HousePort(CommandPort, Protocol):
    """Nothing here waits for trading; what is at rest is read off the event loop."""

    async def events(self, question: EventQuestion) -> EventPage:
        """Events, newest first; a page may be shorter than asked although there are more."""

    async def acknowledge(self, ids: Sequence[str], origin: str) -> Acknowledged:
        """Somebody has seen these; kept."""

    async def system(self) -> System:
        """Actors, account, versions."""

    async def coverage(self) -> Coverage:
        """What there is of candles."""

    async def holes(self, exchange: str, symbol: str, timeframe: str) -> Holes | None:
        """What lacks in a stored series; None when there is none."""
