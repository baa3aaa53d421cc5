"""``scalp-radar bench``: how fast this machine is, beside what is to be reached."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scripts.options import AsJson, ConfigFolder, config_folder, print_json

if TYPE_CHECKING:
    from scripts.bench.figures import Figure


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("bench")(bench)


def bench(
    data: Annotated[str, typer.Option("--data", help="Candles with BTC-USDT 1h, 1m; else shared or walks.")] = "",
    system: Annotated[bool, typer.Option(help="Also local exchange and demo: orders, boot, memory.")] = True,
    load: Annotated[float, typer.Option(min=0, help="Only: so many seconds of 20 strategies on 50 symbols.")] = 0.0,
    config: ConfigFolder = None,
    as_json: AsJson = False,
) -> None:
    """Measure the engine and the running system; figures of one run may be compared, absolute ones move."""
    if load:
        _report(_under_load(config_folder(config), load), as_json=as_json)
        return
    # Here, since the engine and Ray would slow every other command's start.
    from optimization.memory import keep_freed_memory
    from scripts.bench import engine, indicators, plans, walkforward
    from scripts.bench.task import minutes, tape

    keep_freed_memory()
    folder = config_folder(config)
    figures = [*engine.measure(tape(data), minutes(data)), *plans.measure(folder), *indicators.measure()]
    figures += walkforward.measure(data)
    if system:
        from scripts.bench.exchange import measure as measure_exchange
        from scripts.bench.system import measure as measure_system

        figures += measure_exchange(folder)
        figures += measure_system(folder)
    _report(figures, as_json=as_json)


def _under_load(folder: Path, seconds: float) -> list[Figure]:
    # Here, and in this order: Ray reads its flags when it is imported.
    from actors.wiring.flags import set_flags

    with tempfile.TemporaryDirectory() as state:
        set_flags(Path(state))
        from scripts.bench.load import measure

        return measure(folder, seconds)


def _report(figures: list[Figure], *, as_json: bool) -> None:
    if as_json:
        print_json([figure._asdict() for figure in figures])
    else:
        _print(figures)


def _print(figures: list[Figure]) -> None:
    from rich.console import Console
    from rich.table import Table

    caption = "ns/cc: nanoseconds of CPU for one candle of one combination, on one core"
    table = Table(title="scalp-radar bench", title_justify="left", caption=caption, caption_justify="left")
    for name in ("subject", "measured", "goal", "met", "beside"):
        table.add_column(name, justify="right" if name == "measured" else "left")
    for f in figures:
        met = "" if f.met is None else ("yes" if f.met else "no")
        table.add_row(f.subject, f"{f.value:,.3g} {f.unit}", f.goal, met, f.beside)
    Console().print(table)
