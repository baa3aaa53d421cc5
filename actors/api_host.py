"""The api host: serves the API from its own read model, so that reading never waits for trading."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import uvicorn
from loguru import logger

from actors.api_backfill import Peer, backfill
from actors.api_gateway import ModelGateway
from actors.api_optimizer import OptimizerChild, Wanted
from actors.api_research import ResearchReader
from actors.read_model import Facts, ReadModel
from api.app import create_app
from core.errors import ConfigurationError
from core.messages import ActorBeat

if TYPE_CHECKING:
    from market.store import CandleStore
    from optimization.result_store import ResultStore

NAME: Final = "api"
DASHBOARD: Final = Path(__file__).resolve().parents[1] / "dashboard" / "dist"
"""Where `make dashboard` builds."""
_BEAT_S: Final = 1.0
_RESTORE_S: Final = 5.0
_MAX_MESSAGE_BYTES: Final = 16_384
_CLOSE_S: Final = 2


class _Server(uvicorn.Server):
    """Uvicorn in somebody else's loop: says when it serves, and leaves the signals alone."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.serving = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.serving.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class ApiHost:
    """Owns the server, the read model and its clients. Asynchronous; nothing starts before `start`.

    Parameters
    ----------
    facts : what does not change. port : 0 chooses a free one.
    api_key : for commands; None: none is possible. hosts : names it may be called by besides loopback.
    dashboard : folder of its built files. now_ms : the wall clock, UTC ms.
    opening : gives the results of optimisations; None: none are kept. candles : opens those at rest; None likewise.
    optimizer : how its process begins, when it is asked; None: nothing is optimised.

    A restarted host is its constructor, `connect` and `start` again: the ledger's last events rebuild the read model,
    the next messages make it fresh.
    """

    def __init__(
        self,
        facts: Facts,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        api_key: str | None = None,
        hosts: tuple[str, ...] = (),
        now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        answer_s: float = 2.0,
        opening: Callable[[], ResultStore] | None = None,
        optimizer: Wanted | None = None,
        candles: Callable[[], CandleStore] | None = None,
        dashboard: Path | None = DASHBOARD,
    ) -> None:
        self._dashboard = dashboard
        self._candles = candles
        self._facts, self._host, self._port = facts, host, port
        self._api_key, self._hosts, self._now_ms, self._answer_s = api_key, hosts, now_ms, answer_s
        self._research = None if opening is None else ResearchReader(opening)
        self._state = ReadModel(facts)
        self._optimizer = None if optimizer is None else OptimizerChild(optimizer, self._state.tell_job)
        self._ledger: Any = None
        self._risk: Any = None
        self._peer: Peer | None = None
        self._gateway: ModelGateway | None = None
        self._server: _Server | None = None
        self._tasks: list[asyncio.Task[Any]] = []
        self._restored = False
        self._errors = self._beats = 0

    def connect(self, ledger: Any, risk: Any, peer: Peer | None = None) -> None:
        """Handles with ``.method.remote(...)``; before `start`. ``peer`` gives those of the others, by name."""
        self._ledger, self._risk, self._peer = ledger, risk, peer

    async def start(self) -> int:
        """Serve; returns the port. Once started, does nothing but say it again.

        Raises ConfigurationError when the port is taken or may not be used, or the key is too short. Without a ledger
        it serves all the same and goes on asking.
        """
        if self._server is not None:
            return self._port
        self._gateway = ModelGateway(
            self._state, self._ledger, self._risk, self._now_ms, answer_s=self._answer_s, research=self._research,
            candles=self._candles, queue=self._optimizer,
        )
        app = create_app(
            self._gateway, self._api_key, version=self._facts.versions.get("scalp-radar", "0"),
            hosts=(self._host, *self._hosts), dashboard=self._dashboard,
        )
        bound = _bound(self._host, self._port)
        self._port = bound.getsockname()[1]
        self._server = _Server(uvicorn.Config(
            app, log_config=None, access_log=False, server_header=False, lifespan="off", http="h11",
            ws="websockets-sansio", ws_max_size=_MAX_MESSAGE_BYTES, ws_per_message_deflate=False,
            timeout_graceful_shutdown=_CLOSE_S,
        ))
        self._tasks = [asyncio.create_task(self._server.serve([bound])), asyncio.create_task(self._go_on_beating())]
        if not await self._restore():
            self._tasks.append(asyncio.create_task(self._restore_later()))
        if self._peer is not None:
            self._tasks.append(asyncio.create_task(backfill(self._state, self._peer, self._ledger)))
        if self._optimizer is not None:
            self._tasks.append(asyncio.create_task(self._optimizer.look_after()))
        await self._server.serving.wait()
        return self._port

    async def on(self, events: Sequence[object]) -> None:
        """Take a batch of messages in; one that cannot be applied is counted and the others go on."""
        seen_ms = self._now_ms()
        for event in events:
            try:
                self._state.apply(event, seen_ms)
            except Exception as error:  # noqa: BLE001  (the one broad handler, at the edge of the loop)
                self._errors += 1
                logger.opt(exception=error).error("api: {} could not be shown", type(event).__name__)

    async def health(self) -> dict[str, Any]:
        """State and counts."""
        state = "starting" if self._server is None else "ok" if self._restored else "degraded"
        return {"name": NAME, "state": state, "port": self._port, "errors": self._errors}

    async def beats(self) -> dict[str, ActorBeat]:
        """The last beat of every actor heard of, restarts counted."""
        return {name: seen.event for name, seen in self._state.beats.items()}

    async def stop(self) -> None:
        """Close connections and the server; safe to call twice."""
        if self._server is None or self._gateway is None:
            return
        server, self._server = self._server, None
        server.should_exit = True
        for task in self._tasks[1:]:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._optimizer is not None:
            await self._optimizer.close()
        await self._gateway.close()
        if self._research is not None:
            await asyncio.to_thread(self._research.close)

    async def _restore(self) -> bool:
        try:
            async with asyncio.timeout(_RESTORE_S):  # not wait_for, which may swallow our cancellation
                self._state.restore(await self._ledger.latest.remote())
            self._restored = True
            await self._beat()
        except Exception as error:  # noqa: BLE001  (serving what is known is better than not serving)
            self._errors += 1
            logger.warning("api: no state from the ledger yet: {}", type(error).__name__)
        return self._restored

    async def _restore_later(self) -> None:
        while not await self._restore():
            await asyncio.sleep(_BEAT_S)

    async def _go_on_beating(self) -> None:
        while True:
            await self._beat()
            await asyncio.sleep(_BEAT_S)

    async def _beat(self) -> None:
        """Its own beat, told to itself: whoever reads it knows that this loop runs."""
        self._beats += 1
        health = await self.health()
        beat = ActorBeat(self._now_ms(), self._beats, NAME, health["state"], errors=self._errors)
        self._state.apply(beat, self._now_ms())


def _bound(host: str, port: int) -> socket.socket:
    """A socket bound to the address. Raises ConfigurationError naming the port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is said because asyncio switches Nagle's delay (40 ms an answer) off only where it stands.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a restart must not wait for old connections
        bound.bind((host, port))
        bound.listen(128)  # or a second server could bind the same address before this one listens
    except (OSError, OverflowError) as error:
        bound.close()
        raise ConfigurationError("API", "port", port, f"must be free on {host} ({error})") from error
    bound.setblocking(False)
    return bound
