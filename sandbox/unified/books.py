"""The incremental book: a snapshot for who comes, then only what changed, numbered, with a checksum."""

from __future__ import annotations

import zlib
from typing import Any

Levels = list[list[str]]

CHECKED = 25
"""Levels a side that the checksum covers."""


class DeltaBook:
    """One symbol's book as it was last told; every subscriber has been told the same."""

    def __init__(self, asks: Levels, bids: Levels) -> None:
        self._asks, self._bids = asks, bids
        self._number = 1

    def whole(self, now_ms: int) -> dict[str, Any]:
        """The book as last told, for a new subscriber."""
        return self._row(self._asks, self._bids, self._number - 1, now_ms)

    def moved_to(self, asks: Levels, bids: Levels, now_ms: int) -> dict[str, Any] | None:
        """What changed since it was last told (size 0: a level is gone); None when nothing did."""
        changed_asks, changed_bids = _changes(self._asks, asks), _changes(self._bids, bids)
        if not changed_asks and not changed_bids:
            return None
        self._asks, self._bids = asks, bids
        self._number += 1
        return self._row(changed_asks, changed_bids, self._number - 1, now_ms)

    def _row(self, asks: Levels, bids: Levels, before: int, now_ms: int) -> dict[str, Any]:
        return {
            "a": asks, "b": bids, "checksum": checksum(self._asks, self._bids), "ts": str(now_ms),
            "seq": self._number, "pseq": before,
        }


def checksum(asks: Levels, bids: Levels) -> int:
    """CRC-32, signed, of the best levels as ``bid price:size:ask price:size``."""
    parts = []
    for i in range(CHECKED):
        for side in (bids, asks):
            if i < len(side):
                parts += side[i]
    unsigned = zlib.crc32(":".join(parts).encode())
    return unsigned - (1 << 32) if unsigned >= 1 << 31 else unsigned


def _changes(before: Levels, after: Levels) -> Levels:
    """Levels that are new or have another size, and those that are gone."""
    known, now = _by_price(before), _by_price(after)
    gone = [[price, "0"] for price in known if price not in now]
    return gone + [[price, size] for price, size in after if known.get(price) != size]


def _by_price(levels: Levels) -> dict[str, str]:
    return {level[0]: level[1] for level in levels}
