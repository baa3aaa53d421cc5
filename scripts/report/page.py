"""Results as one HTML file that needs nothing beside itself: no network, no other file."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import Any, Final

from core.timeframe import HOUR_MS
from engine.breakdown import Month
from scripts.backtesting import Outcome, Ran
from scripts.report.charts import chart, sparkline
from scripts.report.figures import (
    candles_text,
    costs_text,
    detail_text,
    lines,
    notes,
    open_text,
    reasons,
    span_text,
)
from scripts.report.frame import asset, environment, write_html

TRADES: Final = 100
"""The last ones stand in a table."""
STRONG_MONTH: Final = 0.15
"""A month's return from which on its colour is at its strongest."""


def write_page(path: Path, outcome: Outcome) -> None:
    """Write the results, whole or not at all. Raises ConfigurationError when the file cannot be written."""
    write_html(path, page(outcome))


def page(outcome: Outcome) -> str:
    """The results as HTML."""
    template = environment().get_template("page.html.j2")
    return template.render(
        results=[_result(ran, len(outcome.ran)) for ran in outcome.ran],
        not_run=reasons(outcome.not_run),
        notes=notes(outcome.ran) if len(outcome.ran) > 1 else [],
        css=asset("uplot.min.css") + asset("page.css"),
        uplot=asset("uplot.min.js"),
        script=asset("results.js") + asset("page.js"),
    )


def heatmap(months: tuple[Month, ...]) -> list[dict[str, Any]]:
    """One row a year: its months (None where there is none) and its return, with the strength of each colour."""
    rows = []
    for year, group in groupby(months, key=lambda m: m.year):
        cells: list[dict[str, float] | None] = [None] * 12
        grown = 1.0
        for month in group:
            strength = min(1.0, abs(month.net_return) / STRONG_MONTH)
            cells[month.month - 1] = {"value": month.net_return, "strength": strength}
            grown *= 1.0 + month.net_return
        rows.append({"year": year, "cells": cells, "value": grown - 1.0})
    return rows


def _result(ran: Ran, results: int) -> dict[str, Any]:
    """What the template shows of one result."""
    e = ran.evaluated
    f, parts = e.figures, e.breakdown
    trades = e.result.closed()
    return {
        "name": ran.strategy, "symbol": e.symbol, "timeframe": e.timeframe, "figures": f, "bounds": e.bounds,
        "free": e.without_costs, "span": span_text(e), "candles": candles_text(e), "detail": detail_text(e),
        "costs": costs_text(ran), "parameters": ran.parameters, "lines": lines(ran), "open": open_text(e),
        "chart": chart(ran, results), "spark": sparkline(ran), "months": heatmap(parts.by_month),
        "regimes": parts.by_regime, "largest_change": max((abs(p.change) for p in parts.by_regime), default=0.0),
        "reasons": (*parts.by_reason, *parts.by_side),
        "largest_net": max((abs(p.net) for p in parts.by_reason), default=0.0),
        "trades": [t._asdict() | {"hours": (t.closed_ms - t.opened_ms) / HOUR_MS} for t in trades[-TRADES:][::-1]],
        "all_trades": len(trades),
    }
