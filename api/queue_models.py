"""What the API answers about optimisations to come: strategies, grids, estimates, jobs."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.models import Model

Scalar = bool | int | float | str


class StoredCandles(Model):
    """The finest candles of a symbol; ``timeframe`` '' and 0 where there are none."""

    symbol: str = Field(examples=["BTC-USDT"])
    timeframe: str
    from_ms: int
    to_ms: int


class CandleStore(Model):
    """Which candles an optimisation would walk."""

    kind: Literal["stored", "synthetic", "none"]
    words: str = Field(description="The same for a reader; where there are none, the command that fetches some.")
    symbols: tuple[StoredCandles, ...]


class OptimisableStrategy(Model):
    """A strategy; without a grid it cannot be optimised until values are given."""

    name: str
    about: str
    timeframe: str
    symbols: tuple[str, ...] = Field(description="Those that it is configured for.")
    needs: tuple[str, ...]
    has_grid: bool


class Optimisable(Model):
    """Every strategy, and the candles there are."""

    items: tuple[OptimisableStrategy, ...]
    candles: CandleStore


class ParameterView(Model):
    """A parameter: its values in the grid (empty: it is not part of it), default, and bounds (gt, ge, lt, le)."""

    name: str
    help: str
    type: str = Field(examples=["integer"])
    values: tuple[Any, ...]
    default: Any
    bounds: dict[str, Any]


class GridView(Model):
    """What the optimiser tries for a strategy, and how its windows are."""

    strategy: str
    symbols: tuple[str, ...]
    parameters: tuple[ParameterView, ...]
    in_sample_days: int
    out_of_sample_days: int
    step_days: int
    anchored: bool
    objective: str
    min_trades: int
    max_combinations: int = Field(description="A larger grid is sampled (Latin hypercube), then refined.")


class JobOrder(BaseModel):
    """What to optimise. ``given`` fixes parameters (one value) or tries others than the grid's (several).

    Without ``symbols`` those that the strategy is configured for; without a span (UTC ms, half-open) all candles.
    """

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    strategy: str = Field(pattern=r"^[A-Za-z0-9_]{1,64}$", examples=["envelope_dca"])
    symbols: tuple[str, ...] = Field((), max_length=100, examples=[["BTC-USDT"]])
    from_ms: int | None = Field(None, ge=0, le=2**53)
    to_ms: int | None = Field(None, ge=0, le=2**53)
    given: dict[str, tuple[Scalar, ...]] = Field({}, max_length=64, examples=[{"ma_period": [7]}])
    detail: str = Field("", max_length=8, description="A finer timeframe to walk fills on.")


class Estimate(Model):
    """What one asset would take; ``refused`` says why it cannot be run."""

    symbol: str
    grid: int = Field(description="Combinations of the grid, allowed or not.")
    search: Literal["full", "sampled"] = Field(description="sampled: Latin hypercube, then refined around the best.")
    most: int = Field(description="Combinations from which on the grid is sampled.")
    combinations: int
    days: int
    windows: int
    seconds: float = Field(description="On all cores while nothing else runs; reading and statistics not included.")
    memory_bytes: int
    trials: int = Field(description="Combinations ever evaluated for this strategy and asset.")
    refused: str


class Estimates(Model):
    """One for each asset."""

    items: tuple[Estimate, ...]


class Submission(Model):
    """A job that was taken; so many are ahead of it."""

    job_id: str
    ahead: int
