"""How often a client may ask, as Bitget says: by endpoint and by connection, against wall time.

Public endpoints count by address, private ones by account. A second is a window that slides: as many requests as the
rate within any second, the next one is refused and does not count.
"""

from __future__ import annotations

import json
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

from aiohttp import web

from core.errors import ConfigurationError
from sandbox.faults.requests import MESSAGES, envelope
from sandbox.refusal import Refusal
from sandbox.state import State

_DEFAULT_PER_S: Final = 10.0
_PER_S: Final[dict[float, tuple[str, ...]]] = {
    20.0: (
        "v2/public/time", "v2/mix/market/contracts", "v2/mix/market/candles", "v2/mix/market/history-candles",
        "v2/mix/market/history-mark-candles", "v2/mix/market/history-index-candles", "v2/mix/market/ticker",
        "v2/mix/market/tickers", "v2/mix/market/symbol-price", "v2/mix/market/merge-depth", "v2/mix/market/fills",
        "v2/mix/market/current-fund-rate", "v2/mix/market/funding-time", "v2/mix/market/history-fund-rate",
        "v2/mix/market/open-interest", "v2/mix/position/history-position", "v3/market/instruments",
        "v3/market/tickers", "v3/market/orderbook", "v3/market/fills", "v3/market/open-interest", "v3/market/candles",
        "v3/market/history-candles", "v3/market/current-fund-rate", "v3/market/history-fund-rate",
        "v3/market/position-tier", "v3/account/assets", "v3/account/settings", "v3/account/financial-records",
        "v3/position/current-position", "v3/position/history-position", "v3/trade/order-info",
        "v3/trade/unfilled-orders", "v3/trade/unfilled-strategy-orders", "v3/trade/history-orders",
        "v3/trade/history-strategy-orders", "v3/trade/fills",
    ),
    5.0: (
        "v2/mix/position/all-position", "v2/mix/account/set-leverage", "v2/mix/account/set-margin-mode",
        "v2/mix/account/set-position-mode", "v3/account/info", "v3/account/switch-status", "v3/trade/place-batch",
        "v3/trade/cancel-batch", "v3/trade/cancel-symbol-order", "v3/trade/close-positions",
    ),
    3.0: ("v2/spot/public/coins", "v3/account/fee-rate"),
    1.0: ("v2/mix/order/batch-place-order", "v2/mix/order/close-positions", "v2/mix/order/cancel-all-orders",
          "v3/trade/countdown-cancel-all"),
}
RATES: Final = {f"/api/{path}": rate for rate, paths in _PER_S.items() for path in paths}
"""Requests a second by path; ten where a path is not named, which is what trading paths have."""

FRAMES_PER_S: Final = 10
SUBSCRIPTIONS_PER_HOUR: Final = 240
CHANNELS: Final = 1000
CONNECTIONS: Final = 100
"""Of a connection, and connections of an address."""
_HOUR_S: Final = 3600.0


class Connection(Protocol):
    """A socket as limits see it."""

    @property
    def channels(self) -> int:
        """How many it is subscribed to."""

    def drop(self) -> None:
        """Break it."""


def factor_of(text: str) -> float:
    """The factor that an option means: ``bitget`` 1, ``off`` 0, else a number above 0. Raises ConfigurationError."""
    named = {"bitget": 1.0, "off": 0.0}
    try:
        factor = named[text] if text in named else float(text)
    except ValueError:
        factor = -1.0
    if not 0 <= factor <= 1e6 or (factor == 0 and text != "off"):
        raise ConfigurationError("command line", "--limits", text, "must be bitget, off, or a factor above 0")
    return factor


class Window:
    """At most so many within a span that slides."""

    __slots__ = ("_span_s", "_stamps", "admitted", "busiest", "most")

    def __init__(self, most: float, span_s: float) -> None:
        self.most, self._span_s = max(1, round(most)), span_s
        self._stamps: deque[float] = deque()
        self.admitted = self.busiest = 0
        """How many there were, and at most within one span."""

    def admits(self, now_s: float) -> bool:
        """Whether one more fits; it counts only if it does."""
        while self._stamps and now_s - self._stamps[0] >= self._span_s:
            self._stamps.popleft()
        if len(self._stamps) >= self.most:
            return False
        self._stamps.append(now_s)
        self.admitted += 1
        self.busiest = max(self.busiest, len(self._stamps))
        return True


class Limits:
    """Bitget's limits times ``factor``; none at all with 0. ``refused`` counts by path, sockets under ``socket``."""

    def __init__(self, state: State, factor: float, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._state, self.factor, self._clock_s = state, factor, clock_s
        self._requests: dict[tuple[str, str], Window] = {}
        self._frames: dict[int, Window] = {}
        self._subscriptions: dict[int, Window] = {}
        self.refused: Counter[str] = Counter()

    @web.middleware
    async def layer(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """The layer around requests, for aiohttp: 429 in Bitget's words."""
        who = request.headers.get("ACCESS-KEY") or request.remote or ""
        if request.path.startswith("/api/") and not self.admits(who, request.path):
            return envelope("429", MESSAGES["429"], self._state.now_ms, 429)
        return await handler(request)

    def admits(self, who: str, path: str) -> bool:
        """Whether a request is within the limit of its path; it counts if so, is counted as refused if not."""
        if not self.factor:
            return True
        window = self._requests.get((who, path))
        if window is None:
            window = self._requests[who, path] = Window(RATES.get(path, _DEFAULT_PER_S) * self.factor, 1.0)
        return window.admits(self._clock_s()) or self._refuse(path)

    def asked(self) -> dict[str, dict[str, int]]:
        """By path: requests admitted, the most of one asker in a second, and how many that may be."""
        found: dict[str, dict[str, int]] = {}
        for (_, path), window in self._requests.items():
            row = found.setdefault(path, {"requests": 0, "busiest": 0, "most": window.most})
            row["requests"] += window.admitted
            row["busiest"] = max(row["busiest"], window.busiest)
        return found

    def check_frame(self, connection: Connection, frame: str) -> None:
        """Raises Refusal (30006) for a frame too many or a subscription too many; a channel too many disconnects.

        Pings do not count.
        """
        if not self.factor or frame == "ping":
            return
        key, now_s = id(connection), self._clock_s()
        if not self._frames.setdefault(key, Window(FRAMES_PER_S * self.factor, 1.0)).admits(now_s):
            self._refuse("socket")
            raise Refusal("30006", "request too many")
        if _operation(frame) != "subscribe":
            return
        hourly = self._subscriptions.setdefault(key, Window(SUBSCRIPTIONS_PER_HOUR * self.factor, _HOUR_S))
        if not hourly.admits(now_s):
            self._refuse("socket")
            raise Refusal("30006", "request too many")
        if connection.channels >= CHANNELS * self.factor:
            self._refuse("socket")
            connection.drop()

    def forget(self, connection: Connection) -> None:
        """A connection has ended."""
        self._frames.pop(id(connection), None)
        self._subscriptions.pop(id(connection), None)

    def too_many_connections(self, count: int) -> bool:
        """Whether an address has as many connections as it may have."""
        return bool(self.factor) and count >= CONNECTIONS * self.factor

    def _refuse(self, what: str) -> bool:
        self.refused[what] += 1
        self._state.record("limit", None, "", None, what)
        return False


def _operation(frame: str) -> str:
    try:
        values = json.loads(frame)
    except ValueError:
        return ""
    return str(values.get("op", "")) if isinstance(values, dict) else ""
