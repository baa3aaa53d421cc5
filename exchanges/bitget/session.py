"""What is known of one connection while it lasts: its subscriptions, and when each was last alive."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from exchanges.bitget.dialect.words import Channel, Row, whole

Key = tuple[tuple[str, str], ...]


class Timing(NamedTuple):
    """How patient a socket is, in seconds.

    dead_s : without any frame, pongs included, the connection is given up. stale_s : without any news it is rebuilt,
    0 for never (private streams are silent while nothing happens). echo_s : what we sent must show on the private
    stream within that. ack_s : a subscription unanswered that long is sent again. dial_s : for connecting and logging
    in. steady_s : a session that lasted so long clears the back-off. recycle_s : no connection is kept longer.
    """

    dead_s: float = 25.0
    stale_s: float = 90.0
    echo_s: float = 10.0
    ack_s: float = 5.0
    dial_s: float = 10.0
    steady_s: float = 30.0
    recycle_s: float = 6 * 3600.0


class Session:
    """One connection.

    ``last_frame`` and ``last_news`` are monotonic seconds: of any frame, and of data that was newer by the venue's
    clock than what its channel had said before. A stream that repeats itself is a frozen one.
    """

    def __init__(self, channels: Sequence[Channel], lost: asyncio.Future[Any], *, hold: bool, now: float) -> None:
        self.lost = lost
        self.began = self.last_frame = self.last_news = now
        self.unconfirmed: dict[Key, Channel] = {key(channel): channel for channel in channels}
        self.confirmed = asyncio.Event()
        self.held: list[Row] | None = [] if hold else None
        self.partial = False
        self._newest_ms: dict[Key, int] = {}

    def confirm(self, arg: Row) -> None:
        """The venue has accepted a subscription, which it names in its own spelling."""
        for known in [k for k in self.unconfirmed if _names(arg, k)]:
            del self.unconfirmed[known]
        if not self.unconfirmed:
            self.confirmed.set()

    def data(self, message: Row) -> None:
        """Data came: is it news? Messages without a time count as such."""
        channel, ts_ms = key(message.get("arg") or {}), whole(message.get("ts"))
        if not ts_ms or ts_ms > self._newest_ms.get(channel, 0):
            self._newest_ms[channel] = ts_ms
            self.last_news = self.last_frame


def key(arg: Mapping[str, Any]) -> Key:
    """A subscription as something to look up."""
    return tuple(sorted((str(name), str(value)) for name, value in arg.items()))


def _names(arg: Row, known: Key) -> bool:
    return all(str(arg.get(name, "")).lower() == value.lower() for name, value in known)
