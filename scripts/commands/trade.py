"""``scalp-radar trade``: what an account is, and one smallest trade to see that everything works."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scripts.options import AsJson, ConfigFolder, config_folder, print_json

if TYPE_CHECKING:
    from actors.executor_preflight import Report
    from actors.executor_trial import Outcome, Step
    from scripts.trading import Account

ModeOption = Annotated[str, typer.Option(help="demo: a local exchange made for this; live: real money.")]

KindOption = Annotated[str, typer.Option("--account", help="Demo: classic or unified.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="What an account is, and one smallest trade on it.", no_args_is_help=True)
    group.command("preflight")(preflight)
    group.command("test")(smallest)
    app.add_typer(group, name="trade")


def preflight(
    mode: ModeOption = "demo", kind: KindOption = "classic", config: ConfigFolder = None, as_json: AsJson = False
) -> None:
    """Show the account beside the configuration; changes nothing; exit code 1 when it would be refused."""
    # Here, since ccxt and numpy would slow every other command's start.
    import asyncio

    from actors.executor_preflight import inspect
    from scripts.configuration import read_settings
    from scripts.trading import account, opened, wish_of

    folder = config_folder(config)
    settings = read_settings(folder)
    with account(mode, settings, folder, kind=kind, exclusive=False) as chosen:
        symbols = tuple(dict.fromkeys(
            s for e in settings.strategies.strategies.values() if e.enabled and (mode == "demo" or e.live_eligible)
            for s in e.symbols
        ))

        async def look() -> Report:
            async with opened(chosen, symbols) as venue:
                return await inspect(venue, wish_of(settings, chosen.exchange, symbols, chosen.mode))

        report = asyncio.run(look())
    if as_json:
        print_json({
            "mode": mode, "exchange": chosen.name, "passed": not report.refused, "refused": report.refused,
            "checks": [c._asdict() for c in report.checks],
        })
    else:
        _show_report(report, chosen)
    raise typer.Exit(1 if report.refused else 0)


def smallest(
    symbol: Annotated[str, typer.Option(help="On which symbol, as BTC-USDT.")],
    mode: ModeOption = "demo",
    kind: KindOption = "classic",
    yes: Annotated[bool, typer.Option("--yes", help="Live: yes, with real money.")] = False,
    config: ConfigFolder = None,
    as_json: AsJson = False,
) -> None:
    """Open and close the exchange's smallest position with its stop, and show every step as read back."""
    # Here, since ccxt and numpy would slow every other command's start.
    import asyncio

    from actors.executor_trial import Trial, TrialRefused
    from core.errors import ConfigurationError, InputError
    from scripts.configuration import read_settings
    from scripts.options import parse_symbols
    from scripts.running import state_root
    from scripts.secrets import load_secrets
    from scripts.trading import account, last_price, opened, wish_of

    folder = config_folder(config)
    settings = read_settings(folder)
    (wanted,) = parse_symbols(symbol, settings.assets.symbols, "--symbol")[:1]
    if mode == "live":
        if not load_secrets().live_trading:
            raise ConfigurationError("environment", "LIVE_TRADING", "false", "must be true to trade real money")
        if not yes:
            raise ConfigurationError("command line", "--yes", False, "must be given: this trades real money")
    journal = state_root() / "trade-test" / f"{datetime.now(UTC):%Y%m%d-%H%M%S}.jsonl"

    def told(step: Step) -> None:
        if not as_json:
            _show_step(step)

    async def trade(chosen: Account) -> Outcome:
        price, now_ms = await last_price(chosen, wanted)
        async with opened(chosen, (wanted,)) as venue:
            wish = wish_of(settings, chosen.exchange, (wanted,), chosen.mode)._replace(capital=0.0)
            journal.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            trial = Trial(venue, wanted, wish, price, now_ms, journal, chosen.exchange.trigger_source, told)
            return await trial.run()

    with account(mode, settings, folder, kind=kind, exclusive=True) as chosen:
        try:
            outcome = asyncio.run(trade(chosen))
        except TrialRefused as error:
            raise InputError(str(error)) from error
    if as_json:
        print_json(outcome._asdict() | {"mode": mode, "steps": [s._asdict() for s in outcome.steps]})
    else:
        _show_outcome(outcome)


def _show_report(report: Report, chosen: Account) -> None:
    # Here, since Rich would slow every other command's start.
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"{chosen.name}, {chosen.mode}", title_justify="left")
    for column in ("what", "found", "wanted", ""):
        table.add_column(column)
    colours = {"ok": "green", "change": "cyan", "warn": "yellow", "refuse": "red"}
    for c in report.checks:
        table.add_row(c.name, c.found, c.wanted, f"[{colours[c.verdict]}]{c.verdict}[/]")
    Console().print(table)
    typer.echo(f"refused: {report.refused}" if report.refused else "would be taken")


def _show_step(step: Step) -> None:
    at = datetime.fromtimestamp(step.ts_ms / 1000, UTC).strftime("%H:%M:%S.%f")[:-3]
    typer.echo(f"{at}  {step.name}  ({step.took_ms:g} ms)")
    for key, value in step.shown.items():
        if key == "fills":
            for fill in value:
                typer.echo(f"    fill {_line(fill)}")
        else:
            typer.echo(f"    {key}: {value}")


def _line(fill: dict[str, Any]) -> str:
    return f"{fill['role']}: {fill['side']} {fill['quantity']:g} at {fill['price']:g}, fee {fill['fee']:.6f}"


def _show_outcome(outcome: Outcome) -> None:
    typer.echo(
        f"{outcome.symbol}: {outcome.quantity:g} from {outcome.entry:g} to {outcome.exit:g}, fees {outcome.fees:.6f}, "
        f"net {outcome.net:.6f} USDT, unprotected {outcome.unprotected_ms} ms"
    )
