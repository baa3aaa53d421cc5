"""What the selector decides: who may open positions with real money, and why."""

from __future__ import annotations

from typing import NamedTuple


class Criterion(NamedTuple):
    """One condition: its figure, its limit, whether it is met. None where there is no such number."""

    code: str
    """Machine-readable, such as ``min_trades``."""
    value: float | None
    limit: float | None
    met: bool
    detail: str
    """The same in a sentence."""


class Decision(NamedTuple):
    """Whether a strategy may open positions on a symbol.

    weight : most of the account's margin that it may use there, a fraction; 1 where nothing is weighted.
    """

    strategy: str
    symbol: str
    may_open: bool
    weight: float
    criteria: tuple[Criterion, ...] = ()

    @property
    def failed(self) -> tuple[Criterion, ...]:
        """The conditions that are not met."""
        return tuple(c for c in self.criteria if not c.met)

    @property
    def detail(self) -> str:
        """Why not, in a sentence; '' when it may."""
        return "" if self.may_open else "; ".join(c.detail for c in self.failed)
