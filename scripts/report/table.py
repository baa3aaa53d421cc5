"""Results as tables for a terminal: one row each for many, everything for a single one."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table

from core.timeframe import HOUR_MS
from engine.breakdown import Part, RegimePart
from optimization.evaluation import Evaluated
from scripts.backtesting import Outcome, Ran
from scripts.options import when_text
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
from scripts.report.numbers import short_percent
from scripts.report.tables import console_of, fitting, plain_table

LAST_TRADES = 10
EXPENDABLE = ("won", "from", "factor", "days", "best", "path: worst", "on", "no costs")
"""Columns of the summary that a narrow terminal goes without, the first one first."""


def print_outcome(outcome: Outcome) -> None:
    """Everything that ran and what did not."""
    console = console_of()
    if len(outcome.ran) == 1:
        _print_one(console, outcome.ran[0])
    else:
        title = f"{len(outcome.ran)} backtests (returns of the whole span)"
        console.print(fitting(console, title, [_row(ran) for ran in outcome.ran], EXPENDABLE, left=3))
        for note in notes(outcome.ran):
            console.print(note, highlight=False)
    if outcome.not_run:
        table = plain_table(f"not run: {len(outcome.not_run)}", ("strategies", "symbol", "reason"), left=3)
        for row in reasons(outcome.not_run):
            table.add_row(*row)
        console.print(table)


def _row(ran: Ran) -> dict[str, str]:
    e = ran.evaluated
    f, b = e.figures, e.bounds
    return {
        "strategy": ran.strategy,
        "symbol": e.symbol,
        "on": e.timeframe,
        "from": when_text(e.stretches[0].from_ms)[:10],
        "days": f"{f.days:,}",
        "net": f"[{'green' if f.net_return > 0 else 'red'}]{short_percent(f.net_return)}[/]",
        "no costs": short_percent(e.without_costs.net_return),
        "path: worst": short_percent(b.low),
        "best": short_percent(b.high),
        "Sharpe": f"{f.sharpe:.2f}",
        "drawdown": f"{f.max_drawdown:.1%}",
        "factor": f"{f.profit_factor:.2f}",
        "won": f"{f.win_rate:.0%}",
        "trades": f"{f.trades:,}",
    }


def _print_one(console: Console, ran: Ran) -> None:
    e = ran.evaluated
    table = Table(title=f"{ran.strategy} on {e.symbol}", title_justify="left", show_header=False)
    table.add_row("span (UTC)", span_text(e))
    table.add_row("candles", candles_text(e))
    for line in lines(ran):
        table.add_row(line.name, line.text)
    table.add_row("costs", costs_text(ran))
    console.print(table)
    if detail := detail_text(e):
        console.print(detail)
    for part in _breakdowns(e):
        console.print(part)
    _print_trades(console, e)


def _breakdowns(e: Evaluated) -> Iterable[Table]:
    if e.breakdown.by_regime:
        table = plain_table("by market regime of the day", ("regime", "days", "net return", "USDT", "trades", "won"))
        for part in e.breakdown.by_regime:
            table.add_row(part.name, f"{part.days:,}", f"{part.net_return:+.2%}", f"{part.change:+,.2f}",
                          f"{part.trades:,}", _won(part))
        yield table
    if e.breakdown.by_reason:
        names = ("trades", "number", "won", "before costs", "fees", "funding", "net", "held")
        table = plain_table("by reason of the exit, and by side (USDT)", names)
        for trades in (*e.breakdown.by_reason, *e.breakdown.by_side):
            table.add_row(trades.name, f"{trades.trades:,}", _won(trades), f"{trades.gross:+,.2f}",
                          f"{trades.fees:,.2f}", f"{trades.funding:+,.2f}", f"{trades.net:+,.2f}",
                          f"{trades.hours:.1f} h")
        yield table


def _print_trades(console: Console, e: Evaluated) -> None:
    trades = e.result.closed()[-LAST_TRADES:]
    if trades:
        names = ("opened", "side", "reason", "held", "levels", "average", "exit", "net")
        table = plain_table(f"last {len(trades)} trades (UTC, USDT)", names, left=3)
        for t in trades:
            table.add_row(
                when_text(t.opened_ms), "long" if t.direction > 0 else "short", t.reason,
                f"{(t.closed_ms - t.opened_ms) / HOUR_MS:.1f} h", str(t.levels), f"{t.average:,.6g}",
                f"{t.exit_price:,.6g}", f"{t.net:+,.2f}",
            )
        console.print(table)
    if text := open_text(e):
        console.print(text)


def _won(part: Part | RegimePart) -> str:
    return f"{part.wins / part.trades:.0%}" if part.trades else "-"
