"""The executor's lines in the ledger's journal: intents before they are sent, outcomes after.

Laws
- An intent is on the ledger's disk when `Journal.write` returns. Only protection does not wait for a ledger that is
  away.
- Whatever desks ask for at the same moment goes in one call: one durable write for all orders of a candle.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from actors.peers import Peers
from engine.reconcile import Amend, Command
from storage.journal import Intent, IntentState

_URGENT_S: Final = 0.5
_ANSWER_S: Final = 30.0


class Line(NamedTuple):
    """A command under the client id with which it is sent.

    ``ts_ms`` is the exchange's time when it was made; the others are seconds of our own clock, None for not yet.
    """

    client_id: str
    symbol: str
    strategy: str
    command: Command
    ts_ms: int
    made_s: float
    sent_s: float | None = None
    answered_s: float | None = None

    def intent(self, state: IntentState) -> Intent:
        """The line of the journal."""
        details = {k: v for k, v in self.command._asdict().items() if k != "order"}
        if isinstance(self.command, Amend):
            details["order_id"] = self.command.order.order_id
        action = type(self.command).__name__
        return Intent(
            self.client_id, self.symbol, self.strategy, action, json.dumps(details), self.ts_ms, state,
            self._ms(self.sent_s), self._ms(self.answered_s),
        )

    def _ms(self, at_s: float | None) -> int | None:
        return None if at_s is None else self.ts_ms + round((at_s - self.made_s) * 1_000)


class Journal:
    """The way to the journal. ``met`` counts errors of a ledger that does not answer; it is asked again for ever."""

    def __init__(self, peers: Peers, ledger: str, met: Callable[[BaseException], None]) -> None:
        self._peers, self._ledger, self._met = peers, ledger, met
        self._waiting: list[tuple[tuple[Intent, ...], asyncio.Future[None]]] = []
        self._writer: asyncio.Task[None] | None = None
        self._ended: list[Intent] = []

    async def write(self, intents: Sequence[Intent], *, urgent: bool) -> None:
        """Returns when the intents are stored; when ``urgent``, after half a second in any case."""
        stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((tuple(intents), stored))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())
        try:
            # not wait_for, which may swallow our cancellation
            async with asyncio.timeout(_URGENT_S if urgent else None):
                await asyncio.shield(stored)
        except TimeoutError as error:
            self._met(error)

    def outcome(self, intent: Intent) -> None:
        """Write down what became of an intent, soon."""
        if not self._ended:
            asyncio.get_running_loop().call_soon(self._tell)
        self._ended.append(intent)

    async def close(self) -> None:
        """Tell the last outcomes; whoever still waits for a write is not told any more."""
        self._tell()
        if self._writer is not None:
            self._writer.cancel()
            await asyncio.gather(self._writer, return_exceptions=True)

    async def _write(self) -> None:
        await asyncio.sleep(0)  # the other desks that were woken by the same message come along
        while self._waiting:
            taken, self._waiting = self._waiting, []
            await self._insist(tuple(intent for intents, _ in taken for intent in intents))
            for _, stored in taken:
                if not stored.done():
                    stored.set_result(None)

    async def _insist(self, intents: tuple[Intent, ...]) -> None:
        while True:
            try:
                async with asyncio.timeout(_ANSWER_S):
                    await self._peers.request(self._ledger, "journal_all", intents)
                return
            except Exception as error:  # noqa: BLE001 - whatever the transport raises, the journal is away
                self._met(error)
                await asyncio.sleep(0.2)

    def _tell(self) -> None:
        ended, self._ended = self._ended, []
        if ended:
            self._peers.tell(self._ledger, "journal_all", tuple(ended))
