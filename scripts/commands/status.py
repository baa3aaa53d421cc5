"""``scalp-radar status``: how the running system is."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from scripts.asking import ask
from scripts.options import AsJson, print_json


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("status")(status)


def status(
    url: Annotated[str | None, typer.Option(help="Of the API; else the one that runs here.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show the health of the running system; exit code 1 unless everything is in order."""
    health: dict[str, Any] = ask(url, "/health")
    if as_json:
        print_json(health)
    else:
        _show(health)
    raise typer.Exit(0 if health.get("status") == "OK" else 1)


def _show(health: dict[str, Any]) -> None:
    # Here, since Rich would slow every other command's start.
    from rich.console import Console
    from rich.table import Table

    console = Console()
    console.print(f"[bold]{health.get('status')}[/bold]  {health.get('mode', '')}")
    for reason in health.get("reasons", []):
        console.print(f"  {reason if isinstance(reason, str) else reason.get('text', reason)}")
    table = Table("actor", "state", "restarts", "errors")
    for actor in health.get("actors", []):
        table.add_row(
            str(actor.get("name")), str(actor.get("state")), str(actor.get("restarts", 0)), str(actor.get("errors", 0))
        )
    console.print(table)
