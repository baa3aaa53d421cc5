"""``scalp-radar data``: import, fetch, coverage and gaps of the candle store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scripts.options import (
    DEFAULT_STORE,
    AsJson,
    ConfigFolder,
    StoreRoot,
    config_folder,
    parse_symbols,
    parse_when,
    print_json,
    when_text,
)

if TYPE_CHECKING:
    from core.settings import Exchange
    from market.importing import Imported
    from market.store import CandleStore, Coverage
    from scripts.fetching import Fetch, Fetched


def register(app: typer.Typer) -> None:
    """Add the command group."""
    group = typer.Typer(help="Market data at rest.", no_args_is_help=True)
    app.add_typer(group, name="data")
    group.command("import")(import_)
    group.command("fetch")(fetch)
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
    from market.importing import Wanted, import_path
    from market.store import CandleStore

    with _shown("reading") as progress:
        reports = import_path(path, CandleStore(store), Wanted(exchange, symbol, timeframe), progress)
    if as_json:
        print_json([r._asdict() for r in reports])
        return
    _print_imported(reports)
    typer.echo(f"{len(reports)} files, {sum(r.rows for r in reports):,} rows into {store}")


def fetch(
    symbol: Annotated[str, typer.Option(help="Symbols of assets.yaml, separated by commas.")],
    from_: Annotated[str, typer.Option("--from", help="First day, as 2025-01-01 (UTC).")],
    timeframe: Annotated[str, typer.Option(help="Timeframes, separated by commas.")] = "1m",
    to: Annotated[str | None, typer.Option(help="Day to end before; else now.")] = None,
    exchange: Annotated[str | None, typer.Option(help="Exchange to ask; else the configured default.")] = None,
    store: StoreRoot = DEFAULT_STORE,
    config: ConfigFolder = None,
    as_json: AsJson = False,
) -> None:
    """Candles and funding rates from the exchange into the store: only what is missing there, so it can be repeated.

    No keys are needed. Bitget remembers about three months of funding rates. Of open interest it tells the present
    value only: its history can be imported (SYMBOL/oi.parquet), not fetched.
    """
    # Here, since ccxt and pyarrow would slow every other command's start.
    from core.errors import ConfigurationError
    from market.port import known_timeframe
    from market.store import CandleStore
    from scripts.configuration import read_settings
    from scripts.fetching import Fetch

    settings = read_settings(config_folder(config))
    name = exchange or settings.exchanges.default
    if name not in settings.exchanges.exchanges:
        known = ", ".join(sorted(settings.exchanges.exchanges))
        raise ConfigurationError("command line", "--exchange", name, f"unknown exchange; known are {known}")
    timeframes = tuple(dict.fromkeys(part.strip() for part in timeframe.split(",")))
    for part in timeframes:
        known_timeframe(part)
    begin, end = parse_when(from_, "--from"), parse_when(to, "--to") if to else 2**62
    if end <= begin:
        raise ConfigurationError("command line", "--to", to, f"must be after --from {from_}")
    wanted = Fetch(name, parse_symbols(symbol, settings.assets.symbols, "--symbol"), timeframes, begin, end)
    fetched = _fetched(settings.exchanges.exchanges[name], CandleStore(store), wanted)
    if as_json:
        print_json([f._asdict() for f in fetched])
        return
    _print_fetched(fetched)
    typer.echo("open interest: the exchange tells the present value only; `scalp-radar data import` brings its history")


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
        typer.echo(f"{store}: nothing stored yet; `scalp-radar data import PATH` or `data fetch` brings candles in")


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


def _fetched(settings: Exchange, store: CandleStore, wanted: Fetch) -> list[Fetched]:
    # Here, since ccxt would slow every other command's start.
    import asyncio

    from exchanges.registry import public_venue
    from scripts.fetching import fetch as fetch_all

    async def run() -> list[Fetched]:
        venue = public_venue(wanted.exchange, settings)
        try:
            with _shown("asking the exchange") as progress:
                return await fetch_all(venue, store, wanted, progress)
        finally:
            await venue.close()

    return asyncio.run(run())


@contextmanager
def _shown(text: str) -> Iterator[Callable[[str, int, int], None]]:
    """A progress bar on a terminal, and what moves it: ``(text, done, total)``."""
    # Here, since Rich would slow every other command's start.
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(text, total=None)
        yield lambda said, done, total: bar.update(task, description=said, completed=done, total=total)


def _print_fetched(fetched: list[Fetched]) -> None:
    # Here, since Rich's tables would slow every other command's start.
    from rich.console import Console
    from rich.table import Table

    table = Table("exchange", "symbol", "series", "first (UTC)", "last (UTC)")
    for name in ("rows", "new", "missing"):
        table.add_column(name, justify="right")
    for f in fetched:
        span = (when_text(f.first_ms), when_text(f.last_ms)) if f.rows else ("", "")
        table.add_row(f.exchange, f.symbol, f.timeframe, *span, f"{f.rows:,}", f"{f.new:,}", f"{f.missing:,}")
    Console().print(table)


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
