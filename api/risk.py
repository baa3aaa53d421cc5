"""The port to what risk knows, and what follows from it without asking anybody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from api.risk_models import RiskReport, TradeAsked, TradeWorkedOut, WhatIf


class RiskPort(Protocol):
    """Answers never wait for trading; they raise `api.gateway.Unavailable` before risk has shown itself once."""

    async def report(self) -> RiskReport:
        """Limits, causes, kill switches, refusals, owners."""

    async def what_if(self, moves: Sequence[float], *, fills: bool) -> WhatIf:
        """The account after each move of all prices."""

    async def calculate(self, asked: TradeAsked) -> TradeWorkedOut:
        """One trade, worked out. Raises InputError for values that make none."""
