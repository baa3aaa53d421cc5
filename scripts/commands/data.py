"""``scalp-radar data``: import, coverage and gaps of the candle store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scripts.options import DEFAULT_STORE, AsJson, StoreRoot, print_json, when_text

if TYPE_CHECKING:
    from market.importing import Imported
    from market.store import Coverage


def register(app: typer.Typer) -> None:
    """Add the command group."""
    group = typer.Typer(help="Market data at rest.", no_args_is_help=True)
    app.add_typer(group, name="data")
    group.command("import")(import_)
    group.command("coverage")(coverage)
    group.command("gaps")(gaps)


def import_(
    path: Annotated[Path, typer.Argument(help="A folder of dumps, a Parquet file, or CSV with a header.")],
    exchange: Annotated[str | None, typer.Option(help="Exchange to store under; else the folder's name.")] = None,
    symbol: Annotated[str | None, typer.Option(help="As BTC-USDT; else from the path. In a folder: only it.")] = None,
    timeframe: Annotated[str | None, typer.Option(help="1m, 1h, ...; else from the path.")] = None,
    store: StoreRoot = DEFAULT_STORE,
    as_json: AsJson = False,
) -> None:
    """Check files and put them into the store; one wrong file and nothing is changed."""
    # Here, since pyarrow and numpy would slow every other command's start.
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    from market.importing import Wanted, import_path
    from market.store import CandleStore

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("reading", total=None)
        reports = import_path(
            path,
            CandleStore(store),
            Wanted(exchange, symbol, timeframe),
            lambda text, done, total: bar.update(task, description=text, completed=done, total=total),
        )
    if as_json:
        print_json([r._asdict() for r in reports])
        return
    _print_imported(reports)
    typer.echo(f"{len(reports)} files, {sum(r.rows for r in reports):,} rows into {store}")


def coverage(store: StoreRoot = DEFAULT_STORE, as_json: AsJson = False) -> None:
    """What is stored: first and last time, rows, gaps."""
    # Here, since pyarrow and numpy would slow every other command's start.
    from market.store import CandleStore

    rows = CandleStore(store).coverage()
    if as_json:
        print_json([r._asdict() for r in rows])
    elif rows:
        _print_coverage(rows)
    else:
        typer.echo(f"{store}: nothing stored yet; `scalp-radar data import PATH` brings candles in")


def gaps(
    symbol: Annotated[str | None, typer.Option(help="Only this symbol.")] = None,
    timeframe: Annotated[str | None, typer.Option(help="Only this timeframe.")] = None,
    exchange: Annotated[str | None, typer.Option(help="Only this exchange.")] = None,
    store: StoreRoot = DEFAULT_STORE,
    as_json: AsJson = False,
) -> None:
    """Where candles are missing, oldest first."""
    # Here, since pyarrow and numpy would slow every other command's start.
    from core.errors import DataError
    from market.store import CandleStore

    candles = CandleStore(store)
    wanted = [
        (row.exchange, row.symbol, row.timeframe)
        for row in candles.coverage()
        if exchange in (None, row.exchange) and symbol in (None, row.symbol) and timeframe in (None, row.timeframe)
    ]
    if not wanted:
        asked = " ".join(x for x in (exchange, symbol, timeframe) if x) or "anything"
        raise DataError(f"{store}: holds nothing of {asked}")
    found = [(*series, gap) for series in wanted for gap in candles.gaps(*series)]
    if as_json:
        names = ("exchange", "symbol", "timeframe")
        print_json([dict(zip(names, row[:3], strict=True)) | row[3]._asdict() for row in found])
        return
    for exchange_, symbol_, timeframe_, gap in found:
        span = f"{when_text(gap.from_ms)} to {when_text(gap.to_ms)}"
        typer.echo(f"{exchange_} {symbol_} {timeframe_:>4} {span} {gap.missing:>9,} missing")
    if not found:
        typer.echo("no gaps")


def _print_imported(reports: list[Imported]) -> None:
    # Here, since Rich's tables would slow every other command's start.
    from rich.console import Console
    from rich.table import Table

    table = Table("exchange", "symbol", "series", "first (UTC)", "last (UTC)")
    for name in ("rows", "gaps", "spikes"):
        table.add_column(name, justify="right")
    for r in reports:
        span = (when_text(r.first_ms), when_text(r.last_ms)) if r.rows else ("", "")
        table.add_row(r.exchange, r.symbol, r.timeframe, *span, f"{r.rows:,}", f"{r.gaps}", f"{r.spikes}")
    Console().print(table)


def _print_coverage(rows: list[Coverage]) -> None:
    # Here, since Rich's tables would slow every other command's start.
    from rich.console import Console
    from rich.table import Table

    table = Table("exchange", "symbol", "series", "first (UTC)", "last (UTC)")
    for name in ("rows", "gaps", "missing", "longest"):
        table.add_column(name, justify="right")
    for r in rows:
        span = (when_text(r.first_ms), when_text(r.last_ms)) if r.rows else ("", "")
        counts = (f"{n:,}" for n in (r.rows, r.gaps, r.missing, r.longest))
        table.add_row(r.exchange, r.symbol, r.timeframe, *span, *counts)
    Console().print(table)
