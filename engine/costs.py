"""What trading costs and allows, as the engine sees it: one record handed to every walk."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from math import inf

from core.errors import InputError
from core.instrument import Instrument, Tier

MAX_TIERS = 16
_NOT_NEGATIVE = ("tick", "step", "min_quantity", "min_notional", "participation")


class Path(IntEnum):
    """Which extreme a candle reaches first (execution rules, path)."""

    NEARER = 0
    PESSIMISTIC = 1
    OPTIMISTIC = 2


@dataclass(frozen=True, slots=True)
class Costs:
    """Fees, sizing, margin and fill model of one symbol; fractions unless said. Raises InputError when unsound.

    guard : most of the wallet that may be reserved as margin. risk : 0 for sizing by capital alone.
    tick, step, min_quantity, min_notional : 0 means none. participation : share of a candle's volume that an entry
    may take, 0 for no limit. trade_through : how far beyond a limit price must go to fill it.
    """

    maker_fee: float = 0.0002
    taker_fee: float = 0.0006
    slippage: float = 0.0005
    leverage: float = 3.0
    capital_fraction: float = 0.65
    compounding: bool = True
    risk: float = 0.0
    guard: float = 0.7
    crossed: bool = False
    tick: float = 0.0
    step: float = 0.0
    min_quantity: float = 0.0
    min_notional: float = 0.0
    tiers: tuple[Tier, ...] = (Tier(1e18, 0.005, 0.0),)
    trade_through: float = 0.0
    fill_probability: float = 1.0
    participation: float = 0.0
    post_only: bool = False
    path: Path = Path.NEARER
    seed: int = 0

    def __post_init__(self) -> None:
        limits = [tier.max_notional for tier in self.tiers]
        rules = (
            ("maker_fee", -0.1 <= self.maker_fee < 0.1, "from -0.1 to below 0.1"),
            ("taker_fee", 0 <= self.taker_fee < 0.1, "from 0 to below 0.1"),
            ("slippage", 0 <= self.slippage < 1, "from 0 to below 1"),
            ("leverage", 1 <= self.leverage < inf, "at least 1"),
            ("capital_fraction", 0 < self.capital_fraction <= 1, "above 0, at most 1"),
            ("risk", 0 <= self.risk <= 1, "from 0 to 1"),
            ("guard", 0 < self.guard <= 1, "above 0, at most 1"),
            *((key, 0 <= getattr(self, key) < inf, "0 or more") for key in _NOT_NEGATIVE),
            ("trade_through", 0 <= self.trade_through < 0.1, "from 0 to below 0.1"),
            ("fill_probability", 0 <= self.fill_probability <= 1, "from 0 to 1"),
            ("tiers", 1 <= len(limits) <= MAX_TIERS, f"1 to {MAX_TIERS} of them"),
            ("tiers", limits == sorted(set(limits)), "notionals that grow"),
            ("tiers", all(0 <= tier.rate < 1 for tier in self.tiers), "rates from 0 to below 1"),
        )
        for key, good, allowed in rules:
            if not good:
                raise InputError(f"costs: {key} = {getattr(self, key)!r}: {allowed}")

    def free(self) -> Costs:
        """The same without fees and slippage."""
        return replace(self, maker_fee=0.0, taker_fee=0.0, slippage=0.0)

    @property
    def scale_free(self) -> bool:
        """Whether sizes are proportional to the capital: nothing rounds, refuses or caps them by an absolute amount."""
        absolute = (self.step, self.min_quantity, self.min_notional, self.participation)
        return not any(absolute) and not self.crossed

    @classmethod
    def of(cls, instrument: Instrument, **overrides: object) -> Costs:
        """The costs of an instrument: its fees, steps, minima and tiers, with ``overrides`` by field name."""
        values: dict[str, object] = {
            "maker_fee": instrument.maker_fee,
            "taker_fee": instrument.taker_fee,
            "tick": instrument.tick,
            "step": instrument.step,
            "min_quantity": instrument.min_quantity,
            "min_notional": instrument.min_notional,
            "tiers": instrument.tiers,
        }
        return cls(**{**values, **overrides})  # type: ignore[arg-type]  # fields checked by the dataclass
