"""A figure, and whether it could be estimated at all."""

from __future__ import annotations

from typing import NamedTuple


class Estimate(NamedTuple):
    """A finite figure; where ``defined`` is false, ``value`` is the fallback that the statistic's docstring names.

    Fallbacks are neutral or speak against the strategy, so that a limit may be held against ``value`` alone.
    """

    value: float
    defined: bool = True
