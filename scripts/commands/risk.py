"""``scalp-radar risk``: limits and what is used of them, what if, one trade worked out; commands by hand."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Final
from urllib.parse import quote

import typer

from core.errors import ConfigurationError, InputError
from scripts.asking import ask, key_for, tell
from scripts.options import AsJson, print_json, when_text

Url = Annotated[str | None, typer.Option(help="Of the API; else the one that runs here.")]
Where = Annotated[str, typer.Argument(help="Symbol such as BTC-USDT.", show_default="everything")]
Why = Annotated[str, typer.Option("--reason", help="Kept with the command.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]

_SIDES: Final = ("long", "short")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="Limits, kill switches, what if; halt, reduce, close, resume.")
    for name, command in (
        ("status", status), ("what-if", what_if), ("calculate", calculate), ("halt", halt), ("reduce", reduce),
        ("close", close), ("resume", resume), ("reset", reset),
    ):
        group.command(name)(command)
    app.add_typer(group, name="risk")


def status(url: Url = None, as_json: AsJson = False) -> None:
    """Show what is forbidden and why, kill switches, limits with what is used of them, the last refusals."""
    found = ask(url, "/api/risk")
    if as_json:
        print_json(found)
        return
    typer.echo(f"{found['state']}, equity {found['equity']:,.2f} USDT, margin {found['margin_mode']}")
    for cause in (*found["causes"], *found["cooldowns"]):
        where = cause["symbol"] or cause["strategy"] or "everything"
        ends = f", until {when_text(cause['until_ms'])}" if cause["until_ms"] else ""
        typer.echo(f"  {where} {cause['state']} since {when_text(cause['since_ms'])} by {cause['by']}{ends}: "
                   f"{cause['reason']}")
    _table(
        ("kill switch", "used", "limit", "tripped"),
        [(s["name"], _share(s["used"]), _share(s["limit"]), "yes" if s["tripped"] else "no")
         for s in found["switches"]],
    )
    _table(
        ("limit", "of", "used", "limit", ""),
        [(u["key"], u["subject"], _figure(u["used"], u["unit"]), _figure(u["limit"], u["unit"]),
          "reached" if u["reached"] else "") for u in found["limits"]],
    )
    _table(
        ("refused", "strategy", "symbol", "code", "why"),
        [(when_text(r["ts_ms"]), r["strategy"], r["symbol"], r["code"], r["detail"]) for r in found["refusals"][:10]],
    )


def what_if(
    moves: Annotated[str, typer.Option(help="Of all prices, per cent, separated by commas.")] = "-20,-10,-5,5,10,20",
    fills: Annotated[bool, typer.Option(help="Let entries that rest fill on the way.")] = True,
    url: Url = None, as_json: AsJson = False,
) -> None:
    """Show the account if every price moved by so much: equity, stops, liquidations, levels."""
    fractions = ",".join(f"{move / 100:.10g}" for move in _per_cent(moves))
    found = ask(url, f"/api/risk/what-if?moves={quote(fractions)}&fills={str(fills).lower()}")
    if as_json:
        print_json(found)
        return
    rows = [
        (f"{100 * p['move']:+.4g} %", f"{p['equity']:,.2f}",
         f"{p['change']:+,.2f}" + ("" if p["fraction"] is None else f" ({p['fraction']:+.1%})"), str(p["levels"]),
         _names(p["targets"]), _names(p["stopped"]), _names(p["liquidated"]))
        for p in found["points"]
    ]
    _table(("move", "equity", "change", "levels", "targets", "stops", "liquidated"), rows)


def calculate(
    symbol: Annotated[str, typer.Argument(help="Such as BTC-USDT.")],
    entry: Annotated[float, typer.Option(help="Price.")],
    stop: Annotated[str, typer.Option(help="Distance such as 25%, or a price.")],
    capital: Annotated[float, typer.Option(help="USDT.")] = 10_000.0,
    leverage: Annotated[float, typer.Option(help="Times.")] = 3.0,
    side: Annotated[str, typer.Option(help="long or short.")] = "long",
    risk: Annotated[str | None, typer.Option(help="Most to lose at the stop, such as 5%; else as configured.")] = None,
    target: Annotated[str | None, typer.Option(help="Distance such as 10%, or a price.")] = None,
    quantity: Annotated[float | None, typer.Option(help="Base; else the largest that the limits allow.")] = None,
    url: Url = None, as_json: AsJson = False,
) -> None:
    """Work out one trade: size from the stop, margin, loss, liquidation, fees, the smallest capital."""
    if side.lower() not in _SIDES:
        raise ConfigurationError("command line", "--side", side, f"must be one of {', '.join(_SIDES)}")
    body = {
        "symbol": symbol.upper(), "entry": entry, "capital": capital, "leverage": leverage, "side": side.upper(),
        **_distance("stop", stop), **(_distance("target", target) if target else {}),
        **({"risk_fraction": _fraction("--risk", risk)} if risk else {}),
        **({"quantity": quantity} if quantity is not None else {}),
    }
    found = tell(url, "/api/risk/calculate", body)
    if as_json:
        print_json(found)
        return
    _table(("", ""), list(_worked_out(found)))


def halt(symbol: Where = "", reason: Why = "", url: Url = None) -> None:
    """Forbid entries until a human resumes; stops, targets and exits go on."""
    _command(url, "/api/halt", symbol, reason)


def reduce(symbol: Where = "", reason: Why = "", url: Url = None) -> None:
    """Forbid entries until what is open has closed, or a human resumes."""
    _command(url, "/api/reduce", symbol, reason)


def close(
    symbol: Annotated[str, typer.Argument(help="Such as BTC-USDT.")], reason: Why = "", yes: Yes = False,
    url: Url = None,
) -> None:
    """Close a position of ours at market; nothing opens there until `risk resume SYMBOL`."""
    _sure(f"{symbol.upper()} leaves at market.", yes)
    _command(url, "/api/close", symbol, reason)


def resume(symbol: Where = "", reason: Why = "", yes: Yes = False, url: Url = None) -> None:
    """End a halt, a closing or a reduction; kill switches stay."""
    _sure(f"Entries on {symbol or 'everything'} will be placed again.", yes)
    _command(url, "/api/resume", symbol, reason)


def reset(
    switch: Annotated[str, typer.Argument(help="Its name, as `scalp-radar risk status` shows it.")],
    reason: Why = "", yes: Yes = False, url: Url = None,
) -> None:
    """Reset a kill switch that has tripped; what it watches begins anew from what there is now."""
    _sure(f"{switch} will count from the present equity, and entries will be placed again.", yes)
    _said(tell(url, "/api/risk/reset", {"switch": switch, "reason": reason}, key_for(url)))


def _command(url: str | None, path: str, symbol: str, reason: str) -> None:
    _said(tell(url, path, {"symbol": symbol.upper(), "reason": reason}, key_for(url)))


def _said(result: Mapping[str, Any]) -> None:
    where = result["symbol"] or "everything" if result["kind"] != "reset" else "kill switch"
    typer.echo(f"{result['kind']} {where}: {result['outcome']}")
    if result["outcome"] != "accepted":
        typer.echo("no answer came in time: look at `scalp-radar risk status`")


def _sure(what: str, yes: bool) -> None:
    """What cannot be undone is slow: asked for, or said with --yes."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise InputError(f"{what} Say --yes to do it without a terminal")
    typer.confirm(f"{what} Go on?", abort=True)


def _per_cent(text: str) -> Iterable[float]:
    for word in text.split(","):
        try:
            yield float(word.strip().rstrip("%"))
        except ValueError as error:
            allowed = "must be per cent, separated by commas, such as -5,-10"
            raise ConfigurationError("command line", "--moves", text, allowed) from error


def _distance(what: str, text: str) -> dict[str, float]:
    if text.strip().endswith("%"):
        return {f"{what}_fraction": _fraction(f"--{what}", text)}
    try:
        return {f"{what}_price": float(text)}
    except ValueError as error:
        allowed = "must be a distance such as 25%, or a price"
        raise ConfigurationError("command line", f"--{what}", text, allowed) from error


def _fraction(option: str, text: str) -> float:
    try:
        return float(text.strip().rstrip("%")) / 100
    except ValueError as error:
        raise ConfigurationError("command line", option, text, "must be per cent, such as 5%") from error


def _worked_out(found: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    def liquidation(margin: str) -> str:
        price = found[f"liquidation_{margin}"]
        if price is None:
            return "never"
        return f"{price:,.6g}, {'BEFORE the stop' if found[f'{margin}_before_stop'] else 'after the stop'}"

    yield "size", f"{found['quantity']:.8g}, notional {found['notional']:,.2f}, margin {found['margin']:,.2f} USDT"
    if found["limited_by"]:
        yield "limited by", found["limited_by"]
    yield "loss at the stop", (
        f"{found['loss']:,.2f} USDT ({found['loss_of_capital']:.2%}), of it fees {found['fees']:,.2f}, "
        f"slippage {found['slippage']:,.2f}"
    )
    yield "liquidation isolated", liquidation("isolated")
    yield "liquidation crossed", liquidation("crossed")
    if found["fees_of_target"] is not None:
        yield "fees", f"{found['fees_of_target']:.2%} of what the target wins"
    yield "smallest capital", f"{found['smallest_capital']:,.2f} USDT, for {found['least_quantity']:.8g}"
    yield "refused by", _names(found["refusals"]) or "nothing"


def _names(symbols: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(symbols))


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.2%}"


def _figure(value: float | None, unit: str) -> str:
    if value is None:
        return "-"
    return f"{value:.2%}" if unit == "fraction" else f"{value:,.2f}" if unit == "usdt" else f"{value:.0f}"


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    if not rows:
        return
    # Here, since Rich would slow every other command's start.
    from rich.console import Console
    from rich.table import Table

    table = Table(*head, show_header=any(head))
    for row in rows:
        table.add_row(*row)
    Console().print(table)
