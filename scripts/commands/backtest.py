"""``scalp-radar backtest``: strategies over stored candles, with costs, as tables, JSON or an HTML file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.errors import ConfigurationError
from scripts.options import (
    AsJson,
    ConfigFolder,
    StoreRoot,
    config_folder,
    parse_symbols,
    parse_when,
    print_json,
    store_root,
)

if TYPE_CHECKING:
    from core.settings import Settings
    from market.port import CandleSource
    from scripts.backtesting import Outcome, Request
    from strategies.discovery import AnyStrategy


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("backtest")(backtest)


def backtest(
    strategies: Annotated[
        list[str] | None, typer.Argument(help="Names of strategies; `scalp-radar strategies` lists them.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every strategy on every symbol that has its data.")] = False,
    symbol: Annotated[str, typer.Option("--symbol", help="Symbols, separated by commas; else those configured.")] = "",
    from_: Annotated[str, typer.Option("--from", help="First day, such as 2025-03-01 (UTC).")] = "",
    to: Annotated[str, typer.Option("--to", help="Day after the last one (UTC).")] = "",
    detail: Annotated[str, typer.Option("--detail", help="Walk fills on finer candles, such as 1m, where known.")] = "",
    slippage: Annotated[str, typer.Option(help="A fraction, or `depth`: from recorded order books.")] = "",
    fill_probability: Annotated[float | None, typer.Option(help="Of a limit that the price touches.")] = None,
    participation: Annotated[float | None, typer.Option(help="Most of a candle's volume that an entry takes.")] = None,
    trade_through: Annotated[float | None, typer.Option(help="How far, a fraction, beyond a limit fills it.")] = None,
    path: Annotated[str, typer.Option(help="Inside a candle: nearer, pessimistic or optimistic.")] = "",
    no_costs: Annotated[bool, typer.Option("--no-costs", help="No fees, slippage or funding.")] = False,
    html: Annotated[Path | None, typer.Option("--html", help="Write a report into this file.")] = None,
    data: Annotated[str, typer.Option("--data", help="Folder of candles instead of the store.")] = "",
    store: StoreRoot = "",
    config: ConfigFolder = None,
    as_json: AsJson = False,
) -> None:
    """Walk strategies with their configured parameters and costs; what is open at the end stays open."""
    # Here, since the engine loads compiled code, which other commands need not wait for.
    from market.port import BEGINNING_MS, END_MS
    from market.source import open_source
    from scripts.backtesting import FROM_DEPTH, Request
    from scripts.configuration import find_strategies, load_settings
    from scripts.report.plain import outcome_as_plain
    from scripts.report.table import print_outcome

    names = tuple(dict.fromkeys(strategies or ()))
    if every == bool(names):
        raise ConfigurationError("command line", "strategies", " ".join(names), "allowed are names, or else --all")
    if no_costs and slippage:
        raise ConfigurationError("command line", "--slippage", slippage, "not allowed with --no-costs")
    if html is not None:
        from scripts.report.frame import check_writable  # here, since templates load a library
        from scripts.report.page import write_page

        check_writable(html)
    folder = config_folder(config)
    settings = load_settings(folder)
    known = find_strategies(settings, folder)
    symbols = parse_symbols(symbol, settings.assets.symbols, "--symbol") if symbol else ()
    given = {"fill_probability": fill_probability, "participation": participation, "trade_through": trade_through}
    request = Request(
        strategies=names or tuple(known),
        symbols=symbols or (settings.assets.symbols if every else ()),
        from_ms=parse_when(from_, "--from") if from_ else BEGINNING_MS,
        to_ms=parse_when(to, "--to") if to else END_MS,
        detail=detail,
        changes=_changes(given, path, "" if slippage == FROM_DEPTH else slippage),
        from_depth=slippage == FROM_DEPTH,
        no_costs=no_costs,
    )
    outcome = _run(settings, known, open_source(data or store or store_root()), request)
    if html is not None:
        write_page(html, outcome)
    if as_json:
        print_json(outcome_as_plain(outcome))
    else:
        print_outcome(outcome)


def _run(
    settings: Settings, known: Mapping[str, AnyStrategy], source: CandleSource, request: Request
) -> Outcome:
    """The backtests, with a bar of progress on a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from scripts.backtesting import run_all

    console = Console(stderr=True)
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("reading", total=None)
        return run_all(
            settings, known, source, request,
            lambda text, done, total: bar.update(task, description=text, completed=done, total=total),
        )


def _changes(given: Mapping[str, float | None], path: str, slippage: str) -> dict[str, Any]:
    """Fields of the engine's costs that options say. Raises ConfigurationError."""
    from engine.costs import Path as Walked

    changes: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if path:
        paths = {p.name.lower(): p for p in Walked}
        if path not in paths:
            raise ConfigurationError("command line", "--path", path, f"allowed are {_listed(tuple(paths))}")
        changes["path"] = paths[path]
    if slippage:
        try:
            changes["slippage"] = float(slippage)
        except ValueError as error:
            allowed = "allowed is a fraction such as 0.0005, or depth"
            raise ConfigurationError("command line", "--slippage", slippage, allowed) from error
    return changes


def _listed(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}"
