"""What a check found, as values for JSON and as one line for people."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import numpy as np

from optimization.checking.look_ahead import Leak

Status = Literal["passed", "failed", "skipped", "measured"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One check: its name, how it went, one line about it, and its figures by name."""

    name: str
    status: Status
    detail: str
    figures: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report:
    """All checks of one strategy, in the order in which they were made."""

    strategy: str
    parameters: dict[str, Any]
    symbol: str
    timeframe: str
    outcomes: tuple[Outcome, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing failed."""
        return all(o.status != "failed" for o in self.outcomes)


def as_plain(report: Report) -> dict[str, Any]:
    """A report as plain values, fit for JSON: what is not a finite number is null."""
    plain: dict[str, Any] = finite(asdict(report) | {"passed": report.passed})
    return plain


def finite(value: Any) -> Any:
    """The same with None for NaN and infinities, and lists for tuples."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(k): finite(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [finite(v) for v in value]
    return value


def leak_line(leak: Leak, without: str, with_: str) -> str:
    """``base of row 41 (2023-11-16 17:00 UTC): 99.5 without ..., 101.2 with ...``."""
    a, b = texts(leak.without_future, leak.with_future)
    return f"{leak.column} of row {leak.row} ({when(leak.ts_ms)}): {a} {without}, {b} {with_}"


def leak_figures(leak: Leak) -> dict[str, Any]:
    """The leak by field, with its time as text too."""
    return {**asdict(leak), "utc": when(leak.ts_ms)}


def when(ts_ms: int) -> str:
    """``2025-03-01 13:05 UTC``."""
    return f"{np.datetime64(ts_ms, 'ms').astype('datetime64[m]')} UTC".replace("T", " ", 1)


def texts(a: Any, b: Any) -> tuple[str, str]:
    """Both values, with as many digits as it takes to tell them apart."""
    short = _text(a), _text(b)
    return short if short[0] != short[1] else (repr(a), repr(b))


def _text(value: Any) -> str:
    return f"{value:.8g}" if isinstance(value, float) else "nothing" if value is None else str(value)
