"""Real money is traded only when somebody has seen what would be done, and agreed.

Who agreed once is not asked again, until account, strategies, symbols, leverage, capital or limits are others: so that
a system that is restarted from outside comes back by itself.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Final, NamedTuple

import typer

from actors.executor_preflight import Report
from actors.parts import Past
from core.errors import ConfigurationError, InputError
from core.selection import Decision
from core.settings import Settings, StrategyEntry

_AGREED: Final = "agreed.json"


class Armed(NamedTuple):
    """What a start would do.

    report : of the account. decisions : who may open now. past : what strategies did in paper mode. digest : of what
    somebody agrees to: account, strategies, symbols, leverage, capital, limits.
    """

    report: Report
    decisions: tuple[Decision, ...]
    past: dict[str, Past]
    digest: str


def agreed(armed: Armed, settings: Settings, folder: Path, *, yes: bool) -> bool:
    """Show what would be done and ask; whether it may be. ``folder`` : of the live state, made when somebody agrees.

    Raises InputError when the account must not be traded, ConfigurationError when nobody can be asked.
    """
    show(armed, settings)
    if armed.report.refused:
        raise InputError(f"the account is not traded: {armed.report.refused}")
    if _known(folder) == armed.digest:
        typer.echo("agreed to before: going on")
        return True
    if not yes:
        if not sys.stdin.isatty():
            allowed = "must be given to trade real money where nobody can be asked (no terminal)"
            raise ConfigurationError("command line", "--yes", False, allowed)
        if not typer.confirm("Trade real money on this account?", default=False):
            typer.echo("nothing was started")
            return False
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    (folder / _AGREED).write_text(json.dumps({"digest": armed.digest}))
    return True


def show(armed: Armed, settings: Settings) -> None:
    """Account, who may open and why others may not, limits."""
    # Here, since Rich would slow every start.
    from rich.console import Console
    from rich.table import Table

    console = Console()
    console.print("[bold]This trades real money.[/bold]")
    account = Table("account", "found", "configured", "", title_justify="left")
    for check in armed.report.checks:
        account.add_row(check.name, check.found, check.wanted, check.verdict)
    console.print(account)
    chosen = Table("strategy", "symbol", "leverage", "capital USDT", "may open now")
    for decision in armed.decisions:
        chosen.add_row(*_line(decision, settings.strategies.strategies[decision.strategy]))
    console.print(chosen)
    for decision in armed.decisions:
        if not decision.may_open:
            console.print(f"{decision.strategy} on {decision.symbol} may not open: {decision.detail}", soft_wrap=True)
    limits = settings.risk.model_dump(mode="json", exclude={"selector", "watchdog"})
    console.print("Limits: " + ", ".join(f"{name} {value}" for name, value in limits.items()), soft_wrap=True)
    minutes = settings.risk.selector.every_s / 60
    console.print(f"Who may open is looked at anew every {minutes:g} minutes; closing is always allowed.")


def _line(decision: Decision, entry: StrategyEntry) -> tuple[str, ...]:
    capital = f"{entry.capital_usdt / len(entry.symbols):,.0f}"
    may = "yes" if decision.may_open else "no"
    return decision.strategy, decision.symbol, f"{entry.leverage:g}", capital, may


def _known(folder: Path) -> str:
    """What was agreed to last; '' when nothing was."""
    try:
        return str(json.loads((folder / _AGREED).read_text())["digest"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""
