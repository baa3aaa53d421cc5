"""``scalp-radar check``: whether a strategy may be trusted: look-ahead, warm-up, scale, steps, purity, speed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

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
    from optimization.checking.report import Report

_STYLES = {"passed": "green", "failed": "bold red", "skipped": "yellow", "measured": "cyan"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("check")(check)


def check(
    strategy: Annotated[str, typer.Argument(help="Name of a strategy or filter, or a file such as ./mine.py.")],
    symbol: Annotated[str, typer.Option("--symbol", help="Check on stored candles of this symbol.")] = "",
    from_: Annotated[str, typer.Option("--from", help="First day (UTC); else the last 3,000 candles.")] = "",
    to: Annotated[str, typer.Option("--to", help="Day after the last one (UTC).")] = "",
    data: Annotated[str, typer.Option("--data", help="Folder of candles instead of the store.")] = "",
    store: StoreRoot = "",
    set_: Annotated[list[str] | None, typer.Option("--set", help="A parameter, such as fast=20; repeatable.")] = None,
    config: ConfigFolder = None,
    as_json: AsJson = False,
) -> None:
    """Check a strategy on seeded markets, or on stored candles: exit code 1 when a check fails."""
    # Here, since the engine loads compiled code, which other commands need not wait for.
    from rich.console import Console

    from market.source import open_source
    from optimization.checking.market import on_stored, on_synthetic
    from optimization.checking.report import as_plain
    from scripts.checking import check_of, chosen, set_parameters, stored_market, timeframe_of
    from scripts.configuration import read_settings

    folder = config_folder(config)
    settings = read_settings(folder)
    for option, value in (("--from", from_), ("--to", to), ("--data", data)):
        if value and not symbol:
            raise ConfigurationError("command line", option, value, "needs --symbol: without one no candles are read")
    found = chosen(strategy, settings, folder)
    params = set_parameters(found.one, set_ or [])
    ground = on_synthetic(timeframe_of(found.one))
    if symbol:
        symbols = parse_symbols(symbol, settings.assets.symbols, "--symbol")
        if len(symbols) > 1:
            raise ConfigurationError("command line", "--symbol", symbol, "allowed is one symbol")
        span = (parse_when(from_, "--from") if from_ else None, parse_when(to, "--to") if to else None)
        source = open_source(data or store or store_root())
        ground = on_stored(stored_market(source, found.one, params, symbols[0], *span))
    with Console(stderr=True).status(f"checking {found.one.name}") as status:
        report = check_of(found, params, ground).report(
            lambda name: status.update(f"checking {found.one.name}: {name}")
        )
    if as_json:
        print_json(as_plain(report))
    else:
        _print(report, f"{report.symbol if symbol else 'seeded markets'} {report.timeframe}")
    if not report.passed:
        raise typer.Exit(1)


def _print(report: Report, where: str) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    table = Table("check", "", "what was found", title=f"{report.strategy} on {where}", title_justify="left")
    for o in report.outcomes:
        table.add_row(o.name, Text(o.status, style=_STYLES[o.status]), Text(o.detail))
    console.print(table)
    values = ", ".join(f"{name}={value}" for name, value in report.parameters.items())
    console.print(Text(f"parameters: {values or 'none'}"))
    failed = [o.name for o in report.outcomes if o.status == "failed"]
    console.print(Text(f"failed: {', '.join(failed)}" if failed else "every check passed"))
