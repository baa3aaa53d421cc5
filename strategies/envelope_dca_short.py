"""Envelope DCA, short: the mirror of `envelope_dca` above the average.

The upper offset of a level is ``1 / (1 - lower offset) - 1``, so that the way there and back is the same in log
return. Regime: falling and ranging markets with sharp rebounds; it loses in persistent rallies.
"""

from __future__ import annotations

from functools import lru_cache
from typing import ClassVar

from core.ladders import Numbers, distances, resting
from strategies.envelope_dca import Envelope


@lru_cache(maxsize=4096)
def upper_limits(levels: int, start: float, step: float) -> tuple[Numbers, Numbers]:
    """Limits as far above the average as the long's are below, in log return."""
    return resting(tuple(1.0 / (1.0 - x) - 1.0 for x in distances(levels, start, step)))


class EnvelopeDcaShort(Envelope):
    """Sells in steps above a moving average, takes profit at the average, one stop for the whole position."""

    name: ClassVar[str] = "envelope_dca_short"
    mirror: ClassVar[str] = "envelope_dca"
    direction: ClassVar[int] = -1
    ladder = staticmethod(upper_limits)
