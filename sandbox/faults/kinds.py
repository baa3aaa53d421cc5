"""The kinds of fault: where each strikes, what its one argument means, and which requests it is about unless told."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple


class FaultKind(StrEnum):
    """What can go wrong."""

    DELAY = "delay"
    TOO_MANY_REQUESTS = "too_many_requests"
    RATE_CODE = "rate_code"
    SERVER_ERROR = "server_error"
    MAINTENANCE = "maintenance"
    REFUSE = "refuse"
    REQUEST_LOST = "request_lost"
    ACCEPT_SILENT = "accept_silent"
    ACCEPT_LATE = "accept_late"
    RESTART = "restart"
    SOCKET_DROP = "socket_drop"
    SOCKET_FREEZE = "socket_freeze"
    SOCKET_REFUSE = "socket_refuse"
    PUSH_DELAY = "push_delay"
    PUSH_REORDER = "push_reorder"
    PUSH_DUPLICATE = "push_duplicate"
    PUSH_LOST = "push_lost"
    PARTIAL_FILL = "partial_fill"
    PRESET_REFUSED = "preset_refused"
    PRESET_DROPPED = "preset_dropped"
    TRIGGER_FAILS = "trigger_fails"
    STOP_VANISHES = "stop_vanishes"
    CLOCK_SKEW = "clock_skew"


class Where(StrEnum):
    """At which place of the exchange a kind strikes."""

    REQUEST = "request"
    PUSH = "push"
    FRAME = "frame"
    MATCHING = "matching"
    CLOCK = "clock"


class Traits(NamedTuple):
    """A kind's place, the name and default of its argument, and whether it spares what is not trading unless told."""

    where: Where
    argument: str = ""
    default: float | str | None = None
    trading: bool = False
    says: str = ""


TRAITS: Final[dict[FaultKind, Traits]] = {
    FaultKind.DELAY: Traits(Where.REQUEST, "seconds", 1.0, says="a request waits before anything is done"),
    FaultKind.TOO_MANY_REQUESTS: Traits(Where.REQUEST, says="HTTP 429 in Bitget's words; nothing is done"),
    FaultKind.RATE_CODE: Traits(Where.REQUEST, says="code 30006, too many requests; nothing is done"),
    FaultKind.SERVER_ERROR: Traits(Where.REQUEST, "code", "502", says="a gateway's page in HTML; nothing is done"),
    FaultKind.MAINTENANCE: Traits(Where.REQUEST, "code", "40200", says="under maintenance; nothing is done"),
    FaultKind.REFUSE: Traits(Where.REQUEST, "code", "40762", True, "an order is refused with a code"),
    FaultKind.REQUEST_LOST: Traits(Where.REQUEST, "seconds", 30.0, True, "never answered, and nothing was done"),
    FaultKind.ACCEPT_SILENT: Traits(Where.REQUEST, "seconds", 30.0, True, "done, and never answered"),
    FaultKind.ACCEPT_LATE: Traits(Where.REQUEST, "seconds", 2.0, True, "done, and answered late"),
    FaultKind.RESTART: Traits(
        Where.REQUEST, "seconds", 1.0, True, "done, then every connection breaks and nobody listens for a while"
    ),
    FaultKind.SOCKET_DROP: Traits(Where.PUSH, says="the socket breaks instead of a push"),
    FaultKind.SOCKET_FREEZE: Traits(
        Where.PUSH, "seconds", None, says="the socket stays open and says nothing any more, not even to a ping"
    ),
    FaultKind.SOCKET_REFUSE: Traits(Where.FRAME, "code", "30006", says="a subscription is answered by an error"),
    FaultKind.PUSH_DELAY: Traits(Where.PUSH, "seconds", 1.0, says="a push comes late, those behind it do not"),
    FaultKind.PUSH_REORDER: Traits(Where.PUSH, says="a push comes after the next one"),
    FaultKind.PUSH_DUPLICATE: Traits(Where.PUSH, says="a push comes twice"),
    FaultKind.PUSH_LOST: Traits(Where.PUSH, says="a push never comes"),
    FaultKind.PARTIAL_FILL: Traits(
        Where.MATCHING, "fraction", 0.5, says="an order is filled in part, the rest is cancelled"
    ),
    FaultKind.PRESET_REFUSED: Traits(Where.MATCHING, says="an entry is taken without the stop and target it carried"),
    FaultKind.PRESET_DROPPED: Traits(Where.MATCHING, says="an entry shows its preset, and at the fill no stop appears"),
    FaultKind.TRIGGER_FAILS: Traits(Where.MATCHING, says="a trigger that is met fails to execute and is gone"),
    FaultKind.STOP_VANISHES: Traits(
        Where.MATCHING, says="a live stop is gone when a minute closes, and nobody is told"
    ),
    FaultKind.CLOCK_SKEW: Traits(
        Where.CLOCK, "milliseconds", 60_000.0, says="the exchange's clock is off: time endpoint, stamps, signatures"
    ),
}
"""Every kind. Requests that trade are those that bear a role: see `sandbox.faults.occasion`."""
