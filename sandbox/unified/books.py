"""The incremental book: a snapshot for who comes, then only what changed, numbered; v3 sends no checksum with it."""

from __future__ import annotations

from typing import Any

Levels = list[list[str]]


class DeltaBook:
    """One symbol's book as it was last told; every subscriber has been told the same."""

    def __init__(self, asks: Levels, bids: Levels) -> None:
        self._asks, self._bids = asks, bids
        self._number = 1

    def whole(self, now_ms: int) -> dict[str, Any]:
        """The book as last told, for a new subscriber."""
        return {
            "a": self._asks, "b": self._bids, "checksum": 0, "pseq": 0, "seq": self._number, "ts": str(now_ms)
        }

    def moved_to(self, asks: Levels, bids: Levels, now_ms: int) -> dict[str, Any] | None:
        """What changed since it was last told (size 0: a level is gone); None when nothing did."""
        changed_asks, changed_bids = _changes(self._asks, asks), _changes(self._bids, bids)
        if not changed_asks and not changed_bids:
            return None
        self._asks, self._bids = asks, bids
        self._number += 1
        return {
            "a": changed_asks, "b": changed_bids, "pseq": self._number - 1, "seq": self._number, "ts": str(now_ms)
        }


def _changes(before: Levels, after: Levels) -> Levels:
    """Levels that are new or have another size, and those that are gone."""
    known, now = _by_price(before), _by_price(after)
    gone = [[price, "0"] for price in known if price not in now]
    return gone + [[price, size] for price, size in after if known.get(price) != size]


def _by_price(levels: Levels) -> dict[str, str]:
    return {level[0]: level[1] for level in levels}
