"""Orders and fills that look like ours and that we do not remember sending: somebody trades this account with our code.

Laws
- Only the journal decides: what it does not hold either is another instance's.
- Stops and closings at market do not count: protection may be sent while the journal is away.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from typing import Final

from core.messages import FillRole
from engine.client_ids import decode

_REMEMBERED: Final = 20_000
_JOURNALLED: Final = (FillRole.ENTRY, FillRole.TARGET)


class Strangers:
    """Of one account.

    Parameters
    ----------
    tags : of our strategies. journalled : asks the ledger which of these ids its journal holds.
    """

    def __init__(
        self, tags: Iterable[str], journalled: Callable[[tuple[str, ...]], Awaitable[tuple[str, ...]]]
    ) -> None:
        self._tags, self._journalled = frozenset(tags), journalled
        self._known: OrderedDict[str, None] = OrderedDict()
        self._suspects: set[str] = set()

    @property
    def suspected(self) -> bool:
        """Whether there is something to ask about."""
        return bool(self._suspects)

    def ours(self, client_ids: Iterable[str]) -> None:
        """We sent, or have recorded, these."""
        for client_id in client_ids:
            self._known[client_id] = None
            self._suspects.discard(client_id)
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)

    def see(self, client_ids: Iterable[str], *, live: bool) -> None:
        """The exchange shows these: of ``live`` orders, or of fills, where only strategies of ours count.

        A test trade leaves fills behind that nobody's journal holds, but no orders.
        """
        for client_id in client_ids:
            parsed = decode(client_id)
            if parsed is None or client_id in self._known or parsed.role not in _JOURNALLED:
                continue
            if live or parsed.tag in self._tags:
                self._suspects.add(client_id)

    async def ask(self) -> tuple[str, ...]:
        """Which of the suspected ids the journal does not hold, sorted. Raises what the ledger's absence raises."""
        asked = tuple(sorted(self._suspects))
        self.ours(await self._journalled(asked))
        return tuple(client_id for client_id in asked if client_id in self._suspects)
