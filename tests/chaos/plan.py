"""What happens in which campaign. Everything is drawn from a seed."""

from __future__ import annotations

from typing import Final

from sandbox.faults.kinds import FaultKind as Kind
from sandbox.faults.rules import FaultRule
from tests.chaos.campaign import Episode

PRIVATE: Final = ("/v2/ws/private", "/v3/ws/private")
PUBLIC: Final = ("/v2/ws/public", "/v3/ws/public")
NAKED: Final = ("preset_refused", "preset_dropped", "stop_vanishes")
"""Where the venue takes a stop away: positions are without it for a moment. Everywhere else they never are."""


def _requests(seed: int) -> dict[str, tuple[FaultRule, ...]]:
    return {
        "delay": (FaultRule(Kind.DELAY, 0.1, times=20, seed=seed, seconds=0.05),),
        "too_many_requests": (FaultRule(Kind.TOO_MANY_REQUESTS, 0.1, times=6, seed=seed),),
        "rate_code": (FaultRule(Kind.RATE_CODE, 0.1, times=6, seed=seed),),
        "server_error": (FaultRule(Kind.SERVER_ERROR, 0.1, times=6, seed=seed),),
        # the code of an upgrade has everybody wait for half a minute: one that passes sooner
        "maintenance": (FaultRule(Kind.MAINTENANCE, 0.1, times=4, seed=seed, code="40725"),),
        "request_lost": (FaultRule(Kind.REQUEST_LOST, 0.3, times=12, seed=seed, seconds=0.02),),
        "accept_silent": (FaultRule(Kind.ACCEPT_SILENT, 0.3, times=12, seed=seed, seconds=0.02),),
        "accept_late": (FaultRule(Kind.ACCEPT_LATE, 0.3, times=12, seed=seed, seconds=0.1),),
        "restart": (FaultRule(Kind.RESTART, 0.2, times=2, seed=seed, seconds=0.2),),
        "clock_skew": (FaultRule(Kind.CLOCK_SKEW, milliseconds=60_000),),
    }


def _messages(seed: int) -> dict[str, tuple[FaultRule, ...]]:
    dropped = FaultRule(Kind.SOCKET_DROP, 0.2, times=3, seed=seed, paths=PRIVATE)
    return {
        "socket_drop": (dropped, FaultRule(Kind.SOCKET_DROP, 0.02, times=2, seed=seed, paths=PUBLIC)),
        "socket_freeze": (FaultRule(Kind.SOCKET_FREEZE, 0.2, times=2, seed=seed, seconds=1.0, paths=PRIVATE),),
        "socket_refuse": (
            FaultRule(Kind.SOCKET_DROP, 0.2, times=1, seed=seed, paths=PRIVATE), FaultRule(Kind.SOCKET_REFUSE, times=1),
        ),
        "push_delay": (FaultRule(Kind.PUSH_DELAY, 0.3, seed=seed, seconds=0.1, paths=PRIVATE),),
        "push_reorder": (FaultRule(Kind.PUSH_REORDER, 0.3, seed=seed, paths=PRIVATE),),
        "push_duplicate": (FaultRule(Kind.PUSH_DUPLICATE, 0.3, seed=seed),),
        # of an account alone: a lost candle is made up for by the next one, which lockstep has wait for the first
        "push_lost": (FaultRule(Kind.PUSH_LOST, 0.4, seed=seed, paths=PRIVATE),),
    }


def _stops(seed: int) -> dict[str, tuple[FaultRule, ...]]:
    return {
        "preset_refused": (FaultRule(Kind.PRESET_REFUSED, 0.4, times=12, seed=seed),),
        "preset_dropped": (FaultRule(Kind.PRESET_DROPPED, 0.6, times=12, seed=seed),),
        "stop_vanishes": (FaultRule(Kind.STOP_VANISHES, 0.1, times=12, seed=seed),),
    }


def harmless(seed: int, hours: int = 2) -> list[Episode]:
    """Everything that may change no trade, one kind after the other."""
    kinds = {**_requests(seed), **_messages(seed), **_stops(seed)}
    lifted_s = {"clock_skew": 0.7}  # nobody can sign anything while it lasts
    return [
        Episode(name, hours * (1 + (name in NAKED)), rules, covers=name in NAKED, lifted_s=lifted_s.get(name, 0.0))
        for name, rules in kinds.items()
    ]


def mixed(seed: int) -> tuple[FaultRule, ...]:
    """Lost replies and lost messages together."""
    return (
        FaultRule(Kind.ACCEPT_SILENT, 0.05, seed=seed, seconds=0.02),
        FaultRule(Kind.REQUEST_LOST, 0.05, seed=seed + 1, seconds=0.02),
        FaultRule(Kind.PUSH_LOST, 0.2, seed=seed + 2, paths=PRIVATE),
        FaultRule(Kind.PUSH_DUPLICATE, 0.1, seed=seed + 3, paths=PRIVATE),
    )


def deadly(seed: int, hours: int) -> list[Episode]:
    """Everybody dies, the executor at every point; then again while replies and messages are lost."""
    return [
        Episode("kills", hours, every=15, deaths=True),
        Episode("kills and losses", hours, mixed(seed), every=15, deaths=True),
    ]


def changing(seed: int, hours: int = 4) -> list[Episode]:
    """What the venue refuses, cuts short or fails to do: trades differ, and each difference has its cause."""
    kinds = {
        "refuse": FaultRule(Kind.REFUSE, 0.05, times=4, seed=seed),
        "partial_fill": FaultRule(Kind.PARTIAL_FILL, 0.3, times=4, seed=seed),
        "trigger_fails": FaultRule(Kind.TRIGGER_FAILS, seed=seed, roles=("stop",)),
    }
    return [Episode(name, hours, (rule,), resumes=True) for name, rule in kinds.items()]
