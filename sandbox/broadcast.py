"""One market, two generations of streams: what happens is told to both."""

from __future__ import annotations

from typing import Protocol

from core.candle import Candle
from sandbox.journal import Event
from sandbox.market import Turn
from sandbox.state import State


class Publisher(Protocol):
    """Turns what happened into messages for whoever subscribed."""

    def turned(self, turns: list[Turn]) -> None:
        """A minute closed."""

    def progressed(self, candles: list[tuple[str, Candle]]) -> None:
        """Candles moved on within their minute."""

    def flush(self, events: list[Event]) -> None:
        """Things happened to accounts."""


class Broadcast:
    """All publishers as one; the journal's new events are handed out once."""

    def __init__(self, state: State, *publishers: Publisher) -> None:
        self._state, self._publishers = state, publishers

    def turned(self, turns: list[Turn]) -> None:
        """A minute closed."""
        for publisher in self._publishers:
            publisher.turned(turns)

    def progressed(self, candles: list[tuple[str, Candle]]) -> None:
        """Candles moved on within their minute."""
        for publisher in self._publishers:
            publisher.progressed(candles)

    def flush(self) -> None:
        """Push what happened to accounts since the last flush."""
        events = self._state.journal.drain()
        for publisher in self._publishers:
            publisher.flush(events)
