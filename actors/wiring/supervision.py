"""The driver's side: are the actors alive, is Ray alive, what is going on.

Law: a restarted actor gets going by itself; the driver only looks, and leaves when nobody answers any more, so that
whoever started it (systemd, a container's policy) starts everything again.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any, Final

import ray
from ray.exceptions import GetTimeoutError, RayActorError, RayTaskError

from actors.wiring.house import House
from core.messages import ActorBeat

PING_S: Final = 2.0
_ANSWER_S: Final = 1.5
_MISSES: Final = 3


@dataclass(slots=True)
class Watched:
    """What is known of one actor: its last answer, how often in a row it has not answered, how often it came back."""

    health: dict[str, Any] = field(default_factory=dict)
    misses: int = 0
    returns: int = 0


class Supervision:
    """Asks every actor how it is."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._looks = 0
        self.watched = {name: Watched() for name in house.handles}

    def look(self) -> None:
        """Ask everybody once, together; takes at most `_ANSWER_S`. The ledger's beat is told in its stead."""
        self._ask()
        ledger = self.watched["ledger"]
        if not ledger.misses and ledger.health:
            self._looks += 1
            beat = ActorBeat(
                time.time_ns() // 1_000_000, self._looks, "ledger", str(ledger.health["state"]), ledger.returns,
                int(ledger.health.get("errors", 0)),
            )
            self._house.handles["api"].on.remote((beat,))

    def _ask(self) -> None:
        asked = {handle.health.remote(): name for name, handle in self._house.handles.items()}
        answered, _ = ray.wait(list(asked), num_returns=len(asked), timeout=_ANSWER_S)
        done = set(answered)
        for reference, name in asked.items():
            watched = self.watched[name]
            health = _answer(reference) if reference in done else None
            if health is None:
                watched.misses += 1
                continue
            watched.returns += watched.misses > 0 and bool(watched.health)
            watched.health, watched.misses = health, 0

    @property
    def lost(self) -> bool:
        """Nobody has answered several times running: Ray itself is gone."""
        return all(w.misses >= _MISSES for w in self.watched.values())


def _answer(reference: Any) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = ray.get(reference, timeout=0.1)
    except (RayActorError, RayTaskError, GetTimeoutError):
        return None
    return found
