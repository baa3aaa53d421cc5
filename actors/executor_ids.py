"""Which client id comes next: an unused one of the intention's own series.

Law: an id whose fate is unknown is used again, so that the venue itself refuses the second order; only an id that
the venue is known to have taken is left behind.
"""

from __future__ import annotations

from core.messages import FillRole
from engine.client_ids import ClientId, decode, encode, tag

_Series = tuple[str, int, FillRole, int, int]


class Ids:
    """The ids of one account, counted from what is seen."""

    def __init__(self) -> None:
        self._next: dict[_Series, int] = {}

    def next(self, strategy: str, symbol: str, cycle: int, role: FillRole, level: int, row_ms: int) -> str:
        """The id to use now; the same until `used` hears that the venue took it."""
        mine = tag(strategy, symbol)
        first = encode(mine, cycle, role, level, row_ms, 0)
        parsed = decode(first)
        assert parsed is not None
        attempt = self._next.get(_series(parsed), 0)
        return encode(mine, cycle, role, level, row_ms, attempt)

    def used(self, client_id: str) -> None:
        """The venue has taken this id."""
        parsed = decode(client_id)
        if parsed is None:
            return
        series = _series(parsed)
        self._next[series] = max(self._next.get(series, 0), parsed.attempt + 1)

    def forget_rows_before(self, row_ms: int) -> None:
        """Drop counts of rows that are over."""
        minute = row_ms // 60_000
        for series in [s for s in self._next if s[4] < minute]:
            del self._next[series]


def _series(parsed: ClientId) -> _Series:
    return (parsed.tag, parsed.cycle, parsed.role, parsed.level, parsed.row_minute)
