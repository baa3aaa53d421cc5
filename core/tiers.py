"""Maintenance tiers as dated data: tables from a file, whose deductions are computed here.

Venues change their tiers; a table says from when on it holds and where it is from. Who wants tiers asks for a moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, NamedTuple, Self

import numpy as np
from pydantic import AfterValidator, Field, model_validator

from core.frozen import Frozen
from core.instrument import Tier

ENDLESS = 1e18
"""The most notional of a last tier that has no end."""


class Step(NamedTuple):
    """One line of a table: up to this notional (USDT), this maintenance rate."""

    max_notional: Annotated[float, Field(gt=0)]
    rate: Annotated[float, Field(gt=0, lt=1)]


def continuous(steps: Sequence[tuple[float, float]]) -> tuple[Tier, ...]:
    """Tiers from (most notional, rate), with the deductions that make the maintenance margin continuous.

    >>> [tier.deduction for tier in continuous([(50_000, 0.004), (250_000, 0.005), (1_000_000, 0.01)])]
    [0.0, 50.0, 1300.0]
    """
    result: list[Tier] = []
    edge, before = 0.0, 0.0
    for limit, rate in steps:
        deduction = result[-1].deduction + edge * (rate - before) if result else 0.0
        result.append(Tier(limit, rate, round(deduction, 8)))
        edge, before = limit, rate
    return tuple(result)


def _day(text: str) -> str:
    """The text, when it is a day that there is."""
    try:
        good = str(np.datetime64(text, "D")) == text != "NaT"
    except ValueError:
        good = False
    if not good:
        raise ValueError("must be a day, as 2025-06-25")
    return text


class TierTable(Frozen):
    """A symbol's tiers from a day (UTC) on. ``source`` says where they are from."""

    since: Annotated[str, AfterValidator(_day)]
    source: str = Field(min_length=1)
    steps: tuple[Step, ...] = Field(min_length=1, max_length=16)

    @model_validator(mode="after")
    def _growing(self) -> Self:
        if any(a.max_notional >= b.max_notional or a.rate > b.rate for a, b in pairwise(self.steps)):
            raise ValueError("notionals and rates must grow from step to step")
        return self

    @property
    def since_ms(self) -> int:
        """The first moment at which it holds (UTC ms)."""
        return int(np.datetime64(self.since, "ms").astype(np.int64))

    @property
    def tiers(self) -> tuple[Tier, ...]:
        """As rules carry them; beyond the last step its rate goes on."""
        return continuous([*self.steps[:-1], (ENDLESS, self.steps[-1].rate)])


class TierTables(Frozen):
    """``config/tiers.yaml``: tables by symbol, for any symbols, whether they are traded or not."""

    tables: dict[str, Annotated[tuple[TierTable, ...], Field(min_length=1)]] = Field(default_factory=dict)

    def at(self, symbol: str, ts_ms: int) -> tuple[Tier, ...] | None:
        """A symbol's tiers at a moment: of the newest table that holds then, else of the oldest; None without any."""
        tables = sorted(self.tables.get(symbol, ()), key=lambda table: table.since_ms)
        if not tables:
            return None
        return ([table for table in tables if table.since_ms <= ts_ms] or tables[:1])[-1].tiers
