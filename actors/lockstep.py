"""Driving the local exchange in lockstep: the market moves only when everybody has reacted.

Whether everybody has is read from the actors' own counts of what they sent and took, never from waiting times: the
feed has the minute, runners have the feed's batch and the executor's fills, risk has the runners' plans, the executor
has risk's approvals and the exchange's fills, and nothing is left to do.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple

from core.timeframe import MINUTE_MS

Ask = Callable[[str, str], Awaitable[Any]]


class Venue(NamedTuple):
    """The exchange's own side: move on (one minute, pausing at fills), and how many fills the account has had."""

    advance: Callable[[], Awaitable[dict[str, Any]]]
    fills: Callable[[], Awaitable[int]]


class Cast(NamedTuple):
    """Names of the actors; executor '' when nothing is traded."""

    feed: str
    runners: dict[str, str]
    risk: str
    executor: str


class Lockstep:
    """Moves the market a minute at a time.

    Parameters
    ----------
    ask : the answer of an actor's method; a lost actor may raise anything, it is asked again.
    patience_s : for everybody to react; TimeoutError says who has not.
    """

    def __init__(self, venue: Venue, cast: Cast, ask: Ask, *, patience_s: float = 30.0, poll_s: float = 0.001) -> None:
        self._venue, self._cast, self._ask = venue, cast, ask
        self._patience_s, self._poll_s = patience_s, poll_s

    async def minute(self) -> dict[str, Any]:
        """Walk one minute to its end; the exchange's last answer (``ended`` when there are no more)."""
        while True:
            answer = await self._venue.advance()
            await self.settled(int(answer["time"]))
            if answer["done"]:
                return answer

    async def settled(self, time_ms: int) -> None:
        """Returns when everybody has reacted to everything up to ``time_ms``. Raises TimeoutError."""
        closed_ms = time_ms - time_ms % MINUTE_MS
        deadline = time.monotonic() + self._patience_s
        while True:
            try:
                missing = await self._missing(closed_ms)
            except (LookupError, TimeoutError) as error:
                missing = f"an actor is away: {error}"
            if not missing:
                return
            if time.monotonic() > deadline:
                raise TimeoutError(f"not settled at {time_ms}: {missing}")
            await asyncio.sleep(self._poll_s)

    async def _missing(self, closed_ms: int) -> str:
        """Who has not reacted yet; '' when everybody has."""
        cast = self._cast
        feed = await self._ask(cast.feed, "progress")
        if feed["last_ms"] < closed_ms:
            return f"feed at {feed['last_ms']}, the exchange at {closed_ms}"
        fills = await self._venue.fills()
        executor = await self._ask(cast.executor, "progress") if cast.executor else None
        if executor is not None and executor["fills"] != fills:
            return f"executor has {executor['fills']} of {fills} fills"
        runners = {name: await self._ask(peer, "progress") for name, peer in cast.runners.items()}
        behind = _behind(runners, feed["last_ms"], executor["latest"] if executor else {})
        if behind:
            return behind
        risk = await self._ask(cast.risk, "progress")
        unjudged = [name for name, runner in runners.items() if risk["plans"].get(name, 0) < runner["plan"]]
        if unjudged:
            return f"risk has not judged {unjudged}"
        return await self._at_work(risk["approved"], fills) if cast.executor else ""

    async def _at_work(self, approved: Any, fills: int) -> str:
        """What the executor has still to do."""
        now = await self._ask(self._cast.executor, "progress")
        if now["approved"] != approved:
            return "executor has not the last approvals"
        # a fill that came while we were asking the others: they have not heard of it, however idle the executor is
        if not now["idle"] or now["fills"] != fills or fills != await self._venue.fills():
            return "executor is at work"
        return ""


def _behind(runners: Mapping[str, Any], last_ms: int, latest: Mapping[str, str]) -> str:
    """The first runner without the feed's last batch, or the first symbol of whose last fill no runner has heard."""
    for name, runner in runners.items():
        if runner["last_ms"] < last_ms:
            return f"{name} at {runner['last_ms']}, the feed at {last_ms}"
    for symbol, trade in latest.items():
        if all(runner["latest"].get(symbol) != trade for runner in runners.values()):
            return f"no runner has fill {trade} of {symbol}"
    return ""


def only(names: Sequence[str]) -> dict[str, str]:
    """Strategy -> peer name of its runner."""
    return {name: f"runner:{name}" for name in names}
