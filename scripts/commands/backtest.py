"""``scalp-radar backtest``: one strategy over stored candles, with costs, as a table or JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.timeframe import HOUR_MS
from scripts.options import (
    AsJson,
    ConfigFolder,
    StoreRoot,
    config_folder,
    parse_symbols,
    parse_when,
    print_json,
    store_root,
    when_text,
)

if TYPE_CHECKING:
    from optimization.evaluation import Evaluated

LAST_TRADES = 10


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("backtest")(backtest)


def backtest(
    strategy: Annotated[str, typer.Argument(help="Name of a strategy; `scalp-radar strategies` lists them.")],
    symbol: Annotated[str, typer.Option("--symbol", help="Symbols, separated by commas.")],
    from_: Annotated[str, typer.Option("--from", help="First day, such as 2025-03-01 (UTC).")] = "",
    to: Annotated[str, typer.Option("--to", help="Day after the last one (UTC).")] = "",
    detail: Annotated[str, typer.Option("--detail", help="Finer timeframe to walk fills on, such as 1m.")] = "",
    data: Annotated[str, typer.Option("--data", help="Folder of candles instead of the store.")] = "",
    store: StoreRoot = "",
    config: ConfigFolder = None,
    as_json: AsJson = False,
) -> None:
    """Walk a strategy with its configured parameters and costs; what is open at the end stays open."""
    # Here, since the engine loads compiled code, which other commands need not wait for.
    from market.source import open_source
    from market.tables import BEGINNING_MS, END_MS
    from scripts.backtesting import Request, evaluate_all
    from scripts.configuration import find_strategies, load_settings

    folder = config_folder(config)
    settings = load_settings(folder)
    request = Request(
        strategy=strategy,
        symbols=parse_symbols(symbol, settings.assets.symbols, "--symbol"),
        from_ms=parse_when(from_, "--from") if from_ else BEGINNING_MS,
        to_ms=parse_when(to, "--to") if to else END_MS,
        detail=detail,
    )
    source = open_source(data or store or store_root())
    evaluated = evaluate_all(settings, find_strategies(settings, folder), source, request)
    if as_json:
        print_json([as_plain(strategy, e) for e in evaluated])
    else:
        for e in evaluated:
            _print(strategy, e)


def as_plain(strategy: str, evaluated: Evaluated) -> dict[str, Any]:
    """A result as plain values, fit for JSON."""
    candles = evaluated.candles
    return {
        "strategy": strategy,
        "symbol": evaluated.symbol,
        "timeframe": evaluated.timeframe,
        "walked_on": candles.timeframe,
        "from_ms": int(candles.ts_ms[0]),
        "to_ms": int(candles.ts_ms[-1]) + evaluated.result.candle_ms,
        "candles": len(candles),
        "missing_candles": evaluated.missing,
        "decision_span": evaluated.decision_span,
        "detail_span": evaluated.detail_span,
        "metrics": asdict(evaluated.figures),
        "final_equity": float(evaluated.result.equity[-1]),
        "open": _open(evaluated),
        "trades": [t._asdict() for t in evaluated.result.closed()],
    }


def _open(evaluated: Evaluated) -> dict[str, float] | None:
    """The position that is still open, if any."""
    book = evaluated.result.book[0]
    if not book["direction"]:
        return None
    return {
        "direction": int(book["direction"]),
        "quantity": float(book["quantity"]),
        "average": float(book["cost"] / book["quantity"]),
        "stop": float(book["stop"]),
    }


def _print(strategy: str, evaluated: Evaluated) -> None:
    from rich.console import Console
    from rich.table import Table

    console, f, candles = Console(), evaluated.figures, evaluated.candles
    walked = int(candles.ts_ms[0]), int(candles.ts_ms[-1]) + evaluated.result.candle_ms
    lacking = f", {evaluated.missing:,} missing" if evaluated.missing else ""
    table = Table(title=f"{strategy} on {evaluated.symbol}", title_justify="left", show_header=False)
    rows = (
        ("span (UTC)", f"{when_text(walked[0])} to {when_text(walked[1])}"),
        ("candles", f"{len(candles):,} of {candles.timeframe}{lacking}"),
        ("net return", f"{f.net_return:+.2%} (gross {f.gross_return:+.2%})"),
        ("equity at the end", f"{evaluated.result.equity[-1]:,.2f} USDT"),
        ("Sharpe, Sortino, Calmar", f"{f.sharpe:.2f}, {f.sortino:.2f}, {f.calmar:.2f}"),
        ("maximum drawdown", f"{f.max_drawdown:.2%}, {f.drawdown_days:.1f} days below a peak at most"),
        ("trades", f"{f.trades} ({f.win_rate:.0%} won), {f.expectancy:+.2f} USDT each"),
        ("profit factor", f"{f.profit_factor:.2f} (gross {f.gross_profit_factor:.2f})"),
        ("fees, funding", f"{f.fees:,.2f}, {f.funding:,.2f} USDT ({f.fee_drag:.1%} of the gross profit)"),
        ("exposure", f"{f.exposure:.2%} of candles"),
        ("ambiguous candles", f"{f.ambiguous}"),
        ("refused entries", f"{f.refusals}"),
    )
    for name, value in rows:
        table.add_row(name, value)
    console.print(table)
    decided = evaluated.decision_span
    if evaluated.detail_span and (decided[0] < walked[0] or walked[1] < decided[1]):
        console.print(
            f"{candles.timeframe} candles cover a part only of {when_text(decided[0])} to {when_text(decided[1])}: "
            "the rest was not walked"
        )
    _print_trades(console, evaluated)


def _print_trades(console: Any, evaluated: Evaluated) -> None:
    from rich.table import Table

    trades = evaluated.result.closed()[-LAST_TRADES:]
    if trades:
        table = Table(title=f"last {len(trades)} trades (UTC, USDT)", title_justify="left")
        for name in ("opened", "held", "side", "levels", "average", "exit", "net", "reason"):
            table.add_column(name, justify="left" if name in ("opened", "side", "reason") else "right", no_wrap=True)
        for t in trades:
            table.add_row(
                when_text(t.opened_ms), f"{(t.closed_ms - t.opened_ms) / HOUR_MS:.1f} h",
                "long" if t.direction > 0 else "short", str(t.levels),
                f"{t.average:,.6g}", f"{t.exit_price:,.6g}", f"{t.net:+,.2f}", t.reason,
            )
        console.print(table)
    still = _open(evaluated)
    if still:
        side = "long" if still["direction"] > 0 else "short"
        console.print(
            f"still open: {side} {still['quantity']:g} at {still['average']:,.6g}, stop {still['stop']:,.6g}"
        )
