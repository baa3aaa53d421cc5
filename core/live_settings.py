"""What is configured of live trading beside its limits: the selector and the watchdog (sections of ``risk.yaml``)."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from core.frozen import Frozen, Letter


def _shares() -> dict[Letter, float]:
    return {"A": 1.0, "B": 0.8, "C": 0.6}


class Finite(Frozen):
    """Base of these models: no infinity, no NaN."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Weights(Finite):
    """How the margin of a live account is shared out among those that may open; off: first come, first served."""

    enabled: bool = False
    grades: dict[Letter, Annotated[float, Field(ge=0, le=1)]] = Field(default_factory=_shares)
    """Share by grade, before they are made to add up to 1; a grade that is not named has none."""
    losing: float = Field(0.5, gt=0, le=1)
    """Factor of those that lost over the last days."""
    recent_days: int = Field(30, ge=1, le=365)


class Selector(Finite):
    """Who may open positions with real money, beside an open gate."""

    every_s: float = Field(300.0, ge=1, le=86_400)
    min_trades: int = Field(3, ge=0)
    """Fewest closed trades on paper."""
    min_net_return: float = Field(0.0, ge=-1)
    """The net return on paper must be above it."""
    min_profit_factor: float = Field(1.0, ge=0)
    verdict_age_days: int = Field(90, ge=1, le=3650)
    """Oldest verdict that counts."""
    weights: Weights = Weights()


class Watchdog(Finite):
    """What the watchdog looks at, and how often it says the same again."""

    every_s: float = Field(30.0, ge=0.1, le=3600)
    stale_s: float = Field(300.0, gt=0)
    """Candles older than this, or a strategy so far behind the feed, are an anomaly."""
    slow_ms: float = Field(2_000.0, gt=0)
    """Slowest answer of exchange or API that is still in order."""
    cooldown_s: float = Field(900.0, ge=0)
    """The same anomaly is told again after so long at the soonest."""
    cooldowns_s: dict[str, Annotated[float, Field(ge=0)]] = Field(default_factory=dict)
    """Other cooldowns by kind, such as ``without_stop``."""
