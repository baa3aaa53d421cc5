"""``scalp-radar up``: everything, in one command, until Ctrl-C."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scripts.options import ConfigFolder, config_folder


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("up")(up)


def up(
    mode: Annotated[str, typer.Option(help="demo (local exchange), paper (real candles), live (real money).")] = "demo",
    data: Annotated[str | None, typer.Option(help="Demo on stored candles: a store or a folder of dumps.")] = None,
    exchange: Annotated[str | None, typer.Option(help="Which of DATA's exchanges, where there are several.")] = None,
    from_: Annotated[str | None, typer.Option("--from", help="When the stored market opens, as 2025-03-01.")] = None,
    speed: Annotated[float, typer.Option(help="Demo: simulated seconds per second.")] = 600.0,
    seed: Annotated[int, typer.Option(min=0, help="Demo: of the synthetic market.")] = 1,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Of the API on loopback; 0 takes a free one.")] = 8000,
    for_: Annotated[float | None, typer.Option("--for", min=0, help="Stop after so many seconds.")] = None,
    dashboard: Annotated[bool, typer.Option(help="Ray's own dashboard too (extra `cluster`).")] = False,
    keep: Annotated[bool, typer.Option(help="Demo: go on with the state of the last --keep run.")] = False,
    strategy: Annotated[list[str] | None, typer.Option(help="Run this, not those enabled; repeatable.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Live: trade real money without being asked.")] = False,
    supervise: Annotated[bool, typer.Option("--supervise", help="Start it again when it ends unexpectedly.")] = False,
    restarts: Annotated[int, typer.Option(min=0, help="--supervise: give up after so many")] = 5,
    within: Annotated[float, typer.Option(min=0, help="within so many minutes.")] = 10.0,
    config: ConfigFolder = None,
) -> None:
    """Run the system: by default the demo, a local exchange with a synthetic market and strategies trading on it."""
    # Here, since Ray would slow every other command's start; the flags before Ray is imported.
    from actors.wiring.flags import set_flags
    from scripts.agreeing import agreed
    from scripts.launch_checks import Wanted, checking
    from scripts.running import state_root

    if supervise and (code := _supervised(restarts, within * 60, state_root())) is not None:
        raise typer.Exit(code)
    set_flags(state_root())
    wanted = Wanted(mode, data, exchange, from_, speed, seed, port, for_, dashboard, keep, tuple(strategy or ()))
    folder = Path(config_folder(config))
    with checking(wanted, folder) as pending:
        from scripts.launch import launch  # loads Ray while the strategies are being looked at

        checked = pending.result()
    if checked.armed is not None and not agreed(checked.armed, checked.settings, state_root() / "live", yes=yes):
        raise typer.Exit(2)  # nothing was started, and nobody is to ask again
    raise typer.Exit(launch(checked, folder))


def _supervised(restarts: int, within_s: float, state: Path) -> int | None:
    """None in the process that is to go on, in the one above it the exit code."""
    from scripts.supervise import Policy, supervise

    return supervise(Policy(restarts, within_s), state)
