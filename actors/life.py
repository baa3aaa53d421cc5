"""The life of an asynchronous actor: its loops, its one broad handler, its beats, its end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

from loguru import logger

from actors.peers import Peers
from core.errors import RetryLater
from core.messages import ActorBeat

T = TypeVar("T")

BEAT_S = 1.0
_FIRST_DELAY_S: Final = 0.2
_LONGEST_DELAY_S: Final = 10.0
CALM_S = 20.0
"""Without an error for so long, trouble is over."""


class Beats:
    """Tells the api host that this actor lives, and keeps its counts (for synchronous actors too)."""

    def __init__(self, name: str, peers: Peers, api: str) -> None:
        self._name, self._peers, self._api = name, peers, api
        self.state, self.detail, self.errors = "starting", "", 0
        self._sequence = 0
        self._beaten_s = self._met_s = 0.0

    def ok(self) -> None:
        """Everything works; trouble before is over."""
        if self.state not in ("stopping", "stopped"):
            self.state, self.detail = "ok", ""

    def met(self, error: BaseException) -> None:
        """Count and show an error that the actor survived."""
        self.errors += 1
        self._met_s = time.monotonic()
        self.detail = f"{type(error).__name__}: {error}"[:200]
        if self.state == "ok":
            self.state = "degraded"
        logger.warning("{}: {}", self._name, self.detail)

    def beat(self, *, now: bool = False) -> None:
        """Tell the api host, at most once a `BEAT_S` unless ``now``."""
        if not self._api or (not now and time.monotonic() - self._beaten_s < BEAT_S):
            return
        self._beaten_s = time.monotonic()
        if self.state == "degraded" and self._beaten_s - self._met_s > CALM_S:
            self.ok()
        self._sequence += 1
        send = self._peers.tell if now else self._peers.post
        send(self._api, "on", (ActorBeat(
            time.time_ns() // 1_000_000, self._sequence, self._name, self.state, 0, self.errors, self._peers.lag,
            self.detail,
        ),))

    def health(self) -> dict[str, Any]:
        """Name, state, errors, lag."""
        return {
            "name": self._name, "state": self.state, "errors": self.errors + self._peers.failed,
            "lag": self._peers.lag, "detail": self.detail,
        }


class Life(Beats):
    """Loops of an asynchronous actor: one that ends by an error is counted, shown and begun again."""

    def __init__(self, name: str, peers: Peers, api: str) -> None:
        super().__init__(name, peers, api)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.steps = 0
        """What the exchange has answered so far: whoever waits for a start sees whether it goes on."""

    def run(self, what: str, loop: Callable[[], Awaitable[None]]) -> None:
        """Run ``loop`` as a task until it returns; again after a second when it fails. Once per name."""
        if what not in self._tasks and self.state not in ("stopping", "stopped"):
            self._tasks[what] = asyncio.create_task(self._guard(what, loop))
        if "beats" not in self._tasks:
            self._tasks["beats"] = asyncio.create_task(self._beats())

    async def stop(self, *others: asyncio.Task[Any]) -> None:
        """End every loop and wait for them; safe to call twice."""
        if self.state == "stopped":
            return
        self.state = "stopping"
        tasks = [*self._tasks.values(), *others]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.state = "stopped"
        self.beat(now=True)
        self._peers.deliver()

    def health(self) -> dict[str, Any]:
        """As of any actor, and how many steps it has come."""
        return {**super().health(), "steps": self.steps}

    async def _guard(self, what: str, loop: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await loop()
                return
            except Exception as error:  # noqa: BLE001 - the one broad handler, at the edge of the loop
                self.met(error)
                logger.opt(exception=error).debug("{}: loop {} failed", self._name, what)
                await asyncio.sleep(1.0)

    async def _beats(self) -> None:
        while True:
            self.beat()
            await asyncio.sleep(BEAT_S)

    async def patiently(self, call: Callable[[], Awaitable[T]]) -> T:
        """The exchange's answer, asked again with growing delay, for ever, while it says later."""
        delay_s = _FIRST_DELAY_S
        while True:
            try:
                found = await call()
            except RetryLater as error:
                self.met(error)
                await asyncio.sleep(max(delay_s, error.retry_after_s))
                delay_s = min(delay_s * 2, _LONGEST_DELAY_S)
            else:
                self.steps += 1
                return found
