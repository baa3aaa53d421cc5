"""Results as one HTML file that needs nothing beside itself: no network, no other file."""

from __future__ import annotations

import os
import tempfile
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from core.errors import ConfigurationError
from core.timeframe import HOUR_MS
from engine.breakdown import Month
from scripts.backtesting import Outcome, Ran
from scripts.options import when_text
from scripts.report.charts import chart, sparkline
from scripts.report.figures import (
    candles_text,
    costs_text,
    detail_text,
    lines,
    notes,
    open_text,
    reasons,
    short_percent,
    span_text,
)

HERE: Final = Path(__file__).parent
TRADES: Final = 100
"""The last ones stand in a table."""
STRONG_MONTH: Final = 0.15
"""A month's return from which on its colour is at its strongest."""


def check_writable(path: Path) -> None:
    """Raise ConfigurationError unless a file of this name can be written."""
    folder = path.absolute().parent
    if path.is_dir() or not folder.is_dir() or not os.access(path if path.exists() else folder, os.W_OK):
        raise _unwritable(path, "allowed is a file that can be written, in a folder that exists")


def write_page(path: Path, outcome: Outcome) -> None:
    """Write the results, whole or not at all. Raises ConfigurationError when the file cannot be written."""
    text = page(outcome)
    part = ""
    try:
        handle, part = tempfile.mkstemp(dir=path.absolute().parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        umask = os.umask(0)
        os.umask(umask)
        Path(part).chmod(0o666 & ~umask)  # as any new file; a temporary one is its owner's alone
        Path(part).replace(path)
    except OSError as error:
        if part:
            Path(part).unlink(missing_ok=True)
        raise _unwritable(path, error.strerror or str(error)) from error


def page(outcome: Outcome) -> str:
    """The results as HTML."""
    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"percent": short_percent, "when": when_text}
    template = environment.get_template("page.html.j2")
    return template.render(
        results=[_result(ran, len(outcome.ran)) for ran in outcome.ran],
        not_run=reasons(outcome.not_run),
        notes=notes(outcome.ran) if len(outcome.ran) > 1 else [],
        css=_asset("uplot.min.css") + _asset("page.css"),
        uplot=_asset("uplot.min.js"),
        script=_asset("page.js"),
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


def _asset(name: str) -> Markup:
    """A file beside this one, as it is: ours, and free of closing tags."""
    return Markup((HERE / name).read_text(encoding="utf-8"))  # noqa: S704  # our own file


def _unwritable(path: Path, allowed: str) -> ConfigurationError:
    return ConfigurationError("command line", "--html", str(path), allowed)
