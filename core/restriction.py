"""Why there are no new entries: the vocabulary of what risk forbids."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

HALT: Final = "halted"
REDUCE: Final = "reducing"
CLOSE: Final = "closing"
"""Reducing, and what is open leaves at market."""
STALE: Final = "stale_data"
COOLDOWN: Final = "cooldown"
DAILY_LOSS: Final = "daily_loss"
DRAWDOWN: Final = "drawdown_24h"
KILL_RUNNER: Final = "kill_runner"
KILL_GLOBAL: Final = "kill_global"
KILL_REAL: Final = "kill_real"
SWITCHES: Final = (KILL_RUNNER, KILL_GLOBAL, KILL_REAL)


class State(StrEnum):
    """What may be done on a symbol, or on the whole account."""

    ACTIVE = "active"
    REDUCING = "reducing"
    """Only exits; ends by itself when its cause does."""
    HALTED = "halted"
    """Only exits; a human ends it."""


class Cause(NamedTuple):
    """Why there are no new entries.

    code : what it is, one of the words above. symbol, strategy : what it covers, '' for all. since_ms : exchange time.
    by : who or which rule. until_ms : when it ends by itself, 0 when something else ends it.
    """

    code: str
    state: State
    symbol: str
    strategy: str
    reason: str
    since_ms: int
    by: str
    until_ms: int = 0

    @property
    def switch(self) -> str:
        """Name of a kill switch, '' for what is none: ``kill_global``, ``kill_runner:envelope_dca``."""
        if self.code not in SWITCHES:
            return ""
        return f"{self.code}:{self.strategy}" if self.strategy else self.code
