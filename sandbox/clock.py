"""Simulated time against wall time when the market runs freely."""

from __future__ import annotations

import time
from collections.abc import Callable


class Pacer:
    """Says what simulated time it is: ``speed`` simulated seconds per second of wall time, unless paused."""

    def __init__(self, now_ms: int, speed: float, wall_s: Callable[[], float] = time.monotonic) -> None:
        self._wall_s = wall_s
        self._speed = speed
        self._paused = False
        self._base_ms = float(now_ms)
        self._since_s = wall_s()

    @property
    def speed(self) -> float:
        """Simulated seconds per second."""
        return self._speed

    @property
    def paused(self) -> bool:
        """Whether time stands still."""
        return self._paused

    @property
    def tick_s(self) -> float:
        """How often to look, in wall seconds: every simulated minute, but at least twenty times a second."""
        return min(0.05, max(60.0 / self._speed, 0.002))

    def time_ms(self) -> float:
        """The simulated time now."""
        if self._paused:
            return self._base_ms
        return self._base_ms + (self._wall_s() - self._since_s) * 1000.0 * self._speed

    def anchor(self, now_ms: float) -> None:
        """Go on from this simulated time (after a jump, or when the market could not keep up)."""
        self._base_ms, self._since_s = now_ms, self._wall_s()

    def set_speed(self, speed: float) -> None:
        """Change the pace from now on."""
        self.anchor(self.time_ms())
        self._speed = speed

    def pause(self) -> None:
        """Stand still."""
        self.anchor(self.time_ms())
        self._paused = True

    def resume(self) -> None:
        """Go on from where it stood."""
        self._since_s = self._wall_s()
        self._paused = False
