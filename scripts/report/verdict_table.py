"""Verdicts as tables for a terminal: one row each for many, everything for a single one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.table import Table

from optimization.walkforward.estimating import Estimated
from optimization.walkforward.outcome import Outcome
from scripts.optimizing import NotRun
from scripts.report.numbers import short_percent
from scripts.report.tables import console_of, fitting, plain_table
from scripts.report.verdict import (
    chosen_text,
    criteria_rows,
    deployed_text,
    first_failed,
    free_names,
    gate_rows,
    latest_text,
    lines,
    sentence,
    tail_rows,
    window_text,
    won,
)

COLOURS = {"A": "bold green", "B": "green", "C": "yellow", "D": "dark_orange", "F": "red"}
EXPENDABLE = ("trades", "p", "drawdown", "overfit", "windows", "return")
"""Columns of the summary that a narrow terminal goes without, the first one first."""
LEGEND = (
    "Figures of the days after each choice. windows: how many earned; no luck: deflated Sharpe ratio, a probability; "
    "overfit: probability of overfitting; p: bootstrap, of no edge. One strategy on one asset shows everything."
)


def print_verdicts(outcomes: Sequence[Outcome], not_run: Sequence[NotRun]) -> None:
    """Everything that was judged, and what could not be."""
    console = console_of()
    if len(outcomes) == 1:
        for part in detail(outcomes[0]):
            console.print(part, highlight=False)
    elif outcomes:
        title = f"{len(outcomes)} verdicts"
        console.print(fitting(console, title, [_row(o) for o in outcomes], EXPENDABLE, left=4))
        console.print(LEGEND, style="dim", highlight=False)
    if not_run:
        table = plain_table(f"not run: {len(not_run)}", ("strategy", "symbol", "reason"), left=3)
        for row in not_run:
            table.add_row(*row)
        console.print(table)


def print_estimates(estimates: Sequence[Estimated], workers: int, not_run: Sequence[NotRun]) -> None:
    """What would be computed by so many ``workers``."""
    console = console_of()
    if estimates:
        names = ("strategy", "symbol", "days", "windows", "combinations", "candle-combinations", "core seconds",
                 "MB a worker")
        table = plain_table("would be computed", names, left=2)
        for e in estimates:
            table.add_row(
                e.strategy, e.symbol, f"{e.days:,}", str(e.windows), f"{e.combinations:,}",
                f"{e.candle_combinations:,}", f"{e.seconds:.1f}", f"{e.worker_bytes / 1e6:,.0f}",
            )
        console.print(table)
        total, seconds = sum(e.candle_combinations for e in estimates), sum(e.seconds for e in estimates)
        console.print(
            f"{total:,} candle-combinations, about {seconds / workers:.1f} s on {workers} cores; nothing was stored",
            highlight=False,
        )
    if not_run:
        table = plain_table(f"cannot be run: {len(not_run)}", ("strategy", "symbol", "reason"), left=3)
        for row in not_run:
            table.add_row(*row)
        console.print(table)


def detail(outcome: Outcome) -> Iterator[Table | str]:
    """Everything about one outcome, top down: the verdict, why, then what it is made of."""
    v = outcome.verdict
    colour = COLOURS[v.grade.letter]
    yield (
        f"[bold]{outcome.job.strategy} on {outcome.job.symbol}[/]   grade [{colour}]{v.grade.letter}[/] "
        f"({v.grade.score:.1f} of 100)   gate {'[green]open[/]' if v.gate.passed else '[red]shut[/]'}"
    )
    yield f"{sentence(outcome)}\n"
    table = plain_table("grade", ("criterion", "figure", "points"))
    for row in criteria_rows(outcome):
        table.add_row(row.name, row.figure, row.against)
    yield table
    table = plain_table("gate from paper to live", ("line", "", "figure", "needed"), left=2)
    for row in gate_rows(outcome):
        table.add_row(row.name, "[green]yes[/]" if row.met else "[red]no[/]", row.figure, row.against)
    yield table
    table = Table(title="figures", title_justify="left", show_header=False)
    for line in lines(outcome):
        table.add_row(line.name, line.text)
    yield table
    yield _windows(outcome)
    yield from _tails(outcome)
    yield _deployed(outcome)


def _windows(outcome: Outcome) -> Table:
    names = free_names(outcome)
    columns = ("judged on (UTC)", "chosen", "promised", "Sharpe", "return", "drawdown", "trades")
    table = plain_table(f"windows (chosen: {' '.join(names)}; promised: Sharpe in sample)", columns, left=2)
    for w in outcome.windows:
        o = w.out_of_sample
        colour = "green" if o.net_return > 0 else "red" if o.net_return < 0 else "dim"
        table.add_row(
            window_text(w), chosen_text(w, names), f"{w.in_sample.sharpe:.2f}" if w.params else "-",
            f"{o.sharpe:.2f}", f"[{colour}]{o.net_return:+.1%}[/]", f"{o.max_drawdown:.1%}", f"{o.trades:,}",
        )
    return table


def _tails(outcome: Outcome) -> Iterator[Table]:
    table = plain_table("tail: what a Sharpe ratio does not see", ("", "figure"))
    for name, text in tail_rows(outcome):
        table.add_row(name, text)
    yield table
    if outcome.verdict.regimes:
        table = plain_table("by market regime of the day", ("regime", "days", "return", "trades", "won"))
        for p in outcome.verdict.regimes:
            rate = f"{p.wins / p.trades:.0%}" if p.trades else "-"
            table.add_row(p.name, f"{p.days:,}", short_percent(p.net_return), f"{p.trades:,}", rate)
        yield table


def _deployed(outcome: Outcome) -> str:
    text = deployed_text(outcome)
    if not text:
        return f"to deploy: nothing; no combination had trades enough from {latest_text(outcome)}"
    return f"to deploy (chosen on {latest_text(outcome)}): [bold]{text}[/]"


def _row(outcome: Outcome) -> dict[str, str]:
    v, f = outcome.verdict, outcome.verdict.figures
    colour = COLOURS[v.grade.letter]
    return {
        "strategy": outcome.job.strategy,
        "symbol": outcome.job.symbol,
        "grade": f"[{colour}]{v.grade.letter}[/] {v.grade.score:.0f}",
        "gate": "[green]open[/]" if v.gate.passed else f"[red]shut[/]: {_short(first_failed(outcome))}",
        "Sharpe": f"{f.sharpe:.2f}",
        "return": f"[{'green' if f.net_return > 0 else 'red'}]{short_percent(f.net_return)}[/]",
        "drawdown": f"{f.max_drawdown:.1%}",
        "trades": f"{f.trades:,}",
        "windows": f"{won(outcome)}/{len(outcome.windows)}",
        "no luck": f"{v.deflated.value:.0%}",
        "overfit": f"{v.overfitting.probability:.0%}",
        "p": f"{v.bootstrap.p_value:.3f}",
    }


def _short(failed: str) -> str:
    return failed.replace("probability of ", "").replace("grade score", "grade").replace("(needed ", "(")
