"""``scalp-radar status``: how the running system is."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Annotated, Any

import typer

from core.errors import InputError
from scripts.options import AsJson, print_json
from scripts.running import running

_ANSWER_S = 5.0


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("status")(status)


def status(
    url: Annotated[str | None, typer.Option(help="Of the API; else the one that runs here.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show the health of the running system; exit code 1 unless everything is in order."""
    health = _read((url or running()["url"]).rstrip("/") + "/health")
    if as_json:
        print_json(health)
    else:
        _show(health)
    raise typer.Exit(0 if health.get("status") == "OK" else 1)


def _read(url: str) -> dict[str, Any]:
    if not url.startswith(("http://", "https://")):
        raise InputError(f"--url {url!r}: must begin with http:// or https://")
    try:
        with urllib.request.urlopen(url, timeout=_ANSWER_S) as answer:  # noqa: S310 - checked above
            found: dict[str, Any] = json.load(answer)
    except urllib.error.HTTPError as error:
        found = _body(error)
    except (OSError, ValueError) as error:
        raise InputError(f"{url}: no answer ({error})") from error
    return found


def _body(error: urllib.error.HTTPError) -> dict[str, Any]:
    """The health of a system that says with its status code that it is not well."""
    try:
        found: dict[str, Any] = json.load(error)
    except ValueError:
        raise InputError(f"{error.url}: answered {error.code}") from error
    return found


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
