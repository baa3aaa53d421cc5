"""What risk shows of the story: limits with what is used of them, and both positions with what protects them."""

from __future__ import annotations

from core.exposure import Exposure, LimitUse
from core.instrument import Instrument
from core.messages import RiskShown
from core.settings import Risk
from core.target import Rung
from tests.dashboard.story import BTC, NOW, SOL

USED = (
    LimitUse("drawdown_24h", "drawdown_24h", "", 0.006, 0.08, "fraction"),
    LimitUse("daily_loss", "daily_loss", "", 0.0, 0.05, "fraction"),
    LimitUse("margin_use", "max_margin_use", "", 0.088, 0.7, "fraction"),
    LimitUse("max_positions", "max_positions", "", 2.0, 5.0, "positions"),
    LimitUse("correlation", "max_same_direction_per_group", "platforms long", 1.0, 2.0, "positions"),
    LimitUse("kill_global", "kill_drawdown_24h", "", 0.006, 0.15, "fraction"),
    LimitUse("kill_runner", "kill_runner_loss", "envelope_dca", 0.039, 0.05, "fraction"),
)


def exposed(used: tuple[LimitUse, ...] = USED) -> RiskShown:
    """Told once: what if prices moved follows from it."""
    rules = (Instrument(symbol=BTC, tick=0.1, step=0.001), Instrument(symbol=SOL, tick=0.001, step=0.1))
    held = (
        Exposure("envelope_dca", BTC, 1, 0.06, 61_204.3, 61_540.0, 6.0, 0.0, 45_903.2, 62_880.1,
                 (Rung(2, 54_705.7, 0.03, 45_000.0),)),
        Exposure("envelope_dca", SOL, 1, 12.0, 148.2, 147.95, 6.0, 0.0, 111.15, 151.2, (Rung(2, 141.04, 6.0, 111.0),)),
    )
    return RiskShown(NOW, 1, 10_120.0, Risk(), 0.0005, (), used, (), held, rules, ((BTC, 6.0), (SOL, 6.0)))
