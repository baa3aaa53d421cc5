"""``scalp-radar arena`` and ``scalp-radar selector``: who stands where, and who may trade real money."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from core.errors import ConfigurationError
from scripts.asking import ask
from scripts.options import AsJson, print_json

Url = Annotated[str | None, typer.Option(help="Of the API; else the one that runs here.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("arena")(arena)
    app.command("selector")(selector)


def arena(
    scope: Annotated[str, typer.Option(help="paper or live.")] = "paper", url: Url = None, as_json: AsJson = False,
) -> None:
    """Rank the running strategies against one another, with 95 % intervals."""
    if scope not in ("paper", "live"):
        raise ConfigurationError("command line", "--scope", scope, "must be one of paper, live")
    found = ask(url, f"/api/arena?scope={scope}")
    if as_json:
        print_json(found)
        return
    chosen = ask(url, "/api/selector")["choices"]
    _table(
        ("#", "strategy", "net return", "95 % interval", "PF", "max drawdown", "Sharpe", "trades", "days", "like",
         "may open live"),
        [_standing(row, chosen) for row in found["rows"]],
        "nobody has been ranked yet",
    )
    if found["rows"]:
        typer.echo("like: the letters of groups in which nobody can be told apart; their order may be luck")


def selector(url: Url = None, as_json: AsJson = False) -> None:
    """Say who may open positions with real money, and why others may not."""
    found = ask(url, "/api/selector")
    if as_json:
        print_json(found)
        return
    rows = [
        (c["strategy"], c["symbol"], "yes" if c["may_open"] else "no", f"{c['weight']:.0%}" if c["may_open"] else "")
        for c in found["choices"]
    ]
    _table(("strategy", "symbol", "may open", "share"), rows, "nothing has been decided yet")
    for c in found["choices"]:
        if not c["may_open"]:
            why = "; ".join(x["detail"] for x in c["criteria"] if not x["met"])
            typer.echo(f"{c['strategy']} on {c['symbol']} may not open: {why}")
    if not found["gated"]:
        typer.echo("no real money is traded here: this only informs")


def _standing(row: Mapping[str, Any], chosen: list[dict[str, Any]]) -> tuple[str, ...]:
    mine = [c for c in chosen if c["strategy"] == row["strategy"]]
    allowed = [c["symbol"] for c in mine if c["may_open"]]
    interval = "-" if row["low"] is None else f"{row['low']:+.2%} to {row['high']:+.2%} ({row['basis']})"
    return (
        str(row["rank"]), row["strategy"], f"{row['net_return']:+.2%}", interval, _number(row["profit_factor"]),
        f"{row['max_drawdown']:.2%}", _number(row["sharpe"]), str(row["trades"]), str(row["days"]),
        "".join(chr(ord("a") + n % 26) for n in row["brackets"]), f"{len(allowed)} of {len(mine)} symbols",
    )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]], nothing: str) -> None:
    if not rows:
        typer.echo(nothing)
        return
    # Here, since Rich would slow every other command's start.
    from rich.console import Console
    from rich.table import Table

    table = Table(*head)
    for row in rows:
        table.add_row(*row)
    Console().print(table)
