"""What the API answers about optimisations. Figures without a word are out of sample; undefined ones are null."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from api.models import Model, Number, Page


class RunSummary(Model):
    """One optimisation of a strategy on an asset, as lists and comparisons show it."""

    fingerprint: str = Field(description="Names the run: the same question has the same one.")
    result_hash: str
    ts_ms: int = Field(description="When it was finished last, UTC ms.")
    received_ms: int = Field(description="When this database got it first.")
    strategy: str
    symbol: str
    timeframe: str
    from_ms: int
    to_ms: int
    origin: str = Field(description="The machine that computed it.")
    code_version: str
    duration_s: float
    combinations: int
    windows: int
    trials: int = Field(description="Combinations ever evaluated, as the deflated Sharpe ratio counted them.")
    grade: str = Field(examples=["B"])
    score: float
    gate_passed: bool
    sharpe: Number
    in_sample_sharpe: Number
    total_return: Number
    max_drawdown: Number
    trades: int
    consistency: Number
    deflated_sharpe: Number
    pbo: Number = Field(description="Probability of backtest overfitting.")
    p_value: Number = Field(description="Of a Sharpe ratio of 0 or less, by bootstrap.")
    instability: Number
    params: dict[str, Any] = Field(description="To deploy: chosen on the most recent in-sample window.")
    latest: bool = Field(description="No run of this strategy and asset was finished after it.")


class RunPage(Page):
    """Runs."""

    items: tuple[RunSummary, ...]


class WindowResult(Model):
    """One window: spans (half-open, UTC ms), what was chosen in sample, how it did. ``combination`` -1: nothing."""

    number: int
    in_from_ms: int
    in_to_ms: int
    out_from_ms: int
    out_to_ms: int
    combination: int
    params: dict[str, Any]
    in_sharpe: Number
    out_sharpe: Number
    in_return: Number
    out_return: Number
    in_drawdown: Number
    out_drawdown: Number
    in_trades: int
    out_trades: int


class Criterion(Model):
    """One criterion of the grade with its points."""

    name: str
    figure: Number
    points: Number
    most: Number


class GateLine(Model):
    """One line of the gate from paper to live."""

    criterion: str
    figure: Number
    comparison: Literal[">=", "<="]
    limit: Number
    passed: bool
    defined: bool


class Curve(Model):
    """The chosen combinations' out-of-sample days one after another; ``equity`` begins with 1, before the first day."""

    days: tuple[int, ...] = Field(description="UTC day numbers since 1970-01-01.")
    daily: tuple[Number, ...]
    equity: tuple[Number, ...]


class RunDetail(Model):
    """Everything about a run but its combinations. ``detail``: the job and the rest of the verdict."""

    run: RunSummary
    windows: tuple[WindowResult, ...]
    criteria: tuple[Criterion, ...]
    gate: tuple[GateLine, ...]
    reason: str = Field(description="Why the grade cannot be better, where there is a reason.")
    sentence: str = Field("", description="The verdict in one or two sentences.")
    curve: Curve
    detail: dict[str, Any]


class CombinationFigures(Model):
    """One combination; over all windows figures are their mean."""

    row: int
    params: dict[str, Any]
    figures: dict[str, Number] = Field(examples=[{"out.sharpe": 1.5, "in.trades": 40}])
    rank_in_sample: int = Field(0, description="Its place in sample by the same figure; 1 is best.")


class CombinationPage(Model):
    """Combinations, best first; ``total`` is how many there are."""

    total: int
    items: tuple[CombinationFigures, ...]


class Axis(Model):
    """A parameter and its values."""

    name: str
    values: tuple[Any, ...]


class Mark(Model):
    """A combination that means something, by its positions on both axes; -1: not on the axis."""

    kind: Literal["chosen", "deploy", "best"] = Field(description="best: out of sample, for looking at only.")
    window: int | None
    x: int
    y: int


class Heatmap(Model):
    """A figure over two parameters: ``cells[y][x]``, null where no combination is; ``counts`` stand behind each."""

    x: Axis
    y: Axis
    figure: str
    aggregate: str
    window: int | None
    cells: tuple[tuple[Number, ...], ...]
    counts: tuple[tuple[int, ...], ...]
    few: tuple[tuple[bool, ...], ...] = Field((), description="Cells with fewer trades in sample than a choice needs.")
    marks: tuple[Mark, ...] = ()
    low: Number = Field(None, description="2nd percentile of the cells, for colours.")
    high: Number = Field(None, description="98th percentile of the cells.")


class JobView(Model):
    """A job of the queue; ``fingerprints`` are the runs that it has brought so far."""

    job_id: str
    ts_ms: int
    state: Literal["waiting", "running", "done", "failed", "cancelled"]
    strategy: str
    symbols: tuple[str, ...]
    request: dict[str, Any]
    progress: dict[str, Any]
    done: int
    total: int
    started_ms: int
    ended_ms: int
    detail: str
    origin: str
    fingerprints: tuple[str, ...]


class JobPage(Page):
    """Jobs."""

    items: tuple[JobView, ...]


class Receipt(Model):
    """What became of a run that was sent: whether it is new here, and the latest of its strategy and asset."""

    fingerprint: str
    new: bool
    latest: bool
