"""``scalp-radar doctor``: whether this machine, its files and what runs here are in order."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from scripts.options import REPOSITORY, AsJson, ConfigFolder, config_folder, print_json

if TYPE_CHECKING:
    from scripts.doctor.finding import Finding

_STYLES = {"ok": "green", "warn": "yellow", "wrong": "bold red"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor")(doctor)


def doctor(config: ConfigFolder = None, as_json: AsJson = False) -> None:
    """Look at machine, files, clock, ports; exit code 1 when something is wrong. Changes nothing."""
    found = _examined(config_folder(config))
    wrong = any(f.state == "wrong" for f in found)
    if as_json:
        print_json({"sound": not wrong, "findings": [f._asdict() for f in found]})
    else:
        _show(found)
    raise typer.Exit(1 if wrong else 0)


def _examined(folder: Path) -> list[Finding]:
    # Here, since psutil and the rest would slow every other command's start.
    from core.errors import InputError
    from scripts.doctor.finding import Finding
    from scripts.doctor.machine import machine
    from scripts.doctor.network import addresses, clock, exposure, listening, token
    from scripts.doctor.program import program, settings_of
    from scripts.doctor.secrecy import secrecy
    from scripts.running import running, state_root

    try:
        pid = int(running()["pid"])
    except InputError:
        pid = 0
    settings, configuration = settings_of(folder)
    found = [*machine(state_root(), running=bool(pid)), configuration, *program(REPOSITORY)]
    found += secrecy(state_root(), Path(".env"))
    if settings is not None:
        found.append(clock(settings))
    if not pid:
        return [*found, Finding("running system", "ok", "none here: ports and token are looked at when one runs")]
    found.append(Finding("running system", "ok", f"process {pid}"))
    return [*found, token(pid), *exposure(listening(pid), addresses())]


def _show(found: list[Finding]) -> None:
    # Here, since Rich would slow every other command's start.
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("", "looked at", "found", "what to do")
    for f in found:
        table.add_row(Text(f.state, style=_STYLES[f.state]), f.what, Text(f.found), Text(f.advice))
    Console().print(table)
