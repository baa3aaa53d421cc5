"""The composition root of the local exchange: core, market, protocol, and the loop that moves time."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Coroutine
from typing import Any, Final

from aiohttp import web

from core.errors import ConfigurationError
from core.timeframe import MINUTE_MS
from sandbox.account import CLASSIC, UNIFIED, Account
from sandbox.admin import AdminEndpoints, Controls
from sandbox.admin_web import AdminWeb
from sandbox.broadcast import Broadcast
from sandbox.clock import Pacer
from sandbox.config import SandboxConfig
from sandbox.faults.matching import vanish_stops
from sandbox.faults.pushes import PushFaults
from sandbox.faults.requests import RequestFaults
from sandbox.limits import Limits
from sandbox.listening import Listener
from sandbox.market import Market
from sandbox.parameters import Parameters
from sandbox.refusal import Refusal
from sandbox.rest_modes import ModeEndpoints
from sandbox.rest_private import ReadingEndpoints
from sandbox.rest_public import PublicEndpoints
from sandbox.rest_trading import TradingEndpoints
from sandbox.rows import market_id
from sandbox.saving import Saved
from sandbox.settlement import observe_protection
from sandbox.signing import authenticate, login, require_kind
from sandbox.source import CandleSource
from sandbox.state import State
from sandbox.streams import Streams
from sandbox.unified.asking import Asked, in_words_of_v3
from sandbox.unified.routes import unified_private_routes, unified_public_routes
from sandbox.unified.streams import UnifiedStreams
from sandbox.ws import Subscriptions

Handler = Callable[[web.Request], Coroutine[Any, Any, web.StreamResponse]]

PROGRESS_S: Final = 1.0
"""Wall seconds between pushes of candles in progress."""
LATE_S: Final = 1.0
"""Wall seconds the market may fall behind before it gives up catching up."""
DRAIN_S: Final = 5.0
"""Wall seconds to wait for a client that does not read."""
READERS: Final[dict[str, type[Parameters]]] = {CLASSIC: Parameters, UNIFIED: Asked}


class Sandbox:
    """A running local exchange.

    ``await start()`` gives the port; ``await stop()`` ends it, twice does no harm. Raises ConfigurationError when the
    source trades a symbol without rules, the port is taken, or the state file is not one of this market.
    """

    def __init__(self, config: SandboxConfig, source: CandleSource) -> None:
        missing = [symbol for symbol in source.symbols if symbol not in config.instruments]
        if missing:
            raise ConfigurationError("sandbox", "instruments", missing, "rules are needed for every symbol")
        self.config = config
        instruments = {symbol: config.instruments[symbol] for symbol in source.symbols}
        accounts = [Account(a.key, a.secret, a.passphrase, a.balance, kind=a.kind) for a in config.accounts]
        self.state = State(accounts, instruments, config.slippage, source.start_ms)
        self.state.depth = config.depth
        self.market = Market(self.state, source)
        self.state.faults.add(config.faults)
        self.limits = Limits(self.state, config.limits)
        self.saved = Saved(config.state_file, self.state, self.market, source) if config.state_file else None
        self.pacer = None if config.lockstep else Pacer(self.market.open_ms, config.speed)
        self._symbols = {market_id(symbol): symbol for symbol in source.symbols}
        public = PublicEndpoints(self.state, self.market)
        streams = Streams(self.state, self.market, public, coalesce=not config.lockstep)
        unified = UnifiedStreams(self.state, self.market, public, coalesce=not config.lockstep)
        self.subscriptions = Subscriptions(
            lambda args: login(self.state.accounts, args, CLASSIC, self.state.faults.skew_ms),
            streams.check, streams.welcome, unified.dialect(),
        )
        streams.subscriptions = unified.subscriptions = self.subscriptions
        # the file first: what anybody is told is in it
        self.streams = Broadcast(self.state, *filter(None, [self.saved]), streams, unified)
        self._push_faults = self.subscriptions.faults = PushFaults(self.state.faults, self._symbols)
        self.subscriptions.limits = self.limits
        self._request_faults = RequestFaults(self.state, self._symbols, self._go_away)
        self._app = web.Application(middlewares=[self.limits.layer, self._request_faults.layer])
        self.admin = AdminWeb(config.admin_key)
        self._route(public)
        self._listener = Listener(self._app, config.host, config.port)
        self._loop: asyncio.Task[None] | None = None
        self._advancing = asyncio.Lock()
        self._pushed_s = 0.0

    async def start(self) -> int:
        """Listen and let time pass; the port."""
        port = await self._listener.start()
        if self.pacer is not None:
            self.pacer.anchor(self.state.now_ms)
            if self.config.paused:
                self.pacer.pause()
            self._loop = asyncio.ensure_future(self._run(self.pacer))
        return port

    async def stop(self) -> None:
        """Disconnect everybody and free the port."""
        if self._loop is not None:
            self._loop.cancel()
            await asyncio.gather(self._loop, return_exceptions=True)
            self._loop = None
        self._request_faults.end()
        self._push_faults.end()
        await self.subscriptions.close()
        await self._listener.stop()
        if self.saved is not None:
            self.streams.flush()
            self.saved.close()
            self.saved = None

    async def advance(self, candles: int = 1, pause_on_fill: bool = False) -> dict[str, Any]:
        """Lockstep: walk and turn so many minutes; with ``pause_on_fill`` stop after each fill or trigger.

        ``done`` is False when stopped by a fill: the next call goes on from there. ``closed`` counts minutes closed.
        """
        async with self._advancing:
            fills = closed = 0
            while closed < candles and not self.market.ended:
                met = self.market.walk(pause=pause_on_fill)
                fills += met
                if not (pause_on_fill and met):
                    self._turn()
                    closed += 1
                self.streams.flush()
                await self.subscriptions.drained(DRAIN_S)
                if pause_on_fill and met:
                    break
            done = closed == candles or self.market.ended
            return {
                "done": done, "fills": fills, "closed": closed, "time": self.state.now_ms, "ended": self.market.ended
            }

    def _turn(self) -> None:
        """Close the minute and open the next."""
        turns = self.market.turn()
        vanish_stops(self.state, observe_protection)
        self.streams.turned(turns)

    def _go_away(self, seconds: float) -> None:
        """Be unreachable for a while, as in a restart; the market goes on."""
        self._listener.go_away(seconds)

    @property
    def reachable(self) -> bool:
        """Whether clients can connect."""
        return self._listener.reachable

    async def listening(self) -> None:
        """Wait until clients can connect again."""
        await self._listener.back()

    async def failed(self) -> None:
        """Raises what has stopped time; else it never returns."""
        if self._loop is not None:
            await asyncio.shield(self._loop)
        await asyncio.Event().wait()

    async def _run(self, pacer: Pacer) -> None:
        """Let simulated time follow wall time until the market ends."""
        while not self.market.ended:
            await asyncio.sleep(pacer.tick_s)
            if pacer.paused:
                continue
            target = pacer.time_ms()
            behind = 0
            while target >= self.market.open_ms + MINUTE_MS and not self.market.ended:
                self.market.walk()
                self._turn()
                self.streams.flush()
                behind += 1
                if behind % 20 == 0:
                    await self.subscriptions.drained(DRAIN_S)
            late = pacer.time_ms() - target > LATE_S * 1000 * pacer.speed
            if late or self.market.open_ms > target:
                pacer.anchor(self.market.open_ms)  # could not keep up, or jumped over a gap
            elif not self.market.ended:
                self._within_minute(target)

    def _within_minute(self, target: float) -> None:
        """Walk the open candles as far as the time says."""
        self.market.walk((target - self.market.open_ms) / MINUTE_MS)
        self.state.now_ms = max(self.state.now_ms, min(int(target), self.market.open_ms + MINUTE_MS - 1))
        self.streams.flush()
        wall = time.monotonic()
        if wall - self._pushed_s >= PROGRESS_S:
            self._pushed_s = wall
            self.streams.progressed(self.market.in_progress())

    def _route(self, public: PublicEndpoints) -> None:
        router = self._app.router
        for path, endpoint in public.routes().items():
            router.add_get(path, self._public(endpoint))
        private = {
            **ReadingEndpoints(self.state).routes(), **ModeEndpoints(self.state).routes(),
            **TradingEndpoints(self.state).routes(),
        }
        for (method, path), private_endpoint in private.items():
            router.add_route(method, path, self._private(private_endpoint))
        for path, unified_public in unified_public_routes(public, self.state, self.market).items():
            router.add_get(path, self._public(unified_public, UNIFIED))
        for (method, path), unified_endpoint in unified_private_routes(self.state).items():
            router.add_route(method, path, self._private(unified_endpoint, UNIFIED))
        controls = Controls(self.advance, self.saved.save if self.saved else None, self._go_away)
        admin = AdminEndpoints(self.state, self.market, self.pacer, self.limits, controls)
        self.admin.route(router, admin.routes())
        router.add_get("/v2/ws/public", self.subscriptions.serve)
        router.add_get("/v2/ws/private", self.subscriptions.serve)
        router.add_get("/v3/ws/public", self.subscriptions.serve)
        router.add_get("/v3/ws/private", self.subscriptions.serve)
        router.add_route("*", "/{path:.*}", self._unknown)

    def _public(self, endpoint: Callable[[Any], Any], kind: str = CLASSIC) -> Handler:
        read = READERS[kind]

        async def handle(request: web.Request) -> web.Response:
            try:
                return self._answer(endpoint(read(request.query, self._symbols)))
            except Refusal as refusal:
                return self._refuse(refusal, kind)

        return handle

    def _private(self, endpoint: Callable[[Account, Any], Any], kind: str = CLASSIC) -> Handler:
        read = READERS[kind]

        async def handle(request: web.Request) -> web.Response:
            body = await request.text()
            try:
                account = authenticate(
                    self.state.accounts, request.headers, request.method, request.raw_path, body,
                    self.state.faults.skew_ms,
                )
                require_kind(account, kind)
                data = endpoint(account, read(_json(body, kind) if body else request.query, self._symbols))
            except Refusal as refusal:
                return self._refuse(refusal, kind)
            self.streams.flush()
            return self._answer(data)

        return handle

    async def _unknown(self, request: web.Request) -> web.Response:
        """No such path."""
        return self._refuse(Refusal("40404", "Request URL NOT FOUND", status=404))

    def _answer(self, data: Any) -> web.Response:
        return _json_response({"code": "00000", "msg": "success", "requestTime": self.state.now_ms, "data": data}, 200)

    def _refuse(self, refusal: Refusal, kind: str = CLASSIC) -> web.Response:
        refusal = in_words_of_v3(refusal) if kind == UNIFIED else refusal
        body = {"code": refusal.code, "msg": refusal.message, "requestTime": self.state.now_ms, "data": None}
        return _json_response(body, refusal.status)


def _json(body: str, kind: str = CLASSIC) -> Any:
    try:
        values = json.loads(body)
    except ValueError:
        raise Refusal("40020", "Parameter body error: not JSON") from None
    if not isinstance(values, dict if kind == CLASSIC else dict | list):
        raise Refusal("40020", "Parameter body error: not an object")
    return values


def _json_response(body: dict[str, Any], status: int) -> web.Response:
    shown = json.dumps(body, separators=(",", ":")).encode()
    return web.Response(body=shown, status=status, content_type="application/json")
